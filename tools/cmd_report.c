/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmctl.h"
#include "report.h"
#include "segment.h"

#define SUFFIX ".segment"

/* What was asked for: whole reports, and nodes' parts that are still to be joined. */
struct reports {
	struct pmctl *pmctl;
	json_t *parts;
	int status;
};

static bool ends_in(const char *name, const char *suffix)
{
	size_t length = strlen(name), tail = strlen(suffix);

	return length > tail && !strcmp(name + length - tail, suffix);
}

static void print_report(struct reports *reports, const char *name, const json_t *report)
{
	struct pc_error error;

	if (reports->pmctl->json) {
		json_dumpf(report, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
		putchar('\n');
	} else if (pc_report_table(report, stdout, &error) < 0) {
		reports->status = pmctl_error("%s: %s", name, error.text);
	}
}

static void take_json(struct reports *reports, const char *path)
{
	json_error_t where;
	json_t *report;

	if (!strcmp(path, "-"))
		report = json_loadf(stdin, JSON_REJECT_DUPLICATES, &where);
	else
		report = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
	if (report)
		print_report(reports, path, report);
	else if (where.line < 0)
		reports->status = pmctl_error("%s", where.text);
	else
		reports->status = pmctl_error("%s:%d:%d: %s: no report can be read from this", path, where.line,
					      where.column, where.text);
	json_decref(report);
}

/* What a step left on this node when it died before it could report. */
static json_t *part_of(int directory, const char *name, struct pc_error *error)
{
	struct pc_segment *segment = NULL;
	json_t *part = NULL;

	if (pc_segment_read(&segment, directory, name, error) == 0)
		part = pc_report_node(segment, error);
	pc_segment_unmap(segment);
	return part;
}

static void print_parts(struct reports *reports, const char *name, json_t *parts)
{
	struct pc_error error;
	json_t *report = pc_report_step(parts, &error);

	if (report)
		print_report(reports, name, report);
	else
		reports->status = pmctl_error("%s: %s", name, error.text);
	json_decref(report);
}

static void take_segment(struct reports *reports, const char *path)
{
	struct pc_error error;
	json_t *part = part_of(AT_FDCWD, path, &error);

	if (part)
		json_array_append_new(reports->parts, part);
	else
		reports->status = pmctl_error("%s", error.text);
}

/* "JOB" or "JOB.STEP", where no file is called so. */
static bool is_job(const char *name)
{
	return *name && strspn(name, "0123456789.") == strlen(name) && *name != '.' && access(name, F_OK) < 0;
}

static bool belongs(const char *name, const char *job)
{
	size_t length = strlen(job);

	return !strncmp(name, job, length) && name[length] == '.' && ends_in(name, SUFFIX);
}

static unsigned take_directory(struct reports *reports, const char *below, const char *job)
{
	char path[PATH_MAX];
	struct dirent *entry;
	unsigned found = 0;
	DIR *entries;

	snprintf(path, sizeof path, "%s/%s", reports->pmctl->site.run_dir, below);
	entries = opendir(path);
	while (entries && (entry = readdir(entries))) {
		struct pc_error error;
		json_t *parts, *part;

		if (!belongs(entry->d_name, job))
			continue;
		found++;
		part = part_of(dirfd(entries), entry->d_name, &error);
		if (!part) {
			reports->status = pmctl_error("%s/%s: %s", path, entry->d_name, error.text);
			continue;
		}
		parts = json_array();
		json_array_append_new(parts, part);
		print_parts(reports, entry->d_name, parts);
		json_decref(parts);
	}
	if (entries)
		closedir(entries);
	return found;
}

static void take_job(struct reports *reports, const char *job)
{
	unsigned found;

	if (pmctl_site(reports->pmctl) < 0) {
		reports->status = PMCTL_FAILED;
		return;
	}
	found = take_directory(reports, "steps", job) + take_directory(reports, "spool", job);
	if (!found)
		reports->status = pmctl_error("job %s: nothing of it is kept in %s on this node; a finished step's report is the file that it wrote",
					      job, reports->pmctl->site.run_dir);
}

static int run(struct pmctl *pmctl, char **operand)
{
	struct reports reports = { pmctl, json_array(), PMCTL_OK };

	for (; *operand; operand++) {
		if (is_job(*operand))
			take_job(&reports, *operand);
		else if (ends_in(*operand, SUFFIX))
			take_segment(&reports, *operand);
		else
			take_json(&reports, *operand);
	}
	if (json_array_size(reports.parts))
		print_parts(&reports, "step", reports.parts);
	json_decref(reports.parts);
	return reports.status;
}

const struct pmctl_command pmctl_report = {
	.name = "report", .operands = "FILE|JOB[.STEP] ...", .least = 1, .most = INT_MAX, .run = run,
	.summary = "Print a step's report as a table; - is standard input.",
	.details = "FILE is a report (JSON), or a segment that a step left on a node (*.segment); several\n"
		   "segments are joined as one step's nodes. JOB prints what this node keeps of a job whose\n"
		   "steps are running, or died before they could report.",
};

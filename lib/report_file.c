/* SPDX-License-Identifier: BSD-3-Clause */

/* Where the step's report goes. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

#define NO_REPORT "none"

static void default_name(const json_t *report, char *name, size_t size)
{
	json_int_t job = json_integer_value(json_object_get(report, "job"));

	if (job)
		snprintf(name, size, "phasecap-%lld.%lld.json", (long long)job,
			 (long long)json_integer_value(json_object_get(report, "step")));
	else
		snprintf(name, size, "phasecap.json");
}

static int write_json(const json_t *report, int fd)
{
	if (json_dumpfd(report, fd, JSON_INDENT(2)) || write(fd, "\n", 1) != 1) {
		errno = errno ? errno : EIO;
		return -1;
	}
	return 0;
}

static int cannot(const char *path, struct pc_error *error)
{
	return pc_fail(error, errno, "report %s: %s; PM_PHASE_REPORT names another file", path, strerror(errno));
}

/* A pipe or a terminal is written to as it is. */
static int write_through(const json_t *report, const char *path, struct pc_error *error)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), result;

	if (fd < 0)
		return cannot(path, error);
	result = write_json(report, fd) ? cannot(path, error) : 0;
	close(fd);
	return result;
}

/* Readers see the old report or the new one, never half of one. */
static int replace(const json_t *report, const char *path, struct pc_error *error)
{
	char temporary[PATH_MAX];
	int fd;

	if (snprintf(temporary, sizeof temporary, "%s.%d", path, (int)getpid()) >= (int)sizeof temporary) {
		errno = ENAMETOOLONG;
		return cannot(path, error);
	}
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return cannot(path, error);
	errno = 0;
	if (write_json(report, fd) || close(fd)) {
		cannot(path, error);
		close(fd);
		unlink(temporary);
		return -1;
	}
	if (rename(temporary, path)) {
		cannot(path, error);
		unlink(temporary);
		return -1;
	}
	return 0;
}

int pc_report_write(const json_t *report, const char *path, struct pc_error *error)
{
	char name[64], whole[PATH_MAX];
	struct stat status;

	default_name(report, name, sizeof name);
	if (!path)
		path = name;
	if (!strcmp(path, NO_REPORT))
		return 0;
	if (!stat(path, &status)) {
		if (S_ISDIR(status.st_mode)) {
			if (snprintf(whole, sizeof whole, "%s/%s", path, name) >= (int)sizeof whole) {
				errno = ENAMETOOLONG;
				return cannot(path, error);
			}
			path = whole;
		} else if (!S_ISREG(status.st_mode)) {
			return write_through(report, path, error);
		}
	}
	return replace(report, path, error);
}

int pc_report_step_file(char *const *texts, unsigned count, const char *path, struct pc_error *error)
{
	json_t *nodes = json_array(), *report = NULL;
	int result = -1;

	for (unsigned i = 0; i < count; i++) {
		json_error_t where;
		json_t *node = json_loads(texts[i], JSON_REJECT_DUPLICATES, &where);

		if (!node) {
			pc_fail(error, EINVAL, "report: part %u: %s", i, where.text);
			goto out;
		}
		json_array_append_new(nodes, node);
	}
	report = pc_report_step(nodes, error);
	if (report)
		result = pc_report_write(report, path, error);
out:
	json_decref(report);
	json_decref(nodes);
	return result;
}

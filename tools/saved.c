/* SPDX-License-Identifier: BSD-3-Clause */
#include "saved.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record.h"


/* "auto" would climb the ladder again at restore and could end on another rung,
 * whose settings have other keys. */
static int note_backend(const struct pmctl *pmctl, const struct pc_power *power, struct pc_journal *journal)
{
	const char *spec = pmctl_backend_spec(pmctl);

	if (strncmp(spec, "sim:", 4)) {
		snprintf(journal->backend, sizeof journal->backend, "%s", pc_power_backend(power));
		return 0;
	}
	if (pmctl_backend_absolute(spec, journal->backend) == 0)
		return 0;
	pmctl_error("%s: the path is too long to be kept", spec);
	return -1;
}

static int capture_settings(struct pc_power *power, struct pc_journal *journal, struct pc_error *error)
{
	struct pc_setting *setting = calloc(PC_JOURNAL_SETTINGS_MAX, sizeof *setting);
	int count, status = -1;

	if (!setting)
		return pc_fail(error, ENOMEM, "capture: %s", strerror(ENOMEM));
	count = pc_power_capture(power, setting, PC_JOURNAL_SETTINGS_MAX, error);
	if (count < 0)
		goto out;
	journal->setting = calloc((size_t)count + 1, sizeof *journal->setting);
	if (!journal->setting) {
		pc_fail(error, ENOMEM, "capture: %s", strerror(ENOMEM));
		goto out;
	}
	journal->setting_count = (unsigned)count;
	journal->package_count = pc_power_package_names(power, journal->package);
	for (int i = 0; i < count; i++)
		journal->setting[i].captured = setting[i];
	status = 0;
out:
	free(setting);
	return status;
}

int pmctl_saved_capture(struct pmctl *pmctl, struct pc_power *power, struct pc_journal *journal)
{
	struct pc_error error;

	*journal = (struct pc_journal){ .uid = getuid() };
	if (note_backend(pmctl, power, journal) < 0)
		return -1;
	if (pc_boot_id(journal->boot_id, &error) == 0 && capture_settings(power, journal, &error) == 0)
		return 0;
	pmctl_error("%s", error.text);
	pc_journal_free(journal);
	return -1;
}

int pmctl_saved_write(const struct pc_journal *journal, const char *path)
{
	char above[PATH_MAX], name[PATH_MAX];
	struct pc_record_writer writer;
	struct pc_error error;
	const char *parent;
	int directory, status;

	snprintf(above, sizeof above, "%s", path);
	snprintf(name, sizeof name, "%s", path);
	parent = dirname(above);
	directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0) {
		pmctl_error("%s: %s: the settings cannot be kept there", path, strerror(errno));
		return -1;
	}
	pc_journal_put(&writer, journal);
	status = pc_record_save(&writer, directory, basename(name), 0600, &error);
	if (status < 0)
		pmctl_error("in %s: %s", parent, error.text);
	close(directory);
	return status;
}

int pmctl_saved_read(const char *path, struct pc_journal *journal)
{
	FILE *file = fopen(path, "re");
	char *text = malloc(PC_RECORD_MAX + 1);
	struct pc_error error;
	size_t length;
	int status = -1;

	if (!file || !text) {
		pmctl_error("%s: %s", path, strerror(errno));
		goto out;
	}
	length = fread(text, 1, PC_RECORD_MAX + 1, file);
	if (ferror(file))
		pmctl_error("%s: %s", path, strerror(errno));
	else if (length > PC_RECORD_MAX)
		pmctl_error("%s: longer than any saved settings", path);
	else if (pc_journal_parse(journal, path, text, length, &error) < 0)
		pmctl_error("%s", error.text);
	else
		status = 0;
out:
	if (file)
		fclose(file);
	free(text);
	return status;
}

void pmctl_saved_path(const struct pmctl *pmctl, char path[512])
{
	snprintf(path, 512, "%s/" PMCTL_SAVED_NAME, pmctl->site.run_dir);
}

static const char *result_text(enum pc_restored result, bool dry_run)
{
	return dry_run && result == PC_RESTORE_DONE ? "would be restored" : pc_restored_name(result);
}

static void print_line(const struct pc_restore_line *line, bool dry_run)
{
	printf("%s %s: saved 0x%llx, found 0x%llx: %s%s%s\n", line->package, line->setting.key,
	       (unsigned long long)line->setting.value, (unsigned long long)line->found,
	       result_text(line->result, dry_run), *line->reason ? ": " : "", line->reason);
}

static json_t *json_line(const struct pc_restore_line *line, bool dry_run)
{
	char saved[24], found[24], now[24];

	snprintf(saved, sizeof saved, "0x%llx", (unsigned long long)line->setting.value);
	snprintf(found, sizeof found, "0x%llx", (unsigned long long)line->found);
	snprintf(now, sizeof now, "0x%llx", (unsigned long long)line->now);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "package", line->package,
			 "key", line->setting.key, "saved", saved, "found", found, "now", now,
			 "result", result_text(line->result, dry_run), "reason", line->reason);
}

static void print_lines(const struct pmctl *pmctl, const struct pc_power *power,
			const struct pc_restore_line *lines, unsigned count, int bad)
{
	json_t *array;

	if (!pmctl->json) {
		for (unsigned i = 0; i < count; i++)
			print_line(&lines[i], pmctl->dry_run);
		return;
	}
	array = json_array();
	for (unsigned i = 0; i < count; i++)
		json_array_append_new(array, json_line(&lines[i], pmctl->dry_run));
	pmctl_json_print(json_pack("{s:b, s:b, s:i, s:o}", "simulated", pc_power_simulated(power),
				   "dry_run", pmctl->dry_run, "not_back", bad, "settings", array));
}

/* A dry run's "would be restored" is no failure. */
static int count_bad(const struct pc_restore_line *lines, unsigned count)
{
	int bad = 0;

	for (unsigned i = 0; i < count; i++)
		bad += lines[i].result >= PC_RESTORE_LOCKED;
	return bad;
}

int pmctl_saved_restore(const struct pmctl *pmctl, struct pc_power *power, const struct pc_journal *journal,
			const char *boot_id, bool quiet)
{
	struct pc_restore_line *lines = calloc(journal->setting_count + 1, sizeof *lines);
	struct pc_error error;
	int bad = -1;

	if (!lines) {
		pmctl_error("restore: %s", strerror(ENOMEM));
		return -1;
	}
	bad = pc_journal_restore(power, journal, boot_id, pmctl->dry_run, lines, &error);
	if (bad < 0)
		pmctl_error("%s", error.text);
	else
		bad = count_bad(lines, journal->setting_count);
	if (bad >= 0 && !quiet)
		print_lines(pmctl, power, lines, journal->setting_count, bad);
	free(lines);
	return bad;
}

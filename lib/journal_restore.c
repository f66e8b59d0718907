/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* How one restore is done, for all settings. */
struct restore {
	struct pc_power *power;
	bool same_boot;
};

static bool holds(const struct pc_setting *setting, uint64_t present, uint64_t value)
{
	return ((present ^ value) & setting->mask) == 0;
}

static void fail_line(struct pc_restore_line *line, enum pc_restored result, const struct pc_error *why)
{
	line->result = result;
	snprintf(line->reason, sizeof line->reason, "%.*s", (int)sizeof line->reason - 1, why->text);
}

static int read_setting(const struct restore *restore, struct pc_restore_line *line, uint64_t *value)
{
	struct pc_error why = { "" };

	if (pc_power_setting_read(restore->power, &line->setting, value, &why) == 0)
		return 0;
	fail_line(line, PC_RESTORE_FAILED, &why);
	return -1;
}

static enum pc_restored write_result(int code)
{
	return code == EROFS ? PC_RESTORE_LOCKED : code == EPERM ? PC_RESTORE_MASKED : PC_RESTORE_FAILED;
}

/* Writes a setting that is to be PC_RESTORE_DONE, and says where it is not: whatever the write
 * says, what the setting holds afterwards is what counts. */
static void write_setting(const struct restore *restore, struct pc_restore_line *line)
{
	const struct pc_setting *setting = &line->setting;
	struct pc_error why = { "" };
	int code = 0;

	if (pc_power_setting_write(restore->power, setting, &why) < 0)
		code = errno;
	if (read_setting(restore, line, &line->now) < 0 || holds(setting, line->now, setting->value))
		return;
	if (!code)
		pc_fail(&why, EIO, "%s, %s: was written and has changed again; something else writes it too",
			line->package, setting->key);
	fail_line(line, write_result(code), &why);
}

/* Firmware has set the registers anew since an earlier boot; only what still holds the job's value
 * (some platforms keep registers over a warm reset) is ours to undo. */
static bool is_ours(const struct restore *restore, const struct pc_journal_setting *setting, uint64_t found)
{
	return restore->same_boot ||
	       (setting->has_written && holds(&setting->captured, found, setting->written));
}

/* Where the setting's package is now; a neighbour's register would take its value just as well. */
static int find_package(const struct restore *restore, struct pc_restore_line *line)
{
	int package = pc_power_package_find(restore->power, line->package);
	struct pc_error why;

	if (package >= 0) {
		line->setting.package = (unsigned)package;
		return 0;
	}
	pc_fail(&why, ENXIO, "%s is not there: bring one of its CPUs online, and run this again", line->package);
	fail_line(line, PC_RESTORE_FAILED, &why);
	return -1;
}

/* What is to become of a setting; PC_RESTORE_DONE: it is to be written. */
static void examine(const struct restore *restore, const struct pc_journal *journal,
		    const struct pc_journal_setting *setting, struct pc_restore_line *line)
{
	*line = (struct pc_restore_line){
		.package = journal->package[setting->captured.package], .setting = setting->captured,
	};
	if (find_package(restore, line) < 0 || read_setting(restore, line, &line->found) < 0)
		return;
	line->now = line->found;
	if (holds(&setting->captured, line->found, setting->captured.value))
		line->result = PC_RESTORE_SAME;
	else
		line->result = is_ours(restore, setting, line->found) ? PC_RESTORE_DONE : PC_RESTORE_LEFT;
}

/* Writes what is to be written and lowers its package's power, or what is and does not. */
static void write_settings(const struct restore *restore, bool lowering, struct pc_restore_line *lines,
			   unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct pc_setting *setting = &lines[i].setting;

		if (lines[i].result == PC_RESTORE_DONE && !holds(setting, lines[i].now, setting->value) &&
		    pc_power_setting_lowers(restore->power, setting, lines[i].found) == lowering)
			write_setting(restore, &lines[i]);
	}
}

int pc_journal_restore(struct pc_power *power, const struct pc_journal *journal, const char *boot_id,
		       bool dry_run, struct pc_restore_line *lines, struct pc_error *error)
{
	const struct restore restore = { power, !strcmp(journal->boot_id, boot_id) };
	int missing = 0;

	if (!pc_boot_id_is_valid(boot_id) || !pc_boot_id_is_valid(journal->boot_id))
		return pc_fail(error, EINVAL, "journal of job %" PRIu64 ": no boot id to compare with; nothing "
			       "was restored", journal->job);
	for (unsigned i = 0; i < journal->setting_count; i++)
		examine(&restore, journal, &journal->setting[i], &lines[i]);
	if (!dry_run) {
		write_settings(&restore, true, lines, journal->setting_count);
		write_settings(&restore, false, lines, journal->setting_count);
	}
	for (unsigned i = 0; i < journal->setting_count; i++)
		missing += lines[i].result >= PC_RESTORE_LOCKED || (dry_run && lines[i].result == PC_RESTORE_DONE);
	return missing;
}

const char *pc_restored_name(enum pc_restored result)
{
	static const char *const names[] = {
		[PC_RESTORE_SAME] = "same",
		[PC_RESTORE_DONE] = "restored",
		[PC_RESTORE_LEFT] = "left alone",
		[PC_RESTORE_LOCKED] = "locked",
		[PC_RESTORE_MASKED] = "masked",
		[PC_RESTORE_FAILED] = "failed",
	};

	return names[result];
}

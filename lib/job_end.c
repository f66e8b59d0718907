/* SPDX-License-Identifier: BSD-3-Clause */
#include "job_node.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"

/* How a journal is undone, and what could not be. */
struct undo {
	const struct job_node *node;
	const struct pc_journal *journal;
	struct job_others others;        /* jobs that are still there */
	struct pc_power *power;
	bool same_boot;
	int failures;
};

static bool same_user_stays(const struct undo *undo)
{
	for (unsigned i = 0; i < undo->others.count; i++)
		if (undo->others.journal[i].uid == undo->journal->uid)
			return true;
	return false;
}

/* The last job puts back what was captured; one of several takes back its own part. */
static int take_back(const struct undo *undo, const struct pc_journal_access *access, struct pc_error *error)
{
	if (!undo->others.count)
		return pc_access_restore(access, error);
	if (same_user_stays(undo))
		return 0;
	return pc_access_revoke(access, undo->journal->uid, error);
}

static void take_access_back(struct undo *undo)
{
	struct pc_error error;

	/* A reboot made the device nodes anew: what they are now is the site's. */
	for (unsigned i = 0; undo->same_boot && i < undo->journal->access_count; i++) {
		if (take_back(undo, &undo->journal->access[i], &error) == 0)
			continue;
		undo->failures++;
		job_node_log(undo->node, "job %" PRIu64 ": %s", undo->journal->job, error.text);
	}
}

static const char *what_became(enum pc_restored result)
{
	switch (result) {
	case PC_RESTORE_LOCKED:
		return "locked";
	case PC_RESTORE_MASKED:
		return "outside the allowlist's mask";
	default:
		return "not taken";
	}
}

static void tell_lines(const struct undo *undo, const struct pc_restore_line *line)
{
	for (unsigned i = 0; i < undo->journal->setting_count; i++, line++)
		if (line->result >= PC_RESTORE_LOCKED)
			job_node_log(undo->node, "job %" PRIu64 ": %s, %s: holds 0x%" PRIx64
				     " and should hold 0x%" PRIx64 " again: %s: %s", undo->journal->job,
				     line->package, line->setting.key, line->now, line->setting.value,
				     what_became(line->result), line->reason);
		else if (line->result == PC_RESTORE_LEFT)
			job_node_log(undo->node, "job %" PRIu64 ": %s, %s: left at 0x%" PRIx64
				     ", as the reboot made it", undo->journal->job, line->package,
				     line->setting.key, line->now);
}

static void restore_settings(struct undo *undo)
{
	const struct pc_journal *journal = undo->journal;
	struct pc_restore_line *line;
	struct pc_error error;
	int failed = -1;

	if (!journal->setting_count)
		return;
	line = calloc(journal->setting_count, sizeof *line);
	if (!line)
		pc_fail(&error, ENOMEM, "no memory to restore %u settings", journal->setting_count);
	/* msr-safe from 1.7 on refuses root too what is not in the list. */
	else if (job_list_install(undo->power, PC_LIST_ROOT, &error) == 0)
		failed = pc_journal_restore(undo->power, journal, undo->node->boot_id, false, line, &error);
	if (failed < 0)
		job_node_log(undo->node, "job %" PRIu64 ": its limits are not put back: %s", journal->job, error.text);
	else
		tell_lines(undo, line);
	undo->failures += failed < 0 ? (int)journal->setting_count : failed;
	free(line);
	if (job_ceiling_again(undo->node, undo->power, &error))
		job_node_log(undo->node, "job %" PRIu64 " has ended, and the operator's ceiling is not in force again: %s",
			     journal->job, error.text);
}

/* The list that shall be in place when this job is gone, after the way through root's. */
static int leave_list(const struct undo *undo, const struct pc_allowlist *found, struct pc_error *error)
{
	for (unsigned i = 0; i < undo->others.count; i++)
		if (undo->others.journal[i].has_list)
			return job_list_install(undo->power, PC_LIST_READ, error);
	/* After a reboot the journal's list is history, and what stands there is the site's. */
	return pc_power_list_install(undo->power, undo->same_boot ? &undo->journal->list : found, error);
}

static void restore_through_lists(struct undo *undo)
{
	struct pc_allowlist found = PC_ALLOWLIST_EMPTY;
	struct pc_error error;

	if (!undo->journal->has_list) {
		restore_settings(undo);
		return;
	}
	if (pc_power_list_read(undo->power, &found, &error)) {
		undo->failures++;
		job_node_log(undo->node, "job %" PRIu64 ": %s", undo->journal->job, error.text);
	}
	restore_settings(undo);
	if (leave_list(undo, &found, &error)) {
		undo->failures++;
		job_node_log(undo->node, "job %" PRIu64 ": the site's allowlist is not put back: %s",
			     undo->journal->job, error.text);
	}
	pc_allowlist_free(&found);
}

static int undo_all(struct undo *undo, struct pc_error *error)
{
	struct pc_power_config config = { .backend = undo->journal->backend };

	undo->same_boot = strcmp(undo->journal->boot_id, undo->node->boot_id) == 0;
	if (job_others_load(undo->node, undo->journal->job, &undo->others, error))
		return -1;
	take_access_back(undo);
	if (pc_power_open(&undo->power, &config, NULL, 0, NULL, error))
		return -1;
	restore_through_lists(undo);
	pc_power_close(undo->power);
	return undo->failures;
}

static int forget(const struct job_node *node, uint64_t job, bool journal_too, struct pc_error *error)
{
	job_spool_segments(node, job);
	if (journal_too && pc_journal_remove(node->dir.jobs, job, error))
		return -1;
	return pc_decision_remove(node->dir.jobs, job, error);
}

/*
 * A journal that nobody can read would stand in the way of every job after it.  It is put
 * aside, by a name that is no job's, for whoever wants to see what became of it.
 */
static int put_aside(const struct job_node *node, uint64_t job, struct pc_error *error)
{
	char name[48], aside[64];
	struct pc_error later;
	int code = errno;

	snprintf(name, sizeof name, "%" PRIu64 ".journal", job);
	snprintf(aside, sizeof aside, "unreadable.%s", name);
	if (code == EBADMSG || code == EPROTOTYPE || code == EPROTONOSUPPORT) {
		if (renameat(node->dir.jobs, name, node->dir.jobs, aside))
			job_node_log(node, "%s: cannot be put aside: %s", name, strerror(errno));
		pc_fail_within(error, "what the job changed is not put back (its journal is kept as jobs/%s)", aside);
	}
	/* The decision must not speak for it any longer. */
	if (forget(node, job, false, &later))
		job_node_log(node, "job %" PRIu64 ": %s", job, later.text);
	errno = code;
	return -1;
}

int job_end(const struct job_node *node, uint64_t job, struct pc_error *error)
{
	struct pc_journal journal;
	struct undo undo = { .node = node, .journal = &journal };
	struct pc_error later;
	int result;

	if (pc_journal_load(node->dir.jobs, job, &journal, error))
		return errno == ENOENT ? forget(node, job, false, error) : put_aside(node, job, error);
	result = undo_all(&undo, error);
	job_others_free(&undo.others);
	pc_journal_free(&journal);
	if (forget(node, job, result == 0, result < 0 ? &later : error) && result == 0)
		return -1;
	return result;
}

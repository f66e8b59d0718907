/* SPDX-License-Identifier: BSD-3-Clause */
#include "job_node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include <linux/magic.h>

#include "access.h"

/* What is there before the job changes anything, on disk before it does (I6). */

#define SETTINGS_MAX 1024
#define PATHS_MAX 4096

static const struct pc_journal_access *known_access(const struct job_begin *begin, const char *path)
{
	for (unsigned i = 0; i < begin->others.count; i++) {
		const struct pc_journal *journal = &begin->others.journal[i];

		for (unsigned j = 0; j < journal->access_count; j++)
			if (strcmp(journal->access[j].path, path) == 0)
				return &journal->access[j];
	}
	return NULL;
}

/* As the site had it: what another job was granted meanwhile is not the site's. */
static int capture_one(struct job_begin *begin, const struct pc_access_path *path,
		       struct pc_journal_access *access, struct pc_error *error)
{
	const struct pc_journal_access *known = known_access(begin, path->path);

	if (!known)
		return pc_access_capture(path->path, path->by_owner, access, error);
	*access = *known;
	return 0;
}

static int capture_access(struct job_begin *begin, struct pc_error *error)
{
	unsigned count;

	begin->path = calloc(PATHS_MAX, sizeof *begin->path);
	if (!begin->path)
		return pc_fail(error, ENOMEM, "no memory for %u paths", PATHS_MAX);
	count = pc_power_access_paths(begin->power, begin->path, PATHS_MAX);
	if (count > PATHS_MAX)
		return pc_fail(error, ENOSPC, "%u device paths: more than the %u that there is room for", count, PATHS_MAX);
	begin->journal.access = calloc(count ? count : 1, sizeof *begin->journal.access);
	if (!begin->journal.access)
		return pc_fail(error, ENOMEM, "no memory for the access to %u paths", count);
	begin->journal.access_count = count;
	for (unsigned i = 0; i < count; i++)
		if (capture_one(begin, &begin->path[i], &begin->journal.access[i], error))
			return -1;
	return 0;
}

static int capture_list(struct job_begin *begin, struct pc_error *error)
{
	struct pc_journal *journal = &begin->journal;

	for (unsigned i = 0; i < begin->others.count; i++)
		if (begin->others.journal[i].has_list) {
			journal->has_list = true;
			return pc_allowlist_copy(&journal->list, &begin->others.journal[i].list, error);
		}
	if (pc_power_list_read(begin->power, &journal->list, error))
		return errno == ENOTSUP ? 0 : -1;
	journal->has_list = true;
	return 0;
}

/* Which of the ladder's rungs it was must be known at the end, whatever "auto" finds then. */
static void name_backend(struct job_begin *begin)
{
	const char *name = begin->node->site->backend;

	if (strcmp(name, "auto") == 0)
		name = pc_power_backend(begin->power);
	job_copy_text(begin->journal.backend, sizeof begin->journal.backend, name);
}

int job_start_journal(struct job_begin *begin, struct pc_error *error)
{
	begin->journal.job = begin->request->job;
	begin->journal.restart = begin->request->restart;
	begin->journal.uid = begin->request->uid;
	job_copy_text(begin->journal.boot_id, sizeof begin->journal.boot_id, begin->node->boot_id);
	name_backend(begin);
	if (capture_list(begin, error))
		return -1;
	return capture_access(begin, error);
}

int job_save_journal(struct job_begin *begin, struct pc_error *error)
{
	if (pc_journal_save(begin->node->dir.jobs, &begin->journal, error))
		return -1;
	begin->saved = true;
	return 0;
}

int job_root_list(struct job_begin *begin, struct pc_error *error)
{
	if (!begin->journal.has_list || begin->rooted)
		return 0;
	begin->rooted = true;
	return job_list_install(begin->power, PC_LIST_ROOT, error);
}

/*
 * A list that hides registers even from root (msr-safe from 1.7 on) must be replaced
 * before they can be captured; so the list goes to disk first, and the registers after.
 */
int job_open_registers(struct job_begin *begin, struct pc_error *error)
{
	struct pc_allowlist needed = PC_ALLOWLIST_EMPTY;
	int covered;

	if (!begin->journal.has_list)
		return 0;
	if (pc_power_list_for(begin->power, PC_LIST_READ, &needed, error))
		return -1;
	covered = pc_allowlist_subset(&needed, &begin->journal.list);
	pc_allowlist_free(&needed);
	if (covered)
		return 0;
	return job_save_journal(begin, error) ? -1 : job_root_list(begin, error);
}

int job_capture_settings(struct job_begin *begin, struct pc_error *error)
{
	struct pc_setting *setting = calloc(SETTINGS_MAX, sizeof *setting);
	int count = setting ? pc_power_capture(begin->power, setting, SETTINGS_MAX, error)
			    : pc_fail(error, ENOMEM, "no memory for %u settings", SETTINGS_MAX);
	struct pc_journal *journal = &begin->journal;

	if (count > 0) {
		journal->setting = calloc((size_t)count, sizeof *journal->setting);
		if (!journal->setting)
			count = pc_fail(error, ENOMEM, "no memory for %d settings", count);
	}
	for (int i = 0; i < count; i++)
		journal->setting[i].captured = setting[i];
	journal->setting_count = count > 0 ? (unsigned)count : 0;
	journal->package_count = pc_power_package_names(begin->power, journal->package);
	free(setting);
	return count < 0 ? -1 : 0;
}

/*
 * Notes what the registers hold now, for a journal that is still there after a reboot: then
 * only what still holds such a value is the job's to undo.  On a tmpfs the journal goes with the machine.
 */
int job_note_written(struct job_begin *begin, struct pc_error *error)
{
	struct statfs status;

	if (fstatfs(begin->node->dir.jobs, &status))
		return pc_fail(error, errno, "state directory: %s", strerror(errno));
	if (status.f_type == TMPFS_MAGIC)
		return 0;
	for (unsigned i = 0; i < begin->journal.setting_count; i++) {
		struct pc_journal_setting *setting = &begin->journal.setting[i];

		if (pc_power_setting_read(begin->power, &setting->captured, &setting->written, error))
			return -1;
		setting->has_written = setting->written != setting->captured.value;
	}
	return job_save_journal(begin, error);
}

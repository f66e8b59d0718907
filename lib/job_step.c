/* SPDX-License-Identifier: BSD-3-Clause */
#include "job_node.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 48             /* "18446744073709551615.4294967295.segment" */

static void segment_name(uint64_t job, uint32_t step, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%" PRIu64 ".%" PRIu32 ".segment", job, step);
}

int pc_job_decision(const struct pc_site *site, uint64_t job, struct pc_decision *decision,
		    struct pc_error *error)
{
	struct job_node node;
	int result = job_node_open(&node, site, 0, NULL, NULL, error);

	if (!result)
		result = pc_decision_load(node.dir.jobs, job, decision, error);
	job_node_close(&node);
	return result;
}

static int create_segment(int steps, const char *name, const struct pc_segment_config *config,
			  struct pc_error *error)
{
	uid_t uid = config->decision->uid;
	int result = pc_segment_create(steps, name, uid, config, error);

	if (!result || errno != EEXIST)
		return result;
	/* A requeued job comes with the same numbers; that run's processes are gone. */
	if (unlinkat(steps, name, 0))
		return pc_fail(error, errno, "segment %s: an earlier run's cannot be removed: %s", name, strerror(errno));
	return pc_segment_create(steps, name, uid, config, error);
}

int pc_job_step_begin(const struct pc_site *site, const struct pc_segment_config *config,
		      char path[PC_SEGMENT_PATH], struct pc_error *error)
{
	struct job_node node;
	char name[NAME_SIZE];
	int result = job_node_open(&node, site, 0, NULL, NULL, error);

	segment_name(config->job, config->step, name);
	if (!result)
		result = create_segment(node.dir.steps, name, config, error);
	job_node_close(&node);
	snprintf(path, PC_SEGMENT_PATH, "%s/steps/%s", site->run_dir, name);
	return result;
}

struct kept {
	char name[64];
	struct timespec when;
};

static bool older(const struct kept *a, const struct kept *b)
{
	return a->when.tv_sec != b->when.tv_sec ? a->when.tv_sec < b->when.tv_sec
						: a->when.tv_nsec < b->when.tv_nsec;
}

/* How many files the spool holds; *oldest is one of them. */
static unsigned count_spool(int spool, struct kept *oldest)
{
	int copy = openat(spool, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	unsigned count = 0;

	while (entries && (entry = readdir(entries))) {
		struct kept kept;
		struct stat status;

		if (strlen(entry->d_name) >= sizeof kept.name ||
		    fstatat(spool, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) || !S_ISREG(status.st_mode))
			continue;
		strcpy(kept.name, entry->d_name);
		kept.when = status.st_ctim;
		if (!count++ || older(&kept, oldest))
			*oldest = kept;
	}
	if (entries)
		closedir(entries);
	else if (copy >= 0)
		close(copy);
	return count;
}

/* A spool in memory must not grow with every job that dies. */
static void trim_spool(int spool)
{
	struct kept oldest;
	unsigned count = count_spool(spool, &oldest);

	while (count >= PC_SPOOL_KEEP && unlinkat(spool, oldest.name, 0) == 0)
		count = count_spool(spool, &oldest);
}

/* The file was the user's; root's from here on, so that no later process of the user changes it. */
static int move_to_spool(const struct pc_run_dir *dir, const char *name)
{
	trim_spool(dir->spool);
	if (renameat(dir->steps, name, dir->spool, name))
		return -1;
	if (fchownat(dir->spool, name, geteuid(), getegid(), AT_SYMLINK_NOFOLLOW))
		return -1;
	return 0;
}

static int end_segment(const struct pc_run_dir *dir, const char *name, bool keep, struct pc_error *error)
{
	int result = keep ? move_to_spool(dir, name) : unlinkat(dir->steps, name, 0);

	if (!result || errno == ENOENT)
		return 0;
	return pc_fail(error, errno, "segment %s: cannot be %s: %s", name, keep ? "kept" : "removed", strerror(errno));
}

int pc_job_step_end(const struct pc_site *site, uint64_t job, uint32_t step, bool keep, struct pc_error *error)
{
	struct job_node node;
	char name[NAME_SIZE];
	int result;

	if (job_node_open(&node, site, 0, NULL, NULL, error))
		return errno == ENOENT ? 0 : -1;
	segment_name(job, step, name);
	result = end_segment(&node.dir, name, keep, error);
	job_node_close(&node);
	return result;
}

void job_spool_segments(const struct job_node *node, uint64_t job)
{
	int copy = openat(node->dir.steps, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	char prefix[NAME_SIZE];
	struct dirent *entry;
	struct pc_error error;

	snprintf(prefix, sizeof prefix, "%" PRIu64 ".", job);
	while (entries && (entry = readdir(entries)))
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
		    end_segment(&node->dir, entry->d_name, true, &error))
			job_node_log(node, "job %" PRIu64 ": %s", job, error.text);
	if (entries)
		closedir(entries);
	else if (copy >= 0)
		close(copy);
}

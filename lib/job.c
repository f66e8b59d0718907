/* SPDX-License-Identifier: BSD-3-Clause */
#include "job_node.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int job_node_open(struct job_node *node, const struct pc_site *site, unsigned how,
		  pc_log_sink *log, void *arg, struct pc_error *error)
{
	*node = (struct job_node){ .site = site, .dir = PC_RUN_DIR_CLOSED, .log = log, .log_arg = arg };
	if (pc_boot_id(node->boot_id, error))
		return -1;
	return pc_run_dir_open(&node->dir, site->run_dir, how, error);
}

void job_node_close(struct job_node *node)
{
	pc_run_dir_close(&node->dir);
}

void job_node_log(const struct job_node *node, const char *format, ...)
{
	char sentence[1280];
	va_list args;

	if (!node->log)
		return;
	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	node->log(sentence, node->log_arg);
}

int job_others_load(const struct job_node *node, uint64_t but, struct job_others *others,
		    struct pc_error *error)
{
	uint64_t *job;
	int count = pc_run_dir_jobs(node->dir.jobs, ".journal", &job, error);

	*others = (struct job_others){ 0 };
	if (count <= 0)
		return count;
	others->journal = calloc((size_t)count, sizeof *others->journal);
	if (!others->journal) {
		free(job);
		return pc_fail(error, ENOMEM, "no memory for %d journals", count);
	}
	for (int i = 0; i < count; i++) {
		if (job[i] == but)
			continue;
		if (pc_journal_load(node->dir.jobs, job[i], &others->journal[others->count], error)) {
			pc_fail_within(error, "job %" PRIu64 " left a journal on this node that cannot be read", job[i]);
			job_others_free(others);
			free(job);
			return -1;
		}
		others->count++;
	}
	free(job);
	return 0;
}

void job_others_free(struct job_others *others)
{
	int code = errno;

	for (unsigned i = 0; i < others->count; i++)
		pc_journal_free(&others->journal[i]);
	free(others->journal);
	*others = (struct job_others){ 0 };
	errno = code;
}

const struct pc_journal *job_others_capped(const struct job_others *others)
{
	for (unsigned i = 0; i < others->count; i++)
		if (others->journal[i].setting_count)
			return &others->journal[i];
	return NULL;
}

int job_list_install(struct pc_power *power, enum pc_list_purpose purpose, struct pc_error *error)
{
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY, found;
	int result;

	/* Without a list in the node there is nothing to install, and nothing in the way. */
	if (pc_power_list_read(power, &found, error))
		return errno == ENOTSUP ? 0 : -1;
	pc_allowlist_free(&found);
	result = pc_power_list_for(power, purpose, &list, error);
	if (!result)
		result = pc_power_list_install(power, &list, error);
	pc_allowlist_free(&list);
	return result;
}

int pc_job_end(const struct pc_site *site, uint64_t job, pc_log_sink *log, void *arg, struct pc_error *error)
{
	struct job_node node;
	int result;

	if (job_node_open(&node, site, PC_RUN_DIR_LOCK, log, arg, error))
		return errno == ENOENT ? 0 : -1;
	result = job_end(&node, job, error);
	job_node_close(&node);
	return result;
}

static void sweep_one(const struct job_node *node, uint64_t job)
{
	struct pc_error error;
	int result = job_end(node, job, &error);

	if (result < 0)
		job_node_log(node, "job %" PRIu64 " is gone and cannot be cleaned up after: %s", job, error.text);
	else if (result > 0)
		job_node_log(node, "job %" PRIu64 " is gone; %d of what it changed could not be put back", job, result);
	else
		job_node_log(node, "job %" PRIu64 " is gone without an epilog: cleaned up after it", job);
}

/* A job cannot have outlived the machine, however young its journal is. */
static bool is_of_earlier_boot(const struct job_node *node, uint64_t job)
{
	struct pc_journal journal;
	bool earlier;

	if (pc_journal_load(node->dir.jobs, job, &journal, NULL))
		return false;
	earlier = strcmp(journal.boot_id, node->boot_id) != 0;
	pc_journal_free(&journal);
	return earlier;
}

static int sweep_directory(const struct job_node *node, int directory, pc_job_alive *alive,
			   void *alive_arg, struct pc_error *error)
{
	uint64_t *job;
	int count = pc_run_dir_jobs(directory, ".", &job, error);

	for (int i = 0; i < count; i++)
		if (is_of_earlier_boot(node, job[i]) || !alive(job[i], alive_arg))
			sweep_one(node, job[i]);
	free(job);
	return count < 0 ? -1 : 0;
}

int pc_job_sweep(const struct pc_site *site, pc_job_alive *alive, void *alive_arg,
		 pc_log_sink *log, void *arg, struct pc_error *error)
{
	struct job_node node;
	int result;

	if (job_node_open(&node, site, PC_RUN_DIR_LOCK, log, arg, error))
		return errno == ENOENT ? 0 : -1;
	result = sweep_directory(&node, node.dir.jobs, alive, alive_arg, error);
	if (!result)
		result = sweep_directory(&node, node.dir.steps, alive, alive_arg, error);
	job_node_close(&node);
	return result;
}

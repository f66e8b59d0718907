/* SPDX-License-Identifier: BSD-3-Clause */
#include "job_node.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"

void job_copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

int job_refuse(struct job_begin *begin, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(begin->decision->reason, sizeof begin->decision->reason, format, args);
	va_end(args);
	begin->decision->refused = true;
	return JOB_REFUSED;
}

static int open_power(struct job_begin *begin, struct pc_error *error)
{
	struct pc_power_config config = { .backend = begin->node->site->backend };

	return pc_power_open(&begin->power, &config, NULL, 0, NULL, error);
}

static int end_one(struct job_begin *begin, uint64_t job, struct pc_error *error)
{
	int left = job_end(begin->node, job, error);

	if (left > 0)
		return pc_fail(error, EIO, "%d settings that it changed could not be put back; slurmd's log names them",
			       left);
	return left;
}

/* --- may this job have it? ---------------------------------------------------- */

static int check_request(struct job_begin *begin)
{
	struct pc_error why;

	if (pc_site_cap(begin->node->site, begin->request->cap, &begin->cap, &why))
		return job_refuse(begin, "%s", why.text);
	return 0;
}

static int check_alone(struct job_begin *begin)
{
	unsigned pus = pc_topology_pu_count(pc_power_topology(begin->power));
	unsigned cpus = begin->request->cpus;

	if (!cpus)
		return job_refuse(begin, "--power-cap needs whole nodes, and how much of this one the job has "
			      "is not known: add --exclusive");
	if (cpus < pus)
		return job_refuse(begin, "--power-cap needs whole nodes, and this job has %u of this one's %u CPUs: "
			      "add --exclusive", cpus, pus);
	return 0;
}

/* The job has the whole node.  Who else left a journal is gone, or should be. */
static int check_others(struct job_begin *begin, struct pc_error *error)
{
	const struct pc_job_request *request = begin->request;

	if (!begin->others.count)
		return 0;
	for (unsigned i = 0; i < begin->others.count; i++) {
		uint64_t job = begin->others.journal[i].job;

		if (!request->alive || request->alive(job, request->alive_arg))
			return job_refuse(begin, "--power-cap needs whole nodes, and job %" PRIu64 " is still on this one", job);
		if (end_one(begin, job, error))
			return pc_fail_within(error, "job %" PRIu64 ", which is gone", job);
	}
	/* Their end changed the list, and with it what can be seen. */
	job_others_free(&begin->others);
	pc_power_close(begin->power);
	begin->power = NULL;
	return open_power(begin, error);
}

/* --- the job's list and access ----------------------------------------------------- */

static int grant_path(struct job_begin *begin, unsigned index, bool writes, struct pc_error *error)
{
	const struct pc_access_path *path = &begin->path[index];

	/* Whoever runs on a simulated node takes part in its physics, and so writes its file. */
	if (pc_power_simulated(begin->power))
		writes = true;
	/* An owner can write whatever the mode says; so what is not to be written is not lent. */
	if (path->by_owner && path->write && !writes)
		return 0;
	return pc_access_grant(&begin->journal.access[index], begin->request->uid, path->write && writes, error);
}

static int grant(struct job_begin *begin, bool writes, struct pc_error *error)
{
	if (begin->journal.has_list &&
	    job_list_install(begin->power, writes ? PC_LIST_JOB : PC_LIST_READ, error))
		return -1;
	for (unsigned i = 0; i < begin->journal.access_count; i++)
		if (grant_path(begin, i, writes, error))
			return -1;
	return 0;
}

/* --- the two ways through ------------------------------------------------------------ */

static int begin_capped(struct job_begin *begin, struct pc_error *error)
{
	int result;

	if (open_power(begin, error))
		return -1;
	result = check_alone(begin);
	if (!result)
		result = check_others(begin, error);
	if (result)
		return result;
	if (job_start_journal(begin, error) || job_open_registers(begin, error) ||
	    job_capture_settings(begin, error) || job_look_behind_ceiling(begin, error))
		return -1;
	result = job_plan(begin, error);
	if (result)
		return result;
	if (job_save_journal(begin, error) ||
	    job_root_list(begin, error) ||
	    job_set_limits(begin, error) ||
	    job_note_written(begin, error))
		return -1;
	begin->decision->writes = begin->held && begin->journal.access_count && begin->node->site->allow_without_guard;
	begin->decision->cap_uw = begin->cap.cap_uw;
	job_copy_text(begin->decision->policy, sizeof begin->decision->policy, "static");
	return grant(begin, begin->decision->writes, error);
}

static int begin_monitored(struct job_begin *begin, struct pc_error *error)
{
	const struct pc_journal *capped = job_others_capped(&begin->others);

	if (capped)
		return pc_fail(error, EBUSY, "its energy is not shown to its user: job %" PRIu64 "'s limits are in "
			       "place on this node", capped->job);
	if (open_power(begin, error) || job_start_journal(begin, error))
		return -1;
	begin->decision->package_count = pc_power_package_count(begin->power);
	job_copy_text(begin->decision->policy, sizeof begin->decision->policy, "monitor");
	/* Where the hardware is open to everybody, or to nobody, there is nothing to take back. */
	if (!begin->journal.has_list && !begin->journal.access_count)
		return 0;
	return job_save_journal(begin, error) ? -1 : grant(begin, false, error);
}

/* A run of the same job that was requeued, or a prolog that is asked twice, left its own. */
static int end_previous(struct job_begin *begin, struct pc_error *error)
{
	if (end_one(begin, begin->request->job, error))
		return pc_fail_within(error, "an earlier run of job %" PRIu64, begin->request->job);
	return 0;
}

static int load_others(struct job_begin *begin, struct pc_error *error)
{
	if (job_others_load(begin->node, begin->request->job, &begin->others, error))
		return -1;
	for (unsigned i = 0; i < begin->others.count; i++) {
		struct pc_journal *journal = &begin->others.journal[i];

		if (strcmp(journal->boot_id, begin->node->boot_id) == 0)
			continue;
		/* Its job died with the machine.  Ending it changes who the others are. */
		if (end_one(begin, journal->job, error))
			return pc_fail_within(error, "job %" PRIu64 " of before the reboot", journal->job);
		job_others_free(&begin->others);
		return load_others(begin, error);
	}
	return 0;
}

static int attempt(struct job_begin *begin, struct pc_error *error)
{
	int result;

	if (end_previous(begin, error))
		return -1;
	result = begin->request->cap ? check_request(begin) : 0;
	if (result)
		return result;
	if (load_others(begin, error))
		return -1;
	job_copy_text(begin->decision->backend, sizeof begin->decision->backend, begin->node->site->backend);
	if (!begin->request->cap)
		return begin_monitored(begin, error);
	result = begin_capped(begin, error);
	return result < 0 ? pc_fail_within(error, "--power-cap cannot be held on this node") : result;
}

static void identify(struct pc_decision *decision, const struct pc_job_request *request)
{
	*decision = (struct pc_decision){ .job = request->job, .restart = request->restart, .uid = request->uid };
}

static void take_everything_back(struct job_begin *begin)
{
	struct pc_error error;
	int left;

	if (!begin->saved)
		return;
	left = job_end(begin->node, begin->request->job, &error);
	if (left)
		job_node_log(begin->node, "job %" PRIu64 ": what was begun could not be undone: %s", begin->request->job,
			     left < 0 ? error.text : "some settings are not put back");
}

/* Whatever was decided so far, nothing of it holds. */
static void decide_against(struct job_begin *begin, const char *reason)
{
	char kept[sizeof begin->decision->reason];

	job_copy_text(kept, sizeof kept, reason);
	take_everything_back(begin);
	identify(begin->decision, begin->request);
	if (begin->request->cap)
		job_refuse(begin, "%s", kept);
}

static void release(struct job_begin *begin)
{
	pc_power_close(begin->power);
	begin->power = NULL;
	free(begin->path);
	begin->path = NULL;
	pc_journal_free(&begin->journal);
	job_others_free(&begin->others);
}

static int begin_locked(struct job_begin *begin, struct pc_error *error)
{
	int result = attempt(begin, error), code = errno;

	release(begin);
	if (result)
		decide_against(begin, result < 0 ? error->text : begin->decision->reason);
	if ((begin->request->cap || !result) && pc_decision_save(begin->node->dir.jobs, begin->decision, error)) {
		code = errno;
		decide_against(begin, error->text);
		result = -1;
	}
	errno = code;
	return result < 0 ? -1 : 0;
}

/* A job that asks for nothing, on a site that wants to know nothing, leaves nothing. */
static int begin_nothing(struct job_begin *begin, struct pc_error *error)
{
	return end_previous(begin, error);
}

int pc_job_begin(const struct pc_site *site, const struct pc_job_request *request,
		 struct pc_decision *decision, pc_log_sink *log, void *arg, struct pc_error *error)
{
	struct job_node node;
	struct job_begin begin = { .node = &node, .request = request, .decision = decision };
	bool nothing = !request->cap && !site->monitor_uncapped;
	struct pc_error own;
	int result;

	error = error ? error : &own;
	identify(decision, request);
	if (job_node_open(&node, site, PC_RUN_DIR_LOCK | (nothing ? 0 : PC_RUN_DIR_CREATE), log, arg, error)) {
		if (nothing && errno == ENOENT)
			return 0;
		decide_against(&begin, error->text);
		return -1;
	}
	result = nothing ? begin_nothing(&begin, error) : begin_locked(&begin, error);
	job_node_close(&node);
	return result;
}

int pc_job_refuse(const struct pc_site *site, const struct pc_job_request *request, const char *reason,
		  struct pc_error *error)
{
	struct pc_decision decision;
	struct job_begin begin = { .request = request, .decision = &decision };
	struct job_node node;
	int result;

	identify(&decision, request);
	job_refuse(&begin, "%s", reason);
	if (job_node_open(&node, site, PC_RUN_DIR_LOCK | PC_RUN_DIR_CREATE, NULL, NULL, error))
		return -1;
	result = pc_decision_save(node.dir.jobs, &decision, error);
	job_node_close(&node);
	return result;
}

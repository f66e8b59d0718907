/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_JOB_NODE_H
#define PHASECAP_JOB_NODE_H

/* What the files of job.h share; nobody else includes this. */

#include "budget.h"
#include "job.h"
#include "run_dir.h"

/* One call's view of the node, under the lock. */
struct job_node {
	const struct pc_site *site;
	struct pc_run_dir dir;
	char boot_id[37];
	pc_log_sink *log;
	void *log_arg;
};

int job_node_open(struct job_node *node, const struct pc_site *site, unsigned how,
		  pc_log_sink *log, void *arg, struct pc_error *error) PC_WARN_UNUSED;
void job_node_close(struct job_node *node); /* keeps errno */
void job_node_log(const struct job_node *node, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The journals of every job but one. */
struct job_others {
	unsigned count;
	struct pc_journal *journal;
};

int job_others_load(const struct job_node *node, uint64_t but, struct job_others *others,
		    struct pc_error *error) PC_WARN_UNUSED;
void job_others_free(struct job_others *others);
/* NULL where no other job has changed limits. */
const struct pc_journal *job_others_capped(const struct job_others *others);

/* pc_job_end() under the lock. */
int job_end(const struct job_node *node, uint64_t job, struct pc_error *error) PC_WARN_UNUSED;

int job_list_install(struct pc_power *power, enum pc_list_purpose purpose, struct pc_error *error) PC_WARN_UNUSED;

/* Removes the segments of a job's steps that nobody removed; they are what a step that
 * died leaves, and go to the spool. */
void job_spool_segments(const struct job_node *node, uint64_t job);

/*
 * A begin on its way.  Its steps return 0, JOB_REFUSED (the user's mistake, and the decision
 * says so), or -1 (the node's trouble, and *error says so).
 */
enum { JOB_REFUSED = 1 };

struct job_begin {
	const struct job_node *node;
	const struct pc_job_request *request;
	struct pc_decision *decision;
	struct pc_cap cap;
	struct pc_power *power;
	struct job_others others;
	struct pc_journal journal;
	bool saved;              /* the journal is on disk: from here on there is something to undo */
	bool rooted;             /* root's list is in place */
	struct pc_access_path *path;     /* of journal.access[i] */
	struct pc_budget_package budget[PC_MAX_PACKAGES];
	uint64_t limit_uw[PC_MAX_PACKAGES];
	bool held;               /* limit 2 keeps every package at or under its share */
};

int job_refuse(struct job_begin *begin, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void job_copy_text(char *to, size_t size, const char *from);

/* job_capture.c, in this order: the site's list and access; the list that lets registers be
 * seen; the registers; all of it on disk. */
int job_start_journal(struct job_begin *begin, struct pc_error *error) PC_WARN_UNUSED;
int job_open_registers(struct job_begin *begin, struct pc_error *error) PC_WARN_UNUSED;
int job_capture_settings(struct job_begin *begin, struct pc_error *error) PC_WARN_UNUSED;
/* The list under which limits can be set; only behind job_save_journal(). */
int job_root_list(struct job_begin *begin, struct pc_error *error) PC_WARN_UNUSED;
int job_note_written(struct job_begin *begin, struct pc_error *error) PC_WARN_UNUSED;
int job_save_journal(struct job_begin *begin, struct pc_error *error) PC_WARN_UNUSED;

/* job_ceiling.c: what the captured settings were before the operator's ceiling; and, when a
 * job has ended, the ceiling over what is back. */
int job_look_behind_ceiling(struct job_begin *begin, struct pc_error *error) PC_WARN_UNUSED;
int job_ceiling_again(const struct job_node *node, struct pc_power *power, struct pc_error *error) PC_WARN_UNUSED;

/* job_limit.c: the share of each package; the limits, read back, into the decision. */
int job_plan(struct job_begin *begin, struct pc_error *error) PC_WARN_UNUSED;
int job_set_limits(struct job_begin *begin, struct pc_error *error) PC_WARN_UNUSED;

#endif

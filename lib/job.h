/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_JOB_H
#define PHASECAP_JOB_H

/*
 * A job's life on a node, for root: the prolog's, the epilog's and the sweep's
 * work, without a word of Slurm.  State lives below site->run_dir (run_dir.h):
 *   jobs/JOB.journal, jobs/JOB.decision, steps/JOB.STEP.segment, lock
 * pc_job_begin(), pc_job_end() and pc_job_sweep() take the lock; all calls may be
 * repeated, and may die at any point: whoever comes next finishes their work.  `log` is told
 * what an administrator should know, one sentence each.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "decision.h"
#include "error.h"
#include "journal.h"
#include "segment.h"
#include "site.h"

typedef void pc_log_sink(const char *sentence, void *arg);
/* Whether a job still has processes here.  Who is not sure says yes. */
typedef bool pc_job_alive(uint64_t job, void *arg);

struct pc_job_request {
	uint64_t job;
	unsigned restart;
	uid_t uid;
	const char *cap;         /* the option's bytes; NULL: no cap asked */
	unsigned cpus;           /* that the job has on this node; 0: unknown */
	pc_job_alive *alive;     /* asked of jobs that are in the way of one that has the whole
	                            node; NULL: all are alive */
	void *alive_arg;
};

/*
 * Decides, captures, journals, limits, grants, and leaves a decision.  A user's
 * mistake is a refusal in the decision, and 0.  -1 is the node's trouble (then everything done is
 * undone, and the decision says refused where it can still be written).
 * Without a cap nothing is refused: where the site lets such jobs be monitored the
 * decision's policy is "monitor", else it is empty and nothing is left on the node.
 */
int pc_job_begin(const struct pc_site *site, const struct pc_job_request *request,
		 struct pc_decision *decision, pc_log_sink *log, void *arg, struct pc_error *error) PC_WARN_UNUSED;

/* Leaves a decision that refuses the job, for this reason; nothing else is looked at or
 * changed.  For a site whose configuration cannot be believed. */
int pc_job_refuse(const struct pc_site *site, const struct pc_job_request *request, const char *reason,
		  struct pc_error *error) PC_WARN_UNUSED;

/* Takes access back, restores, verifies, puts the site's list back, forgets the job.
 * Works without pc_job_begin() having run.  Returns how many settings or paths could not be put
 * back (then the journal stays, for the next contact), or -1. */
int pc_job_end(const struct pc_site *site, uint64_t job, pc_log_sink *log, void *arg, struct pc_error *error) PC_WARN_UNUSED;

/* Ends every job that left something here and for which alive(job, arg) is false.  What
 * becomes of each goes to log; -1 only where the state directory cannot be used. */
int pc_job_sweep(const struct pc_site *site, pc_job_alive *alive, void *alive_arg,
		 pc_log_sink *log, void *arg, struct pc_error *error) PC_WARN_UNUSED;

/* The decision on a job; ENOENT: none was left, because the job asked for nothing, or
 * because its prolog did not come to an end. */
int pc_job_decision(const struct pc_site *site, uint64_t job, struct pc_decision *decision,
		    struct pc_error *error) PC_WARN_UNUSED;

#define PC_SEGMENT_PATH 320      /* room for any segment's path */

/* Makes a step's segment, over what an earlier run of the same step left; its path goes
 * to path.  config->decision is the job's. */
int pc_job_step_begin(const struct pc_site *site, const struct pc_segment_config *config,
		      char path[PC_SEGMENT_PATH], struct pc_error *error) PC_WARN_UNUSED;
/*
 * Removes a step's segment or, where the step died before it could report, moves it into the
 * spool, as root's, where the newest PC_SPOOL_KEEP are kept.  A step without a segment is fine.
 */
int pc_job_step_end(const struct pc_site *site, uint64_t job, uint32_t step, bool keep,
		    struct pc_error *error) PC_WARN_UNUSED;
#define PC_SPOOL_KEEP 16

#endif

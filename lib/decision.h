/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_DECISION_H
#define PHASECAP_DECISION_H

/* What the prolog settled for a job on a node: a root-owned record that the step hooks believe. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "power.h"
#include "record.h"

struct pc_decision {
	uint64_t job;
	unsigned restart;
	uid_t uid;
	bool refused;
	char reason[512];        /* where refused: the sentence for the user */
	char backend[256];
	char policy[32];         /* "monitor", "static" */
	bool writes;             /* the job's user may write limits */
	uint64_t cap_uw;         /* of the node; 0: none asked */
	unsigned package_count;
	uint64_t package_limit_uw[PC_MAX_PACKAGES];      /* starting limit, 0: none */
	uint64_t dram_limit_uw[PC_MAX_PACKAGES];         /* 0: a reserve stands in */
	uint64_t dram_reserve_uw[PC_MAX_PACKAGES];
};

/*
 * The files are "JOB.decision" below directory (a descriptor open for reading), mode 0644.
 * A decision is whole or refused: every key once, package_count at most PC_MAX_PACKAGES and with
 * as many package lines in order, no power over PC_POWER_MAX_UW; a reason where and only where
 * refused, and then no writes.
 */

/* EINVAL: no reader would take this one; nothing was changed.  Else as pc_record_save(). */
int pc_decision_save(int directory, const struct pc_decision *decision, struct pc_error *error) PC_WARN_UNUSED;
/* ENOENT: the job has none.  EPERM: not root's and not the caller's own.  EBADMSG, EPROTOTYPE,
 * EPROTONOSUPPORT as record.h; EBADMSG too for another job's.  On failure *decision is all zero. */
int pc_decision_load(int directory, uint64_t job, struct pc_decision *decision, struct pc_error *error) PC_WARN_UNUSED;
int pc_decision_parse(struct pc_decision *decision, const char *name, const char *text, size_t length,
		      struct pc_error *error) PC_WARN_UNUSED;
/* One that is not there is fine. */
int pc_decision_remove(int directory, uint64_t job, struct pc_error *error) PC_WARN_UNUSED;

/* The whole text of a decision into a writer, which is begun here. */
void pc_decision_put(struct pc_record_writer *writer, const struct pc_decision *decision);

#endif

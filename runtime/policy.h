/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_POLICY_H
#define PHASECAP_POLICY_H

/*
 * Policies: from what is known of a node's packages to the limit each should
 * have.  Pure functions: no clock, no I/O, no state of their own.
 */

#include <stdint.h>

struct pc_policy_package {
	uint64_t start_uw;       /* starting limit of the decision; 0: none */
	uint64_t limit_uw;       /* in the register at the last sample; 0: not known */
	uint64_t mean_uw;        /* package power so far */
};

struct pc_policy_input {
	uint64_t cap_uw;         /* of the node; 0: none */
	unsigned count;
	const struct pc_policy_package *package;
};

struct pc_policy {
	const char *name;
	/* target_uw[count]: 0 leaves a package's limit as it is. */
	void (*targets)(const struct pc_policy_input *input, uint64_t *target_uw);
};

/* NULL: no policy of that name. */
const struct pc_policy *pc_policy_find(const char *name);

#endif

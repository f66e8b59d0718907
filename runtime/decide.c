/* SPDX-License-Identifier: BSD-3-Clause */

/* A run without Slurm: the decision that the prolog would have made. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "budget.h"
#include "leader.h"
#include "power_option.h"

/* The simulated node keeps msr-safe's rules: a node that nobody prepared hides all registers. */
static int open_list(struct pc_power *power, struct pc_error *error)
{
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	int result;

	if (!pc_power_simulated(power))
		return 0;
	result = pc_power_list_for(power, PC_LIST_JOB, &list, error);
	if (!result)
		result = pc_power_list_install(power, &list, error);
	pc_allowlist_free(&list);
	return result;
}

static int describe(struct pc_power *power, unsigned package, struct pc_budget_package *budget, struct pc_error *error)
{
	struct pc_op op = { .kind = PC_OP_LIMIT_READ, .domain = PC_PACKAGE };

	if (pc_power_run(power, package, &op, 1, NULL, error) ||
	    pc_budget_package(budget, pc_power_domain(power, package, PC_PACKAGE),
			      pc_power_domain(power, package, PC_DRAM), &op.limits, 0, error))
		return pc_fail_within(error, "%s", pc_power_package_name(power, package));
	return 0;
}

static int split_cap(struct pc_power *power, const char *text, struct pc_decision *decision, struct pc_error *error)
{
	struct pc_budget_package budget[PC_MAX_PACKAGES];
	struct pc_cap cap;
	uint64_t least, most;

	if (pc_cap_parse(text, &cap, error))
		return -1;
	if (!pc_power_simulated(power))
		return pc_fail(error, EPERM, "without Slurm only a simulated node takes a cap: on this one "
			       "root must first keep what the cap replaces; use srun --power-cap");
	if (cap.level != PC_CAP_NODE)
		return pc_fail(error, EINVAL, "without Slurm a cap is the node's: write %s without what follows the /",
			       text);
	for (unsigned i = 0; i < decision->package_count; i++)
		if (describe(power, i, &budget[i], error))
			return -1;
	pc_budget_range(budget, decision->package_count, &least, &most);
	if (pc_budget_split(budget, decision->package_count, cap.cap_uw, least, most,
			    decision->package_limit_uw, error))
		return -1;
	for (unsigned i = 0; i < decision->package_count; i++)
		decision->dram_reserve_uw[i] = budget[i].reserve_uw;
	decision->cap_uw = cap.cap_uw;
	decision->writes = true;
	return 0;
}

int pc_node_decide(const char *backend, const char *cap, struct pc_decision *decision, struct pc_error *error)
{
	const struct pc_power_config config = { .backend = backend };
	struct pc_power *power;
	int result;

	if (pc_power_open(&power, &config, NULL, 0, NULL, error))
		return -1;
	snprintf(decision->backend, sizeof decision->backend, "%s", backend);
	snprintf(decision->policy, sizeof decision->policy, "%s", cap ? "static" : "monitor");
	decision->uid = geteuid();
	decision->package_count = pc_power_package_count(power);
	result = open_list(power, error);
	if (!result && cap && split_cap(power, cap, decision, error))
		result = pc_fail_within(error, "PHASECAP_CAP");
	pc_power_close(power);
	return result;
}

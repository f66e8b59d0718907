/* SPDX-License-Identifier: BSD-3-Clause */
#include "job_node.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* How much each package gets, and the limits that hold it there. */

/*
 * The averaging window of a starting limit: the shortest that server parts document
 * (Xeon E5-1600/2600/4600 datasheet vol. 1, 2.5.2.6: 250 ms to 40 s), so that a job
 * is over its cap for a moment at most.
 */
#define WINDOW_US 250000u

static int read_limits(struct job_begin *begin, unsigned package, struct pc_limits *limits, struct pc_error *error)
{
	struct pc_op op = { .kind = PC_OP_LIMIT_READ, .domain = PC_PACKAGE };

	*limits = (struct pc_limits){ 0 };
	if (!pc_power_domain(begin->power, package, PC_PACKAGE)->has_limit)
		return 0;
	if (pc_power_run(begin->power, package, &op, 1, NULL, error))
		return -1;
	*limits = op.limits;
	return 0;
}

static int plan_package(struct job_begin *begin, unsigned package, struct pc_error *error)
{
	struct pc_limits now;

	if (read_limits(begin, package, &now, error))
		return -1;
	if (pc_budget_package(&begin->budget[package], pc_power_domain(begin->power, package, PC_PACKAGE),
			      pc_power_domain(begin->power, package, PC_DRAM), &now,
			      begin->node->site->dram_reserve_uw, error))
		return pc_fail_within(error, "%s", pc_power_package_name(begin->power, package));
	return 0;
}

int job_plan(struct job_begin *begin, struct pc_error *error)
{
	const struct pc_site *site = begin->node->site;
	unsigned count = pc_power_package_count(begin->power);
	uint64_t least_uw, most_uw;
	struct pc_error why;

	if (!count)
		return pc_fail(error, ENODEV, "back end %s sees no package",
			       pc_power_backend(begin->power));
	for (unsigned i = 0; i < count; i++)
		if (plan_package(begin, i, error))
			return -1;
	pc_budget_range(begin->budget, count, &least_uw, &most_uw);
	if (site->cap_min_uw > least_uw)
		least_uw = site->cap_min_uw;
	if (site->cap_max_uw && site->cap_max_uw < most_uw)
		most_uw = site->cap_max_uw;
	if (pc_budget_split(begin->budget, count, begin->cap.cap_uw, least_uw, most_uw, begin->limit_uw, &why))
		return job_refuse(begin, "--power-cap: %s", why.text);
	return 0;
}

/*
 * Under a uniform share the most that a package may ever get is that share, so limit 2
 * is held there too: whatever the job's user writes into limit 1, the package stays under it.
 */
static unsigned limit_ops(const struct job_begin *begin, unsigned package, struct pc_op ops[3])
{
	const struct pc_limit share = {
		.limit_uw = begin->limit_uw[package], .window_us = WINDOW_US, .enabled = true, .clamped = true,
	};
	const struct pc_domain_info *info = pc_power_domain(begin->power, package, PC_PACKAGE);
	const struct pc_domain_info *dram = pc_power_domain(begin->power, package, PC_DRAM);
	unsigned count = 0;

	ops[count] = (struct pc_op){ .kind = PC_OP_LIMIT1_SET, .domain = PC_PACKAGE };
	ops[count++].limits.limit[0] = share;
	if (info->limit_count > 1) {
		ops[count] = (struct pc_op){ .kind = PC_OP_LIMIT2_SET, .domain = PC_PACKAGE };
		ops[count].limits.limit[1] = share;
		ops[count++].limits.limit[1].window_us = 0;
	}
	if (dram->has_limit && !dram->locked && begin->budget[package].reserve_uw) {
		ops[count] = (struct pc_op){ .kind = PC_OP_LIMIT1_SET, .domain = PC_DRAM };
		ops[count].limits.limit[0] = share;
		ops[count++].limits.limit[0].limit_uw = begin->budget[package].reserve_uw;
	}
	return count;
}

static void note_second_limit(struct job_begin *begin, unsigned package, const struct pc_op *op)
{
	if (!op->error && op->limits.limit[1].enabled &&
	    op->limits.limit[1].limit_uw <= begin->limit_uw[package])
		return;
	begin->held = false;
	job_node_log(begin->node, "job %" PRIu64 ": %s does not take a second limit: nothing in the hardware stands "
		     "above limit 1, so the job's user may not write it", begin->request->job,
		     pc_power_package_name(begin->power, package));
}

/* A DRAM limit that holds stands for the reserve; without one the reserve is only set aside. */
static void note_dram(struct job_begin *begin, unsigned package, const struct pc_op *op)
{
	uint64_t reserve_uw = begin->budget[package].reserve_uw;

	if (op && !op->error && op->limits.limit[0].enabled && op->limits.limit[0].limit_uw <= reserve_uw)
		begin->decision->dram_limit_uw[package] = op->limits.limit[0].limit_uw;
	else
		begin->decision->dram_reserve_uw[package] = reserve_uw;
}

static int set_package(struct job_begin *begin, unsigned package, struct pc_error *error)
{
	struct pc_op ops[3];
	unsigned count = limit_ops(begin, package, ops), second = 0, dram = 0;

	for (unsigned i = 1; i < count; i++)
		*(ops[i].domain == PC_DRAM ? &dram : &second) = i;
	/* The first operation is what the cap rests on; the other two are judged each by itself. */
	if (pc_power_run(begin->power, package, ops, count, NULL, error) && ops[0].error)
		return -1;
	begin->decision->package_limit_uw[package] = ops[0].limits.limit[0].limit_uw;
	if (second)
		note_second_limit(begin, package, &ops[second]);
	else
		begin->held = false;
	note_dram(begin, package, dram ? &ops[dram] : NULL);
	return 0;
}

/* I1, of what the hardware says it holds. */
static int check_sum(const struct job_begin *begin, struct pc_error *error)
{
	const struct pc_decision *decision = begin->decision;
	uint64_t sum = 0;

	for (unsigned i = 0; i < decision->package_count; i++)
		sum += decision->package_limit_uw[i] + decision->dram_limit_uw[i] + decision->dram_reserve_uw[i];
	if (sum <= begin->cap.cap_uw)
		return 0;
	return pc_fail(error, EIO, "the limits read back as %" PRIu64 " uW together with the DRAM's part, "
		       "above the cap of %" PRIu64 " uW", sum, begin->cap.cap_uw);
}

int job_set_limits(struct job_begin *begin, struct pc_error *error)
{
	begin->held = true;
	begin->decision->package_count = pc_power_package_count(begin->power);
	for (unsigned i = 0; i < begin->decision->package_count; i++)
		if (set_package(begin, i, error))
			return -1;
	return check_sum(begin, error);
}

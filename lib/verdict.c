/* SPDX-License-Identifier: BSD-3-Clause */
#include "verdict.h"

/* RAPL regulates a running mean and ends slightly above its limit (Zhang and Hoffmann,
 * TR-2014-11, measured on a Xeon E5-2690): 5 % count as held. */
enum {
	SLACK_PERCENT = 105,
	/* Held this far below the limit, it is not the limit that holds. */
	FAR_BELOW_PERCENT = 80,
	/* Counters move once a millisecond, so a shorter look is mostly edges. */
	SHORTEST_LOOK_US = 200000
};

static bool above(uint64_t power_uw, uint64_t limit_uw, unsigned percent)
{
	return (unsigned __int128)power_uw * 100 > (unsigned __int128)limit_uw * percent;
}

/* The limit promises a mean over its window; less than that proves nothing. */
static bool looked_long_enough(const struct pc_verdict_input *input)
{
	return input->observed_us >= SHORTEST_LOOK_US && input->observed_us >= input->window_us;
}

enum pc_verdict pc_verdict_judge(const struct pc_verdict_input *input)
{
	uint64_t limit_uw = input->limit_uw;

	if (!limit_uw || !looked_long_enough(input))
		return PC_VERDICT_UNKNOWN;
	if (above(input->mean_uw, limit_uw, SLACK_PERCENT))
		return input->perf_known && input->perf_moved ? PC_VERDICT_UNREACHABLE
							      : PC_VERDICT_NOT_ENFORCED;
	if (above(input->demand_uw, limit_uw, SLACK_PERCENT))
		return above(input->mean_uw, limit_uw, FAR_BELOW_PERCENT) ? PC_VERDICT_HELD
									   : PC_VERDICT_ELSEWHERE;
	/* A load whose demand nobody knows was held if it was throttled to get here. */
	if (!input->demand_uw && input->perf_known && input->perf_moved)
		return PC_VERDICT_HELD;
	return PC_VERDICT_UNKNOWN;
}

static const struct {
	const char *name;
	const char *advice;
} words[] = {
	[PC_VERDICT_UNKNOWN] = { "unknown",
		"there was not enough load or time to tell: run something that draws more than the "
		"limit, for longer than the limit's window" },
	[PC_VERDICT_HELD] = { "held",
		"under load the mean power stayed at the limit: nothing to do" },
	[PC_VERDICT_NOT_ENFORCED] = { "not enforced",
		"the register took the limit and the power ignores it: check that the limit is enabled, "
		"that its window is between 250 ms and 40 s, and that the firmware leaves power "
		"limits to the operating system" },
	[PC_VERDICT_UNREACHABLE] = { "unreachable",
		"the processor throttles and still draws more: the limit is below the floor; raise it, or "
		"use fewer cores" },
	[PC_VERDICT_ELSEWHERE] = { "limited elsewhere",
		"the power stays far below the limit although the load wants more: another owner (BMC, "
		"Node Manager, TPMI, an MMIO or platform limit, a temperature) has the lower limit" },
};

const char *pc_verdict_name(enum pc_verdict verdict)
{
	return words[verdict].name;
}

const char *pc_verdict_advice(enum pc_verdict verdict)
{
	return words[verdict].advice;
}

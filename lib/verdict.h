/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_VERDICT_H
#define PHASECAP_VERDICT_H

/*
 * Does a limit hold, under load?  Pure: from two samples to one of five words.
 *
 * Nothing is said before 200 ms and one window of the limit have been observed, and an
 * idle package proves nothing.  Then:
 *   mean > 105 % of the limit     unreachable where throttled time moved, else (also
 *                                 where it is not known) not enforced
 *   demand > 105 % of the limit   held, but limited elsewhere at 80 % or less
 *   demand not known              held where throttled time moved
 */

#include <stdbool.h>
#include <stdint.h>

enum pc_verdict {
	PC_VERDICT_UNKNOWN,      /* not enough load or time to tell */
	PC_VERDICT_HELD,
	PC_VERDICT_NOT_ENFORCED,
	PC_VERDICT_UNREACHABLE,  /* below the floor */
	PC_VERDICT_ELSEWHERE     /* limited by another owner */
};

struct pc_verdict_input {
	uint64_t limit_uw;
	uint64_t window_us;
	uint64_t mean_uw;        /* over the observed time */
	uint64_t observed_us;    /* since the limit settled */
	uint64_t demand_uw;      /* what the load draws without this limit; 0: not known */
	bool perf_known;
	bool perf_moved;         /* throttled time (or overflow) advanced */
};

enum pc_verdict pc_verdict_judge(const struct pc_verdict_input *input);
const char *pc_verdict_name(enum pc_verdict verdict);
/* One sentence that says what it means and what to do. */
const char *pc_verdict_advice(enum pc_verdict verdict);

#endif

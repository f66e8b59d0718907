/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "verdict.h"

enum { UNKNOWN_STATUS, STILL, MOVED };

/* A limit of 100 W over 1 s unless a row says otherwise; watts and milliseconds. */
static const struct {
	const char *what;
	unsigned limit_w, window_ms, observed_ms;
	uint64_t mean_mw, demand_mw;
	int perf;
	enum pc_verdict verdict;
} rows[] = {
	{ "no limit", 0, 1000, 5000, 50000, 200000, MOVED, PC_VERDICT_UNKNOWN },

	{ "200 ms are enough", 100, 100, 200, 100000, 200000, STILL, PC_VERDICT_HELD },
	{ "199 ms are not", 100, 100, 199, 100000, 200000, STILL, PC_VERDICT_UNKNOWN },
	{ "one window is enough", 100, 28000, 28000, 100000, 200000, STILL, PC_VERDICT_HELD },
	{ "less than a window is not", 100, 28000, 27999, 150000, 200000, STILL, PC_VERDICT_UNKNOWN },

	{ "at 105 % it is held", 100, 1000, 2000, 105000, 200000, MOVED, PC_VERDICT_HELD },
	{ "above, and nothing throttles", 100, 1000, 2000, 105001, 200000, STILL, PC_VERDICT_NOT_ENFORCED },
	{ "above, and nobody knows", 100, 1000, 2000, 105001, 200000, UNKNOWN_STATUS, PC_VERDICT_NOT_ENFORCED },
	{ "above, although it throttles", 100, 1000, 2000, 105001, 200000, MOVED, PC_VERDICT_UNREACHABLE },
	{ "above, demand not known", 100, 1000, 2000, 150000, 0, STILL, PC_VERDICT_NOT_ENFORCED },
	{ "above, whatever the demand was", 100, 1000, 2000, 150000, 90000, MOVED, PC_VERDICT_UNREACHABLE },

	{ "just above 80 %", 100, 1000, 2000, 80001, 200000, STILL, PC_VERDICT_HELD },
	{ "80 %: another holds it", 100, 1000, 2000, 80000, 200000, MOVED, PC_VERDICT_ELSEWHERE },
	{ "60 %: another holds it", 100, 1000, 2000, 60000, 200000, STILL, PC_VERDICT_ELSEWHERE },

	{ "demand of 105 % proves nothing", 100, 1000, 2000, 100000, 105000, MOVED, PC_VERDICT_UNKNOWN },
	{ "demand just above proves", 100, 1000, 2000, 100000, 105001, STILL, PC_VERDICT_HELD },
	{ "an idle package", 100, 1000, 2000, 20000, 20000, STILL, PC_VERDICT_UNKNOWN },

	{ "demand not known, throttled", 100, 1000, 2000, 99000, 0, MOVED, PC_VERDICT_HELD },
	{ "demand not known, not throttled", 100, 1000, 2000, 99000, 0, STILL, PC_VERDICT_UNKNOWN },
	{ "nothing known", 100, 1000, 2000, 99000, 0, UNKNOWN_STATUS, PC_VERDICT_UNKNOWN },
	{ "demand not known, far below", 100, 1000, 2000, 10000, 0, STILL, PC_VERDICT_UNKNOWN },
};

static void verdicts_and_their_boundaries(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pc_verdict_input input = {
			.limit_uw = rows[i].limit_w * UINT64_C(1000000),
			.window_us = rows[i].window_ms * UINT64_C(1000),
			.observed_us = rows[i].observed_ms * UINT64_C(1000),
			.mean_uw = rows[i].mean_mw * 1000,
			.demand_uw = rows[i].demand_mw * 1000,
			.perf_known = rows[i].perf != UNKNOWN_STATUS,
			.perf_moved = rows[i].perf == MOVED,
		};

		if (pc_verdict_judge(&input) != rows[i].verdict)
			fail_msg("%s: %s", rows[i].what, pc_verdict_name(pc_verdict_judge(&input)));
	}
}

/* A status that is not known must not be read. */
static void unknown_status_is_not_believed(void **state)
{
	struct pc_verdict_input input = {
		.limit_uw = 100000000, .window_us = 1000000, .observed_us = 2000000,
		.mean_uw = 150000000, .demand_uw = 200000000, .perf_known = false, .perf_moved = true,
	};

	(void)state;
	assert_int_equal(pc_verdict_judge(&input), PC_VERDICT_NOT_ENFORCED);
	input.mean_uw = 99000000;
	input.demand_uw = 0;
	assert_int_equal(pc_verdict_judge(&input), PC_VERDICT_UNKNOWN);
}

static void the_largest_numbers_do_not_overflow(void **state)
{
	struct pc_verdict_input input = {
		.limit_uw = UINT64_MAX / 2, .window_us = 1, .observed_us = UINT64_MAX,
		.mean_uw = UINT64_MAX, .demand_uw = UINT64_MAX, .perf_known = true,
	};

	(void)state;
	assert_int_equal(pc_verdict_judge(&input), PC_VERDICT_NOT_ENFORCED);
	input.mean_uw = UINT64_MAX / 2;
	assert_int_equal(pc_verdict_judge(&input), PC_VERDICT_HELD);
}

static void each_has_a_name_and_an_advice(void **state)
{
	static const struct { const char *name, *part; } words[] = {
		[PC_VERDICT_UNKNOWN] = { "unknown", "draws more than the limit" },
		[PC_VERDICT_HELD] = { "held", "nothing to do" },
		[PC_VERDICT_NOT_ENFORCED] = { "not enforced", "check that the limit is enabled" },
		[PC_VERDICT_UNREACHABLE] = { "unreachable", "below the floor; raise it" },
		[PC_VERDICT_ELSEWHERE] = { "limited elsewhere", "another owner" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		assert_string_equal(pc_verdict_name(i), words[i].name);
		assert_non_null(strstr(pc_verdict_advice(i), words[i].part));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdicts_and_their_boundaries),
		cmocka_unit_test(unknown_status_is_not_believed),
		cmocka_unit_test(the_largest_numbers_do_not_overflow),
		cmocka_unit_test(each_has_a_name_and_an_advice),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL) ? 1 : 0;
}

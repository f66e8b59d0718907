/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy.h"
#include "share.h"

static const struct pc_policy_package node[] = {
	{ .start_uw = 110000000, .limit_uw = 150000000, .mean_uw = 90000000 },
	{ .start_uw = 90000000, .limit_uw = 90000000, .mean_uw = 80000000 },
};

static void targets(const char *name, uint64_t cap_uw, uint64_t *target_uw)
{
	const struct pc_policy_input input = { .cap_uw = cap_uw, .count = 2, .package = node };
	const struct pc_policy *policy = pc_policy_find(name);

	assert_non_null(policy);
	assert_string_equal(policy->name, name);
	target_uw[0] = target_uw[1] = 1;
	policy->targets(&input, target_uw);
}

static void monitor_touches_nothing(void **state)
{
	uint64_t target_uw[2];

	(void)state;
	targets("monitor", 300000000, target_uw);
	assert_int_equal(target_uw[0], 0);
	assert_int_equal(target_uw[1], 0);
}

static void static_holds_the_starting_limits(void **state)
{
	uint64_t target_uw[2];

	(void)state;
	targets("static", 300000000, target_uw);
	assert_int_equal(target_uw[0], 110000000);
	assert_int_equal(target_uw[1], 90000000);
	targets("static", 0, target_uw);
	assert_int_equal(target_uw[0], 0);
	assert_int_equal(target_uw[1], 0);
}

static void an_unknown_policy_is_not_found(void **state)
{
	(void)state;
	assert_null(pc_policy_find("balanced"));
	assert_null(pc_policy_find(""));
}

static void parts_make_the_whole(void **state)
{
	static const struct {
		uint64_t total, weight[4], part[4];
	} table[] = {
		{ 100, { 1, 1, 1, 1 }, { 25, 25, 25, 25 } },
		{ 100, { 1, 1, 1, 0 }, { 33, 33, 34, 0 } },
		{ 1, { 1, 1, 1, 1 }, { 0, 0, 0, 1 } },
		{ 7, { 0, 0, 0, 0 }, { 7, 0, 0, 0 } },
		{ 0, { 1, 2, 3, 4 }, { 0, 0, 0, 0 } },
		{ 10, { 0, 0, 5, 0 }, { 0, 0, 10, 0 } },
		/* An hour at 1 kW against weights of 64 ranks: beyond 64 bits in between. */
		{ UINT64_C(3600000000000), { 64 * PC_SHARE_ONE, 64 * PC_SHARE_ONE, 0, 128 * PC_SHARE_ONE },
		  { UINT64_C(900000000000), UINT64_C(900000000000), 0, UINT64_C(1800000000000) } },
		{ UINT64_MAX, { UINT64_MAX / 2, UINT64_MAX / 2, 0, 0 }, { UINT64_MAX / 2, UINT64_MAX / 2 + 1, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		uint64_t part[4], sum = 0;

		pc_share_divide(table[i].total, table[i].weight, 4, part);
		for (int k = 0; k < 4; k++) {
			assert_int_equal(part[k], table[i].part[k]);
			sum += part[k];
		}
		assert_int_equal(sum, table[i].total);
	}
}

/* Parts of a microjoule must not get lost in always the same place. */
static void rounding_does_not_add_up(void **state)
{
	static const uint64_t weight[3] = { 3, 3, 1 };
	uint64_t sum[3] = { 0 }, part[3];

	(void)state;
	for (int i = 0; i < 7000; i++) {
		pc_share_divide((uint64_t)(i % 7), weight, 3, part);
		for (int k = 0; k < 3; k++)
			sum[k] += part[k];
	}
	assert_int_equal(sum[0] + sum[1] + sum[2], 21000);
	assert_in_range(sum[0], 6000, 9000);
	assert_in_range(sum[1], 8000, 10000);
	assert_in_range(sum[2], 3000, 6000);
}

static void each_rank_counts_the_same(void **state)
{
	static const uint64_t busy[3] = { 0, 75, 25 }, late[3] = { 0, 0, 4 }, absent[3] = { 0, 0, 0 };
	uint64_t weight[3] = { 0 }, part[3];

	(void)state;
	assert_int_equal(pc_share_rank(busy, 3, weight), 100);
	assert_int_equal(pc_share_rank(late, 3, weight), 4);
	assert_int_equal(pc_share_rank(absent, 3, weight), 0);
	assert_int_equal(weight[1], PC_SHARE_ONE / 4 * 3);
	assert_int_equal(weight[2], PC_SHARE_ONE / 4 + PC_SHARE_ONE);
	pc_share_divide(800, weight, 3, part);
	assert_int_equal(part[0], 0);
	assert_int_equal(part[1], 300);
	assert_int_equal(part[2], 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(monitor_touches_nothing),
		cmocka_unit_test(static_holds_the_starting_limits),
		cmocka_unit_test(an_unknown_policy_is_not_found),
		cmocka_unit_test(parts_make_the_whole),
		cmocka_unit_test(rounding_does_not_add_up),
		cmocka_unit_test(each_rank_counts_the_same),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL) ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "budget.h"

#define W UINT64_C(1000000)

static struct pc_domain_info server(void)
{
	return (struct pc_domain_info){
		.has_energy = true, .has_limit = true, .limit_count = 2, .max_limit_uw = 4095 * W,
		.info = { .tdp_uw = 150 * W, .min_uw = 39 * W, .max_uw = 270 * W },
	};
}

static struct pc_domain_info memory(void)
{
	return (struct pc_domain_info){ .has_energy = true, .info = { .tdp_uw = 45 * W } };
}

static struct pc_limits limit_of(uint64_t uw)
{
	return (struct pc_limits){ .count = 2, .limit[0] = { .limit_uw = uw, .enabled = true } };
}

static void a_package_brings_floor_ceiling_and_reserve(void **state)
{
	struct pc_domain_info info = server(), dram = memory(), none = { 0 };
	struct pc_limits now = limit_of(150 * W), off = { .count = 2, .limit[0] = { .limit_uw = 90 * W } };
	struct pc_budget_package package;
	struct pc_error error;

	(void)state;
	assert_int_equal(pc_budget_package(&package, &info, &dram, &now, 0, &error), 0);
	assert_int_equal(package.floor_uw, 75 * W);
	assert_int_equal(package.ceiling_uw, 150 * W);
	assert_int_equal(package.reserve_uw, 45 * W);
	/* The site's figure comes before the register's; without DRAM in sight there is only the site's. */
	assert_int_equal(pc_budget_package(&package, &info, &dram, &now, 20 * W, &error), 0);
	assert_int_equal(package.reserve_uw, 20 * W);
	assert_int_equal(pc_budget_package(&package, &info, &none, &now, 0, &error), 0);
	assert_int_equal(package.reserve_uw, 0);
	/* A hardware minimum above half the TDP is the floor; a limit that is off says nothing. */
	info.info.min_uw = 80 * W;
	assert_int_equal(pc_budget_package(&package, &info, &dram, &off, 0, &error), 0);
	assert_int_equal(package.floor_uw, 80 * W);
	assert_int_equal(package.ceiling_uw, 150 * W);
	/* What the site lowered stays lowered. */
	now = limit_of(100 * W);
	assert_int_equal(pc_budget_package(&package, &info, &dram, &now, 0, &error), 0);
	assert_int_equal(package.ceiling_uw, 100 * W);
	/* Without a TDP the maximum is the ceiling, and what the register can say bounds both. */
	info.info = (struct pc_power_info){ .max_uw = 300 * W, .min_uw = 50 * W };
	info.max_limit_uw = 250 * W;
	assert_int_equal(pc_budget_package(&package, &info, &dram, &off, 0, &error), 0);
	assert_int_equal(package.floor_uw, 50 * W);
	assert_int_equal(package.ceiling_uw, 250 * W);
}

static void what_cannot_be_capped_says_why(void **state)
{
	struct pc_domain_info info = server(), dram = memory();
	struct pc_limits now = limit_of(150 * W);
	struct pc_budget_package package;
	struct pc_error error;

	(void)state;
	info.has_limit = false;
	assert_int_equal(pc_budget_package(&package, &info, &dram, &now, 0, &error), -1);
	assert_int_equal(errno, ENODEV);
	assert_string_equal(error.text, "has no power limit that software could set");
	info = server();
	info.locked = true;
	assert_int_equal(pc_budget_package(&package, &info, &dram, &now, 0, &error), -1);
	assert_int_equal(errno, EROFS);
	assert_string_equal(error.text, "its power limit is locked until the next reset: unlock it in the firmware's set-up");
	info = server();
	info.info = (struct pc_power_info){ 0 };
	now.count = 0;
	assert_int_equal(pc_budget_package(&package, &info, &dram, &now, 0, &error), -1);
	assert_string_equal(error.text, "does not say its thermal specification power");
	info = server();
	now = limit_of(60 * W);
	assert_int_equal(pc_budget_package(&package, &info, &dram, &now, 0, &error), -1);
	assert_int_equal(errno, ERANGE);
	assert_string_equal(error.text, "held to 60 W already, below the 75 W that a cap can go down to");
	now = limit_of(150 * W);
	dram.info.tdp_uw = 0;
	assert_int_equal(pc_budget_package(&package, &info, &dram, &now, 0, &error), -1);
	assert_string_equal(error.text, "DRAM does not say its thermal specification power: the site must set "
			    "dram_reserve in phasecap.conf");
}

static void out_of_range_names_the_range(void **state)
{
	const struct pc_budget_package package[2] = {
		{ 75 * W, 150 * W, 45 * W }, { 75 * W, 150 * W, 45 * W },
	};
	uint64_t least, most, limit[2] = { 1, 1 };
	struct pc_error error;

	(void)state;
	pc_budget_range(package, 2, &least, &most);
	assert_int_equal(least, 240 * W);
	assert_int_equal(most, 390 * W);
	assert_int_equal(pc_budget_split(package, 2, 239 * W, least, most, limit, &error), -1);
	assert_int_equal(errno, ERANGE);
	assert_string_equal(error.text, "a cap of 239 W is below this node's least of 240 W; legal are 240 W to 390 W");
	assert_int_equal(pc_budget_split(package, 2, 391 * W, least, most, limit, &error), -1);
	assert_string_equal(error.text, "a cap of 391 W is above this node's most of 390 W; legal are 240 W to 390 W");
	assert_int_equal(pc_budget_split(package, 2, 300 * W, 400 * W, most, limit, &error), -1);
	assert_string_equal(error.text, "no cap is possible on this node: its least is 400 W, its most 390 W");
	assert_int_equal(limit[0], 1);
	assert_int_equal(pc_budget_split(package, 2, 240 * W, least, most, limit, &error), 0);
	assert_int_equal(limit[0], 75 * W);
	assert_int_equal(pc_budget_split(package, 2, 390 * W, least, most, limit, &error), 0);
	assert_int_equal(limit[1], 150 * W);
}

static uint64_t random_below(uint64_t bound)
{
	return (((uint64_t)random() << 31) ^ (uint64_t)random()) % bound;
}

/* I1, and that every limit lies between its package's floor and ceiling. */
static void limits_and_reserves_never_exceed_the_cap(void **state)
{
	unsigned served = 0;

	(void)state;
	srandom(1);
	for (unsigned round = 0; round < 200000; round++) {
		struct pc_budget_package package[PC_MAX_PACKAGES];
		unsigned count = 1 + (unsigned)random_below(round % 10 ? 8 : PC_MAX_PACKAGES);
		uint64_t least, most, cap, limit[PC_MAX_PACKAGES], sum = 0;

		for (unsigned i = 0; i < count; i++) {
			package[i].floor_uw = random_below(100 * W);
			package[i].ceiling_uw = package[i].floor_uw + random_below(300 * W);
			package[i].reserve_uw = random_below(3) ? random_below(60 * W) : 0;
		}
		pc_budget_range(package, count, &least, &most);
		cap = round % 2 || most <= least ? random_below(3000 * W) : least + random_below(most - least + 1);
		if (pc_budget_split(package, count, cap, least, most, limit, NULL)) {
			assert_true(least > most || cap < least || cap > most);
			continue;
		}
		served++;
		for (unsigned i = 0; i < count; i++) {
			sum += limit[i] + package[i].reserve_uw;
			assert_true(limit[i] >= package[i].floor_uw && limit[i] <= package[i].ceiling_uw);
		}
		assert_true(sum <= cap);
		assert_true(cap - sum < count);
	}
	assert_true(served > 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_package_brings_floor_ceiling_and_reserve),
		cmocka_unit_test(what_cannot_be_capped_says_why),
		cmocka_unit_test(out_of_range_names_the_range),
		cmocka_unit_test(limits_and_reserves_never_exceed_the_cap),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL) ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What limits and faults do to a simulated node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim_batch.h"
#include "sim_internal.h"

static void fault(struct pc_sim *sim, unsigned package, enum pc_domain domain, enum pc_sim_fault which, bool on)
{
	struct pc_error error;

	if (pc_sim_fault_set(sim, package, domain, which, on, &error) < 0)
		fail_msg("%s", error.text);
}

/* --- limits ----------------------------------------------------------------- */

static struct pc_sim_rank *work(struct pc_sim *sim, const char *phase)
{
	struct pc_sim_rank *rank = node_join(sim, 0, 1);

	pc_sim_rank_switch(rank, phase);
	return rank;
}

static struct pc_sim *make_working(void **state, const char *kind, struct pc_sim_rank **rank)
{
	char workload[32];
	struct pc_sim *sim;
	struct pc_allowlist list = test_list();

	snprintf(workload, sizeof workload, "w=%s", kind);
	sim = node_make(*state, (struct pc_sim_config){ .manual_clock = true, .workload = workload });
	install(sim, &list);
	*rank = work(sim, "w");
	return sim;
}

static void an_uncapped_package_runs_at_its_tdp_at_most(void **state)
{
	struct pc_sim_rank *rank;
	struct pc_sim *sim = make_working(state, "compute", &rank);
	uint64_t before;

	pc_sim_advance(sim, 10 * NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, 10 * NS_PER_S), 150, 0.01);
	/* With every limit off its thermal design still holds it, and counts nothing. */
	set_limit(sim, 0, PC_PACKAGE, 0, 0, 0);
	set_limit(sim, 0, PC_PACKAGE, 1, 0, 0);
	pc_sim_advance(sim, 10 * NS_PER_S);
	before = peek(sim, 0, REG_PERF);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, 10 * NS_PER_S), 150, 0.01);
	assert_int_equal(peek(sim, 0, REG_PERF), before);
	pc_sim_rank_leave(rank);
}

static void a_limit_is_held_in_the_mean(void **state)
{
	static const uint64_t windows_us[] = { 1000, 10000, 100000, 1000000 };
	struct pc_sim_rank *rank;
	struct pc_sim *sim = make_working(state, "compute", &rank);

	for (unsigned w = 0; w < 4; w++)
		for (uint64_t cap_w = 45; cap_w <= 145; cap_w += 25) {
			set_limit(sim, 0, PC_PACKAGE, 0, cap_w, windows_us[w]);
			pc_sim_advance(sim, 10 * windows_us[w] * 1000 + 100 * NS_PER_MS);
			assert_watts(mean_watts(sim, 0, PC_PACKAGE, 10 * NS_PER_S), (double)cap_w, 0.01 * (double)cap_w);
		}
	pc_sim_rank_leave(rank);
}

static void a_limit_acts_only_when_enabled(void **state)
{
	struct pc_sim_rank *rank;
	struct pc_sim *sim = make_working(state, "compute", &rank);
	uint64_t enabled;

	set_limit(sim, 0, PC_PACKAGE, 0, 60, 10000);
	enabled = peek(sim, 0, REG_LIMIT);
	pc_sim_advance(sim, 2 * NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 60, 0.1);
	poke(sim, 0, REG_LIMIT, enabled & ~UINT64_C(0x8000));
	pc_sim_advance(sim, 2 * NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 150, 0.1);
	/* Limit 2 by itself. */
	set_limit(sim, 0, PC_PACKAGE, 1, 70, 10000);
	pc_sim_advance(sim, 2 * NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 70, 0.1);
	pc_sim_rank_leave(rank);
}

/* A long window lets a quiet package burst above its limit; a short one does not. */
static void the_window_in_the_register_acts(void **state)
{
	struct pc_sim_rank *rank;
	struct pc_sim *sim = make_working(state, "compute", &rank);

	for (unsigned i = 0; i < 2; i++) {
		sim_rank_switch(rank, NULL, 0);
		set_limit(sim, 0, PC_PACKAGE, 0, 120, i ? 20000000 : 10000);
		pc_sim_advance(sim, 200 * NS_PER_S);
		sim_rank_switch(rank, "w", 0);
		pc_sim_advance(sim, 200 * NS_PER_MS);
		assert_watts(mean_watts(sim, 0, PC_PACKAGE, 100 * NS_PER_MS), i ? 127 : 120, i ? 1 : 0.1);
	}
	pc_sim_rank_leave(rank);
}

static void a_limit_below_the_floor_is_not_held_and_shows(void **state)
{
	struct pc_sim_rank *rank;
	struct pc_sim *sim = make_working(state, "compute", &rank);
	uint64_t before;

	set_limit(sim, 0, PC_PACKAGE, 0, 25, 10000);
	pc_sim_advance(sim, 5 * NS_PER_S);
	before = peek(sim, 0, REG_PERF);
	assert_true(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S) > 38);
	assert_true(sim_state(sim, 0)->plant.unreachable);
	/* A second of throttled time in units of 1/1024 s. */
	assert_in_range(peek(sim, 0, REG_PERF) - before, 1023, 1025);
	pc_sim_rank_leave(rank);
}

static void a_dram_limit_is_held_and_shows(void **state)
{
	struct pc_sim_rank *rank;
	struct pc_sim *sim = make_working(state, "stream", &rank);

	pc_sim_advance(sim, 5 * NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_DRAM, NS_PER_S), 43.26, 0.1);
	assert_int_equal(peek(sim, 0, REG_DRAM_PERF), 0);
	set_limit(sim, 0, PC_DRAM, 0, 20, 100000);
	pc_sim_advance(sim, NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_DRAM, NS_PER_S), 19.95, 0.05);
	assert_in_range(peek(sim, 0, REG_DRAM_PERF), 2000, 2049);
	pc_sim_rank_leave(rank);
}

static void what_is_written_through_the_list_acts(void **state)
{
	struct pc_sim_rank *rank;
	struct pc_sim *sim = make_working(state, "compute", &rank);
	uint64_t raw = read_one(sim, 0, REG_LIMIT);

	write_one(sim, 1, REG_LIMIT, (raw & ~UINT64_C(0x7fff)) | 80 * 8);
	pc_sim_advance(sim, 10 * NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 80, 0.1);
	pc_sim_rank_leave(rank);
}

static void a_locked_register_ignores_writes(void **state)
{
	struct pc_sim *sim = make_listed(state);
	uint64_t locked = UINT64_C(1) << 63 | peek(sim, 0, REG_LIMIT);

	poke(sim, 0, REG_LIMIT, locked);
	write_one(sim, 0, REG_LIMIT, 0);
	assert_true(read_one(sim, 0, REG_LIMIT) == locked);
	/* DRAM's lock is bit 31. */
	poke(sim, 0, REG_DRAM_LIMIT, 0x80000008);
	write_one(sim, 0, REG_DRAM_LIMIT, 0);
	assert_int_equal(read_one(sim, 0, REG_DRAM_LIMIT), 0x80000008);
	poke(sim, 0, REG_DRAM_LIMIT, 0x8);
	write_one(sim, 0, REG_DRAM_LIMIT, 0x10);
	assert_int_equal(read_one(sim, 0, REG_DRAM_LIMIT), 0x10);
}

/* --- faults ----------------------------------------------------------------- */

static void faults_have_names(void **state)
{
	static const char *const names[PC_SIM_FAULT_COUNT] = {
		"limit-ignored", "locked", "absent", "limit2-wired", "cpu-lost", "counter-stuck", "absurd-info",
		"limited-elsewhere",
	};

	(void)state;
	for (unsigned i = 0; i < PC_SIM_FAULT_COUNT; i++)
		assert_string_equal(pc_sim_fault_name(i), names[i]);
}

static void impossible_faults_are_refused(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	struct pc_error error;

	assert_int_equal(pc_sim_fault_set(sim, 2, PC_PACKAGE, PC_SIM_LOCKED, true, &error), -1);
	assert_int_equal(errno, EINVAL);
	assert_says(&error, "package 2: it has packages 0 to 1");
	assert_int_equal(pc_sim_fault_set(sim, 0, PC_PP0, PC_SIM_LOCKED, true, &error), -1);
	assert_says(&error, "domain pp0: it has package and dram only");
	assert_int_equal(pc_sim_fault_set(sim, 0, PC_DRAM, PC_SIM_CPU_LOST, true, &error), -1);
	assert_says(&error, "fault cpu-lost: the package domain has it, dram cannot");
	assert_int_equal(pc_sim_fault_set(sim, 0, PC_DRAM, PC_SIM_LIMIT2_WIRED, true, &error), -1);
	assert_int_equal(pc_sim_fault_set(sim, 0, PC_DRAM, PC_SIM_LIMITED_ELSEWHERE, true, &error), -1);
}

static void fault_limit_ignored(void **state)
{
	struct pc_sim_rank *rank;
	struct pc_sim *sim = make_working(state, "mixed", &rank);
	uint64_t before;

	fault(sim, 0, PC_PACKAGE, PC_SIM_LIMIT_IGNORED, true);
	fault(sim, 0, PC_DRAM, PC_SIM_LIMIT_IGNORED, true);
	set_limit(sim, 0, PC_PACKAGE, 0, 60, 10000);
	set_limit(sim, 0, PC_DRAM, 0, 15, 10000);
	assert_int_equal(get_limits(sim, 0, PC_PACKAGE).limit[0].limit_uw, 60000000);
	pc_sim_advance(sim, 5 * NS_PER_S);
	before = peek(sim, 0, REG_PERF);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 131.69, 0.01);
	assert_watts(mean_watts(sim, 0, PC_DRAM, NS_PER_S), 33.06, 0.01);
	assert_int_equal(peek(sim, 0, REG_PERF), before);
	assert_int_equal(peek(sim, 0, REG_DRAM_PERF), 0);
	fault(sim, 0, PC_PACKAGE, PC_SIM_LIMIT_IGNORED, false);
	fault(sim, 0, PC_DRAM, PC_SIM_LIMIT_IGNORED, false);
	pc_sim_advance(sim, 5 * NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 60, 0.01);
	assert_true(mean_watts(sim, 0, PC_DRAM, NS_PER_S) <= 15);
	pc_sim_rank_leave(rank);
}

static void fault_locked(void **state)
{
	struct pc_sim *sim = make_listed(state);
	uint64_t package = peek(sim, 1, REG_LIMIT), dram = peek(sim, 1, REG_DRAM_LIMIT);

	fault(sim, 1, PC_PACKAGE, PC_SIM_LOCKED, true);
	fault(sim, 1, PC_DRAM, PC_SIM_LOCKED, true);
	assert_true(read_one(sim, 2, REG_LIMIT) == (package | UINT64_C(1) << 63));
	assert_true(read_one(sim, 2, REG_DRAM_LIMIT) == (dram | 0x80000000));
	write_one(sim, 2, REG_LIMIT, 0);
	write_one(sim, 2, REG_DRAM_LIMIT, 5);
	fault(sim, 1, PC_PACKAGE, PC_SIM_LOCKED, false);
	fault(sim, 1, PC_DRAM, PC_SIM_LOCKED, false);
	assert_true(read_one(sim, 2, REG_LIMIT) == package);
	assert_true(read_one(sim, 2, REG_DRAM_LIMIT) == dram);
	assert_true(!(read_one(sim, 0, REG_LIMIT) >> 63));
}

static void fault_absent(void **state)
{
	struct pc_sim *sim = make_listed(state);
	struct pc_msr_op ops[] = {
		READ(0, REG_DRAM_LIMIT), WRITE(0, REG_DRAM_LIMIT, 8), READ(0, REG_DRAM_ENERGY),
		READ(0, REG_UNIT), READ(0, REG_ENERGY), READ(2, REG_DRAM_ENERGY),
	};
	static const int errs[] = { -EIO, -EIO, -EIO, 0, 0, 0 };

	fault(sim, 0, PC_DRAM, PC_SIM_ABSENT, true);
	assert_int_equal(run(sim, ops, 6, NULL), -1);
	assert_int_equal(errno, EIO);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(ops[i].err, errs[i]);
	fault(sim, 0, PC_DRAM, PC_SIM_ABSENT, false);
	fault(sim, 0, PC_PACKAGE, PC_SIM_ABSENT, true);
	assert_int_equal(run(sim, &ops[3], 2, NULL), -1);
	assert_int_equal(ops[3].err, 0);      /* the unit register belongs to no domain */
	assert_int_equal(ops[4].err, -EIO);
}

static void fault_limit2_wired(void **state)
{
	struct pc_sim *sim = make_listed(state);
	uint64_t before = read_one(sim, 0, REG_LIMIT);

	fault(sim, 0, PC_PACKAGE, PC_SIM_LIMIT2_WIRED, true);
	write_one(sim, 0, REG_LIMIT, 0);
	assert_true(read_one(sim, 0, REG_LIMIT) == (before & UINT64_C(0xffffffff00000000)));
	write_one(sim, 0, REG_LIMIT, UINT64_MAX);
	assert_true(read_one(sim, 0, REG_LIMIT) == ((before & UINT64_C(0xffffffff00000000)) | 0xffffff));
	fault(sim, 0, PC_PACKAGE, PC_SIM_LIMIT2_WIRED, false);
	write_one(sim, 0, REG_LIMIT, 0);
	assert_int_equal(read_one(sim, 0, REG_LIMIT), 0);
}

/* Silence: no error, no data, no write. */
static void fault_cpu_lost(void **state)
{
	struct pc_sim *sim = make_listed(state);
	struct pc_msr_op ops[] = { READ(2, PC_MSR_TSC), WRITE(2, REG_LIMIT, 0), READ(2, REG_LIMIT), READ(3, REG_UNIT) };
	uint64_t before = peek(sim, 1, REG_LIMIT);

	fault(sim, 1, PC_PACKAGE, PC_SIM_CPU_LOST, true);
	assert_int_equal(run(sim, ops, 4, NULL), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(ops[i].err, 0);
	assert_true(ops[0].msrdata == PC_MSR_SENTINEL);
	assert_true(ops[2].msrdata == PC_MSR_SENTINEL);
	assert_int_equal(ops[3].msrdata, 0xA0E03);
	assert_true(peek(sim, 1, REG_LIMIT) == before);
	fault(sim, 1, PC_PACKAGE, PC_SIM_CPU_LOST, false);
	assert_int_equal(run(sim, ops, 4, NULL), 0);
	assert_true(ops[0].msrdata != PC_MSR_SENTINEL);
	assert_int_equal(peek(sim, 1, REG_LIMIT), 0);
}

static void fault_counter_stuck(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	uint64_t package = peek(sim, 0, REG_ENERGY), dram = peek(sim, 0, REG_DRAM_ENERGY);

	fault(sim, 0, PC_PACKAGE, PC_SIM_COUNTER_STUCK, true);
	pc_sim_advance(sim, 10 * NS_PER_S);
	assert_int_equal(peek(sim, 0, REG_ENERGY), package);
	assert_int_not_equal(peek(sim, 0, REG_DRAM_ENERGY), dram);
	assert_watts((double)pc_sim_true_energy_uj(sim, 0, PC_PACKAGE) / 1e7, 48.159, 0.01);
	fault(sim, 0, PC_PACKAGE, PC_SIM_COUNTER_STUCK, false);
	pc_sim_advance(sim, 10 * NS_PER_S);
	assert_watts((double)(peek(sim, 0, REG_ENERGY) - package) / 16384 / 10, 48.159, 0.01);
}

static void fault_absurd_info(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);

	fault(sim, 0, PC_PACKAGE, PC_SIM_ABSURD_INFO, true);
	assert_int_equal(peek(sim, 0, REG_INFO) & 0x7fff, 150 * 8);
	assert_int_equal(peek(sim, 0, REG_INFO) >> 16 & 0x7fff, 0);
	assert_int_equal(peek(sim, 0, REG_INFO) >> 32 & 0x7fff, 764 * 8);
	assert_int_equal(peek(sim, 1, REG_INFO) >> 16 & 0x7fff, 75 * 8);
}

static void fault_limited_elsewhere(void **state)
{
	struct pc_sim_rank *rank;
	struct pc_sim *sim = make_working(state, "compute", &rank);

	set_limit(sim, 0, PC_PACKAGE, 0, 120, 10000);
	fault(sim, 0, PC_PACKAGE, PC_SIM_LIMITED_ELSEWHERE, true);
	pc_sim_advance(sim, 2 * NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 72, 0.1);
	assert_int_equal(get_limits(sim, 0, PC_PACKAGE).limit[0].limit_uw, 120000000);
	fault(sim, 0, PC_PACKAGE, PC_SIM_LIMITED_ELSEWHERE, false);
	pc_sim_advance(sim, 2 * NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 120, 0.1);
	pc_sim_rank_leave(rank);
}

int main(void)
{
#define NODE_TEST(test) cmocka_unit_test_setup_teardown(test, node_setup, node_teardown)
	const struct CMUnitTest tests[] = {
		NODE_TEST(an_uncapped_package_runs_at_its_tdp_at_most),
		NODE_TEST(a_limit_is_held_in_the_mean),
		NODE_TEST(a_limit_acts_only_when_enabled),
		NODE_TEST(the_window_in_the_register_acts),
		NODE_TEST(a_limit_below_the_floor_is_not_held_and_shows),
		NODE_TEST(a_dram_limit_is_held_and_shows),
		NODE_TEST(what_is_written_through_the_list_acts),
		NODE_TEST(a_locked_register_ignores_writes),
		NODE_TEST(faults_have_names),
		NODE_TEST(impossible_faults_are_refused),
		NODE_TEST(fault_limit_ignored),
		NODE_TEST(fault_locked),
		NODE_TEST(fault_absent),
		NODE_TEST(fault_limit2_wired),
		NODE_TEST(fault_cpu_lost),
		NODE_TEST(fault_counter_stuck),
		NODE_TEST(fault_absurd_info),
		NODE_TEST(fault_limited_elsewhere),
	};

	return cmocka_run_group_tests_name("sim_limits", tests, NULL, NULL) ? 1 : 0;
}

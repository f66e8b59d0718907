/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sample.h"
#include "sim_node.h"

/* A leader's package on a simulated node whose clock the test moves. */
struct bench {
	struct pc_segment *segment;
	struct pc_led led;
};

static struct bench lead(struct node *node)
{
	struct pc_sim_config config = { .topology = "pack:1 core:2 pu:1", .manual_clock = true };
	struct pc_decision decision = { .policy = "static", .package_count = 1, .writes = true };
	struct pc_segment_config shape = { .ranks = 1, .decision = &decision };
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	struct pc_power_config backend = { .backend = decision.backend };
	struct bench bench = { .segment = NULL };
	struct pc_error error;

	snprintf(decision.backend, sizeof decision.backend, "sim:%s", node->path);
	if (pc_sim_create(node->path, &config, &error) || pc_sim_attach(&node->sim, node->path, &error) ||
	    pc_segment_private(&bench.segment, &shape, &error) ||
	    pc_power_open(&bench.led.power, &backend, NULL, 0, NULL, &error) ||
	    pc_power_list_for(bench.led.power, PC_LIST_JOB, &list, &error) ||
	    pc_power_list_install(bench.led.power, &list, &error))
		fail_msg("%s", error.text);
	pc_allowlist_free(&list);
	pc_segment_claim(bench.segment, 0, 0, 1, 1);
	atomic_store(&pc_segment_lane(bench.segment, 0)->packages, 1);
	bench.led.segment = bench.segment;
	bench.led.seen = calloc(bench.segment->lanes, sizeof *bench.led.seen);
	pc_led_describe(&bench.led);
	return bench;
}

static void done(struct bench *bench)
{
	pc_power_close(bench->led.power);
	pc_segment_unmap(bench->segment);
	free(bench->led.seen);
}

static void sample(struct bench *bench, uint64_t write_uw)
{
	struct pc_error error;

	if (pc_led_sample(&bench->led, write_uw, &error))
		fail_msg("%s", error.text);
}

static void near(uint64_t got, uint64_t wanted)
{
	/* Counters move once a millisecond and in units of 61 uJ. */
	assert_in_range(got, wanted - wanted / 1000 - 200000, wanted + wanted / 1000 + 200000);
}

static void the_first_sample_is_where_counting_begins(void **state)
{
	struct bench bench = lead(*state);
	const struct pc_package_record *record = pc_segment_package(bench.segment, 0);

	assert_int_equal(record->energy_known, 3);
	pc_sim_advance(((struct node *)*state)->sim, 100 * NS_PER_S);
	sample(&bench, 0);
	assert_int_equal(record->samples, 1);
	assert_int_equal(record->package_uj, 0);
	assert_int_equal(record->observed_ns, 0);
	assert_int_equal(record->limit_uw, 150000000);
	assert_int_equal(record->dram_limit_uw, 0);
	done(&bench);
}

static void energy_is_the_plants_through_many_wraps(void **state)
{
	struct node *node = *state;
	struct bench bench = lead(node);
	const struct pc_package_record *record = pc_segment_package(bench.segment, 0);
	uint64_t package, dram, sum = 0, wrap;

	sample(&bench, 0);
	package = pc_sim_true_energy_uj(node->sim, 0, PC_PACKAGE);
	dram = pc_sim_true_energy_uj(node->sim, 0, PC_DRAM);
	/* 100 steps of half an hour: each less than a wrap, all together several. */
	for (int i = 0; i < 100; i++) {
		pc_sim_advance(node->sim, 1800 * NS_PER_S);
		sample(&bench, 0);
	}
	wrap = pc_ratio_apply(pc_power_domain(bench.led.power, 0, PC_PACKAGE)->energy_uj, UINT64_C(1) << 32);
	assert_true(record->package_uj > 4 * wrap);
	near(record->package_uj, pc_sim_true_energy_uj(node->sim, 0, PC_PACKAGE) - package);
	near(record->dram_uj, pc_sim_true_energy_uj(node->sim, 0, PC_DRAM) - dram);
	for (unsigned i = 0; i < PC_PHASE_MAX; i++)
		sum += record->share[i].package_uj;
	assert_int_equal(sum, record->package_uj);
	assert_int_equal(record->uncertain, 0);
	done(&bench);
}

/* Seconds in which a counter moves half a wrap at the thermal specification power. */
static uint64_t half_wrap_s(const struct bench *bench, enum pc_domain domain)
{
	const struct pc_domain_info *info = pc_power_domain(bench->led.power, 0, domain);

	return pc_ratio_apply(info->energy_uj, info->energy_wrap / 2) / info->info.tdp_uw;
}

static void an_interval_in_which_a_wrap_may_hide_is_marked(void **state)
{
	struct bench bench = lead(*state);
	const struct pc_package_record *record = pc_segment_package(bench.segment, 0);
	uint64_t package_s = half_wrap_s(&bench, PC_PACKAGE), dram_s = half_wrap_s(&bench, PC_DRAM);
	uint64_t half_s = package_s < dram_s ? package_s : dram_s;

	sample(&bench, 0);
	bench.led.last_ns -= (half_s - 10) * NS_PER_S;
	sample(&bench, 0);
	assert_int_equal(record->uncertain, 0);
	bench.led.last_ns -= (half_s + 10) * NS_PER_S;
	sample(&bench, 0);
	assert_int_equal(record->uncertain, 1);
	assert_in_range(record->observed_ns, 2 * half_s * NS_PER_S, (2 * half_s + 100) * NS_PER_S);
	done(&bench);
}

static void a_limit_is_written_and_put_back(void **state)
{
	struct bench bench = lead(*state);
	const struct pc_package_record *record = pc_segment_package(bench.segment, 0);
	struct pc_op op = { .kind = PC_OP_LIMIT_READ, .domain = PC_PACKAGE };

	sample(&bench, 0);
	sample(&bench, 100000000);
	assert_int_equal(record->limit_uw, 100000000);
	assert_int_equal(record->writes, 1);
	bench.led.last_ns -= NS_PER_S;
	sample(&bench, 0);
	/* What the limit allowed in that second. */
	assert_in_range(record->allowed_uj, 100000000, 120000000);
	bench.led.before_uw = 150000000;
	pc_led_put_back(&bench.led);
	/* The record goes on speaking of the limit that was in force. */
	assert_int_equal(record->limit_uw, 100000000);
	assert_int_equal(pc_power_run(bench.led.power, 0, &op, 1, NULL, NULL), 0);
	assert_int_equal(op.limits.limit[0].limit_uw, 150000000);
	done(&bench);
}

static void a_failed_sample_loses_nothing(void **state)
{
	struct node *node = *state;
	struct bench bench = lead(node);
	const struct pc_package_record *record = pc_segment_package(bench.segment, 0);
	struct pc_error error;
	uint64_t package;

	sample(&bench, 0);
	package = pc_sim_true_energy_uj(node->sim, 0, PC_PACKAGE);
	pc_sim_advance(node->sim, 10 * NS_PER_S);
	assert_int_equal(pc_sim_fault_set(node->sim, 0, PC_DRAM, PC_SIM_ABSENT, true, &error), 0);
	assert_int_equal(pc_led_sample(&bench.led, 0, &error), -1);
	assert_int_equal(record->failures, 1);
	assert_int_equal(record->samples, 1);
	assert_int_equal(record->package_uj, 0);
	assert_int_equal(pc_sim_fault_set(node->sim, 0, PC_DRAM, PC_SIM_ABSENT, false, &error), 0);
	pc_sim_advance(node->sim, 10 * NS_PER_S);
	sample(&bench, 0);
	near(record->package_uj, pc_sim_true_energy_uj(node->sim, 0, PC_PACKAGE) - package);
	done(&bench);
}

/* powercap's counters wrap at any number. */
static void a_counter_may_wrap_anywhere(void **state)
{
	struct node *node = *state;
	struct bench bench = lead(node);
	struct pc_meter *meter = &bench.led.meter[PC_METER_PACKAGE];
	struct pc_package_record *record = pc_segment_package(bench.segment, 0);
	struct pc_domain_info *info = (struct pc_domain_info *)(uintptr_t)pc_power_domain(bench.led.power, 0, PC_PACKAGE);
	uint64_t now;

	sample(&bench, 0);
	now = meter->last;
	info->energy_wrap = now + 1000;
	info->energy_uj = (struct pc_ratio){ 1, 1 };
	meter->last = now + 900;
	meter->counts = 0;
	sample(&bench, 0);
	assert_int_equal(record->package_uj, 100 + now);
	done(&bench);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, node_setup, node_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_sample_is_where_counting_begins),
		TEST(energy_is_the_plants_through_many_wraps),
		TEST(an_interval_in_which_a_wrap_may_hide_is_marked),
		TEST(a_limit_is_written_and_put_back),
		TEST(a_failed_sample_loses_nothing),
		TEST(a_counter_may_wrap_anywhere),
	};

	return cmocka_run_group_tests_name("sample", tests, NULL, NULL) ? 1 : 0;
}

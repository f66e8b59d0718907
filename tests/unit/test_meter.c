/* SPDX-License-Identifier: BSD-3-Clause */
/* tools/meter.c: what `pmctl watch' computes, on a simulated node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "meter.h"
#include "sim_node.h"

static struct pc_power *open_power(const struct node *node, enum pc_list_purpose purpose)
{
	struct pc_power_config config = { 0 };
	struct pc_allowlist list;
	struct pc_power *power;
	struct pc_error error;
	char spec[80];

	snprintf(spec, sizeof spec, "sim:%s", node->path);
	config.backend = spec;
	if (pc_power_open(&power, &config, NULL, 0, NULL, &error) < 0 ||
	    pc_power_list_for(power, purpose, &list, &error) < 0 ||
	    pc_power_list_install(power, &list, &error) < 0)
		fail_msg("%s", error.text);
	pc_allowlist_free(&list);
	return power;
}

static void sample(struct meter *meter)
{
	if (meter_sample(meter) < 0)
		fail_msg("%s", meter->error.text);
}

static void first_sample_shows_nothing(void **state)
{
	struct meter meter;

	node_make_manual(*state);
	meter = (struct meter){ .power = open_power(*state, PC_LIST_READ) };
	sample(&meter);
	assert_int_equal(meter.elapsed_ns, 0);
	assert_int_equal(meter_package_uw(&meter), 0);
	assert_int_equal(meter_throttled_permille(&meter), -1);
	assert_int_equal(meter_verdict(&meter), PC_VERDICT_UNKNOWN);
	pc_power_close(meter.power);
}

/* Energy between two samples is what really flowed, also over the counter's end. */
static void a_wrap_costs_nothing(void **state)
{
	struct pc_sim *sim = node_make(*state, (struct pc_sim_config){ .manual_clock = true,
								      .energy_start = UINT32_MAX - 1000 });
	struct meter meter = { .power = open_power(*state, PC_LIST_READ) };
	uint64_t package = pc_sim_true_energy_uj(sim, 0, PC_PACKAGE), dram = pc_sim_true_energy_uj(sim, 0, PC_DRAM);

	sample(&meter);
	pc_sim_advance(sim, 10 * NS_PER_S);
	sample(&meter);
	package = pc_sim_true_energy_uj(sim, 0, PC_PACKAGE) - package;
	dram = pc_sim_true_energy_uj(sim, 0, PC_DRAM) - dram;
	assert_true(package > 100000000);
	assert_in_range(meter.package_uj, package - 200000, package + 200000);
	assert_in_range(meter.dram_uj, dram - 100000, dram + 100000);
	assert_true(meter.package_count < UINT32_MAX - 1000);
	pc_power_close(meter.power);
}

static void begin_forgets_sums_only(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	struct meter meter = { .power = open_power(*state, PC_LIST_READ) };

	sample(&meter);
	pc_sim_advance(sim, NS_PER_S);
	sample(&meter);
	assert_true(meter.package_uj > 0);
	meter_begin(&meter);
	assert_int_equal(meter.package_uj, 0);
	assert_int_equal(meter.elapsed_ns, 0);
	assert_true(meter.running);
	pc_power_close(meter.power);
}

/* The clock of the samples is this machine's, the simulated time is the test's; so the
 * time that has passed is put into the meter by hand. */
static void pass(struct pc_sim *sim, struct meter *meter, uint64_t ns)
{
	pc_sim_advance(sim, ns);
	meter->at_ns -= ns;
	meter->settles_ns -= ns;
	sample(meter);
}

static void verdict_waits_two_windows_after_a_change(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	struct meter meter = { .power = open_power(*state, PC_LIST_ROOT) };
	struct pc_op op = { .kind = PC_OP_LIMIT_WRITE, .domain = PC_PACKAGE };

	sample(&meter);
	op.limits.limit[0] = (struct pc_limit){ 20000000, 1000000, true, true };
	assert_int_equal(pc_power_run(meter.power, 0, &op, 1, NULL, NULL), 0);
	pass(sim, &meter, NS_PER_S);
	assert_int_equal(meter_verdict(&meter), PC_VERDICT_UNKNOWN);
	assert_int_equal(meter.seen_ns, 0);
	pass(sim, &meter, NS_PER_S);
	assert_int_equal(meter.seen_ns, 0);
	pass(sim, &meter, 2 * NS_PER_S);
	pass(sim, &meter, 2 * NS_PER_S);
	/* An idle package draws more than 20 W, and is throttled for it. */
	assert_int_equal(meter_verdict(&meter), PC_VERDICT_UNREACHABLE);
	assert_true(meter_throttled_permille(&meter) > 0);
	pc_power_close(meter.power);
}

static void a_failed_sample_starts_anew(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	struct meter meter = { .power = open_power(*state, PC_LIST_READ) };
	struct pc_power *other = open_power(*state, PC_LIST_READ);
	struct pc_allowlist empty = PC_ALLOWLIST_EMPTY;
	struct pc_error error;

	sample(&meter);
	assert_int_equal(pc_power_list_install(other, &empty, &error), 0);
	assert_int_equal(meter_sample(&meter), -1);
	assert_false(meter.running);
	assert_true(*meter.error.text);
	pc_power_close(other);
	other = open_power(*state, PC_LIST_READ);
	pc_sim_advance(sim, 5 * NS_PER_S);
	meter_begin(&meter);
	sample(&meter);
	assert_true(meter.running);
	assert_int_equal(meter.package_uj, 0);
	pc_power_close(other);
	pc_power_close(meter.power);
}

static void nothing_to_read_is_said(void **state)
{
	struct pc_power_config config = { .backend = "none" };
	struct meter meter = { 0 };

	(void)state;
	assert_int_equal(pc_power_open(&meter.power, &config, NULL, 0, NULL, NULL), 0);
	assert_int_equal(meter_sample(&meter), -1);
	assert_non_null(strstr(meter.error.text, "nothing can be read"));
	pc_power_close(meter.power);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(first_sample_shows_nothing, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(a_wrap_costs_nothing, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(begin_forgets_sums_only, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(verdict_waits_two_windows_after_a_change, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(a_failed_sample_starts_anew, node_setup, node_teardown),
		cmocka_unit_test(nothing_to_read_is_said),
	};

	return cmocka_run_group_tests_name("meter", tests, NULL, NULL) ? 1 : 0;
}

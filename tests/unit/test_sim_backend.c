/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated node behind power.h, as every tool uses it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "power.h"
#include "sim_node.h"

static struct pc_power *open_node(const struct node *node)
{
	char name[80];
	struct pc_power_config config = { .backend = name };
	struct pc_power *power;
	struct pc_error error;

	snprintf(name, sizeof name, "sim:%s", node->path);
	if (pc_power_open(&power, &config, NULL, 0, NULL, &error) < 0)
		fail_msg("%s", error.text);
	return power;
}

static void give_list(struct pc_power *power, enum pc_list_purpose purpose)
{
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	struct pc_error error;

	if (pc_power_list_for(power, purpose, &list, &error) < 0 || pc_power_list_install(power, &list, &error) < 0)
		fail_msg("%s", error.text);
	pc_allowlist_free(&list);
}

static struct pc_power *open_for_job(void **state)
{
	struct pc_power *power;

	node_make_manual(*state);
	power = open_node(*state);
	give_list(power, PC_LIST_JOB);
	return power;
}

static void it_says_that_it_is_simulated(void **state)
{
	struct pc_power *power = open_for_job(state);

	assert_string_equal(pc_power_backend(power), "simulated");
	assert_true(pc_power_simulated(power));
	assert_int_equal(pc_power_rung(power), 0);
	assert_int_equal(pc_power_package_count(power), 2);
	pc_power_close(power);
}

static void it_is_never_taken_unasked(void **state)
{
	struct pc_rung_report report[16];
	struct pc_power_config config = { 0 };
	struct pc_power *power;
	struct pc_error error;
	unsigned count;

	node_make_manual(*state);
	assert_int_equal(pc_power_open(&power, &config, report, 16, &count, &error), 0);
	assert_false(pc_power_simulated(power));
	for (unsigned i = 0; i < count; i++)
		assert_string_not_equal(report[i].name, "simulated");
	pc_power_close(power);
}

static void a_missing_file_is_named(void **state)
{
	struct node *node = *state;
	struct pc_power_config config = { .backend = "sim:/none/such" };
	struct pc_power *power;
	struct pc_error error;

	assert_int_equal(pc_power_open(&power, &config, NULL, 0, NULL, &error), -1);
	assert_int_equal(errno, ENODEV);
	assert_says(&error, "simulated node /none/such: there is no such file");
	config.backend = "sim";
	assert_int_equal(pc_power_open(&power, &config, NULL, 0, NULL, &error), -1);
	assert_says(&error, "sim:PATH");
	assert_int_equal(access(node->path, F_OK), -1);
}

static void energy_through_it_is_the_true_energy(void **state)
{
	struct pc_power *power = open_for_job(state);
	struct pc_sim *sim = ((struct node *)*state)->sim;

	for (unsigned package = 0; package < 2; package++) {
		struct pc_op before[2] = { { .kind = PC_OP_ENERGY, .domain = PC_PACKAGE },
					   { .kind = PC_OP_ENERGY, .domain = PC_DRAM } };
		struct pc_op after[2] = { before[0], before[1] };
		struct pc_error error;

		poke(sim, package, REG_ENERGY, UINT32_MAX - 1000);
		assert_int_equal(pc_power_run(power, package, before, 2, NULL, &error), 0);
		uint64_t truth = pc_sim_true_energy_uj(sim, package, PC_PACKAGE);
		uint64_t dram_truth = pc_sim_true_energy_uj(sim, package, PC_DRAM);
		pc_sim_advance(sim, 30 * NS_PER_S);
		truth = pc_sim_true_energy_uj(sim, package, PC_PACKAGE) - truth;
		dram_truth = pc_sim_true_energy_uj(sim, package, PC_DRAM) - dram_truth;
		assert_int_equal(pc_power_run(power, package, after, 2, NULL, &error), 0);
		assert_in_range(pc_power_energy_uj(pc_power_domain(power, package, PC_PACKAGE), before[0].count,
						   after[0].count), truth - 62, truth + 62);
		assert_in_range(pc_power_energy_uj(pc_power_domain(power, package, PC_DRAM), before[1].count,
						   after[1].count), dram_truth - 16, dram_truth + 16);
	}
	pc_power_close(power);
}

static int write_limit(struct pc_power *power, unsigned package, uint64_t limit_uw, struct pc_error *error)
{
	struct pc_op op = { .kind = PC_OP_LIMIT_WRITE, .domain = PC_PACKAGE,
			    .limits = { .count = 1, .limit = { { .limit_uw = limit_uw, .clamped = true } } } };

	return pc_power_run(power, package, &op, 1, NULL, error);
}

static void a_limit_through_it_is_held(void **state)
{
	struct pc_power *power = open_for_job(state);
	struct pc_sim *sim = ((struct node *)*state)->sim;
	struct pc_sim_rank *rank = node_join(sim, 1, 2);
	struct pc_error error;

	pc_sim_rank_switch(rank, "solve");
	if (write_limit(power, 1, 85000000, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(get_limits(sim, 1, PC_PACKAGE).limit[0].limit_uw, 85000000);
	assert_int_equal(get_limits(sim, 0, PC_PACKAGE).limit[0].limit_uw, 150000000);
	pc_sim_advance(sim, 20 * NS_PER_S);
	assert_watts(mean_watts(sim, 1, PC_PACKAGE, NS_PER_S), 85, 0.01);
	pc_sim_rank_leave(rank);
	pc_power_close(power);
}

/* Writes to a locked register would do nothing, silently: they are refused before. */
static void a_lock_is_seen_when_opened(void **state)
{
	struct node *node = *state;
	struct pc_error error;
	struct pc_power *power = open_for_job(state);

	pc_power_close(power);
	assert_int_equal(pc_sim_fault_set(node->sim, 0, PC_PACKAGE, PC_SIM_LOCKED, true, &error), 0);
	power = open_node(node);
	assert_true(pc_power_domain(power, 0, PC_PACKAGE)->locked);
	assert_false(pc_power_domain(power, 1, PC_PACKAGE)->locked);
	assert_int_equal(write_limit(power, 0, 85000000, &error), -1);
	assert_int_equal(errno, EROFS);
	pc_power_close(power);
}

static void absent_and_absurd_are_seen_when_opened(void **state)
{
	struct node *node = *state;
	struct pc_error error;
	struct pc_power *power = open_for_job(state);

	pc_power_close(power);
	assert_int_equal(pc_sim_fault_set(node->sim, 0, PC_DRAM, PC_SIM_ABSENT, true, &error), 0);
	assert_int_equal(pc_sim_fault_set(node->sim, 1, PC_PACKAGE, PC_SIM_ABSURD_INFO, true, &error), 0);
	power = open_node(node);
	assert_false(pc_power_domain(power, 0, PC_DRAM)->has_energy);
	assert_false(pc_power_domain(power, 0, PC_DRAM)->has_limit);
	assert_true(pc_power_domain(power, 1, PC_DRAM)->has_energy);
	assert_int_equal(pc_power_domain(power, 0, PC_PACKAGE)->info.max_uw, 150000000);
	assert_int_equal(pc_power_domain(power, 1, PC_PACKAGE)->info.max_uw, 0);
	assert_int_equal(pc_power_domain(power, 1, PC_PACKAGE)->info.min_uw, 0);
	pc_power_close(power);
}

/* The guard against a CPU that is skipped without a word. */
static void a_lost_cpu_does_not_go_unnoticed(void **state)
{
	struct node *node = *state;
	struct pc_op op = { .kind = PC_OP_ENERGY, .domain = PC_PACKAGE };
	struct pc_power *power = open_for_job(state);
	struct pc_error error;

	assert_int_equal(pc_sim_fault_set(node->sim, 0, PC_PACKAGE, PC_SIM_CPU_LOST, true, &error), 0);
	assert_int_equal(pc_power_run(power, 0, &op, 1, NULL, &error), -1);
	assert_int_equal(errno, ESTALE);
	assert_int_equal(op.error, -ESTALE);
	assert_int_equal(pc_power_run(power, 1, &op, 1, NULL, &error), 0);
	assert_int_equal(pc_power_run(power, 0, &op, 1, NULL, &error), 0);       /* through another CPU */
	pc_power_close(power);
}

static void its_dies_are_its_packages(void **state)
{
	struct node *node = *state;
	struct pc_sim *sim = node_make(node, (struct pc_sim_config){
		.topology = "pack:2 die:2 core:2 pu:1", .manual_clock = true });
	struct pc_power *power = open_node(node);
	struct pc_error error;

	give_list(power, PC_LIST_JOB);
	assert_int_equal(pc_power_package_count(power), pc_sim_package_count(sim));
	for (unsigned i = 0; i < 4; i++) {
		if (write_limit(power, i, (80 + i) * UINT64_C(1000000), &error) < 0)
			fail_msg("%s", error.text);
		assert_int_equal(get_limits(sim, i, PC_PACKAGE).limit[0].limit_uw, (80 + i) * 1000000);
	}
	pc_power_close(power);
}

int main(void)
{
#define NODE_TEST(test) cmocka_unit_test_setup_teardown(test, node_setup, node_teardown)
	const struct CMUnitTest tests[] = {
		NODE_TEST(it_says_that_it_is_simulated),
		NODE_TEST(it_is_never_taken_unasked),
		NODE_TEST(a_missing_file_is_named),
		NODE_TEST(energy_through_it_is_the_true_energy),
		NODE_TEST(a_limit_through_it_is_held),
		NODE_TEST(a_lock_is_seen_when_opened),
		NODE_TEST(absent_and_absurd_are_seen_when_opened),
		NODE_TEST(a_lost_cpu_does_not_go_unnoticed),
		NODE_TEST(its_dies_are_its_packages),
	};

	return cmocka_run_group_tests_name("sim_backend", tests, NULL, NULL) ? 1 : 0;
}

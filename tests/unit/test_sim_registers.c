/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated node as msr-safe's clients see it: batches and the list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "power.h"
#include "sim_batch.h"
#include "sim_internal.h"

enum { NOBODY = 65534 };

/* --- validation: all or nothing --------------------------------------------- */

static void an_empty_list_refuses_everything(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	struct pc_msr_op ops[] = { READ(0, REG_UNIT), READ(0, PC_MSR_TSC) };
	struct pc_error error;

	assert_int_equal(run(sim, ops, 2, &error), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(ops[0].err, -EACCES);
	assert_int_equal(ops[1].err, -EACCES);
	assert_true(ops[0].msrdata == PC_MSR_SENTINEL);
	assert_says(&error, "simulated node /tmp/");
	assert_says(&error, "CPU 0, register 0x10: the allowlist has no such register");
}

static void the_last_refusal_is_the_calls_and_nothing_runs(void **state)
{
	struct pc_sim *sim = make_listed(state);
	uint64_t before = peek(sim, 0, REG_LIMIT);
	struct pc_msr_op ops[] = {
		WRITE(0, REG_LIMIT, 0), READ(9, REG_UNIT), READ(0, 0x620), WRITE(0, REG_UNIT, 1), READ(0, REG_UNIT),
	};
	static const int errs[] = { 0, -ENXIO, -EACCES, -EROFS, 0 };
	struct pc_error error;

	assert_int_equal(run(sim, ops, 5, &error), -1);
	assert_int_equal(errno, EROFS);
	assert_says(&error, "CPU 0, register 0x606: the allowlist has it for reading only");
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(ops[i].err, errs[i]);
	assert_true(peek(sim, 0, REG_LIMIT) == before);
	assert_true(ops[4].msrdata == PC_MSR_SENTINEL);

	assert_int_equal(run(sim, ops, 2, &error), -1);
	assert_int_equal(errno, ENXIO);
	assert_says(&error, "CPU 9, register 0x606: there is no such CPU");
	ops[1] = (struct pc_msr_op)READ(65535, REG_UNIT);
	assert_int_equal(run(sim, ops, 2, &error), -1);
	assert_int_equal(errno, ENXIO);
}

/* The file is open to users, and what it says is bounded where it is used. */
static void a_spoilt_file_leads_nowhere(void **state)
{
	struct pc_sim *sim = make_listed(state);
	struct pc_msr_op op = READ(1, REG_UNIT);
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	struct pc_sim_rank *rank = node_join(sim, 0, 1);
	struct pc_error error;

	sim->file->cpu_package[1] = 2;
	assert_int_equal(run(sim, &op, 1, &error), -1);
	assert_int_equal(op.err, -ENXIO);
	sim->file->list[sim->file->current_list].count = UINT32_MAX;
	assert_int_equal(pc_sim_transport(sim).list_read(sim, &list, &error), 0);
	assert_int_equal(list.count, PC_ALLOWLIST_ENTRIES_MAX);
	pc_allowlist_free(&list);
	sim->file->current_list = 77;
	sim->file->package[0].current = 77;
	sim->file->rank_high = UINT32_MAX;
	sim->file->phase_count = UINT32_MAX;
	sim->file->rank[0].package = UINT32_MAX;
	sim->file->rank[0].work = UINT32_MAX;
	sim->file->rank[0].pid = INT32_MAX;
	pc_sim_advance(sim, 2 * NS_PER_S);
	assert_int_equal(sim->file->rank[0].pid, 0);
	pc_sim_rank_leave(rank);
	pc_sim_rank_leave(node_join(sim, 0, 1));
}

static void batches_have_a_size(void **state)
{
	struct pc_sim *sim = make_listed(state);
	struct pc_msr_op op = READ(0, REG_UNIT);
	struct pc_error error;

	assert_int_equal(run(sim, &op, 0, &error), -1);
	assert_int_equal(errno, EINVAL);
	assert_says(&error, "a batch without operations");
	assert_int_equal(run(sim, &op, 131073, &error), -1);
	assert_int_equal(errno, E2BIG);
	assert_says(&error, "131073 operations; msr-safe takes 131072");
}

/* --- execution: best effort ------------------------------------------------- */

static void reads_tell_the_mask(void **state)
{
	struct pc_sim *sim = make_listed(state);
	struct pc_msr_op ops[] = { READ(0, REG_LIMIT), READ(3, REG_DRAM_LIMIT), READ(0, REG_UNIT) };

	assert_int_equal(run(sim, ops, 3, NULL), 0);
	assert_true(ops[0].wmask == 0x00ffffff00ffffff);
	assert_int_equal(ops[1].wmask, PL1_POWER);
	assert_int_equal(ops[2].wmask, 0);
	assert_int_equal(ops[2].msrdata, 0xA0E03);
}

static void writes_merge_under_the_mask_and_read_back(void **state)
{
	struct pc_sim *sim = make_listed(state);
	struct pc_msr_op ops[] = {
		WRITE(1, REG_DRAM_LIMIT, UINT64_MAX), READ(1, REG_DRAM_LIMIT), READ(2, REG_DRAM_LIMIT),
	};

	assert_int_equal(run(sim, ops, 3, NULL), 0);
	assert_true(ops[0].msrdata == UINT64_MAX);
	assert_int_equal(ops[1].msrdata, PL1_POWER);
	assert_int_equal(ops[2].msrdata, 0);
	/* Every CPU of a package reaches the same register. */
	assert_int_equal(read_one(sim, 0, REG_DRAM_LIMIT), PL1_POWER);
}

static void a_register_that_faults_does_not_stop_the_others(void **state)
{
	struct pc_sim *sim = make_listed(state);
	struct pc_msr_op ops[] = { READ(0, REG_UNIT), READ(0, 0x639), WRITE(0, REG_ENERGY, 0), READ(0, REG_ENERGY) };
	struct pc_error error;

	assert_int_equal(run(sim, ops, 4, &error), -1);
	assert_int_equal(errno, EIO);
	assert_says(&error, "register 0x639: this register faults");
	assert_int_equal(ops[0].err, 0);
	assert_int_equal(ops[1].err, -EIO);
	assert_true(ops[1].msrdata == PC_MSR_SENTINEL);
	assert_int_equal(ops[2].err, -EIO);   /* counters are not writable, whatever the list says */
	assert_int_equal(ops[3].err, 0);
	assert_int_not_equal(ops[3].msrdata, 0);
}

static void the_time_stamp_never_repeats(void **state)
{
	struct pc_sim *sim = make_listed(state);
	struct pc_msr_op ops[] = { READ(0, PC_MSR_TSC), READ(3, PC_MSR_TSC) };
	uint64_t before = read_one(sim, 0, PC_MSR_TSC);

	assert_int_equal(run(sim, ops, 2, NULL), 0);
	assert_true(before < ops[0].msrdata && ops[0].msrdata < ops[1].msrdata);
	pc_sim_advance(sim, NS_PER_S);
	assert_in_range(read_one(sim, 0, PC_MSR_TSC) - before, UINT64_C(2399999990), UINT64_C(2400000010));
}

/* --- the list --------------------------------------------------------------- */

static void a_list_reads_back_everywhere(void **state)
{
	struct node *node = *state;
	struct pc_sim *sim = make_listed(state), *other = node_attach(node);
	struct pc_msr_transport transport = pc_sim_transport(other);
	struct pc_allowlist expected = test_list(), list = PC_ALLOWLIST_EMPTY, none = PC_ALLOWLIST_EMPTY;
	struct pc_error error;

	assert_int_equal(transport.list_read(transport.self, &list, &error), 0);
	assert_true(pc_allowlist_equal(&list, &expected));
	pc_allowlist_free(&list);
	install(sim, &none);
	assert_int_equal(transport.list_read(transport.self, &list, &error), 0);
	assert_int_equal(list.count, 0);
	transport.close(transport.self);
}

static void a_list_has_the_kernels_size(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	struct pc_msr_transport transport = pc_sim_transport(sim);
	struct pc_allow_entry *many = calloc(PC_ALLOWLIST_ENTRIES_MAX + 1, sizeof *many);
	struct pc_allowlist list = { .count = PC_ALLOWLIST_ENTRIES_MAX, .entry = many };
	struct pc_allowlist back = PC_ALLOWLIST_EMPTY;
	struct pc_error error;

	assert_non_null(many);
	for (uint32_t i = 0; i <= PC_ALLOWLIST_ENTRIES_MAX; i++)
		many[i].msr = i;
	install(sim, &list);
	assert_int_equal(transport.list_read(sim, &back, &error), 0);
	assert_true(pc_allowlist_equal(&list, &back));
	list.count++;
	assert_int_equal(transport.list_write(sim, &list, &error), -1);
	assert_int_equal(errno, E2BIG);
	assert_says(&error, "4369 entries; msr-safe takes 4368");
	pc_allowlist_free(&back);
	free(many);
}

/* Runs check in a process of another user; returns its exit status, 0 where it went well. */
static int as_other_user(const struct node *node, int (*check)(const struct node *node))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(setresuid(NOBODY, NOBODY, NOBODY) < 0 ? 99 : check(node));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static int batch_works_and_list_does_not(const struct node *node)
{
	struct pc_msr_op op = READ(0, REG_UNIT);
	struct pc_error error;
	struct pc_sim *sim;

	if (pc_sim_attach(&sim, node->path, &error) < 0)
		return 1;
	if (run(sim, &op, 1, &error) < 0)
		return 2;
	if (!pc_sim_transport(sim).list_read || pc_sim_transport(sim).list_write)
		return 3;
	pc_sim_detach(sim);
	return 0;
}

/* As on hardware: who cannot give himself a list has nothing to open. */
static int no_list_is_no_way_in(const struct node *node)
{
	char name[80];
	struct pc_power_config config = { .backend = name };
	struct pc_power *power;
	struct pc_error error;

	snprintf(name, sizeof name, "sim:%s", node->path);
	if (pc_power_open(&power, &config, NULL, 0, NULL, &error) == 0 || errno != ENODEV)
		return 1;
	return !strstr(error.text, "the node's allowlist is empty; root can install one");
}

static int attach_is_refused(const struct node *node)
{
	struct pc_error error;
	struct pc_sim *sim;

	if (pc_sim_attach(&sim, node->path, &error) == 0 || errno != EACCES)
		return 1;
	return !strstr(error.text, "this user may not read and write it") || !strstr(error.text, "setfacl -m u:NAME:rw");
}

/* Root can be somebody else for a while; anybody else can only lock himself out. */
static void other_users_need_access_to_the_file(void **state)
{
	struct node *node = *state;
	const struct pc_allowlist none = PC_ALLOWLIST_EMPTY;

	make_listed(state);
	assert_int_equal(chmod(node->directory, 0755), 0);
	if (geteuid() == 0) {
		assert_int_equal(as_other_user(node, attach_is_refused), 0);
		assert_int_equal(chmod(node->path, 0666), 0);
		assert_int_equal(as_other_user(node, batch_works_and_list_does_not), 0);
		install(node->sim, &none);
		assert_int_equal(as_other_user(node, no_list_is_no_way_in), 0);
	} else {
		assert_int_equal(chmod(node->path, 0400), 0);
		assert_int_equal(attach_is_refused(node), 0);
	}
}

static void the_file_is_the_device(void **state)
{
	struct node *node = *state;
	struct pc_sim *sim = node_make_manual(node);
	char path[2][256] = { "", "" };

	assert_int_equal(pc_sim_transport(sim).devices(sim, path, 0), 1);
	assert_string_equal(path[0], "");
	assert_int_equal(pc_sim_transport(sim).devices(sim, path, 2), 1);
	assert_string_equal(path[0], node->path);
}

int main(void)
{
#define NODE_TEST(test) cmocka_unit_test_setup_teardown(test, node_setup, node_teardown)
	const struct CMUnitTest tests[] = {
		NODE_TEST(an_empty_list_refuses_everything),
		NODE_TEST(the_last_refusal_is_the_calls_and_nothing_runs),
		NODE_TEST(a_spoilt_file_leads_nowhere),
		NODE_TEST(batches_have_a_size),
		NODE_TEST(reads_tell_the_mask),
		NODE_TEST(writes_merge_under_the_mask_and_read_back),
		NODE_TEST(a_register_that_faults_does_not_stop_the_others),
		NODE_TEST(the_time_stamp_never_repeats),
		NODE_TEST(a_list_reads_back_everywhere),
		NODE_TEST(a_list_has_the_kernels_size),
		NODE_TEST(other_users_need_access_to_the_file),
		NODE_TEST(the_file_is_the_device),
	};

	return cmocka_run_group_tests_name("sim_registers", tests, NULL, NULL) ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranks on a simulated node: places, debts, and processes that come, go and are killed. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "sim_internal.h"
#include "sim_node.h"

#define WORKLOAD "dgemm=dgemm,compute=compute,stream=stream,sleep=idle"

static struct pc_sim *make_node(void **state, unsigned host_ratio)
{
	return node_make(*state, (struct pc_sim_config){
		.manual_clock = true, .workload = WORKLOAD, .host_ratio = host_ratio });
}

static void assert_about(uint64_t value, uint64_t expected, uint64_t within)
{
	if (value + within < expected || value > expected + within)
		fail_msg("%llu is not %llu +- %llu", (unsigned long long)value, (unsigned long long)expected,
			 (unsigned long long)within);
}

/* --- places ----------------------------------------------------------------- */

static void ranks_are_placed_blockwise(void **state)
{
	static const struct { unsigned size; unsigned package[6]; } rows[] = {
		{ 1, { 0 } }, { 2, { 0, 1 } }, { 3, { 0, 0, 1 } }, { 4, { 0, 0, 1, 1 } }, { 5, { 0, 0, 0, 1, 1 } },
		{ 6, { 0, 0, 0, 1, 1, 1 } },
	};
	struct pc_sim *sim = make_node(state, 1);

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (unsigned k = 0; k < rows[i].size; k++) {
			struct pc_sim_rank *rank = node_join(sim, k, rows[i].size);

			assert_int_equal(pc_sim_rank_package(rank), rows[i].package[k]);
			pc_sim_rank_leave(rank);
		}
}

static void a_rank_outside_its_job_is_refused(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *rank = (struct pc_sim_rank *)sim;
	struct pc_error error;

	assert_int_equal(pc_sim_rank_join(sim, 2, 2, &rank, &error), -1);
	assert_int_equal(errno, EINVAL);
	assert_null(rank);
	assert_says(&error, "local rank 2 of 2: ranks count from 0");
	assert_int_equal(pc_sim_rank_join(sim, 0, 0, &rank, &error), -1);
	pc_sim_rank_leave(NULL);
}

static void places_run_out_and_are_used_again(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *ranks[SIM_RANKS], *rank;
	struct pc_error error;

	for (unsigned i = 0; i < SIM_RANKS; i++)
		ranks[i] = node_join(sim, i, SIM_RANKS);
	assert_int_equal(pc_sim_rank_join(sim, 0, 1, &rank, &error), -1);
	assert_int_equal(errno, ENOSPC);
	assert_says(&error, "all 1024 places for ranks are taken");
	pc_sim_rank_leave(ranks[7]);
	ranks[7] = node_join(sim, 0, 1);
	for (unsigned i = 0; i < SIM_RANKS; i++)
		pc_sim_rank_leave(ranks[i]);
	for (unsigned step = 0; step < 3 * SIM_RANKS; step++)
		pc_sim_rank_leave(node_join(sim, 0, 1));
	assert_int_equal(sim->file->rank_high, SIM_RANKS);
}

/* --- load ------------------------------------------------------------------- */

static void a_phase_does_the_work_its_name_stands_for(void **state)
{
	static const struct { const char *phase; double package_w, dram_w; } rows[] = {
		{ "sleep", 48.159, 9 }, { NULL, 105.311, 9 }, { "compute", 150, 12.8 }, { "stream", 120.03, 43.26 },
		{ "no such phase", 131.69, 33.06 }, { "", 131.69, 33.06 },
	};
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *rank = node_join(sim, 0, 1);

	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 105.311, 0.01);  /* it waits at first */
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		sim_rank_switch(rank, rows[i].phase, 0);
		pc_sim_advance(sim, 20 * NS_PER_S);
		assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), rows[i].package_w, 0.01);
		assert_watts(mean_watts(sim, 0, PC_DRAM, NS_PER_S), rows[i].dram_w, 0.1);
		assert_watts(mean_watts(sim, 1, PC_PACKAGE, NS_PER_S), 48.159, 0.01);
	}
	pc_sim_rank_leave(rank);
	pc_sim_advance(sim, 20 * NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 48.159, 0.01);
}

/* Load changes inside a tick count for the part of the tick they had. */
static void a_tick_has_the_mean_of_its_load(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *rank = node_join(sim, 0, 1);
	uint64_t before;

	sim_rank_switch(rank, "sleep", 0);
	pc_sim_advance(sim, NS_PER_S);
	before = pc_sim_true_energy_uj(sim, 0, PC_PACKAGE);
	for (unsigned i = 0; i < 1000; i++) {
		pc_sim_advance(sim, NS_PER_MS / 4);
		sim_rank_switch(rank, NULL, 0);
		pc_sim_advance(sim, NS_PER_MS / 2);
		sim_rank_switch(rank, "sleep", 0);
		pc_sim_advance(sim, NS_PER_MS / 4);
	}
	assert_watts((double)(pc_sim_true_energy_uj(sim, 0, PC_PACKAGE) - before) / 1e6, (48.159 + 105.311) / 2, 0.01);
	pc_sim_rank_leave(rank);
}

/* --- debts ------------------------------------------------------------------ */

static void work_takes_its_time_at_the_plants_speed(void **state)
{
	static const struct { uint64_t cap_w; const char *phase; double speed; } rows[] = {
		{ 150, "stream", 1 }, { 100, "stream", 0.998 }, { 100, "compute", 0.736 * 0.97544 },
		{ 60, "compute", 0.423 * 0.97544 }, { 50, "other", 0.392 },
	};
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *rank = node_join(sim, 0, 1);

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t slept;

		set_limit(sim, 0, PC_PACKAGE, 0, rows[i].cap_w, 10000);
		sim_rank_switch(rank, rows[i].phase, 0);
		pc_sim_advance(sim, 5 * NS_PER_S);
		sim_rank_switch(rank, rows[i].phase, 0);
		slept = sim_rank_switch(rank, NULL, NS_PER_S);
		assert_about(slept, (uint64_t)(1e9 / rows[i].speed), 4000000 + (uint64_t)(1e6 / rows[i].speed));
	}
	pc_sim_rank_leave(rank);
}

static void waiting_owes_nothing(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *rank = node_join(sim, 0, 1);

	assert_int_equal(sim_rank_switch(rank, NULL, NS_PER_S), 0);
	assert_int_equal(sim_rank_switch(rank, "stream", NS_PER_S), 0);
	assert_about(sim_rank_switch(rank, NULL, NS_PER_S), NS_PER_S, 100);
	assert_int_equal(sim_rank_switch(rank, "stream", NS_PER_S), 0);
	pc_sim_rank_leave(rank);
}

/* A rank that waited for a host core has let the plant work meanwhile. */
static void time_that_passed_counts(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *rank = node_join(sim, 0, 1);

	sim_rank_switch(rank, "stream", 0);
	pc_sim_advance(sim, 300 * NS_PER_MS);
	assert_about(sim_rank_switch(rank, "stream", NS_PER_S), 700 * NS_PER_MS, 1000);
	pc_sim_advance(sim, 5 * NS_PER_S);
	assert_int_equal(sim_rank_switch(rank, "stream", NS_PER_S), 0);
	/* But it earns no credit for later. */
	assert_about(sim_rank_switch(rank, NULL, NS_PER_S), NS_PER_S, 1000);
	pc_sim_rank_leave(rank);
}

/* With a host ratio of 4, four ranks that took turns on a host core are no slower than alone. */
static void a_slower_core_owes_more(void **state)
{
	struct pc_sim *sim = make_node(state, 4);
	struct pc_sim_rank *rank = node_join(sim, 0, 1);

	sim_rank_switch(rank, "stream", 0);
	assert_about(sim_rank_switch(rank, "stream", 250 * NS_PER_MS), NS_PER_S, 1000);
	pc_sim_advance(sim, NS_PER_S);
	assert_int_equal(sim_rank_switch(rank, NULL, 250 * NS_PER_MS), 0);
	pc_sim_rank_leave(rank);
}

/* A microsecond is not worth a sleep; a thousand of them are. */
static void small_debts_add_up(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *rank = node_join(sim, 0, 1);
	uint64_t slept = 0;

	sim_rank_switch(rank, "stream", 0);
	assert_int_equal(sim_rank_switch(rank, "stream", 5000), 0);
	for (unsigned i = 1; i < 1000; i++)
		slept += sim_rank_switch(rank, "stream", 5000);
	assert_about(slept, 5 * NS_PER_MS, 25000);
	pc_sim_rank_leave(rank);
}

/* Two ranks share a package: each works at the package's speed with its own cores. */
static void ranks_of_a_package_do_not_slow_each_other(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *one = node_join(sim, 0, 4), *two = node_join(sim, 1, 4);

	sim_rank_switch(one, "stream", 0);
	sim_rank_switch(two, "stream", 0);
	assert_about(sim_rank_switch(one, NULL, NS_PER_S), NS_PER_S, 1000);
	/* The other worked while this one slept. */
	assert_int_equal(sim_rank_switch(two, NULL, NS_PER_S), 0);
	pc_sim_rank_leave(one);
	pc_sim_rank_leave(two);
}

/* Two jobs on the same cores get half of them each. */
static void crowded_cores_are_shared(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *one = node_join(sim, 0, 1), *two = node_join(sim, 0, 1);

	sim_rank_switch(one, "stream", 0);
	sim_rank_switch(two, "stream", 0);
	assert_about(sim_rank_switch(one, "sleep", NS_PER_S), 2 * NS_PER_S, 1000);
	assert_about(sim_rank_switch(two, "sleep", 2 * NS_PER_S), NS_PER_S, 1000);
	sim_rank_switch(one, "stream", 0);
	pc_sim_advance(sim, NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 120.03, 0.01);
	pc_sim_rank_leave(one);
	pc_sim_rank_leave(two);
}

/* Below the plant's slowest the loop still ends. */
static void a_debt_is_paid_even_by_the_slowest_plant(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *rank = node_join(sim, 0, 1);

	set_limit(sim, 0, PC_PACKAGE, 0, 1, 1000);
	set_limit(sim, 0, PC_DRAM, 0, 1, 1000);
	sim_rank_switch(rank, "stream", 0);
	pc_sim_advance(sim, NS_PER_S);
	sim_rank_switch(rank, "stream", 0);
	assert_true(sim_rank_switch(rank, NULL, 10 * NS_PER_MS) > 800 * NS_PER_MS);
	pc_sim_rank_leave(rank);
}

/* --- real clocks and threads ------------------------------------------------ */

static void burn_cpu(uint64_t ns)
{
	struct timespec now, start;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	while ((uint64_t)((now.tv_sec - start.tv_sec) * INT64_C(1000000000) + now.tv_nsec - start.tv_nsec) < ns);
}

/* On the real clock the plant has always done what was owed when the call returns. */
static void cpu_time_is_paid_on_the_real_clock(void **state)
{
	struct pc_sim *sim = node_make(*state, (struct pc_sim_config){ .workload = WORKLOAD });
	struct pc_sim_rank *rank = node_join(sim, 0, 1);
	uint64_t before, slept = 0;

	set_limit(sim, 0, PC_PACKAGE, 0, 45, 1000);
	/* The first bursts may find the clock still high, or be kept from a core for long. */
	for (unsigned i = 0; i < 50 && !slept; i++) {
		pc_sim_rank_switch(rank, "compute");
		before = sim_state(sim, 0)->work_ns[PC_WORK_COMPUTE];
		burn_cpu(20 * NS_PER_MS);
		slept = pc_sim_rank_switch(rank, NULL);
		assert_true(sim_state(sim, 0)->work_ns[PC_WORK_COMPUTE] - before + 20000 >= 20 * NS_PER_MS);
	}
	assert_true(slept > 0);
	burn_cpu(NS_PER_MS);
	assert_int_equal(pc_sim_rank_switch(rank, "compute"), 0);
	pc_sim_rank_leave(rank);
}

static void *burn_in_thread(void *arg)
{
	struct pc_sim_rank *rank = arg;

	pc_sim_rank_switch(rank, "stream");
	burn_cpu(5 * NS_PER_MS);
	pc_sim_rank_switch(rank, NULL);
	return NULL;
}

static void ranks_may_be_threads(void **state)
{
	struct pc_sim *sim = node_make(*state, (struct pc_sim_config){ .workload = WORKLOAD });
	struct pc_sim_rank *ranks[4];
	pthread_t thread[4];

	for (unsigned i = 0; i < 4; i++) {
		ranks[i] = node_join(sim, i, 4);
		assert_int_equal(pthread_create(&thread[i], NULL, burn_in_thread, ranks[i]), 0);
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	for (unsigned i = 0; i < 2; i++)
		assert_true(sim_state(sim, i)->work_ns[PC_WORK_STREAM] + 20000 >= 5 * NS_PER_MS);
	for (unsigned i = 0; i < 4; i++)
		pc_sim_rank_leave(ranks[i]);
}

/* --- processes that are killed ---------------------------------------------- */

static void wait_for_byte(int fd)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), 1);
}

/* Starts a process that runs body with a node of its own, says so, and then waits to be killed. */
static pid_t start(const struct node *node, void (*body)(struct pc_sim *sim))
{
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct pc_sim *sim;

		alarm(60);
		if (pc_sim_attach(&sim, node->path, NULL) < 0)
			_exit(1);
		body(sim);
		if (write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	wait_for_byte(ready[0]);
	close(ready[0]);
	return pid;
}

static void join_and_compute(struct pc_sim *sim)
{
	struct pc_sim_rank *rank;

	if (pc_sim_rank_join(sim, 0, 1, &rank, NULL) < 0)
		_exit(1);
	pc_sim_rank_switch(rank, "compute");
}

static void a_killed_ranks_load_goes(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	pid_t pid = start(*state, join_and_compute);

	pc_sim_advance(sim, 10 * NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 150, 0.1);
	/* Also before its parent has waited for it. */
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	pc_sim_advance(sim, NS_PER_S);
	pc_sim_advance(sim, NS_PER_S);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 48.159, 0.1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(sim->file->rank[0].pid, 0);
}

static void a_dead_ranks_place_is_free_at_the_next_join(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	pid_t pid = start(*state, join_and_compute);
	struct pc_sim_rank *rank;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	rank = node_join(sim, 0, 1);
	assert_int_equal(sim->file->rank[0].pid, getpid());
	assert_int_equal(sim->file->rank[1].pid, 0);
	pc_sim_rank_leave(rank);
}

/* A pid that was given to a later process, and one of another pid namespace. */
static void other_processes_are_told_apart(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *rank = node_join(sim, 0, 1);
	struct sim_rank_slot *slot = &sim->file->rank[0];

	pc_sim_advance(sim, 2 * NS_PER_S);
	assert_int_equal(slot->pid, getpid());
	slot->pid_start ^= 1;
	slot->pid_namespace ^= 1;
	pc_sim_advance(sim, 2 * NS_PER_S);
	assert_int_equal(slot->pid, getpid());
	slot->pid_namespace ^= 1;
	pc_sim_advance(sim, 2 * NS_PER_S);
	assert_int_equal(slot->pid, 0);
	pc_sim_rank_leave(rank);
}

/* A forked child that ends does not take the parent's place with it. */
static void a_child_leaves_its_parents_place_alone(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *rank = node_join(sim, 0, 1);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		pc_sim_rank_leave(rank);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(sim->file->rank[0].pid, getpid());
	pc_sim_rank_leave(rank);
}

/* Dies with the lock, in the middle of a change. */
static void take_lock_and_change(struct pc_sim *sim)
{
	if (sim_lock(sim, NULL) < 0)
		_exit(1);
	sim_edit(sim, 0)->energy_nj[PC_PACKAGE] = 0;
	sim_edit(sim, 0)->time_ns = 0;
}

static void a_process_killed_inside_the_lock_costs_nothing(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	uint64_t before;
	pid_t pid;

	pc_sim_advance(sim, 10 * NS_PER_S);
	before = pc_sim_true_energy_uj(sim, 0, PC_PACKAGE);
	pid = start(*state, take_lock_and_change);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(pc_sim_true_energy_uj(sim, 0, PC_PACKAGE), before);
	assert_watts(mean_watts(sim, 0, PC_PACKAGE, NS_PER_S), 48.159, 0.01);
}

static void a_stopped_process_with_the_lock_is_reported(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	struct pc_sim_rank *rank = node_join(sim, 0, 1), *late;
	struct pc_msr_transport transport = pc_sim_transport(sim);
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	struct pc_msr_op op = { .isrdmsr = 1, .msr = REG_UNIT };
	pid_t pid = start(*state, take_lock_and_change);
	struct pc_error error;
	uint64_t value;

	sim->lock_seconds = 0;
	assert_int_equal(pc_sim_peek(sim, 0, REG_UNIT, &value, &error), -1);
	assert_int_equal(errno, ETIMEDOUT);
	assert_says(&error, "no turn within 0 s");
	assert_says(&error, "a process that uses it is stopped; continue or end it");
	assert_int_equal(pc_sim_poke(sim, 0, REG_LIMIT, 0, &error), -1);
	assert_int_equal(pc_sim_fault_set(sim, 0, PC_PACKAGE, PC_SIM_LOCKED, true, &error), -1);
	assert_int_equal(pc_sim_rank_join(sim, 0, 1, &late, &error), -1);
	assert_int_equal(transport.batch(sim, &op, 1, &error), -1);
	assert_int_equal(transport.list_read(sim, &list, &error), -1);
	assert_int_equal(transport.list_write(sim, &list, &error), -1);
	assert_int_equal(errno, ETIMEDOUT);
	pc_sim_advance(sim, NS_PER_S);
	assert_int_equal(sim_rank_switch(rank, "compute", NS_PER_S), 0);
	assert_int_equal(pc_sim_true_energy_uj(sim, 0, PC_PACKAGE), 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(pc_sim_peek(sim, 0, REG_UNIT, &value, &error), 0);
	pc_sim_rank_leave(rank);
}

enum { HAMMERS = 6, BLOWS = 4000 };

/* Moves the clock, reads, joins and leaves idly, as fast as it can. */
static void hammer(struct pc_sim *sim, unsigned blows)
{
	struct pc_sim_rank *rank;

	for (unsigned i = 0; i < blows; i++) {
		pc_sim_advance(sim, 12345 + i % 7);
		if (i % 16)
			continue;
		if (pc_sim_rank_join(sim, 0, 1, &rank, NULL) < 0)
			_exit(2);
		sim_rank_switch(rank, "sleep", 0);
		pc_sim_rank_leave(rank);
	}
}

static pid_t start_hammer(const struct node *node, unsigned blows)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct pc_sim *sim;

		alarm(60);
		if (pc_sim_attach(&sim, node->path, NULL) < 0)
			_exit(1);
		hammer(sim, blows);
		_exit(0);
	}
	return pid;
}

/*
 * Some hammers run to their end, some are killed wherever they are.  DRAM draws its
 * idle power whatever ranks do that only wait, so its energy must be the clock's, exactly.
 */
static void many_processes_lose_no_energy(void **state)
{
	struct pc_sim *sim = make_node(state, 1);
	pid_t pid[HAMMERS];
	unsigned killed = 0;
	int status;

	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = 0; i < HAMMERS; i++)
			pid[i] = start_hammer(*state, i % 2 ? BLOWS : UINT32_MAX);
		usleep(20000 + round * 7777);
		for (unsigned i = 0; i < HAMMERS; i++) {
			if (i % 2 == 0)
				kill(pid[i], SIGKILL);
			assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
			killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
			assert_true(i % 2 == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
		}
	}
	assert_int_equal(killed, 4 * HAMMERS / 2);
	pc_sim_advance(sim, 2 * NS_PER_S);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(sim_state(sim, i)->time_ns == sim->file->manual_ns);
		assert_true(sim_state(sim, i)->energy_nj[PC_DRAM] ==
			    sim->file->manual_ns / SIM_TICK_NS * UINT64_C(9000000));
		assert_true(sim_state(sim, i)->work_ns[PC_WORK_IDLE] / 1000 == sim->file->manual_ns / 1000);
	}
	for (unsigned i = 0; i < sim->file->rank_high; i++)
		assert_int_equal(sim->file->rank[i].pid, 0);
}

int main(void)
{
#define NODE_TEST(test) cmocka_unit_test_setup_teardown(test, node_setup, node_teardown)
	const struct CMUnitTest tests[] = {
		NODE_TEST(ranks_are_placed_blockwise),
		NODE_TEST(a_rank_outside_its_job_is_refused),
		NODE_TEST(places_run_out_and_are_used_again),
		NODE_TEST(a_phase_does_the_work_its_name_stands_for),
		NODE_TEST(a_tick_has_the_mean_of_its_load),
		NODE_TEST(work_takes_its_time_at_the_plants_speed),
		NODE_TEST(waiting_owes_nothing),
		NODE_TEST(time_that_passed_counts),
		NODE_TEST(a_slower_core_owes_more),
		NODE_TEST(small_debts_add_up),
		NODE_TEST(ranks_of_a_package_do_not_slow_each_other),
		NODE_TEST(crowded_cores_are_shared),
		NODE_TEST(a_debt_is_paid_even_by_the_slowest_plant),
		NODE_TEST(cpu_time_is_paid_on_the_real_clock),
		NODE_TEST(ranks_may_be_threads),
		NODE_TEST(a_killed_ranks_load_goes),
		NODE_TEST(a_dead_ranks_place_is_free_at_the_next_join),
		NODE_TEST(other_processes_are_told_apart),
		NODE_TEST(a_child_leaves_its_parents_place_alone),
		NODE_TEST(a_process_killed_inside_the_lock_costs_nothing),
		NODE_TEST(a_stopped_process_with_the_lock_is_reported),
		NODE_TEST(many_processes_lose_no_energy),
	};

	return cmocka_run_group_tests_name("sim_rank", tests, NULL, NULL) ? 1 : 0;
}

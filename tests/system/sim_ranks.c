/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ranks as processes on one simulated node, without MPI; sim_ranks.sh drives it.
 *
 *   sim_ranks create NODE          one package a pair of cores, cores four times slower than the host's
 *   sim_ranks limit NODE WATTS     limit 1 of every package, over 10 ms
 *   sim_ranks run NODE RANKS MS    each rank computes MS of CPU time; a line for each
 *   sim_ranks crash NODE RANKS     the same for ever; all are killed after a while
 *   sim_ranks power NODE           mean power of package 0 over 50 ms, in mW
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim.h"

#define SLICES 10
#define NS_PER_MS UINT64_C(1000000)

enum { HOST_RATIO = 4, RANKS_MAX = 32, LIMIT_REGISTER = 0x610 };

static int fail(const struct pc_error *error)
{
	fprintf(stderr, "sim_ranks: %s\n", error->text);
	return 1;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void burn_cpu(uint64_t ns)
{
	uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) - start < ns)
		;
}

static int create(const char *path)
{
	struct pc_sim_config config = { .workload = "compute=compute", .host_ratio = HOST_RATIO };
	struct pc_error error;

	return pc_sim_create(path, &config, &error) < 0 ? fail(&error) : 0;
}

static int limit(struct pc_sim *sim, unsigned watts)
{
	struct pc_limit wanted = { .limit_uw = watts * UINT64_C(1000000), .window_us = 10000,
				   .enabled = true, .clamped = true };
	struct pc_rapl_units units;
	struct pc_error error;
	uint64_t raw;

	if (pc_cpu_model_units(pc_sim_model(sim), 0xA0E03, &units, &error) < 0)
		return fail(&error);
	for (unsigned i = 0; i < pc_sim_package_count(sim); i++)
		if (pc_sim_peek(sim, i, LIMIT_REGISTER, &raw, &error) < 0 ||
		    pc_limit_encode(pc_sim_model(sim)->limit[PC_PACKAGE], &units, 0, &wanted, &raw, &error) < 0 ||
		    pc_sim_poke(sim, i, LIMIT_REGISTER, raw, &error) < 0)
			return fail(&error);
	return 0;
}

/* The first slice warms up: the running average comes to the limit. */
static int compute(struct pc_sim *sim, struct pc_sim_rank *rank, unsigned local_rank, uint64_t cpu_ns)
{
	unsigned package = pc_sim_rank_package(rank);
	uint64_t start = 0, energy = 0, ns;

	for (unsigned i = 0; i < SLICES; i++) {
		if (i == 1) {
			energy = pc_sim_true_energy_uj(sim, package, PC_PACKAGE);
			start = clock_ns(CLOCK_MONOTONIC);
		}
		pc_sim_rank_switch(rank, "compute");
		burn_cpu(cpu_ns / SLICES);
		pc_sim_rank_switch(rank, NULL);
	}
	ns = clock_ns(CLOCK_MONOTONIC) - start;
	energy = pc_sim_true_energy_uj(sim, package, PC_PACKAGE) - energy;
	printf("rank %u package %u owed_ms %" PRIu64 " took_ms %" PRIu64 " power_mw %" PRIu64 "\n", local_rank,
	       package, cpu_ns / SLICES * (SLICES - 1) * HOST_RATIO / NS_PER_MS, ns / NS_PER_MS,
	       energy * 1000000 / ns);
	return fflush(stdout) ? 1 : 0;
}

/* Waits until the parent lets go of the gate, so that all begin together. */
static int be_rank(const char *path, unsigned local_rank, unsigned size, uint64_t cpu_ns, int gate)
{
	struct pc_sim *sim = NULL;
	struct pc_sim_rank *rank = NULL;
	struct pc_error error;
	int status = 1;
	char byte;

	if (pc_sim_attach(&sim, path, &error) < 0 || pc_sim_rank_join(sim, local_rank, size, &rank, &error) < 0)
		fail(&error);
	else if (read(gate, &byte, 1) == 0)
		status = compute(sim, rank, local_rank, cpu_ns);
	pc_sim_rank_leave(rank);
	pc_sim_detach(sim);
	return status;
}

static unsigned start_ranks(const char *path, unsigned size, uint64_t cpu_ns, pid_t *pid)
{
	unsigned started = 0;
	int gate[2];

	if (pipe(gate) < 0)
		return 0;
	for (; started < size; started++) {
		pid[started] = fork();
		if (pid[started] < 0)
			break;
		if (pid[started] == 0) {
			close(gate[1]);
			alarm(120);
			_exit(be_rank(path, started, size, cpu_ns, gate[0]));
		}
	}
	close(gate[0]);
	close(gate[1]);
	return started;
}

static int wait_ranks(const pid_t *pid, unsigned count)
{
	int status, failed = 0;

	for (unsigned i = 0; i < count; i++)
		if (waitpid(pid[i], &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
			failed++;
	return failed;
}

static int run(const char *path, unsigned size, uint64_t cpu_ms)
{
	pid_t pid[RANKS_MAX];
	unsigned started = start_ranks(path, size, cpu_ms * NS_PER_MS, pid);

	return wait_ranks(pid, started) || started < size;
}

static int crash(const char *path, unsigned size)
{
	pid_t pid[RANKS_MAX];
	unsigned started = start_ranks(path, size, 3600 * 1000 * NS_PER_MS, pid);

	usleep(200000);
	for (unsigned i = 0; i < started; i++)
		kill(pid[i], SIGKILL);
	return wait_ranks(pid, started) != (int)size;
}

static int print_power(struct pc_sim *sim)
{
	uint64_t start = clock_ns(CLOCK_MONOTONIC), ns, energy = pc_sim_true_energy_uj(sim, 0, PC_PACKAGE);

	usleep(50000);
	energy = pc_sim_true_energy_uj(sim, 0, PC_PACKAGE) - energy;
	ns = clock_ns(CLOCK_MONOTONIC) - start;
	printf("%" PRIu64 "\n", energy * 1000000 / ns);
	return 0;
}

static int on_node(const char *command, const char *path, const char *argument)
{
	struct pc_sim *sim;
	struct pc_error error;
	int status;

	if (pc_sim_attach(&sim, path, &error) < 0)
		return fail(&error);
	status = argument && !strcmp(command, "limit") ? limit(sim, (unsigned)atoi(argument)) : print_power(sim);
	pc_sim_detach(sim);
	return status;
}

int main(int argc, char **argv)
{
	const char *command = argc > 2 ? argv[1] : "";
	unsigned size = argc > 3 ? (unsigned)atoi(argv[3]) : 0;

	if (!strcmp(command, "create"))
		return create(argv[2]);
	if (!strcmp(command, "power") || (!strcmp(command, "limit") && argc > 3))
		return on_node(command, argv[2], argc > 3 ? argv[3] : NULL);
	if (!strcmp(command, "crash") && size && size <= RANKS_MAX)
		return crash(argv[2], size);
	if (!strcmp(command, "run") && argc > 4 && size && size <= RANKS_MAX)
		return run(argv[2], size, strtoull(argv[4], NULL, 10));
	fprintf(stderr, "usage: sim_ranks create|limit|run|crash|power NODE [RANKS|WATTS] [MS]\n");
	return 2;
}

/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * MPI programs that look at the runtime from outside: runtime_probe WHAT ...
 *
 *	energy SIM ROUNDS   phases "hot" and "cool" in turns; prints what the plant says they took:
 *	                    "true NAME PACKAGE_UJ DRAM_UJ", and "true all ..." from MPI_Init to MPI_Finalize
 *	around              phases begun before MPI_Init and ended after it, and after MPI_Finalize
 *	forget              a phase that is never ended
 *	forever             phases until somebody ends it; prints "running" when it is in the middle
 *	status N            exits with N after MPI_Finalize
 *	abort               MPI_Abort(3) inside a phase
 */

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pm_phase.h"
#include "sim.h"

static int rank;

static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void burn(uint64_t ns)
{
	uint64_t end = cpu_ns() + ns;

	while (cpu_ns() < end)
		;
}

struct joules {
	uint64_t package_uj, dram_uj;
};

static struct joules look(struct pc_sim *sim)
{
	struct joules sum = { 0, 0 };

	for (unsigned i = 0; sim && i < pc_sim_package_count(sim); i++) {
		sum.package_uj += pc_sim_true_energy_uj(sim, i, PC_PACKAGE);
		sum.dram_uj += pc_sim_true_energy_uj(sim, i, PC_DRAM);
	}
	return sum;
}

static void tell(const char *name, struct joules sum)
{
	if (rank == 0)
		printf("true %s %llu %llu\n", name, (unsigned long long)sum.package_uj, (unsigned long long)sum.dram_uj);
}

/* One instance.  The plant is looked at inside its beginning and behind its end: work is paid at
 * boundaries, and what lies between two instances is neither's. */
static void instance(struct pc_sim *sim, const char *name, uint64_t work_ns, struct joules *sum)
{
	struct joules before, after;

	pm_phase_begin(name);
	before = look(sim);
	burn(work_ns);
	MPI_Barrier(MPI_COMM_WORLD);
	pm_phase_end();
	after = look(sim);
	sum->package_uj += after.package_uj - before.package_uj;
	sum->dram_uj += after.dram_uj - before.dram_uj;
}

static int energy(const char *path, int rounds)
{
	struct joules begin, hot = { 0, 0 }, cool = { 0, 0 }, all;
	struct pc_sim *sim = NULL;
	struct pc_error error;

	if (rank == 0 && pc_sim_attach(&sim, path, &error)) {
		fprintf(stderr, "runtime_probe: %s\n", error.text);
		MPI_Abort(MPI_COMM_WORLD, 1);
	}
	MPI_Barrier(MPI_COMM_WORLD);
	begin = look(sim);
	for (int i = 0; i < rounds; i++) {
		instance(sim, "hot", 1250000, &hot);
		instance(sim, "cool", 1250000, &cool);
	}
	all = look(sim);
	all.package_uj -= begin.package_uj;
	all.dram_uj -= begin.dram_uj;
	tell("hot", hot);
	tell("cool", cool);
	tell("all", all);
	pc_sim_detach(sim);
	MPI_Finalize();
	return 0;
}

static int around(void)
{
	int wrong;

	wrong = pm_phase_begin("whole") || pm_phase_begin("before") || pm_phase_end();
	burn(2000000);
	MPI_Init(NULL, NULL);
	wrong |= pm_phase_begin("during");
	MPI_Barrier(MPI_COMM_WORLD);
	wrong |= pm_phase_end_named("during");
	MPI_Finalize();
	wrong |= pm_phase_begin("after") || pm_phase_end();
	wrong |= pm_phase_end();
	return wrong != 0;
}

static void forever(void)
{
	for (int i = 0;; i++) {
		pm_phase_begin("work");
		burn(1000000);
		pm_phase_begin("talk");
		MPI_Barrier(MPI_COMM_WORLD);
		pm_phase_end();
		pm_phase_end();
		if (i == 300 && rank == 0) {
			puts("running");
			fflush(stdout);
		}
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "around"))
		return around();
	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	if (!strcmp(what, "energy") && argc == 4)
		return energy(argv[2], atoi(argv[3]));
	if (!strcmp(what, "forever"))
		forever();
	if (!strcmp(what, "forget"))
		pm_phase_begin("forgotten");
	if (!strcmp(what, "abort") && !pm_phase_begin("doomed"))
		MPI_Abort(MPI_COMM_WORLD, 3);
	MPI_Finalize();
	return argc == 3 ? atoi(argv[2]) : 0;
}

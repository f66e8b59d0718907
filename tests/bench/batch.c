/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the library itself costs at a due boundary: turning domain operations into a
 * batch, with other values each time, and taking the results out of it, over a
 * transport that costs nothing; and how often that allocates.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "backend.h"
#include "register_node.h"

enum { ROUNDS = 200000, REPEATS = 9 };

/* --- counting allocations --------------------------------------------------- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static unsigned long allocations;

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	allocations++;
	return __libc_realloc(old, size);
}

/* --- a transport that costs nothing ----------------------------------------- */

static uint64_t answer(uint32_t msr)
{
	return msr == 0x606 ? 0xA0E03 : 0x00148460;
}

/* A write is what the next read of the same register gives back. */
static int answer_all(void *self, struct pc_msr_op *ops, unsigned count, struct pc_error *error)
{
	(void)self;
	(void)error;
	for (unsigned i = 0; i < count; i++) {
		ops[i].wmask = 0x00ff7fff;
		if (ops[i].isrdmsr)
			ops[i].msrdata = i && !ops[i - 1].isrdmsr ? ops[i - 1].msrdata : answer(ops[i].msr);
	}
	return 0;
}

static void close_nothing(void *self)
{
	(void)self;
}

static const struct pc_backend backend = {
	.name = "bench", .close = pc_register_node_close, .run = pc_register_node_run,
};

static struct pc_power *open_node(struct pc_error *error)
{
	struct pc_msr_transport transport = {
		.name = "bench", .batch = answer_all, .close = close_nothing
	};
	struct pc_power *power = calloc(1, sizeof *power);
	struct pc_topology *topology;

	if (!power || pc_topology_load(&topology, PC_TOPOLOGY_SYNTHETIC, "pack:1 core:1 pu:1", error) < 0)
		return NULL;
	power->backend = &backend;
	if (pc_register_node_open(power, topology, pc_cpu_model_find(PC_VENDOR_INTEL, 6, 0x55), transport,
				  error) < 0)
		return NULL;
	return power;
}

/* --- measuring -------------------------------------------------------------- */

static int boundary(struct pc_power *power, unsigned i)
{
	struct pc_op ops[] = {
		{ .kind = PC_OP_ENERGY, .domain = PC_PACKAGE },
		{ .kind = PC_OP_ENERGY, .domain = PC_DRAM },
		{ .kind = PC_OP_PERF_STATUS, .domain = PC_PACKAGE },
		{ .kind = PC_OP_LIMIT_WRITE, .domain = PC_PACKAGE,
		  .limits.limit[0].limit_uw = 100000000 + i % 64 * 1000000 },
	};

	return pc_power_run(power, 0, ops, 4, NULL, NULL);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The processor's time, so that others on the machine do not count. */
static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static double median_ns(struct pc_power *power, unsigned long *allocated, int *failed)
{
	unsigned long at_first = allocations;
	double ns[REPEATS];

	for (unsigned r = 0; r < REPEATS; r++) {
		uint64_t before = cpu_ns();

		for (unsigned i = 0; i < ROUNDS; i++)
			*failed |= boundary(power, i);
		ns[r] = (double)(cpu_ns() - before) / ROUNDS;
	}
	*allocated = allocations - at_first;
	qsort(ns, REPEATS, sizeof ns[0], compare);
	return ns[REPEATS / 2];
}

int main(void)
{
	struct pc_error error = { "no memory" };
	struct pc_power *power = open_node(&error);
	unsigned long allocated;
	int failed = 0;
	double ns;

	if (!power) {
		fprintf(stderr, "batch: %s\n", error.text);
		return 1;
	}
	failed |= boundary(power, 0);
	ns = median_ns(power, &allocated, &failed);
	printf("BENCH\tbatch: built again with changed values, and read\t%.0f\tns\t<200\t%s\n", ns,
	       ns < 200 ? "true" : "false");
	printf("BENCH\tbatch: allocations in %u of them\t%lu\tcalls\t0\t%s\n", ROUNDS * REPEATS, allocated,
	       allocated ? "false" : "true");
	pc_power_close(power);
	return failed ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a leader does at COUNT due boundaries of one package: energy of both
 * domains, throttled time, and a changed limit with its read-back, as one batch.
 *
 *     due BACKEND PACKAGE COUNT
 */
#include <stdio.h>
#include <stdlib.h>

#include "power.h"

static int boundary(struct pc_power *power, unsigned package, uint64_t limit_uw, struct pc_error *error)
{
	struct pc_op ops[] = {
		{ .kind = PC_OP_ENERGY, .domain = PC_PACKAGE },
		{ .kind = PC_OP_ENERGY, .domain = PC_DRAM },
		{ .kind = PC_OP_PERF_STATUS, .domain = PC_PACKAGE },
		{ .kind = PC_OP_LIMIT_WRITE, .domain = PC_PACKAGE,
		  .limits.limit[0] = { .limit_uw = limit_uw, .clamped = true } },
	};
	struct pc_stamp stamp;

	return pc_power_run(power, package, ops, sizeof ops / sizeof ops[0], &stamp, error);
}

int main(int argc, char **argv)
{
	struct pc_power_config config = { .backend = argc == 4 ? argv[1] : NULL };
	struct pc_power *power;
	struct pc_error error;
	int status = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: due BACKEND PACKAGE COUNT\n");
		return 2;
	}
	if (pc_power_open(&power, &config, NULL, 0, NULL, &error) < 0) {
		fprintf(stderr, "due: %s\n", error.text);
		return 1;
	}
	for (unsigned long i = 0; i < strtoul(argv[3], NULL, 10) && !status; i++)
		status = boundary(power, (unsigned)strtoul(argv[2], NULL, 10), (100 + i % 2) * 1000000, &error);
	if (status)
		fprintf(stderr, "due: %s\n", error.text);
	else
		puts("done");
	pc_power_close(power);
	return status ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* make_segment DIRECTORY JOB STEP NODE: the segment of a step that died before it could
 * report, with one phase "solve" of a second and 100 J on each of two packages. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "segment.h"

static void spend(struct pc_segment *segment, unsigned package, uint32_t phase)
{
	struct pc_package_record *record = pc_segment_package(segment, package);

	atomic_store(&record->energy_known, 3);
	atomic_store(&record->samples, 2);
	atomic_store(&record->package_uj, 100000000);
	atomic_store(&record->dram_uj, 10000000);
	atomic_store(&record->observed_ns, 1000000000);
	atomic_store(&record->limit_uw, 105000000);
	atomic_store(&record->share[phase].package_uj, 100000000);
	atomic_store(&record->share[phase].dram_uj, 10000000);
	atomic_store(&record->share[phase].time_ns, 1000000000);
}

static void fill(struct pc_segment *segment)
{
	int full = 0, lane = pc_segment_claim(segment, 0, 0, getpid(), 1);
	uint32_t solve = pc_segment_intern(segment, PC_PHASE_ROOT, "solve", &full);

	pc_lane_move(pc_segment_lane(segment, (unsigned)lane), 1, solve, 0, 1);
	pc_lane_move(pc_segment_lane(segment, (unsigned)lane), 1000000001, PC_PHASE_ROOT, 0, 0);
	atomic_store(&segment->start_ns, 1);
	atomic_store(&segment->end_ns, 1000000001);
	spend(segment, 0, solve);
	spend(segment, 1, solve);
}

int main(int argc, char **argv)
{
	struct pc_decision decision = { .backend = "sim:/node", .policy = "static", .cap_uw = 300000000,
					.package_count = 2 };
	struct pc_segment_config config = { .ranks = 2, .decision = &decision };
	struct pc_segment *segment = NULL;
	struct pc_error error = { "usage: make_segment DIRECTORY JOB STEP NODE" };
	char name[64], path[512];
	int directory = argc == 5 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;

	if (directory < 0)
		goto fail;
	config.job = strtoull(argv[2], NULL, 10);
	config.step = (uint32_t)strtoul(argv[3], NULL, 10);
	config.node = (uint32_t)strtoul(argv[4], NULL, 10);
	snprintf(config.node_name, sizeof config.node_name, "node%u", config.node);
	snprintf(name, sizeof name, "%s.%s.segment", argv[2], argv[3]);
	snprintf(path, sizeof path, "%s/%s", argv[1], name);
	if (pc_segment_create(directory, name, getuid(), &config, &error) < 0 ||
	    pc_segment_map(&segment, path, &error) < 0)
		goto fail;
	fill(segment);
	pc_segment_unmap(segment);
	close(directory);
	return 0;
fail:
	fprintf(stderr, "make_segment: %s\n", error.text);
	return 1;
}

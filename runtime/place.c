/* SPDX-License-Identifier: BSD-3-Clause */
#include "place.h"

#include <string.h>

const char *pc_place_plant(const struct pc_segment *segment)
{
	return strncmp(segment->backend, "sim:", 4) ? NULL : segment->backend + 4;
}

static uint64_t bits(unsigned first, unsigned count)
{
	return (count < 64 ? (UINT64_C(1) << count) - 1 : UINT64_MAX) << first % 64;
}

static uint64_t packages_of_binding(const struct pc_segment *segment, const struct pc_lane *lane)
{
	uint64_t packages = 0;

	for (unsigned i = 0; i < PC_SEGMENT_PUS; i++)
		if (atomic_load(&lane->cpus[i / 64]) >> i % 64 & 1)
			packages |= bits(atomic_load(&segment->pu[i].first), atomic_load(&segment->pu[i].count));
	return packages & bits(0, segment->packages);
}

void pc_place(struct pc_segment *segment, unsigned index, unsigned ranks)
{
	struct pc_lane *lane = pc_segment_lane(segment, index);
	int rank = atomic_load(&lane->rank);
	uint64_t place = rank < 0 ? 0 : (uint64_t)rank % ranks, packages;

	/* The simulated node's rule, see sim.h: blockwise by the rank's number. */
	if (pc_place_plant(segment))
		packages = UINT64_C(1) << place * segment->packages / ranks;
	else
		packages = packages_of_binding(segment, lane);
	/* Bound to nothing that is known: it may run anywhere. */
	atomic_store(&lane->packages, packages ? packages : bits(0, segment->packages));
}

bool pc_place_leads(const struct pc_segment *segment, unsigned lane)
{
	for (unsigned i = 0; i < segment->packages; i++)
		if (atomic_load(&pc_segment_package(segment, i)->leader) == (int)lane)
			return true;
	return false;
}

static int suits(const struct pc_segment *segment, unsigned lane, unsigned package)
{
	uint64_t packages = atomic_load(&pc_segment_lane(segment, lane)->packages);

	if (packages == UINT64_C(1) << package)
		return 3;
	if (packages >> package & 1)
		return pc_place_leads(segment, lane) ? 1 : 2;
	return 0;
}

static bool better(const struct pc_segment *segment, unsigned lane, int best, unsigned package)
{
	int mine = suits(segment, lane, package), its = best < 0 ? -1 : suits(segment, (unsigned)best, package);

	return mine > its || (mine == its && atomic_load(&pc_segment_lane(segment, lane)->rank) <
					     atomic_load(&pc_segment_lane(segment, (unsigned)best)->rank));
}

void pc_place_elect(struct pc_segment *segment)
{
	for (unsigned package = 0; package < segment->packages; package++) {
		int best = -1;

		for (unsigned i = 0; i < segment->ranks; i++)
			if (atomic_load(&pc_segment_lane(segment, i)->state) == PC_LANE_USED &&
			    better(segment, i, best, package))
				best = (int)i;
		atomic_store(&pc_segment_package(segment, package)->leader, best);
	}
}

void pc_place_volunteer(struct pc_segment *segment, unsigned index)
{
	struct pc_lane *lane = pc_segment_lane(segment, index);

	for (unsigned i = 0; i < segment->packages; i++) {
		int none = -1;

		if (atomic_load(&lane->packages) >> i & 1 || atomic_load(&lane->rank) <= 0)
			atomic_compare_exchange_strong(&pc_segment_package(segment, i)->leader, &none, (int)index);
	}
}

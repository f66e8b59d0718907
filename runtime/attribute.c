/* SPDX-License-Identifier: BSD-3-Clause */

/* What a package spent, divided over what its ranks did meanwhile (I9). */

#include <string.h>

#include "leader.h"
#include "share.h"

#define relaxed memory_order_relaxed

static int used(const struct pc_lane *lane)
{
	return atomic_load_explicit(&lane->state, memory_order_acquire) != PC_LANE_FREE;
}

static void see(const struct pc_lane *lane, uint64_t now_ns, unsigned count, struct pc_seen *seen)
{
	seen->epoch = atomic_load_explicit(&lane->epoch, relaxed);
	pc_lane_snapshot(lane, now_ns, count, seen->time_ns);
}

void pc_attribute_from(const struct pc_segment *segment, uint64_t now_ns, struct pc_seen *seen)
{
	for (unsigned i = 0; i < segment->lanes; i++)
		if (used(pc_segment_lane(segment, i)))
			see(pc_segment_lane(segment, i), now_ns, PC_PHASE_MAX, &seen[i]);
}

/*
 * Time per phase since the call before, into time[].  A snapshot may lie a little behind what it
 * said before (the lane's owner read its clock first and published later): such a phase
 * waits until it has caught up, so that nothing is counted twice.  A lane with another owner
 * than before begins anew; what it holds of its former ones may be of other packages.
 */
static void since_seen(const struct pc_lane *lane, uint64_t now_ns, unsigned count, struct pc_seen *seen,
		       uint64_t *time)
{
	uint32_t epoch = atomic_load_explicit(&lane->epoch, relaxed);
	uint64_t now[PC_PHASE_MAX];

	if (epoch != seen->epoch && epoch > 1)
		see(lane, now_ns, PC_PHASE_MAX, seen);
	seen->epoch = epoch;
	pc_lane_snapshot(lane, now_ns, count, now);
	for (unsigned i = 0; i < count; i++) {
		time[i] = now[i] > seen->time_ns[i] ? now[i] - seen->time_ns[i] : 0;
		seen->time_ns[i] += time[i];
	}
}

struct threads {
	unsigned count;
	unsigned lane[PC_SEGMENT_SPARE_LANES];
};

static void find_threads(const struct pc_segment *segment, struct threads *threads)
{
	threads->count = 0;
	for (unsigned i = segment->ranks; i < segment->lanes; i++)
		if (used(pc_segment_lane(segment, i)))
			threads->lane[threads->count++] = i;
}

static int same_rank(const struct pc_lane *a, const struct pc_lane *b)
{
	return atomic_load_explicit(&a->pid, relaxed) == atomic_load_explicit(&b->pid, relaxed);
}

/* Adds what the rank's further threads did inside phases; outside them they do not count. */
static void add_threads(struct pc_segment *segment, const struct threads *threads, const struct pc_lane *first,
			uint64_t now_ns, unsigned count, struct pc_seen *seen, uint64_t *time)
{
	uint64_t more[PC_PHASE_MAX];

	for (unsigned i = 0; i < threads->count; i++) {
		const struct pc_lane *lane = pc_segment_lane(segment, threads->lane[i]);

		if (!same_rank(lane, first))
			continue;
		since_seen(lane, now_ns, count, &seen[threads->lane[i]], more);
		for (unsigned phase = 1; phase < count; phase++)
			time[phase] += more[phase];
	}
}

static void weigh(struct pc_segment *segment, unsigned package, uint64_t now_ns, unsigned count, struct pc_seen *seen,
		  uint64_t *weight)
{
	uint64_t time[PC_PHASE_MAX];
	struct threads threads;

	find_threads(segment, &threads);
	memset(weight, 0, count * sizeof *weight);
	for (unsigned i = 0; i < segment->ranks; i++) {
		const struct pc_lane *lane = pc_segment_lane(segment, i);

		if (!used(lane) || !(atomic_load_explicit(&lane->packages, relaxed) >> package & 1))
			continue;
		since_seen(lane, now_ns, count, &seen[i], time);
		add_threads(segment, &threads, lane, now_ns, count, seen, time);
		pc_share_rank(time, count, weight);
	}
}

static void add(_Atomic uint64_t *to, uint64_t value)
{
	if (value)
		atomic_store_explicit(to, atomic_load_explicit(to, relaxed) + value, relaxed);
}

void pc_attribute(struct pc_segment *segment, unsigned package, uint64_t now_ns, const struct pc_spent *spent,
		  struct pc_seen *seen)
{
	struct pc_package_record *record = pc_segment_package(segment, package);
	unsigned count = pc_segment_phase_count(segment);
	uint64_t weight[PC_PHASE_MAX], part[PC_PHASE_MAX];
	const struct { uint64_t total; size_t offset; } kind[] = {
		{ spent->package_uj, offsetof(struct pc_package_share, package_uj) },
		{ spent->dram_uj, offsetof(struct pc_package_share, dram_uj) },
		{ spent->allowed_uj, offsetof(struct pc_package_share, allowed_uj) },
		{ spent->time_ns, offsetof(struct pc_package_share, time_ns) },
	};

	weigh(segment, package, now_ns, count, seen, weight);
	for (unsigned k = 0; k < sizeof kind / sizeof *kind; k++) {
		if (!kind[k].total)
			continue;
		pc_share_divide(kind[k].total, weight, count, part);
		for (unsigned i = 0; i < count; i++)
			add((_Atomic uint64_t *)(void *)((char *)&record->share[i] + kind[k].offset), part[i]);
	}
}

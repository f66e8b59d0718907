/* SPDX-License-Identifier: BSD-3-Clause */

/* A process's part in its node: its packages, its lead, its seat in the plant; and leaving. */

#include <errno.h>
#include <sched.h>
#include <time.h>

#include "core.h"
#include "place.h"

#define PATIENCE_MS 1000

static void pause_ms(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* One process per node loads hwloc for the others' sake; on the simulated node nobody needs to. */
void pc_core_map(void)
{
	_Atomic uint32_t *state = &pc_core.segment->map_state;
	uint32_t none = PC_MAP_NONE;
	struct pc_error error;

	if (pc_place_plant(pc_core.segment) || !atomic_compare_exchange_strong(state, &none, PC_MAP_BUSY))
		return;
	if (pc_core_load_node(&error) || pc_core.node->map(pc_core.segment, &error))
		pc_core_say(PC_SAID_POWER, "energy and limits are not available: %s", error.text);
	atomic_store(state, PC_MAP_READY);
}

/* Another process may be loading hwloc just now.  If it takes too long, this one counts as unbound. */
static void wait_for_map(void)
{
	for (int i = 0; i < PATIENCE_MS && atomic_load(&pc_core.segment->map_state) == PC_MAP_BUSY; i++)
		pause_ms();
}

/* Takes part in the simulated node, where there is one. */
static int sit(unsigned rank, unsigned ranks, struct pc_error *error)
{
	const char *plant = pc_place_plant(pc_core.segment);

	if (!plant)
		return 0;
	if (pc_core_load_node(error))
		return -1;
	return pc_core.node->sit(&pc_core.seat, plant, rank, ranks, error);
}

void pc_core_take_up(unsigned rank, unsigned ranks)
{
	struct pc_error error;

	if (sit(rank, ranks, &error))
		pc_core_say(PC_SAID_POWER, "ranks do not slow down under the cap: %s", error.text);
	if (!pc_place_leads(pc_core.segment, (unsigned)pc_core.lane))
		return;
	if (pc_core_load_node(&error) || pc_core.node->lead(&pc_core.leader, pc_core.segment, pc_core.lane, &error))
		pc_core_say(PC_SAID_POWER, "energy and limits are not available: %s", error.text);
	else
		atomic_store(&pc_core.due_ns, 0);
}

void pc_core_settle_alone(void)
{
	unsigned ranks = pc_core.segment->ranks, rank = pc_core.rank < 0 ? 0 : (unsigned)pc_core.rank % ranks;

	pc_core_map();
	wait_for_map();
	pc_place(pc_core.segment, (unsigned)pc_core.lane, ranks);
	pc_place_volunteer(pc_core.segment, (unsigned)pc_core.lane);
	pc_core_take_up(rank, ranks);
}

/* Another thread may be in the middle of a sample.  Its flag then stays up: there are no more samples. */
void pc_core_retire(void)
{
	atomic_store(&pc_core.due_ns, UINT64_MAX);
	for (int i = 0; atomic_flag_test_and_set(&pc_core.sampling); i++) {
		if (i == PATIENCE_MS)
			return;
		pause_ms();
	}
	if (pc_core.leader)
		pc_core.node->retire(pc_core.leader);
	pc_core.leader = NULL;
}

void pc_core_leave(void)
{
	struct pc_plant_seat *seat = pc_core.seat;

	atomic_store(&pc_core.state, PC_CORE_DONE);
	pc_core.seat = NULL;
	if (seat)
		pc_core.node->rise(seat);
	pc_segment_release(pc_core.segment, (unsigned)pc_core.lane, pc_now_ns());
	pc_core.last = atomic_fetch_sub(&pc_core.segment->active, 1) == 1;
}

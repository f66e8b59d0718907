/* SPDX-License-Identifier: BSD-3-Clause */

/* All ranks together, at MPI_Init and MPI_Finalize.  Every rank goes through the same
 * collective calls, whether or not it has a segment. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"
#include "place.h"

/* Into path, its name; the others of the node open it by that. */
static int make_in(const char *place, const struct pc_segment_config *config, char *path, size_t size,
		   struct pc_error *error)
{
	int directory = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC), result;
	char name[32];

	if (directory < 0)
		return pc_fail(error, errno, "%s: %s", place, strerror(errno));
	snprintf(name, sizeof name, "phasecap-%d", (int)getpid());
	snprintf(path, size, "%s/%s", place, name);
	result = pc_segment_create(directory, name, geteuid(), config, error);
	close(directory);
	return result;
}

static void make_shared(const struct pc_world *world, char *path, size_t size)
{
	struct pc_segment_config config = { .ranks = (unsigned)world->node_size, .node = (uint32_t)world->node_index };
	struct pc_decision decision = { 0 };
	struct pc_error error;

	if (!pc_core_decide(&config, &decision, &error) && (!make_in("/dev/shm", &config, path, size, &error) ||
							     !make_in("/tmp", &config, path, size, &error)))
		return;
	*path = '\0';
	pc_core_give_up(&error);
}

/* The segment at path takes the place of the process's own. */
static void change_segment(const char *path, int rank)
{
	struct pc_segment *segment;
	struct pc_error error;

	if (pc_segment_map(&segment, path, &error)) {
		pc_core_give_up(&error);
		return;
	}
	pc_core.segment = segment;
	pc_core.own = false;
	if (pc_core_join(rank, &error))
		pc_core_give_up(&error);
	else
		atomic_fetch_add(&pc_core.generation, 1);
}

/* Without Slurm the node's first rank makes the segment; the others map it before its name goes
 * away. */
static void share_segment(const struct pc_world *world)
{
	bool wanted = pc_core_is_on() && pc_core.own;
	char path[64] = "";

	if (wanted && world->node_rank == 0)
		make_shared(world, path, sizeof path);
	if (world->node_share(world->self, path, sizeof path))
		*path = '\0';
	if (wanted && *path)
		change_segment(path, world->node_rank);
	else if (wanted)
		atomic_store(&pc_core.state, PC_CORE_OFF);
	world->node_barrier(world->self);
	if (*path && world->node_rank == 0)
		unlink(path);
}

static void introduce(const struct pc_world *world)
{
	struct pc_lane *lane = pc_segment_lane(pc_core.segment, (unsigned)pc_core.lane);

	pc_core.rank = world->node_rank;
	atomic_store(&lane->rank, world->node_rank);
	atomic_store(&lane->world_rank, world->rank);
	atomic_store(&pc_core.segment->ranks_seen, (uint32_t)world->node_size);
}

/* Each barrier separates what one rank writes from what others read. */
static void settle(const struct pc_world *world)
{
	bool on = pc_core_is_on(), first = on && world->node_rank == 0;

	if (on)
		introduce(world);
	if (first)
		pc_core_map();
	world->node_barrier(world->self);
	if (on)
		pc_place(pc_core.segment, (unsigned)pc_core.lane, (unsigned)world->node_size);
	world->node_barrier(world->self);
	if (first)
		pc_place_elect(pc_core.segment);
	world->node_barrier(world->self);
	if (on)
		pc_core_take_up((unsigned)world->node_rank, (unsigned)world->node_size);
}

bool pm_phase_private_join(int *node)
{
	bool on = pc_thread_self() != NULL;

	*node = on ? (int)(pc_core.segment->node & INT_MAX) : 0;
	return on;
}

void pm_phase_private_start(const struct pc_world *world)
{
	pc_core.has_world = true;
	pc_thread_self();
	share_segment(world);
	settle(world);
	pc_thread_self();
	world->elect(world->self, pc_core.leader != NULL);
}

static void write_report(const struct pc_world *world, char *all, const int *size)
{
	char **node = calloc((size_t)world->size, sizeof *node);
	struct pc_error error = { "no memory" };
	unsigned count = 0;

	for (int i = 0; node && i < world->size; i++) {
		if (size[i]) {
			node[count++] = all;
			all[size[i] - 1] = '\0';
		}
		all += size[i];
	}
	if (count && (pc_core_load_node(&error) ||
		      pc_core.node->report_step(node, count, pc_core_variable("PM_PHASE_REPORT"), &error)))
		pc_core_say(PC_SAID_REPORT, "no report: %s", error.text);
	free(node);
}

/* The order: nobody works any more, leaders look a last time, the node's first rank tells. */
void pm_phase_private_finish(const struct pc_world *world)
{
	bool on = pc_core_is_on();
	struct pc_error error;
	char *mine = NULL, *all = NULL;
	int *size = NULL;

	pm_phase_private_mpi_enter();
	world->node_barrier(world->self);
	pm_phase_private_mpi_exit();
	if (on) {
		pc_core_retire();
		pc_core_leave();
	}
	world->node_barrier(world->self);
	if (on && world->node_rank == 0 &&
	    (pc_core_load_node(&error) || !(mine = pc_core.node->report_node(pc_core.segment, &error))))
		pc_core_say(PC_SAID_REPORT, "no report: %s", error.text);
	if (!world->gather(world->self, mine, mine ? (int)strlen(mine) + 1 : 0, &all, &size) && world->rank == 0)
		write_report(world, all, size);
	free(mine);
	free(all);
	free(size);
}

/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * The MPI part: wrappers over the profiling interface, and the runtime's few own
 * collectives.  The only file that knows mpi.h; built once for each MPI.
 *
 * Our own messages travel in duplicates of MPI_COMM_WORLD, so that they can never
 * meet the program's; errors in them are returned, never fatal.
 */

#include <limits.h>
#include <mpi.h>
#include <stdlib.h>

#include "core.h"
#include "mpi_calls.h"

struct comms {
	MPI_Comm world, node, leaders;
};

static struct comms comms = { MPI_COMM_NULL, MPI_COMM_NULL, MPI_COMM_NULL };
static struct pc_world world;

static int ok(int code)
{
	return code == MPI_SUCCESS ? 0 : -1;
}

static int node_barrier(void *self)
{
	struct comms *mine = self;

	return ok(PMPI_Barrier(mine->node));
}

static int node_share(void *self, void *bytes, int size)
{
	struct comms *mine = self;

	return ok(PMPI_Bcast(bytes, size, MPI_BYTE, 0, mine->node));
}

/* Where each rank's bytes begin; -1 where MPI's int cannot count them. */
static int displace(const int *size, int count, int *offset)
{
	long long total = 0;

	for (int i = 0; i < count; i++) {
		offset[i] = (int)total;
		total += size[i];
		if (total > INT_MAX)
			return -1;
	}
	return 0;
}

static int gather(void *self, const char *bytes, int size, char **all, int **sizes)
{
	struct comms *mine = self;
	int *offset = NULL, fits = 1, count = world.rank ? 0 : world.size;

	*all = NULL;
	*sizes = calloc((size_t)count + 1, sizeof **sizes);
	offset = calloc((size_t)count + 1, sizeof *offset);
	if (ok(PMPI_Gather(&size, 1, MPI_INT, *sizes, 1, MPI_INT, 0, mine->world)))
		fits = 0;
	if (world.rank == 0 && fits) {
		fits = *sizes && offset && !displace(*sizes, count, offset);
		*all = fits ? malloc((size_t)offset[count - 1] + (size_t)(*sizes)[count - 1] + 1) : NULL;
		fits = *all != NULL;
	}
	/* All ranks must know before they send. */
	if (ok(PMPI_Bcast(&fits, 1, MPI_INT, 0, mine->world)) || !fits ||
	    ok(PMPI_Gatherv(bytes, size, MPI_CHAR, *all, *sizes, offset, MPI_CHAR, 0, mine->world))) {
		free(*all);
		free(*sizes);
		*all = NULL;
		*sizes = NULL;
		fits = 0;
	}
	free(offset);
	return fits ? 0 : -1;
}

static int elect(void *self, bool leads)
{
	struct comms *mine = self;

	return ok(PMPI_Comm_split(mine->world, leads ? 0 : MPI_UNDEFINED, world.rank, &mine->leaders));
}

/* This node's place among the nodes, told by each node's first rank. */
static int node_index(void)
{
	int index = 0, first = world.node_rank == 0;

	PMPI_Exscan(&first, &index, 1, MPI_INT, MPI_SUM, comms.world);
	if (world.rank == 0)
		index = 0;
	PMPI_Bcast(&index, 1, MPI_INT, 0, comms.node);
	return index;
}

/* Ranks that share memory; two nodes simulated on one machine may, and are two all the same.  A rank
 * without a segment cannot be the one that works for its node, so it goes behind the others. */
static int split_node(void)
{
	MPI_Comm sharing;
	int result, node;
	bool on = pm_phase_private_join(&node);

	if (ok(PMPI_Comm_split_type(comms.world, MPI_COMM_TYPE_SHARED, world.rank, MPI_INFO_NULL, &sharing)))
		return -1;
	result = ok(PMPI_Comm_split(sharing, node, on ? world.rank : INT_MAX, &comms.node));
	PMPI_Comm_free(&sharing);
	return result;
}

static int make_comms(void)
{
	if (ok(PMPI_Comm_dup(MPI_COMM_WORLD, &comms.world)))
		return -1;
	PMPI_Comm_set_errhandler(comms.world, MPI_ERRORS_RETURN);
	PMPI_Comm_rank(comms.world, &world.rank);
	PMPI_Comm_size(comms.world, &world.size);
	if (split_node())
		return -1;
	PMPI_Comm_set_errhandler(comms.node, MPI_ERRORS_RETURN);
	PMPI_Comm_rank(comms.node, &world.node_rank);
	PMPI_Comm_size(comms.node, &world.node_size);
	return 0;
}

/* A program that asks for no runtime gets no communicators of ours either. */
static void start(void)
{
	if (!pm_phase_private_wanted() || make_comms())
		return;
	world.self = &comms;
	world.node_index = node_index();
	world.node_barrier = node_barrier;
	world.node_share = node_share;
	world.gather = gather;
	world.elect = elect;
	pm_phase_private_start(&world);
}

static void free_comm(MPI_Comm *comm)
{
	if (*comm != MPI_COMM_NULL)
		PMPI_Comm_free(comm);
}

static void finish(void)
{
	if (world.self)
		pm_phase_private_finish(&world);
	world.self = NULL;
	free_comm(&comms.leaders);
	free_comm(&comms.node);
	free_comm(&comms.world);
}

__attribute__((constructor)) static void loaded(void)
{
	pm_phase_private_expect();
}

int MPI_Init(int *argc, char ***argv)
{
	int code = PMPI_Init(argc, argv);

	if (code == MPI_SUCCESS)
		start();
	return code;
}

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided)
{
	int code = PMPI_Init_thread(argc, argv, required, provided);

	if (code == MPI_SUCCESS)
		start();
	return code;
}

int MPI_Finalize(void)
{
	finish();
	return PMPI_Finalize();
}

#define PC_MPI_WRAPPER(name, parameters, arguments) \
	int MPI_##name parameters \
	{ \
		int code; \
		pm_phase_private_mpi_enter(); \
		code = PMPI_##name arguments; \
		pm_phase_private_mpi_exit(); \
		return code; \
	}
PC_MPI_CALLS(PC_MPI_WRAPPER)

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_CORE_H
#define PHASECAP_CORE_H

/*
 * Inside libpm_phase.  thread.c keeps the stacks; phase.c is the path of a boundary; attach.c finds the segment;
 * settle.c gives the process its part in the node; world.c does this for all ranks together, driven
 * by the MPI part (mpi_glue.c) through the pm_phase_private_ calls.  What needs hwloc, a
 * back end or JSON is in the node module (node.h), which only those processes load that need it.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "node.h"
#include "pm_phase.h"
#include "segment.h"

/* What the core asks of MPI; each call is collective over the group it names and returns 0 or -1. */
struct pc_world {
	int rank, size;          /* in MPI_COMM_WORLD */
	int node_rank, node_size;
	int node_index;          /* of this node among the nodes, by lowest rank */
	void *self;
	int (*node_barrier)(void *self);
	/* From the node's first rank to all of the node's. */
	int (*node_share)(void *self, void *bytes, int size);
	/* Over all ranks.  On rank 0 *all is every rank's bytes in rank order, to be freed,
	 * and size[rank] says how many each gave. */
	int (*gather)(void *self, const char *bytes, int size, char **all, int **sizes);
	/* Over all ranks: makes the leaders' communicator. */
	int (*elect)(void *self, bool leads);
};

enum pc_core_state {
	PC_CORE_NEW,             /* nobody has asked yet */
	PC_CORE_OFF,             /* no runtime, or given up: calls do nothing */
	PC_CORE_ON,
	PC_CORE_DONE             /* after MPI_Finalize */
};

struct pc_core {
	_Atomic int state;
	_Atomic unsigned generation; /* counts segments; a thread's stack is of one of them */
	struct pc_segment *segment;
	bool own;                /* the segment is this process's own memory */
	bool expects_world;      /* the MPI part is loaded */
	bool has_world;
	bool last;               /* this process was the node's last to leave */
	int lane;                /* of the first thread */
	int rank, ranks;         /* on the node */
	_Atomic uint64_t due_ns; /* when the leader's next sample is due; UINT64_MAX: no leader */
	atomic_flag sampling;
	const struct pc_node_ops *node;
	struct pc_leader *leader;
	struct pc_plant_seat *seat;
};

extern struct pc_core pc_core;

/* One thread's stack of phases. */
struct pc_thread {
	unsigned generation;
	bool first;              /* the rank's first thread */
	int lane_index;          /* -1: none was free, its time is not booked */
	struct pc_lane *lane;
	unsigned depth;          /* can exceed what phase[] holds */
	unsigned late;           /* begun after MPI_Finalize and still open */
	unsigned mpi_depth;
	uint32_t phase[PM_PHASE_DEPTH_MAX];
	struct pc_segment *segment;
};

/* thread.c */
uint64_t pc_now_ns(void);        /* CLOCK_MONOTONIC */
/* This thread's stack, made at first use; NULL where there is no runtime. */
struct pc_thread *pc_thread_self(void);
/* The same without making one, and also after MPI_Finalize. */
struct pc_thread *pc_thread_known(void);
/* Forgets the calling thread's stack: after fork. */
void pc_thread_forget(void);
uint32_t pc_thread_innermost(const struct pc_thread *thread);
/* A phase of that name; says so where the tree is full. */
uint32_t pc_thread_intern(struct pc_segment *segment, uint32_t parent, const char *name);
/* The calling thread's innermost phase, into name; false where there is none. */
bool pc_thread_open_phase(char name[PC_PHASE_NAME_MAX + 1]);

/* attach.c: finds and joins the segment, once per process. */
void pc_core_attach(void);
/* Claims a lane for this process. */
int pc_core_join(int rank, struct pc_error *error) PC_WARN_UNUSED;
/* Fills config and decision from what the node has, for a segment made without root. */
int pc_core_decide(struct pc_segment_config *config, struct pc_decision *decision,
		   struct pc_error *error) PC_WARN_UNUSED;

/* settle.c: each says itself what is wrong.  Sees to the map of PUs to packages. */
void pc_core_map(void);
/* Takes the rank's seat in the plant and its leads. */
void pc_core_take_up(unsigned rank, unsigned ranks);
/* All that a process without MPI does of this. */
void pc_core_settle_alone(void);
/* Ends sampling, with a last sample; then pc_core_leave() ends the rest. */
void pc_core_retire(void);
void pc_core_leave(void);

/* surroundings.c */
const char *pc_core_variable(const char *name);      /* of the environment; NULL where it is empty */
int pc_core_launcher_rank(void);
int pc_core_load_node(struct pc_error *error) PC_WARN_UNUSED;
/* One line on stderr, once per node (what) or, where there is no segment, by the node's first rank. */
void pc_core_say(enum pc_said what, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* From now on there is no runtime, and why. */
void pc_core_give_up(const struct pc_error *error);

static inline bool pc_core_is_on(void)
{
	return atomic_load(&pc_core.state) == PC_CORE_ON;
}

/* For the MPI part; exported, but nobody else's to call. */
PM_PHASE_EXPORT void pm_phase_private_expect(void);
PM_PHASE_EXPORT bool pm_phase_private_wanted(void);  /* the environment asks for a runtime */
/* Joins the step's segment; false where that failed.  *node is the node's index in the job by the
 * segment: ranks with different ones are on different nodes, even where they share memory. */
PM_PHASE_EXPORT bool pm_phase_private_join(int *node);
PM_PHASE_EXPORT void pm_phase_private_start(const struct pc_world *world);
PM_PHASE_EXPORT void pm_phase_private_finish(const struct pc_world *world);
PM_PHASE_EXPORT void pm_phase_private_mpi_enter(void);
PM_PHASE_EXPORT void pm_phase_private_mpi_exit(void);

#endif

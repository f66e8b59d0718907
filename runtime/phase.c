/* SPDX-License-Identifier: BSD-3-Clause */

/* The way of a boundary, and the calls that programs make. */

#include <errno.h>
#include <string.h>

#include "core.h"

#define relaxed memory_order_relaxed
#define MEASURED_EVERY 64        /* boundaries; two clock reads at each would double its price */

static void sample_if_due(uint64_t now)
{
	struct pc_error error;
	int failed = 0;

	if (now < atomic_load_explicit(&pc_core.due_ns, relaxed) || atomic_flag_test_and_set(&pc_core.sampling))
		return;
	atomic_store(&pc_core.due_ns, pc_core.node->sample(pc_core.leader, now, &failed, &error));
	atomic_flag_clear(&pc_core.sampling);
	if (failed)
		pc_core_say(PC_SAID_SAMPLE, "%s", error.text);
}

/*
 * One boundary: the thread is in phase `to` from now on.  On the simulated node the work that ends
 * here is paid first, so that the times are the plant's.
 */
static void move(struct pc_thread *thread, uint32_t to, bool in_mpi, bool entered)
{
	struct pc_lane *lane = thread->lane;
	uint64_t now, count;

	if (thread->first && pc_core.seat)
		pc_core.node->work(pc_core.seat, in_mpi ? NULL : pc_core.segment->phase[to].name);
	now = pc_now_ns();
	if (lane) {
		pc_lane_move(lane, now, to, in_mpi, entered);
		count = atomic_load_explicit(&lane->boundaries, relaxed) + 1;
		atomic_store_explicit(&lane->boundaries, count, relaxed);
		if (count % MEASURED_EVERY == 0)
			atomic_store_explicit(&lane->boundary_ns, atomic_load_explicit(&lane->boundary_ns, relaxed) +
					      pc_now_ns() - now, relaxed);
	}
	sample_if_due(now);
}

static int fail(int code)
{
	errno = code;
	return -1;
}

/* After MPI_Finalize nothing is counted any more, but a phase that is open then may still be
 * ended, or forgotten. */
static int begin_late(void)
{
	struct pc_thread *thread = pc_thread_known();

	if (thread)
		thread->late++;
	return 0;
}

static int end_late(void)
{
	struct pc_thread *thread = pc_thread_known();

	if (thread && thread->late)
		thread->late--;
	else if (thread && thread->depth)
		thread->depth--;
	return 0;
}

int pm_phase_begin(const char *name)
{
	struct pc_thread *thread;
	uint32_t phase;

	if (!name || !*name)
		return fail(EINVAL);
	thread = pc_thread_self();
	if (!thread)
		return begin_late();
	if (thread->depth >= PM_PHASE_DEPTH_MAX) {
		thread->depth++;
		pc_core_say(PC_SAID_DEPTH, "phase \"%.*s\": more than %d phases inside each other: the time goes "
			    "to the innermost that fitted", PC_PHASE_NAME_MAX, name, PM_PHASE_DEPTH_MAX);
		return fail(ENOSPC);
	}
	phase = pc_thread_intern(thread->segment, pc_thread_innermost(thread), name);
	thread->phase[thread->depth++] = phase;
	move(thread, phase, thread->mpi_depth > 0, true);
	return 0;
}

static int leave(struct pc_thread *thread)
{
	if (thread->depth-- <= PM_PHASE_DEPTH_MAX)
		move(thread, pc_thread_innermost(thread), thread->mpi_depth > 0, false);
	return 0;
}

int pm_phase_end(void)
{
	struct pc_thread *thread = pc_thread_self();

	if (!thread)
		return end_late();
	if (!thread->depth) {
		pc_core_say(PC_SAID_UNBALANCED, "pm_phase_end() without a phase: more ends than begins");
		return fail(EINVAL);
	}
	return leave(thread);
}

int pm_phase_end_named(const char *name)
{
	char open[PC_PHASE_NAME_MAX + 1];
	struct pc_thread *thread;

	if (!name || !*name)
		return fail(EINVAL);
	thread = pc_thread_self();
	if (!thread)
		return end_late();
	if (!pc_thread_open_phase(open)) {
		pc_core_say(PC_SAID_UNBALANCED, "end of phase \"%.*s\", which was not begun",
			    PC_PHASE_NAME_MAX, name);
		return fail(EINVAL);
	}
	if (thread->depth <= PM_PHASE_DEPTH_MAX && strncmp(open, name, PC_PHASE_NAME_MAX)) {
		pc_core_say(PC_SAID_MISMATCH, "end of phase \"%.*s\" inside phase \"%s\", which is still open",
			    PC_PHASE_NAME_MAX, name, open);
		return fail(EINVAL);
	}
	return leave(thread);
}

int pm_phase_iteration(void)
{
	struct pc_thread *thread = pc_thread_self();

	if (thread && thread->lane)
		atomic_store_explicit(&thread->lane->iterations,
				      atomic_load_explicit(&thread->lane->iterations, relaxed) + 1, relaxed);
	return 0;
}

/* A wrapped call may call wrapped calls (I/O libraries, Fortran over C): the outermost counts. */
void pm_phase_private_mpi_enter(void)
{
	struct pc_thread *thread = pc_thread_self();

	if (thread && thread->mpi_depth++ == 0)
		move(thread, pc_thread_innermost(thread), true, false);
}

void pm_phase_private_mpi_exit(void)
{
	struct pc_thread *thread = pc_thread_self();

	if (thread && thread->mpi_depth && --thread->mpi_depth == 0)
		move(thread, pc_thread_innermost(thread), false, false);
}

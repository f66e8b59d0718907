/* SPDX-License-Identifier: BSD-3-Clause */

/* Threads and their stacks of phases. */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core.h"

#define relaxed memory_order_relaxed

static _Thread_local struct pc_thread *self __attribute__((tls_model("initial-exec")));
static pthread_key_t thread_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool have_key;
static _Atomic unsigned threads;

uint64_t pc_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void thread_gone(void *arg)
{
	struct pc_thread *thread = arg;

	self = NULL;
	if (thread->lane && !thread->first && thread->generation == pc_core.generation)
		pc_segment_release(thread->segment, (unsigned)thread->lane_index, pc_now_ns());
	free(thread);
}

static void first_use(void)
{
	have_key = !pthread_key_create(&thread_key, thread_gone);
	pc_core_attach();
}

void pc_thread_forget(void)
{
	free(self);
	self = NULL;
	if (have_key)
		pthread_setspecific(thread_key, NULL);
}

/* The first thread that comes speaks for the rank; the others take spare lanes. */
static void take_lane(struct pc_thread *thread, unsigned number)
{
	thread->first = number == 0;
	thread->segment = pc_core.segment;
	thread->generation = atomic_load(&pc_core.generation);
	if (thread->first)
		thread->lane_index = pc_core.lane;
	else
		thread->lane_index = pc_segment_claim(pc_core.segment, pc_core.rank, number, getpid(), pc_now_ns());
	thread->lane = thread->lane_index < 0 ? NULL
		: pc_segment_lane(pc_core.segment, (unsigned)thread->lane_index);
	if (!thread->lane)
		pc_core_say(PC_SAID_LANES_FULL, "more than %d threads mark phases: the time of the others "
			    "is not counted", PC_SEGMENT_SPARE_LANES);
	else if (!thread->first)
		atomic_store(&thread->lane->packages,
			     atomic_load(&pc_segment_lane(pc_core.segment, (unsigned)pc_core.lane)->packages));
}

static struct pc_thread *new_thread(void)
{
	struct pc_thread *thread;

	if (!have_key)
		return NULL;
	thread = calloc(1, sizeof *thread);
	if (!thread || pthread_setspecific(thread_key, thread)) {
		free(thread);
		return NULL;
	}
	take_lane(thread, atomic_fetch_add(&threads, 1));
	self = thread;
	return thread;
}

uint32_t pc_thread_intern(struct pc_segment *segment, uint32_t parent, const char *name)
{
	int full;
	uint32_t phase = pc_segment_intern(segment, parent, name, &full);

	if (full)
		pc_core_say(PC_SAID_PHASES_FULL, "more than %d different phases: the time of the others is "
			    "counted as " PC_PHASE_OTHER_NAME, PC_PHASE_MAX - PC_PHASE_RESERVE);
	return phase;
}

/* The same path in another segment. */
static uint32_t carry_over(const struct pc_segment *from, struct pc_segment *to, uint32_t phase)
{
	uint32_t path[PC_PHASE_MAX];
	unsigned depth = 0;
	uint32_t there = PC_PHASE_ROOT;

	for (; phase != PC_PHASE_ROOT && depth < PC_PHASE_MAX; phase = pc_segment_phase_parent(from, phase))
		path[depth++] = phase;
	while (depth--)
		there = pc_thread_intern(to, there, from->phase[path[depth]].name);
	return there;
}

/* Books in the shared segment what the rank's first thread did before MPI_Init. */
static void carry_times(const struct pc_segment *from, const struct pc_thread *thread)
{
	struct pc_lane *old = pc_segment_lane(from, (unsigned)thread->lane_index);
	struct pc_lane *lane = pc_segment_lane(pc_core.segment, (unsigned)pc_core.lane);

	for (unsigned i = 0; i < pc_segment_phase_count(from); i++) {
		struct pc_lane_time *time = &lane->time[carry_over(from, pc_core.segment, i)];

		atomic_fetch_add(&time->count, old->time[i].count);
		atomic_fetch_add(&time->time_ns, old->time[i].time_ns);
	}
	atomic_fetch_add(&lane->boundaries, old->boundaries);
	atomic_fetch_add(&lane->boundary_ns, old->boundary_ns);
	atomic_fetch_add(&lane->iterations, old->iterations);
}

/* MPI_Init has brought another segment: the stack goes along. */
static void follow(struct pc_thread *thread)
{
	struct pc_segment *from = thread->segment;
	uint64_t now = pc_now_ns();
	unsigned depth = thread->depth < PM_PHASE_DEPTH_MAX ? thread->depth : PM_PHASE_DEPTH_MAX;

	for (unsigned i = 0; i < depth; i++)
		thread->phase[i] = carry_over(from, pc_core.segment, thread->phase[i]);
	if (thread->lane)
		pc_lane_move(thread->lane, now, PC_PHASE_ROOT, 0, 0);
	if (thread->first)
		carry_times(from, thread);
	take_lane(thread, !thread->first);
	if (thread->lane)
		pc_lane_move(thread->lane, now, depth ? thread->phase[depth - 1] : PC_PHASE_ROOT, 0, 0);
}

struct pc_thread *pc_thread_self(void)
{
	struct pc_thread *thread = self;

	if (atomic_load_explicit(&pc_core.state, memory_order_acquire) != PC_CORE_ON) {
		if (atomic_load_explicit(&pc_core.state, relaxed) == PC_CORE_NEW)
			pthread_once(&once, first_use);
		if (atomic_load_explicit(&pc_core.state, memory_order_acquire) != PC_CORE_ON)
			return NULL;
	}
	if (!thread)
		return new_thread();
	if (thread->generation != atomic_load_explicit(&pc_core.generation, relaxed))
		follow(thread);
	return thread;
}

uint32_t pc_thread_innermost(const struct pc_thread *thread)
{
	unsigned depth = thread->depth < PM_PHASE_DEPTH_MAX ? thread->depth : PM_PHASE_DEPTH_MAX;

	return depth ? thread->phase[depth - 1] : PC_PHASE_ROOT;
}

bool pc_thread_open_phase(char name[PC_PHASE_NAME_MAX + 1])
{
	const struct pc_phase_node *phase;

	if (!self || !self->depth)
		return false;
	phase = &self->segment->phase[pc_thread_innermost(self)];
	memcpy(name, phase->name, sizeof phase->name);
	name[PC_PHASE_NAME_MAX] = '\0';
	return true;
}

struct pc_thread *pc_thread_known(void)
{
	return self;
}

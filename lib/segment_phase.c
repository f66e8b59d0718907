/* SPDX-License-Identifier: BSD-3-Clause */

/* The moving parts of the segment: the tree of phases, lanes, and their times. */

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "segment.h"

#define relaxed memory_order_relaxed
#define INDEX_EMPTY 0
#define INDEX_BUSY 1
#define INDEX_BIAS 2             /* index entry = phase + 2 */
#define BUSY_TRIES 200
#define SNAPSHOT_TRIES 16

unsigned pc_segment_phase_count(const struct pc_segment *segment)
{
	uint32_t count = atomic_load_explicit(&segment->phase_count, memory_order_acquire);

	return count < 2 ? 2 : count > PC_PHASE_MAX ? PC_PHASE_MAX : count;
}

uint32_t pc_segment_phase_parent(const struct pc_segment *segment, uint32_t phase)
{
	uint32_t parent = segment->phase[phase].parent;

	return parent < phase ? parent : PC_PHASE_ROOT;
}

/* FNV-1a: short, and good enough for a few hundred names. */
static uint32_t hash_name(uint32_t parent, const char *name, size_t length)
{
	uint32_t hash = 2166136261u ^ (parent * 0x9e3779b9u);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	return hash ^ hash >> 15;
}

static int same_phase(const struct pc_phase_node *node, uint32_t parent, const char *name, size_t length)
{
	return node->parent == parent && node->length == length && !memcmp(node->name, name, length);
}

/* A new node, or 0 where the tree has no room for this kind of name. */
static uint32_t add_phase(struct pc_segment *segment, uint32_t parent, const char *name, size_t length,
			  unsigned room)
{
	uint32_t phase = atomic_load_explicit(&segment->phase_count, relaxed);

	do {
		if (phase >= room)
			return 0;
	} while (!atomic_compare_exchange_weak(&segment->phase_count, &phase, phase + 1));
	segment->phase[phase].parent = parent;
	segment->phase[phase].length = (uint32_t)length;
	memcpy(segment->phase[phase].name, name, length);
	return phase;
}

/* Somebody is making the phase of this place.  If he was stopped in the middle the wait ends
 * anyway: then the name gets a second node, and reports merge the two. */
static unsigned wait_made(_Atomic uint16_t *place)
{
	unsigned entry = INDEX_BUSY;

	for (int i = 0; i < BUSY_TRIES && entry == INDEX_BUSY; i++) {
		if (i > BUSY_TRIES / 2)
			sched_yield();
		entry = atomic_load_explicit(place, memory_order_acquire);
	}
	return entry;
}

/* The phase, made if need be; 0 where there is no room. */
static uint32_t find_or_add(struct pc_segment *segment, uint32_t parent, const char *name, size_t length,
			    unsigned room)
{
	uint32_t hash = hash_name(parent, name, length);

	for (unsigned i = 0; i < PC_PHASE_INDEX; i++) {
		_Atomic uint16_t *place = &segment->phase_index[(hash + i) % PC_PHASE_INDEX];
		uint16_t entry = atomic_load_explicit(place, memory_order_acquire);
		uint16_t empty = INDEX_EMPTY;
		uint32_t phase;

		if (entry == INDEX_EMPTY) {
			if (pc_segment_phase_count(segment) >= room)
				return 0;
			if (atomic_compare_exchange_strong(place, &empty, INDEX_BUSY)) {
				phase = add_phase(segment, parent, name, length, room);
				atomic_store_explicit(place, phase ? (uint16_t)(phase + INDEX_BIAS) : INDEX_EMPTY,
						      memory_order_release);
				return phase;
			}
			entry = empty;
		}
		if (entry == INDEX_BUSY)
			entry = (uint16_t)wait_made(place);
		phase = (uint32_t)entry - INDEX_BIAS;
		if (entry >= INDEX_BIAS && phase < PC_PHASE_MAX &&
		    same_phase(&segment->phase[phase], parent, name, length))
			return phase;
	}
	return 0;
}

uint32_t pc_segment_intern(struct pc_segment *segment, uint32_t parent, const char *name, int *full)
{
	uint32_t phase = find_or_add(segment, parent, name, strnlen(name, PC_PHASE_NAME_MAX),
				     PC_PHASE_MAX - PC_PHASE_RESERVE);

	*full = !phase;
	if (!phase && parent != PC_PHASE_ROOT)
		phase = find_or_add(segment, parent, PC_PHASE_OTHER_NAME, sizeof PC_PHASE_OTHER_NAME - 1, PC_PHASE_MAX);
	return phase ? phase : PC_PHASE_OTHER;
}

/* A lane whose process or thread has left may be taken again; what it holds goes on counting. */
static int take(struct pc_lane *lane, unsigned from)
{
	uint32_t state = from;

	return atomic_compare_exchange_strong(&lane->state, &state, PC_LANE_USED);
}

static int find_lane(struct pc_segment *segment, unsigned first, unsigned begin, unsigned end)
{
	static const unsigned order[] = { PC_LANE_FREE, PC_LANE_LEFT };

	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < end - begin; i++) {
			unsigned index = begin + (first - begin + i) % (end - begin);

			if (take(pc_segment_lane(segment, index), order[pass]))
				return (int)index;
		}
	errno = EUSERS;
	return -1;
}

int pc_segment_claim(struct pc_segment *segment, int rank, unsigned thread, pid_t pid, uint64_t now_ns)
{
	unsigned begin = thread ? segment->ranks : 0;
	unsigned end = thread ? segment->lanes : segment->ranks;
	unsigned first = !thread && rank >= 0 ? (unsigned)rank % segment->ranks : begin;
	int index = find_lane(segment, first, begin, end);
	struct pc_lane *lane;
	uint64_t none = 0;

	if (index < 0)
		return -1;
	lane = pc_segment_lane(segment, (unsigned)index);
	atomic_store_explicit(&lane->pid, pid, relaxed);
	atomic_store_explicit(&lane->rank, rank, relaxed);
	atomic_store_explicit(&lane->world_rank, rank, relaxed);
	atomic_store_explicit(&lane->thread, thread, relaxed);
	atomic_store_explicit(&lane->phase, PC_PHASE_ROOT, relaxed);
	atomic_store_explicit(&lane->in_mpi, 0, relaxed);
	atomic_fetch_add(&lane->epoch, 1);
	/* Even, also where a process died in the middle of a write. */
	atomic_store_explicit(&lane->sequence, (atomic_load(&lane->sequence) + 1) & ~1u, relaxed);
	atomic_store_explicit(&lane->since_ns, now_ns, memory_order_release);
	atomic_compare_exchange_strong(&segment->start_ns, &none, now_ns);
	return index;
}

void pc_segment_release(struct pc_segment *segment, unsigned index, uint64_t now_ns)
{
	struct pc_lane *lane = pc_segment_lane(segment, index);

	pc_lane_move(lane, now_ns, PC_PHASE_ROOT, 0, 0);
	atomic_store(&segment->end_ns, now_ns);
	atomic_store_explicit(&lane->state, PC_LANE_LEFT, memory_order_release);
}

int pc_segment_say(struct pc_segment *segment, enum pc_said what)
{
	return !(atomic_fetch_or(&segment->said, (uint32_t)what) & (uint32_t)what);
}

/* One writer: no read-modify-write instruction is needed. */
static inline void add(_Atomic uint64_t *to, uint64_t value)
{
	atomic_store_explicit(to, atomic_load_explicit(to, relaxed) + value, relaxed);
}

void pc_lane_move(struct pc_lane *lane, uint64_t now_ns, uint32_t to, int in_mpi, int entered)
{
	uint32_t sequence = atomic_load_explicit(&lane->sequence, relaxed);
	struct pc_lane_time *time = &lane->time[atomic_load_explicit(&lane->phase, relaxed) % PC_PHASE_MAX];
	uint64_t since = atomic_load_explicit(&lane->since_ns, relaxed);
	uint64_t spent = now_ns > since ? now_ns - since : 0;

	atomic_store_explicit(&lane->sequence, sequence + 1, relaxed);
	atomic_thread_fence(memory_order_release);
	add(&time->time_ns, spent);
	if (atomic_load_explicit(&lane->in_mpi, relaxed))
		add(&time->mpi_ns, spent);
	if (entered)
		add(&lane->time[to].count, 1);
	atomic_store_explicit(&lane->phase, to, relaxed);
	atomic_store_explicit(&lane->in_mpi, (uint32_t)in_mpi, relaxed);
	atomic_store_explicit(&lane->since_ns, since + spent, relaxed);
	atomic_store_explicit(&lane->sequence, sequence + 2, memory_order_release);
}

static void copy_times(const struct pc_lane *lane, uint64_t now_ns, unsigned count, uint64_t *time_ns)
{
	uint32_t phase = atomic_load_explicit(&lane->phase, relaxed) % PC_PHASE_MAX;
	uint64_t since = atomic_load_explicit(&lane->since_ns, relaxed);

	for (unsigned i = 0; i < count; i++)
		time_ns[i] = atomic_load_explicit(&lane->time[i].time_ns, relaxed);
	if (phase < count && now_ns > since && atomic_load_explicit(&lane->state, relaxed) == PC_LANE_USED)
		time_ns[phase] += now_ns - since;
}

void pc_lane_snapshot(const struct pc_lane *lane, uint64_t now_ns, unsigned count, uint64_t *time_ns)
{
	for (int i = 0; i < SNAPSHOT_TRIES; i++) {
		uint32_t before = atomic_load_explicit(&lane->sequence, memory_order_acquire);

		copy_times(lane, now_ns, count, time_ns);
		atomic_thread_fence(memory_order_acquire);
		if (!(before & 1) && before == atomic_load_explicit(&lane->sequence, relaxed))
			return;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_SEGMENT_H
#define PHASECAP_SEGMENT_H

/*
 * The step's shared segment on one node: where root tells the runtime what was decided,
 * where every rank writes its times, and where leaders write energy.  A mapped
 * file, so that what it holds survives the death of any or all ranks.  Begins
 * with magic, version and size; a static assertion stands on each offset that two builds share.
 *
 * Three parts follow each other: the control part (struct pc_segment, with the
 * tree of phases), one lane per rank and some for further threads, and one record per package.
 *
 * Writers: the control part's first half is its maker's alone.  A lane has one writer, the thread
 * that claimed it; a package record has one, its leader.  Everything that another process reads is
 * atomic.  The file belongs to the job's user, so nothing in it may be believed by root: root reads
 * a copy (pc_segment_read()), and indices are checked by whoever reads.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "decision.h"
#include "error.h"

#define PC_SEGMENT_MAGIC UINT64_C(0x3153504143534850) /* "PHSCAPS1", little endian */
#define PC_SEGMENT_VERSION 1u
#define PC_SEGMENT_RANKS_MAX 1024
#define PC_SEGMENT_SPARE_LANES 192  /* for threads that are not their rank's first */
#define PC_SEGMENT_PUS 4096
#define PC_SEGMENT_CPU_WORDS (PC_SEGMENT_PUS / 64)

#define PC_PHASE_MAX 512            /* nodes in the tree of phases */
#define PC_PHASE_RESERVE 64         /* of them kept for "(other)" below a parent */
#define PC_PHASE_NAME_MAX 119       /* bytes; longer names are cut here */
#define PC_PHASE_INDEX 1024         /* places in the hash index; a power of two */
#define PC_PHASE_ROOT 0u            /* what no phase covers: "unmarked" */
#define PC_PHASE_OTHER 1u           /* what no longer fits the tree at all */
#define PC_PHASE_OTHER_NAME "(other)"

/* One phase: a name below a parent.  A parent's index is smaller than its children's. */
struct pc_phase_node {
	uint32_t parent;
	uint32_t length;
	char name[PC_PHASE_NAME_MAX + 1];
};
_Static_assert(sizeof(struct pc_phase_node) == 128, "segment layout");

/* What one lane spent in one phase itself, its children not counted. */
struct pc_lane_time {
	_Atomic uint64_t count;  /* times entered */
	_Atomic uint64_t time_ns;
	_Atomic uint64_t mpi_ns; /* of time_ns, inside MPI */
};

enum pc_lane_state { PC_LANE_FREE, PC_LANE_USED, PC_LANE_LEFT };

struct pc_lane {
	_Alignas(64) _Atomic uint32_t sequence; /* odd while its owner writes */
	_Atomic uint32_t state;  /* enum pc_lane_state */
	_Atomic int32_t pid;
	_Atomic int32_t rank;    /* on the node; -1: not known */
	_Atomic int32_t world_rank;
	_Atomic uint32_t thread; /* 0: the rank's first */
	_Atomic uint32_t phase;  /* the innermost */
	_Atomic uint32_t in_mpi;
	_Atomic uint32_t epoch;  /* how many owners it has had */
	_Atomic uint64_t since_ns;    /* CLOCK_MONOTONIC of the last boundary */
	_Atomic uint64_t packages;    /* bit per package that the rank runs on */
	_Atomic uint64_t boundaries;
	_Atomic uint64_t boundary_ns; /* own time, of every 64th boundary */
	_Atomic uint64_t iterations;
	_Atomic uint64_t cpus[PC_SEGMENT_CPU_WORDS]; /* the rank's binding */
	struct pc_lane_time time[PC_PHASE_MAX];
};

/* What one package spent while its ranks were in one phase. */
struct pc_package_share {
	_Atomic uint64_t package_uj;
	_Atomic uint64_t dram_uj;
	_Atomic uint64_t allowed_uj; /* what the limit would have let it spend */
	_Atomic uint64_t time_ns;    /* of the package: one rank's part of it where several share it */
};

struct pc_package_record {
	_Alignas(64) _Atomic int32_t leader; /* lane, -1: none */
	_Atomic uint32_t energy_known;       /* bit 0: package, bit 1: DRAM */
	_Atomic uint64_t last_ns;            /* CLOCK_MONOTONIC of the last sample */
	_Atomic uint64_t observed_ns;        /* between samples: what the energies belong to */
	_Atomic uint64_t samples;
	_Atomic uint64_t failures;           /* batches that failed */
	_Atomic uint64_t uncertain;          /* intervals in which a counter may have wrapped unseen */
	_Atomic uint64_t batch_ns;           /* spent in batches */
	_Atomic uint64_t split_ns;           /* spent in attribution */
	_Atomic uint64_t package_uj, dram_uj, allowed_uj;
	_Atomic uint64_t throttled_ns;
	_Atomic uint64_t limit_uw, dram_limit_uw; /* last read; 0: none */
	_Atomic uint64_t writes;             /* limits written */
	struct pc_package_share share[PC_PHASE_MAX];
};

/* Which packages a PU belongs to: count of them from first on.  More than one only where registers
 * are per die and the topology speaks of packages; 0 where the PU is not known. */
struct pc_segment_pu {
	_Atomic uint8_t first, count;
};

enum pc_map_state { PC_MAP_NONE, PC_MAP_BUSY, PC_MAP_READY };

/* What is said once per node; bits of pc_segment.said. */
enum pc_said {
	PC_SAID_PHASES_FULL = 1 << 0,
	PC_SAID_LANES_FULL = 1 << 1,
	PC_SAID_UNBALANCED = 1 << 2,
	PC_SAID_MISMATCH = 1 << 3,
	PC_SAID_DEPTH = 1 << 4,
	PC_SAID_POWER = 1 << 5,
	PC_SAID_SAMPLE = 1 << 6,
	PC_SAID_LIMIT = 1 << 7,
	PC_SAID_REPORT = 1 << 8,
	PC_SAID_PLACE = 1 << 9
};

struct pc_segment {
	uint64_t magic;
	uint32_t version;
	uint32_t ranks;          /* places for ranks; lanes beyond are for threads */
	uint64_t size;           /* of the whole file */
	uint64_t job;
	uint32_t step;
	uint32_t node;           /* index in the job */
	char node_name[64];
	uint32_t lanes;
	uint32_t packages;
	uint64_t lane_offset;
	uint64_t package_offset;
	uint32_t prepared;       /* the starting limits are in the registers already */
	uint32_t writes;         /* the job's user may write limits */
	uint64_t cap_uw;         /* of the node; 0: none */
	char backend[256];
	char policy[32];
	uint64_t limit_uw[PC_MAX_PACKAGES];      /* starting limits, 0: none */
	uint64_t dram_limit_uw[PC_MAX_PACKAGES];
	uint64_t reserve_uw[PC_MAX_PACKAGES];    /* set aside for DRAM */

	_Alignas(64) _Atomic uint32_t said;
	_Atomic uint32_t active;     /* processes attached */
	_Atomic uint32_t simulated;  /* 1 once a leader has opened a simulated node */
	_Atomic uint32_t ranks_seen; /* of the step on this node; 0: not known */
	_Atomic uint64_t start_ns;   /* CLOCK_MONOTONIC of the first attach */
	_Atomic uint64_t end_ns;     /* of the last sample or detach */
	_Atomic uint32_t phase_count;
	_Atomic uint32_t map_state;  /* enum pc_map_state of pu[] */
	_Atomic uint16_t phase_index[PC_PHASE_INDEX]; /* 0 empty, 1 being made, else phase + 2 */
	struct pc_phase_node phase[PC_PHASE_MAX];
	struct pc_segment_pu pu[PC_SEGMENT_PUS];
};
_Static_assert(offsetof(struct pc_segment, version) == 8, "segment layout");
_Static_assert(offsetof(struct pc_segment, size) == 16, "segment layout");
_Static_assert(offsetof(struct pc_segment, node_name) == 40, "segment layout");
_Static_assert(offsetof(struct pc_segment, lane_offset) == 112, "segment layout");
_Static_assert(offsetof(struct pc_segment, backend) == 144, "segment layout");
_Static_assert(offsetof(struct pc_segment, limit_uw) == 432, "segment layout");
_Static_assert(offsetof(struct pc_segment, said) == 1984, "segment layout");
_Static_assert(offsetof(struct pc_segment, phase_index) == 2024, "segment layout");
_Static_assert(offsetof(struct pc_segment, phase) == 4072, "segment layout");
_Static_assert(sizeof(_Atomic uint64_t) == 8 && ATOMIC_LLONG_LOCK_FREE == 2, "shared by processes");

struct pc_segment_config {
	uint64_t job;
	uint32_t step;
	uint32_t node;           /* index in the job */
	char node_name[64];
	unsigned ranks;          /* places for local ranks; 1..1024 */
	const struct pc_decision *decision; /* NULL: one package, back end "auto", monitor */
	bool unprepared;         /* no prolog has written the decision's limits: leaders do */
};

/*
 * Makes the file (0600, owner uid) below directory, with its blocks reserved, so that a full
 * file system is met here and never as SIGBUS in a rank.
 * EEXIST where it is there.  EINVAL: ranks or packages out of range.  On failure nothing is left.
 */
int pc_segment_create(int directory, const char *name, uid_t uid, const struct pc_segment_config *config,
		      struct pc_error *error) PC_WARN_UNUSED;

/* The same in this process's own memory; pc_segment_unmap() frees it. */
int pc_segment_private(struct pc_segment **segment, const struct pc_segment_config *config,
		       struct pc_error *error) PC_WARN_UNUSED;

/*
 * Maps the file for a rank.  EPERM: neither this user's nor root's; EINVAL: no
 * segment; EPROTONOSUPPORT: another version's; EBADMSG: its sizes do not fit together.
 */
int pc_segment_map(struct pc_segment **segment, const char *path, struct pc_error *error) PC_WARN_UNUSED;

/* A copy of the file in this process's memory, for reports: whatever becomes of the file meanwhile,
 * and whoever wrote it, reading the copy is safe.  Errors as pc_segment_map(). */
int pc_segment_read(struct pc_segment **segment, int directory, const char *name,
		    struct pc_error *error) PC_WARN_UNUSED;

void pc_segment_unmap(struct pc_segment *segment); /* NULL is fine; keeps errno */

/* A lane or a package's record; index below segment->lanes or ->packages. */
struct pc_lane *pc_segment_lane(const struct pc_segment *segment, unsigned index);
struct pc_package_record *pc_segment_package(const struct pc_segment *segment, unsigned index);

/* The number of phases that readers may look at, the two fixed ones included. */
unsigned pc_segment_phase_count(const struct pc_segment *segment);
/* A phase's parent; PC_PHASE_ROOT where the file says nonsense, so that walking up always ends. */
uint32_t pc_segment_phase_parent(const struct pc_segment *segment, uint32_t phase);

/*
 * The phase of this name below parent, made at first use.  Any process may call it, at any
 * time.  Where the tree is full it is parent's "(other)", or PC_PHASE_OTHER, and *full is set.
 */
uint32_t pc_segment_intern(struct pc_segment *segment, uint32_t parent, const char *name, int *full);

/*
 * Takes a lane for a rank's first thread (rank >= 0 is where to look first; -1: not known)
 * or for a further thread of it.  -1 and EUSERS where none is free.
 */
int pc_segment_claim(struct pc_segment *segment, int rank, unsigned thread, pid_t pid, uint64_t now_ns);
/* Gives it back; what it holds stays and counts. */
void pc_segment_release(struct pc_segment *segment, unsigned lane, uint64_t now_ns);

/* True for the one caller per node that may say this. */
int pc_segment_say(struct pc_segment *segment, enum pc_said what);

/* The lane's boundary at now_ns: what ran since the last one is booked, then it is in
 * phase `to`.  Wait-free; for the lane's owner only. */
void pc_lane_move(struct pc_lane *lane, uint64_t now_ns, uint32_t to, int in_mpi, int entered);

/*
 * Cumulative time per phase up to now_ns, the running interval included, for phases below
 * count.  Consistent unless the owner kept changing it through a bounded number of tries;
 * then each figure is whole, and what their sum lacks appears in the next call.
 */
void pc_lane_snapshot(const struct pc_lane *lane, uint64_t now_ns, unsigned count, uint64_t *time_ns);

#endif

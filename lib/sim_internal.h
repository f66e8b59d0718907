/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_SIM_INTERNAL_H
#define PHASECAP_SIM_INTERNAL_H

/*
 * What the files of the simulated node share; nobody else but its tests includes this.
 *
 *   sim_create.c     making one: configuration and reset values
 *   sim.c            attaching, faults, peek and poke
 *   sim_layout.c     which CPU sees which package's registers
 *   sim_clock.c      the lock, time, and the plant brought up to now
 *   sim_registers.c  registers
 *   sim_transport.c  msr-safe's rules in front of them
 *   sim_rank.c       ranks: their places and what they owe
 *
 * A process may be killed at any instruction, also inside the lock.  So whatever
 * takes several stores is kept twice and changed in the copy nobody reads; one store
 * of the index then makes it true (sim_edit() and sim_commit(), and the list).
 *
 * The file is writable for ordinary users and mapped by root: every index that is
 * read from it is bounded where it is used, and counts are taken once, at attach.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "cpu_model.h"
#include "sim.h"

#define SIM_MAGIC "pc-sim\n"
#define SIM_VERSION 1u
#define SIM_TICK_NS UINT64_C(1000000)    /* counters move once a millisecond */
#define SIM_PPM UINT64_C(1000000)        /* a share of a package's cores is in millionths */

enum {
	SIM_PACKAGES = 64,
	SIM_CPUS = 4096,
	SIM_RANKS = 1024,
	SIM_PHASES = 64,
	SIM_PHASE_NAME = 64,
	SIM_TOPOLOGY = 1024,
	SIM_NO_PACKAGE = 0xff,
};

struct sim_state {
	uint64_t time_ns;                        /* the plant has come to here */
	uint64_t load_ppm_ns[PC_WORK_COUNT];     /* in the tick that runs */
	uint64_t work_ns[PC_WORK_COUNT];         /* nominal time worked, by kind */
	struct pc_plant_package plant;
	uint64_t energy_nj[PC_DOMAIN_COUNT];     /* what really flowed */
	uint64_t counted_nj[PC_DOMAIN_COUNT];    /* what the counter saw of it */
	uint64_t throttled_ns[PC_DOMAIN_COUNT];
	uint64_t limit[PC_DOMAIN_COUNT];         /* raw */
	uint32_t energy_start[PC_DOMAIN_COUNT];  /* the counter's value at 0 J */
};

struct sim_package {
	_Atomic uint32_t current;                /* which state is true */
	_Atomic uint32_t fault[PC_DOMAIN_COUNT]; /* bit per enum pc_sim_fault */
	uint16_t reach_cpu;
	struct sim_state state[2];
};

struct sim_list {
	uint32_t count;
	struct pc_allow_entry entry[PC_ALLOWLIST_ENTRIES_MAX];
};

struct sim_rank_slot {
	_Atomic int32_t pid;                     /* 0: free; stored last when taken */
	_Atomic uint32_t work;
	uint32_t package;
	uint32_t share_ppm;
	uint64_t pid_start;                      /* tells a process from a later one of the same pid */
	uint64_t pid_namespace;                  /* in which the pid means something; its inode */
};

struct sim_phase {
	char name[SIM_PHASE_NAME];
	uint32_t work;
};

struct sim_file {
	char magic[8];                           /* stored last */
	uint32_t version;
	uint32_t package_count;
	uint64_t size;
	int64_t epoch_ns;                        /* CLOCK_MONOTONIC at simulated time 0 */
	_Atomic uint64_t manual_ns;
	_Atomic uint64_t reap_ns;                /* when to look for dead ranks again */
	_Atomic uint64_t tsc;                    /* the last that was read */
	uint32_t manual_clock;
	uint32_t host_ratio;
	uint32_t phase_count;
	_Atomic uint32_t current_list;
	_Atomic uint32_t rank_high;              /* no slot from here on was ever taken */
	char sku[36];
	pthread_mutex_t lock;
	char topology[SIM_TOPOLOGY];
	uint8_t cpu_package[SIM_CPUS];
	struct sim_phase phase[SIM_PHASES];
	struct sim_rank_slot rank[SIM_RANKS];
	struct sim_package package[SIM_PACKAGES];
	struct sim_list list[2];
};
_Static_assert(offsetof(struct sim_file, version) == 8, "sim file");
_Static_assert(offsetof(struct sim_file, package_count) == 12, "sim file");
_Static_assert(offsetof(struct sim_file, size) == 16, "sim file");
_Static_assert(offsetof(struct sim_file, epoch_ns) == 24, "sim file");
_Static_assert(offsetof(struct sim_file, manual_ns) == 32, "sim file");
_Static_assert(offsetof(struct sim_file, reap_ns) == 40, "sim file");
_Static_assert(offsetof(struct sim_file, tsc) == 48, "sim file");
_Static_assert(offsetof(struct sim_file, manual_clock) == 56, "sim file");
_Static_assert(offsetof(struct sim_file, host_ratio) == 60, "sim file");
_Static_assert(offsetof(struct sim_file, phase_count) == 64, "sim file");
_Static_assert(offsetof(struct sim_file, current_list) == 68, "sim file");
_Static_assert(offsetof(struct sim_file, rank_high) == 72, "sim file");
_Static_assert(offsetof(struct sim_file, sku) == 76, "sim file");
_Static_assert(offsetof(struct sim_file, lock) == 112, "sim file");

/* One process's view of the file. */
struct pc_sim {
	int fd;
	struct sim_file *file;
	unsigned package_count;
	bool manual_clock;
	bool may_write_list;                     /* root, or the file's owner */
	unsigned lock_seconds;                   /* the longest wait for the lock */
	const struct pc_plant_sku *sku;
	const struct pc_cpu_model *model;
	struct pc_rapl_units units;
	char *path;
	char topology[SIM_TOPOLOGY];
};

/* What the simulated silicon says in its unit register: 1/8 W, 61 uJ, 977 us, as every
 * server since Haswell (SDM vol. 3B 15.10.1). */
#define SIM_UNIT_REGISTER UINT64_C(0xA0E03)
#define SIM_CPU_FAMILY 6
#define SIM_CPU_MODEL 0x55

/* sim_layout.c: fills package_count, cpu_package and the reach CPUs.  EINVAL: hwloc does not take
 * the string; ERANGE: more packages or CPUs than the file holds. */
int sim_layout(struct sim_file *file, const char *topology, struct pc_error *error) PC_WARN_UNUSED;

/* sim_clock.c.  The lock is robust: a process that died with it is noticed and nothing is lost.
 * ETIMEDOUT: somebody held it for lock_seconds, stopped perhaps. */
int sim_lock(struct pc_sim *sim, struct pc_error *error) PC_WARN_UNUSED;
void sim_unlock(struct pc_sim *sim);
int64_t sim_monotonic_ns(void);
uint64_t sim_now_ns(const struct pc_sim *sim);
/* All that follow: with the lock held. */
const struct sim_state *sim_state(const struct pc_sim *sim, unsigned package);
struct sim_state *sim_edit(struct pc_sim *sim, unsigned package);  /* a private copy of it ... */
void sim_commit(struct pc_sim *sim, unsigned package);             /* ... that is now true */
bool sim_fault(const struct pc_sim *sim, unsigned package, enum pc_domain domain, enum pc_sim_fault fault);
/* Brings a package to now and returns its state; every change of load or registers comes after this. */
const struct sim_state *sim_advance(struct pc_sim *sim, unsigned package);
double sim_speed(const struct pc_sim *sim, unsigned package, enum pc_plant_work work);

/* sim_registers.c.  0, or -EIO where the register faults.  Only what can be read is written: as
 * msr-safe does, the caller reads first. */
int sim_register_read(struct pc_sim *sim, unsigned package, uint32_t msr, uint64_t *value);
int sim_register_write(struct pc_sim *sim, unsigned package, uint32_t msr, uint64_t value);
/* As silicon: no lock, no fault, and counters too. */
int sim_register_force(struct pc_sim *sim, unsigned package, uint32_t msr, uint64_t value);
bool sim_has_domain(enum pc_domain domain);

/* sim_rank.c */
void sim_reap_ranks(struct pc_sim *sim);
/* pc_sim_rank_switch() for a given CPU time of the interval that ends. */
uint64_t sim_rank_switch(struct pc_sim_rank *rank, const char *phase, uint64_t cpu_ns);

#endif

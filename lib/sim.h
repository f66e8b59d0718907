/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_SIM_H
#define PHASECAP_SIM_H

/*
 * The simulated node: the registers of one or more packages in a shared file,
 * with msr-safe's allowlist rules (1.7: no bypass for root), units, lock bits,
 * 32-bit wrap, 1 ms counter updates, RAPL's averaging window, per-chip
 * variation and faults on demand.  plant.h holds the physics; this file the
 * registers, the clock and the ranks' places.
 *
 * The file is mapped by every process that uses the node.  A robust mutex in it
 * guards everything; a process that dies inside it costs nothing.  Time
 * advances when somebody looks: each call first brings counters up to now.
 *
 * A package here is what has registers of its own: a die where the packages have
 * several, as on the processor that is simulated (06_55).
 *
 * Threads: any number may use one struct pc_sim; a rank belongs to one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cpu_model.h"
#include "error.h"
#include "msr.h"
#include "plant.h"
#include "rapl.h"
#include "topology.h"

struct pc_sim;

struct pc_sim_config {
	const char *topology;    /* hwloc synthetic string; NULL: "pack:2 core:2 pu:1" */
	const char *sku;         /* plant_sku_find(); NULL: "sim-skx" */
	double variation;        /* sigma of the chips' power factor, 0.05 is usual; 0: none */
	uint64_t seed;           /* of the variation */
	unsigned host_ratio;     /* how many times slower a simulated core is than this host's; 1..64, 0: 1.
	                            With it, ranks that share a host core still run undisturbed. */
	bool manual_clock;       /* time moves by pc_sim_advance() only: tests, fast-forward */
	/* "spmv=mixed,assemble=compute": the kind of work behind a phase's name;
	   others are "mixed".  Names of up to 63 bytes, at most 64 of them. */
	const char *workload;
	mode_t mode;             /* of the file, whatever the umask; 0: 0600 */
	uint32_t energy_start;   /* what the energy counters show at first; 0: it comes out of the seed */
};

/* Makes the file.  Registers hold reset values: PL1 = TDP over 1 s, PL2 = 1.2 TDP over 10 ms,
 * both enabled and clamped; the DRAM limit is off; the list is empty.
 * EEXIST: there is one, and it is left alone.  EINVAL, ERANGE: the configuration, or more packages
 * or CPUs than a file holds; nothing was made. */
int pc_sim_create(const char *path, const struct pc_sim_config *config, struct pc_error *error) PC_WARN_UNUSED;

/* EINVAL: no simulated node, or another version's.  EACCES: the file is not this user's to read
 * and write.  ENOENT, ENAMETOOLONG (255 bytes).  *sim is NULL after a failure. */
int pc_sim_attach(struct pc_sim **sim, const char *path, struct pc_error *error) PC_WARN_UNUSED;
void pc_sim_detach(struct pc_sim *sim);  /* NULL is fine; keeps errno */

unsigned pc_sim_package_count(const struct pc_sim *sim);
const char *pc_sim_topology(const struct pc_sim *sim);
const struct pc_cpu_model *pc_sim_model(const struct pc_sim *sim);

/* The transport for register_node.h.  Its close() detaches sim; who needs the node longer
 * attaches twice.  The list may be written by root and by the file's owner: others, who
 * can open the file, have the batch but not the list, as on a real node. */
struct pc_msr_transport pc_sim_transport(struct pc_sim *sim);

/* Moves time forward, any amount.  Without a manual clock it does nothing. */
void pc_sim_advance(struct pc_sim *sim, uint64_t ns);

/* The energy that really flowed, without units, ticks or wraps: what reports are
 * compared with. */
uint64_t pc_sim_true_energy_uj(struct pc_sim *sim, unsigned package, enum pc_domain domain);

/*
 * A rank's place in the plant.  Light: no hwloc, no back end.  A rank works on
 * one package (blockwise: local_rank * packages / local_size) and stands for
 * that package's cores divided by the package's ranks.  It waits at first.  A process that
 * dies gives up its place within a simulated second.
 * EINVAL: local_rank is not below local_size.  ENOSPC: 1024 ranks are there.
 */
struct pc_sim_rank;
int pc_sim_rank_join(struct pc_sim *sim, unsigned local_rank, unsigned local_size,
		     struct pc_sim_rank **rank, struct pc_error *error) PC_WARN_UNUSED;
void pc_sim_rank_leave(struct pc_sim_rank *rank);  /* NULL is fine */
unsigned pc_sim_rank_package(const struct pc_sim_rank *rank);

/*
 * From now on the rank does this kind of work (a phase's name, looked up in the
 * workload table), or waits in MPI (name NULL).  The interval that ends here is
 * paid: the call returns only when the plant has done the work that
 * the thread's CPU time, times host_ratio, stands for.  Waiting owes nothing.
 * Time that passed while the thread waited for a host core counts as worked, so
 * the host's noise does not add up.  On a manual clock it moves the time instead of sleeping.
 * Returns the nanoseconds it slept.
 */
uint64_t pc_sim_rank_switch(struct pc_sim_rank *rank, const char *phase);

/* Faults on demand; each stays until cleared.  Domains are package and DRAM. */
enum pc_sim_fault {
	PC_SIM_LIMIT_IGNORED,    /* accepted and read back, no effect */
	PC_SIM_LOCKED,           /* lock bit set; writes do nothing, silently */
	PC_SIM_ABSENT,           /* the domain's registers fault (EIO) */
	PC_SIM_LIMIT2_WIRED,     /* package: limit 2 does not take writes */
	PC_SIM_CPU_LOST,         /* package: its first CPU goes offline between validation and execution */
	PC_SIM_COUNTER_STUCK,    /* energy does not move */
	PC_SIM_ABSURD_INFO,      /* power info: min 0, max 764 W */
	PC_SIM_LIMITED_ELSEWHERE,/* package: another owner holds it to 60 % of its limit */
	PC_SIM_FAULT_COUNT
};
const char *pc_sim_fault_name(enum pc_sim_fault fault);
/* EINVAL: no such package, or a fault that the domain cannot have. */
int pc_sim_fault_set(struct pc_sim *sim, unsigned package, enum pc_domain domain,
		     enum pc_sim_fault fault, bool on, struct pc_error *error) PC_WARN_UNUSED;

/* For tests of the hardware side: a register as silicon would see it, no list.  Poke sets limit
 * registers (their lock too, and in spite of it) and energy counters.  EIO: no such register. */
int pc_sim_poke(struct pc_sim *sim, unsigned package, uint32_t msr, uint64_t value, struct pc_error *error) PC_WARN_UNUSED;
int pc_sim_peek(struct pc_sim *sim, unsigned package, uint32_t msr, uint64_t *value, struct pc_error *error) PC_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RAPL_REGS_H
#define RAPL_REGS_H

/*
 * The RAPL registers of each package of a guest that has none, as a Skylake
 * server would show them (SDM vol. 4, table 2-45; vol. 3B, 15.10).
 *
 * The law: a domain draws min(demand, max(floor, limit)), where the limit is the
 * lowest enabled one; without an enabled limit it draws its demand.  Counters
 * are brought forward whenever somebody looks, in steps of one millisecond.
 * There is no averaging window and no clamp here: both bits are only kept.
 */

#include <linux/spinlock.h>
#include <linux/types.h>

#define RAPL_PACKAGES 8

struct rapl_domain {
	u64 limit;              /* raw: 0x610, 0x618 */
	u64 info;               /* raw: 0x614, 0x61C */
	u64 energy;             /* counts; registers show the low 32 bits */
	u64 energy_rest;        /* quarter picojoules below one count */
	u64 throttled_ns;
	/* What the knobs turn. */
	u64 demand_mw;
	u64 floor_mw;
	u64 absent;             /* its registers fault */
	u64 deaf;               /* writes are dropped, although not locked */
	u64 ignored;            /* a limit is kept and read back, and does nothing */
	u64 wired;              /* limit 2 does not take writes */
	u64 stuck;              /* the energy counter does not move */
};

struct rapl_package {
	raw_spinlock_t lock;
	u64 updated_ns;
	u64 unit;               /* raw: 0x606 */
	struct rapl_domain package;
	struct rapl_domain dram;
};

void rapl_regs_init(void);

struct rapl_package *rapl_package(unsigned int number);

/* Brings the counters up to now; the lock is held. */
void rapl_advance(struct rapl_package *package);

/*
 * One access by the CPU that executes this.  0; -EIO where silicon would raise
 * #GP; -ENOENT where the register is none of RAPL's.  Any context.
 */
int rapl_read(u32 msr, u64 *value);
int rapl_write(u32 msr, u64 value);

int rapl_knobs_init(void);
void rapl_knobs_exit(void);

#endif

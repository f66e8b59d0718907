/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FAKE_MSR_H
#define FAKE_MSR_H

/*
 * Registers of two packages behind msr-safe's rules, in memory: CPUs 0 and 1 belong
 * to package 0, 2 and 3 to package 1 ("pack:2 core:2 pu:1").  Everything a
 * driver or the hardware may do to a caller can be asked for.
 */

#include <stdbool.h>
#include <stdint.h>

#include "allowlist.h"
#include "msr.h"

enum { FAKE_PACKAGES = 2, FAKE_CPUS = 4, FAKE_REGISTERS = 32 };

#define FAKE_TOPOLOGY "pack:2 core:2 pu:1"

struct fake_register {
	uint32_t msr;
	uint64_t value[FAKE_PACKAGES];
	uint64_t lock;           /* where one of these bits is set, writes do nothing */
	uint64_t wired;          /* bits that never change */
	bool faults;             /* EIO, whatever is done */
};

struct fake_msr {
	struct fake_register reg[FAKE_REGISTERS];
	unsigned registers;
	struct pc_allowlist list;
	unsigned minor;          /* of msr-safe 1.x: 0..8; 7 changed the errnos and the capability rule */
	bool rawio;              /* the caller holds CAP_SYS_RAWIO */
	bool offline[FAKE_CPUS];
	int vanishing;           /* a CPU that goes offline between validation and execution; -1 */
	int failing;             /* errno of the whole call, without looking at it; 0: none */
	unsigned fail_times;     /* how often; then it works */
	unsigned calls;
	uint64_t tsc;
	void (*before)(struct fake_msr *fake);   /* what others do just before a batch; NULL */
};

/* A Skylake-SP with PL1 150 W enabled over 1 s, PL2 180 W, DRAM limit off, and an empty list. */
void fake_msr_init(struct fake_msr *fake);
void fake_msr_clear(struct fake_msr *fake);

struct fake_register *fake_register(struct fake_msr *fake, uint32_t msr);

/* One batch with the driver's rules: -1 and the errno that the driver would give. */
int fake_msr_batch(struct fake_msr *fake, struct pc_msr_op *ops, unsigned count);
/* One register as the driver's single-register file gives it: 0 or a negative errno. */
int fake_msr_one(struct fake_msr *fake, unsigned cpu, bool read, uint32_t msr, uint64_t *value,
		 bool with_list);

/* As a transport, with a list that this process may replace; fake stays the caller's. */
struct pc_msr_transport fake_msr_transport(struct fake_msr *fake);

#endif

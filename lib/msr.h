/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_MSR_H
#define PHASECAP_MSR_H

/*
 * Model-specific registers as a list of operations, and the transports that
 * can carry one: msr-safe's batch device, msr-safe and the stock driver register
 * by register, and the simulated node.  The structures are msr-safe's ABI
 * for version 1.x on x86-64, written from its documented layout.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allowlist.h"
#include "error.h"

#define PC_MSR_TSC 0x10u
#define PC_MSR_BATCH_VERSION 0x010800u   /* (major << 16) | (minor << 8) | patch */
#define PC_MSR_BATCH_IOCTL 0xC01063A2ul  /* _IOWR('c', 0xA2, struct pc_msr_batch) */
#define PC_MSR_SENTINEL UINT64_C(0xfee1deadfee1dead)

struct pc_msr_op {
	uint16_t cpu;
	uint16_t isrdmsr;        /* 0 writes, anything else reads */
	int32_t err;             /* out: 0 or a negative errno */
	uint32_t msr;
	uint32_t reserved;
	uint64_t msrdata;        /* read: out; write: in, and left alone */
	uint64_t wmask;          /* out: the list's mask, for reads too */
};
_Static_assert(sizeof(struct pc_msr_op) == 32, "msr-safe ABI");
_Static_assert(offsetof(struct pc_msr_op, err) == 4, "msr-safe ABI");
_Static_assert(offsetof(struct pc_msr_op, msr) == 8, "msr-safe ABI");
_Static_assert(offsetof(struct pc_msr_op, msrdata) == 16, "msr-safe ABI");
_Static_assert(offsetof(struct pc_msr_op, wmask) == 24, "msr-safe ABI");

struct pc_msr_batch {
	uint32_t numops;
	uint32_t version;
	struct pc_msr_op *ops;
};
_Static_assert(sizeof(struct pc_msr_batch) == 16, "msr-safe ABI");

/*
 * A transport carries the operations in their order.  Every transport keeps
 * msr-safe's rules, so that callers need to know one set only:
 *   - each op is validated first; if one is refused none is executed, and each
 *     op's err says why (-EACCES: not listed, -EROFS: no writable bit, -ENXIO:
 *     CPU absent or offline);
 *   - execution is best effort: err is -EIO where the register faults;
 *   - a write changes the bits of the list's mask only, silently: callers check;
 *   - returns 0, or -1 with errno when any op has an err or the whole call failed
 *     (then no op has one, and the sentence says why);
 *   - a device that this process may not open or use is -EPERM or the whole call's
 *     EACCES, never an op's -EACCES.
 * Single-register transports approximate the validation with what they can know
 * and say so where they are made.
 */
struct pc_msr_transport {
	const char *name;
	void *self;
	int (*batch)(void *self, struct pc_msr_op *ops, unsigned count, struct pc_error *error);
	/* NULL where the transport has no list (stock msr). */
	int (*list_read)(void *self, struct pc_allowlist *list, struct pc_error *error);
	/* One write(2), verified by reading back.  NULL also where this process may not. */
	int (*list_write)(void *self, const struct pc_allowlist *list, struct pc_error *error);
	/* Device paths a job's user needs; returns how many there are, fills at most max. */
	unsigned (*devices)(void *self, char (*path)[256], unsigned max);
	/* The list's own device, which tells a job's user the masks; he never writes it.  False where it
	 * cannot be read; NULL where the transport has no such device. */
	bool (*list_device)(void *self, char path[256]);
	bool read_is_enough;     /* a device opened for reading can also set limits */
	void (*close)(void *self);
};

#endif

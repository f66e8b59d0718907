/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

/*
 * The system calls of a node with msr-safe or the stock msr driver: device files
 * over fake_msr.h's registers, with each version's names, headers and errnos, and
 * every trouble a kernel may make.  One at a time: system calls have no argument
 * to say whose they are.
 */

#include "fake_msr.h"
#include "msr_driver.h"

enum fake_file {
	FAKE_BATCH, FAKE_LIST, FAKE_NODE_SAFE, FAKE_NODE_STOCK, FAKE_TEXT, FAKE_FILES
};

struct fake_kernel {
	struct fake_msr msr;
	const char *list_name;           /* "msr_allowlist", "msr_whitelist"; NULL: neither */
	const char *stale_name;          /* a list device left behind: ENXIO */
	const char *version_device;      /* NULL: not there, or not readable */
	const char *module_version;
	const char *allow_writes;        /* parameter of the stock driver */
	const char *lockdown;
	const char *online;
	int open_read[FAKE_FILES];       /* errno of opening for reading only; 0: works */
	int open_write[FAKE_FILES];      /* the same for the other modes */
	int write_errno;                 /* of every write to the list */
	int pwrite_errno;
	unsigned interrupts;             /* so many calls give EINTR first */
	unsigned short_by;               /* bytes that a read or write of a list or register lacks */
	bool forgets_list;               /* takes a list and keeps the one before */
	bool renewed[FAKE_CPUS];         /* descriptors from before are dead: ENXIO */
	unsigned opens, writes, closes;
	int last_flags;
	uint32_t last_version;           /* of a batch */
	unsigned long last_request;
};

extern struct fake_kernel fake_kernel;
extern const struct pc_msr_calls fake_calls;

/* msr-safe 1.8 with an empty list, everything permitted. */
void fake_kernel_boot(void);
/* Frees everything; the number of descriptors that were left open. */
unsigned fake_kernel_halt(void);
/* As an msr-safe 1.minor names its devices and tells its version. */
void fake_kernel_be(unsigned minor);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_POWER_H
#define PHASECAP_POWER_H

/*
 * One node's power: packages with their domains, read and limited through
 * whichever back end can.  Callers speak of packages, domains and microwatts;
 * back ends know registers, sysfs files or perf events.
 *
 * Threads: a struct pc_power is for one thread at a time; several may be open.
 * A package's limits have one writer at a time (the kernel's read-modify-write of
 * one register is not atomic between CPUs); who that is, is the caller's to keep.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "allowlist.h"
#include "error.h"
#include "rapl.h"
#include "topology.h"

#define PC_MAX_PACKAGES 64
#define PC_MAX_OPS 16            /* of one pc_power_run() */
#define PC_SETTING_KEY 96
#define PC_PACKAGE_NAME 32

struct pc_power;

/* What one domain of one package can do; filled when the node is opened. */
struct pc_domain_info {
	bool has_energy;
	bool has_limit;          /* readable; locked says whether writable */
	bool has_perf_status;
	bool locked;
	bool writable;           /* this process may write it (mask, mode, capability) */
	unsigned limit_count;
	struct pc_ratio energy_uj;   /* of one count */
	uint64_t energy_wrap;    /* counts at which the counter wraps; 0: 64 bits */
	struct pc_ratio perf_ns; /* of one perf-status count */
	struct pc_power_info info;   /* 0 fields are unknown */
	uint64_t max_limit_uw;   /* largest encodable */
	uint64_t limit_mask;     /* register back ends: writable bits by the allowlist */
};

enum pc_op_kind {
	PC_OP_ENERGY,            /* count: raw counter */
	PC_OP_PERF_STATUS,       /* count: raw throttled time */
	PC_OP_LIMIT_READ,        /* limits: all limits of the domain */
	PC_OP_LIMIT_WRITE,       /* limits.limit[0]: power, window (0: keep) of limit 1, clamped;
	                            then read back into limits in the same batch, and compared */
	PC_OP_LIMIT1_SET,        /* root's: as LIMIT_WRITE, and the enable bit as given */
	PC_OP_LIMIT2_SET         /* root's: the same for limit 2, from limits.limit[1] */
};

struct pc_op {
	enum pc_op_kind kind;
	enum pc_domain domain;
	int error;               /* out: 0 or a negative errno */
	uint64_t count;
	struct pc_limits limits;
};

/* When a batch ran: CLOCK_MONOTONIC around it, the TSC on the package itself in the
 * middle of it (0 where the back end has none). */
struct pc_stamp {
	uint64_t before_ns;
	uint64_t after_ns;
	uint64_t tsc;
};

struct pc_power_config {
	const char *backend;     /* NULL or "auto": the ladder; else a name ("msr-safe-batch", "msr-safe",
	                            "msr", "powercap", "perf", "none"), or "sim:PATH", the simulated node */
	const char *root;        /* NULL or "/": this machine; else a recorded root (read only) */
};

/* Why a rung was not taken, in one sentence each, in ladder order. */
struct pc_rung_report {
	const char *name;
	int rung;
	bool taken;
	char reason[256];
};

/*
 * Opens the best back end.  report (may be NULL, room for max) says what became
 * of each rung; *reported is how many were filled.  With backend "auto" this
 * never fails for want of hardware: the last rung, "none", always opens.
 * ENODEV: the named back end cannot be had, and the sentence says why.
 * EINVAL: there is no back end of that name, or "sim" came without a path.
 *
 * A node whose allowlist lets nothing through still opens for a process that may
 * replace the list: no package has a domain then, until pc_power_list_install()
 * has looked again.
 */
int pc_power_open(struct pc_power **power, const struct pc_power_config *config,
		  struct pc_rung_report *report, unsigned max, unsigned *reported,
		  struct pc_error *error) PC_WARN_UNUSED;
void pc_power_close(struct pc_power *power); /* NULL is fine; keeps errno */

const char *pc_power_backend(const struct pc_power *power);  /* "msr-safe-batch" */
int pc_power_rung(const struct pc_power *power);
bool pc_power_simulated(const struct pc_power *power);
const struct pc_topology *pc_power_topology(const struct pc_power *power);

/* Packages as the hardware scopes its registers (a die where the model says so). */
unsigned pc_power_package_count(const struct pc_power *power);
/* "package-1", "package-0-die-1": by the kernel's own numbers, so it says the same of another open.  An
 * index does not: a package whose CPUs are all offline has none, and those behind it move up. */
const char *pc_power_package_name(const struct pc_power *power, unsigned package);
int pc_power_package_find(const struct pc_power *power, const char *name); /* its index now; -1: not there */
/* The names of all; returns how many. */
unsigned pc_power_package_names(const struct pc_power *power, char name[PC_MAX_PACKAGES][PC_PACKAGE_NAME]);
/* The platform is the first package's domain: all packages' registers tell of the one. */
const struct pc_domain_info *pc_power_domain(const struct pc_power *power, unsigned package,
					     enum pc_domain domain);

/*
 * Runs the operations on one package, in order, as one batch where the back end
 * has batches (then exactly one system call), else one by one.  No allocation.
 * Returns 0 when every op's error is 0; else -1 with errno of the first failing
 * op, and the other ops still have their results.  A limit is refused before it is
 * sent: EROFS where the domain is locked, EPERM where a changed bit is outside the
 * writable mask, ERANGE where the value does not fit or rounds to 0 W, ENODEV where
 * there is no such limit.  EIO with "read back" in the sentence: the hardware took
 * another value (a clamp that it does not take is no error; limits tells).  ESTALE:
 * the CPU was lost between validation and execution; nothing ran, and the next call
 * chooses another.  The whole call, ops untouched: EINVAL where there is no such
 * package or there are too many ops, EROFS where a recorded root would be written.
 * stamp may be NULL.
 *
 * What somebody else changes meanwhile: a limit is written over the register's value
 * as this process saw it last (at open, at a LIMIT_READ, at a write's read-back).
 * Where the mask covers only power, clamp and window of limit 1, as a job's does,
 * the driver keeps every other bit, and only a window that is "kept" can put an older one
 * back.  Where more is writable (root), the register is read again first, in
 * a batch of its own.
 */
int pc_power_run(struct pc_power *power, unsigned package, struct pc_op *ops, unsigned count,
		 struct pc_stamp *stamp, struct pc_error *error) PC_WARN_UNUSED;

/* Microjoules between two raw counts of a domain, over at most one wrap. */
uint64_t pc_power_energy_uj(const struct pc_domain_info *info, uint64_t before, uint64_t after);

/*
 * Settings: everything a back end could change, as (package, key, value) in the
 * order in which it must be put back.  The journal keeps them.  A register back
 * end's key is "msr:0x610"; powercap's goes by names,
 * "powercap:package/long_term/power_limit_uw", never by a zone's number.
 */
struct pc_setting {
	unsigned package;
	char key[PC_SETTING_KEY];
	uint64_t value;
	uint64_t mask;           /* bits that matter; all ones for files */
};

/* Reads every setting of every package (all packages, owned or not); returns
 * how many, or -1.  ENOSPC where max is too small.  EACCES: the allowlist hides one. */
int pc_power_capture(struct pc_power *power, struct pc_setting *setting, unsigned max,
		     struct pc_error *error) PC_WARN_UNUSED;
/* Reads the present value of one captured setting into *value. */
int pc_power_setting_read(struct pc_power *power, const struct pc_setting *setting,
			  uint64_t *value, struct pc_error *error) PC_WARN_UNUSED;
/* Writes one setting and reads it back.  EROFS: locked, EPERM: outside the
 * mask, EIO: reads back otherwise. */
int pc_power_setting_write(struct pc_power *power, const struct pc_setting *setting,
			   struct pc_error *error) PC_WARN_UNUSED;

/*
 * Whether putting a setting back over `found` lowers what its package may draw.  A
 * restore that writes these first, and the others after, passes through no moment
 * with a higher total than both its ends.
 */
bool pc_power_setting_lowers(const struct pc_power *power, const struct pc_setting *setting,
			     uint64_t found);

/* Allowlist of the node; ENOTSUP where the back end has none. */
int pc_power_list_read(struct pc_power *power, struct pc_allowlist *list,
		       struct pc_error *error) PC_WARN_UNUSED;
/* Writes (one write(2)) and verifies by reading back; then looks again at what the
 * packages can do, so that pc_power_domain() tells what the new list lets through. */
int pc_power_list_install(struct pc_power *power, const struct pc_allowlist *list,
			  struct pc_error *error) PC_WARN_UNUSED;
/* The lists this project needs for this node's CPU model. */
enum pc_list_purpose {
	PC_LIST_READ,            /* counters and limits, nothing writable */
	PC_LIST_JOB,             /* plus PL1 power, clamp, window */
	PC_LIST_ROOT             /* plus enables and limit 2: prolog and restore only */
};
int pc_power_list_for(struct pc_power *power, enum pc_list_purpose purpose,
		      struct pc_allowlist *list, struct pc_error *error) PC_WARN_UNUSED;

/* Paths a job's user needs access to.  by_owner: no ACLs there (sysfs). */
struct pc_access_path {
	char path[256];
	bool write;              /* limits need it open for writing; false: reading is enough for all */
	bool by_owner;
};
/* Returns how many there are; fills at most max. */
unsigned pc_power_access_paths(const struct pc_power *power, struct pc_access_path *path, unsigned max);

#endif

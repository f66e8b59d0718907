/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_TOPOLOGY_H
#define PHASECAP_TOPOLOGY_H

/* What the power layer needs to know of a node, in hwloc's words. */

#include <stdbool.h>

#include "error.h"

enum pc_topology_kind {
	PC_TOPOLOGY_SYSTEM,      /* this machine; source is ignored */
	PC_TOPOLOGY_SYNTHETIC,   /* hwloc synthetic string, "pack:2 core:2 pu:1" */
	PC_TOPOLOGY_XML,         /* path of an hwloc XML file */
	PC_TOPOLOGY_ROOT         /* path of a recorded root with sys/ and proc/ */
};

enum pc_ownership { PC_OWNED_NONE, PC_OWNED_PARTLY, PC_OWNED_WHOLLY };

struct pc_topology;

/*
 * Loads packages, dies, cores and PUs, nothing else.  A machine that tells of no
 * package counts as one package.  ENOENT, EINVAL: the source is missing or cannot be
 * read as its kind.  *topology is NULL after a failure.
 *
 * Threads: loading a recorded root sets HWLOC_FSROOT in the environment for the
 * duration of the call, the only way hwloc offers; so that kind is for
 * programs that have one thread then.  Everything else may run in any thread, and a
 * loaded topology is never changed.
 */
int pc_topology_load(struct pc_topology **topology, enum pc_topology_kind kind,
		     const char *source, struct pc_error *error) PC_WARN_UNUSED;
void pc_topology_destroy(struct pc_topology *topology); /* NULL is fine; keeps errno */

unsigned pc_topology_package_count(const struct pc_topology *topology);
/* At least 1: a package without a die level is its own only die. */
unsigned pc_topology_die_count(const struct pc_topology *topology, unsigned package);
unsigned pc_topology_pu_count(const struct pc_topology *topology); /* online, allowed or not */

/* hwloc's os_index of a package (may be sparse); package is 0..count-1. */
unsigned pc_topology_package_os_index(const struct pc_topology *topology, unsigned package);
/* The same of a die, which is the kernel's die_id; die is 0..count-1. */
unsigned pc_topology_die_os_index(const struct pc_topology *topology, unsigned package, unsigned die);

/* The online PU (os_index) from which to reach a package's registers: the
 * first that this process may use (its cgroup and its binding at load), else the
 * first online.  die < 0: the package as a whole.  -1 and ENXIO where there is no
 * such package or die: one whose PUs are all offline is not there either. */
int pc_topology_reach_cpu(const struct pc_topology *topology, unsigned package, int die,
			  struct pc_error *error) PC_WARN_UNUSED;

/* Whether this process may use a PU: online, in its cgroup, in its binding at load. */
bool pc_topology_pu_usable(const struct pc_topology *topology, unsigned pu);

/* Whether a PU is in a die; both counted from 0 as above. */
bool pc_topology_pu_in_die(const struct pc_topology *topology, unsigned package, unsigned die,
			   unsigned pu);

/* The package of a PU; -1 and ENXIO for a PU that is offline or unknown. */
int pc_topology_package_of_pu(const struct pc_topology *topology, unsigned pu,
			      struct pc_error *error) PC_WARN_UNUSED;

/* The package that holds every PU a CPU list ("0-3,8") names; -1 with ERANGE
 * where it spans packages, EINVAL where it is no list, ENXIO where it names a PU
 * that is offline or unknown. */
int pc_topology_package_of_cpus(const struct pc_topology *topology, const char *cpu_list,
				struct pc_error *error) PC_WARN_UNUSED;

/* Whether the PUs of a CPU list cover a package's online PUs.  PUs in the list that
 * are offline or of other packages do not matter.  EINVAL: no list. */
int pc_topology_ownership(const struct pc_topology *topology, unsigned package,
			  const char *cpu_list, enum pc_ownership *ownership,
			  struct pc_error *error) PC_WARN_UNUSED;

/* The package's online PUs as a CPU list, into text; returns its length, which
 * is size or more where it was cut, as snprintf() does. */
int pc_topology_package_cpus(const struct pc_topology *topology, unsigned package,
			     char *text, unsigned size);

/* Calls visit for each online PU until it returns non-zero, and returns that. */
int pc_topology_each_pu(const struct pc_topology *topology, int (*visit)(unsigned pu, void *arg),
			void *arg);

/* The same for each CPU that a CPU list names, in ascending order; EINVAL: no list. */
int pc_topology_each_listed(const char *cpu_list, int (*visit)(unsigned cpu, void *arg), void *arg,
			    struct pc_error *error);

#endif

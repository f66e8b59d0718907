/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_LIVING_H
#define PHASECAP_LIVING_H

/*
 * Which jobs still have a slurmstepd on this machine.  Each listens, for as long as it
 * lives, on a socket whose name ends in "NODE_JOB.STEP"; under PrologFlags=Contain a job's extern
 * step is there from its prolog to its epilog.  The kernel's list of sockets
 * needs no path, and a socket that a dead process left in the file system is not in it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

struct living {
	char *sockets;           /* the text of /proc/net/unix */
	int jobs;                /* the state directory's jobs/, -1: none */
};

/* path is /proc/net/unix, run_dir the site's (one that is not there is fine). */
int living_open(struct living *living, const char *path, const char *run_dir, struct pc_error *error) PC_WARN_UNUSED;
void living_close(struct living *living);

/* Both take a struct living; without a list every job counts as alive. */
bool living_has_step(uint64_t job, void *living);
/* The same, or begun less than LIVING_YOUNG_S ago: its first slurmstepd may be still to come. */
bool living_or_young(uint64_t job, void *living);
#define LIVING_YOUNG_S 300

#endif

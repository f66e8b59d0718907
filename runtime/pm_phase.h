/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PM_PHASE_H
#define PM_PHASE_H

/*
 * Named phases of a program, and what they cost in time and energy.
 *
 *	pm_phase_begin("solve");
 *	...
 *	pm_phase_end();
 *
 * Errors: every call returns 0, or -1 with errno set; a call fails for the
 * caller's mistake only, and a failed call has changed nothing unless its comment says so.  Trouble with the
 * machine is said once on stderr and never changes what a call returns.
 * Without a runtime (no power-capped or monitored job), before it is up, and after MPI_Finalize
 * every call is a cheap no-op that returns 0.
 *
 * Threads: each thread has its own stack of phases.  Energy is measured per package, and a rank's
 * part of it is divided over the phases its threads are in; time outside phases counts for the rank's
 * first thread only.  Not to be called from signal handlers.
 *
 * fork(): the child is detached; its calls are no-ops.
 */

#ifdef __cplusplus
extern "C" {
#endif

#if defined __GNUC__
#define PM_PHASE_EXPORT __attribute__((visibility("default")))
#else
#define PM_PHASE_EXPORT
#endif

#define PM_PHASE_NAME_MAX 119 /* bytes of a name that count; what follows is ignored */
#define PM_PHASE_DEPTH_MAX 64 /* phases of one thread inside each other */

/*
 * Enters the phase called name, inside the phase this thread is in.  The
 * name may hold any bytes and is copied.
 * EINVAL: name is NULL or empty; nothing was entered.
 * ENOSPC: more than PM_PHASE_DEPTH_MAX deep; the time goes to the innermost phase that
 * fitted, and the matching pm_phase_end() is still due.
 */
PM_PHASE_EXPORT int pm_phase_begin(const char *name);

/*
 * Leaves the innermost phase of this thread.
 * EINVAL: this thread is in no phase.
 */
PM_PHASE_EXPORT int pm_phase_end(void);

/*
 * The same, and checks that the innermost phase is called name.
 * EINVAL: it is not, or there is none; nothing was left.
 */
PM_PHASE_EXPORT int pm_phase_end_named(const char *name);

/*
 * Marks the end of one trip of the program's outer loop.
 */
PM_PHASE_EXPORT int pm_phase_iteration(void);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_RUN_DIR_H
#define PHASECAP_RUN_DIR_H

/*
 * The directory in which root keeps a node's state: jobs/ (journals and decisions),
 * steps/ (segments of running steps), spool/ (segments of steps that died
 * without a report), lock, and the operator's ceiling.  Everything below it is reached through these descriptors.
 */

#include <stdint.h>

#include "error.h"

struct pc_run_dir {
	int top;
	int jobs;
	int steps;
	int spool;
	int lock;                /* held, exclusively, while the struct is open; -1: not taken */
};

/* What pc_run_dir_open() fails with before anything else; closing it is fine. */
#define PC_RUN_DIR_CLOSED ((struct pc_run_dir){ -1, -1, -1, -1, -1 })

enum pc_run_dir_how {
	PC_RUN_DIR_CREATE = 1,   /* make what is missing, but for path's parents */
	PC_RUN_DIR_LOCK = 2      /* take the lock, waiting at most PC_LOCK_WAIT_MS */
};
#define PC_LOCK_WAIT_MS 1500u

/*
 * Opens path; how is a set of enum pc_run_dir_how.  A record that is replaced by rename,
 * or a file that only its step knows, needs no lock.
 * ENOENT: not there, and not to be made.  ETIMEDOUT: somebody keeps the lock.  EPERM: a
 * directory that is not the caller's, or that others can write: nothing in it could be
 * believed.  ELOOP, ENOTDIR: a symbolic link, or no directory.
 */
int pc_run_dir_open(struct pc_run_dir *dir, const char *path, unsigned how, struct pc_error *error) PC_WARN_UNUSED;
void pc_run_dir_close(struct pc_run_dir *dir); /* lets go of the lock; keeps errno */

/* The jobs that own a file "JOB<anything from suffix on>" in one of the directories, each
 * once, ascending; the caller frees *job.  Returns how many, or -1. */
int pc_run_dir_jobs(int directory, const char *suffix, uint64_t **job, struct pc_error *error) PC_WARN_UNUSED;

#endif

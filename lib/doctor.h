/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_DOCTOR_H
#define PHASECAP_DOCTOR_H

/*
 * Every reason why capping would fail on a node, each with what mends it.  Looks only:
 * nothing is written, no list replaced, no register changed.  Works for any user,
 * on this machine, on a recorded root and on a simulated node.
 */

#include "error.h"

enum pc_doctor_level {
	PC_DOCTOR_OK,
	PC_DOCTOR_NOTE,          /* worth knowing; nothing to do */
	PC_DOCTOR_WARNING,       /* capping works, but less well or less safely */
	PC_DOCTOR_PROBLEM        /* capping fails, or must not be trusted */
};

struct pc_doctor_finding {
	const char *check;       /* one word that stays: "cpu", "lock", "vm" */
	enum pc_doctor_level level;
	char text[768];
	char mend[384];          /* a command, or what to do; empty where nothing is to do */
};

struct pc_doctor_config {
	const char *backend;     /* as for pc_power_open(); NULL: the site's, else the ladder */
	const char *root;        /* NULL: this machine */
	const char *site_path;   /* NULL: the default place (on a recorded root: none) */
	const char *slurm_conf;  /* NULL: Slurm's configuration is not looked at */
};

typedef void pc_doctor_visit(const struct pc_doctor_finding *finding, void *arg);

/* Calls visit for each finding, in the order of the checks; returns the worst level.
 * -1 and a sentence where the root cannot be opened. */
int pc_doctor_run(const struct pc_doctor_config *config, pc_doctor_visit *visit, void *arg,
		  struct pc_error *error) PC_WARN_UNUSED;

const char *pc_doctor_level_name(enum pc_doctor_level level); /* "ok", "note", "warning", "problem" */

#endif

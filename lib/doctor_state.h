/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_DOCTOR_STATE_H
#define PHASECAP_DOCTOR_STATE_H

/* What the files of doctor.h share; nobody else includes this. */

#include <stdbool.h>
#include <stdio.h>

#include "cpu_model.h"
#include "doctor.h"
#include "power.h"
#include "site.h"

struct doctor {
	const struct pc_doctor_config *config;
	pc_doctor_visit *visit;
	void *arg;
	enum pc_doctor_level worst;
	int root;                /* pc_sysfs_root() */
	bool recorded;           /* another root than this machine's */
	bool simulated;
	struct pc_site site;
	bool site_broken;
	struct pc_error site_error;
	struct pc_power *power;  /* NULL: the back end that was named does not open */
	struct pc_error power_error;
	const struct pc_cpu_model *model;        /* NULL: not known */
	bool can_limit;          /* some package has a limit through the back end that was taken */
	bool list_hides;         /* nothing has, and msr-safe's list is empty: what is behind it is not known */
};

/* Reports; mend may be NULL. */
void doctor_say(struct doctor *doctor, const char *check, enum pc_doctor_level level, const char *mend,
		const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A command with a figure in it; the text is good until the next call. */
const char *doctor_mend(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What is missing on a lower rung matters only where no higher one can limit, or could, but for the list. */
enum pc_doctor_level doctor_unless_limited(const struct doctor *doctor, enum pc_doctor_level level);

bool doctor_exists(const struct doctor *doctor, const char *path);
/* The whole of a small file, cut at 64 KiB; the caller frees it. NULL where it cannot be read. */
char *doctor_slurp(int directory, const char *path);

void doctor_look_at_machine(struct doctor *doctor);  /* doctor_machine.c, doctor_access.c */
void doctor_look_at_access(struct doctor *doctor);
void doctor_look_at_node(struct doctor *doctor);     /* doctor_node.c */
void doctor_look_at_site(struct doctor *doctor);     /* doctor_site.c */
void doctor_look_at_slurm(struct doctor *doctor);    /* doctor_slurm.c */

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_PLUGIN_H
#define PHASECAP_PLUGIN_H

/*
 * The SPANK plugin: one file per Slurm context.  spank_phasecap.c asks
 * spank_context() where it is and calls
 *   client.c   srun, sbatch, salloc: says no to a cap that cannot be, before anything is queued
 *   slurmd.c   slurmd: prolog, epilog, and the sweep at its start
 *   stepd.c    slurmstepd: hands the decision to the ranks, or refuses the step
 * No hook fails for what a user did, but for the one that drains no node.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <slurm/spank.h>

#include "job.h"
#include "site.h"

/* The site's configuration as this process could read it. */
struct plugin_site {
	struct pc_site site;     /* usable for run_dir also where broken */
	bool broken;
	struct pc_error why;     /* where broken */
};

/* From the plugstack line's arguments; conf=PATH is the only one there is. */
void plugin_site_load(struct plugin_site *site, int count, char **argument);

/* options.c */
extern struct spank_option plugin_options[];     /* ends with an entry without a name */
int plugin_options_register(spank_t spank);
/* What the prolog finds of --power-cap: the user's bytes; NULL where it was not given. */
const char *plugin_option_cap(spank_t spank);

/* How Slurm names the option between its processes.  plugin_name and the option's name make it. */
#define PLUGIN_CAP_VARIABLE "_SLURM_SPANK_OPTION_phasecap_power_cap"
#define PLUGIN_CAP_TWIN "PHASECAP_POWER_CAP"

/* client.c */
int client_init(spank_t spank, int count, char **argument);
int client_take_cap(const char *value);
int client_init_post_opt(spank_t spank);

/* slurmd.c */
int slurmd_init(int count, char **argument);
int slurmd_prolog(spank_t spank, int count, char **argument);
int slurmd_epilog(spank_t spank, int count, char **argument);

/* stepd.c */
int stepd_init(spank_t spank, int count, char **argument);
int stepd_take_cap(const char *value);
int stepd_init_post_opt(spank_t spank);
int stepd_task_init_privileged(spank_t spank);
int stepd_task_exit(spank_t spank);
int stepd_exit(spank_t spank);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "plugin.h"

#include <stdio.h>
#include <string.h>

SPANK_PLUGIN(phasecap, 1)

void plugin_site_load(struct plugin_site *site, int count, char **argument)
{
	const char *path = NULL;

	memset(site, 0, sizeof *site);
	for (int i = 0; i < count; i++) {
		if (strncmp(argument[i], "conf=", 5) == 0 && argument[i][5] == '/') {
			path = argument[i] + 5;
			continue;
		}
		site->broken = true;
		pc_fail(&site->why, 0, "plugstack.conf: phasecap takes conf=/PATH/OF/FILE, not \"%s\"", argument[i]);
	}
	/* The state directory is wanted even so. */
	if (pc_site_load(&site->site, path, site->broken ? NULL : &site->why))
		site->broken = true;
}

int slurm_spank_init(spank_t spank, int count, char *argument[])
{
	switch (spank_context()) {
	case S_CTX_LOCAL:
	case S_CTX_ALLOCATOR:
		return client_init(spank, count, argument);
	case S_CTX_REMOTE:
		return stepd_init(spank, count, argument);
	case S_CTX_SLURMD:
		return slurmd_init(count, argument);
	default:
		return 0;
	}
}

int slurm_spank_init_post_opt(spank_t spank, int count, char *argument[])
{
	(void)count;
	(void)argument;
	switch (spank_context()) {
	case S_CTX_LOCAL:
	case S_CTX_ALLOCATOR:
		return client_init_post_opt(spank);
	case S_CTX_REMOTE:
		return stepd_init_post_opt(spank);
	default:
		return 0;
	}
}

int slurm_spank_job_prolog(spank_t spank, int count, char *argument[])
{
	return slurmd_prolog(spank, count, argument);
}

int slurm_spank_job_epilog(spank_t spank, int count, char *argument[])
{
	return slurmd_epilog(spank, count, argument);
}

int slurm_spank_task_init_privileged(spank_t spank, int count, char *argument[])
{
	(void)count;
	(void)argument;
	return stepd_task_init_privileged(spank);
}

int slurm_spank_task_exit(spank_t spank, int count, char *argument[])
{
	(void)count;
	(void)argument;
	return stepd_task_exit(spank);
}

int slurm_spank_exit(spank_t spank, int count, char *argument[])
{
	(void)count;
	(void)argument;
	return spank_context() == S_CTX_REMOTE ? stepd_exit(spank) : 0;
}

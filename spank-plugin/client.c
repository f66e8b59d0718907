/* SPDX-License-Identifier: BSD-3-Clause */
#include "plugin.h"

#include <stdlib.h>

static struct plugin_site site;
static bool given;               /* the option stood on the command line, or in the script */

int client_init(spank_t spank, int count, char **argument)
{
	plugin_site_load(&site, count, argument);
	return plugin_options_register(spank);
}

/* What is wrong with a cap as far as it can be told here; the prolog judges it again. */
static int judge(const char *value, struct pc_error *error)
{
	struct pc_cap cap;

	if (site.broken)
		return pc_fail(error, 0, "no cap can be asked for, because the site's configuration is broken "
			       "(tell the administrator): %s", site.why.text);
	return pc_site_cap(&site.site, value, &cap, error);
}

int client_take_cap(const char *value)
{
	struct pc_error error;

	given = true;
	if (judge(value ? value : "", &error) == 0)
		return 0;
	slurm_error("phasecap: %s", error.text);
	return -1;
}

/*
 * The twin counts where there is no option, neither of this command nor of the
 * allocation around it.  From here on it is the option: job control carries it to the prolog, the
 * environment to the steps.
 */
int client_init_post_opt(spank_t spank)
{
	const char *value = getenv(PLUGIN_CAP_TWIN);
	struct pc_error error;

	if (given || !value || !*value || getenv(PLUGIN_CAP_VARIABLE))
		return 0;
	if (judge(value, &error)) {
		slurm_error("phasecap: " PLUGIN_CAP_TWIN " in the environment: %s", error.text);
		return -1;
	}
	if (setenv(PLUGIN_CAP_VARIABLE, value, 1) ||
	    spank_job_control_setenv(spank, PLUGIN_CAP_VARIABLE, value, 1) != ESPANK_SUCCESS) {
		slurm_error("phasecap: " PLUGIN_CAP_TWIN " in the environment cannot be passed on: use --power-cap=%s",
			    value);
		return -1;
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "plugin.h"

static int take_cap(int which, const char *value, int remote)
{
	(void)which;
	return remote ? stepd_take_cap(value) : client_take_cap(value);
}

struct spank_option plugin_options[] = {
	{
		.name = "power-cap",
		.arginfo = "watts",
		.usage = "[phasecap] keep each node of the job at or under this power: WATTS[W|kW][/node], as in "
			 "300W. It covers the node's CPU packages and their DRAM; not GPUs, fans, network or "
			 "disks. The job needs whole nodes (--exclusive). Environment: " PLUGIN_CAP_TWIN,
		.has_arg = 1,
		.cb = take_cap,
	},
	SPANK_OPTIONS_TABLE_END
};

int plugin_options_register(spank_t spank)
{
	for (struct spank_option *option = plugin_options; option->name; option++)
		if (spank_option_register(spank, option) != ESPANK_SUCCESS) {
			slurm_error("phasecap: option --%s cannot be registered: another plugin may have "
				    "taken the name", option->name);
			return -1;
		}
	return 0;
}

const char *plugin_option_cap(spank_t spank)
{
	char *value = NULL;

	if (spank_option_getopt(spank, &plugin_options[0], &value) != ESPANK_SUCCESS)
		return NULL;
	return value ? value : "";
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulated node as a back end: by name only, "sim:PATH". */
#include <errno.h>

#include "register_node.h"
#include "sim.h"

static int open_sim(struct pc_power *power, const struct pc_power_config *config, const char *argument,
		    struct pc_error *error)
{
	struct pc_topology *topology;
	struct pc_sim *sim;

	(void)config;
	if (!argument || !*argument)
		return pc_fail(error, EINVAL, "simulated node: no file is named: write sim:PATH, with a file "
			       "that `pmctl sim create` made");
	if (pc_sim_attach(&sim, argument, error) < 0)
		return -1;
	if (pc_topology_load(&topology, PC_TOPOLOGY_SYNTHETIC, pc_sim_topology(sim), error) < 0) {
		pc_sim_detach(sim);
		return -1;
	}
	return pc_register_node_open(power, topology, pc_sim_model(sim), pc_sim_transport(sim), error);
}

const struct pc_backend pc_backend_sim = {
	.name = "simulated",
	.rung = 0,
	.simulated = true,
	.open = open_sim,
	.close = pc_register_node_close,
	.run = pc_register_node_run,
	.capture = pc_register_node_capture,
	.setting_read = pc_register_node_setting_read,
	.setting_write = pc_register_node_setting_write,
	.setting_lowers = pc_register_node_setting_lowers,
	.list_read = pc_register_node_list_read,
	.list_install = pc_register_node_list_install,
	.list_for = pc_register_node_list_for,
	.access_paths = pc_register_node_access_paths,
};

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stock msr driver (rung 35), for root: opening /dev/cpu/N/msr needs
 * CAP_SYS_RAWIO even where a file permission or an ACL would let one in.  It has no
 * allowlist: what is written is the whole register.
 */
#include "msr_driver.h"
#include "register_node.h"

static int msr_open(struct pc_power *power, const struct pc_power_config *config,
		    const char *argument, struct pc_error *error)
{
	struct pc_msr_transport transport;

	(void)argument;
	if (pc_msr_files_transport(&transport, PC_MSR_NODE_STOCK, config->root, &pc_msr_kernel, error) < 0)
		return -1;
	return pc_msr_driver_open(power, config->root, transport, error);
}

const struct pc_backend pc_backend_msr = {
	.name = "msr",
	.rung = 35,
	.open = msr_open,
	.close = pc_register_node_close,
	.run = pc_register_node_run,
	.capture = pc_register_node_capture,
	.setting_read = pc_register_node_setting_read,
	.setting_write = pc_register_node_setting_write,
	.setting_lowers = pc_register_node_setting_lowers,
};

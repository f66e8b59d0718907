/* SPDX-License-Identifier: BSD-3-Clause */
/* The last rung: time only.  Energy may still come from the sampler, through the shared segment. */
#include <errno.h>
#include <stdio.h>

#include "backend.h"

static void name_packages(struct pc_power *power)
{
	unsigned count = pc_topology_package_count(power->topology);

	power->package_count = count < PC_MAX_PACKAGES ? count : PC_MAX_PACKAGES;
	for (unsigned i = 0; i < power->package_count; i++)
		snprintf(power->package[i].name, sizeof power->package[i].name, "package-%u",
			 pc_topology_package_os_index(power->topology, i));
}

/* Never fails: a node whose topology cannot be had is a node without packages. */
static int none_open(struct pc_power *power, const struct pc_power_config *config,
		     const char *argument, struct pc_error *error)
{
	enum pc_topology_kind kind = power->read_only ? PC_TOPOLOGY_ROOT : PC_TOPOLOGY_SYSTEM;

	(void)argument;
	if (pc_topology_load(&power->topology, kind, config->root, error) == 0)
		name_packages(power);
	else
		power->topology = NULL;
	return 0;
}

static int none_run(struct pc_power *power, unsigned package, struct pc_op *ops, unsigned count,
		    struct pc_stamp *stamp, struct pc_error *error)
{
	if (stamp) {
		stamp->before_ns = stamp->after_ns = pc_now_ns();
		stamp->tsc = 0;
	}
	for (unsigned i = 0; i < count; i++)
		ops[i].error = -ENOTSUP;
	if (!count)
		return 0;
	return pc_fail(error, ENOTSUP, "%s: no interface to read or limit its power is open here; "
		       "`pmctl doctor` says why", power->package[package].name);
}

const struct pc_backend pc_backend_none = {
	.name = "none",
	.rung = 10,
	.open = none_open,
	.run = none_run,
};

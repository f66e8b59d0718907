/* SPDX-License-Identifier: BSD-3-Clause */

/* Which packages each PU belongs to, told to ranks that do not load hwloc. */

#include "leader.h"

struct scopes {
	struct pc_segment *segment;
	const struct pc_power *power;
};

/* The register scopes of a package: itself, or its dies where registers are per die. */
static void scopes_of(const struct pc_power *power, unsigned package, unsigned *first, unsigned *count)
{
	const struct pc_topology *topology = pc_power_topology(power);

	*first = package;
	*count = 1;
	if (pc_power_package_count(power) == pc_topology_package_count(topology))
		return;
	*first = 0;
	for (unsigned i = 0; i < package; i++)
		*first += pc_topology_die_count(topology, i);
	*count = pc_topology_die_count(topology, package);
}

static int map_pu(unsigned pu, void *arg)
{
	const struct scopes *scopes = arg;
	int package = pc_topology_package_of_pu(pc_power_topology(scopes->power), pu, NULL);
	unsigned first, count;

	if (package < 0 || pu >= PC_SEGMENT_PUS)
		return 0;
	scopes_of(scopes->power, (unsigned)package, &first, &count);
	if (first + count > scopes->segment->packages)
		return 0;
	atomic_store(&scopes->segment->pu[pu].first, (uint8_t)first);
	atomic_store(&scopes->segment->pu[pu].count, (uint8_t)count);
	return 0;
}

int pc_node_map(struct pc_segment *segment, struct pc_error *error)
{
	const struct pc_power_config config = { .backend = segment->backend };
	struct scopes scopes = { .segment = segment };
	struct pc_power *power;

	if (pc_power_open(&power, &config, NULL, 0, NULL, error))
		return -1;
	scopes.power = power;
	pc_topology_each_pu(pc_power_topology(power), map_pu, &scopes);
	pc_power_close(power);
	return 0;
}

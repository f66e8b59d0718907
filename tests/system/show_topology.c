/* SPDX-License-Identifier: BSD-3-Clause */
/* show_topology xml|root SOURCE [CPU-LIST]: what the power layer sees of a machine, one
 * package a line; with a list, whether it owns the package. */
#include <stdio.h>
#include <string.h>

#include "topology.h"

struct tally {
	const struct pc_topology *topology;
	unsigned usable;
};

static int tally_pu(unsigned pu, void *arg)
{
	struct tally *tally = arg;

	tally->usable += pc_topology_pu_usable(tally->topology, pu);
	return 0;
}

static unsigned usable(const struct pc_topology *topology)
{
	struct tally tally = { topology, 0 };

	pc_topology_each_pu(topology, tally_pu, &tally);
	return tally.usable;
}

static void show_package(const struct pc_topology *topology, unsigned i, const char *list)
{
	static const char *const owned[] = { "none", "partly", "wholly" };
	unsigned dies = pc_topology_die_count(topology, i);
	enum pc_ownership ownership;
	char cpus[4096];

	pc_topology_package_cpus(topology, i, cpus, sizeof cpus);
	printf("package %u: cpus %s, reach %d", pc_topology_package_os_index(topology, i), cpus,
	       pc_topology_reach_cpu(topology, i, -1, NULL));
	for (unsigned die = 0; dies > 1 && die < dies; die++)
		printf(", die %u reach %d", pc_topology_die_os_index(topology, i, die),
		       pc_topology_reach_cpu(topology, i, (int)die, NULL));
	if (list && pc_topology_ownership(topology, i, list, &ownership, NULL) == 0)
		printf(", owned %s", owned[ownership]);
	printf("\n");
}

int main(int argc, char **argv)
{
	struct pc_topology *topology;
	struct pc_error error = { "" };
	enum pc_topology_kind kind;

	if (argc < 3)
		return 2;
	kind = strcmp(argv[1], "xml") ? PC_TOPOLOGY_ROOT : PC_TOPOLOGY_XML;
	if (pc_topology_load(&topology, kind, argv[2], &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	printf("packages %u, cpus %u, usable %u\n", pc_topology_package_count(topology),
	       pc_topology_pu_count(topology), usable(topology));
	for (unsigned i = 0; i < pc_topology_package_count(topology); i++)
		show_package(topology, i, argv[3]);
	pc_topology_destroy(topology);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include <hwloc.h>

#include "sim_internal.h"

/* Registers are per die where a package has several: the simulated model does so too
 * (06_55, Cascade Lake-AP). */
static hwloc_obj_type_t scope_type(hwloc_topology_t topology)
{
	int dies = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_DIE);
	int packages = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE);

	if (packages <= 0)
		return HWLOC_OBJ_MACHINE;
	return dies > packages ? HWLOC_OBJ_DIE : HWLOC_OBJ_PACKAGE;
}

static int add_package(struct sim_file *file, const char *text, hwloc_obj_t scope, struct pc_error *error)
{
	unsigned index = file->package_count;
	unsigned cpu;

	if (index == SIM_PACKAGES)
		return pc_fail(error, ERANGE, "topology \"%s\": a simulated node has at most %d packages",
			       text, SIM_PACKAGES);
	if (hwloc_bitmap_last(scope->cpuset) >= SIM_CPUS)
		return pc_fail(error, ERANGE, "topology \"%s\": a simulated node has CPUs 0 to %d only",
			       text, SIM_CPUS - 1);
	hwloc_bitmap_foreach_begin(cpu, scope->cpuset)
		file->cpu_package[cpu] = (uint8_t)index;
	hwloc_bitmap_foreach_end();
	file->package[index].reach_cpu = (uint16_t)hwloc_bitmap_first(scope->cpuset);
	file->package_count++;
	return 0;
}

static int add_packages(struct sim_file *file, const char *text, hwloc_topology_t topology,
			struct pc_error *error)
{
	hwloc_obj_type_t type = scope_type(topology);
	hwloc_obj_t scope = NULL;

	while ((scope = hwloc_get_next_obj_by_type(topology, type, scope)))
		if (add_package(file, text, scope, error) < 0)
			return -1;
	return 0;
}

int sim_layout(struct sim_file *file, const char *text, struct pc_error *error)
{
	hwloc_topology_t topology;
	int status = -1, code;

	memset(file->cpu_package, SIM_NO_PACKAGE, sizeof file->cpu_package);
	file->package_count = 0;
	if (hwloc_topology_init(&topology) < 0)
		return pc_fail(error, ENOMEM, "hwloc: no memory for a topology");
	if (hwloc_topology_set_synthetic(topology, text) < 0 || hwloc_topology_load(topology) < 0)
		pc_fail(error, EINVAL, "topology \"%s\": hwloc takes it for no synthetic description; "
			"write one such as \"pack:2 core:4 pu:1\" (see hwloc's manual)", text);
	else
		status = add_packages(file, text, topology, error);
	code = errno;
	hwloc_topology_destroy(topology);
	errno = code;
	return status;
}

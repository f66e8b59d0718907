/* SPDX-License-Identifier: BSD-3-Clause */
#include "topology.h"

#include <errno.h>
#include <hwloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct die {
	unsigned os_index;
	hwloc_bitmap_t pus;      /* online */
};

struct package {
	unsigned os_index;
	hwloc_bitmap_t pus;      /* online */
	unsigned die_count;
	struct die *die;
};

/* What is kept of hwloc's tree, which is dropped as soon as it has been read. */
struct pc_topology {
	hwloc_bitmap_t online;
	hwloc_bitmap_t usable;   /* online, allowed by the cgroup, in the binding */
	unsigned package_count;
	struct package *package;
};

/* --- loading ------------------------------------------------------------------ */

static int keep_what_is_needed(hwloc_topology_t tree)
{
	static const hwloc_obj_type_t kept[] = {
		HWLOC_OBJ_PACKAGE, HWLOC_OBJ_DIE, HWLOC_OBJ_CORE
	};

	if (hwloc_topology_set_all_types_filter(tree, HWLOC_TYPE_FILTER_KEEP_NONE) < 0)
		return -1;
	for (unsigned i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		if (hwloc_topology_set_type_filter(tree, kept[i], HWLOC_TYPE_FILTER_KEEP_ALL) < 0)
			return -1;
	}
	/* The x86 component would bind this thread to each CPU in turn, to run CPUID. */
	if (hwloc_topology_set_components(tree, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86") < 0)
		return -1;
	/* PUs outside the cgroup count for ownership: they belong to somebody else. */
	return hwloc_topology_set_flags(tree, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
}

static int load_tree(hwloc_topology_t tree, const char *what, struct pc_error *error)
{
	if (hwloc_topology_load(tree) < 0)
		return pc_fail(error, EINVAL, "%s: hwloc cannot read a machine from it", what);
	return 0;
}

static int load_system(hwloc_topology_t tree, struct pc_error *error)
{
	if (load_tree(tree, "this machine", error) < 0)
		return -1;
	if (!hwloc_topology_is_thissystem(tree))
		return pc_fail(error, EINVAL, "this machine: the environment (HWLOC_XMLFILE, "
			       "HWLOC_SYNTHETIC or HWLOC_FSROOT) makes hwloc describe another one; "
			       "unset it");
	return 0;
}

static int load_synthetic(hwloc_topology_t tree, const char *text, struct pc_error *error)
{
	if (hwloc_topology_set_synthetic(tree, text) < 0)
		return pc_fail(error, EINVAL, "topology \"%s\": not an hwloc synthetic string; "
			       "\"pack:2 core:4 pu:2\" is one", text);
	return load_tree(tree, text, error);
}

static int load_xml(hwloc_topology_t tree, const char *path, struct pc_error *error)
{
	if (access(path, R_OK) < 0)
		return pc_fail(error, errno, "%s: cannot be read: %s", path, strerror(errno));
	if (hwloc_topology_set_xml(tree, path) < 0)
		return pc_fail(error, EINVAL, "%s: not an hwloc XML file; lstopo writes one", path);
	return load_tree(tree, path, error);
}

static void put_back(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

/* hwloc 2 knows a recorded root by its environment variable only. */
static int load_root(hwloc_topology_t tree, const char *path, struct pc_error *error)
{
	static const char name[] = "HWLOC_FSROOT";
	const char *present = getenv(name);
	char *saved = present ? strdup(present) : NULL;
	char *cpus = NULL;
	int result = -1;

	if ((present && !saved) || asprintf(&cpus, "%s/sys/devices/system/cpu", path) < 0) {
		pc_fail(error, ENOMEM, "%s: out of memory", path);
		goto out;
	}
	if (access(cpus, R_OK | X_OK) < 0) {
		pc_fail(error, errno, "%s: no recorded machine: %s: %s", path, cpus, strerror(errno));
		goto out;
	}
	if (setenv(name, path, 1) < 0) {
		pc_fail(error, errno, "%s: %s", path, strerror(errno));
		goto out;
	}
	result = load_tree(tree, path, error);
	put_back(name, saved);
out:
	free(cpus);
	free(saved);
	return result;
}

static int load_kind(hwloc_topology_t tree, enum pc_topology_kind kind, const char *source,
		     struct pc_error *error)
{
	switch (kind) {
	case PC_TOPOLOGY_SYSTEM:
		return load_system(tree, error);
	case PC_TOPOLOGY_SYNTHETIC:
		return load_synthetic(tree, source, error);
	case PC_TOPOLOGY_XML:
		return load_xml(tree, source, error);
	case PC_TOPOLOGY_ROOT:
		return load_root(tree, source, error);
	}
	return pc_fail(error, EINVAL, "topology kind %d: there is none", (int)kind);
}

/* --- reading the tree ----------------------------------------------------------- */

static int read_dies(struct package *package, hwloc_topology_t tree, hwloc_obj_t object)
{
	int found = hwloc_get_nbobjs_inside_cpuset_by_type(tree, object->cpuset, HWLOC_OBJ_DIE);
	unsigned count = found > 0 ? (unsigned)found : 1;

	package->die = calloc(count, sizeof *package->die);
	if (!package->die)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		struct die *die = &package->die[i];
		hwloc_obj_t part = found > 0 ?
			hwloc_get_obj_inside_cpuset_by_type(tree, object->cpuset, HWLOC_OBJ_DIE, i) :
			object;

		die->os_index = found > 0 ? part->os_index : 0;
		die->pus = hwloc_bitmap_dup(part->cpuset);
		if (!die->pus)
			return -1;
		package->die_count++;
	}
	return 0;
}

static int read_packages(struct pc_topology *topology, hwloc_topology_t tree)
{
	int found = hwloc_get_nbobjs_by_type(tree, HWLOC_OBJ_PACKAGE);
	hwloc_obj_type_t type = found > 0 ? HWLOC_OBJ_PACKAGE : HWLOC_OBJ_MACHINE;
	unsigned count = found > 0 ? (unsigned)found : 1;

	topology->package = calloc(count, sizeof *topology->package);
	if (!topology->package)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		hwloc_obj_t object = hwloc_get_obj_by_type(tree, type, i);
		struct package *package = &topology->package[i];

		package->os_index = found > 0 ? object->os_index : 0;
		package->pus = hwloc_bitmap_dup(object->cpuset);
		topology->package_count++;
		if (!package->pus || read_dies(package, tree, object) < 0)
			return -1;
	}
	return 0;
}

static int read_tree(struct pc_topology *topology, hwloc_topology_t tree, bool this_system)
{
	hwloc_bitmap_t binding = hwloc_bitmap_alloc();
	int result = -1;

	topology->online = hwloc_bitmap_dup(hwloc_topology_get_topology_cpuset(tree));
	topology->usable = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(tree));
	if (!binding || !topology->online || !topology->usable)
		goto out;
	hwloc_bitmap_and(topology->usable, topology->usable, topology->online);
	if (this_system && !hwloc_get_cpubind(tree, binding, HWLOC_CPUBIND_THREAD))
		hwloc_bitmap_and(topology->usable, topology->usable, binding);
	result = read_packages(topology, tree);
out:
	hwloc_bitmap_free(binding);
	return result;
}

int pc_topology_load(struct pc_topology **topology, enum pc_topology_kind kind,
		     const char *source, struct pc_error *error)
{
	struct pc_topology *made = calloc(1, sizeof *made);
	hwloc_topology_t tree = NULL;
	int result = -1;

	*topology = NULL;
	if (!made || hwloc_topology_init(&tree) < 0 || keep_what_is_needed(tree) < 0) {
		pc_fail(error, ENOMEM, "topology: out of memory");
		goto out;
	}
	if (load_kind(tree, kind, source, error) < 0)
		goto out;
	if (read_tree(made, tree, kind == PC_TOPOLOGY_SYSTEM) < 0) {
		pc_fail(error, ENOMEM, "topology: out of memory");
		goto out;
	}
	*topology = made;
	made = NULL;
	result = 0;
out:
	pc_topology_destroy(made);
	if (tree) {
		int code = errno;

		hwloc_topology_destroy(tree);
		errno = code;
	}
	return result;
}

void pc_topology_destroy(struct pc_topology *topology)
{
	int code = errno;

	if (!topology)
		return;
	for (unsigned i = 0; i < topology->package_count; i++) {
		struct package *package = &topology->package[i];

		for (unsigned j = 0; j < package->die_count; j++)
			hwloc_bitmap_free(package->die[j].pus);
		free(package->die);
		hwloc_bitmap_free(package->pus);
	}
	free(topology->package);
	hwloc_bitmap_free(topology->online);
	hwloc_bitmap_free(topology->usable);
	free(topology);
	errno = code;
}

/* --- questions ------------------------------------------------------------------ */

unsigned pc_topology_package_count(const struct pc_topology *topology)
{
	return topology->package_count;
}

unsigned pc_topology_die_count(const struct pc_topology *topology, unsigned package)
{
	return topology->package[package].die_count;
}

unsigned pc_topology_pu_count(const struct pc_topology *topology)
{
	return (unsigned)hwloc_bitmap_weight(topology->online);
}

unsigned pc_topology_package_os_index(const struct pc_topology *topology, unsigned package)
{
	return topology->package[package].os_index;
}

unsigned pc_topology_die_os_index(const struct pc_topology *topology, unsigned package, unsigned die)
{
	return topology->package[package].die[die].os_index;
}

int pc_topology_reach_cpu(const struct pc_topology *topology, unsigned package, int die,
			  struct pc_error *error)
{
	hwloc_const_bitmap_t pus;
	int pu;

	if (package >= topology->package_count)
		return pc_fail(error, ENXIO, "package %u: there is none, or all its PUs are offline; "
			       "%u packages are there", package, topology->package_count);
	if (die >= (int)topology->package[package].die_count)
		return pc_fail(error, ENXIO, "package %u die %d: there is none, or all its PUs are "
			       "offline; %u dies are there", package, die,
			       topology->package[package].die_count);
	pus = die < 0 ? topology->package[package].pus : topology->package[package].die[die].pus;
	hwloc_bitmap_foreach_begin(pu, pus)
		if (hwloc_bitmap_isset(topology->usable, (unsigned)pu))
			return pu;
	hwloc_bitmap_foreach_end();
	return hwloc_bitmap_first(pus);
}

bool pc_topology_pu_usable(const struct pc_topology *topology, unsigned pu)
{
	return hwloc_bitmap_isset(topology->usable, pu);
}

bool pc_topology_pu_in_die(const struct pc_topology *topology, unsigned package, unsigned die,
			   unsigned pu)
{
	return hwloc_bitmap_isset(topology->package[package].die[die].pus, pu);
}

int pc_topology_package_of_pu(const struct pc_topology *topology, unsigned pu,
			      struct pc_error *error)
{
	for (unsigned i = 0; i < topology->package_count; i++) {
		if (hwloc_bitmap_isset(topology->package[i].pus, pu))
			return (int)i;
	}
	return pc_fail(error, ENXIO, "CPU %u: offline or not there", pu);
}

/* --- CPU lists -------------------------------------------------------------------- */

enum { MAX_CPU = 65535 };        /* what msr-safe's 16-bit field can name */

static const char *parse_number(const char *text, unsigned long *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return errno || *number > MAX_CPU ? NULL : end;
}

/* One "3" or "0-3"; returns what follows, NULL where it is neither. */
static const char *parse_range(const char *text, hwloc_bitmap_t set)
{
	unsigned long first, last;

	text = parse_number(text, &first);
	if (!text)
		return NULL;
	last = first;
	if (*text == '-')
		text = parse_number(text + 1, &last);
	if (!text || last < first || hwloc_bitmap_set_range(set, (unsigned)first, (int)last) < 0)
		return NULL;
	return text;
}

static hwloc_bitmap_t parse_list(const char *list, struct pc_error *error)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	const char *at = list;

	if (!set) {
		pc_fail(error, ENOMEM, "CPU list: out of memory");
		return NULL;
	}
	for (;;) {
		at = parse_range(at, set);
		if (!at || (*at != ',' && *at != '\0')) {
			hwloc_bitmap_free(set);
			pc_fail(error, EINVAL, "CPU list \"%s\": not a list like \"0-3,8\" of CPUs up to %d",
				list, MAX_CPU);
			return NULL;
		}
		if (*at == '\0')
			return set;
		at++;
	}
}

int pc_topology_package_of_cpus(const struct pc_topology *topology, const char *cpu_list,
				struct pc_error *error)
{
	hwloc_bitmap_t set = parse_list(cpu_list, error);
	int package = -1;
	int pu;

	if (!set)
		return -1;
	hwloc_bitmap_foreach_begin(pu, set)
		int first = package;

		package = pc_topology_package_of_pu(topology, (unsigned)pu, error);
		if (package >= 0 && first >= 0 && package != first)
			package = pc_fail(error, ERANGE, "CPU list \"%s\": spans packages %u and %u",
					  cpu_list, topology->package[first].os_index,
					  topology->package[package].os_index);
		if (package < 0)
			break;
	hwloc_bitmap_foreach_end();
	hwloc_bitmap_free(set);
	return package;
}

int pc_topology_ownership(const struct pc_topology *topology, unsigned package,
			  const char *cpu_list, enum pc_ownership *ownership,
			  struct pc_error *error)
{
	hwloc_bitmap_t set = parse_list(cpu_list, error);
	hwloc_const_bitmap_t pus = topology->package[package].pus;

	if (!set)
		return -1;
	if (hwloc_bitmap_isincluded(pus, set))
		*ownership = PC_OWNED_WHOLLY;
	else if (hwloc_bitmap_intersects(pus, set))
		*ownership = PC_OWNED_PARTLY;
	else
		*ownership = PC_OWNED_NONE;
	hwloc_bitmap_free(set);
	return 0;
}

int pc_topology_package_cpus(const struct pc_topology *topology, unsigned package,
			     char *text, unsigned size)
{
	return hwloc_bitmap_list_snprintf(text, size, topology->package[package].pus);
}

static int each_of(hwloc_const_bitmap_t set, int (*visit)(unsigned pu, void *arg), void *arg)
{
	int pu;

	hwloc_bitmap_foreach_begin(pu, set)
		int result = visit((unsigned)pu, arg);

		if (result)
			return result;
	hwloc_bitmap_foreach_end();
	return 0;
}

int pc_topology_each_pu(const struct pc_topology *topology, int (*visit)(unsigned pu, void *arg),
			void *arg)
{
	return each_of(topology->online, visit, arg);
}

int pc_topology_each_listed(const char *cpu_list, int (*visit)(unsigned cpu, void *arg), void *arg,
			    struct pc_error *error)
{
	hwloc_bitmap_t set = parse_list(cpu_list, error);
	int result;

	if (!set)
		return -1;
	result = each_of(set, visit, arg);
	hwloc_bitmap_free(set);
	return result;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <hwloc.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "topology.h"

/* --- memory that runs out ---------------------------------------------------------------- */

static int memory_left = -1;     /* allocations until one fails; -1: enough */

static bool out_of_memory(void)
{
	return memory_left >= 0 && memory_left-- == 0;
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	return out_of_memory() ? NULL : __real_calloc(count, size);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text)
{
	return out_of_memory() ? NULL : __real_strdup(text);
}

hwloc_bitmap_t __real_hwloc_bitmap_alloc(void);
hwloc_bitmap_t __wrap_hwloc_bitmap_alloc(void);
hwloc_bitmap_t __wrap_hwloc_bitmap_alloc(void)
{
	return out_of_memory() ? NULL : __real_hwloc_bitmap_alloc();
}

hwloc_bitmap_t __real_hwloc_bitmap_dup(hwloc_const_bitmap_t set);
hwloc_bitmap_t __wrap_hwloc_bitmap_dup(hwloc_const_bitmap_t set);
hwloc_bitmap_t __wrap_hwloc_bitmap_dup(hwloc_const_bitmap_t set)
{
	return out_of_memory() ? NULL : __real_hwloc_bitmap_dup(set);
}

int __real_setenv(const char *name, const char *value, int overwrite);
int __wrap_setenv(const char *name, const char *value, int overwrite);
int __wrap_setenv(const char *name, const char *value, int overwrite)
{
	if (out_of_memory()) {
		errno = ENOMEM;
		return -1;
	}
	return __real_setenv(name, value, overwrite);
}

static struct pc_topology *load(const char *synthetic)
{
	struct pc_topology *topology;
	struct pc_error error = { "" };

	if (pc_topology_load(&topology, PC_TOPOLOGY_SYNTHETIC, synthetic, &error) < 0)
		fail_msg("%s", error.text);
	return topology;
}

static void has_cpus(const struct pc_topology *topology, unsigned package, const char *list)
{
	char text[256];

	assert_int_equal(pc_topology_package_cpus(topology, package, text, sizeof text), strlen(list));
	assert_string_equal(text, list);
}

/* --- shapes --------------------------------------------------------------------------- */

static void one_two_four_and_eight_packages(void **state)
{
	static const struct { const char *synthetic; unsigned packages; } shapes[] = {
		{ "pack:1 core:2 pu:2", 1 }, { "pack:2 core:2 pu:2", 2 },
		{ "pack:4 core:2 pu:2", 4 }, { "pack:8 core:2 pu:2", 8 },
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct pc_topology *topology = load(shapes[i].synthetic);

		assert_int_equal(pc_topology_package_count(topology), shapes[i].packages);
		assert_int_equal(pc_topology_pu_count(topology), 4 * shapes[i].packages);
		for (unsigned p = 0; p < shapes[i].packages; p++) {
			char list[32];

			snprintf(list, sizeof list, "%u-%u", 4 * p, 4 * p + 3);
			has_cpus(topology, p, list);
			assert_int_equal(pc_topology_package_os_index(topology, p), p);
			assert_int_equal(pc_topology_die_count(topology, p), 1);
			assert_int_equal(pc_topology_die_os_index(topology, p, 0), 0);
			assert_int_equal(pc_topology_reach_cpu(topology, p, -1, NULL), 4 * p);
			assert_int_equal(pc_topology_reach_cpu(topology, p, 0, NULL), 4 * p);
		}
		pc_topology_destroy(topology);
	}
}

static void two_dies_a_package(void **state)
{
	struct pc_topology *topology = load("pack:2 die:2 core:3 pu:2");

	(void)state;
	assert_int_equal(pc_topology_package_count(topology), 2);
	for (unsigned p = 0; p < 2; p++) {
		assert_int_equal(pc_topology_die_count(topology, p), 2);
		assert_int_equal(pc_topology_reach_cpu(topology, p, -1, NULL), 12 * p);
		for (unsigned die = 0; die < 2; die++) {
			unsigned first = 12 * p + 6 * die;

			assert_int_equal(pc_topology_reach_cpu(topology, p, (int)die, NULL), first);
			assert_true(pc_topology_pu_in_die(topology, p, die, first));
			assert_true(pc_topology_pu_in_die(topology, p, die, first + 5));
			assert_false(pc_topology_pu_in_die(topology, p, die, first + 6));
		}
	}
	pc_topology_destroy(topology);
}

/* PUs of a hyper-threaded package are numbered round robin by many BIOSes. */
static void interleaved_numbers(void **state)
{
	struct pc_topology *topology = load("pack:2 core:2 pu:2(indexes=0,4,2,6,1,5,3,7)");

	(void)state;
	has_cpus(topology, 0, "0,2,4,6");
	has_cpus(topology, 1, "1,3,5,7");
	assert_int_equal(pc_topology_reach_cpu(topology, 1, -1, NULL), 1);
	assert_int_equal(pc_topology_package_of_pu(topology, 6, NULL), 0);
	assert_int_equal(pc_topology_package_of_pu(topology, 3, NULL), 1);
	pc_topology_destroy(topology);
}

static void holes_in_package_and_die_numbers(void **state)
{
	struct pc_topology *topology = load("pack:2(indexes=1,3) core:2 pu:1");

	(void)state;
	assert_int_equal(pc_topology_package_count(topology), 2);
	assert_int_equal(pc_topology_package_os_index(topology, 0), 1);
	assert_int_equal(pc_topology_package_os_index(topology, 1), 3);
	pc_topology_destroy(topology);
	topology = load("pack:1 die:2(indexes=4,6) core:2 pu:1");
	assert_int_equal(pc_topology_die_os_index(topology, 0, 0), 4);
	assert_int_equal(pc_topology_die_os_index(topology, 0, 1), 6);
	pc_topology_destroy(topology);
}

static void a_machine_without_packages_is_one(void **state)
{
	struct pc_topology *topology = load("core:4 pu:1");

	(void)state;
	assert_int_equal(pc_topology_package_count(topology), 1);
	assert_int_equal(pc_topology_package_os_index(topology, 0), 0);
	assert_int_equal(pc_topology_die_count(topology, 0), 1);
	has_cpus(topology, 0, "0-3");
	pc_topology_destroy(topology);
}

/* --- questions ------------------------------------------------------------------------- */

static void ownership(void **state)
{
	static const struct { const char *list; enum pc_ownership first, second; } rows[] = {
		{ "0-7", PC_OWNED_WHOLLY, PC_OWNED_WHOLLY },
		{ "0-3", PC_OWNED_WHOLLY, PC_OWNED_NONE },
		{ "4-7", PC_OWNED_NONE, PC_OWNED_WHOLLY },
		{ "0-4", PC_OWNED_WHOLLY, PC_OWNED_PARTLY },
		{ "0-2", PC_OWNED_PARTLY, PC_OWNED_NONE },
		{ "3,4", PC_OWNED_PARTLY, PC_OWNED_PARTLY },
		{ "7", PC_OWNED_NONE, PC_OWNED_PARTLY },
		{ "3,2,1,0", PC_OWNED_WHOLLY, PC_OWNED_NONE },
		{ "0,1,1-3", PC_OWNED_WHOLLY, PC_OWNED_NONE },
		{ "100-200", PC_OWNED_NONE, PC_OWNED_NONE },
		{ "0-3,65535", PC_OWNED_WHOLLY, PC_OWNED_NONE },
	};
	struct pc_topology *topology = load("pack:2 core:2 pu:2");

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum pc_ownership first, second;

		assert_int_equal(pc_topology_ownership(topology, 0, rows[i].list, &first, NULL), 0);
		assert_int_equal(pc_topology_ownership(topology, 1, rows[i].list, &second, NULL), 0);
		assert_int_equal(first, rows[i].first);
		assert_int_equal(second, rows[i].second);
	}
	pc_topology_destroy(topology);
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const bad[] = {
		"", ",", "0,", ",0", "0,,1", "a", "0-", "-3", "3-1", "0-1-2", "0 1", " 0", "0 ", "0\n",
		"0x1", "+1", "1.5", "65536", "0-65536", "99999999999999999999", "4294967296",
	};
	struct pc_topology *topology = load("pack:2 core:2 pu:2");

	(void)state;
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		enum pc_ownership owned = PC_OWNED_PARTLY;
		struct pc_error error;
		char want[128];

		snprintf(want, sizeof want, "CPU list \"%s\": not a list like \"0-3,8\" of CPUs up to 65535",
			 bad[i]);
		errno = 0;
		assert_int_equal(pc_topology_ownership(topology, 0, bad[i], &owned, &error), -1);
		assert_int_equal(errno, EINVAL);
		assert_string_equal(error.text, want);
		assert_int_equal(owned, PC_OWNED_PARTLY);
		errno = 0;
		assert_int_equal(pc_topology_package_of_cpus(topology, bad[i], &error), -1);
		assert_int_equal(errno, EINVAL);
	}
	pc_topology_destroy(topology);
}

static void package_of_a_list(void **state)
{
	struct pc_topology *topology = load("pack:2(indexes=0,2) core:2 pu:2");
	struct pc_error error;

	(void)state;
	assert_int_equal(pc_topology_package_of_cpus(topology, "0-3", NULL), 0);
	assert_int_equal(pc_topology_package_of_cpus(topology, "5", NULL), 1);
	assert_int_equal(pc_topology_package_of_cpus(topology, "7,4", NULL), 1);
	errno = 0;
	assert_int_equal(pc_topology_package_of_cpus(topology, "1,6", &error), -1);
	assert_int_equal(errno, ERANGE);
	assert_string_equal(error.text, "CPU list \"1,6\": spans packages 0 and 2");
	errno = 0;
	assert_int_equal(pc_topology_package_of_cpus(topology, "1,8", &error), -1);
	assert_int_equal(errno, ENXIO);
	assert_string_equal(error.text, "CPU 8: offline or not there");
	errno = 0;
	assert_int_equal(pc_topology_package_of_cpus(topology, "8,9", &error), -1);
	assert_int_equal(errno, ENXIO);
	pc_topology_destroy(topology);
}

static void reach_of_what_is_not_there(void **state)
{
	struct pc_topology *topology = load("pack:2 die:2 core:2 pu:1");
	struct pc_error error;

	(void)state;
	errno = 0;
	assert_int_equal(pc_topology_reach_cpu(topology, 2, -1, &error), -1);
	assert_int_equal(errno, ENXIO);
	assert_string_equal(error.text, "package 2: there is none, or all its PUs are offline; "
			    "2 packages are there");
	errno = 0;
	assert_int_equal(pc_topology_reach_cpu(topology, 1, 2, &error), -1);
	assert_int_equal(errno, ENXIO);
	assert_string_equal(error.text, "package 1 die 2: there is none, or all its PUs are offline; "
			    "2 dies are there");
	pc_topology_destroy(topology);
}

static void cpus_are_cut_as_snprintf_does(void **state)
{
	struct pc_topology *topology = load("pack:1 core:2 pu:1");
	char text[3];

	(void)state;
	assert_int_equal(pc_topology_package_cpus(topology, 0, text, sizeof text), 3);
	assert_string_equal(text, "0-");
	assert_int_equal(pc_topology_package_cpus(topology, 0, NULL, 0), 3);
	pc_topology_destroy(topology);
}

struct visits {
	unsigned count;
	unsigned stop_at;
	unsigned pu[16];
};

static int visit(unsigned pu, void *arg)
{
	struct visits *visits = arg;

	visits->pu[visits->count++] = pu;
	return pu == visits->stop_at ? 42 : 0;
}

static void each_pu_in_order_until_told_to_stop(void **state)
{
	struct pc_topology *topology = load("pack:2 core:2 pu:1(indexes=3,1,2,0)");
	struct visits all = { .stop_at = UINT_MAX }, some = { .stop_at = 1 };

	(void)state;
	assert_int_equal(pc_topology_each_pu(topology, visit, &all), 0);
	assert_int_equal(all.count, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(all.pu[i], i);
	assert_int_equal(pc_topology_each_pu(topology, visit, &some), 42);
	assert_int_equal(some.count, 2);
	pc_topology_destroy(topology);
}

static void each_listed_cpu(void **state)
{
	struct visits all = { .stop_at = UINT_MAX };
	struct pc_error error;

	(void)state;
	assert_int_equal(pc_topology_each_listed("18,0", visit, &all, &error), 0);
	assert_int_equal(all.count, 2);
	assert_int_equal(all.pu[0], 0);
	assert_int_equal(all.pu[1], 18);
	errno = 0;
	assert_int_equal(pc_topology_each_listed("18;0", visit, &all, &error), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(all.count, 2);
}

/* --- cgroups ------------------------------------------------------------------------------ */

/* An XML file of "pack:2 core:2 pu:1" in which only these PUs are allowed. */
static void write_restricted(char path[64], const char *allowed)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	hwloc_topology_t tree;
	int fd;

	strcpy(path, "/tmp/phasecap-xml-XXXXXX");
	fd = mkstemp(path);
	assert_int_not_equal(fd, -1);
	close(fd);
	assert_int_equal(hwloc_bitmap_list_sscanf(set, allowed), 0);
	assert_int_equal(hwloc_topology_init(&tree), 0);
	assert_int_equal(hwloc_topology_set_flags(tree, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED), 0);
	assert_int_equal(hwloc_topology_set_synthetic(tree, "pack:2 core:2 pu:1"), 0);
	assert_int_equal(hwloc_topology_load(tree), 0);
	assert_int_equal(hwloc_topology_allow(tree, set, NULL, HWLOC_ALLOW_FLAG_CUSTOM), 0);
	assert_int_equal(hwloc_topology_export_xml(tree, path, 0), 0);
	hwloc_topology_destroy(tree);
	hwloc_bitmap_free(set);
}

static void disallowed_pus_exist_and_are_not_used(void **state)
{
	struct pc_topology *topology;
	enum pc_ownership owned;
	struct pc_error error;
	char path[64];

	(void)state;
	write_restricted(path, "1");
	assert_int_equal(pc_topology_load(&topology, PC_TOPOLOGY_XML, path, &error), 0);
	unlink(path);
	assert_int_equal(pc_topology_package_count(topology), 2);
	assert_int_equal(pc_topology_pu_count(topology), 4);
	has_cpus(topology, 0, "0-1");
	assert_false(pc_topology_pu_usable(topology, 0));
	assert_true(pc_topology_pu_usable(topology, 1));
	assert_false(pc_topology_pu_usable(topology, 7));
	/* The package's usable PU; where it has none, its first. */
	assert_int_equal(pc_topology_reach_cpu(topology, 0, -1, NULL), 1);
	assert_int_equal(pc_topology_reach_cpu(topology, 1, -1, NULL), 2);
	/* To own a package is to own every online PU, not the allowed ones. */
	assert_int_equal(pc_topology_ownership(topology, 0, "1", &owned, NULL), 0);
	assert_int_equal(owned, PC_OWNED_PARTLY);
	pc_topology_destroy(topology);
}

/* --- sources ------------------------------------------------------------------------------ */

static void refused(enum pc_topology_kind kind, const char *source, int code, const char *sentence)
{
	struct pc_topology *topology = (struct pc_topology *)&code;
	struct pc_error error;

	errno = 0;
	assert_int_equal(pc_topology_load(&topology, kind, source, &error), -1);
	assert_int_equal(errno, code);
	assert_string_equal(error.text, sentence);
	assert_null(topology);
}

static void sources_that_cannot_be_read(void **state)
{
	char want[192], path[] = "/tmp/phasecap-bad-XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");

	(void)state;
	assert_non_null(file);
	refused(PC_TOPOLOGY_SYNTHETIC, "two packages", EINVAL, "topology \"two packages\": not an hwloc "
		"synthetic string; \"pack:2 core:4 pu:2\" is one");
	refused(PC_TOPOLOGY_XML, "/nonexistent.xml", ENOENT,
		"/nonexistent.xml: cannot be read: No such file or directory");
	snprintf(want, sizeof want, "%s: not an hwloc XML file; lstopo writes one", path);
	refused(PC_TOPOLOGY_XML, path, EINVAL, want);
	assert_non_null(freopen(path, "w", file));
	fputs("<?xml version=\"1.0\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
	      "<topology version=\"2.0\">\n</topology>\n", file);
	fclose(file);
	snprintf(want, sizeof want, "%s: hwloc cannot read a machine from it", path);
	refused(PC_TOPOLOGY_XML, path, EINVAL, want);
	refused(PC_TOPOLOGY_ROOT, "/nonexistent-root", ENOENT, "/nonexistent-root: no recorded machine: "
		"/nonexistent-root/sys/devices/system/cpu: No such file or directory");
	refused((enum pc_topology_kind)9, "x", EINVAL, "topology kind 9: there is none");
	unlink(path);
}

/* A root with two CPUs of two packages, as the kernel would show it. */
static void put(const char *root, const char *file, const char *text)
{
	char path[256], *slash;
	FILE *made;

	snprintf(path, sizeof path, "%s/%s", root, file);
	for (slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	made = fopen(path, "w");
	assert_non_null(made);
	fputs(text, made);
	assert_int_equal(fclose(made), 0);
}

static void recorded_root_and_its_environment(void **state)
{
	char root[] = "/tmp/phasecap-root-XXXXXX", command[96];
	struct pc_topology *topology;
	struct pc_error error = { "" };

	(void)state;
	assert_non_null(mkdtemp(root));
	put(root, "sys/devices/system/cpu/online", "0,2\n");
	put(root, "sys/devices/system/cpu/possible", "0-2\n");
	put(root, "sys/devices/system/cpu/cpu0/topology/physical_package_id", "0\n");
	put(root, "sys/devices/system/cpu/cpu0/topology/core_siblings", "1\n");
	put(root, "sys/devices/system/cpu/cpu0/topology/thread_siblings", "1\n");
	put(root, "sys/devices/system/cpu/cpu0/topology/core_id", "0\n");
	put(root, "sys/devices/system/cpu/cpu1/online", "0\n");
	put(root, "sys/devices/system/cpu/cpu2/topology/physical_package_id", "7\n");
	put(root, "sys/devices/system/cpu/cpu2/topology/core_siblings", "4\n");
	put(root, "sys/devices/system/cpu/cpu2/topology/thread_siblings", "4\n");
	put(root, "sys/devices/system/cpu/cpu2/topology/core_id", "0\n");
	setenv("HWLOC_FSROOT", "/somewhere", 1);
	if (pc_topology_load(&topology, PC_TOPOLOGY_ROOT, root, &error) < 0)
		fail_msg("%s", error.text);
	assert_string_equal(getenv("HWLOC_FSROOT"), "/somewhere");
	unsetenv("HWLOC_FSROOT");
	assert_int_equal(pc_topology_package_count(topology), 2);
	assert_int_equal(pc_topology_package_os_index(topology, 1), 7);
	assert_int_equal(pc_topology_pu_count(topology), 2);
	assert_int_equal(pc_topology_package_of_pu(topology, 1, &error), -1);
	assert_int_equal(pc_topology_package_of_pu(topology, 2, &error), 1);
	pc_topology_destroy(topology);
	assert_int_equal(pc_topology_load(&topology, PC_TOPOLOGY_ROOT, root, &error), 0);
	assert_null(getenv("HWLOC_FSROOT"));
	pc_topology_destroy(topology);
	snprintf(command, sizeof command, "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

static void read_online(char *list, int size)
{
	FILE *online = fopen("/sys/devices/system/cpu/online", "r");

	assert_non_null(online);
	assert_non_null(fgets(list, size, online));
	fclose(online);
	list[strcspn(list, "\n")] = '\0';
}

static int visit_more(unsigned pu, void *arg)
{
	(void)pu;
	((struct visits *)arg)->count++;
	return 0;
}

static void this_machine(void **state)
{
	struct visits online = { .stop_at = UINT_MAX };
	struct pc_topology *topology;
	struct pc_error error = { "" };
	char list[4096];
	int reach;

	(void)state;
	if (pc_topology_load(&topology, PC_TOPOLOGY_SYSTEM, NULL, &error) < 0)
		fail_msg("%s", error.text);
	read_online(list, sizeof list);
	assert_int_equal(pc_topology_each_listed(list, visit_more, &online, NULL), 0);
	assert_int_equal(pc_topology_pu_count(topology), online.count);
	for (unsigned p = 0; p < pc_topology_package_count(topology); p++) {
		reach = pc_topology_reach_cpu(topology, p, -1, NULL);
		assert_int_equal(pc_topology_package_of_pu(topology, (unsigned)reach, NULL), p);
		pc_topology_package_cpus(topology, p, list, sizeof list);
		assert_int_equal(pc_topology_package_of_cpus(topology, list, NULL), p);
	}
	pc_topology_destroy(topology);
}

/* What a process is bound to it uses first, though the cgroup allows more. */
static void this_machine_through_a_binding(void **state)
{
	struct pc_topology *topology;
	cpu_set_t saved, one;
	int last = -1;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof saved, &saved), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &saved))
			last = cpu;
	}
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	assert_int_equal(pc_topology_load(&topology, PC_TOPOLOGY_SYSTEM, NULL, NULL), 0);
	assert_int_equal(sched_setaffinity(0, sizeof saved, &saved), 0);
	for (int cpu = 0; cpu < last; cpu++)
		assert_false(pc_topology_pu_usable(topology, (unsigned)cpu));
	assert_int_equal(pc_topology_reach_cpu(topology,
		(unsigned)pc_topology_package_of_pu(topology, (unsigned)last, NULL), -1, NULL), last);
	pc_topology_destroy(topology);
}

static void another_machine_is_not_this_one(void **state)
{
	(void)state;
	setenv("HWLOC_SYNTHETIC", "pack:64 pu:1", 1);
	refused(PC_TOPOLOGY_SYSTEM, NULL, EINVAL, "this machine: the environment (HWLOC_XMLFILE, "
		"HWLOC_SYNTHETIC or HWLOC_FSROOT) makes hwloc describe another one; unset it");
	unsetenv("HWLOC_SYNTHETIC");
}

/* However far it comes: it says so, and leaves nothing behind (the sanitizer looks). */
static void memory_that_runs_out(void **state)
{
	struct pc_topology *topology;
	unsigned failures = 0;

	(void)state;
	for (memory_left = 0; ; memory_left = (int)++failures) {
		struct pc_error error = { "" };

		errno = 0;
		if (pc_topology_load(&topology, PC_TOPOLOGY_SYNTHETIC, "pack:2 die:2 pu:1", &error) == 0)
			break;
		assert_int_equal(errno, ENOMEM);
		assert_string_equal(error.text, "topology: out of memory");
		assert_null(topology);
	}
	/* The struct, three sets, the packages, and of each its set, its dies and theirs. */
	assert_int_equal(failures, 1 + 3 + 1 + 2 * (1 + 1 + 2));
	memory_left = 0;
	errno = 0;
	assert_int_equal(pc_topology_package_of_cpus(topology, "0", NULL), -1);
	assert_int_equal(errno, ENOMEM);
	memory_left = -1;
	pc_topology_destroy(topology);
}

static void memory_that_runs_out_over_a_root(void **state)
{
	struct pc_topology *topology;
	struct pc_error error;

	(void)state;
	for (int left = 1; left < 3; left++) {
		setenv("HWLOC_FSROOT", "/somewhere", 1);
		memory_left = left;      /* the struct, the saved value, the new one */
		errno = 0;
		assert_int_equal(pc_topology_load(&topology, PC_TOPOLOGY_ROOT, "/", &error), -1);
		memory_left = -1;
		assert_int_equal(errno, ENOMEM);
		assert_string_equal(getenv("HWLOC_FSROOT"), "/somewhere");
		unsetenv("HWLOC_FSROOT");
	}
}

static void destroy_keeps_errno(void **state)
{
	struct pc_topology *topology = load("pack:2 core:2 pu:1");

	(void)state;
	errno = ENOTUNIQ;
	pc_topology_destroy(topology);
	pc_topology_destroy(NULL);
	assert_int_equal(errno, ENOTUNIQ);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_two_four_and_eight_packages),
		cmocka_unit_test(two_dies_a_package),
		cmocka_unit_test(interleaved_numbers),
		cmocka_unit_test(holes_in_package_and_die_numbers),
		cmocka_unit_test(a_machine_without_packages_is_one),
		cmocka_unit_test(ownership),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(package_of_a_list),
		cmocka_unit_test(reach_of_what_is_not_there),
		cmocka_unit_test(cpus_are_cut_as_snprintf_does),
		cmocka_unit_test(each_pu_in_order_until_told_to_stop),
		cmocka_unit_test(each_listed_cpu),
		cmocka_unit_test(disallowed_pus_exist_and_are_not_used),
		cmocka_unit_test(sources_that_cannot_be_read),
		cmocka_unit_test(recorded_root_and_its_environment),
		cmocka_unit_test(this_machine),
		cmocka_unit_test(this_machine_through_a_binding),
		cmocka_unit_test(another_machine_is_not_this_one),
		cmocka_unit_test(memory_that_runs_out),
		cmocka_unit_test(memory_that_runs_out_over_a_root),
		cmocka_unit_test(destroy_keeps_errno),
	};

	return cmocka_run_group_tests_name("topology", tests, NULL, NULL) ? 1 : 0;
}

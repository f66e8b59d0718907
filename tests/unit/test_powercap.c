/* SPDX-License-Identifier: BSD-3-Clause */
/* The powercap back end over a made root; the test plays the kernel's driver. */
#include <errno.h>
#include <fcntl.h>

#include "fake_root.h"

#include "backend.h"

#define CLASS "sys/class/powercap/"
#define ZONE1 CLASS "intel-rapl:0"       /* the first zone is package 1, on purpose */
#define ZONE0 CLASS "intel-rapl:1"
#define DRAM0 CLASS "intel-rapl:1:1"

/* --- the driver ------------------------------------------------------------------------ */

static struct {
	const char *file;        /* whose writes fail, by the end of its path */
	int code;                /* with this errno; 0: they are cut short */
} refuse;
static const char *forbidden;    /* neither opened nor writable: EACCES */
static const char *held;         /* its writes are ignored: somebody else holds it */
static unsigned writes;

static bool ends(const char *path, const char *end)
{
	size_t length = strlen(path), tail = end ? strlen(end) : 0;

	return end && length >= tail && !strcmp(path + length - tail, end);
}

static int memory_left = -1;     /* allocations until one fails; -1: enough */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
	if (memory_left >= 0 && memory_left-- == 0) {
		errno = ENOMEM;
		return NULL;
	}
	return __real_calloc(count, size);
}

int __real_openat(int directory, const char *path, int flags, ...);
int __wrap_openat(int directory, const char *path, int flags, ...);
int __wrap_openat(int directory, const char *path, int flags, ...)
{
	if (ends(path, forbidden)) {
		errno = EACCES;
		return -1;
	}
	return __real_openat(directory, path, flags);
}

int __real_faccessat(int directory, const char *path, int mode, int flags);
int __wrap_faccessat(int directory, const char *path, int mode, int flags);
int __wrap_faccessat(int directory, const char *path, int mode, int flags)
{
	if (ends(path, forbidden)) {
		errno = EACCES;
		return -1;
	}
	return __real_faccessat(directory, path, mode, flags);
}

/* Linux rounds to the register's units: 1/8 W, and 2^Y * (1 + Z/4) times 976 us. */
static uint64_t rounded(const char *path, uint64_t value)
{
	uint64_t best = 0;

	if (ends(path, "power_limit_uw"))
		return value / 125000 * 125000;
	if (!ends(path, "time_window_us"))
		return value;
	for (unsigned field = 0; field < 128; field++) {
		uint64_t window = ((UINT64_C(4) + (field >> 5)) << (field & 31)) * 976 / 4;

		if (window <= value && window > best)
			best = window;
	}
	return best;
}

ssize_t __real_write(int fd, const void *bytes, size_t count);
ssize_t __wrap_write(int fd, const void *bytes, size_t count);
ssize_t __wrap_write(int fd, const void *bytes, size_t count)
{
	char link[64], path[512] = "", text[32];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	if (readlink(link, path, sizeof path - 1) < 0 || !strstr(path, "/sys/class/powercap/"))
		return __real_write(fd, bytes, count);
	writes++;
	if (ends(path, held))
		return (ssize_t)count;
	if (ends(path, refuse.file)) {
		errno = refuse.code;
		return refuse.code ? -1 : 1;
	}
	snprintf(text, sizeof text, "%llu\n",
		 (unsigned long long)rounded(path, strtoull(bytes, NULL, 10)));
	assert_int_equal(__real_write(fd, text, strlen(text)), strlen(text));
	return (ssize_t)count;
}

/* --- the machine ------------------------------------------------------------------------- */

static void put_file(const char *zone, const char *file, const char *text)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", zone, file);
	put(path, text);
}

static void put_zone(const char *zone, const char *name)
{
	put_file(zone, "name", name);
	put_file(zone, "enabled", "1\n");
	put_file(zone, "energy_uj", "1000000\n");
	put_file(zone, "max_energy_range_uj", "262143328850\n");
}

static void put_constraint(const char *zone, unsigned k, const char *name, const char *limit_uw,
			   const char *window_us, const char *max_uw)
{
	char file[64];

	snprintf(file, sizeof file, "constraint_%u_name", k);
	put_file(zone, file, name);
	snprintf(file, sizeof file, "constraint_%u_power_limit_uw", k);
	put_file(zone, file, limit_uw);
	snprintf(file, sizeof file, "constraint_%u_max_power_uw", k);
	put_file(zone, file, max_uw);
	snprintf(file, sizeof file, "constraint_%u_time_window_us", k);
	if (window_us)
		put_file(zone, file, window_us);
}

static int make_machine(void **state)
{
	if (make_fake_root(state) < 0)
		return -1;
	memset(&refuse, 0, sizeof refuse);
	forbidden = held = NULL;
	writes = 0;
	put_two_packages();
	put(CLASS "intel-rapl/enabled", "1\n");
	put_zone(ZONE1, "package-1\n");
	put_constraint(ZONE1, 0, "long_term\n", "140000000\n", "999424\n", "140000000\n");
	put_zone(ZONE0, "package-0\n");
	/* The short term comes first here: only the names tell. */
	put_constraint(ZONE0, 0, "short_term\n", "168000000\n", "7808\n", "300000000\n");
	put_constraint(ZONE0, 1, "long_term\n", "140000000\n", "999424\n", "140000000\n");
	put_constraint(ZONE0, 2, "peak_power\n", "400000000\n", NULL, "500000000\n");
	put_zone(CLASS "intel-rapl:1:0", "core\n");
	put_zone(DRAM0, "dram\n");
	put_file(DRAM0, "max_energy_range_uj", "65712999613\n");
	put_constraint(DRAM0, 0, "long_term\n", "0\n", "976\n", "41250000\n");
	put_zone(CLASS "intel-rapl:2", "psys\n");
	/* Not ours: the same limits through another door. */
	put_zone(CLASS "intel-rapl-mmio:0", "package-0\n");
	return 0;
}

static struct pc_power node;

static int open_node(struct pc_error *error)
{
	struct pc_power_config config = { .root = fake_root };

	memset(&node, 0, sizeof node);
	node.backend = &pc_backend_powercap;
	return pc_backend_powercap.open(&node, &config, NULL, error);
}

static void must_open(void)
{
	struct pc_error error = { "" };

	if (open_node(&error) < 0)
		fail_msg("%s", error.text);
}

static void close_node(void)
{
	pc_backend_powercap.close(&node);
	pc_topology_destroy(node.topology);
	node.topology = NULL;
}

static int run(struct pc_op *op, struct pc_error *error)
{
	return pc_power_run(&node, 0, op, 1, NULL, error);
}

static struct pc_op limit_op(enum pc_op_kind kind, enum pc_domain domain, uint64_t limit_uw,
			     uint64_t window_us)
{
	struct pc_op op = { .kind = kind, .domain = domain };

	op.limits.limit[kind == PC_OP_LIMIT2_SET] = (struct pc_limit){
		.limit_uw = limit_uw, .window_us = window_us, .enabled = true, .clamped = true
	};
	return op;
}

static void fails(struct pc_op op, int code, const char *sentence)
{
	struct pc_error error = { "" };

	errno = 0;
	assert_int_equal(run(&op, &error), -1);
	assert_int_equal(errno, code);
	assert_int_equal(op.error, -code);
	assert_string_equal(error.text, sentence);
}

/* --- finding ------------------------------------------------------------------------------- */

static void zones_are_found_by_name(void **state)
{
	const struct pc_domain_info *info;

	(void)state;
	must_open();
	assert_int_equal(pc_power_package_count(&node), 2);
	assert_string_equal(pc_power_package_name(&node, 0), "package-0");
	assert_string_equal(pc_power_package_name(&node, 1), "package-1");
	info = pc_power_domain(&node, 0, PC_PACKAGE);
	assert_true(info->has_energy && info->has_limit && info->writable && !info->locked);
	assert_int_equal(info->limit_count, 2);
	assert_true(info->energy_wrap == 262143328850 + 61);
	assert_int_equal(info->info.tdp_uw, 140000000);
	assert_int_equal(info->info.max_uw, 300000000);
	assert_int_equal(info->info.min_uw, 0);
	assert_true(info->max_limit_uw == 4095875000);
	info = pc_power_domain(&node, 0, PC_DRAM);
	assert_true(info->has_energy && info->has_limit);
	assert_int_equal(info->limit_count, 1);
	assert_true(info->energy_wrap == 65712999613 + 15);
	info = pc_power_domain(&node, 0, PC_PP0);
	assert_true(info->has_energy && !info->has_limit && !info->writable);
	assert_false(pc_power_domain(&node, 0, PC_PP1)->has_energy);
	assert_int_equal(pc_power_domain(&node, 1, PC_PACKAGE)->limit_count, 1);
	assert_false(pc_power_domain(&node, 1, PC_DRAM)->has_energy);
	close_node();
}

/* "intel-rapl:10:0" is no child of "intel-rapl:1". */
static void children_are_of_their_own_parent(void **state)
{
	(void)state;
	put_zone(CLASS "intel-rapl:10", "package-5\n");
	put_zone(CLASS "intel-rapl:10:0", "uncore\n");
	must_open();
	assert_false(pc_power_domain(&node, 0, PC_PP1)->has_energy);
	close_node();
	put_zone(CLASS "intel-rapl:1:2", "uncore\n");
	must_open();
	assert_true(pc_power_domain(&node, 0, PC_PP1)->has_energy);
	close_node();
}

static void the_platform_is_counted_once(void **state)
{
	(void)state;
	put_zone(CLASS "intel-rapl:3", "psys-1\n");
	must_open();
	assert_true(pc_power_domain(&node, 0, PC_PLATFORM)->has_energy);
	assert_false(pc_power_domain(&node, 1, PC_PLATFORM)->has_energy);
	close_node();
}

static void dies_are_packages_where_zones_are(void **state)
{
	(void)state;
	for (unsigned cpu = 0; cpu < 4; cpu++)
		put_cpu(cpu, 0, cpu < 2 ? 0 : 4, 0xf, cpu < 2 ? 0x3 : 0xc);
	put_zone(ZONE0, "package-0-die-4\n");
	put_zone(ZONE1, "package-0-die-0\n");
	must_open();
	assert_int_equal(pc_power_package_count(&node), 2);
	assert_string_equal(pc_power_package_name(&node, 0), "package-0-die-0");
	assert_string_equal(pc_power_package_name(&node, 1), "package-0-die-4");
	assert_int_equal(pc_power_domain(&node, 1, PC_PACKAGE)->limit_count, 2);
	close_node();
}

static void a_single_core_of_amd_is_no_domain(void **state)
{
	(void)state;
	put("proc/cpuinfo", "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n");
	must_open();
	assert_true(pc_power_domain(&node, 0, PC_PACKAGE)->has_energy);
	assert_false(pc_power_domain(&node, 0, PC_PP0)->has_energy);
	close_node();
}

static void does_not_open(int code, const char *sentence)
{
	struct pc_error error = { "" };

	errno = 0;
	assert_int_equal(open_node(&error), -1);
	assert_int_equal(errno, code);
	assert_string_equal(error.text, sentence);
	assert_null(node.state);
	pc_topology_destroy(node.topology);
}

static void remove_class(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -r %s/sys/class", fake_root);
	assert_int_equal(system(command), 0);
}

static void says_that_there_is_no_powercap(void **state)
{
	(void)state;
	remove_class();
	does_not_open(ENODEV, "sys/class/powercap: No such file or directory; the kernel has no powercap, "
		      "or a container hides it");
}

static void says_that_there_is_no_zone(void **state)
{
	(void)state;
	remove_class();
	put(CLASS "dtpm/enabled", "1\n");
	does_not_open(ENODEV, "sys/class/powercap: no intel-rapl zone: the driver is not loaded (modprobe "
		      "intel_rapl_msr), does not know this CPU, or a container masks it");
}

static void says_that_no_zone_is_a_package(void **state)
{
	(void)state;
	remove_class();
	put_zone(CLASS "intel-rapl:0", "package-9\n");
	put_zone(CLASS "intel-rapl:0:0", "dram\n");
	put_zone(CLASS "intel-rapl:0:1", "package-0\n");
	does_not_open(ENODEV, "sys/class/powercap: 3 intel-rapl zones, and none is a package of this machine");
}

static void says_that_energy_is_for_root(void **state)
{
	(void)state;
	remove_class();
	put_zone(ZONE0, "package-0\n");
	forbidden = "energy_uj";
	does_not_open(EACCES, "sys/class/powercap/intel-rapl:1/energy_uj: cannot be read: only root can since "
		      "Linux 5.10 (CVE-2020-8694), or the user whom root made its owner");
}

static void limits_alone_are_worth_taking(void **state)
{
	struct pc_op op = { .kind = PC_OP_ENERGY };

	(void)state;
	forbidden = "energy_uj";
	must_open();
	assert_false(pc_power_domain(&node, 0, PC_PACKAGE)->has_energy);
	assert_true(pc_power_domain(&node, 0, PC_PACKAGE)->writable);
	fails(op, ENODEV, "package-0 package: there is no energy counter here");
	close_node();
}

static void a_recorded_root_is_read_only(void **state)
{
	struct pc_power_config config = { .backend = "powercap", .root = fake_root };
	struct pc_op op = limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 100000000, 0);
	struct pc_op read = { .kind = PC_OP_LIMIT_READ };
	struct pc_power *power;
	struct pc_error error;

	(void)state;
	forbidden = "energy_uj";
	assert_int_equal(pc_power_open(&power, &config, NULL, 0, NULL, &error), 0);
	assert_false(pc_power_domain(power, 0, PC_PACKAGE)->writable);
	assert_int_equal(pc_power_run(power, 0, &read, 1, NULL, &error), 0);
	assert_int_equal(read.limits.limit[0].limit_uw, 140000000);
	assert_int_equal(pc_power_run(power, 0, &op, 1, NULL, &error), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(pc_power_access_paths(power, NULL, 0), 0);
	assert_int_equal(writes, 0);
	pc_power_close(power);
}

static void a_root_that_is_none(void **state)
{
	struct pc_power_config config = { .root = "/nonexistent-root" };
	struct pc_error error;

	(void)state;
	memset(&node, 0, sizeof node);
	assert_int_equal(pc_backend_powercap.open(&node, &config, NULL, &error), -1);
	assert_string_equal(error.text, "/nonexistent-root: cannot be opened as a root: "
			    "No such file or directory");
}

static void memory_that_runs_out(void **state)
{
	(void)state;
	memory_left = 0;
	does_not_open(ENOMEM, "sys/class/powercap: out of memory");
	for (unsigned failing = 1; ; failing++) {
		struct pc_error error = { "" };
		int result;

		memory_left = (int)failing;
		result = open_node(&error);
		memory_left = -1;
		if (result == 0)
			break;
		assert_int_equal(errno, ENOMEM);
		assert_non_null(strstr(error.text, "out of memory"));
		assert_null(node.state);
		pc_topology_destroy(node.topology);
		node.topology = NULL;
	}
	close_node();
	pc_backend_powercap.close(&node);
}

/* --- energy ------------------------------------------------------------------------------------ */

static void energy_is_read_anew_and_wraps(void **state)
{
	struct pc_op op = { .kind = PC_OP_ENERGY };
	const struct pc_domain_info *info;
	struct pc_stamp stamp = { 1, 0, 1 };

	(void)state;
	must_open();
	info = pc_power_domain(&node, 0, PC_PACKAGE);
	put_file(ZONE0, "energy_uj", "262143328800\n");
	assert_int_equal(pc_power_run(&node, 0, &op, 1, &stamp, NULL), 0);
	assert_true(op.count == 262143328800);
	assert_true(stamp.before_ns > 1 && stamp.after_ns >= stamp.before_ns && stamp.tsc == 0);
	put_file(ZONE0, "energy_uj", "39\n");
	assert_int_equal(run(&op, NULL), 0);
	/* 50 uJ to the range, 61 more to 0, 39 since. */
	assert_int_equal(pc_power_energy_uj(info, 262143328800, op.count), 150);
	close_node();
}

static void a_driver_that_was_unloaded(void **state)
{
	struct pc_op op = { .kind = PC_OP_ENERGY };
	struct pc_op limit = { .kind = PC_OP_LIMIT_READ };

	(void)state;
	must_open();
	put_file(ZONE0, "energy_uj", "");
	fails(op, EINVAL, "package-0 package: energy_uj cannot be read any more: Invalid argument");
	drop(ZONE0 "/constraint_1_time_window_us");
	fails(limit, ENOENT, "package-0 package: the window cannot be read any more: "
	      "No such file or directory");
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 140000000, 1000000), ENOENT,
	      "package-0 package: the window cannot be read any more: No such file or directory");
	drop(ZONE0 "/constraint_1_power_limit_uw");
	fails(limit, ENOENT, "package-0 package: the limit cannot be read any more: No such file or directory");
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 100000000, 0), ENOENT,
	      "package-0 package: the limit cannot be read any more: No such file or directory");
	drop(ZONE0 "/enabled");
	fails(limit, ENOENT, "package-0 package: enabled cannot be read any more: No such file or directory");
	put_file(ZONE0, "constraint_1_power_limit_uw", "100000000\n");
	fails(limit_op(PC_OP_LIMIT1_SET, PC_PACKAGE, 100000000, 0), ENOENT,
	      "package-0 package: enabled cannot be read any more: No such file or directory");
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 100000000, 0), ENOENT,
	      "package-0 package: enabled cannot be read any more: No such file or directory");
	close_node();
}

static void a_counter_without_its_range_is_none(void **state)
{
	(void)state;
	drop(DRAM0 "/max_energy_range_uj");
	put_file(ZONE1, "max_energy_range_uj", "0\n");
	put_file(CLASS "intel-rapl:2", "energy_uj", "");
	must_open();
	assert_false(pc_power_domain(&node, 0, PC_PLATFORM)->has_energy);
	assert_false(pc_power_domain(&node, 0, PC_DRAM)->has_energy);
	assert_false(pc_power_domain(&node, 1, PC_PACKAGE)->has_energy);
	close_node();
}

/* --- limits ------------------------------------------------------------------------------------- */

static void limits_are_read(void **state)
{
	struct pc_op op = { .kind = PC_OP_LIMIT_READ };

	(void)state;
	must_open();
	assert_int_equal(run(&op, NULL), 0);
	assert_int_equal(op.limits.count, 2);
	assert_false(op.limits.locked);
	assert_int_equal(op.limits.limit[0].limit_uw, 140000000);
	assert_int_equal(op.limits.limit[0].window_us, 999424);
	assert_true(op.limits.limit[0].enabled && op.limits.limit[0].clamped);
	assert_int_equal(op.limits.limit[1].limit_uw, 168000000);
	assert_int_equal(op.limits.limit[1].window_us, 7808);
	put_file(ZONE0, "enabled", "0\n");
	assert_int_equal(run(&op, NULL), 0);
	assert_false(op.limits.limit[0].enabled || op.limits.limit[1].enabled);
	close_node();
}

static void a_limit_is_written_and_read_back(void **state)
{
	struct pc_op op = limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 100200000, 500000);

	(void)state;
	must_open();
	assert_int_equal(run(&op, NULL), 0);
	assert_int_equal(op.limits.limit[0].limit_uw, 100125000);
	assert_int_equal(op.limits.limit[0].window_us, 499712);
	assert_int_equal(number_in(ZONE0 "/constraint_1_power_limit_uw"), 100125000);
	assert_int_equal(number_in(ZONE0 "/constraint_0_power_limit_uw"), 168000000);
	assert_int_equal(writes, 2);
	/* The same again: nothing is written (a write has side effects). */
	assert_int_equal(run(&op, NULL), 0);
	assert_int_equal(writes, 2);
	/* A window of 0 keeps the one that is there. */
	op = limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 90000000, 0);
	assert_int_equal(run(&op, NULL), 0);
	assert_int_equal(op.limits.limit[0].window_us, 499712);
	assert_int_equal(writes, 3);
	close_node();
}

static void a_job_does_not_touch_enabled(void **state)
{
	struct pc_op op = limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 90000000, 0);

	(void)state;
	put_file(ZONE0, "enabled", "0\n");
	must_open();
	assert_int_equal(run(&op, NULL), 0);
	assert_false(op.limits.limit[0].enabled);
	assert_int_equal(number_in(ZONE0 "/enabled"), 0);
	close_node();
}

static void root_enables_with_limit_1(void **state)
{
	struct pc_op op = limit_op(PC_OP_LIMIT1_SET, PC_PACKAGE, 90000000, 0);

	(void)state;
	put_file(ZONE0, "enabled", "0\n");
	must_open();
	assert_int_equal(run(&op, NULL), 0);
	assert_true(op.limits.limit[0].enabled);
	assert_int_equal(number_in(ZONE0 "/enabled"), 1);
	op.limits.limit[0].enabled = false;
	assert_int_equal(run(&op, NULL), 0);
	assert_int_equal(number_in(ZONE0 "/enabled"), 0);
	close_node();
}

static void root_sets_limit_2_but_not_its_enable(void **state)
{
	struct pc_op op = limit_op(PC_OP_LIMIT2_SET, PC_PACKAGE, 120000000, 0);

	(void)state;
	must_open();
	assert_int_equal(run(&op, NULL), 0);
	assert_int_equal(op.limits.limit[1].limit_uw, 120000000);
	assert_int_equal(number_in(ZONE0 "/constraint_0_power_limit_uw"), 120000000);
	assert_int_equal(number_in(ZONE0 "/constraint_1_power_limit_uw"), 140000000);
	op = limit_op(PC_OP_LIMIT2_SET, PC_PACKAGE, 120000000, 0);
	op.limits.limit[1].enabled = false;
	fails(op, ENOTSUP, "package-0 package: powercap enables and disables both limits together: "
	      "do it with limit 1");
	fails(limit_op(PC_OP_LIMIT2_SET, PC_DRAM, 10000000, 0), ENODEV,
	      "package-0 dram: there is no second limit here");
	close_node();
}

static void what_cannot_be_is_refused_unsent(void **state)
{
	struct pc_op without_window = limit_op(PC_OP_LIMIT_WRITE, PC_DRAM, 10000000, 0);

	(void)state;
	drop(DRAM0 "/constraint_0_time_window_us");
	must_open();
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 999999, 0), ERANGE,
	      "package-0 package: 1.000 W cannot be set: the limit takes 1 W to 4095.875 W");
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 4095875001, 0), ERANGE,
	      "package-0 package: 4095.875 W cannot be set: the limit takes 1 W to 4095.875 W");
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PP0, 10000000, 0), ENODEV,
	      "package-0 pp0: there is no limit here");
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_DRAM, 10000000, 1000000), ENODEV,
	      "package-0 dram: there is no window to set here");
	fails((struct pc_op){ .kind = PC_OP_LIMIT_READ, .domain = PC_PP1 }, ENODEV,
	      "package-0 pp1: there is no limit here");
	fails((struct pc_op){ .kind = PC_OP_PERF_STATUS }, ENODEV,
	      "package-0 package: there is no perf status here: powercap does not show it");
	assert_int_equal(writes, 0);
	assert_int_equal(run(&without_window, NULL), 0);
	assert_int_equal(writes, 1);
	close_node();
}

static void a_file_that_is_not_ours(void **state)
{
	(void)state;
	forbidden = "constraint_1_power_limit_uw";
	must_open();
	assert_false(pc_power_domain(&node, 0, PC_PACKAGE)->has_limit);
	close_node();
	forbidden = NULL;
	must_open();
	node.package[0].domain[PC_PACKAGE].writable = false;
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 90000000, 0), EPERM,
	      "package-0 package: sys/class/powercap/intel-rapl:1: this process may not write its limits; "
	      "only root can, or the user whom root made the files' owner");
	node.package[0].domain[PC_PACKAGE].writable = true;
	refuse.file = "constraint_1_power_limit_uw";
	refuse.code = EACCES;
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 90000000, 0), EPERM,
	      "package-0 package: sys/class/powercap/intel-rapl:1/constraint_1_power_limit_uw: this process "
	      "may not write it; only root can, or the user whom root made its owner");
	close_node();
}

/* The core turns the driver's EACCES into ENODATA: a lock that shows only when written. */
static void a_locked_limit_shows_when_written(void **state)
{
	(void)state;
	refuse.file = "constraint_1_power_limit_uw";
	refuse.code = ENODATA;
	must_open();
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 90000000, 0), EROFS,
	      "package-0 package: sys/class/powercap/intel-rapl:1/constraint_1_power_limit_uw: the driver "
	      "refuses the write (No data available), as it does where the firmware locks the limit until "
	      "the next reset; a BIOS setting may unlock it");
	assert_true(pc_power_domain(&node, 0, PC_PACKAGE)->locked);
	assert_false(pc_power_domain(&node, 0, PC_DRAM)->locked);
	assert_int_equal(writes, 1);
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 90000000, 0), EROFS,
	      "package-0 package: locked by the firmware until the next reset; a BIOS setting may unlock it");
	assert_int_equal(writes, 1);
	close_node();
}

static void enabled_of_a_locked_zone(void **state)
{
	(void)state;
	put_file(ZONE0, "enabled", "0\n");
	refuse.file = "intel-rapl:1/enabled";
	refuse.code = ENOSYS;
	must_open();
	fails(limit_op(PC_OP_LIMIT1_SET, PC_PACKAGE, 140000000, 0), EROFS,
	      "package-0 package: sys/class/powercap/intel-rapl:1/enabled: the driver refuses the write "
	      "(Function not implemented), as it does where the firmware locks the limit until the next "
	      "reset; a BIOS setting may unlock it");
	close_node();
}

static void a_write_that_ends_early(void **state)
{
	(void)state;
	refuse.file = "constraint_1_power_limit_uw";
	must_open();
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 90000000, 0), EIO,
	      "package-0 package: sys/class/powercap/intel-rapl:1/constraint_1_power_limit_uw: cannot be "
	      "written: Input/output error");
	close_node();
}

static void a_limit_that_does_not_stick(void **state)
{
	(void)state;
	must_open();
	held = "constraint_1_power_limit_uw";
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 90000000, 0), EIO,
	      "package-0 package: 90.000 W were written and read back as 140.000 W: something else holds "
	      "this limit");
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 141000000, 0), EIO,
	      "package-0 package: 141.000 W were written and read back as 140.000 W: something else holds "
	      "this limit");
	held = "constraint_1_time_window_us";
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 140000000, 250000), EIO,
	      "package-0 package: a window of 0.250000 s was written and read back as 0.999424 s");
	fails(limit_op(PC_OP_LIMIT_WRITE, PC_PACKAGE, 140000000, 4000000), EIO,
	      "package-0 package: a window of 4.000000 s was written and read back as 0.999424 s");
	close_node();
}

/* One operation's trouble is not the others'; the first one's sentence is told. */
static void operations_are_independent(void **state)
{
	struct pc_op ops[] = {
		{ .kind = PC_OP_ENERGY, .domain = PC_PACKAGE },
		{ .kind = PC_OP_LIMIT_READ, .domain = PC_PP0 },
		{ .kind = PC_OP_ENERGY, .domain = PC_PP1 },
		{ .kind = PC_OP_ENERGY, .domain = PC_DRAM },
	};
	struct pc_error error;

	(void)state;
	must_open();
	assert_int_equal(pc_power_run(&node, 0, ops, 4, NULL, &error), -1);
	assert_int_equal(errno, ENODEV);
	assert_string_equal(error.text, "package-0 pp0: there is no limit here");
	assert_int_equal(ops[0].error, 0);
	assert_int_equal(ops[0].count, 1000000);
	assert_int_equal(ops[1].error, -ENODEV);
	assert_int_equal(ops[2].error, -ENODEV);
	assert_int_equal(ops[3].error, 0);
	assert_int_equal(ops[3].count, 1000000);
	close_node();
}

/* --- settings -------------------------------------------------------------------------------------- */

static void settings_in_the_order_of_restoring(void **state)
{
	static const struct { unsigned package; const char *key; uint64_t value; } want[] = {
		{ 0, "powercap:package/long_term/power_limit_uw", 140000000 },
		{ 0, "powercap:package/long_term/time_window_us", 999424 },
		{ 0, "powercap:package/short_term/power_limit_uw", 168000000 },
		{ 0, "powercap:package/short_term/time_window_us", 7808 },
		{ 0, "powercap:package/enabled", 1 },
		{ 0, "powercap:dram/long_term/power_limit_uw", 0 },
		{ 0, "powercap:dram/long_term/time_window_us", 976 },
		{ 0, "powercap:dram/enabled", 1 },
		{ 1, "powercap:package/long_term/power_limit_uw", 140000000 },
		{ 1, "powercap:package/long_term/time_window_us", 999424 },
		{ 1, "powercap:package/enabled", 1 },
	};
	enum { WANT = sizeof want / sizeof want[0] };
	struct pc_setting setting[WANT];
	struct pc_error error;

	(void)state;
	must_open();
	assert_int_equal(pc_power_capture(&node, setting, WANT, NULL), WANT);
	for (unsigned i = 0; i < WANT; i++) {
		uint64_t value = 7;

		assert_int_equal(setting[i].package, want[i].package);
		assert_string_equal(setting[i].key, want[i].key);
		assert_int_equal(setting[i].value, want[i].value);
		assert_true(setting[i].mask == UINT64_MAX);
		assert_int_equal(pc_power_setting_read(&node, &setting[i], &value, NULL), 0);
		assert_int_equal(value, want[i].value);
	}
	errno = 0;
	assert_int_equal(pc_power_capture(&node, setting, WANT - 1, &error), -1);
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(error.text, "powercap: more than 10 settings");
	drop(DRAM0 "/enabled");
	errno = 0;
	assert_int_equal(pc_power_capture(&node, setting, WANT, &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(error.text, "package-0: powercap:dram/enabled cannot be read: "
			    "No such file or directory");
	close_node();
}

static void settings_go_back(void **state)
{
	struct pc_setting setting[16];
	struct pc_op op = limit_op(PC_OP_LIMIT1_SET, PC_PACKAGE, 90000000, 2000000);
	int count;

	(void)state;
	put_file(ZONE0, "enabled", "0\n");
	must_open();
	count = pc_power_capture(&node, setting, 16, NULL);
	assert_int_equal(run(&op, NULL), 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(pc_power_setting_write(&node, &setting[i], NULL), 0);
	assert_int_equal(number_in(ZONE0 "/constraint_1_power_limit_uw"), 140000000);
	assert_int_equal(number_in(ZONE0 "/constraint_1_time_window_us"), 999424);
	assert_int_equal(number_in(ZONE0 "/enabled"), 0);
	close_node();
}

static void setting_fails(const struct pc_setting *setting, int code, const char *sentence)
{
	struct pc_error error = { "" };

	errno = 0;
	assert_int_equal(pc_power_setting_write(&node, setting, &error), -1);
	assert_int_equal(errno, code);
	assert_string_equal(error.text, sentence);
}

static void settings_that_cannot_go_back(void **state)
{
	struct pc_setting limit = { 0, "powercap:package/long_term/power_limit_uw", 120000000, UINT64_MAX };
	struct pc_setting other = { 0, "msr:0x610", 1, UINT64_MAX };
	struct pc_setting gone = { 1, "powercap:package/short_term/power_limit_uw", 1, UINT64_MAX };
	struct pc_setting uneven = { 0, "powercap:package/long_term/power_limit_uw", 120000001, UINT64_MAX };
	struct pc_error error;
	uint64_t value;

	(void)state;
	must_open();
	setting_fails(&other, ENODEV, "package-0: powercap has no setting msr:0x610 now; was it captured by "
		      "another back end, or is a driver missing?");
	setting_fails(&gone, ENODEV, "package-1: powercap has no setting "
		      "powercap:package/short_term/power_limit_uw now; was it captured by another back end, "
		      "or is a driver missing?");
	assert_int_equal(pc_power_setting_read(&node, &other, &value, &error), -1);
	assert_int_equal(errno, ENODEV);
	setting_fails(&uneven, EIO, "package-0: powercap:package/long_term/power_limit_uw: 120000001 was "
		      "written and read back as 120000000");
	refuse.file = "constraint_1_power_limit_uw";
	refuse.code = ENODATA;
	setting_fails(&limit, EROFS, "package-0: sys/class/powercap/intel-rapl:1/constraint_1_power_limit_uw: "
		      "the driver refuses the write (No data available), as it does where the firmware locks "
		      "the limit until the next reset; a BIOS setting may unlock it");
	close_node();
}

static void what_lowers_the_power(void **state)
{
	static const struct { const char *key; uint64_t value, found; bool lowers; } rows[] = {
		{ "powercap:package/long_term/power_limit_uw", 100, 200, true },
		{ "powercap:package/long_term/power_limit_uw", 200, 100, false },
		{ "powercap:package/long_term/time_window_us", 100, 200, true },
		{ "powercap:package/enabled", 1, 0, true },
		{ "powercap:package/enabled", 0, 1, false },
	};

	(void)state;
	must_open();
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pc_setting setting = { .value = rows[i].value };

		strcpy(setting.key, rows[i].key);
		assert_int_equal(pc_power_setting_lowers(&node, &setting, rows[i].found), rows[i].lowers);
	}
	close_node();
}

/* --- access ------------------------------------------------------------------------------------------ */

static void what_a_job_needs(void **state)
{
	static const struct { const char *path; bool write; } want[] = {
		{ "/sys/class/powercap/intel-rapl:1/energy_uj", false },
		{ "/sys/class/powercap/intel-rapl:1/constraint_1_power_limit_uw", true },
		{ "/sys/class/powercap/intel-rapl:1/constraint_1_time_window_us", true },
		{ "/sys/class/powercap/intel-rapl:1:1/energy_uj", false },
		{ "/sys/class/powercap/intel-rapl:1:1/constraint_0_power_limit_uw", true },
		{ "/sys/class/powercap/intel-rapl:1:1/constraint_0_time_window_us", true },
		{ "/sys/class/powercap/intel-rapl:0/energy_uj", false },
		{ "/sys/class/powercap/intel-rapl:0/constraint_0_power_limit_uw", true },
		{ "/sys/class/powercap/intel-rapl:0/constraint_0_time_window_us", true },
	};
	enum { WANT = sizeof want / sizeof want[0] };
	struct pc_access_path path[WANT];

	(void)state;
	must_open();
	assert_int_equal(pc_power_access_paths(&node, path, WANT), WANT);
	for (unsigned i = 0; i < WANT; i++) {
		assert_string_equal(path[i].path, want[i].path);
		assert_int_equal(path[i].write, want[i].write);
		assert_true(path[i].by_owner);
	}
	strcpy(path[2].path, "untouched");
	assert_int_equal(pc_power_access_paths(&node, path, 2), WANT);
	assert_string_equal(path[2].path, "untouched");
	close_node();
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_machine, remove_fake_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(zones_are_found_by_name),
		TEST(children_are_of_their_own_parent),
		TEST(the_platform_is_counted_once),
		TEST(dies_are_packages_where_zones_are),
		TEST(a_single_core_of_amd_is_no_domain),
		TEST(says_that_there_is_no_powercap),
		TEST(says_that_there_is_no_zone),
		TEST(says_that_no_zone_is_a_package),
		TEST(says_that_energy_is_for_root),
		TEST(limits_alone_are_worth_taking),
		TEST(a_recorded_root_is_read_only),
		TEST(a_root_that_is_none),
		TEST(memory_that_runs_out),
		TEST(energy_is_read_anew_and_wraps),
		TEST(a_driver_that_was_unloaded),
		TEST(a_counter_without_its_range_is_none),
		TEST(limits_are_read),
		TEST(a_limit_is_written_and_read_back),
		TEST(a_job_does_not_touch_enabled),
		TEST(root_enables_with_limit_1),
		TEST(root_sets_limit_2_but_not_its_enable),
		TEST(what_cannot_be_is_refused_unsent),
		TEST(a_file_that_is_not_ours),
		TEST(a_locked_limit_shows_when_written),
		TEST(enabled_of_a_locked_zone),
		TEST(a_write_that_ends_early),
		TEST(a_limit_that_does_not_stick),
		TEST(operations_are_independent),
		TEST(settings_in_the_order_of_restoring),
		TEST(settings_go_back),
		TEST(settings_that_cannot_go_back),
		TEST(what_lowers_the_power),
		TEST(what_a_job_needs),
	};

	return cmocka_run_group_tests_name("powercap", tests, NULL, NULL) ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The perf back end over a made root; the test answers perf_event_open(2) itself. */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <locale.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "fake_root.h"

#include "backend.h"
#include "perf_pmu.h"
#include "sysfs.h"

#define PMU "sys/bus/event_source/devices/power/"

/* --- the kernel ---------------------------------------------------------------------------- */

enum { EVENTS = 16 };

static struct {
	unsigned count;
	struct { uint32_t type; uint64_t config; int cpu; int fd; } event[EVENTS];
	int refuse_all;          /* errno */
	uint64_t refuse_config;
} kernel;

/* A made event is a file that holds its count. */
static int make_event(uint64_t value)
{
	int fd = memfd_create("event", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &value, sizeof value, 0), sizeof value);
	return fd;
}

long __wrap_syscall(long number, const struct perf_event_attr *attr, int pid, int cpu, int group,
		    unsigned long flags);
long __wrap_syscall(long number, const struct perf_event_attr *attr, int pid, int cpu, int group,
		    unsigned long flags)
{
	assert_int_equal(number, SYS_perf_event_open);
	assert_int_equal(attr->size, sizeof *attr);
	assert_int_equal(attr->sample_period, 0);
	assert_int_equal(pid, -1);
	assert_int_equal(group, -1);
	assert_int_equal(flags, PERF_FLAG_FD_CLOEXEC);
	if (kernel.refuse_all || attr->config == kernel.refuse_config) {
		errno = kernel.refuse_all ? kernel.refuse_all : ENOENT;
		return -1;
	}
	assert_in_range(kernel.count, 0, EVENTS - 1);
	kernel.event[kernel.count].type = attr->type;
	kernel.event[kernel.count].config = attr->config;
	kernel.event[kernel.count].cpu = cpu;
	kernel.event[kernel.count].fd = make_event(1000 * (uint64_t)cpu + attr->config);
	return kernel.event[kernel.count++].fd;
}

/* --- the machine ----------------------------------------------------------------------------- */

static void put_event(const char *name, const char *code)
{
	char file[96];

	snprintf(file, sizeof file, PMU "events/%s", name);
	put(file, code);
	snprintf(file, sizeof file, PMU "events/%s.unit", name);
	put(file, "Joules\n");
	snprintf(file, sizeof file, PMU "events/%s.scale", name);
	put(file, "2.3283064365386962890625e-10\n");
}

static int make_machine(void **state)
{
	if (make_fake_root(state) < 0)
		return -1;
	memset(&kernel, 0, sizeof kernel);
	put(PMU "type", "23\n");
	put(PMU "cpumask", "0,2\n");
	put(PMU "format/event", "config:0-7\n");
	put_event("energy-pkg", "event=0x02\n");
	put_event("energy-ram", "event=0x03\n");
	put_event("energy-psys", "event=0x05\n");
	put("proc/sys/kernel/perf_event_paranoid", "2\n");
	/* hwloc takes this for the machine it runs on. */
	setenv("HWLOC_SYNTHETIC", "pack:2 core:2 pu:1", 1);
	setenv("HWLOC_THISSYSTEM", "1", 1);
	return 0;
}

static int remove_machine(void **state)
{
	unsetenv("HWLOC_SYNTHETIC");
	unsetenv("HWLOC_THISSYSTEM");
	return remove_fake_root(state);
}

/* --- the PMU's files ---------------------------------------------------------------------------- */

static int read_pmu(struct pc_perf_pmu *pmu, struct pc_error *error)
{
	int root = pc_sysfs_root(fake_root, NULL);
	int result, code;

	assert_true(root >= 0);
	result = pc_perf_pmu_read(root, pmu, error);
	code = errno;
	close(root);
	errno = code;
	return result;
}

static void the_pmu_is_read(void **state)
{
	struct pc_perf_pmu pmu;

	(void)state;
	put_event("energy-cores", "event=0x01\n");
	put_event("energy-gpu", "event=0x04\n");
	assert_int_equal(read_pmu(&pmu, NULL), 0);
	assert_int_equal(pmu.type, 23);
	assert_string_equal(pmu.cpumask, "0,2");
	assert_int_equal(pmu.event[PC_PP0].config, 1);
	assert_int_equal(pmu.event[PC_PACKAGE].config, 2);
	assert_int_equal(pmu.event[PC_DRAM].config, 3);
	assert_int_equal(pmu.event[PC_PP1].config, 4);
	assert_int_equal(pmu.event[PC_PLATFORM].config, 5);
	for (unsigned i = 0; i < PC_DOMAIN_COUNT; i++) {
		assert_true(pmu.event[i].there);
		/* 2^-32 J, exactly: 2^32 counts are a joule. */
		assert_int_equal(pc_ratio_apply(pmu.event[i].energy_uj, UINT64_C(1) << 32), 1000000);
		assert_int_equal(pc_ratio_apply(pmu.event[i].energy_uj, (UINT64_C(1) << 32) - 1), 999999);
	}
}

static void a_model_need_not_have_every_event(void **state)
{
	struct pc_perf_pmu pmu;

	(void)state;
	assert_int_equal(read_pmu(&pmu, NULL), 0);
	assert_true(pmu.event[PC_DRAM].there);
	assert_false(pmu.event[PC_PP0].there);
	assert_false(pmu.event[PC_PP1].there);
}

static void files_that_say_something_else(void **state)
{
	static const struct { const char *file, *text, *sentence; int code; } rows[] = {
		{ "type", "twenty\n", "sys/bus/event_source/devices/power: no such PMU: the rapl module is not "
		  "loaded (modprobe rapl), does not know this CPU, or a container masks it", ENODEV },
		{ "type", "4294967296\n", "sys/bus/event_source/devices/power: no such PMU: the rapl module is "
		  "not loaded (modprobe rapl), does not know this CPU, or a container masks it", ENODEV },
		{ "format/event", "config:0-15\n", "sys/bus/event_source/devices/power/format/event: "
		  "\"config:0-15\" is not config:0-7; this kernel's power PMU is of a kind this version does "
		  "not know", EINVAL },
		{ "events/energy-pkg", "config=0x02\n", "sys/bus/event_source/devices/power/events/energy-pkg: "
		  "\"config=0x02\" is not an event code; this kernel's power PMU is of a kind this version does "
		  "not know", EINVAL },
		{ "events/energy-pkg", "event=\n", "sys/bus/event_source/devices/power/events/energy-pkg: "
		  "\"event=\" is not an event code; this kernel's power PMU is of a kind this version does "
		  "not know", EINVAL },
		{ "events/energy-pkg", "event=0x02,umask=0x1\n", "sys/bus/event_source/devices/power/events/"
		  "energy-pkg: \"event=0x02,umask=0x1\" is not an event code; this kernel's power PMU is of a "
		  "kind this version does not know", EINVAL },
		{ "events/energy-ram.unit", "Watts\n", "sys/bus/event_source/devices/power/events/energy-ram.unit: "
		  "\"Watts\" is not Joules; this kernel's power PMU is of a kind this version does not know",
		  EINVAL },
		{ "events/energy-ram.scale", "0.1\n", "sys/bus/event_source/devices/power/events/"
		  "energy-ram.scale: \"0.1\" is not an exact scale; this kernel's power PMU is of a kind this "
		  "version does not know", EINVAL },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pc_error error = { "" };
		struct pc_perf_pmu pmu;
		char file[96];

		assert_int_equal(remove_machine(state), 0);
		assert_int_equal(make_machine(state), 0);
		snprintf(file, sizeof file, PMU "%s", rows[i].file);
		put(file, rows[i].text);
		errno = 0;
		assert_int_equal(read_pmu(&pmu, &error), -1);
		assert_int_equal(errno, rows[i].code);
		assert_string_equal(error.text, rows[i].sentence);
	}
}

static void files_that_are_missing(void **state)
{
	static const char *const needed[] = {
		"cpumask", "format/event", "events/energy-pkg.unit", "events/energy-ram.scale",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof needed / sizeof needed[0]; i++) {
		struct pc_error error = { "" };
		struct pc_perf_pmu pmu;
		char file[96], want[160];

		assert_int_equal(remove_machine(state), 0);
		assert_int_equal(make_machine(state), 0);
		snprintf(file, sizeof file, PMU "%s", needed[i]);
		snprintf(want, sizeof want, "%s: cannot be read: No such file or directory", file);
		drop(file);
		assert_int_equal(read_pmu(&pmu, &error), -1);
		assert_int_equal(errno, ENOENT);
		assert_string_equal(error.text, want);
	}
}

static void a_pmu_without_energy(void **state)
{
	struct pc_error error;
	struct pc_perf_pmu pmu;

	(void)state;
	drop(PMU "events/energy-pkg");
	drop(PMU "events/energy-ram");
	drop(PMU "events/energy-psys");
	assert_int_equal(read_pmu(&pmu, &error), -1);
	assert_int_equal(errno, ENODEV);
	assert_string_equal(error.text, "sys/bus/event_source/devices/power/events: the PMU has no energy event");
}

static void scales(void **state)
{
	static const struct { const char *text; uint64_t counts, uj; } good[] = {
		{ "2.3283064365386962890625e-10", UINT64_C(1) << 32, 1000000 },
		{ "6.103515625e-05", 1 << 14, 1000000 },
		{ "1", 3, 3000000 },
		{ "0.75", 4, 3000000 },
		{ "1.0842021724855044340074528008699417114257812e-19", UINT64_C(1) << 63, 1000000 },
	};
	static const char *const bad[] = {
		"", "x", "0", "-1", "2", "nan", "inf", "1e-10", "0.1", "1,5", "1 ", "1e-300", "0x", "1e-10J", "3",
		"5.4210108624275221700372640043497085571289062e-20",
	};
	struct pc_ratio ratio;

	(void)state;
	for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(pc_perf_scale(good[i].text, &ratio), 0);
		assert_int_equal(pc_ratio_apply(ratio, good[i].counts), good[i].uj);
	}
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		errno = 0;
		assert_int_equal(pc_perf_scale(bad[i], &ratio), -1);
		assert_int_equal(errno, EINVAL);
	}
}

/* The application's language must not change what a scale is.  Where no locale with a
 * comma is installed, this repeats the plain case. */
static void scales_in_any_language(void **state)
{
	static const char *const locales[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE" };
	struct pc_ratio ratio;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		setlocale(LC_NUMERIC, locales[i]);
		assert_int_equal(pc_perf_scale("2.3283064365386962890625e-10", &ratio), 0);
		assert_int_equal(pc_ratio_apply(ratio, UINT64_C(1) << 32), 1000000);
		setlocale(LC_NUMERIC, "C");
	}
}

/* --- the back end ----------------------------------------------------------------------------------- */

static struct pc_power node;

static int open_node(struct pc_error *error)
{
	struct pc_power_config config = { .root = fake_root };

	memset(&node, 0, sizeof node);
	node.backend = &pc_backend_perf;
	return pc_backend_perf.open(&node, &config, NULL, error);
}

static void must_open(void)
{
	struct pc_error error = { "" };

	if (open_node(&error) < 0)
		fail_msg("%s", error.text);
}

static void close_node(void)
{
	pc_backend_perf.close(&node);
	pc_backend_perf.close(&node);    /* twice does no harm */
	pc_topology_destroy(node.topology);
	node.topology = NULL;
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
	node.topology = NULL;
}

static void an_event_for_each_package_and_domain(void **state)
{
	static const struct { uint64_t config; int cpu; } want[] = {
		{ 2, 0 }, { 3, 0 }, { 5, 0 }, { 2, 2 }, { 3, 2 },
	};

	(void)state;
	must_open();
	assert_int_equal(pc_power_package_count(&node), 2);
	assert_string_equal(pc_power_package_name(&node, 0), "package-0");
	assert_string_equal(pc_power_package_name(&node, 1), "package-1");
	assert_int_equal(kernel.count, 5);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(kernel.event[i].type, 23);
		assert_int_equal(kernel.event[i].config, want[i].config);
		assert_int_equal(kernel.event[i].cpu, want[i].cpu);
	}
	assert_true(pc_power_domain(&node, 1, PC_DRAM)->has_energy);
	assert_false(pc_power_domain(&node, 1, PC_PLATFORM)->has_energy);
	assert_false(pc_power_domain(&node, 0, PC_PP0)->has_energy);
	assert_false(pc_power_domain(&node, 0, PC_PACKAGE)->has_limit);
	assert_int_equal(pc_power_domain(&node, 0, PC_PACKAGE)->energy_wrap, 0);
	close_node();
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(fcntl(kernel.event[i].fd, F_GETFD), -1);
}

static void energy_is_read(void **state)
{
	struct pc_op ops[] = {
		{ .kind = PC_OP_ENERGY, .domain = PC_PACKAGE }, { .kind = PC_OP_ENERGY, .domain = PC_DRAM },
	};
	struct pc_stamp stamp = { 0, 0, 1 };

	(void)state;
	must_open();
	assert_int_equal(pc_power_run(&node, 1, ops, 2, &stamp, NULL), 0);
	assert_int_equal(ops[0].count, 2002);
	assert_int_equal(ops[1].count, 2003);
	assert_true(stamp.before_ns && stamp.after_ns >= stamp.before_ns && !stamp.tsc);
	assert_int_equal(pc_power_energy_uj(pc_power_domain(&node, 0, PC_PACKAGE), 5,
					    5 + (UINT64_C(1) << 32)), 1000000);
	close_node();
}

static void a_package_is_counted_as_the_pmu_counts(void **state)
{
	(void)state;
	setenv("HWLOC_SYNTHETIC", "pack:2 die:2(indexes=0,1,0,1) core:1 pu:1", 1);
	put(PMU "cpumask", "0-3\n");
	must_open();
	assert_int_equal(pc_power_package_count(&node), 4);
	assert_string_equal(pc_power_package_name(&node, 0), "package-0-die-0");
	assert_string_equal(pc_power_package_name(&node, 3), "package-1-die-1");
	close_node();
	/* AMD counts a package of several dies once. */
	put(PMU "cpumask", "1,2\n");
	must_open();
	assert_int_equal(pc_power_package_count(&node), 2);
	assert_string_equal(pc_power_package_name(&node, 0), "package-0");
	assert_string_equal(pc_power_package_name(&node, 1), "package-1");
	close_node();
}

static void packages_are_in_the_topologys_order(void **state)
{
	(void)state;
	setenv("HWLOC_SYNTHETIC", "pack:2 core:2 pu:1(indexes=0,3,1,2)", 1);
	put(PMU "cpumask", "1,3\n");
	must_open();
	assert_int_equal(kernel.event[0].cpu, 3);
	assert_int_equal(kernel.event[3].cpu, 1);
	assert_string_equal(pc_power_package_name(&node, 0), "package-0");
	close_node();
}

static void an_event_that_does_not_open_is_no_domain(void **state)
{
	(void)state;
	kernel.refuse_config = 3;
	must_open();
	assert_false(pc_power_domain(&node, 0, PC_DRAM)->has_energy);
	assert_true(pc_power_domain(&node, 0, PC_PACKAGE)->has_energy);
	close_node();
}

static void says_why_it_is_not_taken(void **state)
{
	(void)state;
	kernel.refuse_all = EACCES;
	does_not_open(EACCES, "perf: no permission for the power PMU: kernel.perf_event_paranoid is 2 and has "
		      "to be 0 or less (sysctl), or this program needs CAP_PERFMON");
	kernel.refuse_all = EPERM;
	drop("proc/sys/kernel/perf_event_paranoid");
	does_not_open(EPERM, "perf: no permission for the power PMU: kernel.perf_event_paranoid is unknown "
		      "and has to be 0 or less (sysctl), or this program needs CAP_PERFMON");
	kernel.refuse_all = ENOSYS;
	does_not_open(ENOSYS, "perf: the power PMU's events cannot be opened: Function not implemented");
	kernel.refuse_all = 0;
	kernel.refuse_config = 2;
	does_not_open(ENOENT, "perf: the power PMU's events cannot be opened: No such file or directory");
	kernel.refuse_config = 0;
	put(PMU "cpumask", "8\n");
	does_not_open(ENODEV, "perf: the PMU's cpumask \"8\" names no online CPU");
	put(PMU "cpumask", "\n");
	does_not_open(EINVAL, "CPU list \"\": not a list like \"0-3,8\" of CPUs up to 65535");
	drop(PMU "type");
	does_not_open(ENODEV, "sys/bus/event_source/devices/power: no such PMU: the rapl module is not loaded "
		      "(modprobe rapl), does not know this CPU, or a container masks it");
}

static void a_recorded_root_has_no_counters(void **state)
{
	struct pc_power_config config = { .backend = "perf", .root = fake_root };
	struct pc_power *power;
	struct pc_error error;
	char want[160];

	(void)state;
	snprintf(want, sizeof want, "perf: %s is a recorded root, and perf counts only on the machine it runs on",
		 fake_root);
	assert_int_equal(pc_power_open(&power, &config, NULL, 0, NULL, &error), -1);
	assert_string_equal(error.text, want);
}

static void fails(struct pc_op op, int code, const char *sentence)
{
	struct pc_error error = { "" };

	errno = 0;
	assert_int_equal(pc_power_run(&node, 0, &op, 1, NULL, &error), -1);
	assert_int_equal(errno, code);
	assert_int_equal(op.error, -code);
	assert_string_equal(error.text, sentence);
}

static void what_perf_cannot_do(void **state)
{
	struct pc_op both[] = {
		{ .kind = PC_OP_ENERGY, .domain = PC_PP1 }, { .kind = PC_OP_ENERGY, .domain = PC_PACKAGE },
		{ .kind = PC_OP_LIMIT_READ, .domain = PC_PACKAGE },
	};
	struct pc_setting setting;
	struct pc_error error;

	(void)state;
	must_open();
	fails((struct pc_op){ .kind = PC_OP_LIMIT_READ }, ENOTSUP, "package-0 package: perf counts energy and "
	      "nothing else; limits need msr-safe, msr or powercap");
	fails((struct pc_op){ .kind = PC_OP_LIMIT_WRITE }, ENOTSUP, "package-0 package: perf counts energy and "
	      "nothing else; limits need msr-safe, msr or powercap");
	fails((struct pc_op){ .kind = PC_OP_PERF_STATUS }, ENOTSUP, "package-0 package: perf counts energy and "
	      "nothing else; limits need msr-safe, msr or powercap");
	fails((struct pc_op){ .kind = PC_OP_ENERGY, .domain = PC_PP0 }, ENODEV,
	      "package-0 pp0: there is no energy counter here");
	assert_int_equal(pc_power_run(&node, 0, both, 3, NULL, &error), -1);
	assert_int_equal(errno, ENODEV);
	assert_string_equal(error.text, "package-0 pp1: there is no energy counter here");
	assert_int_equal(both[1].error, 0);
	assert_int_equal(both[2].error, -ENOTSUP);
	assert_int_equal(pc_power_capture(&node, &setting, 1, &error), -1);
	assert_int_equal(errno, ENOTSUP);
	assert_int_equal(pc_power_access_paths(&node, NULL, 0), 0);
	close_node();
}

static void an_event_whose_cpu_is_gone(void **state)
{
	(void)state;
	must_open();
	assert_int_equal(ftruncate(kernel.event[0].fd, 0), 0);
	assert_int_equal(lseek(kernel.event[0].fd, 0, SEEK_SET), 0);
	fails((struct pc_op){ .kind = PC_OP_ENERGY }, ENXIO,
	      "package-0 package: the event cannot be read any more: No such device or address");
	close_node();
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_machine, remove_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_pmu_is_read),
		TEST(a_model_need_not_have_every_event),
		TEST(files_that_say_something_else),
		TEST(files_that_are_missing),
		TEST(a_pmu_without_energy),
		TEST(scales),
		TEST(scales_in_any_language),
		TEST(an_event_for_each_package_and_domain),
		TEST(energy_is_read),
		TEST(a_package_is_counted_as_the_pmu_counts),
		TEST(packages_are_in_the_topologys_order),
		TEST(an_event_that_does_not_open_is_no_domain),
		TEST(says_why_it_is_not_taken),
		TEST(a_recorded_root_has_no_counters),
		TEST(what_perf_cannot_do),
		TEST(an_event_whose_cpu_is_gone),
	};

	return cmocka_run_group_tests_name("perf", tests, NULL, NULL) ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver_bench.h"

/* --- register by register --------------------------------------------------- */

static void registers_are_read_and_written_one_by_one(void **state)
{
	struct pc_msr_op ops[] = { reading(2, 0x611), writing(2, 0x610, 0x8320), reading(2, 0x610) };

	(void)state;
	grant(PC_LIST_JOB);
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	assert_false(transport.read_is_enough);
	fake_kernel.interrupts = 5;
	assert_int_equal(batch(ops, 3), 0);
	assert_int_equal(ops[0].msrdata, 0x20000000);
	assert_int_equal(ops[0].wmask, 0);
	assert_int_equal(ops[1].wmask, 0x00ff7fff);
	assert_int_equal(ops[2].msrdata, 0x008285a000008320);
}

static void nothing_is_written_where_one_operation_is_refused(void **state)
{
	static const struct {
		struct pc_msr_op op;
		int err;
	} table[] = {
		{ { .cpu = 0, .isrdmsr = 1, .msr = 0x1a0 }, -EACCES },
		{ { .cpu = 0, .isrdmsr = 0, .msr = 0x1a0 }, -EACCES },
		{ { .cpu = 0, .isrdmsr = 0, .msr = 0x611 }, -EROFS },
		{ { .cpu = 9, .isrdmsr = 1, .msr = 0x611 }, -ENXIO },
	};

	(void)state;
	grant(PC_LIST_JOB);
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct pc_msr_op ops[] = { writing(0, 0x610, 0x8320), table[i].op };

		assert_int_equal(batch(ops, 2), -1);
		assert_int_equal(errno, -table[i].err);
		assert_int_equal(ops[1].err, table[i].err);
		assert_int_equal(*value(0x610, 0), 0x008285a0001484b0);
	}
	assert_string_equal(error.text, "/dev/cpu/9/msr_safe: MSR 0x611: No such device or address");
}

static void a_fault_is_met_in_execution(void **state)
{
	struct pc_msr_op ops[] = { reading(0, 0x619), writing(0, 0x610, 0x8320) };

	(void)state;
	grant(PC_LIST_JOB);
	fake_register(&fake_kernel.msr, 0x619)->faults = true;
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	assert_int_equal(batch(ops, 2), -1);
	assert_int_equal(ops[0].err, -EIO);
	assert_int_equal(ops[1].err, 0);
	assert_int_equal(*value(0x610, 0) & 0x7fff, 0x320);
}

static void a_file_that_opens_for_reading_only_grants_no_bit(void **state)
{
	struct pc_msr_op op = reading(0, 0x610);

	(void)state;
	grant(PC_LIST_JOB);
	fake_kernel.open_write[FAKE_NODE_SAFE] = EACCES;
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	assert_int_equal(batch(&op, 1), 0);
	assert_int_equal(op.wmask, 0);
	op = writing(0, 0x610, 0x8320);
	assert_int_equal(batch(&op, 1), -1);
	assert_int_equal(errno, EROFS);
}

static void a_list_that_cannot_be_read_leaves_the_mask_unknown(void **state)
{
	struct pc_msr_op op = writing(0, 0x610, 0x8320);

	(void)state;
	grant(PC_LIST_JOB);
	fake_kernel.open_read[FAKE_LIST] = EACCES;
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	assert_int_equal(batch(&op, 1), 0);
	assert_true(op.wmask == UINT64_MAX);
	assert_int_equal(*value(0x610, 0), 0x008285a000008320);  /* clipped, in silence */
	op = writing(0, 0x611, 1);
	assert_int_equal(batch(&op, 1), -1);
	assert_int_equal(op.err, -EACCES);
}

static void a_new_list_changes_the_masks(void **state)
{
	struct pc_msr_op op = writing(0, 0x610, 0x8320);
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;

	(void)state;
	grant(PC_LIST_READ);
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	assert_int_equal(batch(&op, 1), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(pc_allowlist_add(&list, 0x610, 0x7fff, NULL), 0);
	assert_int_equal(transport.list_write(transport.self, &list, &error), 0);
	pc_allowlist_free(&list);
	op = writing(0, 0x610, 0x8320);
	assert_int_equal(batch(&op, 1), 0);
	assert_int_equal(op.wmask, 0x7fff);
	grant(PC_LIST_JOB);                      /* somebody else's */
	assert_int_equal(transport.list_read(transport.self, &list, &error), 0);
	pc_allowlist_free(&list);
	assert_int_equal(batch(&op, 1), 0);
	assert_int_equal(op.wmask, 0x00ff7fff);
}

static void a_cpu_that_came_back_has_a_fresh_node(void **state)
{
	struct pc_msr_op op = reading(0, 0x611);

	(void)state;
	grant(PC_LIST_JOB);
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	assert_int_equal(batch(&op, 1), 0);
	fake_kernel.renewed[0] = true;
	assert_int_equal(batch(&op, 1), 0);
	assert_int_equal(op.msrdata, 0x10000000);
	fake_kernel.msr.offline[0] = true;
	assert_int_equal(batch(&op, 1), -1);
	assert_int_equal(errno, ENXIO);
	fake_kernel.msr.offline[0] = false;
	assert_int_equal(batch(&op, 1), 0);
	fake_kernel.renewed[0] = true;
	fake_kernel.open_write[FAKE_NODE_SAFE] = fake_kernel.open_read[FAKE_NODE_SAFE] = EACCES;
	assert_int_equal(batch(&op, 1), -1);     /* udev has not yet given it its permissions */
	assert_int_equal(errno, EPERM);          /* EACCES would be the list's */
	assert_string_equal(error.text, "/dev/cpu/0/msr_safe: this process may not open it: its job was not "
			    "granted it or has ended, or the CPU was offline and has come back with a new file");
}

static void half_a_register_is_none(void **state)
{
	struct pc_msr_op op = reading(0, 0x611);

	(void)state;
	grant(PC_LIST_JOB);
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	fake_kernel.short_by = 4;
	assert_int_equal(batch(&op, 1), -1);
	assert_int_equal(errno, EIO);
}

static void more_cpus_than_slots_are_served_in_turn(void **state)
{
	(void)state;
	grant(PC_LIST_JOB);
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	for (unsigned i = 0; i < 200; i++) {
		struct pc_msr_op op = reading(i % FAKE_CPUS, 0x611);

		fake_kernel.renewed[op.cpu] = i % 3 == 0;
		assert_int_equal(batch(&op, 1), 0);
	}
	assert_true(fake_kernel.opens - fake_kernel.closes <= FAKE_CPUS);
}

static void the_devices_are_those_of_the_online_cpus(void **state)
{
	static const struct {
		const char *online;
		unsigned count;
		const char *first, *last;
	} table[] = {
		{ "0-3\n", 4, "/dev/cpu/0/msr_safe", "/dev/cpu/3/msr_safe" },
		{ "1,3\n", 2, "/dev/cpu/1/msr_safe", "/dev/cpu/3/msr_safe" },
		{ "0-1,3\n", 3, "/dev/cpu/0/msr_safe", "/dev/cpu/3/msr_safe" },
		{ "2\n", 1, "/dev/cpu/2/msr_safe", "/dev/cpu/2/msr_safe" },
	};
	char path[4][256];

	(void)state;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		fake_kernel.online = table[i].online;
		assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
		assert_int_equal(transport.devices(transport.self, path, 4), table[i].count);
		assert_string_equal(path[0], table[i].first);
		assert_string_equal(path[table[i].count - 1], table[i].last);
		assert_int_equal(transport.devices(transport.self, path, 1), table[i].count);
		close_transport();
	}
	assert_int_equal(open_batch(), 0);
	assert_int_equal(transport.devices(transport.self, path, 4), 1);
	assert_string_equal(path[0], "/dev/cpu/msr_batch");
}

/* Without it a job's user does not know the mask, and takes a clipped write for the hardware's doing. */
static void the_list_has_a_device_of_its_own(void **state)
{
	static const struct {
		unsigned minor;
		const char *stale, *path;
	} table[] = {
		{ 8, NULL, "/dev/cpu/msr_allowlist" },
		{ 4, NULL, "/dev/cpu/msr_whitelist" },
		{ 4, "msr_allowlist", "/dev/cpu/msr_whitelist" },
		{ 8, "msr_whitelist", "/dev/cpu/msr_allowlist" },
	};
	char path[256];

	(void)state;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		fake_kernel_be(table[i].minor);
		fake_kernel.stale_name = table[i].stale;
		assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
		assert_true(transport.list_device(transport.self, path));
		assert_string_equal(path, table[i].path);
		close_transport();
		assert_int_equal(open_batch(), 0);
		assert_true(transport.list_device(transport.self, path));
		assert_string_equal(path, table[i].path);
		close_transport();
	}
	fake_kernel.open_read[FAKE_LIST] = EACCES;
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	assert_false(transport.list_device(transport.self, path));
	close_transport();
	assert_int_equal(open_files(PC_MSR_NODE_STOCK), 0);
	assert_null(transport.list_device);
}

/* The list's device is opened for reading alone, as a job's user may. */
static void who_may_read_the_list_knows_the_mask(void **state)
{
	struct pc_msr_op op = writing(0, 0x610, 0x8320);

	(void)state;
	grant(PC_LIST_JOB);
	fake_kernel.open_write[FAKE_LIST] = EACCES;
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	assert_null(transport.list_write);
	assert_int_equal(batch(&op, 1), 0);
	assert_true(op.wmask == 0x00ff7fff);
}

/* --- the stock driver ------------------------------------------------------- */

static void a_file_that_cannot_be_opened_says_why(void **state)
{
	static const struct {
		enum pc_msr_node node;
		int code;
		const char *sentence;
	} table[] = {
		{ PC_MSR_NODE_STOCK, EPERM, "/dev/cpu/0/msr: the stock msr driver is for root: it asks for "
		  "CAP_SYS_RAWIO, whatever the file's permissions say" },
		{ PC_MSR_NODE_STOCK, EACCES, "/dev/cpu/0/msr: no permission: the stock msr driver is for root" },
		{ PC_MSR_NODE_STOCK, ENOENT, "/dev/cpu/0/msr: not there: the msr module is not loaded; run "
		  "modprobe msr" },
		{ PC_MSR_NODE_STOCK, EIO, "/dev/cpu/0/msr: this CPU has no MSRs" },
		{ PC_MSR_NODE_STOCK, ENXIO, "/dev/cpu/0/msr: left from a module that is gone, or its CPU is "
		  "offline; load the module again" },
		{ PC_MSR_NODE_STOCK, EMFILE, "/dev/cpu/0/msr: Too many open files" },
		{ PC_MSR_NODE_SAFE, EACCES, "/dev/cpu/0/msr_safe: no permission: a job's user gets it from the "
		  "prolog, others from a udev rule" },
		{ PC_MSR_NODE_SAFE, EPERM, "/dev/cpu/0/msr_safe: the kernel denies this process the device: its "
		  "job was not granted it, or has ended" },
		{ PC_MSR_NODE_SAFE, ENOENT, "/dev/cpu/0/msr_safe: not there: the msr-safe module is not loaded; "
		  "run modprobe msr-safe" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		enum fake_file file = table[i].node == PC_MSR_NODE_STOCK ? FAKE_NODE_STOCK : FAKE_NODE_SAFE;

		fake_kernel.open_read[file] = fake_kernel.open_write[file] = table[i].code;
		assert_int_equal(open_files(table[i].node), -1);
		assert_int_equal(errno, table[i].code);
		assert_string_equal(error.text, table[i].sentence);
	}
	fake_kernel.online = NULL;
	assert_int_equal(open_files(PC_MSR_NODE_STOCK), -1);
	assert_int_equal(errno, ENODEV);
	assert_string_equal(error.text, "/sys/devices/system/cpu/online: no list of CPUs there");
}

static void the_stock_driver_has_no_list_and_writes_whole_registers(void **state)
{
	struct pc_msr_op op = writing(0, 0x610, 0x8320);

	(void)state;
	assert_int_equal(open_files(PC_MSR_NODE_STOCK), 0);
	assert_null(transport.list_read);
	assert_null(transport.list_write);
	assert_int_equal(batch(&op, 1), 0);
	assert_true(op.wmask == UINT64_MAX);
	assert_int_equal(*value(0x610, 0), 0x8320);
}

static void a_write_that_the_kernel_forbids_says_why(void **state)
{
	static const struct {
		const char *allow_writes, *lockdown;
		const char *sentence;
	} table[] = {
		{ "off\n", "none [integrity] confidentiality\n", "/dev/cpu/0/msr: MSR 0x610: the msr module was "
		  "loaded with allow_writes=off; echo on > /sys/module/msr/parameters/allow_writes" },
		{ "default\n", "none [integrity] confidentiality\n", "/dev/cpu/0/msr: MSR 0x610: the kernel is "
		  "locked down (Secure Boot), which forbids writing MSRs; msr-safe or powercap may still do it" },
		{ NULL, "none integrity [confidentiality]\n", "/dev/cpu/0/msr: MSR 0x610: the kernel is "
		  "locked down (Secure Boot), which forbids writing MSRs; msr-safe or powercap may still do it" },
		{ "on\n", "[none] integrity confidentiality\n", "/dev/cpu/0/msr: MSR 0x610: the stock msr driver "
		  "asks for CAP_SYS_RAWIO" },
		{ NULL, NULL, "/dev/cpu/0/msr: MSR 0x610: the stock msr driver asks for CAP_SYS_RAWIO" },
	};

	(void)state;
	fake_kernel.pwrite_errno = EPERM;
	assert_int_equal(open_files(PC_MSR_NODE_STOCK), 0);
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct pc_msr_op op = writing(0, 0x610, 0x8320);

		fake_kernel.allow_writes = table[i].allow_writes;
		fake_kernel.lockdown = table[i].lockdown;
		assert_int_equal(batch(&op, 1), -1);
		assert_int_equal(errno, EPERM);
		assert_string_equal(error.text, table[i].sentence);
	}
}

/* --- a recorded root -------------------------------------------------------- */

static void nothing_below_a_recorded_root_is_written(void **state)
{
	struct pc_msr_place place;

	(void)state;
	assert_int_equal(pc_msr_place(&place, "/recorded//", &fake_calls, &error), 0);
	assert_string_equal(place.root, "/recorded");
	assert_true(place.read_only);
	assert_false(pc_msrsafe_list_writable(&place));
	assert_int_equal(pc_msrsafe_list_write(&place, &PC_ALLOWLIST_EMPTY, &error), -1);
	assert_int_equal(errno, EROFS);
	assert_string_equal(error.text, "/recorded: a recorded root is read only");
	assert_int_equal(fake_kernel.last_flags, 0);
	assert_int_equal(pc_msr_place(&place, "/", &fake_calls, &error), 0);
	assert_false(place.read_only);
}

/* --- a whole node over each driver ------------------------------------------ */

static const struct pc_backend any_backend = {
	.name = "any", .close = pc_register_node_close, .run = pc_register_node_run,
	.list_install = pc_register_node_list_install, .list_for = pc_register_node_list_for,
};

static struct pc_power *open_node(void)
{
	struct pc_power *power = calloc(1, sizeof *power);
	struct pc_topology *topology;

	assert_int_equal(pc_topology_load(&topology, PC_TOPOLOGY_SYNTHETIC, FAKE_TOPOLOGY, &error), 0);
	power->backend = &any_backend;
	if (pc_register_node_open(power, topology, pc_cpu_model_find(PC_VENDOR_INTEL, 6, 0x55), transport,
				  &error) < 0)
		fail_msg("%s", error.text);
	is_open = false;         /* the node's now */
	return power;
}

static void assert_node_works(void)
{
	struct pc_op ops[] = {
		{ .kind = PC_OP_ENERGY, .domain = PC_PACKAGE },
		{ .kind = PC_OP_ENERGY, .domain = PC_DRAM },
		{ .kind = PC_OP_LIMIT_WRITE, .domain = PC_PACKAGE, .limits.limit[0].limit_uw = 100000000 },
	};
	struct pc_power *power = open_node();
	struct pc_stamp stamp;

	*value(0x610, 1) = 0x008285a0001484b0;
	if (pc_power_run(power, 1, ops, 3, &stamp, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(ops[0].count, 0x20000000);
	assert_int_equal(ops[2].limits.limit[0].limit_uw, 100000000);
	assert_true(stamp.tsc > 0);
	assert_int_equal(*value(0x610, 1), 0x008285a000148320);
	fake_kernel.msr.offline[2] = true;       /* CPU 3 takes over */
	assert_int_equal(pc_power_run(power, 1, ops, 3, &stamp, &error), 0);
	fake_kernel.msr.offline[2] = false;
	pc_power_close(power);
}

static void a_node_works_over_each_driver_and_version(void **state)
{
	(void)state;
	for (unsigned minor = 0; minor <= 8; minor++) {
		fake_kernel_be(minor);
		grant(PC_LIST_JOB);
		assert_int_equal(open_batch(), 0);
		assert_node_works();
		assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
		assert_node_works();
	}
	assert_int_equal(open_files(PC_MSR_NODE_STOCK), 0);
	assert_node_works();
}

static void a_write_forbidden_by_the_kernel_reaches_the_caller_in_words(void **state)
{
	struct pc_op op = {
		.kind = PC_OP_LIMIT_WRITE, .domain = PC_PACKAGE, .limits.limit[0].limit_uw = 100000000
	};
	struct pc_power *power;

	(void)state;
	assert_int_equal(open_files(PC_MSR_NODE_STOCK), 0);
	power = open_node();
	fake_kernel.pwrite_errno = EPERM;
	fake_kernel.allow_writes = "off\n";
	assert_int_equal(pc_power_run(power, 0, &op, 1, NULL, &error), -1);
	assert_int_equal(errno, EPERM);
	assert_string_equal(error.text, "package-0: package limit: /dev/cpu/0/msr: MSR 0x610: the msr module was "
			    "loaded with allow_writes=off; echo on > /sys/module/msr/parameters/allow_writes");
	pc_power_close(power);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registers_are_read_and_written_one_by_one),
		TEST(nothing_is_written_where_one_operation_is_refused),
		TEST(a_fault_is_met_in_execution),
		TEST(a_file_that_opens_for_reading_only_grants_no_bit),
		TEST(a_list_that_cannot_be_read_leaves_the_mask_unknown),
		TEST(a_new_list_changes_the_masks),
		TEST(a_cpu_that_came_back_has_a_fresh_node),
		TEST(half_a_register_is_none),
		TEST(more_cpus_than_slots_are_served_in_turn),
		TEST(the_devices_are_those_of_the_online_cpus),
		TEST(the_list_has_a_device_of_its_own),
		TEST(who_may_read_the_list_knows_the_mask),
		TEST(a_file_that_cannot_be_opened_says_why),
		TEST(the_stock_driver_has_no_list_and_writes_whole_registers),
		TEST(a_write_that_the_kernel_forbids_says_why),
		TEST(nothing_below_a_recorded_root_is_written),
		TEST(a_node_works_over_each_driver_and_version),
		TEST(a_write_forbidden_by_the_kernel_reaches_the_caller_in_words),
	};

	return cmocka_run_group_tests_name("msr_files", tests, NULL, NULL) ? 1 : 0;
}

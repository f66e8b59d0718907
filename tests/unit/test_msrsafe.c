/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver_bench.h"

/* --- the batch device ------------------------------------------------------- */

static void a_device_that_cannot_be_opened_says_why(void **state)
{
	static const struct {
		int code;
		const char *sentence;
	} table[] = {
		{ ENOENT, "/dev/cpu/msr_batch: not there: the msr-safe module is not loaded; run modprobe "
		  "msr-safe" },
		{ EACCES, "/dev/cpu/msr_batch: no permission: a job's user gets it from the prolog, others "
		  "from a udev rule" },
		{ EPERM, "/dev/cpu/msr_batch: no permission: a job's user gets it from the prolog, others "
		  "from a udev rule" },
		{ ENXIO, "/dev/cpu/msr_batch: left from a module that is gone; load msr-safe again" },
		{ EMFILE, "/dev/cpu/msr_batch: Too many open files" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		fake_kernel.open_read[FAKE_BATCH] = table[i].code;
		assert_int_equal(open_batch(), -1);
		assert_int_equal(errno, table[i].code);
		assert_string_equal(error.text, table[i].sentence);
	}
}

static void reading_permission_is_asked_for_and_is_enough(void **state)
{
	struct pc_msr_op op = writing(0, 0x610, 0x8320);

	(void)state;
	grant(PC_LIST_JOB);
	fake_kernel.open_write[FAKE_BATCH] = EACCES;
	assert_int_equal(open_batch(), 0);
	assert_true(transport.read_is_enough);
	assert_int_equal(batch(&op, 1), 0);
	assert_int_equal(*value(0x610, 0) & 0x7fff, 0x320);
}

static void a_batch_is_the_documented_ioctl(void **state)
{
	struct pc_msr_op ops[] = { reading(2, 0x611), writing(2, 0x610, 0x8320), reading(2, 0x610) };

	(void)state;
	grant(PC_LIST_JOB);
	assert_int_equal(open_batch(), 0);
	assert_int_equal(batch(ops, 3), 0);
	assert_int_equal(fake_kernel.msr.calls, 1);
	assert_int_equal(fake_kernel.last_request, 0xC01063A2);
	assert_int_equal(fake_kernel.last_version, 0x010800);
	assert_int_equal(ops[0].msrdata, 0x20000000);
	assert_int_equal(ops[1].wmask, 0x00ff7fff);
	assert_int_equal(ops[2].msrdata, 0x008285a000008320);
}

static void each_failed_operation_has_its_error_and_none_ran(void **state)
{
	struct pc_msr_op ops[] = {
		writing(0, 0x610, 0x8320), reading(9, 0x611), reading(0, 0x1a0), writing(0, 0x611, 1),
	};

	(void)state;
	grant(PC_LIST_JOB);
	assert_int_equal(open_batch(), 0);
	assert_int_equal(batch(ops, 4), -1);
	assert_int_equal(errno, ENXIO);          /* the first operation's, not the ioctl's, which is the last's */
	assert_string_equal(error.text, "/dev/cpu/msr_batch: MSR 0x611 on CPU 9: No such device or address");
	assert_int_equal(ops[0].err, 0);
	assert_int_equal(ops[1].err, -ENXIO);
	assert_int_equal(ops[2].err, -EACCES);
	assert_int_equal(ops[3].err, -EROFS);
	assert_int_equal(*value(0x610, 0), 0x008285a0001484b0);
}

static void a_fault_stops_no_other_operation(void **state)
{
	struct pc_msr_op ops[] = { reading(0, 0x619), reading(0, 0x611) };

	(void)state;
	grant(PC_LIST_JOB);
	fake_register(&fake_kernel.msr, 0x619)->faults = true;
	assert_int_equal(open_batch(), 0);
	assert_int_equal(batch(ops, 2), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(ops[1].err, 0);
	assert_int_equal(ops[1].msrdata, 0x10000000);
}

static void a_call_that_fails_as_a_whole_says_why(void **state)
{
	static const struct {
		int code;
		const char *sentence;
	} table[] = {
		{ E2BIG, "/dev/cpu/msr_batch: the kernel had no memory for a batch of 1 operations; try again" },
		{ ENOMEM, "/dev/cpu/msr_batch: the kernel had no memory for a batch of 1 operations; try again" },
		{ ENOPROTOOPT, "/dev/cpu/msr_batch: this msr-safe has another major version than 1; load a 1.x "
		  "module" },
		{ ENOTTY, "/dev/cpu/msr_batch: not msr-safe's batch device (its ioctl is unknown there); a "
		  "32-bit program cannot use it either" },
		{ EPERM, "/dev/cpu/msr_batch: the kernel denies this process the device: its job was not "
		  "granted it, or has ended" },
		{ EFAULT, "/dev/cpu/msr_batch: Bad address" },
	};

	(void)state;
	grant(PC_LIST_JOB);
	assert_int_equal(open_batch(), 0);
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct pc_msr_op op = reading(0, 0x611);

		fake_kernel.msr.failing = table[i].code;
		fake_kernel.msr.fail_times = 1;
		assert_int_equal(batch(&op, 1), -1);
		assert_int_equal(errno, table[i].code);
		assert_string_equal(error.text, table[i].sentence);
		assert_int_equal(op.err, 0);
	}
}

static void an_interrupted_call_is_made_again(void **state)
{
	struct pc_msr_op op = reading(0, 0x611);

	(void)state;
	grant(PC_LIST_JOB);
	assert_int_equal(open_batch(), 0);
	fake_kernel.interrupts = 3;
	assert_int_equal(batch(&op, 1), 0);
	assert_int_equal(op.msrdata, 0x10000000);
}

static void a_device_that_vanished_is_opened_again_once(void **state)
{
	struct pc_msr_op op = reading(0, 0x611);
	unsigned opens;

	(void)state;
	grant(PC_LIST_JOB);
	assert_int_equal(open_batch(), 0);
	opens = fake_kernel.opens;
	fake_kernel.msr.failing = ENODEV;
	fake_kernel.msr.fail_times = 1;
	assert_int_equal(batch(&op, 1), 0);
	assert_int_equal(op.msrdata, 0x10000000);
	fake_kernel.msr.fail_times = 5;
	assert_int_equal(batch(&op, 1), -1);
	assert_int_equal(errno, ENODEV);
	assert_int_equal(fake_kernel.opens, opens + 2);
	fake_kernel.open_read[FAKE_BATCH] = ENOENT;
	assert_int_equal(batch(&op, 1), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(error.text, "/dev/cpu/msr_batch: not there: the msr-safe module is not loaded; run "
			    "modprobe msr-safe");
	fake_kernel.open_read[FAKE_BATCH] = 0;   /* the module is back */
	fake_kernel.msr.fail_times = 0;
	assert_int_equal(batch(&op, 1), 0);
}

static void a_recorded_root_has_none(void **state)
{
	(void)state;
	assert_int_equal(pc_msrsafe_batch_transport(&transport, "/recorded/", &fake_calls, &error), -1);
	assert_int_equal(errno, ENOTSUP);
	assert_string_equal(error.text, "/recorded/: a recorded root has no batch device");
	assert_int_equal(pc_msr_files_transport(&transport, PC_MSR_NODE_STOCK, "/recorded", &fake_calls,
						&error), -1);
	assert_int_equal(errno, ENOTSUP);
	assert_string_equal(error.text, "/recorded: a recorded root holds no registers");
	assert_int_equal(fake_kernel.opens, 0);
}

/* --- versions --------------------------------------------------------------- */

static void only_major_version_1_is_spoken(void **state)
{
	static const struct {
		const char *device, *module;
		const char *refused;
	} table[] = {
		{ "1.8.0", "1.8.0\n", NULL },
		{ NULL, "1.6\n", NULL },
		{ NULL, NULL, NULL },            /* 1.0 and 1.1 tell none */
		{ "2.0.0", "1.8.0\n", "2.0.0" },
		{ NULL, "2.0.0\n", "2.0.0" },
		{ "", "3\n", "3" },
		{ "main", NULL, "main" },
		{ "10.1", NULL, "10.1" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		char sentence[256];

		fake_kernel.version_device = table[i].device;
		fake_kernel.module_version = table[i].module;
		assert_int_equal(open_batch(), table[i].refused ? -1 : 0);
		if (!table[i].refused) {
			close_transport();
			continue;
		}
		assert_int_equal(errno, EPROTONOSUPPORT);
		snprintf(sentence, sizeof sentence, "msr-safe \"%s\": only versions 1.x are spoken here: "
			 "another major version lays its batches out differently under the same ioctl "
			 "number; load a 1.x module", table[i].refused);
		assert_string_equal(error.text, sentence);
		assert_int_equal(open_files(PC_MSR_NODE_SAFE), -1);
		assert_int_equal(errno, EPROTONOSUPPORT);
	}
}

static void every_version_reads_writes_and_lists_alike(void **state)
{
	(void)state;
	for (unsigned minor = 0; minor <= 8; minor++) {
		struct pc_msr_op ops[] = { writing(0, 0x610, 0x8320), reading(0, 0x610) };
		struct pc_allowlist list;

		tear_down(state);
		set_up(state);
		fake_kernel_be(minor);
		grant(PC_LIST_JOB);
		assert_int_equal(open_batch(), 0);
		assert_int_equal(transport.list_read(transport.self, &list, &error), 0);
		assert_true(pc_allowlist_equal(&list, &fake_kernel.msr.list));
		assert_int_equal(batch(ops, 2), 0);
		assert_int_equal(ops[1].msrdata, 0x008285a000008320);
		assert_int_equal(transport.list_write(transport.self, &list, &error), 0);
		pc_allowlist_free(&list);
		assert_int_equal(transport.list_write(transport.self, &list, &error), 0);
		assert_int_equal(fake_kernel.msr.list.count, 0);
	}
}

/* Before 1.7 root needs no list; after it, it does. */
static void the_capability_counts_up_to_1_6(void **state)
{
	struct pc_msr_op op = reading(0, 0x611);

	(void)state;
	fake_kernel.msr.rawio = true;
	fake_kernel_be(6);
	assert_int_equal(open_batch(), 0);
	assert_int_equal(batch(&op, 1), 0);
	assert_true(op.wmask == UINT64_MAX);
	close_transport();
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	op = writing(0, 0x610, 0x8320);
	assert_int_equal(batch(&op, 1), 0);
	assert_true(op.wmask == UINT64_MAX);
	assert_int_equal(*value(0x610, 0), 0x8320);
	close_transport();
	fake_kernel_be(7);
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	assert_int_equal(batch(&op, 1), -1);
	assert_int_equal(errno, EACCES);
	close_transport();
	grant(PC_LIST_JOB);
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	assert_int_equal(batch(&op, 1), 0);
	assert_int_equal(op.wmask, 0x00ff7fff);
}

static void an_interrupted_look_at_the_version_is_repeated(void **state)
{
	(void)state;
	fake_kernel.version_device = "2.0.0";
	fake_kernel.interrupts = 1;
	assert_int_equal(open_batch(), -1);
	assert_int_equal(errno, EPROTONOSUPPORT);
}

/* --- the list --------------------------------------------------------------- */

static int read_list(struct pc_allowlist *list)
{
	struct pc_msr_place place;

	assert_int_equal(pc_msr_place(&place, "/", &fake_calls, &error), 0);
	return pc_msrsafe_list_read(&place, list, &error);
}

static int write_list(const struct pc_allowlist *list)
{
	struct pc_msr_place place;

	assert_int_equal(pc_msr_place(&place, "/", &fake_calls, &error), 0);
	return pc_msrsafe_list_write(&place, list, &error);
}

static void a_list_is_read_line_by_line(void **state)
{
	struct pc_allowlist list;

	(void)state;
	grant(PC_LIST_ROOT);
	fake_kernel.interrupts = 2;
	assert_int_equal(read_list(&list), 0);
	assert_true(list.count > 5);
	assert_true(pc_allowlist_equal(&list, &fake_kernel.msr.list));
	pc_allowlist_free(&list);
	pc_allowlist_free(&fake_kernel.msr.list);
	assert_int_equal(read_list(&list), 0);
	assert_int_equal(list.count, 0);
}

static void both_device_names_are_tried_by_opening(void **state)
{
	struct pc_allowlist list;

	(void)state;
	grant(PC_LIST_READ);
	fake_kernel.list_name = "msr_whitelist";
	assert_int_equal(read_list(&list), 0);
	pc_allowlist_free(&list);
	fake_kernel.stale_name = "msr_allowlist";
	assert_int_equal(read_list(&list), 0);
	pc_allowlist_free(&list);
	fake_kernel.list_name = "msr_allowlist";
	fake_kernel.stale_name = "msr_whitelist";
	assert_int_equal(read_list(&list), 0);
	pc_allowlist_free(&list);
	fake_kernel.list_name = NULL;
	fake_kernel.stale_name = NULL;
	assert_int_equal(read_list(&list), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(error.text, "/dev/cpu/msr_allowlist: the allowlist cannot be read: No such file or "
			    "directory");
	fake_kernel.list_name = "msr_whitelist";
	fake_kernel.open_read[FAKE_LIST] = EACCES;
	assert_int_equal(read_list(&list), -1);
	assert_string_equal(error.text, "/dev/cpu/msr_whitelist: the allowlist cannot be read: Permission "
			    "denied");
}

static void an_over_long_list_is_no_list(void **state)
{
	struct pc_allowlist list;

	(void)state;
	/* Entries of 4 bytes ("0 0\n") come back in 30: more than one write could put back. */
	fake_kernel.msr.list.entry = calloc(4400, sizeof *fake_kernel.msr.list.entry);
	fake_kernel.msr.list.count = 4400;
	for (unsigned minor = 6; minor <= 7; minor++) {
		fake_kernel_be(minor);
		assert_int_equal(read_list(&list), -1);
		assert_int_equal(errno, E2BIG);
		assert_string_equal(error.text, "/dev/cpu/msr_allowlist: reading the allowlist failed: Argument "
				    "list too long");
	}
}

static void a_list_goes_in_by_one_write_and_is_verified(void **state)
{
	struct pc_allowlist list;

	(void)state;
	assert_int_equal(pc_model_list(pc_cpu_model_find(PC_VENDOR_INTEL, 6, 0x55), PC_LIST_JOB, &list,
				       &error), 0);
	fake_kernel.interrupts = 2;
	assert_int_equal(write_list(&list), 0);
	assert_int_equal(fake_kernel.writes, 1);
	assert_true(pc_allowlist_equal(&list, &fake_kernel.msr.list));
	fake_kernel.forgets_list = true;
	list.entry[0].mask ^= 1;
	assert_int_equal(write_list(&list), -1);
	assert_int_equal(errno, EIO);
	assert_string_equal(error.text, "allowlist: what msr-safe holds now is not what was written; another "
			    "process writes the list too");
	fake_kernel.open_read[FAKE_LIST] = EACCES;
	assert_int_equal(write_list(&list), -1);
	assert_int_equal(errno, EACCES);
	assert_string_equal(error.text, "the list was written, but could not be verified: "
			    "/dev/cpu/msr_allowlist: the allowlist cannot be read: Permission denied");
	pc_allowlist_free(&list);
}

static void a_short_write_is_not_continued(void **state)
{
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;

	(void)state;
	assert_int_equal(pc_allowlist_add(&list, 0x10, 0, NULL), 0);
	assert_int_equal(pc_allowlist_add(&list, 0x611, 0, NULL), 0);
	fake_kernel.short_by = 30;
	assert_int_equal(write_list(&list), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(fake_kernel.writes, 1);
	assert_string_equal(error.text, "/dev/cpu/msr_allowlist: the driver took 30 of 60 bytes, so it may hold "
			    "a part of the list; install it again");
	pc_allowlist_free(&list);
}

static void what_the_driver_says_of_a_list_becomes_a_sentence(void **state)
{
	static const int codes[] = { EINVAL, E2BIG, ENOMSG, ENOTUNIQ, EILSEQ, ERANGE, ENOMEM, EFAULT };
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	char sentence[512];

	(void)state;
	for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++) {
		fake_kernel.write_errno = codes[i];
		assert_int_equal(write_list(&list), -1);
		assert_int_equal(errno, codes[i]);
		snprintf(sentence, sizeof sentence, "/dev/cpu/msr_allowlist: %s",
			 pc_allowlist_errno_text(codes[i]));
		assert_string_equal(error.text, sentence);
	}
	fake_kernel.write_errno = 0;
	fake_kernel.open_write[FAKE_LIST] = EACCES;
	assert_int_equal(write_list(&list), -1);
	assert_int_equal(errno, EACCES);
	assert_non_null(strstr(error.text, "installing a list is for root"));
}

/* pc_allowlist_add() makes none; whoever writes past it must not go unnoticed. */
static void a_duplicate_empties_the_kernels_list_and_is_said(void **state)
{
	struct pc_allow_entry entry[] = { { 0x10, 0 }, { 0x10, 0 } };
	struct pc_allowlist list = { 2, 2, entry };

	(void)state;
	grant(PC_LIST_READ);
	assert_int_equal(write_list(&list), -1);
	assert_int_equal(errno, ENOTUNIQ);
	assert_int_equal(fake_kernel.msr.list.count, 0);
	grant(PC_LIST_READ);
	fake_kernel_be(6);
	assert_int_equal(write_list(&list), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fake_kernel.msr.list.count, 0);
}

static void the_list_is_offered_only_to_who_may_write_it(void **state)
{
	(void)state;
	fake_kernel.open_write[FAKE_LIST] = EACCES;
	assert_int_equal(open_batch(), 0);
	assert_non_null(transport.list_read);
	assert_null(transport.list_write);
	close_transport();
	assert_int_equal(open_files(PC_MSR_NODE_SAFE), 0);
	assert_null(transport.list_write);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_device_that_cannot_be_opened_says_why),
		TEST(reading_permission_is_asked_for_and_is_enough),
		TEST(a_batch_is_the_documented_ioctl),
		TEST(each_failed_operation_has_its_error_and_none_ran),
		TEST(a_fault_stops_no_other_operation),
		TEST(a_call_that_fails_as_a_whole_says_why),
		TEST(an_interrupted_call_is_made_again),
		TEST(a_device_that_vanished_is_opened_again_once),
		TEST(a_recorded_root_has_none),
		TEST(only_major_version_1_is_spoken),
		TEST(every_version_reads_writes_and_lists_alike),
		TEST(the_capability_counts_up_to_1_6),
		TEST(an_interrupted_look_at_the_version_is_repeated),
		TEST(a_list_is_read_line_by_line),
		TEST(both_device_names_are_tried_by_opening),
		TEST(an_over_long_list_is_no_list),
		TEST(a_list_goes_in_by_one_write_and_is_verified),
		TEST(a_short_write_is_not_continued),
		TEST(what_the_driver_says_of_a_list_becomes_a_sentence),
		TEST(a_duplicate_empties_the_kernels_list_and_is_said),
		TEST(the_list_is_offered_only_to_who_may_write_it),
	};

	return cmocka_run_group_tests_name("msrsafe", tests, NULL, NULL) ? 1 : 0;
}

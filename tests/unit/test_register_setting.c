/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "register_bench.h"

static struct pc_setting first_setting(struct bench *bench)
{
	struct pc_setting setting[8];

	assert_int_equal(pc_power_capture(bench->power, setting, 8, &bench->error), 4);
	return setting[0];
}

static void capture_is_what_root_may_change_in_order_of_address(void **state)
{
	struct bench *bench = *state;
	struct pc_setting setting[4];

	grant(bench, PC_LIST_ROOT);
	open_fake(bench);
	assert_int_equal(pc_power_capture(bench->power, setting, 4, &bench->error), 4);
	assert_int_equal(setting[0].package, 0);
	assert_string_equal(setting[0].key, "msr:0x610");
	assert_int_equal(setting[0].value, 0x008285a0001484b0);
	assert_int_equal(setting[0].mask, 0x00ffffff00ffffff);
	assert_string_equal(setting[1].key, "msr:0x618");
	assert_int_equal(setting[2].package, 1);
	assert_int_equal(pc_power_capture(bench->power, setting, 3, &bench->error), -1);
	assert_int_equal(errno, ENOSPC);
	assert_sentence(bench, "capture: room for 3 settings is too little");
	fake_register(&bench->fake, 0x618)->faults = true;
	assert_int_equal(pc_power_capture(bench->power, setting, 4, &bench->error), 2);
	pc_allowlist_free(&bench->fake.list);
	assert_int_equal(pc_power_capture(bench->power, setting, 4, &bench->error), -1);
	assert_int_equal(errno, EACCES);
	assert_sentence(bench, "package-0: capture: MSR 0x610: the node's allowlist is empty; root can install "
			"one with `pmctl allowlist install`");
}

static void a_setting_goes_back_bit_by_bit(void **state)
{
	struct bench *bench = *state;
	struct pc_setting setting;
	struct pc_op op = limit_op(PC_PACKAGE, 100000000);
	uint64_t now;

	grant(bench, PC_LIST_ROOT);
	open_fake(bench);
	setting = first_setting(bench);
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
	*value(bench, 0x610, 0) |= BIT(60);                      /* not ours: stays */
	assert_int_equal(pc_power_setting_read(bench->power, &setting, &now, &bench->error), 0);
	assert_int_equal(now & LIMIT1_POWER, 800);
	assert_int_equal(pc_power_setting_write(bench->power, &setting, &bench->error), 0);
	assert_int_equal(*value(bench, 0x610, 0), 0x008285a0001484b0 | BIT(60));
	bench->fake.calls = 0;
	assert_int_equal(pc_power_setting_write(bench->power, &setting, &bench->error), 0);
	assert_int_equal(bench->fake.calls, 1);                  /* nothing differed, nothing was written */
	op = (struct pc_op){ .kind = PC_OP_LIMIT_READ, .domain = PC_PACKAGE };
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
	assert_int_equal(op.limits.limit[0].limit_uw, 150000000);
}

static void a_limit_after_a_restore_keeps_the_restored_window(void **state)
{
	struct bench *bench = *state;
	struct pc_setting setting;
	struct pc_op op = limit_op(PC_PACKAGE, 100000000);

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	setting = first_setting(bench);
	op.limits.limit[0].window_us = 2000000;
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
	assert_int_equal(pc_power_setting_write(bench->power, &setting, &bench->error), 0);
	op = limit_op(PC_PACKAGE, 100000000);
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
	assert_int_equal(op.limits.limit[0].window_us, 1000000);
}

static void a_setting_that_cannot_go_back_says_why(void **state)
{
	struct bench *bench = *state;
	struct fake_register *limit = fake_register(&bench->fake, 0x610);
	struct pc_setting setting;

	grant(bench, PC_LIST_ROOT);
	open_fake(bench);
	setting = first_setting(bench);
	setting.value -= 80;
	limit->wired = LIMIT1_POWER;
	assert_int_equal(pc_power_setting_write(bench->power, &setting, &bench->error), -1);
	assert_int_equal(errno, EIO);
	assert_sentence(bench, "package-0: msr:0x610: wrote 0x008285a000148460 and read back "
			"0x008285a0001484b0: the hardware took another value");
	limit->wired = 0;
	limit->value[0] |= BIT(63);
	assert_int_equal(pc_power_setting_write(bench->power, &setting, &bench->error), -1);
	assert_int_equal(errno, EROFS);
	assert_sentence(bench, "package-0: msr:0x610: locked by the firmware until the next reset");
	limit->value[0] &= ~BIT(63);
	limit->value[0] &= ~BIT(15);
	grant(bench, PC_LIST_JOB);
	assert_int_equal(pc_power_setting_write(bench->power, &setting, &bench->error), -1);
	assert_int_equal(errno, EPERM);
	assert_sentence(bench, "package-0: msr:0x610: the allowlist lets only bits 0x0000000000ff7fff be "
			"written, and bits 0x0000000000008000 differ");
	pc_allowlist_free(&bench->fake.list);
	assert_int_equal(pc_power_setting_write(bench->power, &setting, &bench->error), -1);
	assert_int_equal(errno, EACCES);
}

static void others_take_the_list(struct fake_msr *fake)
{
	if (fake->calls != 2)
		return;
	pc_allowlist_free(&fake->list);
	assert_int_equal(pc_allowlist_add(&fake->list, 0x618, 0, NULL), 0);
}

static void a_list_changed_under_a_setting_is_said(void **state)
{
	struct bench *bench = *state;
	struct pc_setting setting[4];

	grant(bench, PC_LIST_ROOT);
	open_fake(bench);
	assert_int_equal(pc_power_capture(bench->power, setting, 4, &bench->error), 4);
	setting[1].value = 0x80c8;
	assert_true(pc_power_setting_lowers(bench->power, &setting[1], 0));
	assert_int_equal(pc_power_setting_write(bench->power, &setting[1], &bench->error), 0);
	assert_int_equal(*value(bench, 0x618, 0), 0x80c8);
	setting[1].value = 0;
	bench->fake.calls = 0;
	bench->fake.before = others_take_the_list;
	assert_int_equal(pc_power_setting_write(bench->power, &setting[1], &bench->error), -1);
	assert_int_equal(errno, EPERM);
	assert_sentence(bench, "package-0: msr:0x618: MSR 0x618: the node's allowlist lets no bit of it be "
			"written; `pmctl allowlist show` prints the list");
	assert_int_equal(*value(bench, 0x618, 0), 0x80c8);
}

static void a_foreign_setting_is_refused(void **state)
{
	static const char *const keys[] = {
		"intel-rapl:0/constraint_0_power_limit_uw", "msr:", "msr:0x", "msr:0x611", "msr:0x610x",
		"msr:0x1a0", "msr:610", "msr:0x100000610", "",
	};
	struct bench *bench = *state;
	struct pc_setting setting = { .mask = 0x7fff };
	uint64_t now;

	grant(bench, PC_LIST_ROOT);
	open_fake(bench);
	for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		snprintf(setting.key, sizeof setting.key, "%s", keys[i]);
		assert_int_equal(pc_power_setting_read(bench->power, &setting, &now, &bench->error), -1);
		assert_int_equal(errno, EINVAL);
		assert_int_equal(pc_power_setting_write(bench->power, &setting, &bench->error), -1);
		assert_int_equal(errno, EINVAL);
		assert_false(pc_power_setting_lowers(bench->power, &setting, 0));
	}
	setting = first_setting(bench);
	setting.mask |= BIT(63);                                 /* never the lock */
	assert_int_equal(pc_power_setting_write(bench->power, &setting, &bench->error), -1);
	assert_int_equal(errno, EINVAL);
	assert_sentence(bench, "setting \"msr:0x610\": not a register, or not bits of it, that phasecap ever "
			"changes on this CPU model");
	setting = first_setting(bench);
	setting.package = 2;
	assert_int_equal(pc_power_setting_write(bench->power, &setting, &bench->error), -1);
	assert_int_equal(errno, EINVAL);
	assert_sentence(bench, "fake: setting msr:0x610 is of package 2: the node has 2");
}

static void lowering_is_told_from_raising(void **state)
{
	struct bench *bench = *state;
	struct pc_setting setting;

	grant(bench, PC_LIST_ROOT);
	open_fake(bench);
	setting = first_setting(bench);
	assert_true(pc_power_setting_lowers(bench->power, &setting, setting.value + 8));
	assert_false(pc_power_setting_lowers(bench->power, &setting, setting.value));
	assert_false(pc_power_setting_lowers(bench->power, &setting, setting.value - 8));
	/* Without its enable bit there is no limit, however small the number. */
	assert_true(pc_power_setting_lowers(bench->power, &setting, (setting.value - 80) & ~BIT(15)));
	/* A larger number all the same: limit 2 stands above limit 1. */
	assert_true(pc_power_setting_lowers(bench->power, &setting,
					    (setting.value & ~LIMIT2_POWER) + 8));
}

static void a_jobs_user_needs_the_device(void **state)
{
	struct bench *bench = *state;
	struct pc_msr_transport transport = fake_msr_transport(&bench->fake);
	struct pc_access_path path;

	grant(bench, PC_LIST_ROOT);
	open_fake(bench);
	assert_int_equal(pc_power_access_paths(bench->power, NULL, 0), 1);
	assert_int_equal(pc_power_access_paths(bench->power, &path, 1), 1);
	assert_string_equal(path.path, "/fake/device");
	assert_true(path.write && !path.by_owner);
	pc_power_close(bench->power);
	transport.read_is_enough = true;
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, skylake(), transport), 0);
	assert_int_equal(pc_power_access_paths(bench->power, &path, 1), 1);
	assert_false(path.write);
}

static bool fake_list_device(void *self, char path[256])
{
	(void)self;
	strcpy(path, "/fake/list");
	return true;
}

static bool no_list_device(void *self, char path[256])
{
	(void)self;
	(void)path;
	return false;
}

/* Whoever writes the device may not write the list: it is what stops him. */
static void a_jobs_user_reads_the_list_and_never_writes_it(void **state)
{
	struct bench *bench = *state;
	struct pc_msr_transport transport = fake_msr_transport(&bench->fake);
	struct pc_access_path path[3] = { 0 };

	grant(bench, PC_LIST_ROOT);
	transport.list_device = fake_list_device;
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, skylake(), transport), 0);
	assert_int_equal(pc_power_access_paths(bench->power, NULL, 0), 2);
	assert_int_equal(pc_power_access_paths(bench->power, path, 1), 2);
	assert_string_equal(path[1].path, "");
	assert_int_equal(pc_power_access_paths(bench->power, path, 3), 2);
	assert_string_equal(path[0].path, "/fake/device");
	assert_true(path[0].write);
	assert_string_equal(path[1].path, "/fake/list");
	assert_false(path[1].write || path[1].by_owner);
	pc_power_close(bench->power);
	transport.list_device = no_list_device;
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, skylake(), transport), 0);
	assert_int_equal(pc_power_access_paths(bench->power, path, 3), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(capture_is_what_root_may_change_in_order_of_address),
		TEST(a_setting_goes_back_bit_by_bit),
		TEST(a_limit_after_a_restore_keeps_the_restored_window),
		TEST(a_setting_that_cannot_go_back_says_why),
		TEST(a_list_changed_under_a_setting_is_said),
		TEST(a_foreign_setting_is_refused),
		TEST(lowering_is_told_from_raising),
		TEST(a_jobs_user_needs_the_device),
		TEST(a_jobs_user_reads_the_list_and_never_writes_it),
	};

	return cmocka_run_group_tests_name("register_setting", tests, NULL, NULL) ? 1 : 0;
}

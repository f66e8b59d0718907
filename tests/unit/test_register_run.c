/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <malloc.h>
#include <string.h>

#include <cmocka.h>

#include "register_bench.h"

/* --- running ---------------------------------------------------------------- */

static void a_due_boundary_is_one_call(void **state)
{
	struct bench *bench = *state;
	struct pc_op ops[] = {
		{ .kind = PC_OP_ENERGY, .domain = PC_PACKAGE },
		{ .kind = PC_OP_ENERGY, .domain = PC_DRAM },
		{ .kind = PC_OP_PERF_STATUS, .domain = PC_PACKAGE },
		limit_op(PC_PACKAGE, 120000000),
	};
	struct pc_stamp stamp;

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	*value(bench, 0x611, 1) |= UINT64_C(0xabcd) << 32;       /* reserved bits */
	assert_int_equal(run(bench, 1, ops, 4, &stamp), 0);
	assert_int_equal(bench->fake.calls, 1);
	assert_int_equal(ops[0].count, 0x20000000);
	assert_int_equal(ops[1].count, 0x2000);
	assert_int_equal(ops[2].count, 2000);
	assert_int_equal(ops[3].limits.limit[0].limit_uw, 120000000);
	assert_true(ops[3].limits.limit[0].enabled && ops[3].limits.limit[0].clamped);
	assert_int_equal(ops[3].limits.limit[1].limit_uw, 180000000);
	assert_int_equal(*value(bench, 0x610, 1), 0x008285a0001584b0 - 0x4b0 + 120 * 8);
	assert_int_equal(*value(bench, 0x610, 0), 0x008285a0001484b0);
	assert_true(stamp.after_ns >= stamp.before_ns);
	assert_int_equal(stamp.tsc, bench->fake.tsc - 50);
}

static void a_run_allocates_nothing(void **state)
{
	struct bench *bench = *state;
	struct pc_op ops[] = {
		{ .kind = PC_OP_ENERGY, .domain = PC_PACKAGE },
		limit_op(PC_PACKAGE, 120000000),
	};
	struct mallinfo2 before, after;

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	before = mallinfo2();
	assert_int_equal(run(bench, 0, ops, 2, NULL), 0);
	after = mallinfo2();
	assert_int_equal(before.uordblks, after.uordblks);
}

static void limits_read_back_decoded(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = { .kind = PC_OP_LIMIT_READ, .domain = PC_PACKAGE };

	grant(bench, PC_LIST_READ);
	open_fake(bench);
	*value(bench, 0x610, 0) = 0x008285a0001484b0 + 8;        /* somebody raised it by a watt */
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
	assert_int_equal(op.limits.count, 2);
	assert_int_equal(op.limits.limit[0].limit_uw, 151000000);
	assert_int_equal(op.limits.limit[0].window_us, 1000000);
}

static void what_is_refused_keeps_nothing_else_from_running(void **state)
{
	static const struct {
		enum pc_op_kind kind;
		enum pc_domain domain;
		uint64_t limit_uw;
		int code;
		const char *sentence;
	} table[] = {
		{ PC_OP_LIMIT_WRITE, PC_PACKAGE, 5000000000, ERANGE, "package-0: package limit: limit 1: "
		  "5000.000 W cannot be set: the register takes 0 W to 4095.875 W" },
		{ PC_OP_LIMIT_WRITE, PC_PACKAGE, 124999, ERANGE, "package-0: package limit: a limit of "
		  "0.124999 W rounds to 0 W; the smallest is 0.125000 W" },
		{ PC_OP_LIMIT_WRITE, PC_DRAM, 20000000, EROFS, "package-0: dram limit: locked by the "
		  "firmware until the next reset; a BIOS setting may unlock it" },
		{ PC_OP_LIMIT2_SET, PC_PACKAGE, 170000000, EPERM, "package-0: package limit 2: the allowlist "
		  "lets only bits 0x0000000000ff7fff of MSR 0x610 be written, and bits 0x000180f000000000 "
		  "would have to change" },
		{ PC_OP_LIMIT2_SET, PC_DRAM, 20000000, ENODEV, "package-0: dram limit 2: this node has no "
		  "such limit" },
		{ PC_OP_LIMIT_WRITE, PC_PP0, 20000000, ENODEV, "package-0: pp0 limit: this node has no such "
		  "limit" },
		{ PC_OP_ENERGY, PC_PP0, 0, ENODEV, "package-0: pp0 energy: this node has no such register" },
		{ PC_OP_PERF_STATUS, PC_PP1, 0, ENODEV, "package-0: pp1 perf status: this node has no such "
		  "register" },
	};
	struct bench *bench = *state;

	grant(bench, PC_LIST_JOB);
	*value(bench, 0x618, 0) |= BIT(31);
	open_fake(bench);
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct pc_op ops[] = {
			{ .kind = table[i].kind, .domain = table[i].domain,
			  .limits.limit = { { .limit_uw = table[i].limit_uw, .clamped = true },
					    { .limit_uw = table[i].limit_uw, .clamped = true } } },
			{ .kind = PC_OP_ENERGY, .domain = PC_PACKAGE },
			{ .kind = PC_OP_ENERGY, .domain = PC_PP0 },
		};

		bench->fake.calls = 0;
		assert_int_equal(run(bench, 0, ops, 3, NULL), -1);
		assert_int_equal(errno, table[i].code);
		assert_sentence(bench, table[i].sentence);
		assert_int_equal(ops[0].error, -table[i].code);
		assert_int_equal(ops[1].error, 0);
		assert_int_equal(ops[1].count, 0x10000000);
		assert_int_equal(ops[2].error, -ENODEV);
		assert_int_equal(bench->fake.calls, 1);
		assert_int_equal(*value(bench, 0x610, 0), 0x008285a0001484b0);
	}
}

static void a_mask_without_bits_is_refused_before_sending(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = limit_op(PC_PACKAGE, 100000000);

	grant(bench, PC_LIST_READ);
	open_fake(bench);
	assert_int_equal(run(bench, 0, &op, 1, NULL), -1);
	assert_int_equal(errno, EPERM);
	assert_sentence(bench, "package-0: package limit: no bit of MSR 0x610 may be written: the allowlist "
			"grants none, or the device could be opened for reading only");
}

static void a_list_taken_away_fails_its_own_operations_only(void **state)
{
	struct bench *bench = *state;
	struct pc_op ops[] = {
		limit_op(PC_PACKAGE, 100000000),
		{ .kind = PC_OP_ENERGY, .domain = PC_DRAM },
		{ .kind = PC_OP_ENERGY, .domain = PC_PACKAGE },
	};

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	pc_allowlist_free(&bench->fake.list);
	assert_int_equal(pc_allowlist_add(&bench->fake.list, 0x610, 0, NULL), 0);
	assert_int_equal(pc_allowlist_add(&bench->fake.list, 0x611, 0, NULL), 0);
	assert_int_equal(run(bench, 0, ops, 3, NULL), -1);
	assert_int_equal(errno, EPERM);
	assert_sentence(bench, "package-0: package limit: the node's allowlist lets no bit of MSR 0x610 be "
			"written");
	assert_int_equal(ops[1].error, -EACCES);
	assert_int_equal(ops[2].error, 0);
	assert_int_equal(ops[2].count, 0x10000000);
	assert_int_equal(bench->fake.calls, 2);
	assert_int_equal(run(bench, 0, ops + 1, 1, NULL), -1);
	assert_sentence(bench, "package-0: dram energy: MSR 0x619: it is not in the node's allowlist; root "
			"can install one with `pmctl allowlist install`");
}

static void what_a_read_says_of_the_mask_counts(void **state)
{
	struct bench *bench = *state;
	struct pc_op read = { .kind = PC_OP_LIMIT_READ, .domain = PC_PACKAGE };
	struct pc_op write = limit_op(PC_PACKAGE, 100000000);

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	grant(bench, PC_LIST_READ);
	assert_int_equal(run(bench, 0, &read, 1, NULL), 0);
	assert_int_equal(run(bench, 0, &write, 1, NULL), -1);
	assert_int_equal(errno, EPERM);
	assert_non_null(strstr(bench->error.text, "no bit of MSR 0x610 may be written"));
}

/* Up to 1.6 the driver says EACCES for a register without writable bits. */
static void a_listed_register_without_bits_is_known_in_old_versions_too(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = limit_op(PC_PACKAGE, 100000000);

	grant(bench, PC_LIST_JOB);
	bench->fake.minor = 6;
	open_fake(bench);
	grant(bench, PC_LIST_READ);
	assert_int_equal(run(bench, 0, &op, 1, NULL), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(op.limits.limit[0].limit_uw, 150000000);
}

static void bits_that_the_driver_drops_silently_are_noticed(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = limit_op(PC_PACKAGE, 100000000);

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	pc_allowlist_free(&bench->fake.list);
	assert_int_equal(pc_allowlist_add(&bench->fake.list, 0x610, 0xff, NULL), 0);
	assert_int_equal(run(bench, 0, &op, 1, NULL), -1);
	assert_int_equal(errno, EIO);
	assert_sentence(bench, "package-0: package limit: wrote 0x008285a000158320 to MSR 0x610 and read back "
			"0x008285a000148420: the hardware took another value");
}

static void a_limit_that_does_not_stick_is_noticed(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = limit_op(PC_PACKAGE, 100000000);

	grant(bench, PC_LIST_JOB);
	fake_register(&bench->fake, 0x610)->wired = LIMIT1_POWER;
	open_fake(bench);
	assert_int_equal(run(bench, 0, &op, 1, NULL), -1);
	assert_int_equal(errno, EIO);
	assert_int_equal(op.limits.limit[0].limit_uw, 150000000);
	fake_register(&bench->fake, 0x610)->wired = LIMIT2_POWER;
	op = limit_op(PC_PACKAGE, 100000000);
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
}

static void a_part_without_a_clamp_takes_the_limit_all_the_same(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = limit_op(PC_PACKAGE, 100000000);

	grant(bench, PC_LIST_JOB);
	fake_register(&bench->fake, 0x610)->wired = BIT(16);
	open_fake(bench);
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
	assert_int_equal(op.limits.limit[0].limit_uw, 100000000);
	assert_false(op.limits.limit[0].clamped);
}

static void a_window_that_does_not_stick_is_noticed(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = limit_op(PC_PACKAGE, 100000000);

	grant(bench, PC_LIST_JOB);
	fake_register(&bench->fake, 0x610)->wired = UINT64_C(0xfe0000);
	open_fake(bench);
	op.limits.limit[0].window_us = 2000000;
	assert_int_equal(run(bench, 0, &op, 1, NULL), -1);
	assert_int_equal(errno, EIO);
}

static void a_lock_set_meanwhile_is_told_from_hardware_that_ignores(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = limit_op(PC_PACKAGE, 100000000);

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	*value(bench, 0x610, 0) |= BIT(63);
	assert_int_equal(run(bench, 0, &op, 1, NULL), -1);
	assert_int_equal(errno, EROFS);
	assert_sentence(bench, "package-0: package limit: locked since this node was opened; the write was "
			"ignored");
}

static void a_fault_is_that_operations_alone(void **state)
{
	struct bench *bench = *state;
	struct pc_op ops[] = {
		{ .kind = PC_OP_ENERGY, .domain = PC_DRAM },
		{ .kind = PC_OP_ENERGY, .domain = PC_PACKAGE },
	};

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	fake_register(&bench->fake, 0x619)->faults = true;
	assert_int_equal(run(bench, 0, ops, 2, NULL), -1);
	assert_int_equal(errno, EIO);
	assert_sentence(bench, "package-0: dram energy: MSR 0x619 on CPU 0: the processor refuses it (general "
			"protection fault): this part does not have it, or not that value");
	assert_int_equal(ops[1].error, 0);
	assert_int_equal(ops[1].count, 0x10000000);
}

static void a_call_that_fails_as_a_whole_fails_every_operation(void **state)
{
	struct bench *bench = *state;
	struct pc_op ops[] = {
		{ .kind = PC_OP_ENERGY, .domain = PC_DRAM },
		limit_op(PC_PACKAGE, 100000000),
	};

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	bench->fake.failing = E2BIG;
	bench->fake.fail_times = 1;
	assert_int_equal(run(bench, 0, ops, 2, NULL), -1);
	assert_int_equal(errno, E2BIG);
	assert_sentence(bench, "package-0: dram energy: fake: Argument list too long");
	assert_int_equal(ops[0].error, -E2BIG);
	assert_int_equal(ops[1].error, -E2BIG);
}

/* A security module denies the call itself: the list has nothing to do with it. */
static void a_denied_device_is_not_the_lists_refusal(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = { .kind = PC_OP_ENERGY, .domain = PC_DRAM };

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	bench->fake.failing = EACCES;
	bench->fake.fail_times = 1;
	assert_int_equal(run(bench, 0, &op, 1, NULL), -1);
	assert_int_equal(errno, EPERM);
	assert_sentence(bench, "package-0: dram energy: fake: Permission denied");
	assert_int_equal(bench->fake.calls, 1);
}

/* --- a CPU that goes away --------------------------------------------------- */

static void a_cpu_skipped_in_silence_is_noticed_and_left(void **state)
{
	struct bench *bench = *state;
	struct pc_op ops[] = {
		{ .kind = PC_OP_ENERGY, .domain = PC_PACKAGE },
		limit_op(PC_PACKAGE, 100000000),
	};
	struct pc_stamp stamp;

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	bench->fake.vanishing = 0;
	assert_int_equal(run(bench, 0, ops, 2, &stamp), -1);
	assert_int_equal(errno, ESTALE);
	assert_sentence(bench, "package-0: package energy: CPU 0 went offline between the batch's validation "
			"and its execution, and nothing ran; try again, another CPU will be chosen");
	assert_int_equal(ops[1].error, -ESTALE);
	assert_int_equal(stamp.tsc, 0);
	assert_int_equal(*value(bench, 0x610, 0), 0x008285a0001484b0);
	assert_int_equal(run(bench, 0, ops, 2, &stamp), 0);
	assert_int_equal(ops[0].count, 0x10000000);
	assert_int_equal(*value(bench, 0x610, 0) & LIMIT1_POWER, 800);
}

static void the_guard_works_without_a_tsc(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = { .kind = PC_OP_ENERGY, .domain = PC_PACKAGE };
	struct pc_stamp stamp = { 0, 0, 1 };

	assert_int_equal(pc_allowlist_add(&bench->fake.list, 0x606, 0, NULL), 0);
	assert_int_equal(pc_allowlist_add(&bench->fake.list, 0x611, 0, NULL), 0);
	open_fake(bench);
	assert_int_equal(run(bench, 0, &op, 1, &stamp), 0);
	assert_int_equal(stamp.tsc, 0);
	assert_int_equal(bench->fake.calls, 1);
	bench->fake.vanishing = 0;
	assert_int_equal(run(bench, 0, &op, 1, &stamp), -1);
	assert_int_equal(errno, ESTALE);
}

static void another_cpu_of_the_package_takes_over(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = { .kind = PC_OP_ENERGY, .domain = PC_PACKAGE };

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	bench->fake.offline[2] = true;
	assert_int_equal(run(bench, 1, &op, 1, NULL), 0);
	assert_int_equal(op.count, 0x20000000);
	assert_int_equal(bench->fake.calls, 2);
	assert_int_equal(run(bench, 1, &op, 1, NULL), 0);        /* and stays in charge */
	assert_int_equal(bench->fake.calls, 3);
	bench->fake.offline[2] = false;
	bench->fake.offline[3] = true;
	assert_int_equal(run(bench, 1, &op, 1, NULL), 0);        /* back to the first */
}

static void fail_the_second_call(struct fake_msr *fake)
{
	fake->failing = E2BIG;
	fake->fail_times = fake->calls == 2;
}

static void the_reason_is_that_of_the_last_call(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = { .kind = PC_OP_ENERGY, .domain = PC_PACKAGE };

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	bench->fake.offline[0] = true;
	bench->fake.before = fail_the_second_call;
	assert_int_equal(run(bench, 0, &op, 1, NULL), -1);
	assert_int_equal(errno, E2BIG);
}

static void a_package_without_a_cpu_says_so(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = { .kind = PC_OP_ENERGY, .domain = PC_PACKAGE };

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	bench->fake.offline[2] = bench->fake.offline[3] = true;
	assert_int_equal(run(bench, 1, &op, 1, NULL), -1);
	assert_int_equal(errno, ENXIO);
	assert_int_equal(bench->fake.calls, 2);
	assert_sentence(bench, "package-1: package energy: every CPU from which it could be reached is offline "
			"(the last one tried was 3)");
}

/* CPUs 0 and 1 see die 0's registers, 2 and 3 those of die 1. */
static void open_dies(struct bench *bench)
{
	struct pc_cpu_model model = *skylake();

	grant(bench, PC_LIST_JOB);
	model.quirks |= PC_QUIRK_PER_DIE;
	if (open_model(bench, "pack:1 die:2 core:2 pu:1", &model, fake_msr_transport(&bench->fake)) < 0)
		fail_msg("%s", bench->error.text);
	bench->fake.calls = 0;
}

static void another_cpu_of_the_die_takes_over(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = { .kind = PC_OP_ENERGY, .domain = PC_PACKAGE };

	open_dies(bench);
	bench->fake.offline[2] = true;
	assert_int_equal(run(bench, 1, &op, 1, NULL), 0);
	assert_int_equal(op.count, 0x20000000);
	bench->fake.offline[0] = true;
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
	assert_int_equal(op.count, 0x10000000);
	assert_int_equal(bench->fake.calls, 4);
}

/* The other die's registers are not this one's, though it is the same package. */
static void a_die_without_a_cpu_says_so(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = { .kind = PC_OP_ENERGY, .domain = PC_PACKAGE };

	open_dies(bench);
	bench->fake.offline[2] = bench->fake.offline[3] = true;
	assert_int_equal(run(bench, 1, &op, 1, NULL), -1);
	assert_int_equal(errno, ENXIO);
	assert_sentence(bench, "package-0-die-1: package energy: every CPU from which it could be reached is "
			"offline (the last one tried was 3)");
}

static void a_die_leaves_a_cpu_that_was_skipped(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = { .kind = PC_OP_ENERGY, .domain = PC_PACKAGE };

	open_dies(bench);
	bench->fake.vanishing = 2;
	assert_int_equal(run(bench, 1, &op, 1, NULL), -1);
	assert_int_equal(errno, ESTALE);
	assert_sentence(bench, "package-0-die-1: package energy: CPU 2 went offline between the batch's "
			"validation and its execution, and nothing ran; try again, another CPU will be chosen");
	bench->fake.offline[2] = false;          /* and not waited for where it comes back */
	bench->fake.calls = 0;
	bench->fake.vanishing = 2;
	assert_int_equal(run(bench, 1, &op, 1, NULL), 0);
	assert_int_equal(op.count, 0x20000000);
	assert_int_equal(bench->fake.calls, 1);
}

/* --- root's limits, and what others change meanwhile ------------------------ */

static void others_lower_limit2(struct fake_msr *fake)
{
	uint64_t *limit = &fake_register(fake, 0x610)->value[0];

	*limit = (*limit & ~LIMIT2_POWER) | (UINT64_C(160 * 8) << 32);
}

static void a_wide_mask_reads_first_and_keeps_what_others_did(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = limit_op(PC_PACKAGE, 100000000);

	grant(bench, PC_LIST_ROOT);
	open_fake(bench);
	others_lower_limit2(&bench->fake);
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
	assert_int_equal(bench->fake.calls, 2);
	assert_int_equal(op.limits.limit[1].limit_uw, 160000000);
	assert_int_equal(op.limits.limit[0].limit_uw, 100000000);
}

static void a_wide_mask_writes_nothing_over_a_value_it_could_not_read(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = limit_op(PC_PACKAGE, 100000000);

	grant(bench, PC_LIST_ROOT);
	open_fake(bench);
	bench->fake.vanishing = 0;
	assert_int_equal(run(bench, 0, &op, 1, NULL), -1);
	assert_int_equal(errno, ESTALE);
	assert_sentence(bench, "package-0: package limit: its present value could not be read (Stale file "
			"handle), and nothing was written over it");
	assert_int_equal(*value(bench, 0x610, 0), 0x008285a0001484b0);
}

static void a_narrow_mask_leaves_what_others_did_in_one_call(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = limit_op(PC_PACKAGE, 100000000);

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	bench->fake.before = others_lower_limit2;
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
	assert_int_equal(bench->fake.calls, 1);
	assert_int_equal(op.limits.limit[1].limit_uw, 160000000);
	assert_int_equal(*value(bench, 0x610, 0) & LIMIT1_POWER, 800);
}

static void both_limits_of_one_register_go_in_one_batch(void **state)
{
	struct bench *bench = *state;
	struct pc_op ops[] = {
		{ .kind = PC_OP_LIMIT1_SET, .domain = PC_PACKAGE,
		  .limits.limit[0] = { .limit_uw = 110000000, .window_us = 500000, .enabled = true } },
		{ .kind = PC_OP_LIMIT2_SET, .domain = PC_PACKAGE,
		  .limits.limit[1] = { .limit_uw = 130000000, .enabled = true, .clamped = true } },
		{ .kind = PC_OP_LIMIT1_SET, .domain = PC_DRAM,
		  .limits.limit[0] = { .limit_uw = 25000000, .window_us = 250000, .enabled = true } },
	};

	grant(bench, PC_LIST_ROOT);
	open_fake(bench);
	if (run(bench, 0, ops, 3, NULL) < 0)
		fail_msg("%s", bench->error.text);
	assert_int_equal(bench->fake.calls, 2);
	assert_int_equal(ops[1].limits.limit[0].limit_uw, 110000000);
	assert_int_equal(ops[1].limits.limit[0].window_us, 500000);
	assert_int_equal(ops[1].limits.limit[1].limit_uw, 130000000);
	assert_true(ops[1].limits.limit[1].clamped);
	assert_true(ops[2].limits.limit[0].enabled);
	assert_int_equal(*value(bench, 0x618, 0), (25 * 8) | BIT(15) | 8 << 17);
}

/* The second one is planned upon the first, not upon what the register held. */
static void a_limit_twice_in_one_batch_ends_as_the_second(void **state)
{
	struct bench *bench = *state;
	struct pc_op ops[] = { limit_op(PC_PACKAGE, 110000000), limit_op(PC_PACKAGE, 120000000) };

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	ops[0].limits.limit[0].window_us = 2000000;
	ops[1].limits.limit[0].window_us = 1000000;              /* the one that it has now */
	assert_int_equal(run(bench, 0, ops, 2, NULL), 0);
	assert_int_equal(ops[0].limits.limit[0].window_us, 2000000);
	assert_int_equal(ops[1].limits.limit[0].window_us, 1000000);
	assert_int_equal(ops[1].limits.limit[0].limit_uw, 120000000);
}

static void an_enable_bit_that_does_not_stick_is_noticed(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = limit_op(PC_DRAM, 25000000);

	grant(bench, PC_LIST_ROOT);
	fake_register(&bench->fake, 0x618)->wired = BIT(15);
	open_fake(bench);
	op.kind = PC_OP_LIMIT1_SET;
	op.limits.limit[0].enabled = true;
	assert_int_equal(run(bench, 0, &op, 1, NULL), -1);
	assert_int_equal(errno, EIO);
}

static void a_job_writes_no_enable_bit(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = limit_op(PC_DRAM, 25000000);

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
	assert_false(op.limits.limit[0].enabled);
	op = limit_op(PC_DRAM, 25000000);
	op.kind = PC_OP_LIMIT1_SET;
	op.limits.limit[0].enabled = true;
	assert_int_equal(run(bench, 0, &op, 1, NULL), -1);
	assert_int_equal(errno, EPERM);
}

static void a_window_of_zero_keeps_the_window(void **state)
{
	struct bench *bench = *state;
	struct pc_op op = limit_op(PC_PACKAGE, 100000000);

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	op.limits.limit[0].window_us = 2000000;
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
	assert_int_equal(op.limits.limit[0].window_us, 2000000);
	op = limit_op(PC_PACKAGE, 90000000);
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
	assert_int_equal(op.limits.limit[0].window_us, 2000000);
	op.limits.limit[0].limit_uw = 80000000;                  /* the window that was read back */
	assert_int_equal(run(bench, 0, &op, 1, NULL), 0);
	assert_int_equal(op.limits.limit[0].window_us, 2000000);
	op.limits.limit[0].window_us = 900;
	assert_int_equal(run(bench, 0, &op, 1, NULL), -1);
	assert_int_equal(errno, ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_due_boundary_is_one_call),
		TEST(a_run_allocates_nothing),
		TEST(limits_read_back_decoded),
		TEST(what_is_refused_keeps_nothing_else_from_running),
		TEST(a_mask_without_bits_is_refused_before_sending),
		TEST(a_list_taken_away_fails_its_own_operations_only),
		TEST(what_a_read_says_of_the_mask_counts),
		TEST(a_listed_register_without_bits_is_known_in_old_versions_too),
		TEST(bits_that_the_driver_drops_silently_are_noticed),
		TEST(a_limit_that_does_not_stick_is_noticed),
		TEST(a_part_without_a_clamp_takes_the_limit_all_the_same),
		TEST(a_window_that_does_not_stick_is_noticed),
		TEST(a_lock_set_meanwhile_is_told_from_hardware_that_ignores),
		TEST(a_fault_is_that_operations_alone),
		TEST(a_call_that_fails_as_a_whole_fails_every_operation),
		TEST(a_cpu_skipped_in_silence_is_noticed_and_left),
		TEST(the_guard_works_without_a_tsc),
		TEST(another_cpu_of_the_package_takes_over),
		TEST(the_reason_is_that_of_the_last_call),
		TEST(a_package_without_a_cpu_says_so),
		TEST(another_cpu_of_the_die_takes_over),
		TEST(a_die_without_a_cpu_says_so),
		TEST(a_die_leaves_a_cpu_that_was_skipped),
		TEST(a_denied_device_is_not_the_lists_refusal),
		TEST(a_wide_mask_reads_first_and_keeps_what_others_did),
		TEST(a_wide_mask_writes_nothing_over_a_value_it_could_not_read),
		TEST(a_narrow_mask_leaves_what_others_did_in_one_call),
		TEST(both_limits_of_one_register_go_in_one_batch),
		TEST(a_limit_twice_in_one_batch_ends_as_the_second),
		TEST(an_enable_bit_that_does_not_stick_is_noticed),
		TEST(a_job_writes_no_enable_bit),
		TEST(a_window_of_zero_keeps_the_window),
	};

	return cmocka_run_group_tests_name("register_run", tests, NULL, NULL) ? 1 : 0;
}

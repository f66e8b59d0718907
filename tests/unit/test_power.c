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

#include "backend.h"
#include "fake_msr.h"
#include "fake_root.h"
#include "msr_driver.h"
#include "power.h"

static struct pc_power *open_named(const char *name, const char *root)
{
	struct pc_power_config config = { name, root };
	struct pc_power *power;
	struct pc_error error;

	if (pc_power_open(&power, &config, NULL, 0, NULL, &error) < 0)
		fail_msg("%s: %s", name, error.text);
	return power;
}

/* --- opening ---------------------------------------------------------------- */

static void the_ladder_is_climbed_down_with_a_reason_for_each_rung(void **state)
{
	static const struct {
		const char *name;
		int rung;
	} rungs[] = {
		{ "msr-safe-batch", 50 }, { "msr-safe", 40 }, { "msr", 35 },
		{ "powercap", 30 }, { "perf", 20 }, { "none", 10 },
	};
	struct pc_power_config config = { "auto", fake_root };
	struct pc_rung_report report[8];
	struct pc_power *power;
	struct pc_error error;
	unsigned reported;

	(void)state;
	assert_int_equal(pc_power_open(&power, &config, report, 8, &reported, &error), 0);
	assert_int_equal(reported, 6);
	for (unsigned i = 0; i < reported; i++) {
		assert_string_equal(report[i].name, rungs[i].name);
		assert_int_equal(report[i].rung, rungs[i].rung);
		assert_int_equal(report[i].taken, i == 5);
		assert_true(strlen(report[i].reason) > 4);
	}
	assert_string_equal(pc_power_backend(power), "none");
	assert_int_equal(pc_power_rung(power), 10);
	assert_false(pc_power_simulated(power));
	pc_power_close(power);
}

static void a_short_report_is_filled_as_far_as_it_goes(void **state)
{
	struct pc_power_config config = { NULL, fake_root };
	struct pc_rung_report report[2];
	struct pc_power *power;
	struct pc_error error;
	unsigned reported;

	(void)state;
	assert_int_equal(pc_power_open(&power, &config, report, 2, &reported, &error), 0);
	assert_int_equal(reported, 2);
	pc_power_close(power);
}

static void a_name_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *name;
		const char *sentence;
	} table[] = {
		{ "rapl", "back end \"rapl\": there is none of that name; choose auto, msr-safe-batch, msr-safe, "
		  "msr, powercap, perf, none or sim:PATH" },
		{ "none:x", "back end \"none:x\": there is none of that name; choose auto, msr-safe-batch, "
		  "msr-safe, msr, powercap, perf, none or sim:PATH" },
		{ "sim", "back end \"sim\": the simulated node needs its file's path: \"sim:PATH\"" },
		{ "sim:", "back end \"sim:\": the simulated node needs its file's path: \"sim:PATH\"" },
		{ "", "back end \"\": there is none of that name; choose auto, msr-safe-batch, msr-safe, "
		  "msr, powercap, perf, none or sim:PATH" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct pc_power_config config = { table[i].name, NULL };
		struct pc_power *power = (void *)1;
		struct pc_error error;

		assert_int_equal(pc_power_open(&power, &config, NULL, 0, NULL, &error), -1);
		assert_int_equal(errno, EINVAL);
		assert_string_equal(error.text, table[i].sentence);
		assert_null(power);
	}
}

static void a_named_back_end_that_cannot_be_had_says_why(void **state)
{
	struct pc_power_config config = { "msr-safe", fake_root };
	struct pc_rung_report report;
	struct pc_power *power;
	struct pc_error error;
	unsigned reported;
	char sentence[256];

	(void)state;
	snprintf(sentence, sizeof sentence, "%s: a recorded root holds no registers", fake_root);
	assert_int_equal(pc_power_open(&power, &config, &report, 1, &reported, &error), -1);
	assert_int_equal(errno, ENODEV);
	assert_string_equal(error.text, sentence);
	assert_int_equal(reported, 1);
	assert_false(report.taken);
	assert_string_equal(report.reason, sentence);
}

static void a_recorded_root_has_no_batch_device(void **state)
{
	struct pc_power_config config = { "msr-safe-batch", fake_root };
	struct pc_power *power;
	struct pc_error error;
	char sentence[256];

	(void)state;
	snprintf(sentence, sizeof sentence, "%s: a recorded root has no batch device", fake_root);
	assert_int_equal(pc_power_open(&power, &config, NULL, 0, NULL, &error), -1);
	assert_int_equal(errno, ENODEV);
	assert_string_equal(error.text, sentence);
}

/* The model and the topology come from the root; the registers from wherever. */
static int open_driver(struct pc_power *power, struct fake_msr *fake, const char *root,
		       struct pc_error *error)
{
	memset(power, 0, sizeof *power);
	power->read_only = true;
	power->backend = &pc_backend_msr;
	return pc_msr_driver_open(power, root, fake_msr_transport(fake), error);
}

static void a_driver_finds_its_model_and_its_packages(void **state)
{
	struct pc_power *power = malloc(sizeof *power);
	struct fake_msr fake;
	struct pc_error error;

	(void)state;
	fake_msr_init(&fake);
	put_two_packages();
	if (open_driver(power, &fake, fake_root, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(pc_power_package_count(power), 2);
	assert_string_equal(pc_power_package_name(power, 1), "package-1");
	pc_power_close(power);
}

static void rungs_below_the_taken_one_are_not_tried(void **state)
{
	struct pc_power_config config = { "auto", fake_root };
	struct pc_rung_report report[8];
	struct pc_op op = { .kind = PC_OP_LIMIT_WRITE, .domain = PC_PACKAGE };
	struct pc_power *power;
	struct pc_error error;
	unsigned reported;

	(void)state;
	put_two_packages();
	put("sys/class/powercap/intel-rapl/enabled", "1\n");
	put("sys/class/powercap/intel-rapl:0/name", "package-0\n");
	put("sys/class/powercap/intel-rapl:0/energy_uj", "123456789\n");
	put("sys/class/powercap/intel-rapl:0/max_energy_range_uj", "262143328850\n");
	assert_int_equal(pc_power_open(&power, &config, report, 8, &reported, &error), 0);
	assert_string_equal(pc_power_backend(power), "powercap");
	assert_int_equal(reported, 6);
	assert_true(report[3].taken);
	assert_string_equal(report[3].reason, "taken");
	assert_string_equal(report[4].reason, "not tried: powercap was taken");
	assert_string_equal(report[5].reason, "not tried: powercap was taken");
	assert_int_equal(pc_power_run(power, 0, &op, 1, NULL, &error), -1);
	assert_int_equal(errno, EROFS);
	assert_string_equal(error.text, "powercap: a recorded root is read only: it cannot set a limit");
	pc_power_close(power);
}

static void a_model_that_is_not_in_the_table_is_a_reason(void **state)
{
	struct pc_power *power = malloc(sizeof *power);
	struct fake_msr fake;
	struct pc_error error;

	(void)state;
	fake_msr_init(&fake);
	put_two_packages();
	put("proc/cpuinfo", "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 1\n\n");
	assert_int_equal(open_driver(power, &fake, fake_root, &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_non_null(strstr(error.text, "model"));
	free(power);
}

static void a_long_root_is_refused(void **state)
{
	char root[512];
	struct pc_power_config config = { "msr-safe", root };
	struct pc_power *power;
	struct pc_error error;

	(void)state;
	memset(root, 'r', sizeof root - 1);
	root[0] = '/';
	root[sizeof root - 1] = '\0';
	assert_int_equal(pc_power_open(&power, &config, NULL, 0, NULL, &error), -1);
	assert_non_null(strstr(error.text, "the path is longer than 191 bytes"));
	config.backend = "msr-safe-batch";
	assert_int_equal(pc_power_open(&power, &config, NULL, 0, NULL, &error), -1);
	assert_non_null(strstr(error.text, "the path is longer than 191 bytes"));
}

/* --- the last rung ---------------------------------------------------------- */

static void none_tells_time_and_nothing_else(void **state)
{
	struct pc_power *power = open_named("none", NULL);
	struct pc_op op = { .kind = PC_OP_ENERGY, .domain = PC_PACKAGE };
	struct pc_stamp stamp = { 0, 0, 1 };
	struct pc_error error;
	char sentence[256];

	(void)state;
	assert_true(pc_power_package_count(power) > 0);
	assert_non_null(pc_power_topology(power));
	assert_int_equal(pc_power_run(power, 0, NULL, 0, &stamp, &error), 0);
	assert_true(stamp.before_ns > 0 && stamp.after_ns >= stamp.before_ns);
	assert_int_equal(stamp.tsc, 0);
	assert_int_equal(pc_power_run(power, 0, &op, 1, NULL, &error), -1);
	assert_int_equal(errno, ENOTSUP);
	assert_int_equal(op.error, -ENOTSUP);
	snprintf(sentence, sizeof sentence, "%s: no interface to read or limit its power is open here; "
		 "`pmctl doctor` says why", pc_power_package_name(power, 0));
	assert_string_equal(error.text, sentence);
	pc_power_close(power);
}

static void what_a_back_end_cannot_do_is_a_sentence(void **state)
{
	struct pc_power *power = open_named("none", NULL);
	struct pc_setting setting = { .key = "x", .value = 5 };
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	struct pc_access_path path;
	struct pc_error error;
	uint64_t value;

	(void)state;
	assert_int_equal(pc_power_capture(power, &setting, 1, &error), -1);
	assert_int_equal(errno, ENOTSUP);
	assert_string_equal(error.text, "none: this back end cannot change anything, so there is nothing to "
			    "capture");
	assert_int_equal(pc_power_setting_read(power, &setting, &value, &error), -1);
	assert_string_equal(error.text, "none: this back end cannot read settings");
	assert_int_equal(pc_power_setting_write(power, &setting, &error), -1);
	assert_string_equal(error.text, "none: this back end cannot write settings");
	assert_int_equal(pc_power_list_read(power, &list, &error), -1);
	assert_string_equal(error.text, "none: this back end cannot read an allowlist: it has none");
	assert_int_equal(pc_power_list_install(power, &list, &error), -1);
	assert_string_equal(error.text, "none: this back end cannot install an allowlist: it has none");
	assert_int_equal(pc_power_list_for(power, PC_LIST_JOB, &list, &error), -1);
	assert_string_equal(error.text, "none: this back end cannot use an allowlist: it needs none");
	assert_int_equal(errno, ENOTSUP);
	assert_int_equal(pc_power_access_paths(power, &path, 1), 0);
	assert_true(pc_power_setting_lowers(power, &setting, 6));
	assert_false(pc_power_setting_lowers(power, &setting, 5));
	pc_power_close(power);
}

static void what_is_out_of_range_is_refused(void **state)
{
	struct pc_power *power = open_named("none", NULL);
	unsigned count = pc_power_package_count(power);
	struct pc_op ops[PC_MAX_OPS + 1] = { { .kind = PC_OP_ENERGY } };
	struct pc_error error;

	(void)state;
	assert_int_equal(pc_power_run(power, count, ops, 1, NULL, &error), -1);
	assert_int_equal(errno, EINVAL);
	assert_non_null(strstr(error.text, "none: there is no package "));
	assert_int_equal(pc_power_run(power, 0, ops, PC_MAX_OPS + 1, NULL, &error), -1);
	assert_int_equal(errno, EINVAL);
	assert_string_equal(error.text, "none: 17 operations in one batch: at most 16");
	ops[0].kind = PC_OP_LIMIT2_SET + 1;
	assert_int_equal(pc_power_run(power, 0, ops, 1, NULL, &error), -1);
	assert_int_equal(errno, EINVAL);
	assert_string_equal(error.text, "none: operation 0 is of no known kind or domain");
	ops[0] = (struct pc_op){ .kind = PC_OP_ENERGY, .domain = PC_DOMAIN_COUNT };
	assert_int_equal(pc_power_run(power, 0, ops, 1, NULL, &error), -1);
	assert_int_equal(errno, EINVAL);
	assert_null(pc_power_package_name(power, count));
	assert_null(pc_power_domain(power, count, PC_PACKAGE));
	assert_null(pc_power_domain(power, 0, PC_DOMAIN_COUNT));
	pc_power_close(power);
}

/* --- a recorded root is read only ------------------------------------------- */

static int never_run(struct pc_power *power, unsigned package, struct pc_op *ops, unsigned count,
		     struct pc_stamp *stamp, struct pc_error *error)
{
	(void)power, (void)package, (void)ops, (void)count, (void)stamp, (void)error;
	fail_msg("a write came through");
	return 0;
}

static int never_write(struct pc_power *power, const struct pc_setting *setting, struct pc_error *error)
{
	(void)power, (void)setting, (void)error;
	fail_msg("a write came through");
	return 0;
}

static int never_install(struct pc_power *power, const struct pc_allowlist *list, struct pc_error *error)
{
	(void)power, (void)list, (void)error;
	fail_msg("a write came through");
	return 0;
}

static void a_recorded_root_is_never_written(void **state)
{
	static const struct pc_backend backend = {
		.name = "recorded", .run = never_run, .setting_write = never_write,
		.list_install = never_install,
	};
	struct pc_power *power = calloc(1, sizeof *power);
	struct pc_op op = { .kind = PC_OP_LIMIT_WRITE };
	struct pc_setting setting = { .key = "x" };
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	struct pc_error error;

	(void)state;
	power->backend = &backend;
	power->read_only = true;
	power->package_count = 1;
	assert_int_equal(pc_power_run(power, 0, &op, 1, NULL, &error), -1);
	assert_int_equal(errno, EROFS);
	assert_string_equal(error.text, "recorded: a recorded root is read only: it cannot set a limit");
	assert_int_equal(pc_power_setting_write(power, &setting, &error), -1);
	assert_int_equal(errno, EROFS);
	assert_string_equal(error.text, "recorded: a recorded root is read only: it cannot write a setting");
	assert_int_equal(pc_power_list_install(power, &list, &error), -1);
	assert_int_equal(errno, EROFS);
	assert_string_equal(error.text, "recorded: a recorded root is read only: it cannot install an "
			    "allowlist");
	pc_power_close(power);
}

/* --- energy ----------------------------------------------------------------- */

static void energy_counts_over_one_wrap(void **state)
{
	static const struct {
		uint64_t wrap, before, after, uj;
	} table[] = {
		{ UINT64_C(1) << 32, 0, 0, 0 },
		{ UINT64_C(1) << 32, 100, 16484, 1000000 },
		{ UINT64_C(1) << 32, 0xffffffff, 0, 61 },
		{ UINT64_C(1) << 32, 0xffffe000, 0x2000, 1000000 },
		{ UINT64_C(1) << 32, 1, 0, 262143999938 },
		{ 262143328851, 262143328850, 16383, 1000000 },          /* powercap's odd modulus */
		{ 0, 0xffffffffffffe000, 0x2000, 1000000 },              /* 64 bits */
	};
	struct pc_domain_info info = { .energy_uj = { 1000000, 1 << 14 } };

	(void)state;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		info.energy_wrap = table[i].wrap;
		assert_int_equal(pc_power_energy_uj(&info, table[i].before, table[i].after), table[i].uj);
	}
}

static void closing_nothing_is_fine_and_keeps_errno(void **state)
{
	struct pc_power *power = open_named("none", NULL);

	(void)state;
	errno = EDOM;
	pc_power_close(NULL);
	pc_power_close(power);
	assert_int_equal(errno, EDOM);
}

#define ROOTED(function) cmocka_unit_test_setup_teardown(function, make_fake_root, remove_fake_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROOTED(the_ladder_is_climbed_down_with_a_reason_for_each_rung),
		ROOTED(a_short_report_is_filled_as_far_as_it_goes),
		cmocka_unit_test(a_name_that_is_none_is_refused),
		ROOTED(a_named_back_end_that_cannot_be_had_says_why),
		ROOTED(a_recorded_root_has_no_batch_device),
		ROOTED(a_driver_finds_its_model_and_its_packages),
		ROOTED(rungs_below_the_taken_one_are_not_tried),
		ROOTED(a_model_that_is_not_in_the_table_is_a_reason),
		cmocka_unit_test(a_long_root_is_refused),
		cmocka_unit_test(none_tells_time_and_nothing_else),
		cmocka_unit_test(what_a_back_end_cannot_do_is_a_sentence),
		cmocka_unit_test(what_is_out_of_range_is_refused),
		cmocka_unit_test(a_recorded_root_is_never_written),
		cmocka_unit_test(energy_counts_over_one_wrap),
		cmocka_unit_test(closing_nothing_is_fine_and_keeps_errno),
	};

	return cmocka_run_group_tests_name("power", tests, NULL, NULL) ? 1 : 0;
}

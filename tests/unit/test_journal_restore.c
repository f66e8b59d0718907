/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend.h"
#include "journal.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])
#define THIS_BOOT "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
#define OTHER_BOOT "11111111-4b5a-6978-8796-a5b4c3d2e1f0"

/* A node of a few registers in memory, two to a package, each with the ways in which one can fail. */
struct reg {
	const char *key;
	uint64_t value;
	uint64_t ignored;        /* bits that a write leaves alone, without a word */
	int read_error, write_error;
	int read_error_after;    /* reads fail with it once it has been written */
	bool kept;               /* somebody puts `value` back at once */
	bool is_ours_anyway;     /* the write fails, and has worked */
};

static struct {
	struct reg reg[4];
	unsigned written[16];    /* register numbers, in order */
	unsigned writes;
} node;

/* "package-1" is registers 2 and 3, wherever it stands among those that are there. */
static struct reg *find(const struct pc_power *power, const struct pc_setting *setting)
{
	unsigned first = 2 * (unsigned)(power->package[setting->package].name[strlen("package-")] - '0');

	for (unsigned i = first; i < first + 2; i++)
		if (!strcmp(node.reg[i].key, setting->key))
			return &node.reg[i];
	fail_msg("no register %s in package %u", setting->key, setting->package);
	return NULL;
}

static int fake_read(struct pc_power *power, const struct pc_setting *setting, uint64_t *value,
		     struct pc_error *error)
{
	const struct reg *reg = find(power, setting);

	if (reg->read_error)
		return pc_fail(error, reg->read_error, "%s: read failed", setting->key);
	*value = reg->value;
	return 0;
}

static int fake_write(struct pc_power *power, const struct pc_setting *setting, struct pc_error *error)
{
	struct reg *reg = find(power, setting);
	uint64_t mask = setting->mask & ~reg->ignored;

	assert_true(node.writes < COUNT(node.written));
	node.written[node.writes++] = (unsigned)(reg - node.reg);
	if (!reg->kept && (!reg->write_error || reg->is_ours_anyway))
		reg->value = (reg->value & ~mask) | (setting->value & mask);
	reg->read_error = reg->read_error_after;
	if (reg->write_error)
		return pc_fail(error, reg->write_error, "%s: write failed", setting->key);
	return 0;
}

/* As registers with a power in them: every one but "z" compares as a number. */
static bool fake_lowers(const struct pc_power *power, const struct pc_setting *setting, uint64_t found)
{
	(void)power;
	return strcmp(setting->key, "z") && setting->value < found;
}

static const struct pc_backend fake = {
	.name = "fake", .setting_read = fake_read, .setting_write = fake_write, .setting_lowers = fake_lowers,
};

static struct pc_power power;

/* Two packages with two registers each: captured 100, 200, 300, 400; written 10, 20, 30, none. */
static struct pc_journal_setting settings[4];
static struct pc_journal journal;
static struct pc_restore_line lines[4];

static int set_up(void **state)
{
	static const char *const keys[] = { "a", "b", "c", "z" };

	(void)state;
	power = (struct pc_power){
		.backend = &fake, .package_count = 2, .package = { { .name = "package-0" }, { .name = "package-1" } },
	};
	memset(&node, 0, sizeof node);
	memset(lines, 0x5a, sizeof lines);
	for (unsigned i = 0; i < 4; i++) {
		node.reg[i] = (struct reg){ .key = keys[i], .value = 10 * (i + 1) };
		settings[i] = (struct pc_journal_setting){
			.captured = { .package = i / 2, .value = 100 * (i + 1), .mask = UINT64_MAX },
			.has_written = i < 3, .written = 10 * (i + 1),
		};
		strcpy(settings[i].captured.key, keys[i]);
	}
	journal = (struct pc_journal){ .job = 42, .boot_id = THIS_BOOT, .backend = "fake",
				       .package_count = 2, .package = { "package-0", "package-1" },
				       .setting_count = 4, .setting = settings };
	return 0;
}

static int restore_as(const char *boot_id, bool dry_run)
{
	struct pc_error error = { "" };
	int missing;

	node.writes = 0;
	missing = pc_journal_restore(&power, &journal, boot_id, dry_run, lines, &error);
	if (missing < 0)
		fail_msg("%s", error.text);
	return missing;
}

static int restore(void)
{
	return restore_as(THIS_BOOT, false);
}

static void expect_line(unsigned i, enum pc_restored result, uint64_t found, uint64_t now)
{
	assert_ptr_equal(lines[i].package, journal.package[i / 2]);
	assert_string_equal(lines[i].setting.key, node.reg[i].key);
	assert_int_equal(lines[i].setting.value, 100 * (i + 1));
	assert_string_equal(pc_restored_name(lines[i].result), pc_restored_name(result));
	assert_int_equal(lines[i].found, found);
	assert_int_equal(lines[i].now, now);
	if (result < PC_RESTORE_LOCKED)
		assert_string_equal(lines[i].reason, "");
	else
		assert_string_not_equal(lines[i].reason, "");
}

static void everything_is_put_back_and_a_second_time_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(restore(), 0);
	assert_int_equal(node.writes, 4);
	for (unsigned i = 0; i < 4; i++) {
		expect_line(i, PC_RESTORE_DONE, 10 * (i + 1), 100 * (i + 1));
		assert_int_equal(node.reg[i].value, 100 * (i + 1));
	}
	assert_int_equal(restore(), 0);
	assert_int_equal(node.writes, 0);
	for (unsigned i = 0; i < 4; i++)
		expect_line(i, PC_RESTORE_SAME, 100 * (i + 1), 100 * (i + 1));
}

static void only_what_differs_is_written(void **state)
{
	(void)state;
	node.reg[0].value = 100;
	node.reg[2].value = 300;
	assert_int_equal(restore(), 0);
	assert_int_equal(node.writes, 2);
	assert_int_equal(node.written[0], 1);
	assert_int_equal(node.written[1], 3);
	expect_line(0, PC_RESTORE_SAME, 100, 100);
	expect_line(1, PC_RESTORE_DONE, 20, 200);
}

static void lowering_comes_first_and_then_the_order_of_capture(void **state)
{
	static const unsigned expected[] = { 1, 2, 0, 3 };

	(void)state;
	node.reg[1].value = 900;
	node.reg[2].value = 900;
	node.reg[3].value = 900;         /* no power: order of capture */
	assert_int_equal(restore(), 0);
	assert_int_equal(node.writes, 4);
	assert_memory_equal(node.written, expected, sizeof expected);
}

static void bits_outside_the_mask_do_not_count(void **state)
{
	(void)state;
	settings[0].captured.mask = 0xff;
	settings[1].captured.mask = 0;
	node.reg[0].value = 0xab00 | 100;
	assert_int_equal(restore(), 0);
	expect_line(0, PC_RESTORE_SAME, 0xab00 | 100, 0xab00 | 100);
	expect_line(1, PC_RESTORE_SAME, 20, 20);
	node.reg[0].value = 0xab00 | 7;
	assert_int_equal(restore(), 0);
	expect_line(0, PC_RESTORE_DONE, 0xab00 | 7, 0xab00 | 100);
}

static void after_a_reboot_only_our_own_values_go(void **state)
{
	(void)state;
	node.reg[1].value = 77;          /* the firmware's */
	node.reg[2].value = 300;         /* captured, by chance */
	node.reg[3].value = 40;          /* nothing is known to have been written there */
	assert_int_equal(restore_as(OTHER_BOOT, false), 0);
	expect_line(0, PC_RESTORE_DONE, 10, 100);
	expect_line(1, PC_RESTORE_LEFT, 77, 77);
	expect_line(2, PC_RESTORE_SAME, 300, 300);
	expect_line(3, PC_RESTORE_LEFT, 40, 40);
	assert_int_equal(node.writes, 1);
	assert_int_equal(restore_as(OTHER_BOOT, false), 0);
	assert_int_equal(node.writes, 0);
}

static void after_a_reboot_our_value_is_known_by_its_masked_bits(void **state)
{
	(void)state;
	settings[0].captured.mask = 0xff;
	node.reg[0].value = 0x1000 | 10;
	assert_int_equal(restore_as(OTHER_BOOT, false), 0);
	expect_line(0, PC_RESTORE_DONE, 0x1000 | 10, 0x1000 | 100);
}

static void a_dry_run_writes_nothing_and_says_what_it_would(void **state)
{
	(void)state;
	node.reg[0].value = 100;
	assert_int_equal(restore_as(THIS_BOOT, true), 3);
	assert_int_equal(node.writes, 0);
	expect_line(0, PC_RESTORE_SAME, 100, 100);
	for (unsigned i = 1; i < 4; i++)
		expect_line(i, PC_RESTORE_DONE, 10 * (i + 1), 10 * (i + 1));
	assert_int_equal(restore_as(OTHER_BOOT, true), 2);
	assert_int_equal(node.writes, 0);
	expect_line(3, PC_RESTORE_LEFT, 40, 40);
}

static void each_failure_is_reported_and_the_rest_goes_on(void **state)
{
	static const struct {
		int code;
		enum pc_restored result;
	} rows[] = {
		{ EROFS, PC_RESTORE_LOCKED },
		{ EPERM, PC_RESTORE_MASKED },
		{ EIO, PC_RESTORE_FAILED },
		{ EACCES, PC_RESTORE_FAILED },
		{ ESTALE, PC_RESTORE_FAILED },
	};

	for (unsigned i = 0; i < COUNT(rows); i++)
		for (unsigned bad = 0; bad < 4; bad++) {
			set_up(state);
			node.reg[bad].write_error = rows[i].code;
			assert_int_equal(restore(), 1);
			for (unsigned j = 0; j < 4; j++) {
				if (j == bad)
					expect_line(j, rows[i].result, 10 * (j + 1), 10 * (j + 1));
				else
					expect_line(j, PC_RESTORE_DONE, 10 * (j + 1), 100 * (j + 1));
			}
			assert_non_null(strstr(lines[bad].reason, "write failed"));
			/* Once the cause is gone the rest follows, and nothing else is touched. */
			node.reg[bad].write_error = 0;
			assert_int_equal(restore(), 0);
			assert_int_equal(node.writes, 1);
		}
}

static void several_failures_are_counted(void **state)
{
	(void)state;
	node.reg[0].write_error = EROFS;
	node.reg[1].read_error = EACCES;
	node.reg[3].write_error = EIO;
	assert_int_equal(restore(), 3);
	expect_line(0, PC_RESTORE_LOCKED, 10, 10);
	expect_line(1, PC_RESTORE_FAILED, 0, 0);
	assert_string_equal(lines[1].reason, "b: read failed");
	expect_line(2, PC_RESTORE_DONE, 30, 300);
	expect_line(3, PC_RESTORE_FAILED, 40, 40);
	assert_int_equal(restore_as(THIS_BOOT, true), 3);        /* 0 and 3 would be written, 1 fails */
}

static void what_cannot_be_read_is_not_written(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++)
		node.reg[i].read_error = EIO;
	assert_int_equal(restore(), 4);
	assert_int_equal(node.writes, 0);
}

static void a_write_that_did_not_stick_is_found(void **state)
{
	(void)state;
	node.reg[0].kept = true;
	node.reg[1].ignored = 0xf;
	node.reg[2].read_error_after = ENXIO;
	assert_int_equal(restore(), 3);
	expect_line(0, PC_RESTORE_FAILED, 10, 10);
	assert_string_equal(lines[0].reason, "package-0, a: was written and has changed again; something else writes it too");
	expect_line(1, PC_RESTORE_FAILED, 20, (20 & 0xf) | (200 & ~0xf));
	expect_line(2, PC_RESTORE_FAILED, 30, 30);
	assert_string_equal(lines[2].reason, "c: read failed");
	expect_line(3, PC_RESTORE_DONE, 40, 400);
}

static void a_failed_write_that_has_worked_is_done(void **state)
{
	(void)state;
	node.reg[0].write_error = EIO;
	node.reg[0].is_ours_anyway = true;
	assert_int_equal(restore(), 0);
	expect_line(0, PC_RESTORE_DONE, 10, 100);
}

/* The packages that are there, by number; the others' CPUs are all offline. */
static void bring_online(const char *numbers)
{
	power.package_count = (unsigned)strlen(numbers);
	for (unsigned i = 0; i < power.package_count; i++)
		snprintf(power.package[i].name, sizeof power.package[i].name, "package-%c", numbers[i]);
}

static void expect_absent(unsigned i, const char *package)
{
	char reason[96];

	snprintf(reason, sizeof reason, "%s is not there: bring one of its CPUs online, and run this again", package);
	expect_line(i, PC_RESTORE_FAILED, 0, 0);
	assert_string_equal(lines[i].reason, reason);
	assert_int_equal(node.reg[i].value, 10 * (i + 1));
}

static void a_package_that_is_gone_is_reported(void **state)
{
	(void)state;
	bring_online("0");
	assert_int_equal(restore_as(THIS_BOOT, true), 4);
	assert_int_equal(restore_as(OTHER_BOOT, false), 2);
	expect_absent(2, "package-1");
	assert_int_equal(restore(), 2);
	expect_line(0, PC_RESTORE_SAME, 100, 100);
	expect_absent(2, "package-1");
	expect_absent(3, "package-1");
	bring_online("01");
	assert_int_equal(restore(), 0);
	expect_line(3, PC_RESTORE_DONE, 40, 400);
}

/* Both packages have both keys here, so that a neighbour would take the value without a word. */
static void a_package_is_known_by_its_name_wherever_it_stands(void **state)
{
	static const char *const orders[] = { "1", "10", "01" };

	for (unsigned i = 0; i < COUNT(orders); i++) {
		set_up(state);
		for (unsigned j = 0; j < 2; j++) {
			node.reg[j + 2].key = node.reg[j].key;
			strcpy(settings[j + 2].captured.key, node.reg[j].key);
		}
		bring_online(orders[i]);
		assert_int_equal(restore(), i ? 0 : 2);
		if (i == 0) {
			expect_absent(0, "package-0");
			expect_absent(1, "package-0");
		} else {
			expect_line(0, PC_RESTORE_DONE, 10, 100);
			assert_int_equal(node.reg[1].value, 200);
		}
		expect_line(2, PC_RESTORE_DONE, 30, 300);
		assert_int_equal(node.reg[2].value, 300);
		assert_int_equal(node.reg[3].value, 400);
	}
}

static void an_empty_journal_is_restored_at_once(void **state)
{
	(void)state;
	journal.setting_count = 0;
	assert_int_equal(restore(), 0);
}

static void without_a_boot_id_nothing_is_done(void **state)
{
	static const char *const bad[] = { "", "boot", THIS_BOOT "0" };
	struct pc_error error;

	(void)state;
	for (unsigned i = 0; i < COUNT(bad); i++) {
		assert_int_equal(pc_journal_restore(&power, &journal, bad[i], false, lines, &error), -1);
		assert_int_equal(errno, EINVAL);
		assert_string_equal(error.text, "journal of job 42: no boot id to compare with; nothing was restored");
	}
	journal.boot_id[0] = '\0';
	assert_int_equal(pc_journal_restore(&power, &journal, "", false, lines, &error), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(node.writes, 0);
}

static void results_have_names(void **state)
{
	static const char *const names[] = { "same", "restored", "left alone", "locked", "masked", "failed" };

	(void)state;
	for (unsigned i = 0; i < COUNT(names); i++)
		assert_string_equal(pc_restored_name((enum pc_restored)i), names[i]);
}

#define ON_NODE(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_NODE(everything_is_put_back_and_a_second_time_changes_nothing),
		ON_NODE(only_what_differs_is_written),
		ON_NODE(lowering_comes_first_and_then_the_order_of_capture),
		ON_NODE(bits_outside_the_mask_do_not_count),
		ON_NODE(after_a_reboot_only_our_own_values_go),
		ON_NODE(after_a_reboot_our_value_is_known_by_its_masked_bits),
		ON_NODE(a_dry_run_writes_nothing_and_says_what_it_would),
		ON_NODE(each_failure_is_reported_and_the_rest_goes_on),
		ON_NODE(several_failures_are_counted),
		ON_NODE(what_cannot_be_read_is_not_written),
		ON_NODE(a_write_that_did_not_stick_is_found),
		ON_NODE(a_failed_write_that_has_worked_is_done),
		ON_NODE(a_package_that_is_gone_is_reported),
		ON_NODE(a_package_is_known_by_its_name_wherever_it_stands),
		ON_NODE(an_empty_journal_is_restored_at_once),
		ON_NODE(without_a_boot_id_nothing_is_done),
		cmocka_unit_test(results_have_names),
	};

	return cmocka_run_group_tests_name("journal_restore", tests, NULL, NULL) ? 1 : 0;
}

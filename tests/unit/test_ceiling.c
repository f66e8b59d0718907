/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
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

#include "backend.h"
#include "ceiling.h"
#include "power.h"
#include "record.h"
#include "sim_node.h"

#define W UINT64_C(1000000)

static struct pc_power *open_power(const struct node *node)
{
	struct pc_power_config config = { 0 };
	struct pc_allowlist list;
	struct pc_power *power;
	struct pc_error error;
	char spec[80];

	snprintf(spec, sizeof spec, "sim:%s", node->path);
	config.backend = spec;
	if (pc_power_open(&power, &config, NULL, 0, NULL, &error) < 0 ||
	    pc_power_list_for(power, PC_LIST_ROOT, &list, &error) < 0 ||
	    pc_power_list_install(power, &list, &error) < 0)
		fail_msg("%s", error.text);
	pc_allowlist_free(&list);
	return power;
}

static uint64_t limit_of(struct pc_power *power, unsigned package)
{
	struct pc_op op = { .kind = PC_OP_LIMIT_READ, .domain = PC_PACKAGE };

	assert_int_equal(pc_power_run(power, package, &op, 1, NULL, NULL), 0);
	return op.limits.limit[0].enabled ? op.limits.limit[0].limit_uw : 0;
}

static void put_limit(struct pc_power *power, unsigned package, uint64_t uw, bool enabled)
{
	struct pc_op op = { .kind = PC_OP_LIMIT1_SET, .domain = PC_PACKAGE };
	struct pc_error error;

	op.limits.limit[0] = (struct pc_limit){ uw, 0, enabled, true };
	if (pc_power_run(power, package, &op, 1, NULL, &error) < 0)
		fail_msg("%s", error.text);
}

static struct pc_ceiling plan(struct pc_power *power, uint64_t uw, const struct pc_ceiling *old)
{
	struct pc_ceiling ceiling;
	struct pc_error error;

	if (pc_ceiling_plan(power, uw, 0, old, &ceiling, &error) < 0)
		fail_msg("%s", error.text);
	strcpy(ceiling.backend, "sim:x");
	return ceiling;
}

static struct pc_ceiling put_in_force(struct pc_power *power, uint64_t uw, const struct pc_ceiling *old)
{
	struct pc_ceiling ceiling = plan(power, uw, old);

	assert_int_equal(pc_ceiling_apply(power, &ceiling, NULL), 0);
	return ceiling;
}

static void lift(struct pc_power *power, struct pc_ceiling *ceiling)
{
	struct pc_error error;

	assert_int_equal(pc_ceiling_lift(power, ceiling, NULL, &error), 0);
	pc_ceiling_free(ceiling);
}

static void there_and_back(void **state)
{
	struct pc_power *power;
	struct pc_ceiling ceiling;

	node_make_manual(*state);
	power = open_power(*state);
	ceiling = plan(power, 300 * W, NULL);
	assert_int_equal(limit_of(power, 0), 150 * W);
	assert_int_equal(ceiling.limit_uw[0], 105 * W);
	assert_int_equal(ceiling.before_uw[1], 150 * W);
	assert_false(ceiling.applied);
	assert_int_equal(pc_ceiling_apply(power, &ceiling, NULL), 0);
	assert_true(ceiling.applied);
	assert_int_equal(limit_of(power, 0), 105 * W);
	assert_int_equal(pc_ceiling_apply(power, &ceiling, NULL), 0);
	assert_int_equal(limit_of(power, 1), 105 * W);
	lift(power, &ceiling);
	assert_int_equal(limit_of(power, 0), 150 * W);
	assert_int_equal(limit_of(power, 1), 150 * W);
	pc_power_close(power);
}

/* Whatever came in between, the whole registers are what they were. */
static void registers_come_back_whole(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	struct pc_power *power = open_power(*state);
	struct pc_ceiling first, second;
	uint64_t before, after;

	assert_int_equal(pc_sim_peek(sim, 0, REG_LIMIT, &before, NULL), 0);
	first = put_in_force(power, 300 * W, NULL);
	second = put_in_force(power, 250 * W, &first);
	assert_int_equal(limit_of(power, 0), 80 * W);
	assert_int_equal(second.before_uw[0], 150 * W);
	pc_ceiling_free(&first);
	lift(power, &second);
	assert_int_equal(pc_sim_peek(sim, 0, REG_LIMIT, &after, NULL), 0);
	assert_int_equal(before, after);
	pc_power_close(power);
}

static void a_raised_ceiling_raises_to_what_was_and_no_higher(void **state)
{
	struct pc_power *power;
	struct pc_ceiling first, second;

	node_make_manual(*state);
	power = open_power(*state);
	put_limit(power, 0, 120 * W, true);
	first = put_in_force(power, 250 * W, NULL);
	assert_int_equal(limit_of(power, 0), 80 * W);
	second = put_in_force(power, 350 * W, &first);
	assert_int_equal(limit_of(power, 0), 120 * W);
	assert_int_equal(limit_of(power, 1), 130 * W);
	pc_ceiling_free(&first);
	lift(power, &second);
	assert_int_equal(limit_of(power, 0), 120 * W);
	assert_int_equal(limit_of(power, 1), 150 * W);
	pc_power_close(power);
}

static void a_limit_that_was_off_is_switched_on_and_off_again(void **state)
{
	struct pc_power *power;
	struct pc_ceiling ceiling;

	node_make_manual(*state);
	power = open_power(*state);
	put_limit(power, 0, 100 * W, false);
	ceiling = put_in_force(power, 300 * W, NULL);
	assert_int_equal(ceiling.before_uw[0], 0);
	assert_int_equal(limit_of(power, 0), 105 * W);
	lift(power, &ceiling);
	assert_int_equal(limit_of(power, 0), 0);
	pc_power_close(power);
}

static void what_others_changed_since_is_left(void **state)
{
	struct pc_power *power;
	struct pc_ceiling ceiling;

	node_make_manual(*state);
	power = open_power(*state);
	ceiling = put_in_force(power, 300 * W, NULL);
	put_limit(power, 1, 90 * W, true);
	lift(power, &ceiling);
	assert_int_equal(limit_of(power, 0), 150 * W);
	assert_int_equal(limit_of(power, 1), 90 * W);
	pc_power_close(power);
}

/* A job's own limit, written below the ceiling, is what it gets back when the ceiling moves. */
static void a_jobs_new_limit_is_remembered_by_the_next_ceiling(void **state)
{
	struct pc_power *power;
	struct pc_ceiling first, second;

	node_make_manual(*state);
	power = open_power(*state);
	first = put_in_force(power, 300 * W, NULL);
	put_limit(power, 0, 95 * W, true);
	second = put_in_force(power, 250 * W, &first);
	assert_int_equal(second.before_uw[0], 95 * W);
	assert_int_equal(limit_of(power, 0), 80 * W);
	pc_ceiling_free(&first);
	lift(power, &second);
	assert_int_equal(limit_of(power, 0), 95 * W);
	pc_power_close(power);
}

/* Killed between the first save and the second: the record does not know what was written. */
static void an_interrupted_ceiling_is_lifted_too(void **state)
{
	struct pc_power *power;
	struct pc_ceiling ceiling, saved;

	node_make_manual(*state);
	power = open_power(*state);
	saved = plan(power, 300 * W, NULL);
	ceiling = plan(power, 300 * W, NULL);
	assert_int_equal(pc_ceiling_apply(power, &ceiling, NULL), 0);
	pc_ceiling_free(&ceiling);
	lift(power, &saved);
	assert_int_equal(limit_of(power, 0), 150 * W);
	pc_power_close(power);
}

static void after_a_reset_nothing_is_ours(void **state)
{
	struct pc_power *power;
	struct pc_ceiling ceiling;

	node_make_manual(*state);
	power = open_power(*state);
	ceiling = put_in_force(power, 300 * W, NULL);
	strcpy(ceiling.boot_id, "00000000-0000-0000-0000-000000000000");
	lift(power, &ceiling);
	assert_int_equal(limit_of(power, 0), 105 * W);
	pc_power_close(power);
}

/* As after an open in which these are the packages that are there, in this order. */
static void name_packages(struct pc_power *power, unsigned count, const char *first, const char *second)
{
	power->package_count = count;
	strcpy(power->package[0].name, first);
	strcpy(power->package[1].name, second);
}

static void a_package_that_is_not_there_is_lifted_once_it_is(void **state)
{
	struct pc_ceiling_line line[2];
	struct pc_power *power;
	struct pc_ceiling ceiling;

	node_make_manual(*state);
	power = open_power(*state);
	ceiling = put_in_force(power, 300 * W, NULL);
	name_packages(power, 1, "package-0", "");
	assert_int_equal(pc_ceiling_lift(power, &ceiling, line, NULL), 1);
	assert_string_equal(line[0].reason, "");
	assert_string_equal(line[1].reason, "package-1 is not there: bring one of its CPUs online, and run this again");
	assert_int_equal(line[1].found_uw, 0);
	assert_int_equal(limit_of(power, 0), 150 * W);
	name_packages(power, 2, "package-0", "package-1");
	assert_int_equal(limit_of(power, 1), 105 * W);
	lift(power, &ceiling);
	assert_int_equal(limit_of(power, 1), 150 * W);
	pc_power_close(power);
}

static void a_package_that_is_not_there_and_was_not_lowered_is_not_missed(void **state)
{
	struct pc_power *power;
	struct pc_ceiling ceiling, interrupted;

	node_make_manual(*state);
	power = open_power(*state);
	put_limit(power, 1, 90 * W, true);
	interrupted = plan(power, 300 * W, NULL);
	ceiling = put_in_force(power, 300 * W, NULL);
	name_packages(power, 1, "package-0", "");
	assert_true(pc_ceiling_lift(power, &interrupted, NULL, NULL) > 0);
	pc_ceiling_free(&interrupted);
	lift(power, &ceiling);
	pc_power_close(power);
}

/* The second package alone, where the first was when the ceiling was set. */
static void packages_are_lifted_by_name(void **state)
{
	struct pc_power *power;
	struct pc_ceiling ceiling;

	node_make_manual(*state);
	power = open_power(*state);
	put_limit(power, 0, 120 * W, true);
	ceiling = put_in_force(power, 300 * W, NULL);
	name_packages(power, 1, "package-1", "");
	assert_int_equal(pc_ceiling_lift(power, &ceiling, NULL, NULL), 1);
	assert_int_equal(limit_of(power, 0), 150 * W);
	name_packages(power, 2, "package-1", "package-0");
	lift(power, &ceiling);
	assert_int_equal(limit_of(power, 0), 150 * W);
	assert_int_equal(limit_of(power, 1), 120 * W);
	pc_power_close(power);
}

static void the_next_ceiling_remembers_by_name(void **state)
{
	struct pc_power *power;
	struct pc_ceiling first, second;
	struct pc_error error;

	node_make_manual(*state);
	power = open_power(*state);
	put_limit(power, 0, 120 * W, true);
	put_limit(power, 1, 140 * W, true);
	first = put_in_force(power, 300 * W, NULL);
	name_packages(power, 1, "package-1", "");
	assert_int_equal(pc_ceiling_plan(power, 250 * W, 0, &first, &second, &error), -1);
	assert_int_equal(errno, ENXIO);
	assert_string_equal(error.text, "package-0 is not there, and the ceiling in force was set on it too: "
			    "bring one of its CPUs online, and run this again");
	name_packages(power, 2, "package-1", "package-0");
	second = put_in_force(power, 250 * W, &first);
	assert_string_equal(second.package[0], "package-1");
	assert_int_equal(second.before_uw[0], 140 * W);
	assert_int_equal(second.before_uw[1], 120 * W);
	pc_ceiling_free(&first);
	lift(power, &second);
	assert_int_equal(limit_of(power, 0), 140 * W);
	assert_int_equal(limit_of(power, 1), 120 * W);
	pc_power_close(power);
}

static void one_locked_package_costs_no_other(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	struct pc_ceiling_line line[2];
	struct pc_power *power = open_power(*state);
	struct pc_ceiling ceiling = plan(power, 300 * W, NULL);

	/* Locked after the plan, as firmware might. */
	assert_int_equal(pc_sim_fault_set(sim, 0, PC_PACKAGE, PC_SIM_LOCKED, true, NULL), 0);
	assert_int_equal(pc_ceiling_apply(power, &ceiling, line), 1);
	assert_non_null(strstr(line[0].reason, "lock"));
	assert_string_equal(line[1].reason, "");
	assert_int_equal(line[1].found_uw, 150 * W);
	assert_int_equal(line[1].now_uw, 105 * W);
	assert_int_equal(limit_of(power, 1), 105 * W);
	lift(power, &ceiling);
	assert_int_equal(limit_of(power, 1), 150 * W);
	pc_power_close(power);
}

static void refusals_change_nothing(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	struct pc_power *power = open_power(*state);
	struct pc_ceiling ceiling;
	struct pc_error error;

	assert_int_equal(pc_ceiling_plan(power, 100 * W, 0, NULL, &ceiling, &error), -1);
	assert_int_equal(errno, ERANGE);
	assert_non_null(strstr(error.text, "cannot be held below 240 W"));
	assert_null(ceiling.setting);
	assert_int_equal(pc_ceiling_plan(power, 200 * W, 10 * W, NULL, &ceiling, &error), 0);
	assert_int_equal(ceiling.limit_uw[0], 90 * W);
	pc_ceiling_free(&ceiling);
	pc_power_close(power);

	assert_int_equal(pc_sim_fault_set(sim, 1, PC_PACKAGE, PC_SIM_LOCKED, true, NULL), 0);
	power = open_power(*state);
	assert_int_equal(pc_ceiling_plan(power, 300 * W, 0, NULL, &ceiling, &error), -1);
	assert_int_equal(errno, EROFS);
	assert_non_null(strstr(error.text, "package-1"));
	assert_int_equal(limit_of(power, 0), 150 * W);
	pc_power_close(power);
}

static void a_job_under_a_ceiling_journals_what_was_before_it(void **state)
{
	struct pc_setting setting[32];
	struct pc_ceiling ceiling;
	struct pc_power *power;
	uint64_t before;
	int count, found = 0;

	node_make_manual(*state);
	power = open_power(*state);
	ceiling = put_in_force(power, 300 * W, NULL);
	count = pc_power_capture(power, setting, 32, NULL);
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		if (!pc_ceiling_before(&ceiling, pc_power_package_name(power, setting[i].package), &setting[i], &before))
			continue;
		found++;
		assert_string_equal(setting[i].key, "msr:0x610");
		assert_int_not_equal(setting[i].value, before);
		setting[i].value = before;
		assert_int_equal(pc_power_setting_write(power, &setting[i], NULL), 0);
	}
	assert_int_equal(found, 2);
	assert_int_equal(limit_of(power, 0), 150 * W);
	pc_ceiling_free(&ceiling);
	pc_power_close(power);
}

/* --- the record ------------------------------------------------------------------ */

static int open_directory(const struct node *node)
{
	int directory = open(node->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(directory >= 0);
	return directory;
}

static void a_record_comes_back_as_it_was(void **state)
{
	struct pc_ceiling ceiling, again;
	struct pc_power *power;
	struct pc_error error;
	struct stat status;
	int directory;

	node_make_manual(*state);
	power = open_power(*state);
	directory = open_directory(*state);
	assert_int_equal(pc_ceiling_load(directory, geteuid(), &again, &error), -1);
	assert_int_equal(errno, ENOENT);
	ceiling = put_in_force(power, 300 * W, NULL);
	assert_int_equal(pc_ceiling_save(directory, &ceiling, &error), 0);
	assert_int_equal(fstatat(directory, "ceiling", &status, 0), 0);
	assert_int_equal(status.st_mode & 0777, 0644);
	assert_int_equal(pc_ceiling_load(directory, geteuid(), &again, &error), 0);
	assert_int_equal(again.ceiling_uw, ceiling.ceiling_uw);
	assert_int_equal(again.set_at_s, ceiling.set_at_s);
	assert_true(again.applied);
	assert_string_equal(again.boot_id, ceiling.boot_id);
	assert_int_equal(again.package_count, 2);
	assert_memory_equal(again.package, ceiling.package, sizeof again.package);
	assert_memory_equal(again.limit_uw, ceiling.limit_uw, sizeof again.limit_uw);
	assert_memory_equal(again.before_uw, ceiling.before_uw, sizeof again.before_uw);
	assert_int_equal(again.setting_count, ceiling.setting_count);
	for (unsigned i = 0; i < again.setting_count; i++) {
		assert_string_equal(again.setting[i].captured.key, ceiling.setting[i].captured.key);
		assert_int_equal(again.setting[i].captured.value, ceiling.setting[i].captured.value);
		assert_int_equal(again.setting[i].has_written, ceiling.setting[i].has_written);
		assert_int_equal(again.setting[i].written, ceiling.setting[i].written);
	}
	pc_ceiling_free(&ceiling);
	lift(power, &again);
	assert_int_equal(limit_of(power, 0), 150 * W);
	assert_int_equal(pc_ceiling_remove(directory, &error), 0);
	assert_int_equal(pc_ceiling_remove(directory, &error), 0);
	close(directory);
	pc_power_close(power);
}

/* A record of these lines ("key value", each with its end), with a right checksum; the caller frees it. */
static char *record(const char *lines, size_t *length)
{
	struct pc_record_writer writer;
	const char *finished;
	char *whole;

	pc_record_begin(&writer, "ceiling", 1);
	for (const char *line = lines; *line; line = strchr(line, '\n') + 1) {
		int key = (int)strcspn(line, " "), value = (int)strcspn(line, "\n") - key - 1;
		char word[32];

		snprintf(word, sizeof word, "%.*s", key, line);
		pc_record_add(&writer, word, "%.*s", value, line + key + 1);
	}
	finished = pc_record_finish(&writer, length, NULL);
	assert_non_null(finished);
	whole = strndup(finished, *length);
	pc_record_discard(&writer);
	return whole;
}

#define SCALARS "ceiling_uw 300000000\napplied yes\nset_at_s 1\nuid 0\n" \
	"boot_id 11111111-2222-3333-4444-555555555555\nbackend sim:x\n"

static void lines_that_cannot_be_are_refused(void **state)
{
	static const struct {
		const char *lines, *why;
	} row[] = {
		{ SCALARS "package_count 1\n", "package lines" },
		{ SCALARS "package_count 1\npackage 1 5 6 a\n", "package" },
		{ SCALARS "package_count 1\npackage 0 5\n", "package" },
		{ SCALARS "package_count 1\npackage 0 5 6\n", "\"package\" lines are out of order or hold what they cannot" },
		{ SCALARS "package_count 1\npackage 0 5 6 \n", "\"package\" lines" },
		{ SCALARS "package_count 1\npackage 0 5 6 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "\"package\" lines" },
		{ SCALARS "package_count 2\npackage 0 5 6 a\npackage 1 5 6 a\n", "\"package\" lines" },
		{ SCALARS "package_count 1\npackage 0 5 6 a\npackage 1 5 6 b\n", "package lines" },
		{ SCALARS "package_count 1\npackage 0 5 6 a\nsetting 1 0x0000000000000001 0x0000000000000001 - k\n",
		  "does not name the package of each setting" },
		{ SCALARS "package_count 65\n", "package_count" },
		{ SCALARS "package_count 0\nsetting 0 1 2 - k\n", "setting" },
		{ SCALARS "package_count 0\nsetting 99 0x0000000000000001 0x0000000000000001 - k\n", "setting" },
		{ SCALARS "package_count 0\nsetting 0 0x0000000000000001 0x0000000000000001 0x1 k\n", "setting" },
		{ SCALARS "package_count 0\nsetting 0 0x0000000000000001 0x0000000000000001 -\n", "setting" },
		{ SCALARS "package_count 0\ntea 1\n", "tea" },
		{ SCALARS "package_count 0\nuid 0\n", "uid" },
		{ "package_count 0\n", "ceiling_uw" },
		{ "ceiling_uw 1\napplied yes\nset_at_s 1\nuid 0\nboot_id x\nbackend y\npackage_count 0\n", "boot_id" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
		struct pc_ceiling ceiling;
		struct pc_error error = { "" };
		size_t length;
		char *text = record(row[i].lines, &length);

		if (pc_ceiling_parse(&ceiling, "file", text, length, &error) == 0)
			fail_msg("row %u was taken", i);
		assert_int_equal(errno, EBADMSG);
		if (!strstr(error.text, row[i].why))
			fail_msg("row %u: %s", i, error.text);
		assert_null(ceiling.setting);
		free(text);
	}
}

static void a_record_cut_anywhere_is_refused(void **state)
{
	struct pc_ceiling ceiling;
	struct pc_error error;
	size_t length;
	char *text = record(SCALARS "package_count 1\npackage 0 105000000 150000000 package-0\n"
			    "setting 0 0x0000000000000001 0x0000000000000003 0x0000000000000002 msr:0x610\n", &length);

	(void)state;
	assert_int_equal(pc_ceiling_parse(&ceiling, "file", text, length, &error), 0);
	assert_int_equal(ceiling.setting_count, 1);
	pc_ceiling_free(&ceiling);
	for (size_t cut = 0; cut < length; cut++)
		assert_int_equal(pc_ceiling_parse(&ceiling, "file", text, cut, &error), -1);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(there_and_back, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(registers_come_back_whole, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(a_raised_ceiling_raises_to_what_was_and_no_higher, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(a_limit_that_was_off_is_switched_on_and_off_again, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(what_others_changed_since_is_left, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(a_jobs_new_limit_is_remembered_by_the_next_ceiling, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(an_interrupted_ceiling_is_lifted_too, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(after_a_reset_nothing_is_ours, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(a_package_that_is_not_there_is_lifted_once_it_is, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(a_package_that_is_not_there_and_was_not_lowered_is_not_missed, node_setup,
						node_teardown),
		cmocka_unit_test_setup_teardown(packages_are_lifted_by_name, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(the_next_ceiling_remembers_by_name, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(one_locked_package_costs_no_other, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(refusals_change_nothing, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(a_job_under_a_ceiling_journals_what_was_before_it, node_setup, node_teardown),
		cmocka_unit_test_setup_teardown(a_record_comes_back_as_it_was, node_setup, node_teardown),
		cmocka_unit_test(lines_that_cannot_be_are_refused),
		cmocka_unit_test(a_record_cut_anywhere_is_refused),
	};

	return cmocka_run_group_tests_name("ceiling", tests, NULL, NULL) ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Jobs and the operator's ceiling: whichever comes and goes first, the ceiling holds while it
 * stands, and the site's own values are back when both are gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ceiling.h"
#include "job_lab.h"

static int run_directory(const struct lab *lab)
{
	int directory;

	mkdir(lab->site.run_dir, 0755);
	directory = open(lab->site.run_dir, O_RDONLY | O_DIRECTORY);
	assert_true(directory >= 0);
	return directory;
}

/* What `pmctl ceiling WATTS` does, under a list that lets it. */
static void set_ceiling(const struct lab *lab, uint64_t watts)
{
	struct pc_power *power = open_power(lab);
	int directory = run_directory(lab);
	struct pc_ceiling ceiling = { 0 };
	struct pc_error error;

	if (pc_ceiling_plan(power, watts * W, 0, NULL, &ceiling, &error))
		fail_msg("%s", error.text);
	strcpy(ceiling.backend, lab->site.backend);
	if (pc_ceiling_save(directory, &ceiling, &error))
		fail_msg("%s", error.text);
	assert_int_equal(pc_ceiling_apply(power, &ceiling, NULL), 0);
	assert_int_equal(pc_ceiling_save(directory, &ceiling, &error), 0);
	pc_ceiling_free(&ceiling);
	pc_power_close(power);
	close(directory);
}

static void clear_ceiling(const struct lab *lab)
{
	struct pc_power *power = open_power(lab);
	int directory = run_directory(lab);
	struct pc_ceiling ceiling;
	struct pc_error error;

	if (pc_ceiling_load(directory, geteuid(), &ceiling, &error))
		fail_msg("%s", error.text);
	assert_int_equal(pc_ceiling_lift(power, &ceiling, NULL, &error), 0);
	assert_int_equal(pc_ceiling_remove(directory, &error), 0);
	pc_ceiling_free(&ceiling);
	pc_power_close(power);
	close(directory);
}

static void assert_limit(const struct lab *lab, uint64_t watts)
{
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(get_limits(lab->node->sim, i, PC_PACKAGE).limit[0].limit_uw, watts * W);
}

static void a_job_begins_and_ends_under_a_ceiling(void **state)
{
	struct lab *lab = *state;
	struct traces before;
	struct pc_decision decision;

	site_list(lab, PC_LIST_ROOT);
	before = traces(lab);
	set_ceiling(lab, 300);
	assert_limit(lab, 105);
	/* The ceiling is the most that a cap can ask for. */
	decision = begin(lab, 1, ALICE, "310W");
	assert_true(decision.refused);
	assert_string_equal(decision.reason, "--power-cap: a cap of 310 W is above this node's most of 300 W; "
			    "legal are 240 W to 300 W");
	assert_false(begin(lab, 2, ALICE, "260W").refused);
	assert_limit(lab, 85);
	end(lab, 2);
	assert_limit(lab, 105);
	clear_ceiling(lab);
	assert_untouched(lab, &before);
	end(lab, 1);
	assert_string_equal(lab->log, "");
}

static void a_ceiling_that_comes_during_a_job_outlives_it(void **state)
{
	struct lab *lab = *state;
	struct traces before;

	site_list(lab, PC_LIST_ROOT);
	before = traces(lab);
	assert_false(begin(lab, 1, ALICE, "320W").refused);
	assert_limit(lab, 115);
	set_ceiling(lab, 280);
	assert_limit(lab, 95);
	end(lab, 1);
	assert_limit(lab, 95);
	clear_ceiling(lab);
	assert_untouched(lab, &before);
	assert_string_equal(lab->log, "");
}

static void a_ceiling_that_goes_during_a_job_leaves_its_limits(void **state)
{
	struct lab *lab = *state;
	struct traces before;

	site_list(lab, PC_LIST_ROOT);
	before = traces(lab);
	set_ceiling(lab, 300);
	assert_false(begin(lab, 1, ALICE, "260W").refused);
	clear_ceiling(lab);
	assert_limit(lab, 85);
	end(lab, 1);
	assert_untouched(lab, &before);
}

static void a_ceiling_that_came_and_went_is_forgotten(void **state)
{
	struct lab *lab = *state;
	struct traces before;

	site_list(lab, PC_LIST_ROOT);
	before = traces(lab);
	assert_false(begin(lab, 1, ALICE, "320W").refused);
	set_ceiling(lab, 280);
	clear_ceiling(lab);
	assert_limit(lab, 115);
	end(lab, 1);
	assert_untouched(lab, &before);
}

/* What cannot be read may stand for a ceiling: no limits are handed out, and the end says so. */
static void a_torn_ceiling_is_told(void **state)
{
	struct lab *lab = *state;
	struct pc_job_request request = whole(2, ALICE, "260W");
	struct pc_decision decision;
	struct pc_error error;
	char command[512];

	assert_false(begin(lab, 1, ALICE, "300W").refused);
	snprintf(command, sizeof command, "echo nonsense >%s/ceiling", lab->site.run_dir);
	assert_int_equal(system(command), 0);
	end(lab, 1);
	assert_limit(lab, 150);
	assert_logged(lab, "job 1 has ended, and the operator's ceiling is not in force again: ceiling");
	assert_int_equal(begin_request(lab, &request, &decision, &error), -1);
	assert_true(decision.refused);
	assert_says(&error, "--power-cap cannot be held on this node: ceiling");
	assert_limit(lab, 150);
	end(lab, 2);
}

int main(void)
{
#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, lab_setup, lab_teardown)
	const struct CMUnitTest tests[] = {
		LAB_TEST(a_job_begins_and_ends_under_a_ceiling),
		LAB_TEST(a_ceiling_that_comes_during_a_job_outlives_it),
		LAB_TEST(a_ceiling_that_goes_during_a_job_leaves_its_limits),
		LAB_TEST(a_ceiling_that_came_and_went_is_forgotten),
		LAB_TEST(a_torn_ceiling_is_told),
	};

	return cmocka_run_group_tests_name("job_ceiling", tests, NULL, NULL) ? 1 : 0;
}

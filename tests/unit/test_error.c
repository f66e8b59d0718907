/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"

static void fail_sets_errno_and_sentence(void **state)
{
	struct pc_error error;

	(void)state;
	errno = 0;
	assert_int_equal(pc_fail(&error, ERANGE, "cap: %d W", 5), -1);
	assert_int_equal(errno, ERANGE);
	assert_string_equal(error.text, "cap: 5 W");
}

static void within_adds_where_and_keeps_errno(void **state)
{
	struct pc_error error;

	(void)state;
	assert_int_equal(pc_fail(&error, ENOSPC, "no space"), -1);
	assert_int_equal(pc_fail_within(&error, "job %d", 7), -1);
	assert_int_equal(errno, ENOSPC);
	assert_string_equal(error.text, "job 7: no space");
}

static void null_error_is_fine(void **state)
{
	(void)state;
	assert_int_equal(pc_fail(NULL, EIO, "x"), -1);
	assert_int_equal(pc_fail_within(NULL, "y"), -1);
	assert_int_equal(errno, EIO);
}

static void long_sentences_are_cut_not_overrun(void **state)
{
	struct pc_error error;
	char name[4096];

	(void)state;
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(pc_fail(&error, EIO, "%s", name), -1);
	assert_int_equal(strlen(error.text), sizeof error.text - 1);
	assert_int_equal(pc_fail_within(&error, "%s", name), -1);
	assert_int_equal(strlen(error.text), sizeof error.text - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fail_sets_errno_and_sentence),
		cmocka_unit_test(within_adds_where_and_keeps_errno),
		cmocka_unit_test(null_error_is_fine),
		cmocka_unit_test(long_sentences_are_cut_not_overrun),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL) ? 1 : 0;
}

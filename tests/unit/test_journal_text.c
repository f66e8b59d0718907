/* SPDX-License-Identifier: BSD-3-Clause */
/* Journals that are none: test_journal.c has the others. */
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

#include "journal.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])
#define BOOT "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

static int parse_text(const char *text, size_t length, struct pc_journal *journal, struct pc_error *error)
{
	char *exact = malloc(length);
	int result;

	memcpy(exact, text, length);
	memset(journal, 0x5a, sizeof *journal);
	result = pc_journal_parse(journal, "j", exact, length, error);
	free(exact);
	return result;
}

static int parse_body(const char *body, struct pc_journal *journal, struct pc_error *error)
{
	static char text[PC_RECORD_MAX];
	int length = snprintf(text, sizeof text, "phasecap-journal 1\n%s", body);

	length += snprintf(text + length, sizeof text - (size_t)length, "end %08" PRIx32 "\n",
			   pc_record_crc(0, text, (size_t)length));
	return parse_text(text, (size_t)length, journal, error);
}

static void expect_refused(const char *body, const char *sentence)
{
	struct pc_journal journal;
	struct pc_error error = { "" };

	errno = 0;
	if (parse_body(body, &journal, &error) == 0)
		fail_msg("taken: %s", body);
	assert_int_equal(errno, EBADMSG);
	assert_null(journal.setting);
	assert_null(journal.access);
	assert_null(journal.list.entry);
	if (strncmp(error.text, sentence, strlen(sentence)))
		fail_msg("\"%s\" instead of \"%s\"", error.text, sentence);
	assert_non_null(strstr(error.text, "nothing in it is believed"));
}

#define SCALARS "job 1\nrestart 0\nuid 1\nboot_id " BOOT "\nbackend none\nhas_list yes\n"
#define SETTING "setting 0 0x0000000000000001 0xffffffffffffffff - k\n"

static void whole_journals_that_cannot_be(void **state)
{
	static const struct {
		const char *body, *sentence;
	} rows[] = {
		{ "", "j: \"job\" is missing" },
		{ "job 1\n", "j: \"restart\" is missing" },
		{ "job 1\nrestart 0\nuid 1\nboot_id " BOOT "\nbackend none\n", "j: \"has_list\" is missing" },
		{ SCALARS "job 1\n", "j:8: \"job\" stands twice" },
		{ SCALARS "has_list yes\n", "j:8: \"has_list\" stands twice" },
		{ SCALARS "wall 1\n", "j:8: \"wall\" is not known in this format" },
		{ "job -1\n", "j:2: \"job\" has a value that it cannot have" },
		{ "job 18446744073709551616\n", "j:2: \"job\" has a value that it cannot have" },
		{ "restart 4294967296\n", "j:2: \"restart\" has a value" },
		{ "uid root\n", "j:2: \"uid\" has a value" },
		{ "uid 4294967296\n", "j:2: \"uid\" has a value" },
		{ "has_list maybe\n", "j:2: \"has_list\" has a value" },
		{ "boot_id " BOOT "0\n", "j:2: \"boot_id\" has a value" },
		{ "job 1\nrestart 0\nuid 1\nboot_id \nbackend none\nhas_list no\n", "j: boot_id is none" },
		{ "job 1\nrestart 0\nuid 1\nboot_id 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1fG\nbackend none\nhas_list no\n",
		  "j: boot_id is none" },
		{ "job 1\nrestart 0\nuid 1\nboot_id " BOOT "\nbackend \nhas_list no\n", "j: it names no back end" },
		{ "job 1\nrestart 0\nuid 1\nboot_id " BOOT "\nbackend none\nhas_list no\n"
		  "allow 0x0000000000000610 0x0000000000000000\n",
		  "j: it holds the entries of a list that it says it has not" },
		{ SCALARS SETTING, "j: it does not name the package of each setting" },
		{ SCALARS "package 0 a\nsetting 1 0x0000000000000001 0xffffffffffffffff - k\n" SETTING,
		  "j: it does not name the package of each setting" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++)
		expect_refused(rows[i].body, rows[i].sentence);
}

static void lines_that_cannot_be(void **state)
{
	static const struct {
		const char *body, *sentence;
	} rows[] = {
		{ "allow \n", "j:2: \"allow\" has a value that it cannot have" },
		{ "allow 0x0000000000000610\n", "j:2: \"allow\" has a value" },
		{ "allow 0x610 0x0\n", "j:2: \"allow\" has a value" },
		{ "allow 0x0000000100000000 0x0000000000000000\n", "j:2: \"allow\" has a value" },
		{ "allow 0x0000000000000610 0x0000000000000000 \n", "j:2: \"allow\" has a value" },
		{ "allow 0x0000000000000610 0x0000000000000000\nallow 0x0000000000000610 0x0000000000000000\n",
		  "j:3: \"allow\" is out of order" },
		{ "allow 0x0000000000000610 0x0000000000000000\nallow 0x000000000000060f 0x0000000000000000\n",
		  "j:3: \"allow\" is out of order" },
		{ "package \n", "j:2: \"package\" has a value that it cannot have" },
		{ "package 0\n", "j:2: \"package\" has a value" },
		{ "package 0 \n", "j:2: \"package\" has a value" },
		{ "package a a\n", "j:2: \"package\" has a value" },
		{ "package 64 a\n", "j:2: \"package\" has a value" },
		{ "package 1 a\n", "j:2: \"package\" is out of order" },
		{ "package 0 a\npackage 0 b\n", "j:3: \"package\" is out of order" },
		{ "package 0 a\npackage 2 b\n", "j:3: \"package\" is out of order" },
		{ "package 0 a\npackage 1 b\npackage 2 a\n", "j:4: \"package\" stands twice for one name" },
		{ "setting \n", "j:2: \"setting\" has a value that it cannot have" },
		{ "setting 64 0x0000000000000001 0xffffffffffffffff - k\n", "j:2: \"setting\" has a value" },
		{ "setting 0 1 0xffffffffffffffff - k\n", "j:2: \"setting\" has a value" },
		{ "setting 0 0x0000000000000001 1 - k\n", "j:2: \"setting\" has a value" },
		{ "setting 0 0x0000000000000001 0xffffffffffffffff 1 k\n", "j:2: \"setting\" has a value" },
		{ "setting 0 0x0000000000000001 0xffffffffffffffff  k\n", "j:2: \"setting\" has a value" },
		{ "setting 0 0x0000000000000001 0xffffffffffffffff -\n", "j:2: \"setting\" has a value" },
		{ "setting 0 0x0000000000000001 0xffffffffffffffff - \n", "j:2: \"setting\" has a value" },
		{ "setting 0 0x0000000000000001 0xffffffffffffffff - "
		  "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\n",
		  "j:2: \"setting\" has a value" },
		{ SETTING SETTING, "j:3: \"setting\" stands twice for one package and key" },
		{ "access \n", "j:2: \"access\" has a value that it cannot have" },
		{ "access user 0600 0 0 /d\n", "j:2: \"access\" has a value" },
		{ "access acl 600 0 0 /d\n", "j:2: \"access\" has a value" },
		{ "access acl 0680 0 0 /d\n", "j:2: \"access\" has a value" },
		{ "access acl 00600 0 0 /d\n", "j:2: \"access\" has a value" },
		{ "access acl 0600 -1 0 /d\n", "j:2: \"access\" has a value" },
		{ "access acl 0600 0 4294967296 /d\n", "j:2: \"access\" has a value" },
		{ "access acl 0600 0 0\n", "j:2: \"access\" has a value" },
		{ "access acl 0600 0 0 \n", "j:2: \"access\" has a value" },
		{ "access acl 0600 0 0 d\n", "j:2: \"access\" has a value" },
		{ "access acl 0600 0 0 /d\naccess owner 0640 1 1 /d\n", "j:3: \"access\" stands twice for one path" },
		{ "acl user::rw-\n", "j:2: \"acl\" belongs to no access line" },
		{ "access acl 0600 0 0 /d\nacl a\nacl b\n", "j:4: \"acl\" belongs to no access line" },
		{ "access acl 0600 0 0 /d\nacl \n", "j:3: \"acl\" has a value that it cannot have" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++)
		expect_refused(rows[i].body, rows[i].sentence);
}

static void texts_that_are_too_long_are_refused(void **state)
{
	static char body[4096];
	static const struct {
		const char *before;
		size_t fits;
	} rows[] = {
		{ "backend ", sizeof ((struct pc_journal *)0)->backend - 1 },
		{ "access acl 0600 0 0 /", sizeof ((struct pc_journal_access *)0)->path - 2 },
		{ "access acl 0600 0 0 /d\nacl ", sizeof ((struct pc_journal_access *)0)->acl - 1 },
		{ "setting 1 0x0000000000000001 0xffffffffffffffff - ", PC_SETTING_KEY - 1 },
		{ "package 0 ", PC_PACKAGE_NAME - 1 },
	};
	struct pc_journal journal;
	struct pc_error error;

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++)
		for (size_t extra = 0; extra < 2; extra++) {
			size_t length = (size_t)sprintf(body, "%s", rows[i].before);

			memset(body + length, 'k', rows[i].fits + extra);
			strcpy(body + length + rows[i].fits + extra, "\n");
			assert_int_equal(parse_body(body, &journal, &error), -1);
			if (extra)
				assert_non_null(strstr(error.text, "has a value that it cannot have"));
			else     /* the line is fine, the rest is missing */
				assert_non_null(strstr(error.text, "\"job\" is missing"));
		}
}

static void too_many_lines_are_refused(void **state)
{
	static const unsigned fits[] = { PC_JOURNAL_SETTINGS_MAX, PC_JOURNAL_ACCESS_MAX };
	char *body = malloc(PC_RECORD_MAX);
	struct pc_journal journal;
	struct pc_error error;

	(void)state;
	for (unsigned i = 0; i < COUNT(fits); i++)
		for (unsigned extra = 0; extra < 2; extra++) {
			size_t length = (size_t)sprintf(body, SCALARS "package 0 package-0\n");

			for (unsigned line = 0; line < fits[i] + extra; line++)
				length += (size_t)(i ? sprintf(body + length, "access acl 0600 0 0 /%u\n", line)
						     : sprintf(body + length, "setting 0 0x0000000000000001 "
							       "0xffffffffffffffff - %u\n", line));
			assert_int_equal(parse_body(body, &journal, &error), extra ? -1 : 0);
			if (extra)
				assert_non_null(strstr(error.text, "is one too many"));
			else
				assert_int_equal(i ? journal.access_count : journal.setting_count, fits[i]);
			pc_journal_free(&journal);
		}
	free(body);
}

static void as_many_packages_have_names_as_a_node_can_have(void **state)
{
	char body[4096];
	struct pc_journal journal;
	struct pc_error error;

	(void)state;
	for (unsigned extra = 0; extra < 2; extra++) {
		int length = sprintf(body, SCALARS "setting 63 0x0000000000000001 0xffffffffffffffff - k\n");

		for (unsigned i = 0; i < PC_MAX_PACKAGES + extra; i++)
			length += sprintf(body + length, "package %u package-%u\n", i, i);
		assert_int_equal(parse_body(body, &journal, &error), extra ? -1 : 0);
		if (extra)
			assert_non_null(strstr(error.text, "j:73: \"package\" has a value that it cannot have"));
		else
			assert_string_equal(journal.package[63], "package-63");
		pc_journal_free(&journal);
	}
}

static void other_records_and_formats_are_refused(void **state)
{
	static const char newer[] = "phasecap-journal 2\nwhat nobody knows\n", other[] = "phasecap-decision 1\n";
	struct pc_journal journal;
	struct pc_error error;

	(void)state;
	assert_int_equal(parse_text(newer, sizeof newer - 1, &journal, &error), -1);
	assert_int_equal(errno, EPROTONOSUPPORT);
	assert_string_equal(error.text, "j:1: format 2 is newer than this version of phasecap reads (1); use the "
			    "version that wrote it");
	assert_int_equal(parse_text(other, sizeof other - 1, &journal, &error), -1);
	assert_int_equal(errno, EPROTOTYPE);
	assert_string_equal(error.text, "j:1: not a phasecap journal record; nothing in it is believed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_journals_that_cannot_be),
		cmocka_unit_test(lines_that_cannot_be),
		cmocka_unit_test(texts_that_are_too_long_are_refused),
		cmocka_unit_test(too_many_lines_are_refused),
		cmocka_unit_test(as_many_packages_have_names_as_a_node_can_have),
		cmocka_unit_test(other_records_and_formats_are_refused),
	};

	return cmocka_run_group_tests_name("journal_text", tests, NULL, NULL) ? 1 : 0;
}

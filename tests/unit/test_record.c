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

#include "record.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

/* Collects lines as "key=value;". */
struct heard {
	char text[512];
	unsigned lines;
	int refuse;              /* errno with which to refuse the second line */
};

static int hear(const char *key, const char *value, unsigned line, void *arg, struct pc_error *error)
{
	struct heard *heard = arg;
	size_t used = strlen(heard->text);

	heard->lines++;
	if (heard->refuse && heard->lines == 2)
		return pc_fail(error, heard->refuse, "not that");
	assert_int_equal(line, heard->lines + 1);
	snprintf(heard->text + used, sizeof heard->text - used, "%s=%s;", key, value);
	return 0;
}

static int parse(const char *text, size_t length, struct heard *heard, struct pc_error *error)
{
	char *exact = malloc(length ? length : 1);      /* so that a read past the end shows */
	int result;

	memcpy(exact, text, length);
	memset(heard, 0, sizeof *heard);
	result = pc_record_parse("r", exact, length, "test", 2, hear, heard, error);
	free(exact);
	return result;
}

static void begin(struct pc_record_writer *writer, const char *value)
{
	pc_record_begin(writer, "test", 2);
	pc_record_add(writer, "job", "%d", 42);
	pc_record_add(writer, "value", "%s", value);
}

static void the_checksum_is_crc_32(void **state)
{
	(void)state;
	assert_int_equal(pc_record_crc(0, "", 0), 0);
	assert_int_equal(pc_record_crc(0, "123456789", 9), 0xcbf43926);
	assert_int_equal(pc_record_crc(pc_record_crc(0, "1234", 4), "56789", 5), 0xcbf43926);
}

static void a_record_is_readable_text(void **state)
{
	static const char expected[] = "phasecap-test 2\njob 42\nvalue a ~\\\\ line\\nand \\x01\\x7f\\xc3\\xa9\n"
				       "empty \nend ";
	struct pc_record_writer writer;
	struct pc_error error;
	const char *text;
	size_t length, again;

	(void)state;
	begin(&writer, "a ~\\ line\nand \x01\x7f\xc3\xa9");
	pc_record_add(&writer, "empty", "%s", "");
	text = pc_record_finish(&writer, &length, &error);
	assert_non_null(text);
	assert_int_equal(strncmp(text, expected, strlen(expected)), 0);
	assert_int_equal(length, strlen(expected) + strlen("01234567\n"));
	assert_ptr_equal(pc_record_finish(&writer, &again, &error), text);
	assert_int_equal(again, length);
	pc_record_discard(&writer);
	assert_null(writer.text);
	pc_record_discard(&writer);
}

static void every_byte_but_nul_survives(void **state)
{
	struct pc_record_writer writer;
	struct pc_error error;
	struct heard heard;
	const char *text;
	char all[256];
	size_t length;

	(void)state;
	for (int i = 0; i < 255; i++)
		all[i] = (char)(i + 1);
	all[255] = '\0';
	begin(&writer, all);
	text = pc_record_finish(&writer, &length, &error);
	assert_int_equal(parse(text, length, &heard, &error), 0);
	assert_int_equal(strncmp(heard.text, "job=42;value=", 13), 0);
	assert_memory_equal(heard.text + 13, all, 255);
	for (size_t i = 0; i < length; i++)
		assert_true(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
	pc_record_discard(&writer);
}

static void what_no_record_can_hold_is_refused(void **state)
{
	static const char *const keys[] = { "", "end", "Key", "a b", "a\n", "\xc3", "k=" };
	static const char *const kinds[] = { "", "Kind", "a b",
		"a-name-that-is-so-long-that-a-first-line-cannot-hold-it-any-more" };
	struct pc_record_writer writer;
	struct pc_error error;
	size_t length;

	(void)state;
	for (unsigned i = 0; i < COUNT(keys); i++) {
		begin(&writer, "v");
		pc_record_add(&writer, keys[i], "%s", "v");
		assert_null(pc_record_finish(&writer, &length, &error));
		assert_int_equal(errno, EINVAL);
		assert_int_equal(pc_record_save(&writer, -1, "r", 0600, &error), -1);
		assert_int_equal(errno, EINVAL);
		assert_string_equal(error.text, "r: record: a key, kind, format or value that no record can hold; "
				    "nothing was saved");
		assert_null(writer.text);
	}
	for (unsigned i = 0; i < COUNT(kinds); i++) {
		pc_record_begin(&writer, kinds[i], 1);
		assert_null(pc_record_finish(&writer, &length, &error));
		assert_int_equal(errno, EINVAL);
		pc_record_discard(&writer);
	}
	pc_record_begin(&writer, "test", 0);
	assert_null(pc_record_finish(&writer, &length, &error));
	pc_record_discard(&writer);
	begin(&writer, "v");
	pc_record_add(&writer, "nul", "a%cb", '\0');
	assert_null(pc_record_finish(&writer, &length, &error));
	pc_record_discard(&writer);
	begin(&writer, "v");
	assert_non_null(pc_record_finish(&writer, &length, &error));
	pc_record_add(&writer, "late", "%s", "v");
	assert_null(pc_record_finish(&writer, &length, &error));
	pc_record_discard(&writer);
}

static const char *sample(struct pc_record_writer *writer, size_t *length)
{
	begin(writer, "10\\%");
	pc_record_add(writer, "setting", "0 0x%016x msr:0x610", 7);
	return pc_record_finish(writer, length, NULL);
}

static void a_record_cut_at_any_byte_is_refused(void **state)
{
	struct pc_record_writer writer;
	struct pc_error error;
	struct heard heard;
	size_t length;
	const char *text = sample(&writer, &length);

	(void)state;
	assert_int_equal(parse(text, length, &heard, &error), 0);
	for (size_t cut = 0; cut < length; cut++) {
		errno = 0;
		assert_int_equal(parse(text, cut, &heard, &error), -1);
		assert_int_equal(errno, EBADMSG);
		assert_int_equal(heard.lines, 0);
		assert_int_equal(strncmp(error.text, "r:", 2), 0);
		assert_non_null(strstr(error.text, "torn or altered"));
		assert_non_null(strstr(error.text, "nothing in it is believed"));
	}
	pc_record_discard(&writer);
}

static void expect_refused(const char *text, size_t length)
{
	struct pc_error error;
	struct heard heard;

	errno = 0;
	assert_int_equal(parse(text, length, &heard, &error), -1);
	assert_true(errno == EBADMSG || errno == EPROTOTYPE || errno == EPROTONOSUPPORT);
	assert_int_equal(heard.lines, 0);
}

static void a_record_altered_in_any_byte_is_refused(void **state)
{
	struct pc_record_writer writer;
	size_t length;
	const char *text = sample(&writer, &length);
	char *altered = malloc(length + 1);

	(void)state;
	for (size_t at = 0; at < length; at++) {
		memcpy(altered, text, length);
		for (int byte = 0; byte < 256; byte++) {
			if ((char)byte == text[at])
				continue;
			altered[at] = (char)byte;
			expect_refused(altered, length);
		}
		/* One byte left out, and one put in. */
		memmove(altered + at, text + at + 1, length - at - 1);
		expect_refused(altered, length - 1);
		memcpy(altered, text, at);
		altered[at] = '0';
		memcpy(altered + at + 1, text + at, length - at);
		expect_refused(altered, length + 1);
	}
	free(altered);
	pc_record_discard(&writer);
}

/* Puts a right last line behind a body that may be wrong. */
static int parse_sealed(const char *body, struct heard *heard, struct pc_error *error)
{
	char text[512];
	int length = snprintf(text, sizeof text, "%send %08" PRIx32 "\n", body,
			      pc_record_crc(0, body, strlen(body)));

	return parse(text, (size_t)length, heard, error);
}

static void kinds_and_formats_have_their_own_errno(void **state)
{
	static const struct {
		const char *body;
		int code;
		const char *sentence;
	} rows[] = {
		{ "phasecap-other 2\n", EPROTOTYPE, "r:1: not a phasecap test record; nothing in it is believed" },
		{ "phasecap-test2 2\n", EPROTOTYPE, "r:1: not a phasecap test record" },
		{ "#!/bin/sh\n", EPROTOTYPE, "r:1: not a phasecap test record" },
		{ "phasecap-test 3\nnew things\n", EPROTONOSUPPORT, "r:1: format 3 is newer than this version of phasecap "
		  "reads (2); use the version that wrote it" },
		{ "phasecap-test 4294967295\n", EPROTONOSUPPORT, "r:1: format 4294967295 is newer" },
		{ "phasecap-test 4294967296\n", EBADMSG, "r:1: torn or altered: no format number" },
		{ "phasecap-test 99999999999999999999999999\n", EBADMSG, "r:1: torn or altered: no format number" },
		{ "phasecap-test 99999999999\n", EBADMSG, "r:1: torn or altered: no format number" },
		{ "phasecap-test 999999999999\n", EBADMSG, "r:1: torn or altered: no format number" },
		{ "phasecap-test 0\n", EBADMSG, "r:1: torn or altered: no format number" },
		{ "phasecap-test 02\n", EBADMSG, "r:1: torn or altered: no format number" },
		{ "phasecap-test \n", EBADMSG, "r:1: torn or altered: no format number" },
		{ "phasecap-test 2 \n", EBADMSG, "r:1: torn or altered: no format number" },
		{ "phasecap-test 2\nkey\n", EBADMSG, "r:2: torn or altered: not a key, a blank and a value" },
		{ "phasecap-test 2\n\n", EBADMSG, "r:2: torn or altered: not a key, a blank and a value" },
		{ "phasecap-test 2\n value\n", EBADMSG, "r:2: torn or altered: not a key, a blank and a value" },
		{ "phasecap-test 2\nKey value\n", EBADMSG, "r:2: torn or altered: not a key, a blank and a value" },
		{ "phasecap-test 2\nend 00000000\n", EBADMSG, "r:2: torn or altered: not a key, a blank and a value" },
		{ "phasecap-test 2\nk v", EBADMSG, "r:2: torn or altered: not a key, a blank and a value" },
		{ "phasecap-test 2\nk \\\n", EBADMSG, "r:2: torn or altered: an escape that no record has" },
		{ "phasecap-test 2\nk \\t\n", EBADMSG, "r:2: torn or altered: an escape that no record has" },
		{ "phasecap-test 2\nk \\q80\n", EBADMSG, "r:2: torn or altered: an escape that no record has" },
		{ "phasecap-test 2\nk \\x\n", EBADMSG, "r:2: torn or altered: an escape that no record has" },
		{ "phasecap-test 2\nk \\x1\n", EBADMSG, "r:2: torn or altered: an escape that no record has" },
		{ "phasecap-test 2\nk \\x00\n", EBADMSG, "r:2: torn or altered: an escape that no record has" },
		{ "phasecap-test 2\nk \\x0a\n", EBADMSG, "r:2: torn or altered: an escape that no record has" },
		{ "phasecap-test 2\nk \\x41\n", EBADMSG, "r:2: torn or altered: an escape that no record has" },
		{ "phasecap-test 2\nk \\xFF\n", EBADMSG, "r:2: torn or altered: an escape that no record has" },
		{ "phasecap-test 2\nk \\xg0\n", EBADMSG, "r:2: torn or altered: an escape that no record has" },
		{ "phasecap-test 2\nk \\x0g\n", EBADMSG, "r:2: torn or altered: an escape that no record has" },
		{ "phasecap-test 2\nk \x01\n", EBADMSG, "r:2: torn or altered: an escape that no record has" },
		{ "phasecap-test 2\nk \xff\n", EBADMSG, "r:2: torn or altered: an escape that no record has" },
	};
	struct pc_error error;
	struct heard heard;

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		errno = 0;
		if (parse_sealed(rows[i].body, &heard, &error) == 0)
			fail_msg("taken: %s", rows[i].body);
		assert_int_equal(errno, rows[i].code);
		if (strncmp(error.text, rows[i].sentence, strlen(rows[i].sentence)))
			fail_msg("\"%s\" instead of \"%s\"", error.text, rows[i].sentence);
		assert_int_equal(heard.lines, 0);
	}
	assert_int_equal(parse("phasecap-test 2\0x\nend 00000000\n", 31, &heard, &error), -1);
	assert_string_equal(error.text, "r:1: torn or altered: no format number; nothing in it is believed");
	assert_int_equal(parse("", 0, &heard, &error), -1);
	assert_int_equal(errno, EBADMSG);
	assert_string_equal(error.text, "r:1: torn or altered: the first line does not end; nothing in it is believed");
	assert_int_equal(parse("phasecap-test 2\nend 0000000", 27, &heard, &error), -1);
	assert_string_equal(error.text, "r:2: torn or altered: the last line is missing; nothing in it is believed");
	assert_int_equal(parse("phasecap-test 2\nend 00000000\n", 29, &heard, &error), -1);
	assert_string_equal(error.text, "r:2: torn or altered: the checksum in the last line is not that of the text; "
			    "nothing in it is believed");
}

static void a_nul_in_an_escape_is_no_digit(void **state)
{
	char text[64] = "phasecap-test 2\nk \\x80\n";
	size_t body = strlen(text), digits = body - 3;
	struct pc_error error;
	struct heard heard;

	(void)state;
	for (unsigned nul = 0; nul < 3; nul++) {
		memcpy(text + digits, "80", 2);
		if (nul < 2)
			text[digits + nul] = '\0';
		snprintf(text + body, sizeof text - body, "end %08" PRIx32 "\n", pc_record_crc(0, text, body));
		assert_int_equal(parse(text, body + 13, &heard, &error), nul < 2 ? -1 : 0);
		if (nul < 2)
			assert_non_null(strstr(error.text, "an escape that no record has"));
	}
}

static void an_older_format_is_read(void **state)
{
	struct pc_error error;
	struct heard heard;

	(void)state;
	assert_int_equal(parse_sealed("phasecap-test 1\na b\nc \\x80\n", &heard, &error), 0);
	assert_string_equal(heard.text, "a=b;c=\x80;");
	assert_int_equal(parse_sealed("phasecap-test 2\naz09_-0 b\n", &heard, &error), 0);
	assert_string_equal(heard.text, "az09_-0=b;");
	assert_int_equal(parse_sealed("phasecap-test 2\n", &heard, &error), 0);
	assert_int_equal(heard.lines, 0);
}

static void a_refusal_of_the_caller_gets_its_line(void **state)
{
	static const char text[] = "phasecap-test 1\na b\nc d\ne f\n";
	struct heard heard = { .refuse = ERANGE };
	struct pc_error error;
	char sealed[64];
	int length = snprintf(sealed, sizeof sealed, "%send %08" PRIx32 "\n", text,
			      pc_record_crc(0, text, strlen(text)));

	(void)state;
	assert_int_equal(pc_record_parse("r", sealed, (size_t)length, "test", 2, hear, &heard, &error), -1);
	assert_int_equal(errno, ERANGE);
	assert_string_equal(error.text, "r:3: not that");
	assert_int_equal(heard.lines, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checksum_is_crc_32),
		cmocka_unit_test(a_record_is_readable_text),
		cmocka_unit_test(every_byte_but_nul_survives),
		cmocka_unit_test(what_no_record_can_hold_is_refused),
		cmocka_unit_test(a_record_cut_at_any_byte_is_refused),
		cmocka_unit_test(a_record_altered_in_any_byte_is_refused),
		cmocka_unit_test(kinds_and_formats_have_their_own_errno),
		cmocka_unit_test(a_nul_in_an_escape_is_no_digit),
		cmocka_unit_test(an_older_format_is_read),
		cmocka_unit_test(a_refusal_of_the_caller_gets_its_line),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL) ? 1 : 0;
}

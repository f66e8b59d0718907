/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "record.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static void words_are_numbers_or_nothing(void **state)
{
	static const char *const no_numbers[] = { "", " ", "01", "00", "+1", "-1", "1 ", " 1", "0x1", "1a", "18446744073709551616",
		"99999999999999999999" };
	static const char *const no_hex[] = { "", "0x", "0x0", "0x00000000000000001", "0X0000000000000001", "0x000000000000000A",
		"0x000000000000000g", "0x00000000000000 1", "000000000000000001", "1x0000000000000001" };
	static const char *const no_flags[] = { "", "y", "n", "Yes", "yes ", "true", "1" };
	uint64_t number = 7;
	bool flag = true;

	(void)state;
	for (unsigned i = 0; i < COUNT(no_numbers); i++)
		assert_int_equal(pc_record_number(no_numbers[i], UINT64_MAX, &number), -1);
	for (unsigned i = 0; i < COUNT(no_hex); i++)
		assert_int_equal(pc_record_hex(no_hex[i], &number), -1);
	for (unsigned i = 0; i < COUNT(no_flags); i++)
		assert_int_equal(pc_record_flag(no_flags[i], &flag), -1);
	assert_int_equal(pc_record_number("11", 10, &number), -1);
	assert_int_equal(errno, EBADMSG);
	assert_int_equal(number, 7);
	assert_int_equal(pc_record_number("10", 10, &number), 0);
	assert_int_equal(number, 10);
	assert_int_equal(pc_record_number("0", 0, &number), 0);
	assert_int_equal(number, 0);
	assert_int_equal(pc_record_number("18446744073709551615", UINT64_MAX, &number), 0);
	assert_true(number == UINT64_MAX);
	assert_int_equal(pc_record_hex("0xfedcba9876543210", &number), 0);
	assert_true(number == UINT64_C(0xfedcba9876543210));
	assert_int_equal(pc_record_flag("no", &flag), 0);
	assert_false(flag);
	assert_int_equal(pc_record_flag("yes", &flag), 0);
	assert_true(flag);
}

static void words_are_cut_at_single_blanks(void **state)
{
	const char *rest = "one  two 1234567890123456789012345 ";
	char word[PC_RECORD_WORD];

	(void)state;
	assert_string_equal(pc_record_word(&rest, word), "one");
	assert_string_equal(pc_record_word(&rest, word), "");
	assert_string_equal(pc_record_word(&rest, word), "two");
	assert_string_equal(pc_record_word(&rest, word), "");    /* too long for any number */
	assert_string_equal(rest, "");
	assert_string_equal(pc_record_word(&rest, word), "");
	assert_null(rest);
	assert_string_equal(pc_record_word(&rest, word), "");
	assert_null(rest);
}

struct sample {
	uint64_t large;
	uint32_t small;
	bool flag;
	char text[8];
};

static const struct pc_record_field sample_fields[] = {
	{ "large", PC_RECORD_U64, offsetof(struct sample, large), UINT64_MAX },
	{ "small", PC_RECORD_U32, offsetof(struct sample, small), 99 },
	{ "flag", PC_RECORD_FLAG, offsetof(struct sample, flag), 1 },
	{ "text", PC_RECORD_TEXT, offsetof(struct sample, text), sizeof ((struct sample *)0)->text },
};

struct sample_parse {
	struct sample sample;
	uint32_t seen;
};

static int take(const char *key, const char *value, unsigned line, void *arg, struct pc_error *error)
{
	struct sample_parse *parsed = arg;

	(void)line;
	return pc_record_take(sample_fields, COUNT(sample_fields), &parsed->sample, &parsed->seen, key, value,
			      error) == 1 ? 0 : -1;
}

static void a_table_writes_what_it_reads(void **state)
{
	const struct sample sample = { UINT64_MAX, 99, true, "1234\n67" };
	struct sample_parse parsed = { { 0, 0, false, "" }, 0 };
	struct pc_record_writer writer;
	struct pc_error error;
	const char *text;
	size_t length;

	(void)state;
	pc_record_begin(&writer, "test", 1);
	pc_record_put(&writer, sample_fields, COUNT(sample_fields), &sample);
	text = pc_record_finish(&writer, &length, &error);
	assert_int_equal(strncmp(text, "phasecap-test 1\nlarge 18446744073709551615\nsmall 99\nflag yes\n"
				 "text 1234\\n67\nend ", 76), 0);
	assert_int_equal(pc_record_parse("r", text, length, "test", 1, take, &parsed, &error), 0);
	assert_int_equal(pc_record_complete(sample_fields, COUNT(sample_fields), parsed.seen, "r", &error), 0);
	assert_true(parsed.sample.large == UINT64_MAX);
	assert_int_equal(parsed.sample.small, 99);
	assert_true(parsed.sample.flag);
	assert_string_equal(parsed.sample.text, "1234\n67");
	pc_record_discard(&writer);
}

static void a_table_refuses_what_it_cannot_hold(void **state)
{
	static const struct {
		const char *key, *value;
	} rows[] = {
		{ "large", "18446744073709551616" }, { "small", "100" }, { "small", "-1" }, { "flag", "1" },
		{ "text", "12345678" },
	};
	struct sample_parse parsed = { { 0, 0, false, "" }, 0 };
	struct pc_error error;
	char sentence[96];

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		assert_int_equal(take(rows[i].key, rows[i].value, 1, &parsed, &error), -1);
		assert_int_equal(errno, EBADMSG);
		snprintf(sentence, sizeof sentence, "\"%s\" has a value that it cannot have; nothing in it is believed",
			 rows[i].key);
		assert_string_equal(error.text, sentence);
	}
	assert_int_equal(parsed.seen, 0);
	assert_int_equal(take("small", "5", 1, &parsed, &error), 0);
	assert_int_equal(take("small", "5", 1, &parsed, &error), -1);
	assert_string_equal(error.text, "\"small\" stands twice; nothing in it is believed");
	assert_int_equal(pc_record_complete(sample_fields, COUNT(sample_fields), parsed.seen, "r", &error), -1);
	assert_int_equal(errno, EBADMSG);
	assert_string_equal(error.text, "r: \"large\" is missing; nothing in it is believed");
	assert_int_equal(pc_record_take(sample_fields, COUNT(sample_fields), &parsed.sample, &parsed.seen, "other",
					"1", &error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_numbers_or_nothing),
		cmocka_unit_test(words_are_cut_at_single_blanks),
		cmocka_unit_test(a_table_writes_what_it_reads),
		cmocka_unit_test(a_table_refuses_what_it_cannot_hold),
	};

	return cmocka_run_group_tests_name("record_field", tests, NULL, NULL) ? 1 : 0;
}

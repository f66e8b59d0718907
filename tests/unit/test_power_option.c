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

#include "power_option.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

static const char cap_grammar[] =
	"not a power; write WATTS[W|kW][/node|/package|/job], for example 300W, 112.5W/package or 20kW/job";
static const char watts_grammar[] =
	"not a power; write WATTS[W|kW], for example 300W, 112.5W or 1.2kW";
static const char range[] = "out of range; it must be more than 0 W and at most 1000000 kW";

static void caps_that_are_legal(void **state)
{
	static const struct {
		const char *text;
		uint64_t uw;
		enum pc_cap_level level;
	} rows[] = {
		{ "300", 300000000, PC_CAP_NODE },
		{ "300W", 300000000, PC_CAP_NODE },
		{ "300W/node", 300000000, PC_CAP_NODE },
		{ "300/node", 300000000, PC_CAP_NODE },
		{ "112.5W/package", 112500000, PC_CAP_PACKAGE },
		{ "20kW/job", 20000000000, PC_CAP_JOB },
		{ "1.5kW", 1500000000, PC_CAP_NODE },
		{ "0.000001", 1, PC_CAP_NODE },
		{ "0.000001kW", 1000, PC_CAP_NODE },
		{ "0300W", 300000000, PC_CAP_NODE },
		{ "000000000000000000000000000000000007", 7000000, PC_CAP_NODE },
		{ "1000000000W", PC_POWER_MAX_UW, PC_CAP_NODE },
		{ "1000000kW/job", PC_POWER_MAX_UW, PC_CAP_JOB },
		{ "999999.999999kW", PC_POWER_MAX_UW - 1000, PC_CAP_NODE },
		{ "999999999.999999", PC_POWER_MAX_UW - 1, PC_CAP_NODE },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct pc_cap cap = { 0, PC_CAP_JOB };
		struct pc_error error = { "" };

		if (pc_cap_parse(rows[i].text, &cap, &error) < 0)
			fail_msg("%s: %s", rows[i].text, error.text);
		assert_int_equal(cap.cap_uw, rows[i].uw);
		assert_int_equal(cap.level, rows[i].level);
	}
}

/* Refused by both parsers, but for the levels, which only a cap has. */
static const char *const malformed[] = {
	"", " ", "W", "kW", ".", ".5", "5.", "5.W", "1.2.3", "1,5", "1.1234567", "1.0000000",
	"-1", "+1", "- 1", "1e3", "1E3", "0x10", "0X10", "0b1", "1_000", "inf", "nan", "300 W", " 300", "300 ",
	"300\n", "\n300", "\t300", "300\r", "300w", "300KW", "300kw", "300Kw", "300mW", "300MW", "300GW", "300J",
	"300WW", "300W W", "300kWW", "300k", "300W/", "300//node", "300W/nodes", "300W/Node", "300W/NODE",
	"300W/nod", "300W /node", "300W/ node", "300W/node ", "300W/node/job", "300W/core", "/node", "W/node",
	"300node", "300W-node", "300W\\/node", "9;rm -rf /", "$(reboot)", "`id`", "300W|id", "../../etc/passwd",
	"%s%s%n", "300W%n", "\xef\xbc\x93\xef\xbc\x90W", "300\xc2\xa0W", "300\xce\xa9", "\x01", "\x7f", "300W\x1b[2J",
	"\xff\xfe", "300W\xff", "99999999999999999999999999999W ", "18446744073709551617W/",
};

static void expect_cap(const char *text, int code, const char *sentence)
{
	struct pc_cap cap = { 77, PC_CAP_PACKAGE };
	struct pc_error error = { "" };

	errno = 0;
	if (pc_cap_parse(text, &cap, &error) == 0)
		fail_msg("\"%s\" was taken for %" PRIu64 " uW", text, cap.cap_uw);
	assert_int_equal(errno, code);
	assert_non_null(strstr(error.text, sentence));
	assert_int_equal(strncmp(error.text, "power \"", 7), 0);
	assert_int_equal(cap.cap_uw, 77);
	assert_int_equal(cap.level, PC_CAP_PACKAGE);
}

static void expect_watts(const char *text, int code, const char *sentence)
{
	struct pc_error error = { "" };
	uint64_t uw = 77;

	errno = 0;
	if (pc_watts_parse(text, &uw, &error) == 0)
		fail_msg("\"%s\" was taken for %" PRIu64 " uW", text, uw);
	assert_int_equal(errno, code);
	assert_non_null(strstr(error.text, sentence));
	assert_int_equal(uw, 77);
}

static void malformed_values_are_refused_with_the_grammar(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(malformed); i++) {
		expect_cap(malformed[i], EINVAL, cap_grammar);
		expect_watts(malformed[i], EINVAL, watts_grammar);
	}
	expect_cap(NULL, EINVAL, cap_grammar);
	expect_watts(NULL, EINVAL, watts_grammar);
	expect_watts("300W/node", EINVAL, watts_grammar);
}

static void values_out_of_range_are_refused(void **state)
{
	static const char *const rows[] = {
		"0", "0W", "0.0", "0.000000kW", "000", "1000000000.000001", "1000000001W", "1000000.000001kW",
		"18446744073709.551615", "18446744073709.551616", "18446744073709551615", "18446744073709551616kW",
		"18446744073709551617", "99999999999999999999999999999999999999999999999999W",
		/* Where a careless product would wrap to a small legal power. */
		"18446744073709552000000.384", "18446744073709.6", "18446744073709552kW", "18446744074kW",
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		expect_cap(rows[i], ERANGE, range);
		expect_watts(rows[i], ERANGE, range);
	}
	expect_cap("0/node", ERANGE, "power \"0/node\": out of range");
}

static void the_sentence_shows_the_value_harmless_and_short(void **state)
{
	char text[4096];
	struct pc_cap cap;
	struct pc_error error;

	(void)state;
	memset(text, '9', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(pc_cap_parse(text, &cap, &error), -1);
	assert_int_equal(errno, ERANGE);
	assert_non_null(strstr(error.text, "999...\": out of range"));
	assert_true(strlen(error.text) < 200);

	assert_int_equal(pc_cap_parse("1\"\\\n\x1b[2J\xff", &cap, &error), -1);
	assert_non_null(strstr(error.text, "power \"1\\\"\\\\\\x0a\\x1b[2J\\xff\": not a power"));
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* A second description of the grammar, by regular means and doubles, against the parser. */
static int is_legal(const char *text)
{
	size_t whole = strspn(text, "0123456789");
	const char *rest = text + whole;
	size_t decimals;

	if (!whole)
		return 0;
	if (*rest == '.') {
		decimals = strspn(rest + 1, "0123456789");
		if (decimals < 1 || decimals > 6)
			return 0;
		rest += 1 + decimals;
	}
	if (!strncmp(rest, "kW", 2))
		rest += 2;
	else if (*rest == 'W')
		rest++;
	return !*rest || !strcmp(rest, "/node") || !strcmp(rest, "/package") || !strcmp(rest, "/job");
}

static void ten_thousand_odd_values(void **state)
{
	static const char *const pieces[] = {
		"0", "1", "9", "300", "12", ".", "5", "000001", "W", "kW", "k", "/", "/node", "/package", "/job",
		" ", "-", "+", "e", "x", "\n", "\xff", "99999999999999999999",
	};
	uint64_t seed = 88172645463325252;
	unsigned legal = 0;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		unsigned count = 1 + (unsigned)(next_random(&seed) % 5);
		struct pc_cap cap = { 0, PC_CAP_NODE };
		char text[128] = "";
		int result;

		while (count--)
			strcat(text, pieces[next_random(&seed) % COUNT(pieces)]);
		result = pc_cap_parse(text, &cap, NULL);
		if (is_legal(text) && result < 0)
			assert_int_equal(errno, ERANGE);
		if (!is_legal(text)) {
			assert_int_equal(result, -1);
			assert_int_equal(errno, EINVAL);
		}
		if (result == 0) {
			double watts = strtod(text, NULL) * (strstr(text, "kW") ? 1000 : 1);

			assert_true(cap.cap_uw > 0 && cap.cap_uw <= PC_POWER_MAX_UW);
			assert_true((double)cap.cap_uw > watts * 1e6 * 0.999999 - 1);
			assert_true((double)cap.cap_uw < watts * 1e6 * 1.000001 + 1);
			legal++;
		}
	}
	assert_true(legal > 500);
}

static void every_single_byte_is_refused_but_nonzero_digits(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		const char text[2] = { (char)byte, '\0' };
		struct pc_cap cap;

		if (byte >= '1' && byte <= '9')
			assert_int_equal(pc_cap_parse(text, &cap, NULL), 0);
		else
			expect_cap(text, byte == '0' ? ERANGE : EINVAL, "power");
	}
}

static void bytes_behind_a_nul_are_not_read(void **state)
{
	struct pc_cap cap;

	(void)state;
	assert_int_equal(pc_cap_parse("300W\0/job", &cap, NULL), 0);
	assert_int_equal(cap.level, PC_CAP_NODE);
}

static void printing_is_exact(void **state)
{
	static const struct {
		uint64_t uw;
		const char *text;
	} rows[] = {
		{ 0, "0 W" },
		{ 1, "0.000001 W" },
		{ 100000, "0.1 W" },
		{ 300000000, "300 W" },
		{ 112500000, "112.5 W" },
		{ 112050000, "112.05 W" },
		{ 1000001, "1.000001 W" },
		{ PC_POWER_MAX_UW, "1000000000 W" },
		{ UINT64_MAX, "18446744073709.551615 W" },
	};
	char text[32];

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++)
		assert_string_equal(pc_watts_print(rows[i].uw, text), rows[i].text);
}

static void what_is_printed_parses_to_the_same(void **state)
{
	uint64_t seed = 2463534242;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		uint64_t uw = 1 + next_random(&seed) % PC_POWER_MAX_UW, again;
		char text[32];

		uw >>= next_random(&seed) % 40;
		uw += !uw;
		pc_watts_print(uw, text);
		assert_string_equal(text + strlen(text) - 2, " W");
		strcpy(text + strlen(text) - 2, "W");
		assert_int_equal(pc_watts_parse(text, &again, NULL), 0);
		assert_int_equal(again, uw);
	}
}

static void levels_have_the_names_that_are_parsed(void **state)
{
	(void)state;
	assert_string_equal(pc_cap_level_name(PC_CAP_NODE), "node");
	assert_string_equal(pc_cap_level_name(PC_CAP_PACKAGE), "package");
	assert_string_equal(pc_cap_level_name(PC_CAP_JOB), "job");
}

static void printable_forms(void **state)
{
	static const struct {
		const char *bytes;
		unsigned size;
		const char *text;
	} rows[] = {
		{ "", 1, "" },
		{ NULL, 1, "" },
		{ "abc", 4, "abc" },
		{ "abcd", 4, "..." },
		{ "abcd", 5, "abcd" },
		{ "abcde", 5, "a..." },
		{ "a\nb", 7, "a\\x0ab" },
		{ "a\nb", 6, "a..." },
		{ "ab\ncdefgh", 9, "ab..." },
		{ "ab\ncdefgh", 10, "ab\\x0a..." },
		{ "a", 1, "" },
		{ "ab", 2, "." },
		{ "abc", 3, ".." },
		{ "\\\"", 5, "\\\\\\\"" },
		{ "\\\"", 4, "..." },
		{ "\xc3\xa9", 16, "\\xc3\\xa9" },
		{ " ~\x7f", 16, " ~\\x7f" },
	};
	char text[16];

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		memset(text, '#', sizeof text);
		assert_ptr_equal(pc_printable(rows[i].bytes, text, rows[i].size), text);
		assert_string_equal(text, rows[i].text);
		for (unsigned j = rows[i].size; j < sizeof text; j++)
			assert_int_equal(text[j], '#');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(caps_that_are_legal),
		cmocka_unit_test(malformed_values_are_refused_with_the_grammar),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(the_sentence_shows_the_value_harmless_and_short),
		cmocka_unit_test(ten_thousand_odd_values),
		cmocka_unit_test(every_single_byte_is_refused_but_nonzero_digits),
		cmocka_unit_test(bytes_behind_a_nul_are_not_read),
		cmocka_unit_test(printing_is_exact),
		cmocka_unit_test(what_is_printed_parses_to_the_same),
		cmocka_unit_test(levels_have_the_names_that_are_parsed),
		cmocka_unit_test(printable_forms),
	};

	return cmocka_run_group_tests_name("power_option", tests, NULL, NULL) ? 1 : 0;
}

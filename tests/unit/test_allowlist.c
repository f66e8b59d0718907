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

#include "allowlist.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])
#define TEXT(literal) (literal), sizeof (literal) - 1

static void parse(struct pc_allowlist *list, const char *text)
{
	struct pc_error error = { "" };

	if (pc_allowlist_parse(list, "list", text, strlen(text), &error) < 0)
		fail_msg("%s: %s", text, error.text);
}

static void expect_text(const struct pc_allowlist *list, const char *expected)
{
	size_t length;
	char *text = pc_allowlist_print(list, &length);

	assert_non_null(text);
	assert_string_equal(text, expected);
	assert_int_equal(length, strlen(expected));
	free(text);
}

static void lists_that_are_legal(void **state)
{
	static const struct {
		const char *text, *canonical;
	} rows[] = {
		{ "", "\n" },
		{ "\n", "\n" },
		{ "#\n", "\n" },
		{ "\r\n", "\n" },
		{ "# nothing\n\n \t\n  # granted\n", "\n" },
		{ "0 0\n", "0x00000000 0x0000000000000000\n" },
		{ "0x610 0x00ffffff00ffffff\n", "0x00000610 0x00FFFFFF00FFFFFF\n" },
		{ "1552 255\n", "0x00000610 0x00000000000000FF\n" },
		{ "  \t0X610\t0XfF  \t\n", "0x00000610 0x00000000000000FF\n" },
		{ "0x610 0x0 # package limit\n", "0x00000610 0x0000000000000000\n" },
		{ "0x610 0x0\t#\n", "0x00000610 0x0000000000000000\n" },
		{ "0x610 0x0 # \xc2\xb5W \x01\xff ## # 0x611 0x0\n", "0x00000610 0x0000000000000000\n" },
		{ "0x610 0x0\r\n# c\r\n0x611 0x1\r\n", "0x00000610 0x0000000000000000\n0x00000611 0x0000000000000001\n" },
		{ "0x611 1\n0x610 2\n0x0 3\n",
		  "0x00000000 0x0000000000000003\n0x00000610 0x0000000000000002\n0x00000611 0x0000000000000001\n" },
		{ "0xffffffff 0xffffffffffffffff\n", "0xFFFFFFFF 0xFFFFFFFFFFFFFFFF\n" },
		{ "4294967295 18446744073709551615\n", "0xFFFFFFFF 0xFFFFFFFFFFFFFFFF\n" },
		{ "0x0000000000000000000000610 0x0000000000000000000000000000ff\n", "0x00000610 0x00000000000000FF\n" },
		/* What msr-safe prints itself, 1.7 and later, 1.1 to 1.6, and 1.0. */
		{ "#MSR       Write mask        \n0x00000610 0x00FFFFFF00FFFFFF\n", "0x00000610 0x00FFFFFF00FFFFFF\n" },
		{ "# MSR # Write Mask # Comment\n0x00000610 0x00FFFFFF00FFFFFF\n", "0x00000610 0x00FFFFFF00FFFFFF\n" },
		{ "# MSR\t\tWrite Mask\t\t# Comment\n0x00000610\t0x00ffffff00ffffff\n", "0x00000610 0x00FFFFFF00FFFFFF\n" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct pc_allowlist list, again;

		parse(&list, rows[i].text);
		expect_text(&list, rows[i].canonical);
		parse(&again, rows[i].canonical);
		assert_true(pc_allowlist_equal(&list, &again));
		pc_allowlist_free(&list);
		pc_allowlist_free(&again);
	}
}

static void lists_that_are_refused(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		int code;
		const char *sentence;
	} rows[] = {
		{ TEXT("0610 0x0\n"), EINVAL, "list:1:1: \"0610\": a leading zero makes the kernel read octal; "
		  "write 0x before hexadecimal digits, or no zero" },
		{ TEXT("0x610 00\n"), EINVAL, "list:1:7: \"00\": a leading zero" },
		{ TEXT("0x610 0x0\n 0x611 017\n"), EINVAL, "list:2:8: \"017\": a leading zero" },
		{ TEXT("0x100000000 0x0\n"), ERANGE, "list:1:1: \"0x100000000\": an address over 32 bits: the kernel "
		  "takes it and never finds it" },
		{ TEXT("4294967296 0\n"), ERANGE, "list:1:1: \"4294967296\": an address over 32 bits" },
		{ TEXT("0x610 0x10000000000000000\n"), ERANGE, "list:1:7: \"0x10000000000000000\": a number over 64 bits" },
		{ TEXT("0x610 18446744073709551616\n"), ERANGE, "list:1:7: \"18446744073709551616\": a number over 64 bits" },
		{ TEXT("184467440737095516150 0\n"), ERANGE, "list:1:1: \"184467440737095516150\": a number over 64 bits" },
		{ TEXT("0x610 0x1\n0x611 0x0\n0x612 0x0\n0x610 0x2\n"), ENOTUNIQ, "list:4:1: 0x610 stands on line 1 already: "
		  "a duplicate empties the kernel's list; keep one of them" },
		{ TEXT("\n# c\n  0x611 0\n1552 1\n\n\t0x610 1\n"), ENOTUNIQ, "list:6:2: 0x610 stands on line 4 already" },
		{ TEXT("0x610\n"), EINVAL, "list:1:1: an address without a mask: the kernel would take the next line's "
		  "address for it; write 0 where nothing may be written" },
		{ TEXT("0x610 0\n 0x611 \t\n0x612 0\n"), EINVAL, "list:2:2: an address without a mask" },
		{ TEXT("0x610\r\n"), EINVAL, "list:1:1: an address without a mask" },
		{ TEXT("0x610 0 0x611\n"), EINVAL, "list:1:9: more than an address and a mask: the kernel would take it for "
		  "the next entry's address; put one entry on a line" },
		{ TEXT("0x610 0 0x611 0\n"), EINVAL, "list:1:9: more than an address" },
		{ TEXT("0x610 0 PL1\n"), EINVAL, "list:1:9: more than an address" },
		{ TEXT("0x610 # mask\n"), EINVAL, "list:1:7: a comment between an address and its mask: the kernel "
		  "refuses the list; put it behind the mask" },
		{ TEXT("0x610 0x0# c\n"), EINVAL, "list:1:7: \"0x0#\": a comment may not touch a number; put a blank before the #" },
		{ TEXT("0x610# 0x0\n"), EINVAL, "list:1:1: \"0x610#\": a comment may not touch a number" },
		{ TEXT("0x610 0x0"), EINVAL, "list:1:10: the last line has no newline: the kernel refuses the list; add one" },
		{ TEXT("0x610 0x0\n# end"), EINVAL, "list:2:6: the last line has no newline" },
		{ TEXT("0x610 0x0\n "), EINVAL, "list:2:2: the last line has no newline" },
		{ TEXT("0x610 0x0\n\0\n0x611 0\n"), EINVAL, "list:2:1: a NUL byte: the kernel stops reading here" },
		{ TEXT("# c\0\n"), EINVAL, "list:1:4: a NUL byte" },
		{ TEXT("0x610 0x0\n\0"), EINVAL, "list:2:1: a NUL byte" },
		{ TEXT("\0"), EINVAL, "list:1:1: a NUL byte" },
		{ TEXT("# c\r0x610 0x0\n"), EINVAL, "list:1:4: a carriage return inside a line: the kernel's comments run on "
		  "to the next newline; end lines with newlines" },
		{ TEXT("0x610 0x0\r0x611 0x0\r"), EINVAL, "list:1:10: a carriage return inside a line" },
		{ TEXT("0x610 0x0\n\r"), EINVAL, "list:2:1: a carriage return inside a line" },
		{ TEXT("0x610 0x0\r\r\n"), EINVAL, "list:1:10: a carriage return inside a line" },
		{ TEXT("0x 0\n"), EINVAL, "list:1:1: \"0x\": a number ends after its 0x" },
		{ TEXT("0x610 0X\n"), EINVAL, "list:1:7: \"0X\": a number ends after its 0x" },
		{ TEXT("+1 0\n"), EINVAL, "list:1:1: \"+1\": not a number; write decimal or 0x and hexadecimal digits" },
		{ TEXT("-1 0\n"), EINVAL, "list:1:1: \"-1\": not a number" },
		{ TEXT("610h 0\n"), EINVAL, "list:1:1: \"610h\": not a number" },
		{ TEXT("0a 0\n"), EINVAL, "list:1:1: \"0a\": not a number" },
		{ TEXT("ff 0\n"), EINVAL, "list:1:1: \"ff\": not a number" },
		{ TEXT("0x6g0 0\n"), EINVAL, "list:1:1: \"0x6g0\": not a number" },
		{ TEXT("0x610,0x0\n"), EINVAL, "list:1:1: \"0x610,0x0\": not a number" },
		{ TEXT("0x610 0x0;\n"), EINVAL, "list:1:7: \"0x0;\": not a number" },
		{ TEXT("0x0x1 0\n"), EINVAL, "list:1:1: \"0x0x1\": not a number" },
		{ TEXT("0x610\v0x0\n"), EINVAL, "list:1:1: \"0x610\\x0b0x0\": not a number" },
		{ TEXT("0x610\xa0" "0x0\n"), EINVAL, "list:1:1: \"0x610\\xa00x0\": not a number" },
		{ TEXT("\xef\xbb\xbf" "0x610 0\n"), EINVAL, "list:1:1: \"\\xef\\xbb\\xbf0x610\": not a number" },
		{ TEXT("// c\n"), EINVAL, "list:1:1: \"//\": not a number" },
		{ TEXT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 0\n"), EINVAL,
		  "list:1:1: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": not a number" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct pc_allowlist list = { 7, 7, NULL };
		struct pc_error error = { "" };
		char *exact = malloc(rows[i].length ? rows[i].length : 1);

		memcpy(exact, rows[i].text, rows[i].length);     /* so that a read past the end shows */
		errno = 0;
		if (pc_allowlist_parse(&list, "list", exact, rows[i].length, &error) == 0)
			fail_msg("taken: %s", rows[i].text);
		assert_int_equal(errno, rows[i].code);
		if (strncmp(error.text, rows[i].sentence, strlen(rows[i].sentence)))
			fail_msg("\"%s\" instead of \"%s\"", error.text, rows[i].sentence);
		assert_int_equal(list.count, 0);
		assert_null(list.entry);
		free(exact);
	}
}

/* In few bytes, so that the number of entries is what is too large. */
static int parse_many(unsigned count, struct pc_allowlist *list, struct pc_error *error)
{
	char *text = malloc((size_t)count * 40 + 1);
	size_t length = 0;
	int result;

	for (unsigned i = 0; i < count; i++)
		length += (size_t)sprintf(text + length, "%u 0\n", i);
	result = pc_allowlist_parse(list, "list", text, length, error);
	free(text);
	return result;
}

static void a_long_token_is_shown_shortened(void **state)
{
	struct pc_allowlist list;
	struct pc_error error;
	char text[64], shown[64];

	(void)state;
	for (size_t length = 30; length < 50; length++) {
		memset(text, 'z', length);
		strcpy(text + length, " 0\n");
		assert_int_equal(pc_allowlist_parse(&list, "list", text, length + 3, &error), -1);
		snprintf(shown, sizeof shown, "list:1:1: \"%.*s\": not a number", (int)(length < 39 ? length : 39), text);
		assert_int_equal(strncmp(error.text, shown, strlen(shown)), 0);
	}
}

static void the_longest_list_is_taken_and_one_more_is_not(void **state)
{
	struct pc_allowlist list, one = PC_ALLOWLIST_EMPTY, both;
	struct pc_error error;
	size_t length;
	char *text;

	(void)state;
	assert_int_equal(parse_many(PC_ALLOWLIST_ENTRIES_MAX, &list, &error), 0);
	assert_int_equal(list.count, PC_ALLOWLIST_ENTRIES_MAX);
	text = pc_allowlist_print(&list, &length);
	assert_true(length + PC_ALLOWLIST_LINE <= PC_ALLOWLIST_TEXT_MAX);
	free(text);

	assert_int_equal(pc_allowlist_add(&list, 7, 1, &error), 0);      /* there already */
	assert_int_equal(pc_allowlist_add(&list, UINT32_MAX, 1, &error), -1);
	assert_int_equal(errno, E2BIG);
	assert_string_equal(error.text, "allowlist: more than 4368 entries: msr-safe takes 131072 bytes in one "
			    "write; leave out registers that nobody needs");
	assert_int_equal(list.count, PC_ALLOWLIST_ENTRIES_MAX);

	assert_int_equal(pc_allowlist_add(&one, UINT32_MAX, 1, &error), 0);
	assert_int_equal(pc_allowlist_union(&both, &list, &one, &error), -1);
	assert_int_equal(errno, E2BIG);
	assert_null(both.entry);
	pc_allowlist_free(&one);
	pc_allowlist_free(&list);

	assert_int_equal(parse_many(PC_ALLOWLIST_ENTRIES_MAX + 1, &list, &error), -1);
	assert_int_equal(errno, E2BIG);
	assert_int_equal(strncmp(error.text, "list:4369: allowlist: more than 4368 entries", 44), 0);
	assert_null(list.entry);
}

static void a_text_over_128_kib_is_refused(void **state)
{
	struct pc_allowlist list;
	struct pc_error error;
	char *text = malloc(PC_ALLOWLIST_TEXT_MAX + 1);

	(void)state;
	memset(text, '#', PC_ALLOWLIST_TEXT_MAX);
	text[PC_ALLOWLIST_TEXT_MAX - 1] = '\n';
	assert_int_equal(pc_allowlist_parse(&list, "list", text, PC_ALLOWLIST_TEXT_MAX, &error), 0);
	pc_allowlist_free(&list);
	text[PC_ALLOWLIST_TEXT_MAX] = '\n';
	assert_int_equal(pc_allowlist_parse(&list, "list", text, PC_ALLOWLIST_TEXT_MAX + 1, &error), -1);
	assert_int_equal(errno, E2BIG);
	assert_string_equal(error.text, "list: 131073 bytes: the kernel takes at most 131072 in one write; "
			    "leave out comments or entries");
	free(text);
}

static void an_address_added_twice_gets_both_masks(void **state)
{
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	uint64_t mask = 5;

	(void)state;
	assert_int_equal(pc_allowlist_find(&list, 0x610, &mask), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mask, 5);
	assert_int_equal(pc_allowlist_add(&list, 0x610, 0x10, NULL), 0);
	assert_int_equal(pc_allowlist_add(&list, 0x610, 0x01, NULL), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(pc_allowlist_find(&list, 0x610, &mask), 0);
	assert_int_equal(mask, 0x11);
	assert_int_equal(pc_allowlist_find(&list, 0x611, &mask), -1);
	assert_int_equal(pc_allowlist_find(&list, 0x60f, &mask), -1);
	pc_allowlist_free(&list);
	assert_int_equal(list.count, 0);
	pc_allowlist_free(&list);
	assert_int_equal(pc_allowlist_add(&list, 1, 1, NULL), 0);        /* usable again */
	pc_allowlist_free(&list);
}

static void set_operations_by_example(void **state)
{
	struct pc_allowlist a, b, out;

	(void)state;
	parse(&a, "1 0xf0\n2 0\n3 0\n4 0xff\n6 1\n");
	parse(&b, "1 0x3c\n2 0\n4 0xff\n5 7\n6 0\n");
	assert_int_equal(pc_allowlist_union(&out, &a, &b, NULL), 0);
	expect_text(&out, "0x00000001 0x00000000000000FC\n0x00000002 0x0000000000000000\n"
			  "0x00000003 0x0000000000000000\n0x00000004 0x00000000000000FF\n"
			  "0x00000005 0x0000000000000007\n0x00000006 0x0000000000000001\n");
	pc_allowlist_free(&out);
	/* 3 has no bits, and b lacks it: reading it is something that only a allows. */
	assert_int_equal(pc_allowlist_difference(&out, &a, &b, NULL), 0);
	expect_text(&out, "0x00000001 0x00000000000000C0\n0x00000003 0x0000000000000000\n"
			  "0x00000006 0x0000000000000001\n");
	pc_allowlist_free(&out);
	assert_int_equal(pc_allowlist_subset(&a, &b), 0);
	pc_allowlist_free(&a);
	parse(&a, "1 0x04\n2 0\n");
	assert_int_equal(pc_allowlist_subset(&a, &b), 1);
	pc_allowlist_free(&a);
	parse(&a, "3 0\n");
	assert_int_equal(pc_allowlist_subset(&a, &b), 0);
	pc_allowlist_free(&a);
	pc_allowlist_free(&b);
}

static void equality_sees_every_part(void **state)
{
	struct pc_allowlist a, b;
	static const char *const others[] = { "\n", "1 2\n", "1 2\n3 5\n", "1 2\n5 4\n", "1 2\n3 4\n5 6\n" };

	(void)state;
	parse(&a, "1 2\n3 4\n");
	for (unsigned i = 0; i < COUNT(others); i++) {
		parse(&b, others[i]);
		assert_int_equal(pc_allowlist_equal(&a, &b), 0);
		assert_int_equal(pc_allowlist_equal(&b, &a), 0);
		pc_allowlist_free(&b);
	}
	assert_int_equal(pc_allowlist_copy(&b, &a, NULL), 0);
	assert_int_equal(pc_allowlist_equal(&a, &b), 1);
	pc_allowlist_free(&a);
	pc_allowlist_free(&b);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Few addresses and few bits, so that lists overlap in every way. */
static struct pc_allowlist random_list(uint64_t *seed)
{
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;

	for (uint64_t count = next_random(seed) % 12; count--;)
		assert_int_equal(pc_allowlist_add(&list, (uint32_t)(next_random(seed) % 10),
						  next_random(seed) & 7, NULL), 0);
	return list;
}

static void is_canonical(const struct pc_allowlist *list)
{
	for (unsigned i = 1; i < list->count; i++)
		assert_true(list->entry[i - 1].msr < list->entry[i].msr);
}

/* What list says of one bit (64: of reading) of one address. */
static int allows(const struct pc_allowlist *list, uint32_t msr, unsigned bit)
{
	uint64_t mask;

	if (pc_allowlist_find(list, msr, &mask) < 0)
		return 0;
	return bit == 64 || (mask >> bit & 1);
}

static void check_pointwise(const struct pc_allowlist *a, const struct pc_allowlist *b,
			    const struct pc_allowlist *both, const struct pc_allowlist *only_a)
{
	for (uint32_t msr = 0; msr < 10; msr++)
		for (unsigned bit = 0; bit <= 3; bit++) {
			unsigned which = bit == 3 ? 64 : bit;

			assert_int_equal(allows(both, msr, which), allows(a, msr, which) || allows(b, msr, which));
			if (which < 64)
				assert_int_equal(allows(only_a, msr, which),
						 allows(a, msr, which) && !allows(b, msr, which));
		}
}

static void set_operations_keep_their_laws(void **state)
{
	uint64_t seed = 88172645463325252;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		struct pc_allowlist a = random_list(&seed), b = random_list(&seed);
		struct pc_allowlist ab, ba, a_b, rebuilt, none, self;

		assert_int_equal(pc_allowlist_union(&ab, &a, &b, NULL), 0);
		assert_int_equal(pc_allowlist_union(&ba, &b, &a, NULL), 0);
		assert_int_equal(pc_allowlist_difference(&a_b, &a, &b, NULL), 0);
		assert_int_equal(pc_allowlist_union(&rebuilt, &b, &a_b, NULL), 0);
		assert_int_equal(pc_allowlist_difference(&none, &a_b, &a, NULL), 0);
		assert_int_equal(pc_allowlist_union(&self, &a, &a, NULL), 0);

		is_canonical(&ab);
		is_canonical(&a_b);
		check_pointwise(&a, &b, &ab, &a_b);
		assert_true(pc_allowlist_equal(&ab, &ba));
		assert_true(pc_allowlist_equal(&self, &a));
		assert_true(pc_allowlist_equal(&rebuilt, &ab));
		assert_int_equal(none.count, 0);
		assert_true(pc_allowlist_subset(&a, &ab) && pc_allowlist_subset(&b, &ab));
		assert_true(pc_allowlist_subset(&a_b, &a));
		assert_int_equal(pc_allowlist_subset(&a, &b), a_b.count == 0);
		assert_int_equal(pc_allowlist_subset(&a, &b), pc_allowlist_equal(&ab, &b));
		assert_int_equal(pc_allowlist_equal(&a, &b), pc_allowlist_subset(&a, &b) && pc_allowlist_subset(&b, &a));

		pc_allowlist_free(&a);
		pc_allowlist_free(&b);
		pc_allowlist_free(&ab);
		pc_allowlist_free(&ba);
		pc_allowlist_free(&a_b);
		pc_allowlist_free(&rebuilt);
		pc_allowlist_free(&none);
		pc_allowlist_free(&self);
	}
}

static void random_lists_survive_printing(void **state)
{
	uint64_t seed = 2463534242;

	(void)state;
	for (unsigned round = 0; round < 1000; round++) {
		struct pc_allowlist list = PC_ALLOWLIST_EMPTY, again;
		size_t length;
		char *text;

		for (uint64_t count = next_random(&seed) % 100; count--;)
			assert_int_equal(pc_allowlist_add(&list, (uint32_t)next_random(&seed),
							  next_random(&seed), NULL), 0);
		text = pc_allowlist_print(&list, &length);
		assert_non_null(text);
		assert_int_equal(length, list.count ? list.count * PC_ALLOWLIST_LINE : 1);
		assert_int_equal(pc_allowlist_parse(&again, "list", text, length, NULL), 0);
		assert_true(pc_allowlist_equal(&list, &again));
		free(text);
		pc_allowlist_free(&list);
		pc_allowlist_free(&again);
	}
}

static void every_errno_of_a_list_write_has_its_sentence(void **state)
{
	static const struct {
		int code;
		const char *part;
	} rows[] = {
		{ EILSEQ, "end its last line with a newline" },
		{ ENOMSG, "so the old one stays" },
		{ ENOTUNIQ, "msr-safe has emptied its list" },
		{ E2BIG, "longer than the 128 KiB" },
		{ EINVAL, "pmctl allowlist check" },
		{ ERANGE, "over 64 bits" },
		{ ENOMEM, "msr-safe's is empty now" },
		{ EFAULT, "the old one stays" },
		{ EACCES, "is for root" },
		{ EPERM, "is for root" },
		{ ENOENT, "modprobe msr-safe" },
		{ ENXIO, "a module that is gone" },
		{ ENODEV, "a module that is gone" },
		{ EIO, "is not what was written" },
		{ EDOM, "its reason stands in dmesg" },
		{ 0, "its reason stands in dmesg" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++)
		assert_non_null(strstr(pc_allowlist_errno_text(rows[i].code), rows[i].part));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_that_are_legal),
		cmocka_unit_test(lists_that_are_refused),
		cmocka_unit_test(a_long_token_is_shown_shortened),
		cmocka_unit_test(the_longest_list_is_taken_and_one_more_is_not),
		cmocka_unit_test(a_text_over_128_kib_is_refused),
		cmocka_unit_test(an_address_added_twice_gets_both_masks),
		cmocka_unit_test(set_operations_by_example),
		cmocka_unit_test(equality_sees_every_part),
		cmocka_unit_test(set_operations_keep_their_laws),
		cmocka_unit_test(random_lists_survive_printing),
		cmocka_unit_test(every_errno_of_a_list_write_has_its_sentence),
	};

	return cmocka_run_group_tests_name("allowlist", tests, NULL, NULL) ? 1 : 0;
}

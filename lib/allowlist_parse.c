/* SPDX-License-Identifier: BSD-3-Clause */
#include "allowlist.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "power_option.h"

/*
 * The kernel's parser (msr-safe, msr_allowlist.c) knows no lines: it takes pairs
 * of numbers between white space, and reads # as a comment only where an entry may
 * begin.  This one takes the part of that language that people cannot misread.
 */
struct scanner {
	const char *name;
	const char *text;
	size_t length;
	size_t at;               /* next byte */
	size_t line_start;
	unsigned line;
	struct pc_error *error;
};

/* "NAME:LINE:COLUMN: what", for the byte at `at` of the present line. */
static int refuse(const struct scanner *scan, size_t at, int code, const char *what)
{
	return pc_fail(scan->error, code, "%s:%u:%zu: %s", scan->name, scan->line,
		       at - scan->line_start + 1, what);
}

static int refuse_token(const struct scanner *scan, size_t start, int code, const char *what)
{
	char bytes[40], shown[48];
	size_t length = scan->at - start;

	if (length >= sizeof bytes)
		length = sizeof bytes - 1;
	memcpy(bytes, scan->text + start, length);
	bytes[length] = '\0';
	return pc_fail(scan->error, code, "%s:%u:%zu: \"%s\": %s", scan->name, scan->line,
		       start - scan->line_start + 1, pc_printable(bytes, shown, sizeof shown), what);
}

static char peek(const struct scanner *scan)
{
	return scan->text[scan->at];     /* a last newline ends every line: see check_text() */
}

static void skip_blanks(struct scanner *scan)
{
	while (peek(scan) == ' ' || peek(scan) == '\t')
		scan->at++;
}

static void skip_to_line_end(struct scanner *scan)
{
	while (peek(scan) != '\n')
		scan->at++;
}

static void next_line(struct scanner *scan)
{
	scan->at++;
	scan->line++;
	scan->line_start = scan->at;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Takes the token that begins here; returns where it began. */
static size_t take_token(struct scanner *scan)
{
	size_t start = scan->at;

	while (!strchr(" \t\r\n", peek(scan)))
		scan->at++;
	return start;
}

static int convert(const struct scanner *scan, size_t start, unsigned base, uint64_t *number)
{
	size_t first = base == 16 ? start + 2 : start;

	if (first == scan->at)
		return refuse_token(scan, start, EINVAL, "a number ends after its 0x");
	*number = 0;
	for (size_t i = first; i < scan->at; i++) {
		unsigned digit = (unsigned)digit_value(scan->text[i]);

		if (digit >= base)
			return refuse_token(scan, start, EINVAL, scan->text[i] == '#'
				? "a comment may not touch a number; put a blank before the #"
				: "not a number; write decimal or 0x and hexadecimal digits");
		if (*number > (UINT64_MAX - digit) / base)
			return refuse_token(scan, start, ERANGE, "a number over 64 bits");
		*number = *number * base + digit;
	}
	return 0;
}

static int take_number(struct scanner *scan, size_t *start, uint64_t *number)
{
	const char *token;

	*start = take_token(scan);
	token = scan->text + *start;
	if (token[0] == '0' && (token[1] == 'x' || token[1] == 'X'))
		return convert(scan, *start, 16, number);
	if (token[0] == '0' && digit_value(token[1]) < 10)
		return refuse_token(scan, *start, EINVAL, "a leading zero makes the kernel read "
				    "octal; write 0x before hexadecimal digits, or no zero");
	return convert(scan, *start, 10, number);
}

static int take_address(struct scanner *scan, size_t *start, uint32_t *msr)
{
	uint64_t number;

	if (take_number(scan, start, &number) < 0)
		return -1;
	if (number > UINT32_MAX)
		return refuse_token(scan, *start, ERANGE,
				    "an address over 32 bits: the kernel takes it and never finds it");
	*msr = (uint32_t)number;
	return 0;
}

/* The rest of a line: blanks, then perhaps a comment, then its end. */
static int take_line_end(struct scanner *scan)
{
	skip_blanks(scan);
	if (peek(scan) == '#')
		skip_to_line_end(scan);
	if (peek(scan) == '\r')
		scan->at++;
	if (peek(scan) != '\n')
		return refuse(scan, scan->at, EINVAL, "more than an address and a mask: the kernel would "
			      "take it for the next entry's address; put one entry on a line");
	return 0;
}

static int take_mask(struct scanner *scan, size_t address, uint64_t *mask)
{
	size_t start;

	skip_blanks(scan);
	if (peek(scan) == '#')
		return refuse(scan, scan->at, EINVAL, "a comment between an address and its mask: "
			      "the kernel refuses the list; put it behind the mask");
	if (peek(scan) == '\r' || peek(scan) == '\n')
		return refuse(scan, address, EINVAL, "an address without a mask: the kernel would take "
			      "the next line's address for it; write 0 where nothing may be written");
	return take_number(scan, &start, mask);
}

/* Advances to the next entry and takes it, up to the end of its line: 1, at the end of the text
 * 0, or -1. */
static int take_entry(struct scanner *scan, size_t *address, struct pc_allow_entry *entry)
{
	for (; scan->at < scan->length; next_line(scan)) {
		skip_blanks(scan);
		if (!strchr("#\r\n", peek(scan))) {
			if (take_address(scan, address, &entry->msr) < 0 ||
			    take_mask(scan, *address, &entry->mask) < 0 || take_line_end(scan) < 0)
				return -1;
			return 1;
		}
		skip_to_line_end(scan);
	}
	return 0;
}

/* The line on which an address stands first; the text is known to be well formed so far. */
static unsigned first_line_of(const struct scanner *scan, uint32_t msr)
{
	struct scanner again = *scan;
	struct pc_allow_entry entry = { 0, 0 };
	size_t address;

	again.at = again.line_start = 0;
	again.line = 1;
	while (take_entry(&again, &address, &entry) > 0 && entry.msr != msr)
		;
	return again.line;
}

static int refuse_duplicate(const struct scanner *scan, size_t address, uint32_t msr)
{
	char what[128];

	snprintf(what, sizeof what, "0x%" PRIX32 " stands on line %u already: a duplicate empties "
		 "the kernel's list; keep one of them", msr, first_line_of(scan, msr));
	return refuse(scan, address, ENOTUNIQ, what);
}

/* What can be said of the text as a whole; afterwards every line ends in a newline,
 * and a carriage return stands before a newline only. */
static int check_text(struct scanner *scan)
{
	if (scan->length > PC_ALLOWLIST_TEXT_MAX)
		return pc_fail(scan->error, E2BIG, "%s: %zu bytes: the kernel takes at most %d in one "
			       "write; leave out comments or entries", scan->name, scan->length,
			       PC_ALLOWLIST_TEXT_MAX);
	for (; scan->at < scan->length; scan->at++) {
		if (peek(scan) == '\0')
			return refuse(scan, scan->at, EINVAL, "a NUL byte: the kernel stops reading here");
		if (peek(scan) == '\r' && (scan->at + 1 == scan->length || scan->text[scan->at + 1] != '\n'))
			return refuse(scan, scan->at, EINVAL, "a carriage return inside a line: the "
				      "kernel's comments run on to the next newline; end lines with newlines");
		if (peek(scan) == '\n') {
			scan->line++;
			scan->line_start = scan->at + 1;
		}
	}
	if (scan->length && scan->text[scan->length - 1] != '\n')
		return refuse(scan, scan->length, EINVAL, "the last line has no newline: the kernel "
			      "refuses the list; add one");
	scan->at = scan->line_start = 0;
	scan->line = 1;
	return 0;
}

static int parse_entries(struct pc_allowlist *list, struct scanner *scan)
{
	struct pc_allow_entry entry;
	size_t address;
	uint64_t mask;
	int more;

	while ((more = take_entry(scan, &address, &entry)) > 0) {
		if (!pc_allowlist_find(list, entry.msr, &mask))
			return refuse_duplicate(scan, address, entry.msr);
		if (pc_allowlist_add(list, entry.msr, entry.mask, scan->error) < 0)
			return pc_fail_within(scan->error, "%s:%u", scan->name, scan->line);
	}
	return more;
}

int pc_allowlist_parse(struct pc_allowlist *list, const char *name, const char *text,
		       size_t length, struct pc_error *error)
{
	struct scanner scan = { name, text, length, 0, 0, 1, error };

	*list = PC_ALLOWLIST_EMPTY;
	if (check_text(&scan) == 0 && parse_entries(list, &scan) == 0)
		return 0;
	pc_allowlist_free(list);
	return -1;
}

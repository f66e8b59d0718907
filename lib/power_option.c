/* SPDX-License-Identifier: BSD-3-Clause */
#include "power_option.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define UW_PER_W UINT64_C(1000000)
#define DECIMALS 6
#define SHOWN 64                         /* of a hostile value, in a sentence */

static const struct {
	const char *suffix;
	uint64_t uw;
} units[] = {
	{ "kW", 1000 * UW_PER_W },
	{ "W", UW_PER_W },
	{ "", UW_PER_W },
};

static const char *const level_names[] = {
	[PC_CAP_NODE] = "node",
	[PC_CAP_PACKAGE] = "package",
	[PC_CAP_JOB] = "job",
};
#define LEVELS (sizeof level_names / sizeof level_names[0])

static const char cap_grammar[] =
	"write WATTS[W|kW][/node|/package|/job], for example 300W, 112.5W/package or 20kW/job";
static const char watts_grammar[] = "write WATTS[W|kW], for example 300W, 112.5W or 1.2kW";

/* isdigit() and strtoull() would bring the locale, white space and signs. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Appends one decimal digit; a number too large stays at UINT64_MAX, which is out of
 * every range. */
static uint64_t append_digit(uint64_t number, char digit)
{
	uint64_t value = (uint64_t)(digit - '0');

	if (number > (UINT64_MAX - value) / 10)
		return UINT64_MAX;
	return number * 10 + value;
}

/* Digits[.digits] in millionths; returns where it ends, NULL where it is no number. */
static const char *scan_number(const char *text, uint64_t *millionths)
{
	unsigned decimals = 0;
	uint64_t number = 0;

	if (!is_digit(*text))
		return NULL;
	for (; is_digit(*text); text++)
		number = append_digit(number, *text);
	if (*text == '.') {
		for (text++; is_digit(*text) && decimals < DECIMALS; text++, decimals++)
			number = append_digit(number, *text);
		if (!decimals || is_digit(*text))
			return NULL;
	}
	for (; decimals < DECIMALS; decimals++)
		number = append_digit(number, '0');
	*millionths = number;
	return text;
}

static uint64_t scale(uint64_t millionths, uint64_t unit_uw)
{
	uint64_t factor = unit_uw / UW_PER_W;

	return millionths > UINT64_MAX / factor ? UINT64_MAX : millionths * factor;
}

/* Which unit stands in text[0..length); -1 where it is none. */
static int find_unit(const char *text, size_t length)
{
	for (unsigned i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strlen(units[i].suffix) == length && !memcmp(units[i].suffix, text, length))
			return (int)i;
	return -1;
}

/* Text up to end (its NUL, or the slash before a level) as a power. */
static int scan_watts(const char *text, const char *end, uint64_t *uw)
{
	uint64_t millionths;
	const char *suffix = scan_number(text, &millionths);
	int unit = suffix ? find_unit(suffix, (size_t)(end - suffix)) : -1;

	if (unit < 0)
		return -1;
	*uw = scale(millionths, units[unit].uw);
	return 0;
}

static int find_level(const char *text, enum pc_cap_level *level)
{
	for (unsigned i = 0; i < LEVELS; i++)
		if (!strcmp(text, level_names[i])) {
			*level = (enum pc_cap_level)i;
			return 0;
		}
	return -1;
}

static int refuse(const char *text, const char *grammar, struct pc_error *error)
{
	char shown[SHOWN];

	return pc_fail(error, EINVAL, "power \"%s\": not a power; %s",
		       pc_printable(text, shown, sizeof shown), grammar);
}

static int check_range(const char *text, uint64_t uw, struct pc_error *error)
{
	char shown[SHOWN];

	if (uw > 0 && uw <= PC_POWER_MAX_UW)
		return 0;
	return pc_fail(error, ERANGE,
		       "power \"%s\": out of range; it must be more than 0 W and at most 1000000 kW",
		       pc_printable(text, shown, sizeof shown));
}

int pc_watts_parse(const char *text, uint64_t *uw, struct pc_error *error)
{
	uint64_t parsed;

	if (!text || scan_watts(text, text + strlen(text), &parsed) < 0)
		return refuse(text, watts_grammar, error);
	if (check_range(text, parsed, error) < 0)
		return -1;
	*uw = parsed;
	return 0;
}

int pc_cap_parse(const char *text, struct pc_cap *cap, struct pc_error *error)
{
	struct pc_cap parsed = { 0, PC_CAP_NODE };
	const char *end;

	if (!text)
		return refuse(text, cap_grammar, error);
	end = strchrnul(text, '/');
	if (scan_watts(text, end, &parsed.cap_uw) < 0 ||
	    (*end && find_level(end + 1, &parsed.level) < 0))
		return refuse(text, cap_grammar, error);
	if (check_range(text, parsed.cap_uw, error) < 0)
		return -1;
	*cap = parsed;
	return 0;
}

const char *pc_watts_print(uint64_t uw, char text[32])
{
	int length = snprintf(text, 32, "%" PRIu64 ".%06" PRIu64, uw / UW_PER_W, uw % UW_PER_W);

	while (text[length - 1] == '0')
		length--;
	if (text[length - 1] == '.')
		length--;
	strcpy(text + length, " W");
	return text;
}

const char *pc_cap_level_name(enum pc_cap_level level)
{
	return level_names[level];
}

/* One byte in its printable form; returns how many characters that took. */
static unsigned escape(unsigned char byte, char form[5])
{
	if (byte == '\\' || byte == '"')
		return (unsigned)snprintf(form, 5, "\\%c", byte);
	if (byte >= ' ' && byte <= '~')
		return (unsigned)snprintf(form, 5, "%c", byte);
	return (unsigned)snprintf(form, 5, "\\x%02x", byte);
}

const char *pc_printable(const char *bytes, char *text, unsigned size)
{
	unsigned used = 0, cut = 0;      /* cut: the last place where "..." still fits */
	char form[5];

	for (; bytes && *bytes; bytes++) {
		unsigned length = escape((unsigned char)*bytes, form);

		if (used + length >= size) {
			snprintf(text + cut, size - cut, "...");
			return text;
		}
		memcpy(text + used, form, length);
		used += length;
		if (used + 3 < size)
			cut = used;
	}
	text[used] = '\0';
	return text;
}

/* SPDX-License-Identifier: BSD-3-Clause */

/* Names that programs gave to phases, made fit to be shown. */

#include <string.h>

#include "report.h"

/* Of the character at `at`, which has left bytes; 0 where there is none that may be shown. */
static unsigned utf8_length(const unsigned char *at, size_t left)
{
	static const struct { unsigned char mask, lead; unsigned length; uint32_t least; } form[] = {
		{ 0x80, 0x00, 1, 0 }, { 0xe0, 0xc0, 2, 0x80 }, { 0xf0, 0xe0, 3, 0x800 }, { 0xf8, 0xf0, 4, 0x10000 },
	};

	for (unsigned i = 0; i < 4; i++) {
		uint32_t code = at[0] & (unsigned char)~form[i].mask;
		unsigned n = 1;

		if ((at[0] & form[i].mask) != form[i].lead || form[i].length > left)
			continue;
		for (; n < form[i].length && (at[n] & 0xc0) == 0x80; n++)
			code = code << 6 | (at[n] & 0x3f);
		if (n < form[i].length || code < form[i].least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return 0;
		/* C0, DEL and C1 would steer a terminal. */
		return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == '\\' ? 0 : n;
	}
	return 0;
}

void pc_report_name(const char *name, size_t length, char *text)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < length;) {
		unsigned n = utf8_length((const unsigned char *)name + i, length - i);

		if (n) {
			memcpy(text, name + i, n);
			text += n;
			i += n;
			continue;
		}
		*text++ = '\\';
		*text++ = 'x';
		*text++ = digit[(unsigned char)name[i] >> 4];
		*text++ = digit[(unsigned char)name[i++] & 15];
	}
	*text = '\0';
}

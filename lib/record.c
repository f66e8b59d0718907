/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "phasecap-"
#define TRAILER_LENGTH (sizeof "end 01234567\n" - 1)

uint32_t pc_record_crc(uint32_t crc, const void *bytes, size_t length)
{
	/* The reflected polynomial 0xedb88320, four bits at a time. */
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const unsigned char *byte = bytes;

	for (crc = ~crc; length--; byte++) {
		crc ^= *byte;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

/* isprint() and isalnum() would ask the locale. */
static bool is_printable(char c)
{
	return c >= ' ' && c <= '~';
}

static bool is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static size_t key_length(const char *text, size_t length)
{
	size_t used = 0;

	while (used < length && is_key_char(text[used]))
		used++;
	return used;
}

static int fail_writer(struct pc_record_writer *writer, int code)
{
	if (!writer->failed)
		writer->failed = code;
	return -1;
}

static void append(struct pc_record_writer *writer, const char *bytes, size_t length)
{
	size_t room = writer->room ? writer->room : 512;
	char *text;

	if (writer->failed)
		return;
	while (room - writer->length < length)
		room *= 2;
	if (room != writer->room) {
		text = realloc(writer->text, room);
		if (!text) {
			fail_writer(writer, ENOMEM);
			return;
		}
		writer->text = text;
		writer->room = room;
	}
	memcpy(writer->text + writer->length, bytes, length);
	writer->length += length;
}

static void append_escaped(struct pc_record_writer *writer, char c)
{
	char form[5];

	if (c == '\n') {
		append(writer, "\\n", 2);
	} else if (c == '\\') {
		append(writer, "\\\\", 2);
	} else if (is_printable(c)) {
		append(writer, &c, 1);
	} else {
		snprintf(form, sizeof form, "\\x%02x", (unsigned char)c);
		append(writer, form, 4);
	}
}

void pc_record_begin(struct pc_record_writer *writer, const char *kind, unsigned format)
{
	char line[64];
	int length = snprintf(line, sizeof line, PREFIX "%s %u\n", kind, format);

	*writer = (struct pc_record_writer){ NULL, 0, 0, 0, false };
	if (!*kind || key_length(kind, strlen(kind)) != strlen(kind) || !format || length >= (int)sizeof line)
		fail_writer(writer, EINVAL);
	else
		append(writer, line, (size_t)length);
}

static bool is_key(const char *key)
{
	return *key && key_length(key, strlen(key)) == strlen(key) && strcmp(key, "end");
}

void pc_record_add(struct pc_record_writer *writer, const char *key, const char *format, ...)
{
	char *value = NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&value, format, args);
	va_end(args);
	if (length < 0) {
		fail_writer(writer, ENOMEM);
		return;
	}
	if (!is_key(key) || memchr(value, '\0', (size_t)length) || writer->finished)
		fail_writer(writer, EINVAL);
	append(writer, key, strlen(key));
	append(writer, " ", 1);
	for (int i = 0; i < length; i++)
		append_escaped(writer, value[i]);
	append(writer, "\n", 1);
	free(value);
}

static void append_trailer(struct pc_record_writer *writer)
{
	char line[TRAILER_LENGTH + 1];

	snprintf(line, sizeof line, "end %08" PRIx32 "\n", pc_record_crc(0, writer->text, writer->length));
	append(writer, line, TRAILER_LENGTH);
	writer->finished = true;
}

const char *pc_record_finish(struct pc_record_writer *writer, size_t *length, struct pc_error *error)
{
	if (!writer->finished)
		append_trailer(writer);
	if (!writer->failed && writer->length > PC_RECORD_MAX)
		fail_writer(writer, EFBIG);
	if (writer->failed) {
		pc_fail(error, writer->failed, "record: %s", writer->failed == ENOMEM ? "out of memory"
			: writer->failed == EFBIG ? "over 1 MiB; nothing was saved"
			: "a key, kind, format or value that no record can hold; nothing was saved");
		return NULL;
	}
	*length = writer->length;
	return writer->text;
}

void pc_record_discard(struct pc_record_writer *writer)
{
	int code = errno;

	free(writer->text);
	*writer = (struct pc_record_writer){ NULL, 0, 0, 0, false };
	errno = code;
}

struct reader {
	const char *name;
	const char *text;        /* the next line */
	size_t length;           /* of what is left */
	unsigned line;
	struct pc_error *error;
};

static int torn(const struct reader *reader, const char *why)
{
	return pc_fail(reader->error, EBADMSG, "%s:%u: torn or altered: %s; nothing in it is believed",
		       reader->name, reader->line, why);
}

static int foreign(const struct reader *reader, const char *kind)
{
	return pc_fail(reader->error, EPROTOTYPE, "%s:1: not a phasecap %s record; nothing in it is believed",
		       reader->name, kind);
}

/* Takes the number that ends the first line. */
static int take_format(struct reader *reader, const char *digits, size_t length, unsigned newest)
{
	char word[12];
	uint64_t format;

	if (length >= sizeof word || memchr(digits, '\0', length))
		return torn(reader, "no format number");
	memcpy(word, digits, length);
	word[length] = '\0';
	if (pc_record_number(word, UINT32_MAX, &format) < 0 || !format)
		return torn(reader, "no format number");
	if (format <= newest)
		return 0;
	return pc_fail(reader->error, EPROTONOSUPPORT, "%s:1: format %s is newer than this version of "
		       "phasecap reads (%u); use the version that wrote it", reader->name, word, newest);
}

static int take_first_line(struct reader *reader, const char *kind, unsigned format)
{
	char expected[64];
	size_t length = (size_t)snprintf(expected, sizeof expected, PREFIX "%s ", kind);
	size_t known = length < reader->length ? length : reader->length;
	const char *newline;

	if (memcmp(reader->text, expected, known))
		return foreign(reader, kind);
	newline = memchr(reader->text, '\n', reader->length);
	if (!newline)
		return torn(reader, "the first line does not end");
	if (take_format(reader, reader->text + length, (size_t)(newline - reader->text) - length, format) < 0)
		return -1;
	reader->length -= (size_t)(newline - reader->text) + 1;
	reader->text = newline + 1;
	reader->line = 2;
	return 0;
}

/* The last line's CRC against that of everything before it. */
static int check_trailer(struct reader *reader, const char *text, size_t length)
{
	size_t covered = length - TRAILER_LENGTH;
	char expected[TRAILER_LENGTH + 1];

	if (reader->length < TRAILER_LENGTH)
		return torn(reader, "the last line is missing");
	snprintf(expected, sizeof expected, "end %08" PRIx32 "\n", pc_record_crc(0, text, covered));
	if (memcmp(text + covered, expected, TRAILER_LENGTH))
		return torn(reader, "the checksum in the last line is not that of the text");
	reader->length -= TRAILER_LENGTH;
	return 0;
}

/* One escape behind the backslash at text[0]; returns its length with the backslash, 0 where
 * it is none that append_escaped() writes. */
static size_t unescape(const char *text, size_t length, char *byte)
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;

	if (length >= 2 && (text[1] == '\\' || text[1] == 'n')) {
		*byte = text[1] == 'n' ? '\n' : '\\';
		return 2;
	}
	if (length < 4 || text[1] != 'x' || !text[2] || !text[3])
		return 0;
	high = strchr(digits, text[2]);
	low = strchr(digits, text[3]);
	if (!high || !low)
		return 0;
	*byte = (char)((high - digits) << 4 | (low - digits));
	return *byte == '\0' || *byte == '\n' || is_printable(*byte) ? 0 : 4;
}

static int take_value(const struct reader *reader, const char *text, size_t length, char *value)
{
	while (length) {
		size_t taken = 1;

		*value = *text;
		if (*text == '\\')
			taken = unescape(text, length, value);
		else if (!is_printable(*text))
			taken = 0;
		if (!taken)
			return torn(reader, "an escape that no record has");
		text += taken;
		length -= taken;
		value++;
	}
	*value = '\0';
	return 0;
}

/* Takes one line: its key and behind it its value, unescaped, into room, which holds the whole
 * line.  Returns the value, NULL where there is none. */
static const char *take_line(struct reader *reader, char *room)
{
	const char *newline = memchr(reader->text, '\n', reader->length);
	size_t length = newline ? (size_t)(newline - reader->text) : 0;
	size_t key = key_length(reader->text, length);

	if (!key || reader->text[key] != ' ')
		goto malformed;
	memcpy(room, reader->text, key);
	room[key] = '\0';
	if (!strcmp(room, "end"))        /* a second last line */
		goto malformed;
	if (take_value(reader, reader->text + key + 1, length - key - 1, room + key + 1) < 0)
		return NULL;
	reader->text = newline + 1;
	reader->length -= length + 1;
	return room + key + 1;
malformed:
	torn(reader, "not a key, a blank and a value");
	return NULL;
}

static int take_lines(struct reader *reader, char *room, pc_record_each *each, void *arg)
{
	for (; reader->length; reader->line++) {
		const char *value = take_line(reader, room);

		if (!value)
			return -1;
		if (each(room, value, reader->line, arg, reader->error))
			return pc_fail_within(reader->error, "%s:%u", reader->name, reader->line);
	}
	return 0;
}

int pc_record_parse(const char *name, const char *text, size_t length, const char *kind, unsigned format,
		    pc_record_each *each, void *arg, struct pc_error *error)
{
	struct reader reader = { name, text, length, 1, error };
	char *room;
	int result;

	if (take_first_line(&reader, kind, format) < 0 || check_trailer(&reader, text, length) < 0)
		return -1;
	room = malloc(reader.length + 1);
	if (!room)
		return pc_fail(error, ENOMEM, "%s: out of memory", name);
	result = take_lines(&reader, room, each, arg);
	free(room);
	return result;
}

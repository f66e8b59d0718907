/* SPDX-License-Identifier: BSD-3-Clause */
#include "sealed.h"

#include <inttypes.h>
#include <string.h>

static const char form[] = "end 01234567\n";

char *sealed(const uint8_t *data, size_t size, size_t *length)
{
	size_t trailer = sizeof form - 1;
	char *text = malloc(size + sizeof form);

	MUST(text);
	if (size >= trailer && !memcmp(data + size - trailer, form, 4))
		size -= trailer;
	memcpy(text, data, size);
	*length = size + (size_t)sprintf(text + size, "end %08" PRIx32 "\n", pc_record_crc(0, data, size));
	return text;
}

char *text_of(struct pc_record_writer *writer, size_t *length)
{
	const char *text = pc_record_finish(writer, length, NULL);
	char *copy = text ? malloc(*length) : NULL;

	MUST(copy);
	memcpy(copy, text, *length);
	pc_record_discard(writer);
	return copy;
}

int is_text(struct pc_record_writer *writer, const char *text, size_t length)
{
	size_t written_length;
	char *written = text_of(writer, &written_length);
	int same = written_length == length && !memcmp(written, text, length);

	free(written);
	return same;
}

static uint64_t sum_of_lines(const char *text, size_t length)
{
	const char *end = text + length - (sizeof form - 1);
	uint64_t sum = 0;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		MUST(newline);
		sum += pc_record_crc(0, text, (size_t)(newline - text));
		text = newline + 1;
	}
	return sum;
}

int has_same_lines(const char *a, size_t a_length, const char *b, size_t b_length)
{
	return a_length == b_length && sum_of_lines(a, a_length) == sum_of_lines(b, b_length);
}

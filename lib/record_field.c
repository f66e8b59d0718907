/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "power_option.h"

static int not_a_word(void)
{
	errno = EBADMSG;
	return -1;
}

int pc_record_number(const char *word, uint64_t max, uint64_t *number)
{
	uint64_t parsed = 0;

	if (!*word || (word[0] == '0' && word[1]))
		return not_a_word();
	for (; *word; word++) {
		uint64_t digit = (uint64_t)(*word - '0');

		if (*word < '0' || *word > '9' || parsed > (UINT64_MAX - digit) / 10)
			return not_a_word();
		parsed = parsed * 10 + digit;
	}
	if (parsed > max)
		return not_a_word();
	*number = parsed;
	return 0;
}

int pc_record_hex(const char *word, uint64_t *number)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t parsed = 0;

	if (strlen(word) != 18 || word[0] != '0' || word[1] != 'x')
		return not_a_word();
	for (word += 2; *word; word++) {
		const char *digit = strchr(digits, *word);

		if (!digit)
			return not_a_word();
		parsed = parsed << 4 | (uint64_t)(digit - digits);
	}
	*number = parsed;
	return 0;
}

int pc_record_flag(const char *word, bool *flag)
{
	if (strcmp(word, "yes") && strcmp(word, "no"))
		return not_a_word();
	*flag = word[0] == 'y';
	return 0;
}

const char *pc_record_word(const char **rest, char word[PC_RECORD_WORD])
{
	const char *start = *rest ? *rest : "";
	const char *end = strchrnul(start, ' ');
	size_t length = (size_t)(end - start);

	if (length >= PC_RECORD_WORD)
		length = 0;
	memcpy(word, start, length);
	word[length] = '\0';
	*rest = *end ? end + 1 : NULL;
	return word;
}

int pc_record_refuse(const char *key, const char *why, struct pc_error *error)
{
	char shown[48];

	return pc_fail(error, EBADMSG, "\"%s\" %s; nothing in it is believed",
		       pc_printable(key, shown, sizeof shown), why);
}

static int take_text(const char *value, size_t room, char *text)
{
	size_t length = strlen(value);

	if (length >= room)
		return not_a_word();
	memcpy(text, value, length + 1);
	return 0;
}

static int take_u32(const char *value, uint64_t max, void *member)
{
	uint64_t number;
	uint32_t stored;

	if (pc_record_number(value, max, &number) < 0)
		return -1;
	stored = (uint32_t)number;
	memcpy(member, &stored, sizeof stored);
	return 0;
}

static int take_value(const struct pc_record_field *field, const char *value, void *member)
{
	switch (field->type) {
	case PC_RECORD_U64:
		return pc_record_number(value, field->max, member);
	case PC_RECORD_U32:
		return take_u32(value, field->max, member);
	case PC_RECORD_FLAG:
		return pc_record_flag(value, member);
	case PC_RECORD_TEXT:
		break;
	}
	return take_text(value, field->max, member);
}

int pc_record_take(const struct pc_record_field *field, unsigned count, void *object, uint32_t *seen,
		   const char *key, const char *value, struct pc_error *error)
{
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(key, field[i].key))
			continue;
		if (*seen & UINT32_C(1) << i)
			return pc_record_refuse(key, "stands twice", error);
		if (take_value(&field[i], value, (char *)object + field[i].offset) < 0)
			return pc_record_refuse(key, "has a value that it cannot have", error);
		*seen |= UINT32_C(1) << i;
		return 1;
	}
	return 0;
}

int pc_record_complete(const struct pc_record_field *field, unsigned count, uint32_t seen, const char *name,
		       struct pc_error *error)
{
	for (unsigned i = 0; i < count; i++)
		if (!(seen & UINT32_C(1) << i)) {
			pc_record_refuse(field[i].key, "is missing", error);
			return pc_fail_within(error, "%s", name);
		}
	return 0;
}

static void put_u64(struct pc_record_writer *writer, const char *key, const void *member)
{
	uint64_t number;

	memcpy(&number, member, sizeof number);
	pc_record_add(writer, key, "%" PRIu64, number);
}

static void put_u32(struct pc_record_writer *writer, const char *key, const void *member)
{
	uint32_t number;

	memcpy(&number, member, sizeof number);
	pc_record_add(writer, key, "%" PRIu32, number);
}

void pc_record_put(struct pc_record_writer *writer, const struct pc_record_field *field, unsigned count,
		   const void *object)
{
	for (; count--; field++) {
		const void *member = (const char *)object + field->offset;

		switch (field->type) {
		case PC_RECORD_U64:
			put_u64(writer, field->key, member);
			break;
		case PC_RECORD_U32:
			put_u32(writer, field->key, member);
			break;
		case PC_RECORD_FLAG:
			pc_record_add(writer, field->key, "%s", *(const bool *)member ? "yes" : "no");
			break;
		case PC_RECORD_TEXT:
			pc_record_add(writer, field->key, "%.*s", (int)field->max, (const char *)member);
			break;
		}
	}
}

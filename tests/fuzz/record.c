/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: record.c */
#include <errno.h>
#include <string.h>

#include "sealed.h"

/* Writes down again what it is told. */
static int repeat(const char *key, const char *value, unsigned line, void *arg, struct pc_error *error)
{
	(void)line;
	if (!strcmp(key, "refuse"))
		return pc_fail(error, EDOM, "as asked");
	pc_record_add(arg, key, "%s", value);
	return 0;
}

/* A text that is taken is the only one that says this. */
static void check(const char *text, size_t length)
{
	struct pc_error error = { "" };
	struct pc_record_writer writer;

	pc_record_begin(&writer, "fuzz", 1);
	if (pc_record_parse("r", text, length, "fuzz", 1, repeat, &writer, &error) == 0) {
		MUST(is_text(&writer, text, length));
		return;
	}
	MUST(errno == EBADMSG || errno == EPROTOTYPE || errno == EPROTONOSUPPORT || errno == EDOM);
	MUST(!strncmp(error.text, "r:", 2));
	pc_record_discard(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length;
	char *text = sealed(data, size, &length);

	check((const char *)data, size);
	check(text, length);
	free(text);
	return 0;
}

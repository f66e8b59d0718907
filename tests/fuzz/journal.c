/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: journal_text.c record_field.c */
#include <errno.h>
#include <string.h>

#include "journal.h"
#include "sealed.h"

static void check_fields(const struct pc_journal *journal)
{
	MUST(pc_boot_id_is_valid(journal->boot_id) && journal->backend[0]);
	MUST(journal->package_count <= PC_MAX_PACKAGES);
	for (unsigned i = 0; i < journal->package_count; i++)
		MUST(journal->package[i][0] && memchr(journal->package[i], '\0', sizeof journal->package[i]));
	MUST(journal->has_list || !journal->list.count);
	MUST(journal->setting_count <= PC_JOURNAL_SETTINGS_MAX && journal->access_count <= PC_JOURNAL_ACCESS_MAX);
	for (unsigned i = 0; i < journal->setting_count; i++) {
		const struct pc_setting *setting = &journal->setting[i].captured;

		MUST(setting->package < journal->package_count && setting->key[0]);
		MUST(memchr(setting->key, '\0', sizeof setting->key));
	}
	for (unsigned i = 0; i < journal->access_count; i++) {
		const struct pc_journal_access *access = &journal->access[i];

		MUST(access->path[0] == '/' && access->mode <= 07777);
		MUST(memchr(access->path, '\0', sizeof access->path) && memchr(access->acl, '\0', sizeof access->acl));
	}
}

/* Every line that was read is written, in one order, and that is read as the same. */
static void check_round_trip(const struct pc_journal *journal, const char *read, size_t read_length)
{
	struct pc_record_writer writer;
	struct pc_journal again;
	size_t length;
	char *text;

	pc_journal_put(&writer, journal);
	text = text_of(&writer, &length);
	MUST(has_same_lines(read, read_length, text, length));
	MUST(pc_journal_parse(&again, "again", text, length, NULL) == 0);
	pc_journal_put(&writer, &again);
	MUST(is_text(&writer, text, length));
	free(text);
	pc_journal_free(&again);
}

static void check(const char *text, size_t length)
{
	struct pc_error error = { "" };
	struct pc_journal journal;

	memset(&journal, 0x5a, sizeof journal);
	if (pc_journal_parse(&journal, "j", text, length, &error) == 0) {
		check_fields(&journal);
		check_round_trip(&journal, text, length);
		pc_journal_free(&journal);
		return;
	}
	MUST(errno == EBADMSG || errno == EPROTOTYPE || errno == EPROTONOSUPPORT);
	MUST(!strncmp(error.text, "j:", 2));
	MUST(!journal.setting && !journal.access && !journal.list.entry && !journal.setting_count);
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

/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND "journal"
#define FORMAT 1

#define FIELD(name, type, max) { #name, type, offsetof(struct pc_journal, name), max }

_Static_assert(sizeof(uid_t) == sizeof(uint32_t) && sizeof(gid_t) == sizeof(uint32_t), "PC_RECORD_U32");

static const struct pc_record_field fields[] = {
	FIELD(job, PC_RECORD_U64, UINT64_MAX),
	FIELD(restart, PC_RECORD_U32, UINT32_MAX),
	FIELD(uid, PC_RECORD_U32, UINT32_MAX),
	FIELD(boot_id, PC_RECORD_TEXT, sizeof ((struct pc_journal *)0)->boot_id),
	FIELD(backend, PC_RECORD_TEXT, sizeof ((struct pc_journal *)0)->backend),
	FIELD(has_list, PC_RECORD_FLAG, 1),
};
#define FIELDS (sizeof fields / sizeof fields[0])

/* The functions that take one line's value return NULL, or why it cannot be. */
static const char malformed[] = "has a value that it cannot have";
static const char no_memory[] = "finds no memory";

/* Room for one more of count; counts are powers of two apart, so none needs to be kept. */
static void *grow(void *array, unsigned count, size_t size)
{
	if (count & (count - 1))
		return array;
	return reallocarray(array, count ? 2 * (size_t)count : 1, size);
}

/* "0xADDRESS 0xMASK", in ascending order. */
static const char *take_allow(struct pc_journal *journal, const char *value)
{
	const struct pc_allowlist *list = &journal->list;
	char word[PC_RECORD_WORD];
	uint64_t msr, mask;

	if (pc_record_hex(pc_record_word(&value, word), &msr) < 0 || msr > UINT32_MAX ||
	    pc_record_hex(pc_record_word(&value, word), &mask) < 0 || value)
		return malformed;
	if (list->count && msr <= list->entry[list->count - 1].msr)
		return "is out of order";
	if (pc_allowlist_add(&journal->list, (uint32_t)msr, mask, NULL) < 0)
		return errno == ENOMEM ? no_memory : "is one too many";
	return NULL;
}

/* "INDEX NAME", the packages in order. */
static const char *take_package(struct pc_journal *journal, const char *value)
{
	char word[PC_RECORD_WORD];
	uint64_t index;

	if (pc_record_number(pc_record_word(&value, word), PC_MAX_PACKAGES - 1, &index) < 0 ||
	    !value || !*value || strlen(value) >= PC_PACKAGE_NAME)
		return malformed;
	if (index != journal->package_count)
		return "is out of order";
	for (unsigned i = 0; i < index; i++)
		if (!strcmp(journal->package[i], value))
			return "stands twice for one name";
	strcpy(journal->package[journal->package_count++], value);
	return NULL;
}

static bool has_setting(const struct pc_journal *journal, const struct pc_setting *setting)
{
	for (unsigned i = 0; i < journal->setting_count; i++)
		if (journal->setting[i].captured.package == setting->package &&
		    !strcmp(journal->setting[i].captured.key, setting->key))
			return true;
	return false;
}

int pc_journal_scan_setting(const char *value, struct pc_journal_setting *setting)
{
	char word[PC_RECORD_WORD];
	uint64_t package;

	memset(setting, 0, sizeof *setting);
	if (pc_record_number(pc_record_word(&value, word), PC_MAX_PACKAGES - 1, &package) < 0 ||
	    pc_record_hex(pc_record_word(&value, word), &setting->captured.value) < 0 ||
	    pc_record_hex(pc_record_word(&value, word), &setting->captured.mask) < 0)
		return -1;
	setting->captured.package = (unsigned)package;
	setting->has_written = strcmp(pc_record_word(&value, word), "-") != 0;
	if (setting->has_written && pc_record_hex(word, &setting->written) < 0)
		return -1;
	if (!value || !*value || strlen(value) >= PC_SETTING_KEY) {
		errno = EBADMSG;
		return -1;
	}
	strcpy(setting->captured.key, value);
	return 0;
}

static const char *take_setting(struct pc_journal *journal, const char *value)
{
	struct pc_journal_setting setting, *grown;

	if (pc_journal_scan_setting(value, &setting) < 0)
		return malformed;
	if (has_setting(journal, &setting.captured))
		return "stands twice for one package and key";
	if (journal->setting_count == PC_JOURNAL_SETTINGS_MAX)
		return "is one too many";
	grown = grow(journal->setting, journal->setting_count, sizeof *grown);
	if (!grown)
		return no_memory;
	grown[journal->setting_count++] = setting;
	journal->setting = grown;
	return NULL;
}

static int take_mode(const char *word, mode_t *mode)
{
	if (strlen(word) != 4 || strspn(word, "01234567") != 4)
		return -1;
	*mode = (mode_t)strtoul(word, NULL, 8);
	return 0;
}

/* "acl|owner MODE UID GID PATH" */
static const char *scan_access(const char *value, struct pc_journal_access *access)
{
	char word[PC_RECORD_WORD];
	uint64_t uid, gid;

	memset(access, 0, sizeof *access);
	access->by_owner = !strcmp(pc_record_word(&value, word), "owner");
	if ((!access->by_owner && strcmp(word, "acl")) ||
	    take_mode(pc_record_word(&value, word), &access->mode) < 0 ||
	    pc_record_number(pc_record_word(&value, word), UINT32_MAX, &uid) < 0 ||
	    pc_record_number(pc_record_word(&value, word), UINT32_MAX, &gid) < 0 ||
	    !value || *value != '/' || strlen(value) >= sizeof access->path)
		return malformed;
	access->uid = (uid_t)uid;
	access->gid = (gid_t)gid;
	strcpy(access->path, value);
	return NULL;
}

static const char *take_access(struct pc_journal *journal, const char *value)
{
	struct pc_journal_access access, *grown;
	const char *why = scan_access(value, &access);

	if (why)
		return why;
	for (unsigned i = 0; i < journal->access_count; i++)
		if (!strcmp(journal->access[i].path, access.path))
			return "stands twice for one path";
	if (journal->access_count == PC_JOURNAL_ACCESS_MAX)
		return "is one too many";
	grown = grow(journal->access, journal->access_count, sizeof *grown);
	if (!grown)
		return no_memory;
	grown[journal->access_count++] = access;
	journal->access = grown;
	return NULL;
}

/* The ACL of the access line before it. */
static const char *take_acl(struct pc_journal *journal, const char *value)
{
	struct pc_journal_access *access;

	if (!journal->access_count)
		return "belongs to no access line";
	access = &journal->access[journal->access_count - 1];
	if (access->acl[0])
		return "belongs to no access line";
	if (!*value || strlen(value) >= sizeof access->acl)
		return malformed;
	strcpy(access->acl, value);
	return NULL;
}

static const struct {
	const char *key;
	const char *(*take)(struct pc_journal *journal, const char *value);
} lists[] = {
	{ "package", take_package },
	{ "allow", take_allow },
	{ "setting", take_setting },
	{ "access", take_access },
	{ "acl", take_acl },
};

struct parse {
	struct pc_journal *journal;
	uint32_t seen;
};

static int take_line(const char *key, const char *value, unsigned line, void *arg, struct pc_error *error)
{
	struct parse *parse = arg;
	const char *why = "is not known in this format";
	int taken = pc_record_take(fields, FIELDS, parse->journal, &parse->seen, key, value, error);

	(void)line;
	if (taken)
		return taken < 0 ? -1 : 0;
	for (unsigned i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (!strcmp(key, lists[i].key))
			why = lists[i].take(parse->journal, value);
	if (!why)
		return 0;
	pc_record_refuse(key, why, error);
	if (why == no_memory)
		errno = ENOMEM;
	return -1;
}

static bool has_nameless(const struct pc_journal *journal)
{
	for (unsigned i = 0; i < journal->setting_count; i++)
		if (journal->setting[i].captured.package >= journal->package_count)
			return true;
	return false;
}

/* What no single line can tell. */
static int check_whole(const struct parse *parse, const char *name, struct pc_error *error)
{
	const struct pc_journal *journal = parse->journal;
	const char *why = NULL;

	if (pc_record_complete(fields, FIELDS, parse->seen, name, error) < 0)
		return -1;
	if (!pc_boot_id_is_valid(journal->boot_id))
		why = "boot_id is none";
	else if (!journal->backend[0])
		why = "it names no back end";
	else if (journal->list.count && !journal->has_list)
		why = "it holds the entries of a list that it says it has not";
	else if (has_nameless(journal))
		why = "it does not name the package of each setting";
	return why ? pc_fail(error, EBADMSG, "%s: %s; nothing in it is believed", name, why) : 0;
}

int pc_journal_parse(struct pc_journal *journal, const char *name, const char *text, size_t length,
		     struct pc_error *error)
{
	struct parse parse = { journal, 0 };

	memset(journal, 0, sizeof *journal);
	if (pc_record_parse(name, text, length, KIND, FORMAT, take_line, &parse, error) == 0 &&
	    check_whole(&parse, name, error) == 0)
		return 0;
	pc_journal_free(journal);
	return -1;
}

void pc_journal_put_setting(struct pc_record_writer *writer, const struct pc_journal_setting *setting)
{
	char written[PC_RECORD_WORD] = "-";

	if (setting->has_written)
		snprintf(written, sizeof written, "0x%016" PRIx64, setting->written);
	pc_record_add(writer, "setting", "%u 0x%016" PRIx64 " 0x%016" PRIx64 " %s %.*s", setting->captured.package,
		      setting->captured.value, setting->captured.mask, written,
		      (int)sizeof setting->captured.key, setting->captured.key);
}

static void put_access(struct pc_record_writer *writer, const struct pc_journal_access *access)
{
	pc_record_add(writer, "access", "%s %04o %u %u %.*s", access->by_owner ? "owner" : "acl", access->mode,
		      access->uid, access->gid, (int)sizeof access->path, access->path);
	if (access->acl[0])
		pc_record_add(writer, "acl", "%.*s", (int)sizeof access->acl, access->acl);
}

void pc_journal_put(struct pc_record_writer *writer, const struct pc_journal *journal)
{
	pc_record_begin(writer, KIND, FORMAT);
	pc_record_put(writer, fields, FIELDS, journal);
	for (unsigned i = 0; i < journal->package_count && i < PC_MAX_PACKAGES; i++)
		pc_record_add(writer, "package", "%u %.*s", i, PC_PACKAGE_NAME, journal->package[i]);
	for (unsigned i = 0; i < journal->list.count; i++)
		pc_record_add(writer, "allow", "0x%016" PRIx64 " 0x%016" PRIx64,
			      (uint64_t)journal->list.entry[i].msr, journal->list.entry[i].mask);
	for (unsigned i = 0; i < journal->setting_count; i++)
		pc_journal_put_setting(writer, &journal->setting[i]);
	for (unsigned i = 0; i < journal->access_count; i++)
		put_access(writer, &journal->access[i]);
}

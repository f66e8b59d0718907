/* SPDX-License-Identifier: BSD-3-Clause */
/* The ceiling as a record; ceiling.c has what it means. */
#include "ceiling.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "power_option.h"
#include "record.h"

#define KIND "ceiling"
#define FORMAT 1
#define NAME "ceiling"

#define FIELD(name, type, max) { #name, type, offsetof(struct pc_ceiling, name), max }
#define TEXT(name) FIELD(name, PC_RECORD_TEXT, sizeof ((struct pc_ceiling *)0)->name)

_Static_assert(sizeof(uid_t) == sizeof(uint32_t), "PC_RECORD_U32");

static const struct pc_record_field fields[] = {
	FIELD(ceiling_uw, PC_RECORD_U64, PC_POWER_MAX_UW),
	FIELD(applied, PC_RECORD_FLAG, 1),
	FIELD(set_at_s, PC_RECORD_U64, INT64_MAX),
	FIELD(uid, PC_RECORD_U32, UINT32_MAX),
	TEXT(boot_id),
	TEXT(backend),
	FIELD(package_count, PC_RECORD_U32, PC_MAX_PACKAGES),
};
#define FIELDS (sizeof fields / sizeof fields[0])

struct parse {
	struct pc_ceiling *ceiling;
	uint32_t seen;
	unsigned packages;       /* package lines so far */
};

void pc_ceiling_free(struct pc_ceiling *ceiling)
{
	int code = errno;

	free(ceiling->setting);
	memset(ceiling, 0, sizeof *ceiling);
	errno = code;
}

/* "INDEX LIMIT BEFORE NAME", the packages in order. */
static int take_package(struct parse *parse, const char *value)
{
	struct pc_ceiling *ceiling = parse->ceiling;
	unsigned i = parse->packages;
	char word[PC_RECORD_WORD];
	uint64_t index;

	if (pc_record_number(pc_record_word(&value, word), PC_MAX_PACKAGES - 1, &index) < 0 || index != i ||
	    pc_record_number(pc_record_word(&value, word), PC_POWER_MAX_UW, &ceiling->limit_uw[i]) < 0 ||
	    pc_record_number(pc_record_word(&value, word), PC_POWER_MAX_UW, &ceiling->before_uw[i]) < 0 ||
	    !value || !*value || strlen(value) >= PC_PACKAGE_NAME)
		return -1;
	for (unsigned other = 0; other < i; other++)
		if (!strcmp(ceiling->package[other], value))
			return -1;
	strcpy(ceiling->package[i], value);
	parse->packages++;
	return 0;
}

static int take_setting(struct pc_ceiling *ceiling, const char *value)
{
	struct pc_journal_setting setting, *grown;

	if (pc_journal_scan_setting(value, &setting) < 0 || ceiling->setting_count == PC_JOURNAL_SETTINGS_MAX)
		return -1;
	grown = reallocarray(ceiling->setting, ceiling->setting_count + 1, sizeof *grown);
	if (!grown)
		return -1;
	grown[ceiling->setting_count++] = setting;
	ceiling->setting = grown;
	return 0;
}

static int take_line(const char *key, const char *value, unsigned line, void *arg, struct pc_error *error)
{
	struct parse *parse = arg;
	int taken;

	(void)line;
	if (!strcmp(key, "package"))
		return take_package(parse, value) < 0
			? pc_record_refuse(key, "lines are out of order or hold what they cannot", error) : 0;
	if (!strcmp(key, "setting"))
		return take_setting(parse->ceiling, value) < 0
			? pc_record_refuse(key, "line is not of this format", error) : 0;
	taken = pc_record_take(fields, FIELDS, parse->ceiling, &parse->seen, key, value, error);
	if (taken == 0)
		return pc_record_refuse(key, "is not known in this format", error);
	return taken < 0 ? -1 : 0;
}

static bool has_nameless(const struct pc_ceiling *ceiling)
{
	for (unsigned i = 0; i < ceiling->setting_count; i++)
		if (ceiling->setting[i].captured.package >= ceiling->package_count)
			return true;
	return false;
}

/* What no single line can tell. */
static int check_whole(const struct parse *parse, const char *name, struct pc_error *error)
{
	const struct pc_ceiling *ceiling = parse->ceiling;
	const char *why = NULL;

	if (pc_record_complete(fields, FIELDS, parse->seen, name, error) < 0)
		return -1;
	if (parse->packages != ceiling->package_count)
		why = "not as many package lines as package_count says";
	else if (!pc_boot_id_is_valid(ceiling->boot_id))
		why = "boot_id is none";
	else if (!ceiling->backend[0])
		why = "it names no back end";
	else if (has_nameless(ceiling))
		why = "it does not name the package of each setting";
	return why ? pc_fail(error, EBADMSG, "%s: %s; nothing in it is believed", name, why) : 0;
}

int pc_ceiling_parse(struct pc_ceiling *ceiling, const char *name, const char *text, size_t length,
		     struct pc_error *error)
{
	struct parse parse = { .ceiling = ceiling };

	memset(ceiling, 0, sizeof *ceiling);
	if (pc_record_parse(name, text, length, KIND, FORMAT, take_line, &parse, error) == 0 &&
	    check_whole(&parse, name, error) == 0)
		return 0;
	pc_ceiling_free(ceiling);
	return -1;
}

int pc_ceiling_load(int directory, uid_t owner, struct pc_ceiling *ceiling, struct pc_error *error)
{
	struct parse parse = { .ceiling = ceiling };

	memset(ceiling, 0, sizeof *ceiling);
	if (pc_record_load(directory, NAME, owner, KIND, FORMAT, take_line, &parse, error) == 0 &&
	    check_whole(&parse, NAME, error) == 0)
		return 0;
	pc_ceiling_free(ceiling);
	return -1;
}

int pc_ceiling_save(int directory, const struct pc_ceiling *ceiling, struct pc_error *error)
{
	struct pc_record_writer writer;

	pc_record_begin(&writer, KIND, FORMAT);
	pc_record_put(&writer, fields, FIELDS, ceiling);
	for (unsigned i = 0; i < ceiling->package_count && i < PC_MAX_PACKAGES; i++)
		pc_record_add(&writer, "package", "%u %" PRIu64 " %" PRIu64 " %.*s", i, ceiling->limit_uw[i],
			      ceiling->before_uw[i], PC_PACKAGE_NAME, ceiling->package[i]);
	for (unsigned i = 0; i < ceiling->setting_count; i++)
		pc_journal_put_setting(&writer, &ceiling->setting[i]);
	/* Leaders run as the job's user and must be able to read it. */
	return pc_record_save(&writer, directory, NAME, 0644, error);
}

int pc_ceiling_remove(int directory, struct pc_error *error)
{
	return pc_record_remove(directory, NAME, error);
}

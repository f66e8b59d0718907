/* SPDX-License-Identifier: BSD-3-Clause */
#include "decision.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "power_option.h"

#define KIND "decision"
#define FORMAT 1

#define FIELD(name, type, max) { #name, type, offsetof(struct pc_decision, name), max }
#define TEXT(name) FIELD(name, PC_RECORD_TEXT, sizeof ((struct pc_decision *)0)->name)

_Static_assert(sizeof(uid_t) == sizeof(uint32_t), "PC_RECORD_U32");

static const struct pc_record_field fields[] = {
	FIELD(job, PC_RECORD_U64, UINT64_MAX),
	FIELD(restart, PC_RECORD_U32, UINT32_MAX),
	FIELD(uid, PC_RECORD_U32, UINT32_MAX),
	FIELD(refused, PC_RECORD_FLAG, 1),
	TEXT(reason),
	TEXT(backend),
	TEXT(policy),
	FIELD(writes, PC_RECORD_FLAG, 1),
	FIELD(cap_uw, PC_RECORD_U64, PC_POWER_MAX_UW),
	FIELD(package_count, PC_RECORD_U32, PC_MAX_PACKAGES),
};
#define FIELDS (sizeof fields / sizeof fields[0])

struct parse {
	struct pc_decision *decision;
	uint32_t seen;
	unsigned packages;       /* package lines so far */
};

static int take_watts(const char **rest, uint64_t *uw)
{
	char word[PC_RECORD_WORD];

	return pc_record_number(pc_record_word(rest, word), PC_POWER_MAX_UW, uw);
}

/* "INDEX LIMIT DRAM_LIMIT DRAM_RESERVE", the packages in order. */
static int take_package(struct parse *parse, const char *value)
{
	struct pc_decision *decision = parse->decision;
	unsigned i = parse->packages;
	char word[PC_RECORD_WORD];
	uint64_t index;

	if (pc_record_number(pc_record_word(&value, word), PC_MAX_PACKAGES - 1, &index) < 0 || index != i ||
	    take_watts(&value, &decision->package_limit_uw[i]) < 0 ||
	    take_watts(&value, &decision->dram_limit_uw[i]) < 0 ||
	    take_watts(&value, &decision->dram_reserve_uw[i]) < 0 || value)
		return -1;
	parse->packages++;
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
	taken = pc_record_take(fields, FIELDS, parse->decision, &parse->seen, key, value, error);
	if (taken == 0)
		return pc_record_refuse(key, "is not known in this format", error);
	return taken < 0 ? -1 : 0;
}

/* What no single line can tell; NULL where all is well. */
static const char *contradiction(const struct pc_decision *decision, unsigned packages)
{
	if (packages != decision->package_count)
		return "not as many package lines as package_count says";
	if (decision->refused != (decision->reason[0] != '\0'))
		return "a reason belongs to a refusal, and to nothing else";
	if (decision->refused && decision->writes)
		return "a refusal cannot let the user write limits";
	return NULL;
}

static int check_whole(const struct parse *parse, const char *name, struct pc_error *error)
{
	const char *why;

	if (pc_record_complete(fields, FIELDS, parse->seen, name, error) < 0)
		return -1;
	why = contradiction(parse->decision, parse->packages);
	if (why)
		return pc_fail(error, EBADMSG, "%s: %s; nothing in it is believed", name, why);
	return 0;
}

int pc_decision_parse(struct pc_decision *decision, const char *name, const char *text, size_t length,
		      struct pc_error *error)
{
	struct parse parse = { decision, 0, 0 };

	memset(decision, 0, sizeof *decision);
	if (pc_record_parse(name, text, length, KIND, FORMAT, take_line, &parse, error) == 0 &&
	    check_whole(&parse, name, error) == 0)
		return 0;
	memset(decision, 0, sizeof *decision);
	return -1;
}

void pc_decision_put(struct pc_record_writer *writer, const struct pc_decision *decision)
{
	pc_record_begin(writer, KIND, FORMAT);
	pc_record_put(writer, fields, FIELDS, decision);
	for (unsigned i = 0; i < decision->package_count && i < PC_MAX_PACKAGES; i++)
		pc_record_add(writer, "package", "%u %" PRIu64 " %" PRIu64 " %" PRIu64, i,
			      decision->package_limit_uw[i], decision->dram_limit_uw[i],
			      decision->dram_reserve_uw[i]);
}

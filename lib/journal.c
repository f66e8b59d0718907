/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_SIZE 32                     /* "18446744073709551615.journal" */

void pc_journal_free(struct pc_journal *journal)
{
	int code = errno;

	pc_allowlist_free(&journal->list);
	free(journal->setting);
	free(journal->access);
	memset(journal, 0, sizeof *journal);
	errno = code;
}

static void file_name(uint64_t job, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%" PRIu64 ".journal", job);
}

/* What no reader would take must not be relied on: without it nothing may be written. */
static int check_readable(struct pc_record_writer *writer, const char *name, struct pc_error *error)
{
	struct pc_journal again;
	size_t length;
	const char *text = pc_record_finish(writer, &length, error);

	if (!text)
		return -1;
	if (pc_journal_parse(&again, name, text, length, error) == 0) {
		pc_journal_free(&again);
		return 0;
	}
	pc_fail_within(error, "not saved, because it could not be read back");
	if (errno == EBADMSG)
		errno = EINVAL;
	return -1;
}

int pc_journal_save(int directory, const struct pc_journal *journal, struct pc_error *error)
{
	struct pc_record_writer writer;
	char name[NAME_SIZE];

	file_name(journal->job, name);
	pc_journal_put(&writer, journal);
	if (check_readable(&writer, name, error) < 0) {
		pc_record_discard(&writer);
		return -1;
	}
	return pc_record_save(&writer, directory, name, 0600, error);
}

int pc_journal_load(int directory, uint64_t job, struct pc_journal *journal, struct pc_error *error)
{
	char name[NAME_SIZE], *text;
	size_t length;
	int result;

	file_name(job, name);
	memset(journal, 0, sizeof *journal);
	text = pc_record_read(directory, name, geteuid(), &length, error);
	if (!text)
		return -1;
	result = pc_journal_parse(journal, name, text, length, error);
	free(text);
	if (result < 0 || journal->job == job)
		return result;
	pc_fail(error, EBADMSG, "%s: is of job %" PRIu64 "; nothing in it is believed", name, journal->job);
	pc_journal_free(journal);
	return -1;
}

int pc_journal_remove(int directory, uint64_t job, struct pc_error *error)
{
	char name[NAME_SIZE];

	file_name(job, name);
	return pc_record_remove(directory, name, error);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "decision.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_SIZE 32                     /* "18446744073709551615.decision" */

static void file_name(uint64_t job, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%" PRIu64 ".decision", job);
}

/* What no reader would take is not saved: a step would be refused for our mistake. */
static int check_readable(struct pc_record_writer *writer, const char *name, struct pc_error *error)
{
	struct pc_decision again;
	size_t length;
	const char *text = pc_record_finish(writer, &length, error);

	if (!text)
		return -1;
	if (pc_decision_parse(&again, name, text, length, error) == 0)
		return 0;
	pc_fail_within(error, "not saved, because it could not be read back");
	if (errno == EBADMSG)
		errno = EINVAL;
	return -1;
}

int pc_decision_save(int directory, const struct pc_decision *decision, struct pc_error *error)
{
	struct pc_record_writer writer;
	char name[NAME_SIZE];

	file_name(decision->job, name);
	pc_decision_put(&writer, decision);
	if (check_readable(&writer, name, error) < 0) {
		pc_record_discard(&writer);
		return -1;
	}
	return pc_record_save(&writer, directory, name, 0644, error);
}

int pc_decision_load(int directory, uint64_t job, struct pc_decision *decision, struct pc_error *error)
{
	char name[NAME_SIZE], *text;
	size_t length;
	int result;

	file_name(job, name);
	memset(decision, 0, sizeof *decision);
	text = pc_record_read(directory, name, geteuid(), &length, error);
	if (!text)
		return -1;
	result = pc_decision_parse(decision, name, text, length, error);
	free(text);
	if (result < 0 || decision->job == job)
		return result;
	pc_fail(error, EBADMSG, "%s: is of job %" PRIu64 "; nothing in it is believed", name, decision->job);
	memset(decision, 0, sizeof *decision);
	return -1;
}

int pc_decision_remove(int directory, uint64_t job, struct pc_error *error)
{
	char name[NAME_SIZE];

	file_name(job, name);
	return pc_record_remove(directory, name, error);
}

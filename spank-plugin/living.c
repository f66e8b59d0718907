/* SPDX-License-Identifier: BSD-3-Clause */
#include "living.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Files in /proc do not tell their size. */
static char *slurp(FILE *file)
{
	size_t length = 0, room = 0;
	char *text = NULL, *larger;

	do {
		room += 65536;
		larger = realloc(text, room);
		if (!larger) {
			free(text);
			return NULL;
		}
		text = larger;
		length += fread(text + length, 1, room - length - 1, file);
	} while (length + 1 == room);
	text[length] = '\0';
	return text;
}

int living_open(struct living *living, const char *path, const char *run_dir, struct pc_error *error)
{
	FILE *file = fopen(path, "re");
	char jobs[512];

	*living = (struct living){ .jobs = -1 };
	if (!file)
		return pc_fail(error, errno, "%s: %s", path, strerror(errno));
	living->sockets = slurp(file);
	fclose(file);
	if (!living->sockets)
		return pc_fail(error, ENOMEM, "%s: no memory for it", path);
	snprintf(jobs, sizeof jobs, "%s/jobs", run_dir);
	living->jobs = open(jobs, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return 0;
}

void living_close(struct living *living)
{
	free(living->sockets);
	living->sockets = NULL;
	if (living->jobs >= 0)
		close(living->jobs);
	living->jobs = -1;
}

bool living_has_step(uint64_t job, void *arg)
{
	const struct living *living = arg;
	char mark[32];

	if (!living->sockets)
		return true;
	snprintf(mark, sizeof mark, "_%" PRIu64 ".", job);
	for (const char *at = living->sockets; (at = strstr(at, mark)); at++) {
		size_t digits = strspn(at + strlen(mark), "0123456789");

		/* "NODE_JOB.STEP", and for parts of a step that is heterogeneous ".PART" behind it. */
		if (digits && strchr("\n.", at[strlen(mark) + digits]))
			return true;
	}
	return false;
}

static bool is_young(int jobs, uint64_t job, const char *suffix)
{
	struct stat status;
	char name[48];

	snprintf(name, sizeof name, "%" PRIu64 "%s", job, suffix);
	return fstatat(jobs, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       time(NULL) - status.st_mtime < LIVING_YOUNG_S;
}

bool living_or_young(uint64_t job, void *arg)
{
	const struct living *living = arg;

	return living_has_step(job, arg) || is_young(living->jobs, job, ".journal") ||
	       is_young(living->jobs, job, ".decision");
}

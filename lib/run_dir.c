/* SPDX-License-Identifier: BSD-3-Clause */
#include "run_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRY_MS 5u

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* What others could have put there must not be believed. */
static int check_owner(int fd, const char *path, struct pc_error *error)
{
	struct stat status;

	if (fstat(fd, &status))
		return pc_fail(error, errno, "%s: %s", path, strerror(errno));
	if (status.st_uid != geteuid() || status.st_mode & (S_IWGRP | S_IWOTH))
		return pc_fail(error, EPERM, "%s: owner %u, mode %04o: it must be user %u's and writable by nobody "
			       "else; remove it, and it is made again", path, (unsigned)status.st_uid,
			       (unsigned)status.st_mode & 07777, (unsigned)geteuid());
	return 0;
}

static int open_directory(int above, const char *name, const char *path, bool create, struct pc_error *error)
{
	bool made = create && mkdirat(above, name, 0755) == 0;
	int fd;

	if (create && !made && errno != EEXIST)
		return pc_fail(error, errno, "%s: cannot be made: %s", path, strerror(errno));
	fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return pc_fail(error, errno, "%s: %s", path, strerror(errno));
	/* Users must reach their segments, whatever slurmd's umask is. */
	if ((made && fchmod(fd, 0755)) || check_owner(fd, path, error)) {
		int code = errno;

		close_one(&fd);
		errno = code;
	}
	return fd;
}

static int open_below(int top, const char *name, const char *path, bool create, struct pc_error *error)
{
	char full[512];

	snprintf(full, sizeof full, "%s/%s", path, name);
	return open_directory(top, name, full, create, error);
}

static int take_lock(int fd, const char *path, struct pc_error *error)
{
	const struct timespec pause = { 0, LOCK_TRY_MS * 1000000L };

	for (unsigned waited = 0; flock(fd, LOCK_EX | LOCK_NB); waited += LOCK_TRY_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return pc_fail(error, errno, "%s/lock: %s", path, strerror(errno));
		if (waited >= PC_LOCK_WAIT_MS)
			return pc_fail(error, ETIMEDOUT, "%s/lock: another prolog or epilog has held it for more than "
				       "%u ms: see who with `fuser %s/lock`", path, PC_LOCK_WAIT_MS, path);
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int open_lock(int top, const char *path, struct pc_error *error)
{
	int fd = openat(top, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return pc_fail(error, errno, "%s/lock: %s", path, strerror(errno));
	if (take_lock(fd, path, error)) {
		int code = errno;

		close_one(&fd);
		errno = code;
	}
	return fd;
}

static int open_parts(struct pc_run_dir *dir, const char *path, unsigned how, struct pc_error *error)
{
	bool create = how & PC_RUN_DIR_CREATE;

	if ((dir->top = open_directory(AT_FDCWD, path, path, create, error)) < 0 ||
	    (dir->jobs = open_below(dir->top, "jobs", path, create, error)) < 0 ||
	    (dir->steps = open_below(dir->top, "steps", path, create, error)) < 0 ||
	    (dir->spool = open_below(dir->top, "spool", path, create, error)) < 0)
		return -1;
	if (!(how & PC_RUN_DIR_LOCK))
		return 0;
	dir->lock = open_lock(dir->top, path, error);
	return dir->lock < 0 ? -1 : 0;
}

int pc_run_dir_open(struct pc_run_dir *dir, const char *path, unsigned how, struct pc_error *error)
{
	*dir = PC_RUN_DIR_CLOSED;
	if (open_parts(dir, path, how, error) == 0)
		return 0;
	pc_run_dir_close(dir);
	return -1;
}

void pc_run_dir_close(struct pc_run_dir *dir)
{
	int code = errno;

	close_one(&dir->lock);
	close_one(&dir->spool);
	close_one(&dir->steps);
	close_one(&dir->jobs);
	close_one(&dir->top);
	errno = code;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

/* "12.journal" with suffix ".journal" is job 12's; names that no job has are nobody's. */
static bool job_of(const char *name, const char *suffix, uint64_t *job)
{
	char *end;

	if (*name < '0' || *name > '9')
		return false;
	errno = 0;
	*job = strtoull(name, &end, 10);
	return !errno && strncmp(end, suffix, strlen(suffix)) == 0;
}

static unsigned without_doubles(uint64_t *job, unsigned count)
{
	unsigned kept = 0;

	qsort(job, count, sizeof *job, by_number);
	for (unsigned i = 0; i < count; i++)
		if (!kept || job[kept - 1] != job[i])
			job[kept++] = job[i];
	return kept;
}

static int collect(DIR *entries, const char *suffix, uint64_t **job)
{
	unsigned count = 0, room = 0;
	struct dirent *entry;
	uint64_t found;

	for (*job = NULL; (entry = readdir(entries));) {
		if (!job_of(entry->d_name, suffix, &found))
			continue;
		if (count == room) {
			uint64_t *larger = reallocarray(*job, room += 32, sizeof **job);

			if (!larger) {
				free(*job);
				*job = NULL;
				return -1;
			}
			*job = larger;
		}
		(*job)[count++] = found;
	}
	return (int)(count ? without_doubles(*job, count) : 0);
}

int pc_run_dir_jobs(int directory, const char *suffix, uint64_t **job, struct pc_error *error)
{
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = copy < 0 ? NULL : fdopendir(copy);
	int count;

	*job = NULL;
	if (!entries) {
		int code = errno;

		close_one(&copy);
		return pc_fail(error, code, "state directory: %s", strerror(code));
	}
	count = collect(entries, suffix, job);
	closedir(entries);
	return count < 0 ? pc_fail(error, ENOMEM, "state directory: no memory for its jobs") : count;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail_at(struct pc_error *error, const char *name, const char *what, const char *advice)
{
	int code = errno;

	return pc_fail(error, code, "%s: %s: %s%s", name, what, strerror(code), advice);
}

static void close_quietly(int fd)
{
	int code = errno;

	close(fd);
	errno = code;
}

static void unlink_quietly(int directory, const char *name)
{
	int code = errno;

	unlinkat(directory, name, 0);
	errno = code;
}

static int temporary_name(const char *name, char temporary[NAME_MAX + 1], struct pc_error *error)
{
	int length = snprintf(temporary, NAME_MAX + 1, ".%s.new", name);

	if (!*name || *name == '.' || strchr(name, '/') || length > NAME_MAX)
		return pc_fail(error, EINVAL, "record: \"%s\" is no file name that a record can have", name);
	return 0;
}

static int write_whole(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		text += written;
		length -= (size_t)written;
	}
	return 0;
}

static int sync_fd(int fd)
{
	int result;

	do
		result = fsync(fd);
	while (result < 0 && errno == EINTR);
	return result;
}

/* A leftover of a saver that was killed is removed, never written through: O_EXCL. */
static int create_temporary(int directory, const char *temporary)
{
	if (unlinkat(directory, temporary, 0) < 0 && errno != ENOENT)
		return -1;
	return openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* The whole text on disk under the temporary name, or nothing under it. */
static int write_temporary(int directory, const char *temporary, unsigned mode, const char *text, size_t length)
{
	int fd = create_temporary(directory, temporary);

	if (fd < 0)
		return -1;
	if (write_whole(fd, text, length) < 0 || fchmod(fd, mode) < 0 || sync_fd(fd) < 0)
		close_quietly(fd);
	else if (close(fd) == 0) /* network file systems report a full disk here */
		return 0;
	unlink_quietly(directory, temporary);
	return -1;
}

static int save_text(int directory, const char *name, unsigned mode, const char *text, size_t length,
		     struct pc_error *error)
{
	char temporary[NAME_MAX + 1];

	if (temporary_name(name, temporary, error) < 0)
		return -1;
	if (write_temporary(directory, temporary, mode, text, length) < 0)
		return fail_at(error, name, "cannot be saved", "; what was there before is unchanged");
	if (renameat(directory, temporary, directory, name) < 0) {
		fail_at(error, name, "cannot be put in place", "; what was there before is unchanged");
		unlink_quietly(directory, temporary);
		return -1;
	}
	if (sync_fd(directory) < 0)
		return fail_at(error, name, "is saved, but its directory cannot be synced",
			       "; it may be gone after a power failure");
	return 0;
}

int pc_record_save(struct pc_record_writer *writer, int directory, const char *name, unsigned mode,
		   struct pc_error *error)
{
	size_t length;
	const char *text = pc_record_finish(writer, &length, error);
	int result = -1;

	if (text)
		result = save_text(directory, name, mode, text, length, error);
	else
		pc_fail_within(error, "%s", name);
	pc_record_discard(writer);
	return result;
}

int pc_record_remove(int directory, const char *name, struct pc_error *error)
{
	if (unlinkat(directory, name, 0) < 0 && errno != ENOENT)
		return fail_at(error, name, "cannot be removed", "");
	if (sync_fd(directory) < 0)
		return fail_at(error, name, "is removed, but its directory cannot be synced", "");
	return 0;
}

/* Who could have written this file besides its owner? */
static int check_file(int fd, const char *name, unsigned owner, struct pc_error *error)
{
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		return fail_at(error, name, "cannot be examined", "");
	if (!S_ISREG(stat.st_mode))
		return pc_fail(error, EPERM, "%s: not a regular file; nothing in it is believed", name);
	if (stat.st_uid != owner && stat.st_uid != 0)
		return pc_fail(error, EPERM, "%s: owned by user %u instead of %u; nothing in it is believed",
			       name, stat.st_uid, owner);
	if (stat.st_mode & (S_IWGRP | S_IWOTH))
		return pc_fail(error, EPERM, "%s: writable by others (mode %04o); nothing in it is believed",
			       name, stat.st_mode & 07777u);
	if (stat.st_nlink > 1)   /* 0 is an old one that a saver has just replaced: whole */
		return pc_fail(error, EPERM, "%s: has %lu names; nothing in it is believed", name,
			       (unsigned long)stat.st_nlink);
	if (stat.st_size > PC_RECORD_MAX)
		return pc_fail(error, EFBIG, "%s: over 1 MiB; nothing in it is believed", name);
	return 0;
}

/* At most room bytes; a file cannot grow past what check_file() saw without being torn. */
static ssize_t read_whole(int fd, char *text, size_t room)
{
	size_t length = 0;

	while (length < room) {
		ssize_t got = read(fd, text + length, room - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			break;
		length += (size_t)got;
	}
	return (ssize_t)length;
}

static int open_record(int directory, const char *name, unsigned owner, struct pc_error *error)
{
	/* O_NONBLOCK: a FIFO of that name must not hold the caller up. */
	int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return fail_at(error, name, "cannot be opened",
			       errno == ELOOP ? "; it is a symbolic link, which is not followed" : "");
	if (check_file(fd, name, owner, error) == 0)
		return fd;
	close_quietly(fd);
	return -1;
}

char *pc_record_read(int directory, const char *name, unsigned owner, size_t *length, struct pc_error *error)
{
	int fd = open_record(directory, name, owner, error);
	char *text = NULL;
	ssize_t got;

	if (fd < 0)
		return NULL;
	text = malloc(PC_RECORD_MAX);
	got = text ? read_whole(fd, text, PC_RECORD_MAX) : -1;
	if (got < 0) {
		fail_at(error, name, "cannot be read", "");
		free(text);
		text = NULL;
	} else {
		*length = (size_t)got;
	}
	close_quietly(fd);
	return text;
}

int pc_record_load(int directory, const char *name, unsigned owner, const char *kind, unsigned format,
		   pc_record_each *each, void *arg, struct pc_error *error)
{
	size_t length;
	char *text = pc_record_read(directory, name, owner, &length, error);
	int result = -1;

	if (text)
		result = pc_record_parse(name, text, length, kind, format, each, arg, error);
	free(text);
	return result;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int pc_sysfs_root(const char *root, struct pc_error *error)
{
	int fd = open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return pc_fail(error, errno, "%s: cannot be opened as a root: %s", root ? root : "/",
			       strerror(errno));
	return fd;
}

static void close_keeping_errno(int fd)
{
	int code = errno;

	close(fd);
	errno = code;
}

static int read_line(int fd, char *text, size_t size)
{
	ssize_t length;

	do {
		length = pread(fd, text, size, 0);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -1;
	if ((size_t)length == size) {
		errno = EMSGSIZE;
		return -1;
	}
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

int pc_sysfs_read_text(int root, const char *path, char *text, size_t size)
{
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return -1;
	result = read_line(fd, text, size);
	close_keeping_errno(fd);
	return result;
}

static int parse_number(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	if (errno || end == text || *end || text[strspn(text, "0123456789")]) {
		errno = EINVAL;
		return -1;
	}
	return 0;
}

int pc_sysfs_read_number(int root, const char *path, uint64_t *number)
{
	char text[32];

	if (pc_sysfs_read_text(root, path, text, sizeof text) < 0)
		return -1;
	return parse_number(text, number);
}

int pc_sysfs_reread_number(int fd, uint64_t *number)
{
	char text[32];

	if (read_line(fd, text, sizeof text) < 0)
		return -1;
	return parse_number(text, number);
}

int pc_sysfs_write_number(int root, const char *path, uint64_t number)
{
	int fd = openat(root, path, O_WRONLY | O_CLOEXEC);
	char text[32];
	int length = snprintf(text, sizeof text, "%" PRIu64 "\n", number);
	ssize_t written;

	if (fd < 0)
		return -1;
	do {
		written = write(fd, text, (size_t)length);
	} while (written < 0 && errno == EINTR);
	if (written >= 0 && written != length)
		errno = EIO;
	close_keeping_errno(fd);
	return written == length ? 0 : -1;
}

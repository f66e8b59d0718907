/* SPDX-License-Identifier: BSD-3-Clause */
#include "failing_calls.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct fault fault;

static int fails(int code)
{
	errno = code;
	return code != 0;
}

static int is_interrupted(void)
{
	return fault.chunk && fault.calls++ % 2 == 0 && fails(EINTR);
}

static size_t shortened(size_t length)
{
	return fault.chunk && length > fault.chunk ? fault.chunk : length;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t length)
{
	if (is_interrupted() || fails(fault.write_error))
		return -1;
	return __real_write(fd, bytes, shortened(length));
}

ssize_t __wrap_read(int fd, void *bytes, size_t length)
{
	if (is_interrupted() || fails(fault.read_error))
		return -1;
	return __real_read(fd, bytes, shortened(length));
}

int __wrap_fsync(int fd)
{
	struct stat stat;

	if (is_interrupted() || __real_fstat(fd, &stat) < 0)
		return -1;
	fault.fsyncs++;
	if (!S_ISDIR(stat.st_mode) == !fault.fsync_of_directory && fails(fault.fsync_error))
		return -1;
	return __real_fsync(fd);
}

int __wrap_close(int fd)
{
	int result = __real_close(fd);

	return fails(fault.close_error) ? -1 : result;
}

int __wrap_renameat(int from, const char *old, int to, const char *new)
{
	return fails(fault.rename_error) ? -1 : __real_renameat(from, old, to, new);
}

int __wrap_fchmod(int fd, mode_t mode)
{
	return fails(fault.fchmod_error) ? -1 : __real_fchmod(fd, mode);
}

int __wrap_fstat(int fd, struct stat *stat)
{
	return fails(fault.fstat_error) ? -1 : __real_fstat(fd, stat);
}

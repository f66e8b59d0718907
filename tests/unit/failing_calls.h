/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_FAILING_CALLS_H
#define PHASECAP_FAILING_CALLS_H

/* The system calls that record_file.c makes, each of which can fail: a test that links
 * this is linked with ld's --wrap for each of them. */

#include <stddef.h>
#include <sys/types.h>

struct stat;

struct fault {
	int write_error;         /* an errno: every write fails with it; 0: none does */
	int read_error;
	int close_error;
	int rename_error;
	int fchmod_error;
	int fstat_error;
	int fsync_error;         /* of files, or */
	int fsync_of_directory;  /* of directories */
	size_t chunk;            /* not 0: reads and writes move at most so many bytes, and every */
	unsigned calls;          /* second call is interrupted */
	unsigned fsyncs;
};

extern struct fault fault;

ssize_t __real_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
ssize_t __real_read(int fd, void *bytes, size_t length);
ssize_t __wrap_read(int fd, void *bytes, size_t length);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_renameat(int from, const char *old, int to, const char *new);
int __wrap_renameat(int from, const char *old, int to, const char *new);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __real_fstat(int fd, struct stat *stat);
int __wrap_fstat(int fd, struct stat *stat);

#endif

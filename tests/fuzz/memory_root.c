/* SPDX-License-Identifier: BSD-3-Clause */
#include "memory_root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define FILES 256
#define FIRST_FD 0x40000000              /* no real descriptor is as high */
#define DIRECTORY_FD (FIRST_FD + FILES)  /* "the root" and every directory */

struct file {
	char path[128];
	const uint8_t *data;
	size_t size;
};

static struct file files[FILES];
static unsigned count;
static int open_count;
static char newline_room[FILES][256];    /* lines with their newline, which the input need not have */

/* The one directory that is being read. */
static struct {
	char path[128];
	unsigned next;
	struct dirent entry;
} directory;
#define DIRECTORY ((DIR *)&directory)

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_openat(int root, const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_close(int fd);
ssize_t __real_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset);
FILE *__real_fdopen(int fd, const char *mode);
FILE *__wrap_fdopen(int fd, const char *mode);
DIR *__wrap_fdopendir(int fd);
struct dirent *__real_readdir(DIR *stream);
struct dirent *__wrap_readdir(DIR *stream);
int __real_closedir(DIR *stream);
int __wrap_closedir(DIR *stream);
int __wrap_faccessat(int root, const char *path, int mode, int flags);

void memory_root_file(const char *path, const uint8_t *data, size_t size)
{
	count = 0;
	snprintf(files[count].path, sizeof files[count].path, "%s", path);
	files[count].data = data;
	files[count++].size = size;
}

static void add_line(const char *line, size_t length)
{
	const char *blank = memchr(line, ' ', length);
	size_t path = blank ? (size_t)(blank - line) : length, text = length - path - (blank != NULL);
	char *room = newline_room[count];

	if (!path || path >= sizeof files[count].path || text >= sizeof newline_room[count] - 1)
		return;
	memcpy(files[count].path, line, path);
	files[count].path[path] = '\0';
	memcpy(room, line + length - text, text);
	room[text] = '\n';
	files[count].data = (const uint8_t *)room;
	files[count++].size = text + 1;
}

void memory_root_lines(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data, *end = line + size;

	count = 0;
	while (line < end && count < FILES) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((newline ? newline : end) - line);

		add_line(line, length);
		line += length + 1;
	}
}

int memory_root_open_count(void)
{
	return open_count;
}

static bool is_ours(int fd)
{
	return fd >= FIRST_FD && fd <= DIRECTORY_FD;
}

static int opened(int fd)
{
	open_count++;
	return fd;
}

/* The code under test opens its root by an absolute path, and nothing else; the fuzzer's own
 * runtime opens files. */
int __wrap_open(const char *path, int flags, ...)
{
	va_list arguments;
	int fd;

	if (!strcmp(path, "/") && flags & O_DIRECTORY)
		return opened(DIRECTORY_FD);
	va_start(arguments, flags);
	fd = __real_open(path, flags, va_arg(arguments, int));
	va_end(arguments);
	return fd;
}

static bool is_below(const char *path, const char *parent)
{
	size_t length = strlen(parent);

	return !strncmp(path, parent, length) && path[length] == '/';
}

static int find(const char *path, bool as_directory)
{
	for (unsigned i = 0; i < count; i++)
		if (as_directory ? is_below(files[i].path, path) : !strcmp(files[i].path, path))
			return (int)i;
	errno = ENOENT;
	return -1;
}

int __wrap_openat(int root, const char *path, int flags, ...)
{
	int found = find(path, flags & O_DIRECTORY);

	MUST(root == DIRECTORY_FD && path[0] != '/');
	if (found < 0)
		return -1;
	if (!(flags & O_DIRECTORY))
		return opened(FIRST_FD + found);
	snprintf(directory.path, sizeof directory.path, "%s", path);
	return opened(DIRECTORY_FD);
}

int __wrap_close(int fd)
{
	if (!is_ours(fd))
		return __real_close(fd);
	open_count--;
	return 0;
}

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
	const struct file *file;

	if (!is_ours(fd) || fd == DIRECTORY_FD)
		return __real_pread(fd, bytes, size, offset);
	file = &files[fd - FIRST_FD];
	if ((size_t)offset >= file->size)
		return 0;
	if (size > file->size - (size_t)offset)
		size = file->size - (size_t)offset;
	memcpy(bytes, file->data + offset, size);
	return (ssize_t)size;
}

/* fclose() of this one does not come through close(). */
FILE *__wrap_fdopen(int fd, const char *mode)
{
	const struct file *file;
	FILE *stream;

	if (!is_ours(fd) || fd == DIRECTORY_FD)
		return __real_fdopen(fd, mode);
	file = &files[fd - FIRST_FD];
	stream = fmemopen((void *)file->data, file->size, mode);
	open_count -= stream != NULL;
	return stream;
}

DIR *__wrap_fdopendir(int fd)
{
	MUST(fd == DIRECTORY_FD);
	directory.next = 0;
	return DIRECTORY;
}

/* A directory that several lines lie in is listed once for each: a listing that repeats
 * itself is what a reader must bear while entries come and go. */
struct dirent *__wrap_readdir(DIR *stream)
{
	if (stream != DIRECTORY)
		return __real_readdir(stream);
	while (directory.next < count) {
		const char *path = files[directory.next++].path, *name;

		if (!is_below(path, directory.path))
			continue;
		name = path + strlen(directory.path) + 1;
		snprintf(directory.entry.d_name, sizeof directory.entry.d_name, "%.*s", (int)strcspn(name, "/"), name);
		return &directory.entry;
	}
	return NULL;
}

int __wrap_closedir(DIR *stream)
{
	if (stream != DIRECTORY)
		return __real_closedir(stream);
	open_count--;
	return 0;
}

int __wrap_faccessat(int root, const char *path, int mode, int flags)
{
	(void)mode;
	(void)flags;
	MUST(root == DIRECTORY_FD);
	return find(path, false) < 0 ? -1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512

/* POSIX.1-1988, "ustar Interchange Format". */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
	char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], unused[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "ustar");

static bool is_tar(const char *path)
{
	size_t length = strlen(path);

	return length > 4 && !strcmp(path + length - 4, ".tar");
}

int archive_open(struct archive *archive, const char *path, struct pc_error *error)
{
	*archive = (struct archive){ .directory = -1, .path = path };
	if (is_tar(path)) {
		archive->tar = fopen(path, "wxe");
	} else if (mkdir(path, 0755) == 0) {
		archive->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (archive->tar || archive->directory >= 0)
		return 0;
	return pc_fail(error, errno, "%s: cannot be made: %s", path, strerror(errno));
}

/* --- tar ---------------------------------------------------------------------- */

/* A long name is split at a slash, the front part going to the prefix. */
static int set_name(struct header *header, const char *name)
{
	size_t length = strlen(name), front = 0;

	if (length > sizeof header->name) {
		const char *slash = strchr(name + length - sizeof header->name - 1, '/');

		front = slash ? (size_t)(slash - name) : 0;
		if (!front || front > sizeof header->prefix || length - front - 1 > sizeof header->name)
			return -1;
		memcpy(header->prefix, name, front++);
	}
	memcpy(header->name, name + front, length - front);
	return 0;
}

static void set_checksum(struct header *header)
{
	const unsigned char *byte = (const unsigned char *)header;
	unsigned sum = 0;

	memset(header->checksum, ' ', sizeof header->checksum);
	for (size_t i = 0; i < sizeof *header; i++)
		sum += byte[i];
	snprintf(header->checksum, 7, "%06o", sum);
}

static int add_to_tar(FILE *tar, const char *name, mode_t mode, const void *bytes, size_t length)
{
	static const char zeros[BLOCK];
	struct header header = { .type = '0', .magic = "ustar", .version = { '0', '0' } };

	if (set_name(&header, name) < 0) {
		errno = ENAMETOOLONG;
		return -1;
	}
	snprintf(header.mode, sizeof header.mode, "%07o", (unsigned)mode & 07777);
	snprintf(header.uid, sizeof header.uid, "%07o", 0u);
	snprintf(header.gid, sizeof header.gid, "%07o", 0u);
	snprintf(header.size, sizeof header.size, "%011zo", length);
	snprintf(header.mtime, sizeof header.mtime, "%011o", 0u);
	set_checksum(&header);
	if (fwrite(&header, sizeof header, 1, tar) != 1 || fwrite(bytes, 1, length, tar) != length ||
	    fwrite(zeros, 1, (BLOCK - length % BLOCK) % BLOCK, tar) != (BLOCK - length % BLOCK) % BLOCK)
		return -1;
	return 0;
}

/* --- directory ---------------------------------------------------------------- */

static int make_parents(int directory, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s", name) >= (int)sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdirat(directory, path, 0755) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return 0;
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t taken = write(fd, bytes, length);

		if (taken < 0 && errno == EINTR)
			continue;
		if (taken < 0)
			return -1;
		bytes += taken;
		length -= (size_t)taken;
	}
	return 0;
}

static int add_to_directory(int directory, const char *name, mode_t mode, const void *bytes, size_t length)
{
	int fd, status;

	if (make_parents(directory, name) < 0)
		return -1;
	fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	status = write_all(fd, bytes, length);
	if (status == 0)
		status = fchmod(fd, mode & 07777);
	if (close(fd) < 0)
		status = -1;
	return status;
}

/* --- both --------------------------------------------------------------------- */

int archive_add(struct archive *archive, const char *name, mode_t mode, const void *bytes, size_t length,
		struct pc_error *error)
{
	int status = archive->tar ? add_to_tar(archive->tar, name, mode, bytes, length)
				  : add_to_directory(archive->directory, name, mode, bytes, length);

	return status == 0 ? 0 : pc_fail(error, errno, "%s: %s: %s", archive->path, name, strerror(errno));
}

int archive_close(struct archive *archive, struct pc_error *error)
{
	static const char end[2 * BLOCK];
	int status = 0;

	if (archive->directory >= 0)
		close(archive->directory);
	if (archive->tar) {
		if (fwrite(end, sizeof end, 1, archive->tar) != 1)
			status = -1;
		if (fclose(archive->tar) != 0)
			status = -1;
	}
	*archive = (struct archive){ .directory = -1, .path = archive->path };
	return status == 0 ? 0 : pc_fail(error, errno, "%s: %s", archive->path, strerror(errno));
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* msr-safe's version, and its list: reading it whole, replacing it by one write(2). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msr_driver.h"

/* --- version ---------------------------------------------------------------- */

/*
 * The version device is there since 1.7 and often for root only; the module's
 * own version file is what everybody may read.  Neither is told before 1.2.
 */
static int read_version(const struct pc_msr_place *place, char *text, size_t size)
{
	if (pc_msr_text(place, "/dev/cpu/msr_safe_version", text, size) == 0 && *text)
		return 0;
	if (pc_msr_text(place, "/sys/module/msr_safe/version", text, size) == 0 && *text)
		return 0;
	return -1;
}

int pc_msrsafe_check_version(const struct pc_msr_place *place, struct pc_error *error)
{
	char text[32];
	char *end;
	unsigned long major;

	if (read_version(place, text, sizeof text) < 0)
		return 0;
	major = strtoul(text, &end, 10);
	if (end != text && major == 1)
		return 0;
	return pc_fail(error, EPROTONOSUPPORT, "msr-safe \"%s\": only versions 1.x are spoken here: another "
		       "major version lays its batches out differently under the same ioctl number; "
		       "load a 1.x module", text);
}

bool pc_msrsafe_bypasses_list(const struct pc_msr_place *place)
{
	unsigned long minor = 0;
	char text[32];
	char *dot;

	if (read_version(place, text, sizeof text) == 0 && (dot = strchr(text, '.')))
		minor = strtoul(dot + 1, NULL, 10);
	return minor < 7 && place->calls->has_rawio();
}

/* --- the list device -------------------------------------------------------- */

static bool is_absent(int code)
{
	return code == ENOENT || code == ENXIO || code == ENODEV;
}

/*
 * Up to 1.4 the device is msr_whitelist, since 1.5 msr_allowlist; no version has
 * both, but a stale node of the one can lie beside the other (msr-safe issue
 * 43: opening it gives ENXIO).  So both are tried, by opening.
 */
static int open_list(const struct pc_msr_place *place, int flags, char path[PC_MSR_PATH])
{
	static const char *const name[] = { "msr_allowlist", "msr_whitelist" };
	int fd = -1, code = 0;

	for (unsigned i = 0; i < 2; i++) {
		char tried[PC_MSR_PATH];

		pc_msr_path(place, tried, "/dev/cpu/%s", name[i]);
		fd = place->calls->open(tried, flags | O_CLOEXEC);
		if (i == 0 || fd >= 0 || !is_absent(errno)) {
			memcpy(path, tried, sizeof tried);
			code = errno;
		}
		if (fd >= 0 || !is_absent(errno))
			break;
	}
	errno = code;
	return fd;
}

static int list_trouble(const char *path, struct pc_error *error)
{
	int code = errno;

	return pc_fail(error, code, "%s: %s", path, pc_allowlist_errno_text(code));
}

/* One byte more than can be put back by one write(2). */
enum { LIST_TEXT_MAX = PC_ALLOWLIST_TEXT_MAX + 1 };

/* Each read(2) gives one line, and 0 at the end of the list.  A buffer too small for
 * a line is E2BIG since 1.7, EFAULT before: as if the list were over-long. */
static ssize_t read_lines(const struct pc_msr_calls *calls, int fd, char *text)
{
	size_t length = 0;

	while (length < LIST_TEXT_MAX) {
		ssize_t got = calls->read(fd, text + length, LIST_TEXT_MAX - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EFAULT || errno == E2BIG))
			break;
		if (got <= 0)
			return got < 0 ? -1 : (ssize_t)length;
		length += (size_t)got;
	}
	errno = E2BIG;
	return -1;
}

static int read_list_text(const struct pc_msr_place *place, char path[PC_MSR_PATH], char *text,
			  size_t *length, struct pc_error *error)
{
	int fd = open_list(place, O_RDONLY, path);
	ssize_t got;

	if (fd < 0)
		return pc_fail(error, errno, "%s: the allowlist cannot be read: %s", path, strerror(errno));
	got = read_lines(place->calls, fd, text);
	if (got < 0)
		pc_fail(error, errno, "%s: reading the allowlist failed: %s", path, strerror(errno));
	else
		*length = (size_t)got;
	place->calls->close(fd);
	return got < 0 ? -1 : 0;
}

int pc_msrsafe_list_read(const struct pc_msr_place *place, struct pc_allowlist *list,
			 struct pc_error *error)
{
	char *text = malloc(LIST_TEXT_MAX);
	char path[PC_MSR_PATH];
	size_t length = 0;
	int status;

	*list = PC_ALLOWLIST_EMPTY;
	if (!text)
		return pc_fail(error, ENOMEM, "allowlist: no memory to read it");
	status = read_list_text(place, path, text, &length, error);
	if (status == 0)
		status = pc_allowlist_parse(list, path, text, length, error);
	free(text);
	return status;
}

bool pc_msrsafe_list_writable(const struct pc_msr_place *place)
{
	char path[PC_MSR_PATH];
	int fd = place->read_only ? -1 : open_list(place, O_WRONLY, path);

	if (fd >= 0)
		place->calls->close(fd);
	return fd >= 0;
}

bool pc_msrsafe_list_device(const struct pc_msr_place *place, char path[PC_MSR_PATH])
{
	int fd = open_list(place, O_RDONLY, path);

	if (fd >= 0)
		place->calls->close(fd);
	return fd >= 0;
}

/*
 * Every write(2) is a whole list for the driver and replaces the one before.  So there
 * is no going on after a short one: the list is then whatever its first part said.
 */
static int write_once(const struct pc_msr_place *place, const char *path, int fd, const char *text,
		      size_t length, struct pc_error *error)
{
	ssize_t taken;

	do
		taken = place->calls->write(fd, text, length);
	while (taken < 0 && errno == EINTR);
	if (taken < 0)
		return list_trouble(path, error);
	if ((size_t)taken != length)
		return pc_fail(error, EIO, "%s: the driver took %zd of %zu bytes, so it may hold a part of "
			       "the list; install it again", path, taken, length);
	return 0;
}

static int write_text(const struct pc_msr_place *place, const char *text, size_t length,
		      struct pc_error *error)
{
	char path[PC_MSR_PATH];
	int fd = open_list(place, O_WRONLY, path);
	int status;

	if (fd < 0)
		return list_trouble(path, error);
	status = write_once(place, path, fd, text, length, error);
	place->calls->close(fd);
	return status;
}

static int verify(const struct pc_msr_place *place, const struct pc_allowlist *wanted,
		  struct pc_error *error)
{
	struct pc_allowlist found;
	int same;

	if (pc_msrsafe_list_read(place, &found, error) < 0)
		return pc_fail_within(error, "the list was written, but could not be verified");
	same = pc_allowlist_equal(&found, wanted);
	pc_allowlist_free(&found);
	if (!same)
		return pc_fail(error, EIO, "allowlist: %s", pc_allowlist_errno_text(EIO));
	return 0;
}

int pc_msrsafe_list_write(const struct pc_msr_place *place, const struct pc_allowlist *list,
			  struct pc_error *error)
{
	size_t length;
	char *text;
	int status;

	if (place->read_only)
		return pc_fail(error, EROFS, "%s: a recorded root is read only", place->root);
	text = pc_allowlist_print(list, &length);
	if (!text)
		return pc_fail(error, ENOMEM, "allowlist: no memory to print it");
	status = write_text(place, text, length, error);
	free(text);
	return status < 0 ? -1 : verify(place, list, error);
}

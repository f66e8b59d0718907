/* SPDX-License-Identifier: BSD-3-Clause */
#include "access.h"

#include <acl/libacl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access_acl.h"

/*
 * A path held by an O_PATH descriptor, and its name below /proc, which is how
 * the ACL and chmod(2) calls can be given one.
 */
struct handle {
	int fd;
	char name[40];
};

static int handle_open(struct handle *handle, const char *path, struct pc_error *error)
{
	struct stat status;

	handle->fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (handle->fd < 0)
		return pc_fail(error, errno, "%s: %s", path, strerror(errno));
	snprintf(handle->name, sizeof handle->name, "/proc/self/fd/%d", handle->fd);
	if (fstat(handle->fd, &status) == 0 && !S_ISLNK(status.st_mode))
		return 0;
	close(handle->fd);
	return pc_fail(error, ELOOP, "%s: a symbolic link: access is only given to what stands there itself", path);
}

static void handle_close(struct handle *handle)
{
	int code = errno;

	close(handle->fd);
	errno = code;
}

static int acl_to_record(struct handle *handle, struct pc_journal_access *access, struct pc_error *error)
{
	int extended = acl_extended_file(handle->name);
	acl_t acl;
	char *text;

	access->acl[0] = '\0';
	if (extended == 0 || (extended < 0 && errno == EOPNOTSUPP))
		return 0;
	acl = extended < 0 ? NULL : acl_get_file(handle->name, ACL_TYPE_ACCESS);
	if (!acl)
		return pc_fail(error, errno, "%s: its ACL cannot be read: %s", access->path, strerror(errno));
	text = acl_to_any_text(acl, NULL, ',', TEXT_NUMERIC_IDS | TEXT_ABBREVIATE);
	access_acl_release(acl);
	if (!text)
		return pc_fail(error, ENOMEM, "%s: no memory for its ACL", access->path);
	if (strlen(text) >= sizeof access->acl) {
		access_acl_release(text);
		return pc_fail(error, ENAMETOOLONG, "%s: its ACL takes more than %zu bytes: shorten it",
			       access->path, sizeof access->acl - 1);
	}
	memcpy(access->acl, text, strlen(text) + 1);
	access_acl_release(text);
	return 0;
}

static int capture(struct handle *handle, struct pc_journal_access *access, struct pc_error *error)
{
	struct stat status;

	if (fstat(handle->fd, &status))
		return pc_fail(error, errno, "%s: %s", access->path, strerror(errno));
	access->mode = status.st_mode & 07777;
	access->uid = status.st_uid;
	access->gid = status.st_gid;
	return acl_to_record(handle, access, error);
}

int pc_access_capture(const char *path, bool by_owner, struct pc_journal_access *access,
		      struct pc_error *error)
{
	struct handle handle;
	int result;

	memset(access, 0, sizeof *access);
	if (strlen(path) >= sizeof access->path)
		return pc_fail(error, ENAMETOOLONG, "%s: a path of more than %zu bytes", path,
			       sizeof access->path - 1);
	memcpy(access->path, path, strlen(path) + 1);
	access->by_owner = by_owner;
	if (handle_open(&handle, path, error))
		return -1;
	result = capture(&handle, access, error);
	handle_close(&handle);
	return result;
}

static int grant_ownership(struct handle *handle, const struct pc_journal_access *access, uid_t uid,
			   struct pc_error *error)
{
	struct stat status;

	if (fstat(handle->fd, &status))
		return pc_fail(error, errno, "%s: %s", access->path, strerror(errno));
	if (status.st_uid != access->uid && status.st_uid != uid)
		return pc_fail(error, EBUSY, "%s: lent to user %u by another job; it has one owner at a time",
			       access->path, (unsigned)status.st_uid);
	if (chown(handle->name, uid, (gid_t)-1))
		return pc_fail(error, errno, "%s: cannot be given to user %u: %s", access->path,
			       (unsigned)uid, strerror(errno));
	return 0;
}

static int revoke_ownership(struct handle *handle, const struct pc_journal_access *access, uid_t uid,
			    struct pc_error *error)
{
	struct stat status;

	if (fstat(handle->fd, &status))
		return pc_fail(error, errno, "%s: %s", access->path, strerror(errno));
	if (status.st_uid != uid || uid == access->uid)
		return 0;
	/* An owner may have changed the mode as well. */
	if (chown(handle->name, access->uid, access->gid) || chmod(handle->name, access->mode))
		return pc_fail(error, errno, "%s: cannot be taken back from user %u: %s", access->path,
			       (unsigned)uid, strerror(errno));
	return 0;
}

enum change { GRANT_READ, GRANT_WRITE, REVOKE };

static int change_acl(struct handle *handle, const struct pc_journal_access *access, uid_t uid,
		      enum change change, struct pc_error *error)
{
	acl_t acl = acl_get_file(handle->name, ACL_TYPE_ACCESS);
	int result = -1;

	if (acl && change == REVOKE)
		result = access_acl_remove(&acl, uid, access->acl);
	else if (acl)
		result = access_acl_add(&acl, uid, change == GRANT_WRITE);
	if (!result)
		result = acl_set_file(handle->name, ACL_TYPE_ACCESS, acl);
	if (result)
		pc_fail(error, errno, "%s: its ACL cannot be changed for user %u: %s", access->path,
			(unsigned)uid, strerror(errno));
	access_acl_release(acl);
	return result;
}

int pc_access_grant(const struct pc_journal_access *access, uid_t uid, bool write, struct pc_error *error)
{
	struct handle handle;
	int result;

	if (handle_open(&handle, access->path, error))
		return -1;
	if (access->by_owner)
		result = grant_ownership(&handle, access, uid, error);
	else
		result = change_acl(&handle, access, uid, write ? GRANT_WRITE : GRANT_READ, error);
	handle_close(&handle);
	return result;
}

/* 1 where the path is gone, and with it all that was granted. */
static int reopen(struct handle *handle, const struct pc_journal_access *access, struct pc_error *error)
{
	if (handle_open(handle, access->path, error) == 0)
		return 0;
	return errno == ENOENT || errno == ENXIO ? 1 : -1;
}

int pc_access_revoke(const struct pc_journal_access *access, uid_t uid, struct pc_error *error)
{
	struct handle handle;
	int result = reopen(&handle, access, error);

	if (result)
		return result < 0 ? -1 : 0;
	if (access->by_owner)
		result = revoke_ownership(&handle, access, uid, error);
	else
		result = change_acl(&handle, access, uid, REVOKE, error);
	handle_close(&handle);
	return result;
}

static bool same(const struct pc_journal_access *a, const struct pc_journal_access *b)
{
	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid && strcmp(a->acl, b->acl) == 0;
}

static int put_acl_back(struct handle *handle, const struct pc_journal_access *access)
{
	acl_t acl = *access->acl ? acl_from_text(access->acl) : acl_from_mode(access->mode);
	int result = acl ? acl_set_file(handle->name, ACL_TYPE_ACCESS, acl) : -1;

	access_acl_release(acl);
	/* Where there are no ACLs there is none to take away. */
	return result && !*access->acl && errno == EOPNOTSUPP ? 0 : result;
}

static int restore(struct handle *handle, const struct pc_journal_access *access, struct pc_error *error)
{
	struct pc_journal_access now = *access;

	if (capture(handle, &now, error))
		return -1;
	if (same(&now, access))
		return 0;
	if ((now.uid != access->uid || now.gid != access->gid) && chown(handle->name, access->uid, access->gid))
		return pc_fail(error, errno, "%s: its owner cannot be put back: %s", access->path, strerror(errno));
	if (put_acl_back(handle, access) || chmod(handle->name, access->mode))
		return pc_fail(error, errno, "%s: its mode and ACL cannot be put back: %s", access->path,
			       strerror(errno));
	if (capture(handle, &now, error))
		return -1;
	if (!same(&now, access))
		return pc_fail(error, EIO, "%s: has mode %04o, owner %u:%u after these were put back to %04o, %u:%u",
			       access->path, (unsigned)now.mode, (unsigned)now.uid, (unsigned)now.gid,
			       (unsigned)access->mode, (unsigned)access->uid, (unsigned)access->gid);
	return 0;
}

int pc_access_restore(const struct pc_journal_access *access, struct pc_error *error)
{
	struct handle handle;
	int result = reopen(&handle, access, error);

	if (result)
		return result < 0 ? -1 : 0;
	result = restore(&handle, access, error);
	handle_close(&handle);
	return result;
}

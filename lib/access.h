/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_ACCESS_H
#define PHASECAP_ACCESS_H

/*
 * Giving a job's user access to device nodes (POSIX ACL, or ownership where
 * there are no ACLs), and putting mode, owner and ACL back exactly.
 *
 * No path is followed through a symbolic link at its end and no device is opened:
 * opening one can have effects of its own.  Users and groups stand as numbers, so that no name
 * service is asked.  Failures leave the path as it was, but for EIO (it reads back
 * otherwise than written).
 */

#include <stdbool.h>
#include <sys/types.h>

#include "error.h"
#include "journal.h"

/* Notes a path as it is now.  ELOOP: a symbolic link; ENAMETOOLONG: the path or its
 * ACL does not fit into the record. */
int pc_access_capture(const char *path, bool by_owner, struct pc_journal_access *access,
		      struct pc_error *error) PC_WARN_UNUSED;
/*
 * Adds read, or read and write, for uid to what the path has now; nobody else gains
 * anything.  By owner: EBUSY where another job's user holds the path.
 */
int pc_access_grant(const struct pc_journal_access *access, uid_t uid, bool write,
		    struct pc_error *error) PC_WARN_UNUSED;
/* Takes back what one user was granted and leaves what others were; idempotent. */
int pc_access_revoke(const struct pc_journal_access *access, uid_t uid,
		     struct pc_error *error) PC_WARN_UNUSED;
/* Everything as captured; idempotent; a path that is gone is fine. */
int pc_access_restore(const struct pc_journal_access *access, struct pc_error *error) PC_WARN_UNUSED;

#endif

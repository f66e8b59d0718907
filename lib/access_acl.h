/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_ACCESS_ACL_H
#define PHASECAP_ACCESS_ACL_H

/* One user's entry in an ACL in memory; for access.c.  Failures: -1 and errno. */

#include <stdbool.h>
#include <sys/acl.h>
#include <sys/types.h>

#include "error.h"

/* acl_free() that takes NULL and keeps errno. */
void access_acl_release(void *object);

/* Adds read, or read and write, for uid; nobody else gains anything. */
int access_acl_add(acl_t *acl, uid_t uid, bool write) PC_WARN_UNUSED;
/* Back to what the captured ACL (its text; empty: there was none) gave this user, which is
 * nothing as a rule. */
int access_acl_remove(acl_t *acl, uid_t uid, const char *captured) PC_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "access_acl.h"

#include <acl/libacl.h>
#include <errno.h>
#include <stddef.h>

void access_acl_release(void *object)
{
	int code = errno;

	if (object)
		acl_free(object);
	errno = code;
}

static acl_tag_t tag_of(acl_entry_t entry)
{
	acl_tag_t tag = ACL_UNDEFINED_TAG;

	acl_get_tag_type(entry, &tag);
	return tag;
}

static bool names_user(acl_entry_t entry, uid_t uid)
{
	uid_t *named = tag_of(entry) == ACL_USER ? acl_get_qualifier(entry) : NULL;
	bool same = named && *named == uid;

	access_acl_release(named);
	return same;
}

/* The entry of a tag (and, for ACL_USER, of a user); NULL where there is none. */
static acl_entry_t find(acl_t acl, acl_tag_t tag, uid_t uid)
{
	acl_entry_t entry;

	for (int which = ACL_FIRST_ENTRY; acl_get_entry(acl, which, &entry) == 1; which = ACL_NEXT_ENTRY)
		if (tag_of(entry) == tag && (tag != ACL_USER || names_user(entry, uid)))
			return entry;
	return NULL;
}

static bool permits(acl_entry_t entry, acl_perm_t perm)
{
	acl_permset_t set;

	return acl_get_permset(entry, &set) == 0 && acl_get_perm(set, perm) == 1;
}

static int permit(acl_entry_t entry, acl_perm_t perm, bool on)
{
	acl_permset_t set;

	if (acl_get_permset(entry, &set))
		return -1;
	return on ? acl_add_perm(set, perm) : acl_delete_perm(set, perm);
}

static const acl_perm_t all_perms[] = { ACL_READ, ACL_WRITE, ACL_EXECUTE };

/*
 * A mask that was narrower than the entries under it is written into them, because
 * one more entry widens the mask: nobody else may gain by it.
 */
static int apply_mask(acl_t acl)
{
	acl_entry_t mask = find(acl, ACL_MASK, 0), entry;

	for (int which = ACL_FIRST_ENTRY; mask && acl_get_entry(acl, which, &entry) == 1; which = ACL_NEXT_ENTRY) {
		acl_tag_t tag = tag_of(entry);

		if (tag != ACL_USER && tag != ACL_GROUP && tag != ACL_GROUP_OBJ)
			continue;
		for (unsigned i = 0; i < 3; i++)
			if (!permits(mask, all_perms[i]) && permit(entry, all_perms[i], false))
				return -1;
	}
	return 0;
}

static acl_entry_t find_or_make(acl_t *acl, uid_t uid)
{
	acl_entry_t entry = find(*acl, ACL_USER, uid);

	if (entry)
		return entry;
	if (acl_create_entry(acl, &entry) || acl_set_tag_type(entry, ACL_USER) || acl_set_qualifier(entry, &uid))
		return NULL;
	return entry;
}

int access_acl_add(acl_t *acl, uid_t uid, bool write)
{
	acl_entry_t entry;

	if (apply_mask(*acl))
		return -1;
	entry = find_or_make(acl, uid);
	if (!entry || permit(entry, ACL_READ, true) || (write && permit(entry, ACL_WRITE, true)))
		return -1;
	return acl_calc_mask(acl);
}

int access_acl_remove(acl_t *acl, uid_t uid, const char *captured)
{
	acl_t before = *captured ? acl_from_text(captured) : NULL;
	acl_entry_t now = find(*acl, ACL_USER, uid);
	acl_entry_t then = before ? find(before, ACL_USER, uid) : NULL;
	int result = 0;

	if (now && !then)
		result = acl_delete_entry(*acl, now);
	for (unsigned i = 0; now && then && i < 3 && !result; i++)
		result = permit(now, all_perms[i], permits(then, all_perms[i]));
	access_acl_release(before);
	return result ? result : acl_calc_mask(acl);
}

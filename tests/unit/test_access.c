/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/acl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <acl/libacl.h>
#include <cmocka.h>

#include "access.h"

enum { ALICE = 60901, BOB = 60902, CAROL = 60903 };

static char path[64];

static int make_path(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/test_access-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path) && errno != ENOENT ? -1 : 0;
}

static void set_acl(const char *text)
{
	acl_t acl = acl_from_text(text);

	assert_non_null(acl);
	assert_int_equal(acl_set_file(path, ACL_TYPE_ACCESS, acl), 0);
	acl_free(acl);
}

static void assert_acl(const char *wanted)
{
	acl_t acl = acl_get_file(path, ACL_TYPE_ACCESS);
	char *text = acl_to_any_text(acl, NULL, ',', TEXT_NUMERIC_IDS | TEXT_ABBREVIATE);

	assert_string_equal(text, wanted);
	acl_free(text);
	acl_free(acl);
}

static mode_t mode(void)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 07777;
}

static struct pc_journal_access capture(void)
{
	struct pc_journal_access access;
	struct pc_error error;

	if (pc_access_capture(path, false, &access, &error))
		fail_msg("%s", error.text);
	return access;
}

static void grant(const struct pc_journal_access *access, uid_t uid, bool write)
{
	struct pc_error error;

	if (pc_access_grant(access, uid, write, &error))
		fail_msg("%s", error.text);
}

static void take(const struct pc_journal_access *access, uid_t uid)
{
	struct pc_error error;

	if (pc_access_revoke(access, uid, &error))
		fail_msg("%s", error.text);
}

static void restore(const struct pc_journal_access *access)
{
	struct pc_error error;

	if (pc_access_restore(access, &error))
		fail_msg("%s", error.text);
}

static void one_user_gains_and_loses_it(void **state)
{
	struct pc_journal_access access;

	(void)state;
	assert_int_equal(chmod(path, 0600), 0);
	access = capture();
	assert_string_equal(access.path, path);
	assert_int_equal(access.mode, 0600);
	assert_int_equal(access.uid, geteuid());
	assert_string_equal(access.acl, "");
	grant(&access, ALICE, false);
	assert_acl("u::rw-,u:60901:r--,g::---,m::r--,o::---");
	grant(&access, ALICE, true);
	assert_acl("u::rw-,u:60901:rw-,g::---,m::rw-,o::---");
	restore(&access);
	assert_acl("u::rw-,g::---,o::---");
	assert_int_equal(mode(), 0600);
	restore(&access);
	assert_int_equal(mode(), 0600);
}

/* Whatever the site gives others, or once gave this user behind a mask. */
static void who_is_granted_reading_cannot_write(void **state)
{
	static const struct {
		const char *before, *granted;
	} table[] = {
		{ "u::rw-,g::---,o::---", "u::rw-,u:60901:r--,g::---,m::r--,o::---" },
		{ "u::rw-,g::rw-,o::---", "u::rw-,u:60901:r--,g::rw-,m::rw-,o::---" },
		{ "u::rw-,g::rw-,o::rw-", "u::rw-,u:60901:r--,g::rw-,m::rw-,o::rw-" },
		{ "u::rw-,u:60902:rw-,g::---,m::rw-,o::---", "u::rw-,u:60901:r--,u:60902:rw-,g::---,m::rw-,o::---" },
		{ "u::rw-,u:60901:rw-,g::rw-,m::r--,o::---", "u::rw-,u:60901:r--,g::r--,m::r--,o::---" },
	};
	struct pc_journal_access access;

	(void)state;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		set_acl(table[i].before);
		access = capture();
		grant(&access, ALICE, false);
		assert_acl(table[i].granted);
		restore(&access);
		assert_acl(table[i].before);
	}
}

static void modes_come_back_exactly(void **state)
{
	static const mode_t modes[] = { 0600, 0400, 0640, 0660, 0666, 0440, 0644, 0604, 0000 };
	struct pc_journal_access access;

	(void)state;
	for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		assert_int_equal(chmod(path, modes[i]), 0);
		access = capture();
		grant(&access, ALICE, true);
		restore(&access);
		assert_int_equal(mode(), modes[i]);
		assert_string_equal(capture().acl, "");
	}
}

/* A mask that hides rights is widened for the new user; whom it hid them from must not notice. */
static void nobody_else_gains(void **state)
{
	static const char before[] = "u::rw-,u:60903:rwx,g::rw-,m::r--,o::---";
	struct pc_journal_access access;

	(void)state;
	set_acl(before);
	access = capture();
	assert_string_equal(access.acl, before);
	grant(&access, ALICE, true);
	assert_acl("u::rw-,u:60901:rw-,u:60903:r--,g::r--,m::rw-,o::---");
	restore(&access);
	assert_acl(before);
}

static void several_users_come_and_go(void **state)
{
	struct pc_journal_access access;

	(void)state;
	set_acl("u::rw-,u:60903:r--,g::---,m::r--,o::---");
	access = capture();
	grant(&access, ALICE, false);
	grant(&access, BOB, true);
	assert_acl("u::rw-,u:60901:r--,u:60902:rw-,u:60903:r--,g::---,m::rw-,o::---");
	take(&access, BOB);
	assert_acl("u::rw-,u:60901:r--,u:60903:r--,g::---,m::r--,o::---");
	take(&access, BOB);
	assert_acl("u::rw-,u:60901:r--,u:60903:r--,g::---,m::r--,o::---");
	restore(&access);
	assert_acl("u::rw-,u:60903:r--,g::---,m::r--,o::---");
}

/* A user whom the site's own ACL names falls back to what that says. */
static void revoking_keeps_what_the_site_gave(void **state)
{
	struct pc_journal_access access;

	(void)state;
	set_acl("u::rw-,u:60903:r--,g::---,m::r--,o::---");
	access = capture();
	grant(&access, CAROL, true);
	assert_acl("u::rw-,u:60903:rw-,g::---,m::rw-,o::---");
	take(&access, CAROL);
	assert_acl("u::rw-,u:60903:r--,g::---,m::r--,o::---");
}

/* Whatever somebody did to the path meanwhile. */
static void restoring_does_not_depend_on_what_is_there(void **state)
{
	struct pc_journal_access access;

	(void)state;
	assert_int_equal(chmod(path, 0640), 0);
	access = capture();
	set_acl("u::rwx,u:60901:rwx,u:60902:rwx,g::rwx,m::rwx,o::rwx");
	assert_int_equal(chmod(path, 0777), 0);
	restore(&access);
	assert_acl("u::rw-,g::r--,o::---");
	/* As after a CPU went offline and came back: a new node with another mode. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(close(mkstemp(strcpy(path, "/tmp/test_access-XXXXXX"))), 0);
	strcpy(access.path, path);
	restore(&access);
	assert_int_equal(mode(), 0640);
}

static void a_path_that_is_gone_is_fine(void **state)
{
	struct pc_journal_access access, again;
	struct pc_error error;

	(void)state;
	access = capture();
	assert_int_equal(unlink(path), 0);
	restore(&access);
	take(&access, ALICE);
	assert_int_equal(pc_access_grant(&access, ALICE, false, &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(pc_access_capture(path, false, &again, &error), -1);
	assert_int_equal(errno, ENOENT);
}

static void links_are_not_followed(void **state)
{
	struct pc_journal_access access;
	struct pc_error error;
	char link[80];

	(void)state;
	snprintf(link, sizeof link, "%s.link", path);
	access = capture();
	assert_int_equal(symlink(path, link), 0);
	strcpy(access.path, link);
	assert_int_equal(pc_access_grant(&access, ALICE, true, &error), -1);
	assert_int_equal(errno, ELOOP);
	assert_non_null(strstr(error.text, "a symbolic link"));
	assert_int_equal(pc_access_restore(&access, &error), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(pc_access_capture(link, false, &access, &error), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(unlink(link), 0);
	assert_acl("u::rw-,g::---,o::---");
}

static void what_does_not_fit_the_record_is_refused(void **state)
{
	struct pc_journal_access access;
	struct pc_error error;
	char text[2048] = "u::rw-,g::---,m::r--,o::---", name[300];

	(void)state;
	for (unsigned uid = 100000; strlen(text) < 1200; uid++)
		snprintf(text + strlen(text), sizeof text - strlen(text), ",u:%u:r--", uid);
	set_acl(text);
	assert_int_equal(pc_access_capture(path, false, &access, &error), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_non_null(strstr(error.text, "its ACL takes more than 1023 bytes"));
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(pc_access_capture(name, false, &access, &error), -1);
	assert_int_equal(errno, ENAMETOOLONG);
}

/* Files without ACLs have one owner: lending to oneself needs no privilege. */
static void ownership_is_lent_to_one_at_a_time(void **state)
{
	struct pc_journal_access access;
	struct pc_error error;

	(void)state;
	assert_int_equal(pc_access_capture(path, true, &access, &error), 0);
	assert_true(access.by_owner);
	grant(&access, geteuid(), false);
	take(&access, ALICE);
	assert_int_equal(chmod(path, 0666), 0);
	restore(&access);
	assert_int_equal(mode(), 0600);
	access.uid = BOB;        /* so it looks as if the present owner had it on loan */
	assert_int_equal(pc_access_grant(&access, ALICE, false, &error), -1);
	assert_int_equal(errno, EBUSY);
	assert_non_null(strstr(error.text, "by another job; it has one owner at a time"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_user_gains_and_loses_it, make_path, remove_path),
		cmocka_unit_test_setup_teardown(who_is_granted_reading_cannot_write, make_path, remove_path),
		cmocka_unit_test_setup_teardown(modes_come_back_exactly, make_path, remove_path),
		cmocka_unit_test_setup_teardown(nobody_else_gains, make_path, remove_path),
		cmocka_unit_test_setup_teardown(several_users_come_and_go, make_path, remove_path),
		cmocka_unit_test_setup_teardown(revoking_keeps_what_the_site_gave, make_path, remove_path),
		cmocka_unit_test_setup_teardown(restoring_does_not_depend_on_what_is_there, make_path, remove_path),
		cmocka_unit_test_setup_teardown(a_path_that_is_gone_is_fine, make_path, remove_path),
		cmocka_unit_test_setup_teardown(links_are_not_followed, make_path, remove_path),
		cmocka_unit_test_setup_teardown(what_does_not_fit_the_record_is_refused, make_path, remove_path),
		cmocka_unit_test_setup_teardown(ownership_is_lent_to_one_at_a_time, make_path, remove_path),
	};

	return cmocka_run_group_tests_name("access", tests, NULL, NULL) ? 1 : 0;
}

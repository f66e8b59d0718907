/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "journal.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])
#define BOOT "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

struct fixture {
	char path[64];
	int directory;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	strcpy(fixture->path, "/tmp/test_journal.XXXXXX");
	if (!mkdtemp(fixture->path))
		return -1;
	fixture->directory = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = fixture;
	return fixture->directory < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	unlinkat(fixture->directory, "42.journal", 0);
	unlinkat(fixture->directory, "43.journal", 0);
	close(fixture->directory);
	if (rmdir(fixture->path) < 0)
		return -1;
	free(fixture);
	return 0;
}

static struct pc_journal_setting settings[] = {
	{ { 0, "msr:0x610", UINT64_C(0x00de8e8000dd8320), UINT64_C(0x00ffffff00ffffff) }, true, 0x1234 },
	{ { 0, "msr:0x618", 0, UINT64_MAX }, false, 0 },
	{ { 2, "a zone/constraint 0", UINT64_MAX, 1 }, true, UINT64_MAX },
};

static struct pc_journal_access accesses[] = {
	{ "/dev/cpu/msr_batch", false, 0600, 0, 0, "user::rw-\nuser:1000:rw-\ngroup::---\nmask::rw-\nother::---\n" },
	{ "/dev/cpu/0/msr safe", false, 07777, UINT32_MAX, UINT32_MAX, "" },
	{ "/sys/x", true, 0, 5, 6, "" },
};

/* A journal that uses everything; the list is the caller's to free. */
static struct pc_journal sample(void)
{
	struct pc_journal journal = {
		.job = 42, .restart = 3, .uid = 1000, .boot_id = BOOT, .backend = "sim:/tmp/a b\nc", .has_list = true,
		.package_count = 3, .package = { "package-1", "a b\n\\", "package-4294967295-die-1234567" },
		.setting_count = COUNT(settings), .setting = settings,
		.access_count = COUNT(accesses), .access = accesses,
	};

	assert_int_equal(pc_allowlist_add(&journal.list, 0x610, 0xff, NULL), 0);
	assert_int_equal(pc_allowlist_add(&journal.list, 0x611, 0, NULL), 0);
	assert_int_equal(pc_allowlist_add(&journal.list, UINT32_MAX, UINT64_MAX, NULL), 0);
	return journal;
}

static struct pc_journal smallest(void)
{
	return (struct pc_journal){ .boot_id = BOOT, .backend = "none" };
}

static void expect_same(const struct pc_journal *a, const struct pc_journal *b)
{
	assert_true(a->job == b->job);
	assert_int_equal(a->restart, b->restart);
	assert_int_equal(a->uid, b->uid);
	assert_string_equal(a->boot_id, b->boot_id);
	assert_string_equal(a->backend, b->backend);
	assert_int_equal(a->has_list, b->has_list);
	assert_true(pc_allowlist_equal(&a->list, &b->list));
	assert_int_equal(a->package_count, b->package_count);
	for (unsigned i = 0; i < a->package_count; i++)
		assert_string_equal(a->package[i], b->package[i]);
	assert_int_equal(a->setting_count, b->setting_count);
	for (unsigned i = 0; i < a->setting_count; i++) {
		const struct pc_journal_setting *left = &a->setting[i], *right = &b->setting[i];

		assert_int_equal(left->captured.package, right->captured.package);
		assert_string_equal(left->captured.key, right->captured.key);
		assert_true(left->captured.value == right->captured.value);
		assert_true(left->captured.mask == right->captured.mask);
		assert_int_equal(left->has_written, right->has_written);
		assert_true(left->written == right->written);
	}
	assert_int_equal(a->access_count, b->access_count);
	for (unsigned i = 0; i < a->access_count; i++) {
		assert_string_equal(a->access[i].path, b->access[i].path);
		assert_int_equal(a->access[i].by_owner, b->access[i].by_owner);
		assert_int_equal(a->access[i].mode, b->access[i].mode);
		assert_int_equal(a->access[i].uid, b->access[i].uid);
		assert_int_equal(a->access[i].gid, b->access[i].gid);
		assert_string_equal(a->access[i].acl, b->access[i].acl);
	}
}

static void a_journal_comes_back_as_it_was_saved(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_journal journal = sample(), loaded;
	struct pc_error error = { "" };
	struct stat stat;

	if (pc_journal_save(fixture->directory, &journal, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(fstatat(fixture->directory, "42.journal", &stat, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(stat.st_mode & 07777, 0600);
	if (pc_journal_load(fixture->directory, 42, &loaded, &error) < 0)
		fail_msg("%s", error.text);
	expect_same(&journal, &loaded);
	pc_journal_free(&loaded);
	assert_null(loaded.setting);
	pc_journal_free(&loaded);
	pc_allowlist_free(&journal.list);
}

static void the_smallest_and_the_replaced(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_journal journal = smallest(), loaded;

	journal.job = 42;
	for (unsigned restart = 0; restart < 3; restart++) {
		journal.restart = restart;
		journal.has_list = restart == 1;
		assert_int_equal(pc_journal_save(fixture->directory, &journal, NULL), 0);
		assert_int_equal(pc_journal_load(fixture->directory, 42, &loaded, NULL), 0);
		expect_same(&journal, &loaded);
		pc_journal_free(&loaded);
	}
}

static void what_a_journal_looks_like(void **state)
{
	struct pc_journal journal = sample();
	struct pc_record_writer writer;
	const char *text;
	size_t length;
	static const char expected[] =
		"phasecap-journal 1\n"
		"job 42\n"
		"restart 3\n"
		"uid 1000\n"
		"boot_id " BOOT "\n"
		"backend sim:/tmp/a b\\nc\n"
		"has_list yes\n"
		"package 0 package-1\n"
		"package 1 a b\\n\\\\\n"
		"package 2 package-4294967295-die-1234567\n"
		"allow 0x0000000000000610 0x00000000000000ff\n"
		"allow 0x0000000000000611 0x0000000000000000\n"
		"allow 0x00000000ffffffff 0xffffffffffffffff\n"
		"setting 0 0x00de8e8000dd8320 0x00ffffff00ffffff 0x0000000000001234 msr:0x610\n"
		"setting 0 0x0000000000000000 0xffffffffffffffff - msr:0x618\n"
		"setting 2 0xffffffffffffffff 0x0000000000000001 0xffffffffffffffff a zone/constraint 0\n"
		"access acl 0600 0 0 /dev/cpu/msr_batch\n"
		"acl user::rw-\\nuser:1000:rw-\\ngroup::---\\nmask::rw-\\nother::---\\n\n"
		"access acl 7777 4294967295 4294967295 /dev/cpu/0/msr safe\n"
		"access owner 0000 5 6 /sys/x\n"
		"end ";

	(void)state;
	pc_journal_put(&writer, &journal);
	text = pc_record_finish(&writer, &length, NULL);
	assert_non_null(text);
	assert_int_equal(strncmp(text, expected, strlen(expected)), 0);
	assert_int_equal(length, strlen(expected) + 9);
	pc_record_discard(&writer);
	pc_allowlist_free(&journal.list);
}

static void no_journal_is_enoent(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_journal journal;
	struct pc_error error;

	memset(&journal, 0x5a, sizeof journal);
	assert_int_equal(pc_journal_load(fixture->directory, 42, &journal, &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(error.text, "42.journal: cannot be opened: No such file or directory");
	assert_null(journal.setting);
	assert_int_equal(pc_journal_remove(fixture->directory, 42, &error), 0);
}

static void removal_is_of_one_job(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_journal journal = smallest(), loaded;

	journal.job = 42;
	assert_int_equal(pc_journal_save(fixture->directory, &journal, NULL), 0);
	journal.job = 43;
	assert_int_equal(pc_journal_save(fixture->directory, &journal, NULL), 0);
	assert_int_equal(pc_journal_remove(fixture->directory, 42, NULL), 0);
	assert_int_equal(pc_journal_load(fixture->directory, 42, &loaded, NULL), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(pc_journal_load(fixture->directory, 43, &loaded, NULL), 0);
	pc_journal_free(&loaded);
}

static void another_jobs_journal_is_not_believed(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_journal journal = sample(), loaded;
	struct pc_error error;

	assert_int_equal(pc_journal_save(fixture->directory, &journal, NULL), 0);
	assert_int_equal(renameat(fixture->directory, "42.journal", fixture->directory, "43.journal"), 0);
	assert_int_equal(pc_journal_load(fixture->directory, 43, &loaded, &error), -1);
	assert_int_equal(errno, EBADMSG);
	assert_string_equal(error.text, "43.journal: is of job 42; nothing in it is believed");
	assert_null(loaded.setting);
	pc_allowlist_free(&journal.list);
}

static void a_journal_on_disk_cut_at_any_byte_is_refused(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_journal journal = sample(), loaded;
	struct pc_error error;
	struct stat stat;
	int fd;

	assert_int_equal(pc_journal_save(fixture->directory, &journal, NULL), 0);
	fd = openat(fixture->directory, "42.journal", O_WRONLY);
	assert_int_equal(fstat(fd, &stat), 0);
	for (off_t cut = stat.st_size - 1; cut >= 0; cut--) {
		assert_int_equal(ftruncate(fd, cut), 0);
		assert_int_equal(pc_journal_load(fixture->directory, 42, &loaded, &error), -1);
		assert_int_equal(errno, EBADMSG);
		assert_null(loaded.setting);
		assert_int_equal(loaded.setting_count, 0);
	}
	close(fd);
	pc_allowlist_free(&journal.list);
}

/* A journal that could not be read back would be a value captured for nothing. */
static void what_no_reader_would_take_is_not_saved(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_journal_setting twice[2] = { settings[0], settings[0] };
	struct pc_journal_access relative = { .path = "dev" };
	struct pc_journal bad[9], loaded, good = smallest();
	struct pc_error error;

	good.job = 42;
	assert_int_equal(pc_journal_save(fixture->directory, &good, NULL), 0);
	for (unsigned i = 0; i < COUNT(bad); i++)
		bad[i] = good;
	bad[0].boot_id[0] = '\0';
	bad[1].backend[0] = '\0';
	memset(bad[2].backend, 'b', sizeof bad[2].backend);
	bad[3].setting = twice;
	bad[3].setting_count = 2;
	bad[3].package_count = 1;
	strcpy(bad[3].package[0], "package-0");
	bad[4].access = &relative;
	bad[4].access_count = 1;
	assert_int_equal(pc_allowlist_add(&bad[5].list, 1, 1, NULL), 0);
	bad[6].setting = calloc(1, sizeof *bad[6].setting);
	bad[6].setting_count = 1;
	bad[6].package_count = 1;
	strcpy(bad[6].package[0], "package-0");
	bad[7].setting = settings;
	bad[7].setting_count = 1;
	bad[8].package_count = 1;
	memset(bad[8].package[0], 'p', sizeof bad[8].package[0]);
	for (unsigned i = 0; i < COUNT(bad); i++) {
		assert_int_equal(pc_journal_save(fixture->directory, &bad[i], &error), -1);
		assert_int_equal(errno, EINVAL);
		assert_int_equal(strncmp(error.text, "not saved, because it could not be read back: 42.journal:", 57), 0);
		assert_int_equal(pc_journal_load(fixture->directory, 42, &loaded, NULL), 0);
		expect_same(&good, &loaded);
		pc_journal_free(&loaded);
	}
	free(bad[6].setting);
	pc_allowlist_free(&bad[5].list);
}

static void a_journal_over_1_mib_is_not_saved(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_journal journal = smallest();
	struct pc_error error;

	journal.job = 42;
	journal.access_count = 1000;
	journal.access = calloc(journal.access_count, sizeof *journal.access);
	for (unsigned i = 0; i < journal.access_count; i++) {
		sprintf(journal.access[i].path, "/%u", i);
		memset(journal.access[i].acl, '\n', sizeof journal.access[i].acl - 1);
	}
	assert_int_equal(pc_journal_save(fixture->directory, &journal, &error), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(faccessat(fixture->directory, "42.journal", F_OK, 0), -1);
	free(journal.access);
}

/* Where this boot's id is read from (ld's --wrap). */
static const char *boot_id_path;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
	return __real_open(boot_id_path && strstr(path, "boot_id") ? boot_id_path : path, flags);
}

static void a_boot_id_that_cannot_be_read_is_said(void **state)
{
	static const char *const contents[] = { "", "0f1e2d3c\n", "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0\n" };
	const struct fixture *fixture = *state;
	char path[96], boot_id[37];
	struct pc_error error;

	snprintf(path, sizeof path, "%s/42.journal", fixture->path);
	boot_id_path = path;
	for (unsigned i = 0; i <= COUNT(contents); i++) {
		assert_int_equal(pc_boot_id(boot_id, &error), -1);
		assert_int_equal(errno, EIO);
		assert_string_equal(error.text, "/proc/sys/kernel/random/boot_id: this boot's id cannot be read; is /proc mounted?");
		if (i < COUNT(contents)) {
			FILE *file = fopen(path, "w");

			fputs(contents[i], file);
			fclose(file);
		}
	}
	boot_id_path = NULL;
}

static void boot_ids_have_one_form(void **state)
{
	static const char *const bad[] = {
		"", "0f1e2d3c", BOOT "0", "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0", "0f1e2d3c 4b5a-6978-8796-a5b4c3d2e1f0",
		"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0\n",
		"0f1e2d3c04b5a-6978-8796-a5b4c3d2e1f0",
	};
	char boot_id[37], again[37];

	(void)state;
	assert_true(pc_boot_id_is_valid(BOOT));
	for (unsigned i = 0; i < COUNT(bad); i++)
		assert_false(pc_boot_id_is_valid(bad[i]));
	assert_int_equal(pc_boot_id(boot_id, NULL), 0);
	assert_int_equal(pc_boot_id(again, NULL), 0);
	assert_true(pc_boot_id_is_valid(boot_id));
	assert_string_equal(boot_id, again);
}

#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DISK(a_journal_comes_back_as_it_was_saved),
		ON_DISK(the_smallest_and_the_replaced),
		cmocka_unit_test(what_a_journal_looks_like),
		ON_DISK(no_journal_is_enoent),
		ON_DISK(removal_is_of_one_job),
		ON_DISK(another_jobs_journal_is_not_believed),
		ON_DISK(a_journal_on_disk_cut_at_any_byte_is_refused),
		ON_DISK(what_no_reader_would_take_is_not_saved),
		ON_DISK(a_journal_over_1_mib_is_not_saved),
		ON_DISK(a_boot_id_that_cannot_be_read_is_said),
		cmocka_unit_test(boot_ids_have_one_form),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL) ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>

#include "fake_root.h"

#include "sysfs.h"

/* Calls that a signal interrupts, or that do less than they were asked. */
static unsigned interrupted;
static ssize_t cut;
static int code;

ssize_t __real_pread(int fd, void *bytes, size_t count, off_t offset);
ssize_t __wrap_pread(int fd, void *bytes, size_t count, off_t offset);
ssize_t __wrap_pread(int fd, void *bytes, size_t count, off_t offset)
{
	if (interrupted) {
		interrupted--;
		errno = EINTR;
		return -1;
	}
	if (code) {
		errno = code;
		return -1;
	}
	return __real_pread(fd, bytes, count, offset);
}

ssize_t __real_write(int fd, const void *bytes, size_t count);
ssize_t __wrap_write(int fd, const void *bytes, size_t count);
ssize_t __wrap_write(int fd, const void *bytes, size_t count)
{
	if (interrupted) {
		interrupted--;
		errno = EINTR;
		return -1;
	}
	if (code) {
		errno = code;
		return -1;
	}
	return __real_write(fd, bytes, cut ? (size_t)cut : count);
}

static int root;

static int open_root(void **state)
{
	interrupted = 0;
	cut = 0;
	code = 0;
	if (make_fake_root(state) < 0)
		return -1;
	root = pc_sysfs_root(fake_root, NULL);
	return root < 0 ? -1 : 0;
}

static int close_root(void **state)
{
	close(root);
	return remove_fake_root(state);
}

static void reads_the_first_line(void **state)
{
	char text[16];

	(void)state;
	put("d/name", "package-0\n");
	assert_int_equal(pc_sysfs_read_text(root, "d/name", text, sizeof text), 0);
	assert_string_equal(text, "package-0");
	put("d/name", "two\nlines\n");
	assert_int_equal(pc_sysfs_read_text(root, "d/name", text, sizeof text), 0);
	assert_string_equal(text, "two");
	put("d/name", "");
	assert_int_equal(pc_sysfs_read_text(root, "d/name", text, sizeof text), 0);
	assert_string_equal(text, "");
	put("d/name", "123456789012345");
	assert_int_equal(pc_sysfs_read_text(root, "d/name", text, sizeof text), 0);
	errno = 0;
	put("d/name", "1234567890123456");
	assert_int_equal(pc_sysfs_read_text(root, "d/name", text, sizeof text), -1);
	assert_int_equal(errno, EMSGSIZE);
	errno = 0;
	assert_int_equal(pc_sysfs_read_text(root, "d/none", text, sizeof text), -1);
	assert_int_equal(errno, ENOENT);
}

static void numbers_are_strict(void **state)
{
	static const char *const bad[] = {
		"\n", "", "-1\n", "+1\n", " 1\n", "1 \n", "0x10\n", "1.5\n", "1e3\n", "12a\n",
		"18446744073709551616\n", "99999999999999999999999999999999999999\n",
	};
	uint64_t number;

	(void)state;
	put("n", "18446744073709551615\n");
	assert_int_equal(pc_sysfs_read_number(root, "n", &number), 0);
	assert_true(number == UINT64_MAX);
	put("n", "0");
	assert_int_equal(pc_sysfs_read_number(root, "n", &number), 0);
	assert_int_equal(number, 0);
	put("n", "010\n");
	assert_int_equal(pc_sysfs_read_number(root, "n", &number), 0);
	assert_int_equal(number, 10);
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		put("n", bad[i]);
		errno = 0;
		assert_int_equal(pc_sysfs_read_number(root, "n", &number), -1);
		assert_true(errno == EINVAL || errno == EMSGSIZE);
	}
}

static void an_open_file_is_read_from_its_start(void **state)
{
	uint64_t number;
	int fd;

	(void)state;
	put("n", "41\n");
	fd = openat(root, "n", O_RDONLY);
	assert_int_equal(pc_sysfs_reread_number(fd, &number), 0);
	put("n", "42\n");
	assert_int_equal(pc_sysfs_reread_number(fd, &number), 0);
	assert_int_equal(number, 42);
	code = ENODEV;
	errno = 0;
	assert_int_equal(pc_sysfs_reread_number(fd, &number), -1);
	assert_int_equal(errno, ENODEV);
	close(fd);
}

static void interrupted_calls_are_repeated(void **state)
{
	uint64_t number;

	(void)state;
	put("n", "1\n");
	interrupted = 3;
	assert_int_equal(pc_sysfs_read_number(root, "n", &number), 0);
	interrupted = 3;
	assert_int_equal(pc_sysfs_write_number(root, "n", UINT64_MAX), 0);
	assert_true(number_in("n") == UINT64_MAX);
}

static void writes_keep_their_errno(void **state)
{
	(void)state;
	put("n", "1\n");
	code = ENODATA;
	errno = 0;
	assert_int_equal(pc_sysfs_write_number(root, "n", 5), -1);
	assert_int_equal(errno, ENODATA);
	code = 0;
	cut = 1;
	errno = 0;
	assert_int_equal(pc_sysfs_write_number(root, "n", 500), -1);
	assert_int_equal(errno, EIO);
	errno = 0;
	assert_int_equal(pc_sysfs_write_number(root, "none", 5), -1);
	assert_int_equal(errno, ENOENT);
}

static void roots(void **state)
{
	struct pc_error error;
	uint64_t number;
	int slash;

	(void)state;
	errno = 0;
	assert_int_equal(pc_sysfs_root("/nonexistent", &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(error.text, "/nonexistent: cannot be opened as a root: No such file or directory");
	put("file", "");
	errno = 0;
	assert_int_equal(pc_sysfs_root("/proc/self/stat", &error), -1);
	assert_int_equal(errno, ENOTDIR);
	slash = pc_sysfs_root(NULL, &error);
	assert_true(slash >= 0);
	assert_int_equal(pc_sysfs_read_number(slash, "proc/sys/kernel/pid_max", &number), 0);
	close(slash);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_root, close_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_the_first_line),
		TEST(numbers_are_strict),
		TEST(an_open_file_is_read_from_its_start),
		TEST(interrupted_calls_are_repeated),
		TEST(writes_keep_their_errno),
		TEST(roots),
	};

	return cmocka_run_group_tests_name("sysfs", tests, NULL, NULL) ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "failing_calls.h"
#include "record.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

struct fixture {
	char path[64];
	int directory;
	int next_fd;             /* the lowest that is free, as long as none is lost */
};

static int lowest_free_fd(void)
{
	int fd = dup(STDERR_FILENO);

	__real_close(fd);
	return fd;
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	memset(&fault, 0, sizeof fault);
	strcpy(fixture->path, "/tmp/test_record.XXXXXX");
	if (!mkdtemp(fixture->path))
		return -1;
	fixture->directory = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fixture->next_fd = lowest_free_fd();
	*state = fixture;
	return fixture->directory < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "r", ".r.new", "link", "victim" };
	struct fixture *fixture = *state;

	memset(&fault, 0, sizeof fault);
	if (lowest_free_fd() != fixture->next_fd)
		return -1;
	for (unsigned i = 0; i < COUNT(names); i++)
		if (unlinkat(fixture->directory, names[i], 0) < 0)
			unlinkat(fixture->directory, names[i], AT_REMOVEDIR);
	close(fixture->directory);
	if (rmdir(fixture->path) < 0)            /* a file is left that no test should leave */
		return -1;
	free(fixture);
	return 0;
}

/* Collects lines as "key=value;". */
struct heard {
	char text[512];
	unsigned lines;
};

static int hear(const char *key, const char *value, unsigned line, void *arg, struct pc_error *error)
{
	struct heard *heard = arg;
	size_t used = strlen(heard->text);

	(void)error;
	heard->lines++;
	assert_int_equal(line, heard->lines + 1);
	snprintf(heard->text + used, sizeof heard->text - used, "%s=%s;", key, value);
	return 0;
}

static void begin(struct pc_record_writer *writer, const char *value)
{
	pc_record_begin(writer, "test", 2);
	pc_record_add(writer, "job", "%d", 42);
	pc_record_add(writer, "value", "%s", value);
}

static void save(const struct fixture *fixture, const char *value)
{
	struct pc_record_writer writer;
	struct pc_error error = { "" };

	begin(&writer, value);
	if (pc_record_save(&writer, fixture->directory, "r", 0600, &error) < 0)
		fail_msg("%s", error.text);
}

static int load(const struct fixture *fixture, struct heard *heard, struct pc_error *error)
{
	memset(heard, 0, sizeof *heard);
	return pc_record_load(fixture->directory, "r", geteuid(), "test", 2, hear, heard, error);
}

static void expect_saved(const struct fixture *fixture, const char *value)
{
	char expected[128];
	struct pc_error error;
	struct heard heard;

	if (load(fixture, &heard, &error) < 0)
		fail_msg("%s", error.text);
	snprintf(expected, sizeof expected, "job=42;value=%s;", value);
	assert_string_equal(heard.text, expected);
}

static void no_temporary_is_left(const struct fixture *fixture)
{
	assert_int_equal(faccessat(fixture->directory, ".r.new", F_OK, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(errno, ENOENT);
}

static void a_record_over_1_mib_is_not_saved(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_record_writer writer;
	struct pc_error error;
	struct heard heard;
	static char value[4096];

	memset(value, 'v', sizeof value - 1);
	save(fixture, "old");
	begin(&writer, "new");
	for (unsigned i = 0; i < PC_RECORD_MAX / sizeof value; i++)
		pc_record_add(&writer, "v", "%s", value);
	assert_int_equal(pc_record_save(&writer, fixture->directory, "r", 0600, &error), -1);
	assert_int_equal(errno, EFBIG);
	assert_string_equal(error.text, "r: record: over 1 MiB; nothing was saved");
	expect_saved(fixture, "old");
	assert_int_equal(load(fixture, &heard, &error), 0);
}

static void a_record_of_1_mib_is_saved_and_loaded(void **state)
{
	const struct fixture *fixture = *state;
	size_t rest = PC_RECORD_MAX - strlen("phasecap-test 2\nv \nend 01234567\n");
	struct heard heard = { "", 0 };
	struct pc_error error;

	for (size_t extra = 0; extra < 2; extra++) {
		char *value = malloc(rest + extra + 1);
		struct pc_record_writer writer;

		memset(value, 'v', rest + extra);
		value[rest + extra] = '\0';
		pc_record_begin(&writer, "test", 2);
		pc_record_add(&writer, "v", "%s", value);
		assert_int_equal(pc_record_save(&writer, fixture->directory, "r", 0600, &error), extra ? -1 : 0);
		free(value);
	}
	assert_int_equal(errno, EFBIG);
	assert_int_equal(pc_record_load(fixture->directory, "r", geteuid(), "test", 2, hear, &heard, &error), 0);
	assert_int_equal(heard.lines, 1);
}

/* A daemon may have closed its standard input; then 0 is a descriptor like any other. */
static void descriptor_0_is_a_descriptor(void **state)
{
	const struct fixture *fixture = *state;
	int input = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 100);

	if (fixture->directory == STDIN_FILENO)          /* it is 0 already */
		return;
	__real_close(STDIN_FILENO);
	save(fixture, "v");
	expect_saved(fixture, "v");
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
	dup2(input, STDIN_FILENO);
	__real_close(input);
}

static void what_was_saved_is_loaded(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_error error;
	struct heard heard;

	assert_int_equal(load(fixture, &heard, &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(error.text, "r: cannot be opened: No such file or directory");
	save(fixture, "one");
	expect_saved(fixture, "one");
	save(fixture, "two");
	expect_saved(fixture, "two");
	no_temporary_is_left(fixture);
	assert_int_equal(fault.fsyncs, 4);       /* file and directory, each time */
	assert_int_equal(pc_record_remove(fixture->directory, "r", &error), 0);
	assert_int_equal(fault.fsyncs, 5);
	assert_int_equal(load(fixture, &heard, &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(pc_record_remove(fixture->directory, "r", &error), 0);
}

static void the_mode_is_as_given_whatever_the_umask(void **state)
{
	static const mode_t modes[] = { 0600, 0644, 0444 }, masks[] = { 0, 022, 077, 0777 };
	const struct fixture *fixture = *state;
	mode_t old = umask(0);

	for (unsigned i = 0; i < COUNT(modes); i++)
		for (unsigned j = 0; j < COUNT(masks); j++) {
			struct pc_record_writer writer;
			struct stat stat;

			umask(masks[j]);
			begin(&writer, "v");
			assert_int_equal(pc_record_save(&writer, fixture->directory, "r", modes[i], NULL), 0);
			assert_int_equal(fstatat(fixture->directory, "r", &stat, 0), 0);
			assert_int_equal(stat.st_mode & 07777, modes[i]);
		}
	umask(old);
}

static void short_and_interrupted_calls_change_nothing(void **state)
{
	const struct fixture *fixture = *state;

	for (fault.chunk = 1; fault.chunk < 40; fault.chunk++) {
		save(fixture, "in pieces");
		expect_saved(fixture, "in pieces");
	}
}

static void a_failing_save_keeps_what_was_there(void **state)
{
	static const struct {
		int *error;
		int code;
		const char *sentence;
	} rows[] = {
		{ &fault.write_error, ENOSPC, "r: cannot be saved: No space left on device; what was there before is unchanged" },
		{ &fault.write_error, EIO, "r: cannot be saved: Input/output error; what was there before is unchanged" },
		{ &fault.write_error, EDQUOT, "r: cannot be saved: Disk quota exceeded; what was there before is unchanged" },
		{ &fault.fchmod_error, EPERM, "r: cannot be saved: Operation not permitted; what was there before is unchanged" },
		{ &fault.fsync_error, EIO, "r: cannot be saved: Input/output error; what was there before is unchanged" },
		{ &fault.close_error, ENOSPC, "r: cannot be saved: No space left on device; what was there before is unchanged" },
		{ &fault.rename_error, EROFS, "r: cannot be put in place: Read-only file system; what was there before is unchanged" },
	};
	const struct fixture *fixture = *state;

	save(fixture, "old");
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct pc_record_writer writer;
		struct pc_error error;

		begin(&writer, "new");
		*rows[i].error = rows[i].code;
		assert_int_equal(pc_record_save(&writer, fixture->directory, "r", 0600, &error), -1);
		assert_int_equal(errno, rows[i].code);
		*rows[i].error = 0;
		assert_string_equal(error.text, rows[i].sentence);
		assert_null(writer.text);
		expect_saved(fixture, "old");
		no_temporary_is_left(fixture);
	}
}

static void a_directory_that_cannot_be_synced_is_said(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_record_writer writer;
	struct pc_error error;

	save(fixture, "old");
	fault.fsync_of_directory = 1;
	fault.fsync_error = EIO;
	begin(&writer, "new");
	assert_int_equal(pc_record_save(&writer, fixture->directory, "r", 0600, &error), -1);
	assert_int_equal(errno, EIO);
	assert_string_equal(error.text, "r: is saved, but its directory cannot be synced: Input/output error; it may be "
			    "gone after a power failure");
	assert_int_equal(pc_record_remove(fixture->directory, "r", &error), -1);
	assert_int_equal(errno, EIO);
	assert_string_equal(error.text, "r: is removed, but its directory cannot be synced: Input/output error");
	no_temporary_is_left(fixture);
}

static void a_file_size_limit_is_like_a_full_disk(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_record_writer writer;
	struct rlimit limit, low;
	struct pc_error error;
	void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
	int result, code;

	save(fixture, "old");
	begin(&writer, "a value that is longer than the limit");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	low = (struct rlimit){ 20, limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	result = pc_record_save(&writer, fixture->directory, "r", 0600, &error);
	code = errno;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	signal(SIGXFSZ, old);
	assert_int_equal(result, -1);
	assert_int_equal(code, EFBIG);
	assert_string_equal(error.text, "r: cannot be saved: File too large; what was there before is unchanged");
	expect_saved(fixture, "old");
	no_temporary_is_left(fixture);
}

static void names_that_are_none_are_refused(void **state)
{
	static const char *const names[] = { "", ".", "..", ".hidden", "a/b", "/r", "../r" };
	const struct fixture *fixture = *state;
	char longest[256];
	struct pc_error error;

	for (unsigned i = 0; i < COUNT(names); i++) {
		struct pc_record_writer writer;

		begin(&writer, "v");
		assert_int_equal(pc_record_save(&writer, fixture->directory, names[i], 0600, &error), -1);
		assert_int_equal(errno, EINVAL);
		assert_non_null(strstr(error.text, "is no file name that a record can have"));
	}
	memset(longest, 'n', 255);
	for (size_t length = 250; length <= 255; length++) {
		struct pc_record_writer writer;

		longest[length] = '\0';
		begin(&writer, "v");
		/* 255 is NAME_MAX; the temporary's name is five longer. */
		assert_int_equal(pc_record_save(&writer, fixture->directory, longest, 0600, &error),
				 length == 250 ? 0 : -1);
		if (length == 250)
			assert_int_equal(pc_record_remove(fixture->directory, longest, &error), 0);
		longest[length] = 'n';
	}
}

static void a_directory_that_is_gone_is_said(void **state)
{
	struct pc_record_writer writer;
	struct pc_error error;

	(void)state;
	begin(&writer, "v");
	assert_int_equal(pc_record_save(&writer, -1, "r", 0600, &error), -1);
	assert_int_equal(errno, EBADF);
	assert_string_equal(error.text, "r: cannot be saved: Bad file descriptor; what was there before is unchanged");
	assert_int_equal(pc_record_remove(-1, "r", &error), -1);
	assert_int_equal(errno, EBADF);
	assert_string_equal(error.text, "r: cannot be removed: Bad file descriptor");
}

static void touch(const struct fixture *fixture, const char *name, const char *text)
{
	int fd = openat(fixture->directory, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(__real_write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void a_saver_writes_through_no_link(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_record_writer writer;
	char text[16] = "";
	struct stat stat;
	int fd;

	touch(fixture, "victim", "precious");
	/* A temporary of a saver that was killed, a trap in its place, and one under the name itself. */
	touch(fixture, ".r.new", "phasecap-te");
	save(fixture, "one");
	assert_int_equal(symlinkat("victim", fixture->directory, ".r.new"), 0);
	save(fixture, "two");
	assert_int_equal(unlinkat(fixture->directory, "r", 0), 0);
	assert_int_equal(symlinkat("victim", fixture->directory, "r"), 0);
	save(fixture, "three");
	expect_saved(fixture, "three");
	assert_int_equal(fstatat(fixture->directory, "r", &stat, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(stat.st_mode));
	fd = openat(fixture->directory, "victim", O_RDONLY);
	assert_int_equal(__real_read(fd, text, sizeof text - 1), 8);
	close(fd);
	assert_string_equal(text, "precious");

	assert_int_equal(mkdirat(fixture->directory, ".r.new", 0700), 0);
	begin(&writer, "four");
	assert_int_equal(pc_record_save(&writer, fixture->directory, "r", 0600, NULL), -1);
	assert_int_equal(errno, EISDIR);
	expect_saved(fixture, "three");
}

static void expect_not_loaded(const struct fixture *fixture, unsigned owner, int code, const char *sentence)
{
	struct pc_error error;
	struct heard heard = { "", 0 };

	errno = 0;
	assert_int_equal(pc_record_load(fixture->directory, "r", owner, "test", 2, hear, &heard, &error), -1);
	assert_int_equal(errno, code);
	if (!strstr(error.text, sentence))
		fail_msg("\"%s\" instead of \"%s\"", error.text, sentence);
	assert_int_equal(heard.lines, 0);
}

static void a_loader_follows_no_link_and_waits_for_nobody(void **state)
{
	const struct fixture *fixture = *state;

	save(fixture, "v");
	assert_int_equal(renameat(fixture->directory, "r", fixture->directory, "victim"), 0);
	assert_int_equal(symlinkat("victim", fixture->directory, "r"), 0);
	expect_not_loaded(fixture, geteuid(), ELOOP, "r: cannot be opened: Too many levels of symbolic links; it is a "
			  "symbolic link, which is not followed");
	assert_int_equal(unlinkat(fixture->directory, "r", 0), 0);

	assert_int_equal(mkfifoat(fixture->directory, "r", 0600), 0);
	expect_not_loaded(fixture, geteuid(), EPERM, "r: not a regular file; nothing in it is believed");
	assert_int_equal(unlinkat(fixture->directory, "r", 0), 0);

	assert_int_equal(mkdirat(fixture->directory, "r", 0700), 0);
	expect_not_loaded(fixture, geteuid(), EPERM, "r: not a regular file; nothing in it is believed");
}

static void a_file_that_others_could_have_written_is_refused(void **state)
{
	static const mode_t modes[] = { 0620, 0602, 0666, 02622 };
	const struct fixture *fixture = *state;
	unsigned other = 54321;

	save(fixture, "v");
	for (unsigned i = 0; i < COUNT(modes); i++) {
		char sentence[64];

		assert_int_equal(fchmodat(fixture->directory, "r", modes[i], 0), 0);
		snprintf(sentence, sizeof sentence, "r: writable by others (mode %04o)", modes[i]);
		expect_not_loaded(fixture, geteuid(), EPERM, sentence);
	}
	assert_int_equal(fchmodat(fixture->directory, "r", 0644, 0), 0);
	expect_saved(fixture, "v");

	assert_int_equal(linkat(fixture->directory, "r", fixture->directory, "link", 0), 0);
	expect_not_loaded(fixture, geteuid(), EPERM, "r: has 2 names; nothing in it is believed");
	assert_int_equal(unlinkat(fixture->directory, "link", 0), 0);

	/* Root's own files are believed by everyone, so as root it needs another owner. */
	if (geteuid() == 0)
		assert_int_equal(fchownat(fixture->directory, "r", 12345, (gid_t)-1, 0), 0);
	expect_not_loaded(fixture, other, EPERM, "instead of 54321; nothing in it is believed");
}

static void a_file_that_cannot_be_read_is_said(void **state)
{
	const struct fixture *fixture = *state;

	save(fixture, "v");
	fault.read_error = EIO;
	expect_not_loaded(fixture, geteuid(), EIO, "r: cannot be read: Input/output error");
	fault.read_error = 0;
	fault.fstat_error = EIO;
	expect_not_loaded(fixture, geteuid(), EIO, "r: cannot be examined: Input/output error");
	fault.fstat_error = 0;
	touch(fixture, "r", "phasecap-test 2\njob 4");
	expect_not_loaded(fixture, geteuid(), EBADMSG, "r:2: torn or altered: the last line is missing");
	touch(fixture, "r", "");
	expect_not_loaded(fixture, geteuid(), EBADMSG, "r:1: torn or altered: the first line does not end");
}

static void a_file_over_1_mib_is_refused(void **state)
{
	const struct fixture *fixture = *state;
	char path[96];

	save(fixture, "v");
	snprintf(path, sizeof path, "%s/r", fixture->path);
	assert_int_equal(truncate(path, PC_RECORD_MAX), 0);
	expect_not_loaded(fixture, geteuid(), EBADMSG, "torn or altered");
	assert_int_equal(truncate(path, PC_RECORD_MAX + 1), 0);
	expect_not_loaded(fixture, geteuid(), EFBIG, "r: over 1 MiB; nothing in it is believed");
}

/* A reader meets the old record or the new one, whenever it looks. */
static void readers_never_see_half_a_record(void **state)
{
	const struct fixture *fixture = *state;
	pid_t child;
	int status;

	save(fixture, "aaaaaaaaaa");
	child = fork();
	if (child == 0) {
		for (unsigned i = 0; i < 300; i++) {
			struct pc_record_writer writer;

			begin(&writer, i % 2 ? "aaaaaaaaaa" : "b");
			if (pc_record_save(&writer, fixture->directory, "r", 0600, NULL) < 0)
				_exit(1);
		}
		_exit(0);
	}
	assert_true(child > 0);
	while (waitpid(child, &status, WNOHANG) == 0) {
		struct pc_error error;
		struct heard heard;

		if (load(fixture, &heard, &error) < 0)
			fail_msg("%s", error.text);
		if (strcmp(heard.text, "job=42;value=aaaaaaaaaa;"))
			assert_string_equal(heard.text, "job=42;value=b;");
	}
	assert_int_equal(status, 0);
}

#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DISK(a_record_over_1_mib_is_not_saved),
		ON_DISK(a_record_of_1_mib_is_saved_and_loaded),
		ON_DISK(descriptor_0_is_a_descriptor),
		ON_DISK(what_was_saved_is_loaded),
		ON_DISK(the_mode_is_as_given_whatever_the_umask),
		ON_DISK(short_and_interrupted_calls_change_nothing),
		ON_DISK(a_failing_save_keeps_what_was_there),
		ON_DISK(a_directory_that_cannot_be_synced_is_said),
		ON_DISK(a_file_size_limit_is_like_a_full_disk),
		ON_DISK(names_that_are_none_are_refused),
		ON_DISK(a_directory_that_is_gone_is_said),
		ON_DISK(a_saver_writes_through_no_link),
		ON_DISK(a_loader_follows_no_link_and_waits_for_nobody),
		ON_DISK(a_file_that_others_could_have_written_is_refused),
		ON_DISK(a_file_that_cannot_be_read_is_said),
		ON_DISK(a_file_over_1_mib_is_refused),
		ON_DISK(readers_never_see_half_a_record),
	};

	return cmocka_run_group_tests_name("record_file", tests, NULL, NULL) ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Each allocation of the parsers and records fails in turn: ENOMEM, nothing half done, nothing lost. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "decision.h"
#include "journal.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

/* lib/'s allocator (ld's --wrap): the one numbered `failing`, from 1, fails. */
static unsigned calls, failing;
static void *live[64];
static unsigned live_count;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
int __real_vasprintf(char **text, const char *format, va_list arguments);
int __wrap_vasprintf(char **text, const char *format, va_list arguments);
void __real_free(void *memory);
void __wrap_free(void *memory);

static bool fails(void)
{
	if (++calls != failing)
		return false;
	errno = ENOMEM;
	return true;
}

static void forget(void *memory)
{
	for (unsigned i = 0; i < live_count; i++)
		if (live[i] == memory) {
			live[i] = live[--live_count];
			return;
		}
}

static void *remember(void *old, void *memory)
{
	forget(old);
	assert_true(memory && live_count < COUNT(live));
	return live[live_count++] = memory;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : remember(NULL, __real_malloc(size));
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : remember(old, __real_realloc(old, size));
}

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return fails() ? NULL : remember(old, __real_reallocarray(old, count, size));
}

int __wrap_vasprintf(char **text, const char *format, va_list arguments)
{
	int length;

	if (fails())
		return -1;
	length = __real_vasprintf(text, format, arguments);
	remember(NULL, *text);
	return length;
}

void __wrap_free(void *memory)
{
	forget(memory);
	__real_free(memory);
}

static int directory;
static struct pc_allowlist a, b;
static struct pc_journal journal;
static struct pc_decision decision = { .job = 7, .policy = "static" };

static int parse_list(struct pc_error *error)
{
	static const char text[] = "0x610 1\n0x611 0\n0x612 0\n";
	struct pc_allowlist list;
	int result = pc_allowlist_parse(&list, "list", text, sizeof text - 1, error);

	assert_int_equal(list.count, result < 0 ? 0 : 3);
	pc_allowlist_free(&list);
	return result;
}

static int print_list(struct pc_error *error)
{
	size_t length;
	char *text = pc_allowlist_print(&a, &length);

	(void)error;
	__wrap_free(text);
	return text ? 0 : -1;
}

static int operate(int (*operation)(struct pc_allowlist *out, const struct pc_allowlist *left,
				    const struct pc_allowlist *right, struct pc_error *error),
		   struct pc_error *error)
{
	struct pc_allowlist list;
	int result = operation(&list, &a, &b, error);

	assert_true(result == 0 || list.count == 0);
	pc_allowlist_free(&list);
	return result;
}

static int unite_lists(struct pc_error *error)
{
	return operate(pc_allowlist_union, error);
}

static int subtract_lists(struct pc_error *error)
{
	return operate(pc_allowlist_difference, error);
}

static int add_entries(struct pc_error *error)
{
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	int result = 0;

	for (uint32_t msr = 0; msr < 100 && result == 0; msr++)
		result = pc_allowlist_add(&list, msr, 1, error);
	for (uint32_t i = 0; i < list.count; i++)        /* what was there before is there */
		assert_int_equal(list.entry[i].msr, i);
	pc_allowlist_free(&list);
	return result;
}

static int save_record(struct pc_error *error)
{
	struct pc_record_writer writer;

	pc_record_begin(&writer, "test", 1);
	for (unsigned i = 0; i < 40; i++)
		pc_record_add(&writer, "key", "%s", "a value that makes the text longer and longer");
	return pc_record_save(&writer, directory, "r", 0600, error);
}

static int save_journal(struct pc_error *error)
{
	return pc_journal_save(directory, &journal, error);
}

static int load_journal(struct pc_error *error)
{
	struct pc_journal loaded;
	int result = pc_journal_load(directory, journal.job, &loaded, error);

	assert_int_equal(loaded.setting_count, result < 0 ? 0 : journal.setting_count);
	pc_journal_free(&loaded);
	return result;
}

static int save_decision(struct pc_error *error)
{
	return pc_decision_save(directory, &decision, error);
}

static int load_decision(struct pc_error *error)
{
	struct pc_decision loaded;
	int result = pc_decision_load(directory, decision.job, &loaded, error);

	assert_int_equal(loaded.job, result < 0 ? 0 : decision.job);
	return result;
}

/* Runs it with its first allocation failing, then its second, ... until none of it fails. */
static unsigned fail_each(int (*operation)(struct pc_error *error))
{
	unsigned n;

	for (n = 1; n < 1000; n++) {
		unsigned before = live_count;
		struct pc_error error = { "" };
		int result;

		calls = 0;
		failing = n;
		result = operation(&error);
		failing = 0;
		assert_int_equal(live_count, before);
		if (result == 0 && calls < n)
			return n - 1;
		if (result == 0 || errno != ENOMEM)
			fail_msg("allocation %u failed, and: %d, %s", n, result, error.text);
		assert_true(operation == print_list || strstr(error.text, "emory"));
	}
	fail_msg("there is no end to it");
	return 0;
}

static void every_allocation_may_fail(void **state)
{
	static int (*const operations[])(struct pc_error *error) = {
		parse_list, print_list, unite_lists, subtract_lists, add_entries, save_record, save_journal,
		load_journal, save_decision, load_decision,
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(operations); i++)
		assert_true(fail_each(operations[i]) > 0);
}

static char path[64] = "/tmp/test_no_memory.XXXXXX";

static int set_up(void **state)
{
	static struct pc_journal_setting settings[9];
	static struct pc_journal_access accesses[5];

	(void)state;
	if (!mkdtemp(path))
		return -1;
	directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	journal = (struct pc_journal){ .job = 7, .boot_id = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", .backend = "none",
				       .has_list = true, .package_count = 1, .package = { "package-0" },
				       .setting_count = COUNT(settings), .setting = settings,
				       .access_count = COUNT(accesses), .access = accesses };
	for (unsigned i = 0; i < COUNT(settings); i++)
		sprintf(settings[i].captured.key, "key %u", i);
	for (unsigned i = 0; i < COUNT(accesses); i++)
		sprintf(accesses[i].path, "/path/%u", i);
	return pc_allowlist_add(&journal.list, 0x610, 1, NULL) < 0 || pc_allowlist_add(&a, 1, 3, NULL) < 0 ||
	       pc_allowlist_add(&a, 2, 3, NULL) < 0 || pc_allowlist_add(&b, 2, 1, NULL) < 0;
}

static int tear_down(void **state)
{
	(void)state;
	pc_allowlist_free(&journal.list);
	pc_allowlist_free(&a);
	pc_allowlist_free(&b);
	unlinkat(directory, "r", 0);
	unlinkat(directory, "7.journal", 0);
	unlinkat(directory, "7.decision", 0);
	close(directory);
	return rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_allocation_may_fail, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("no_memory", tests, NULL, NULL) ? 1 : 0;
}

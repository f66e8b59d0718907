/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists out of the table of CPU models, and the files that were printed from it. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "msr.h"
#include "register_node.h"

#define LOCK63 (UINT64_C(1) << 63)
#define LOCK31 (UINT64_C(1) << 31)

static int memory_left = -1;     /* allocations until one fails; -1: enough */

void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	if (memory_left >= 0 && memory_left-- == 0) {
		errno = ENOMEM;
		return NULL;
	}
	return __real_reallocarray(old, count, size);
}

static struct pc_allowlist list_of(const struct pc_cpu_model *model, enum pc_list_purpose purpose)
{
	struct pc_allowlist list;

	assert_int_equal(pc_model_list(model, purpose, &list, NULL), 0);
	return list;
}

static uint64_t mask_of(const struct pc_allowlist *list, uint32_t msr)
{
	uint64_t mask;

	if (pc_allowlist_find(list, msr, &mask) < 0)
		fail_msg("0x%x is not listed", msr);
	return mask;
}

static void lists_of_a_server_are_the_facts(void **state)
{
	static const uint32_t readable[] = {
		PC_MSR_TSC, 0x606, 0x611, 0x613, 0x614, 0x619, 0x61b, 0x61c,
	};
	const struct pc_cpu_model *skx = pc_cpu_model_find(PC_VENDOR_INTEL, 6, 0x55);
	struct pc_allowlist read = list_of(skx, PC_LIST_READ);
	struct pc_allowlist job = list_of(skx, PC_LIST_JOB);
	struct pc_allowlist root = list_of(skx, PC_LIST_ROOT);

	(void)state;
	for (unsigned i = 0; i < sizeof readable / sizeof readable[0]; i++)
		assert_int_equal(mask_of(&root, readable[i]), 0);
	assert_int_equal(job.count, 10);
	assert_true(mask_of(&read, 0x610) == 0);
	assert_true(mask_of(&read, 0x618) == 0);
	assert_true(mask_of(&job, 0x610) == 0x00ff7fff);
	assert_true(mask_of(&job, 0x618) == 0x00ff7fff);
	assert_true(mask_of(&root, 0x610) == 0x00ffffff00ffffff);
	assert_true(mask_of(&root, 0x618) == 0x00ffffff);
	pc_allowlist_free(&read);
	pc_allowlist_free(&job);
	pc_allowlist_free(&root);
}

static void reserved_bit_of_ice_lake_is_not_granted(void **state)
{
	struct pc_allowlist job = list_of(pc_cpu_model_find(PC_VENDOR_INTEL, 6, 0x6a), PC_LIST_JOB);
	struct pc_allowlist root = list_of(pc_cpu_model_find(PC_VENDOR_INTEL, 6, 0x6a), PC_LIST_ROOT);

	(void)state;
	assert_true(mask_of(&job, 0x618) == 0x00fe7fff);
	assert_true(mask_of(&root, 0x618) == 0x00feffff);
	pc_allowlist_free(&job);
	pc_allowlist_free(&root);
}

static void amd_is_read_only(void **state)
{
	const struct pc_cpu_model *zen = pc_cpu_model_find(PC_VENDOR_AMD, 0x19, 0x11);
	struct pc_allowlist root = list_of(zen, PC_LIST_ROOT);

	(void)state;
	assert_int_equal(root.count, 3);
	assert_int_equal(mask_of(&root, PC_MSR_TSC), 0);
	assert_int_equal(mask_of(&root, 0xc0010299), 0);
	assert_int_equal(mask_of(&root, 0xc001029b), 0);
	pc_allowlist_free(&root);
}

/* What a job may write: package and DRAM, of them limit 1 without enable and lock. */
static void check_job_entry(const struct pc_allow_entry *entry)
{
	if (entry->msr == 0x610 || entry->msr == 0x618)
		assert_true((entry->mask & ~UINT64_C(0x00ff7fff)) == 0);
	else
		assert_true(entry->mask == 0);
}

static void no_list_of_any_model_grants_too_much(void **state)
{
	const struct pc_cpu_model *model;

	(void)state;
	for (unsigned i = 0; (model = pc_cpu_model_at(i)); i++) {
		struct pc_allowlist read = list_of(model, PC_LIST_READ);
		struct pc_allowlist job = list_of(model, PC_LIST_JOB);
		struct pc_allowlist root = list_of(model, PC_LIST_ROOT);

		assert_true(pc_allowlist_subset(&read, &job));
		assert_true(pc_allowlist_subset(&job, &root));
		assert_int_equal(read.count, root.count);
		for (unsigned e = 0; e < read.count; e++) {
			assert_true(read.entry[e].mask == 0);
			check_job_entry(&job.entry[e]);
			assert_true((root.entry[e].mask & (LOCK63 | LOCK31)) == 0);
		}
		pc_allowlist_free(&read);
		pc_allowlist_free(&job);
		pc_allowlist_free(&root);
	}
}

static void memory_that_runs_out(void **state)
{
	const struct pc_cpu_model *skl = pc_cpu_model_find(PC_VENDOR_INTEL, 6, 0x5e);
	struct pc_allowlist list;
	struct pc_error error;

	(void)state;
	memory_left = 0;
	errno = 0;
	assert_int_equal(pc_model_list(skl, PC_LIST_JOB, &list, &error), -1);
	memory_left = -1;
	assert_int_equal(errno, ENOMEM);
	assert_string_equal(error.text, "allowlist: out of memory");
	assert_int_equal(list.count, 0);
	assert_null(list.entry);
}

/* --- the files -------------------------------------------------------------------------- */

static const char *directory(void)
{
	static char path[4096];
	const char *top = getenv("top_srcdir");

	snprintf(path, sizeof path, "%s/configs/allowlists", top ? top : ".");
	return path;
}

static char *read_file(const char *slug, size_t *length)
{
	char path[4200];
	char *text = malloc(PC_ALLOWLIST_TEXT_MAX);
	FILE *file;

	assert_non_null(text);
	snprintf(path, sizeof path, "%s/%s", directory(), slug);
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s is missing: make update-allowlists", path);
	*length = fread(text, 1, PC_ALLOWLIST_TEXT_MAX, file);
	fclose(file);
	return text;
}

static void files_are_the_table(void **state)
{
	const struct pc_cpu_model *model;

	(void)state;
	for (unsigned i = 0; (model = pc_cpu_model_at(i)); i++) {
		struct pc_allowlist want = list_of(model, PC_LIST_JOB);
		struct pc_allowlist have;
		struct pc_error error = { "" };
		size_t length;
		char *text = read_file(model->slug, &length);

		if (pc_allowlist_parse(&have, model->slug, text, length, &error) < 0)
			fail_msg("%s", error.text);
		if (!pc_allowlist_equal(&have, &want))
			fail_msg("configs/allowlists/%s is not what the table says: make update-allowlists",
				 model->slug);
		for (unsigned e = 0; e < have.count; e++)
			check_job_entry(&have.entry[e]);
		free(text);
		pc_allowlist_free(&have);
		pc_allowlist_free(&want);
	}
}

static void no_file_is_without_a_model(void **state)
{
	DIR *files = opendir(directory());
	const struct dirent *file;
	const struct pc_cpu_model *model;

	(void)state;
	assert_non_null(files);
	while ((file = readdir(files))) {
		bool found = file->d_name[0] == '.';

		for (unsigned i = 0; !found && (model = pc_cpu_model_at(i)); i++)
			found = !strcmp(model->slug, file->d_name);
		if (!found)
			fail_msg("configs/allowlists/%s has no model in the table", file->d_name);
	}
	closedir(files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_a_server_are_the_facts),
		cmocka_unit_test(reserved_bit_of_ice_lake_is_not_granted),
		cmocka_unit_test(amd_is_read_only),
		cmocka_unit_test(no_list_of_any_model_grants_too_much),
		cmocka_unit_test(memory_that_runs_out),
		cmocka_unit_test(files_are_the_table),
		cmocka_unit_test(no_file_is_without_a_model),
	};

	return cmocka_run_group_tests_name("model list", tests, NULL, NULL) ? 1 : 0;
}

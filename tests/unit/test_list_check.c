/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "list_check.h"
#include "register_node.h"

static const struct pc_cpu_model *skylake(void)
{
	const struct pc_cpu_model *model = pc_cpu_model_find(PC_VENDOR_INTEL, 6, 0x55);

	assert_non_null(model);
	return model;
}

static bool has(const struct pc_list_finding *finding, unsigned count, enum pc_list_trouble trouble,
		uint32_t msr, uint64_t bits)
{
	for (unsigned i = 0; i < count; i++)
		if (finding[i].trouble == trouble && finding[i].msr == msr && finding[i].bits == bits)
			return true;
	return false;
}

static void one_register_at_a_time(void **state)
{
	static const struct {
		uint32_t msr;
		uint64_t mask;
		enum pc_list_trouble trouble;
		uint64_t bits;
	} row[] = {
		{ 0x610, UINT64_C(1) << 63, PC_LIST_GRANTS_LOCK, UINT64_C(1) << 63 },
		{ 0x610, 0x8000, PC_LIST_GRANTS_ENABLE, 0x8000 },
		{ 0x610, UINT64_C(0x800000000000), PC_LIST_GRANTS_ENABLE, UINT64_C(0x800000000000) },
		{ 0x610, UINT64_C(0x700000000), PC_LIST_GRANTS_LIMIT2, UINT64_C(0x700000000) },
		{ 0x610, 0x7fff, PC_LIST_LACKS_WRITE, 0xff0000 },
		{ 0x618, UINT64_C(1) << 31, PC_LIST_GRANTS_LOCK, UINT64_C(1) << 31 },
		{ 0x618, 0x8000, PC_LIST_GRANTS_ENABLE, 0x8000 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
		struct pc_list_finding finding[PC_LIST_FINDINGS];
		struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
		unsigned count;

		assert_int_equal(pc_allowlist_add(&list, row[i].msr, row[i].mask, NULL), 0);
		count = pc_list_check(&list, skylake(), finding);
		if (!has(finding, count, row[i].trouble, row[i].msr, row[i].bits))
			fail_msg("row %u: not found", i);
		pc_allowlist_free(&list);
	}
}

static void what_is_missing_is_found(void **state)
{
	struct pc_list_finding finding[PC_LIST_FINDINGS];
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	unsigned count = pc_list_check(&list, skylake(), finding);

	(void)state;
	assert_int_equal(count, 2);
	assert_true(has(finding, count, PC_LIST_LACKS_ENERGY, 0x611, 0));
	assert_true(has(finding, count, PC_LIST_LACKS_LIMIT, 0x610, 0));
}

/* Every model's own job list: nothing dangerous, nothing missing. */
static void job_lists_are_clean(void **state)
{
	const struct pc_cpu_model *model;

	(void)state;
	for (unsigned i = 0; (model = pc_cpu_model_at(i)); i++) {
		struct pc_list_finding finding[PC_LIST_FINDINGS];
		struct pc_allowlist list;

		assert_int_equal(pc_model_list(model, PC_LIST_JOB, &list, NULL), 0);
		if (pc_list_check(&list, model, finding))
			fail_msg("%s: %s", model->slug, pc_list_trouble_text(finding[0].trouble));
		pc_allowlist_free(&list);
	}
}

static void a_list_for_another_vendor_is_still_judged(void **state)
{
	const struct pc_cpu_model *zen = pc_cpu_model_find(PC_VENDOR_AMD, 0x19, 0x01);
	struct pc_list_finding finding[PC_LIST_FINDINGS];
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	unsigned count;

	(void)state;
	assert_non_null(zen);
	assert_int_equal(pc_allowlist_add(&list, 0x610, UINT64_C(1) << 63, NULL), 0);
	count = pc_list_check(&list, zen, finding);
	assert_true(has(finding, count, PC_LIST_GRANTS_LOCK, 0x610, UINT64_C(1) << 63));
	count = pc_list_check(&list, NULL, finding);
	assert_int_equal(count, 1);
	assert_true(has(finding, count, PC_LIST_GRANTS_LOCK, 0x610, UINT64_C(1) << 63));
	pc_allowlist_free(&list);
}

static void everything_granted_fits_the_findings(void **state)
{
	static const uint32_t limit[] = { 0x610, 0x638, 0x640, 0x618, 0x65c };
	struct pc_list_finding finding[PC_LIST_FINDINGS];
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;

	(void)state;
	for (unsigned i = 0; i < sizeof limit / sizeof *limit; i++)
		assert_int_equal(pc_allowlist_add(&list, limit[i], UINT64_MAX, NULL), 0);
	assert_in_range(pc_list_check(&list, NULL, finding), 10, PC_LIST_FINDINGS);
	pc_allowlist_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_register_at_a_time),
		cmocka_unit_test(what_is_missing_is_found),
		cmocka_unit_test(job_lists_are_clean),
		cmocka_unit_test(a_list_for_another_vendor_is_still_judged),
		cmocka_unit_test(everything_granted_fits_the_findings),
	};

	return cmocka_run_group_tests_name("list_check", tests, NULL, NULL) ? 1 : 0;
}

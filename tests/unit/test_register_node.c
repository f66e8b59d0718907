/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "register_bench.h"

static void open_tells_what_each_domain_can_do(void **state)
{
	struct bench *bench = *state;
	const struct pc_domain_info *package, *dram;

	grant(bench, PC_LIST_JOB);
	open_fake(bench);
	assert_int_equal(pc_power_package_count(bench->power), 2);
	assert_string_equal(pc_power_package_name(bench->power, 1), "package-1");
	package = pc_power_domain(bench->power, 0, PC_PACKAGE);
	assert_true(package->has_energy && package->has_limit && package->has_perf_status);
	assert_true(package->writable && !package->locked);
	assert_int_equal(package->limit_count, 2);
	assert_int_equal(package->energy_wrap, BIT(32));
	assert_int_equal(pc_ratio_apply(package->energy_uj, 1 << 14), 1000000);
	assert_int_equal(pc_ratio_apply(package->perf_ns, 1024), 1000000000);
	assert_int_equal(package->info.tdp_uw, 150000000);
	assert_int_equal(package->info.min_uw, 60000000);
	assert_int_equal(package->info.max_uw, 300000000);
	assert_int_equal(package->max_limit_uw, 4095875000);
	assert_int_equal(package->limit_mask, 0x00ff7fff);
	dram = pc_power_domain(bench->power, 0, PC_DRAM);
	assert_true(dram->has_energy && dram->has_limit && dram->has_perf_status);
	assert_int_equal(pc_ratio_apply(dram->energy_uj, 1000), 15300);
	assert_false(pc_power_domain(bench->power, 0, PC_PP0)->has_energy);
}

static void a_register_that_faults_is_absent_and_the_rest_is_there(void **state)
{
	struct bench *bench = *state;

	grant(bench, PC_LIST_JOB);
	fake_register(&bench->fake, 0x618)->faults = true;
	fake_register(&bench->fake, 0x61B)->faults = true;
	open_fake(bench);
	assert_false(pc_power_domain(bench->power, 0, PC_DRAM)->has_limit);
	assert_false(pc_power_domain(bench->power, 0, PC_DRAM)->has_perf_status);
	assert_true(pc_power_domain(bench->power, 0, PC_DRAM)->has_energy);
	assert_true(pc_power_domain(bench->power, 0, PC_PACKAGE)->has_limit);
}

static void a_register_that_is_not_listed_is_absent_too(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(pc_allowlist_add(&bench->fake.list, 0x606, 0, NULL), 0);
	assert_int_equal(pc_allowlist_add(&bench->fake.list, 0x611, 0, NULL), 0);
	open_fake(bench);
	assert_true(pc_power_domain(bench->power, 0, PC_PACKAGE)->has_energy);
	assert_false(pc_power_domain(bench->power, 0, PC_PACKAGE)->has_limit);
	assert_false(pc_power_domain(bench->power, 0, PC_DRAM)->has_energy);
}

static void a_plane_that_never_counted_is_absent(void **state)
{
	struct bench *bench = *state;

	grant(bench, PC_LIST_JOB);
	*value(bench, 0x619, 1) = 0;
	*value(bench, 0x611, 1) = 0;
	open_fake(bench);
	assert_true(pc_power_domain(bench->power, 0, PC_DRAM)->has_energy);
	assert_false(pc_power_domain(bench->power, 1, PC_DRAM)->has_energy);
	assert_true(pc_power_domain(bench->power, 1, PC_PACKAGE)->has_energy);
}

static void lock_and_mask_say_whether_a_limit_is_writable(void **state)
{
	struct bench *bench = *state;

	grant(bench, PC_LIST_JOB);
	*value(bench, 0x610, 1) |= BIT(63);
	open_fake(bench);
	assert_true(pc_power_domain(bench->power, 0, PC_PACKAGE)->writable);
	assert_true(pc_power_domain(bench->power, 1, PC_PACKAGE)->locked);
	assert_false(pc_power_domain(bench->power, 1, PC_PACKAGE)->writable);
	pc_power_close(bench->power);
	grant(bench, PC_LIST_READ);
	open_fake(bench);
	assert_false(pc_power_domain(bench->power, 0, PC_PACKAGE)->writable);
	assert_false(pc_power_domain(bench->power, 0, PC_PACKAGE)->locked);
}

static void an_empty_list_and_a_missing_register_are_told_apart(void **state)
{
	struct bench *bench = *state;
	struct pc_msr_transport transport = fake_msr_transport(&bench->fake);

	transport.list_write = NULL;
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, skylake(), transport), -1);
	assert_int_equal(errno, EACCES);
	assert_sentence(bench, "package-0: MSR 0x606: the node's allowlist is empty; root can install one "
			"with `pmctl allowlist install`");
	assert_int_equal(pc_allowlist_add(&bench->fake.list, 0x10, 0, NULL), 0);
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, skylake(), transport), -1);
	assert_sentence(bench, "package-0: MSR 0x606: it is not in the node's allowlist; root can install "
			"one with `pmctl allowlist install`");
	transport.list_read = NULL;
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, skylake(), transport), -1);
	assert_sentence(bench, "package-0: MSR 0x606: it is not in the node's allowlist, or the list is "
			"empty; root can install one with `pmctl allowlist install`");
}

static void who_may_replace_the_list_opens_and_sees_more_after_installing(void **state)
{
	struct bench *bench = *state;
	struct pc_allowlist list;

	open_fake(bench);
	assert_int_equal(pc_power_package_count(bench->power), 2);
	assert_false(pc_power_domain(bench->power, 0, PC_PACKAGE)->has_energy);
	assert_int_equal(pc_power_list_for(bench->power, PC_LIST_JOB, &list, &bench->error), 0);
	assert_int_equal(pc_power_list_install(bench->power, &list, &bench->error), 0);
	assert_true(pc_power_domain(bench->power, 0, PC_PACKAGE)->has_energy);
	assert_true(pc_power_domain(bench->power, 0, PC_PACKAGE)->writable);
	pc_allowlist_free(&list);
	assert_int_equal(pc_power_list_install(bench->power, &list, &bench->error), 0);
	assert_false(pc_power_domain(bench->power, 0, PC_PACKAGE)->has_energy);
	assert_int_equal(pc_power_list_read(bench->power, &list, &bench->error), 0);
	assert_int_equal(list.count, 0);
}

static void who_may_not_replace_the_list_is_told(void **state)
{
	struct bench *bench = *state;
	struct pc_msr_transport transport = fake_msr_transport(&bench->fake);

	grant(bench, PC_LIST_JOB);
	transport.list_write = NULL;
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, skylake(), transport), 0);
	assert_int_equal(pc_power_list_install(bench->power, &bench->fake.list, &bench->error), -1);
	assert_int_equal(errno, EACCES);
	assert_sentence(bench, "fake: this process may not replace the allowlist; only root can, or the "
			"group that the site chose");
}

static void a_driver_without_a_list_says_so(void **state)
{
	struct bench *bench = *state;
	struct pc_msr_transport transport = fake_msr_transport(&bench->fake);
	struct pc_allowlist list;

	grant(bench, PC_LIST_JOB);
	transport.list_read = NULL;
	transport.list_write = NULL;
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, skylake(), transport), 0);
	assert_int_equal(pc_power_list_read(bench->power, &list, &bench->error), -1);
	assert_int_equal(errno, ENOTSUP);
	assert_sentence(bench, "fake: this driver has no allowlist");
	assert_int_equal(pc_power_list_install(bench->power, &bench->fake.list, &bench->error), -1);
	assert_int_equal(errno, ENOTSUP);
}

static int refuse_list(void *self, const struct pc_allowlist *list, struct pc_error *why)
{
	(void)self;
	(void)list;
	return pc_fail(why, ENOTUNIQ, "fake: refused");
}

static void a_list_that_the_driver_refuses_is_passed_on(void **state)
{
	struct bench *bench = *state;
	struct pc_msr_transport transport = fake_msr_transport(&bench->fake);

	grant(bench, PC_LIST_JOB);
	transport.list_write = refuse_list;
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, skylake(), transport), 0);
	assert_int_equal(pc_power_list_install(bench->power, &bench->fake.list, &bench->error), -1);
	assert_int_equal(errno, ENOTUNIQ);
	assert_sentence(bench, "fake: refused");
}

static void more_packages_than_can_be_handled_are_refused(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(open_model(bench, "pack:65 core:1 pu:1", skylake(),
				    fake_msr_transport(&bench->fake)), -1);
	assert_int_equal(errno, ENODEV);
	assert_sentence(bench, "topology: 65 packages with registers of their own; 1 to 64 can be handled");
}

static void no_rapl_is_a_reason(void **state)
{
	struct bench *bench = *state;

	grant(bench, PC_LIST_JOB);
	*value(bench, 0x606, 0) = 0;
	*value(bench, 0x606, 1) = 0;
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, skylake(), fake_msr_transport(&bench->fake)), -1);
	assert_int_equal(errno, ENODEV);
	assert_memory_equal(bench->error.text, "package-0: ", 11);
	fake_register(&bench->fake, 0x606)->faults = true;
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, skylake(), fake_msr_transport(&bench->fake)), -1);
	assert_int_equal(errno, EIO);
	assert_sentence(bench, "package-0: MSR 0x606 on CPU 0: the processor refuses it (general protection "
			"fault): this part does not have it, or not that value");
}

static void one_package_that_answers_is_enough(void **state)
{
	struct bench *bench = *state;

	grant(bench, PC_LIST_JOB);
	*value(bench, 0x606, 0) = 0;
	open_fake(bench);
	assert_false(pc_power_domain(bench->power, 0, PC_PACKAGE)->has_energy);
	assert_true(pc_power_domain(bench->power, 1, PC_PACKAGE)->has_energy);
}

static void dies_are_packages_where_the_model_says_so(void **state)
{
	struct bench *bench = *state;
	struct pc_cpu_model model = *skylake();

	grant(bench, PC_LIST_JOB);
	model.quirks |= PC_QUIRK_PER_DIE;
	assert_int_equal(open_model(bench, "pack:1 die:2 core:2 pu:1", &model,
				    fake_msr_transport(&bench->fake)), 0);
	assert_int_equal(pc_power_package_count(bench->power), 2);
	assert_string_equal(pc_power_package_name(bench->power, 0), "package-0-die-0");
	assert_string_equal(pc_power_package_name(bench->power, 1), "package-0-die-1");
	pc_power_close(bench->power);
	model.quirks &= ~PC_QUIRK_PER_DIE;
	assert_int_equal(open_model(bench, "pack:1 die:2 core:2 pu:1", &model,
				    fake_msr_transport(&bench->fake)), 0);
	assert_int_equal(pc_power_package_count(bench->power), 1);
	assert_string_equal(pc_power_package_name(bench->power, 0), "package-0");
}

static void lose_cpu_in_first_call(struct fake_msr *fake)
{
	fake->vanishing = fake->calls == 1 ? 0 : -1;
}

static void lose_cpu_in_second_call(struct fake_msr *fake)
{
	fake->vanishing = fake->calls == 2 ? 0 : -1;
}

static void fail_from_second_call(struct fake_msr *fake)
{
	fake->failing = E2BIG;
	fake->fail_times = fake->calls >= 2;
}

/* What was not answered at all must not look like a register that is not there. */
static void a_cpu_lost_while_it_opens_hides_nothing(void **state)
{
	struct bench *bench = *state;

	grant(bench, PC_LIST_JOB);
	for (unsigned calls = 0; calls < 2; calls++) {
		bench->fake.calls = 0;
		bench->fake.before = calls ? lose_cpu_in_second_call : lose_cpu_in_first_call;
		open_fake(bench);
		assert_true(pc_power_domain(bench->power, 0, PC_PACKAGE)->writable);
		assert_true(pc_power_domain(bench->power, 0, PC_DRAM)->has_energy);
		pc_power_close(bench->power);
		bench->fake.offline[0] = false;
	}
	bench->fake.before = NULL;
	open_fake(bench);
}

static void a_call_that_fails_while_it_opens_is_a_reason(void **state)
{
	struct bench *bench = *state;

	grant(bench, PC_LIST_JOB);
	bench->fake.before = fail_from_second_call;
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, skylake(), fake_msr_transport(&bench->fake)), -1);
	assert_int_equal(errno, E2BIG);
	assert_sentence(bench, "package-0: fake: Argument list too long");
}

/* Each package has the registers; a sum over packages would count the platform twice. */
static void the_platform_is_the_first_packages(void **state)
{
	struct bench *bench = *state;
	const struct pc_cpu_model *model = pc_cpu_model_find(PC_VENDOR_INTEL, 6, 0x8f);
	static const uint32_t platform[] = { 0x64d, 0x65c, 0x665, 0x666 };

	assert_int_equal(pc_model_list(model, PC_LIST_READ, &bench->fake.list, &bench->error), 0);
	for (unsigned i = 0; i < sizeof platform / sizeof platform[0]; i++)
		bench->fake.reg[bench->fake.registers++] =
			(struct fake_register){ .msr = platform[i], .value = { 7, 7 } };
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, model, fake_msr_transport(&bench->fake)), 0);
	assert_true(pc_power_domain(bench->power, 0, PC_PLATFORM)->has_energy);
	assert_true(pc_power_domain(bench->power, 0, PC_PLATFORM)->has_limit);
	assert_false(pc_power_domain(bench->power, 1, PC_PLATFORM)->has_energy);
	assert_false(pc_power_domain(bench->power, 1, PC_PLATFORM)->has_limit);
	assert_false(pc_power_domain(bench->power, 1, PC_PLATFORM)->has_perf_status);
	assert_true(pc_power_domain(bench->power, 1, PC_PACKAGE)->has_energy);
}

static void a_count_that_is_no_time_has_no_nanoseconds(void **state)
{
	struct bench *bench = *state;
	struct pc_cpu_model model = *skylake();

	grant(bench, PC_LIST_JOB);
	model.quirks |= PC_QUIRK_OVERFLOW;
	assert_int_equal(open_model(bench, FAKE_TOPOLOGY, &model, fake_msr_transport(&bench->fake)), 0);
	assert_true(pc_power_domain(bench->power, 0, PC_PACKAGE)->has_perf_status);
	assert_int_equal(pc_ratio_apply(pc_power_domain(bench->power, 0, PC_PACKAGE)->perf_ns, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_tells_what_each_domain_can_do),
		TEST(a_register_that_faults_is_absent_and_the_rest_is_there),
		TEST(a_register_that_is_not_listed_is_absent_too),
		TEST(a_plane_that_never_counted_is_absent),
		TEST(lock_and_mask_say_whether_a_limit_is_writable),
		TEST(an_empty_list_and_a_missing_register_are_told_apart),
		TEST(who_may_replace_the_list_opens_and_sees_more_after_installing),
		TEST(who_may_not_replace_the_list_is_told),
		TEST(a_driver_without_a_list_says_so),
		TEST(a_list_that_the_driver_refuses_is_passed_on),
		TEST(more_packages_than_can_be_handled_are_refused),
		TEST(no_rapl_is_a_reason),
		TEST(one_package_that_answers_is_enough),
		TEST(dies_are_packages_where_the_model_says_so),
		TEST(a_cpu_lost_while_it_opens_hides_nothing),
		TEST(a_call_that_fails_while_it_opens_is_a_reason),
		TEST(the_platform_is_the_first_packages),
		TEST(a_count_that_is_no_time_has_no_nanoseconds),
	};

	return cmocka_run_group_tests_name("register_node", tests, NULL, NULL) ? 1 : 0;
}

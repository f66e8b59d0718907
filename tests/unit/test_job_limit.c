/* SPDX-License-Identifier: BSD-3-Clause */
/* Setting a job's limits on hardware that does not do as it was told: a back end of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "backend.h"
#include "job_node.h"

#define W UINT64_C(1000000)

/* What each kind of limit reads back as: asked plus this, or this error, or switched off. */
static struct {
	int64_t package_uw, second_uw, dram_uw;
	int package_error, second_error, dram_error;
	bool second_off, dram_off;
} hardware;

static struct pc_limit answer(struct pc_limit asked, int64_t more_uw, bool off)
{
	asked.limit_uw += (uint64_t)more_uw;
	asked.enabled = !off;
	return asked;
}

static int answer_op(struct pc_op *op)
{
	if (op->domain == PC_DRAM) {
		op->limits.limit[0] = answer(op->limits.limit[0], hardware.dram_uw, hardware.dram_off);
		return op->error = -hardware.dram_error;
	}
	if (op->kind == PC_OP_LIMIT2_SET) {
		op->limits.limit[1] = answer(op->limits.limit[1], hardware.second_uw, hardware.second_off);
		return op->error = -hardware.second_error;
	}
	assert_int_equal(op->kind, PC_OP_LIMIT1_SET);
	op->limits.limit[0] = answer(op->limits.limit[0], hardware.package_uw, false);
	return op->error = -hardware.package_error;
}

static int run(struct pc_power *power, unsigned package, struct pc_op *ops, unsigned count, struct pc_stamp *stamp,
	       struct pc_error *error)
{
	int code = 0;

	(void)power;
	(void)package;
	(void)stamp;
	for (unsigned i = 0; i < count; i++)
		if (answer_op(&ops[i]) && !code)
			code = -ops[i].error;
	return code ? pc_fail(error, code, "the hardware's words") : 0;
}

static const struct pc_backend backend = { .name = "obstinate", .run = run };

static char log_text[4096];

static void log_sink(const char *sentence, void *arg)
{
	(void)arg;
	strcpy(log_text, sentence);
}

struct bench {
	struct pc_power power;
	struct job_node node;
	struct pc_job_request request;
	struct pc_decision decision;
	struct job_begin begin;
};

/* Two packages of 105 W and 45 W of DRAM each, under a cap of 300 W. */
static int set_limits(struct bench *bench, struct pc_error *error)
{
	*bench = (struct bench){ .power = { .backend = &backend, .package_count = 2 } };
	bench->node.log = log_sink;
	log_text[0] = '\0';
	bench->begin = (struct job_begin){
		.node = &bench->node, .request = &bench->request, .decision = &bench->decision, .power = &bench->power,
		.cap.cap_uw = 300 * W,
	};
	for (unsigned i = 0; i < 2; i++) {
		strcpy(bench->power.package[i].name, i ? "package-1" : "package-0");
		bench->power.package[i].domain[PC_PACKAGE] = (struct pc_domain_info){ .has_limit = true, .limit_count = 2 };
		bench->power.package[i].domain[PC_DRAM] = (struct pc_domain_info){ .has_limit = true, .limit_count = 1 };
		bench->begin.budget[i].reserve_uw = 45 * W;
		bench->begin.limit_uw[i] = 105 * W;
	}
	return job_set_limits(&bench->begin, error);
}

static void limits_that_are_taken_are_noted(void **state)
{
	struct bench bench;
	struct pc_error error;

	(void)state;
	memset(&hardware, 0, sizeof hardware);
	hardware.package_uw = -125000;
	assert_int_equal(set_limits(&bench, &error), 0);
	assert_int_equal(bench.decision.package_limit_uw[1], 105 * W - 125000);
	assert_int_equal(bench.decision.dram_limit_uw[1], 45 * W);
	assert_int_equal(bench.decision.dram_reserve_uw[1], 0);
	assert_true(bench.begin.held);
	assert_string_equal(log_text, "");
}

/* I1: what the hardware holds counts, not what it was asked for. */
static void limits_that_read_back_too_high_are_not_accepted(void **state)
{
	struct bench bench;
	struct pc_error error;

	(void)state;
	memset(&hardware, 0, sizeof hardware);
	hardware.package_uw = 1;
	assert_int_equal(set_limits(&bench, &error), -1);
	assert_int_equal(errno, EIO);
	assert_string_equal(error.text, "the limits read back as 300000002 uW together with the DRAM's part, above the cap "
			    "of 300000000 uW");
}

static void the_first_limit_is_what_the_cap_rests_on(void **state)
{
	struct bench bench;
	struct pc_error error;

	(void)state;
	memset(&hardware, 0, sizeof hardware);
	hardware.package_error = EROFS;
	assert_int_equal(set_limits(&bench, &error), -1);
	assert_int_equal(errno, EROFS);
	assert_string_equal(error.text, "the hardware's words");
}

static void a_second_limit_that_does_not_hold_is_told(void **state)
{
	struct bench bench;
	struct pc_error error;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		memset(&hardware, 0, sizeof hardware);
		hardware.second_error = i == 0 ? EIO : 0;
		hardware.second_off = i == 1;
		hardware.second_uw = i == 2 ? 75 * 1000000 : 0;
		assert_int_equal(set_limits(&bench, &error), 0);
		assert_false(bench.begin.held);
		assert_non_null(strstr(log_text, "package-1 does not take a second limit"));
	}
}

static void a_dram_limit_that_does_not_hold_leaves_a_reserve(void **state)
{
	struct bench bench;
	struct pc_error error;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		memset(&hardware, 0, sizeof hardware);
		hardware.dram_error = i == 0 ? EPERM : 0;
		hardware.dram_off = i == 1;
		hardware.dram_uw = i == 2 ? 1 : 0;
		assert_int_equal(set_limits(&bench, &error), 0);
		assert_int_equal(bench.decision.dram_limit_uw[0], 0);
		assert_int_equal(bench.decision.dram_reserve_uw[0], 45 * W);
		assert_true(bench.begin.held);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_that_are_taken_are_noted),
		cmocka_unit_test(limits_that_read_back_too_high_are_not_accepted),
		cmocka_unit_test(the_first_limit_is_what_the_cap_rests_on),
		cmocka_unit_test(a_second_limit_that_does_not_hold_is_told),
		cmocka_unit_test(a_dram_limit_that_does_not_hold_leaves_a_reserve),
	};

	return cmocka_run_group_tests_name("job_limit", tests, NULL, NULL) ? 1 : 0;
}

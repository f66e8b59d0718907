/* SPDX-License-Identifier: BSD-3-Clause */
#include "register_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct pc_backend fake_backend = {
	.name = "fake",
	.close = pc_register_node_close,
	.run = pc_register_node_run,
	.capture = pc_register_node_capture,
	.setting_read = pc_register_node_setting_read,
	.setting_write = pc_register_node_setting_write,
	.setting_lowers = pc_register_node_setting_lowers,
	.list_read = pc_register_node_list_read,
	.list_install = pc_register_node_list_install,
	.list_for = pc_register_node_list_for,
	.access_paths = pc_register_node_access_paths,
};

const struct pc_cpu_model *skylake(void)
{
	return pc_cpu_model_find(PC_VENDOR_INTEL, 6, 0x55);
}

void grant(struct bench *bench, enum pc_list_purpose purpose)
{
	pc_allowlist_free(&bench->fake.list);
	assert_int_equal(pc_model_list(skylake(), purpose, &bench->fake.list, &bench->error), 0);
}

int open_model(struct bench *bench, const char *synthetic, const struct pc_cpu_model *model,
	       struct pc_msr_transport transport)
{
	struct pc_topology *topology;
	int status;

	assert_int_equal(pc_topology_load(&topology, PC_TOPOLOGY_SYNTHETIC, synthetic, &bench->error), 0);
	bench->power = calloc(1, sizeof *bench->power);
	assert_non_null(bench->power);
	bench->power->backend = &fake_backend;
	status = pc_register_node_open(bench->power, topology, model, transport, &bench->error);
	if (status < 0) {
		assert_null(bench->power->topology);
		assert_null(bench->power->state);
		free(bench->power);
		bench->power = NULL;
	}
	return status;
}

void open_fake(struct bench *bench)
{
	if (open_model(bench, FAKE_TOPOLOGY, skylake(), fake_msr_transport(&bench->fake)) < 0)
		fail_msg("%s", bench->error.text);
	bench->fake.calls = 0;
}

int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	fake_msr_init(&bench->fake);
	*state = bench;
	return 0;
}

int tear_down(void **state)
{
	struct bench *bench = *state;

	pc_power_close(bench->power);
	fake_msr_clear(&bench->fake);
	free(bench);
	return 0;
}

int run(struct bench *bench, unsigned package, struct pc_op *ops, unsigned count,
	struct pc_stamp *stamp)
{
	return pc_power_run(bench->power, package, ops, count, stamp, &bench->error);
}

uint64_t *value(struct bench *bench, uint32_t msr, unsigned package)
{
	return &fake_register(&bench->fake, msr)->value[package];
}

struct pc_op limit_op(enum pc_domain domain, uint64_t limit_uw)
{
	return (struct pc_op){
		.kind = PC_OP_LIMIT_WRITE, .domain = domain,
		.limits.limit[0] = { .limit_uw = limit_uw, .clamped = true },
	};
}

void assert_sentence(const struct bench *bench, const char *sentence)
{
	assert_string_equal(bench->error.text, sentence);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "driver_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct pc_error error;
struct pc_msr_transport transport;
bool is_open;

int set_up(void **state)
{
	(void)state;
	fake_kernel_boot();
	is_open = false;
	return 0;
}

void close_transport(void)
{
	if (is_open)
		transport.close(transport.self);
	is_open = false;
}

int tear_down(void **state)
{
	(void)state;
	close_transport();
	return fake_kernel_halt() ? -1 : 0;
}

void grant(enum pc_list_purpose purpose)
{
	pc_allowlist_free(&fake_kernel.msr.list);
	assert_int_equal(pc_model_list(pc_cpu_model_find(PC_VENDOR_INTEL, 6, 0x55), purpose,
				       &fake_kernel.msr.list, &error), 0);
}

int open_batch(void)
{
	int status = pc_msrsafe_batch_transport(&transport, NULL, &fake_calls, &error);

	is_open = status == 0;
	return status;
}

int open_files(enum pc_msr_node node)
{
	int status = pc_msr_files_transport(&transport, node, "/", &fake_calls, &error);

	is_open = status == 0;
	return status;
}

struct pc_msr_op reading(uint16_t cpu, uint32_t msr)
{
	return (struct pc_msr_op){ .cpu = cpu, .isrdmsr = 1, .msr = msr, .msrdata = PC_MSR_SENTINEL };
}

struct pc_msr_op writing(uint16_t cpu, uint32_t msr, uint64_t value)
{
	return (struct pc_msr_op){ .cpu = cpu, .msr = msr, .msrdata = value };
}

int batch(struct pc_msr_op *ops, unsigned count)
{
	return transport.batch(transport.self, ops, count, &error);
}

uint64_t *value(uint32_t msr, unsigned package)
{
	return &fake_register(&fake_kernel.msr, msr)->value[package];
}

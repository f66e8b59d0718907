/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_TEST_SIM_BATCH_H
#define PHASECAP_TEST_SIM_BATCH_H

/* A simulated node with a list, and batches on it.  Include cmocka.h first. */

#include "sim_node.h"

#define READ(cpu_, msr_) { .cpu = cpu_, .isrdmsr = 1, .msr = msr_, .msrdata = PC_MSR_SENTINEL }
#define WRITE(cpu_, msr_, value_) { .cpu = cpu_, .isrdmsr = 0, .msr = msr_, .msrdata = value_ }

enum { PL1_POWER = 0x7fff };

/* "pack:2 core:2": CPUs 0 and 1 see package 0, CPUs 2 and 3 package 1. */
static const struct pc_allow_entry entries[] = {
	{ PC_MSR_TSC, 0 }, { REG_UNIT, 0 }, { REG_LIMIT, 0x00ffffff00ffffff }, { REG_ENERGY, UINT64_MAX },
	{ REG_PERF, 0 }, { REG_DRAM_LIMIT, PL1_POWER }, { REG_DRAM_ENERGY, 0 }, { 0x639, 0 },
};

static inline struct pc_allowlist test_list(void)
{
	return (struct pc_allowlist){
		.count = sizeof entries / sizeof entries[0], .entry = (struct pc_allow_entry *)entries
	};
}

static inline void install(struct pc_sim *sim, const struct pc_allowlist *list)
{
	struct pc_msr_transport transport = pc_sim_transport(sim);
	struct pc_error error;

	if (transport.list_write(sim, list, &error) < 0)
		fail_msg("%s", error.text);
}

static inline struct pc_sim *make_listed(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	struct pc_allowlist list = test_list();

	install(sim, &list);
	return sim;
}

static inline int run(struct pc_sim *sim, struct pc_msr_op *ops, unsigned count, struct pc_error *error)
{
	errno = 0;
	return pc_sim_transport(sim).batch(sim, ops, count, error);
}

static inline uint64_t read_one(struct pc_sim *sim, uint16_t cpu, uint32_t msr)
{
	struct pc_msr_op op = READ(cpu, msr);
	struct pc_error error;

	if (run(sim, &op, 1, &error) < 0)
		fail_msg("%s", error.text);
	return op.msrdata;
}

static inline void write_one(struct pc_sim *sim, uint16_t cpu, uint32_t msr, uint64_t value)
{
	struct pc_msr_op op = WRITE(cpu, msr, value);
	struct pc_error error;

	if (run(sim, &op, 1, &error) < 0)
		fail_msg("%s", error.text);
}

#endif

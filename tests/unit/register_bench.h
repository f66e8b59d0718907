/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef REGISTER_BENCH_H
#define REGISTER_BENCH_H

/* A register node over fake_msr.h, for the tests of lib/register_*.c. */

#include "backend.h"
#include "fake_msr.h"
#include "register_node.h"

#define BIT(n) (UINT64_C(1) << (n))
#define LIMIT1_POWER UINT64_C(0x7fff)
#define LIMIT2_POWER (UINT64_C(0x7fff) << 32)

struct bench {
	struct fake_msr fake;
	struct pc_power *power;
	struct pc_error error;
};

/* A bench with its registers at power-on, no list, and no node yet. */
int set_up(void **state);
int tear_down(void **state);
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

const struct pc_cpu_model *skylake(void);
/* Loads the list of that purpose. */
void grant(struct bench *bench, enum pc_list_purpose purpose);
/* 0, or -1 with bench->error. */
int open_model(struct bench *bench, const char *synthetic, const struct pc_cpu_model *model,
	       struct pc_msr_transport transport);
/* Two packages of a Skylake-SP; counts calls from here. */
void open_fake(struct bench *bench);
int run(struct bench *bench, unsigned package, struct pc_op *ops, unsigned count, struct pc_stamp *stamp);
/* A register, as silicon has it. */
uint64_t *value(struct bench *bench, uint32_t msr, unsigned package);
/* A LIMIT_WRITE of so much, clamped. */
struct pc_op limit_op(enum pc_domain domain, uint64_t limit_uw);
/* The last sentence as a whole, so that what a user reads is what is tested. */
void assert_sentence(const struct bench *bench, const char *sentence);

#endif

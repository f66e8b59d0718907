/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DRIVER_BENCH_H
#define DRIVER_BENCH_H

/* A transport over fake_kernel.h, for the tests of the drivers. */

#include "fake_kernel.h"
#include "register_node.h"

extern struct pc_error error;
extern struct pc_msr_transport transport;
extern bool is_open;             /* the transport is, and is closed after the test */

int set_up(void **state);
/* No test may leave a descriptor behind. */
int tear_down(void **state);
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

/* Loads the list of that purpose. */
void grant(enum pc_list_purpose purpose);
int open_batch(void);
int open_files(enum pc_msr_node node);
void close_transport(void);
struct pc_msr_op reading(uint16_t cpu, uint32_t msr);
struct pc_msr_op writing(uint16_t cpu, uint32_t msr, uint64_t value);
int batch(struct pc_msr_op *ops, unsigned count);
/* A register, as silicon has it. */
uint64_t *value(uint32_t msr, unsigned package);

#endif

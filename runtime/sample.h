/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_SAMPLE_H
#define PHASECAP_SAMPLE_H

/* A package that is led: its counters, and what a sample of them brings. */

#include "leader.h"

/* The counters of a batch. */
enum { PC_METER_PACKAGE, PC_METER_DRAM, PC_METER_PERF, PC_METERS };

struct pc_meter {
	bool present;
	enum pc_op_kind kind;
	enum pc_domain domain;
	uint64_t last;           /* raw, at the last sample */
	uint64_t counts;         /* since the first sample */
};

struct pc_led {
	struct pc_segment *segment;
	struct pc_power *power;
	unsigned package;
	uint64_t due_ns, last_ns; /* last_ns 0: no sample yet */
	struct pc_meter meter[PC_METERS];
	bool has_limit, has_dram_limit;
	uint64_t target_uw;      /* last written, or found written; 0: none */
	uint64_t before_uw;      /* what the runtime's first write replaced; 0: it wrote none */
	struct pc_seen *seen;
};

/* Fills what the hardware has, and says so in the package's record. */
void pc_led_describe(struct pc_led *led);

/* One batch: counters and limits, or the new limit write_uw (0: none) written and read back.
 * On failure nothing is booked, and the next sample covers the time. */
int pc_led_sample(struct pc_led *led, uint64_t write_uw, struct pc_error *error) PC_WARN_UNUSED;

/* Writes before_uw. */
void pc_led_put_back(const struct pc_led *led);

#endif

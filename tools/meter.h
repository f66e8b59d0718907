/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_PMCTL_METER_H
#define PHASECAP_PMCTL_METER_H

/* One package watched over time: sums between prints, and a verdict on its limit. */

#include "power.h"
#include "verdict.h"

/*
 * Between prints it is read at least this often: a 32-bit counter may wrap after a
 * minute (SDM vol. 3B 15.10.3) and a difference is right for one wrap at most; and a verdict
 * counts from the first sample after the limit has settled.
 */
#define METER_STEP_NS UINT64_C(500000000)

struct meter {
	struct pc_power *power;
	unsigned package;
	bool running;            /* there is a sample to subtract */
	struct pc_error error;   /* of the last sample, where it failed */
	uint64_t at_ns;
	uint64_t package_count, dram_count, perf_count;
	struct pc_limits limits, dram_limits;
	/* Since meter_begin(). */
	uint64_t elapsed_ns, package_uj, dram_uj, throttled_ns;
	/* Since the limit settled. */
	uint64_t settles_ns, seen_ns, seen_uj;
	bool throttled;
};

/* Takes a sample; -1 with meter->error (then the next one starts anew). */
int meter_sample(struct meter *meter);
/* Forgets the sums, not the verdict's. */
void meter_begin(struct meter *meter);

uint64_t meter_package_uw(const struct meter *meter);
uint64_t meter_dram_uw(const struct meter *meter);
/* In thousandths; -1 where it is not known. */
int meter_throttled_permille(const struct meter *meter);
enum pc_verdict meter_verdict(const struct meter *meter);

#endif

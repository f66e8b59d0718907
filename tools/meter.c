/* SPDX-License-Identifier: BSD-3-Clause */
#include "meter.h"

#include <errno.h>
#include <string.h>

enum { PACKAGE_ENERGY, DRAM_ENERGY, PERF, LIMITS, DRAM_LIMITS, OPS };

struct sample {
	struct pc_op op[OPS];
	uint64_t at_ns;
};

static const struct pc_domain_info *info_of(const struct meter *meter, enum pc_domain domain)
{
	return pc_power_domain(meter->power, meter->package, domain);
}

/* What this package can answer, in one batch; the others stay zero. */
static int take(const struct meter *meter, struct sample *sample, struct pc_error *error)
{
	const struct pc_domain_info *package = info_of(meter, PC_PACKAGE), *dram = info_of(meter, PC_DRAM);
	const bool wanted[OPS] = { package->has_energy, dram->has_energy, package->has_perf_status,
				   package->has_limit, dram->has_limit };
	const struct pc_op all[OPS] = {
		[PACKAGE_ENERGY] = { .kind = PC_OP_ENERGY, .domain = PC_PACKAGE },
		[DRAM_ENERGY] = { .kind = PC_OP_ENERGY, .domain = PC_DRAM },
		[PERF] = { .kind = PC_OP_PERF_STATUS, .domain = PC_PACKAGE },
		[LIMITS] = { .kind = PC_OP_LIMIT_READ, .domain = PC_PACKAGE },
		[DRAM_LIMITS] = { .kind = PC_OP_LIMIT_READ, .domain = PC_DRAM },
	};
	struct pc_op batch[OPS];
	struct pc_stamp stamp;
	unsigned count = 0;

	*sample = (struct sample){ 0 };
	for (unsigned i = 0; i < OPS; i++)
		if (wanted[i])
			batch[count++] = all[i];
	if (!count)
		return pc_fail(error, ENODEV, "nothing can be read of this package");
	if (pc_power_run(meter->power, meter->package, batch, count, &stamp, error) < 0)
		return -1;
	for (unsigned i = 0, next = 0; i < OPS; i++)
		if (wanted[i])
			sample->op[i] = batch[next++];
	sample->at_ns = stamp.before_ns + (stamp.after_ns - stamp.before_ns) / 2;
	return 0;
}

/* RAPL holds a running mean: two windows after a change it is the new limit's. */
static void restart_verdict(struct meter *meter, const struct sample *sample)
{
	uint64_t window_us = sample->op[LIMITS].limits.limit[0].window_us;

	meter->settles_ns = sample->at_ns + 2 * window_us * 1000;
	meter->seen_ns = meter->seen_uj = 0;
	meter->throttled = false;
}

static void remember(struct meter *meter, const struct sample *sample)
{
	meter->running = true;
	meter->at_ns = sample->at_ns;
	meter->package_count = sample->op[PACKAGE_ENERGY].count;
	meter->dram_count = sample->op[DRAM_ENERGY].count;
	meter->perf_count = sample->op[PERF].count;
	meter->limits = sample->op[LIMITS].limits;
	meter->dram_limits = sample->op[DRAM_LIMITS].limits;
}

static bool same_limit(const struct pc_limits *a, const struct pc_limits *b)
{
	return a->limit[0].limit_uw == b->limit[0].limit_uw && a->limit[0].window_us == b->limit[0].window_us &&
	       a->limit[0].enabled == b->limit[0].enabled;
}

static void add(struct meter *meter, const struct sample *sample)
{
	const struct pc_domain_info *package = info_of(meter, PC_PACKAGE);
	uint64_t package_uj = pc_power_energy_uj(package, meter->package_count, sample->op[PACKAGE_ENERGY].count);
	/* Perf status is 32 bits wide too (SDM vol. 3B 15.10.3). */
	uint32_t perf = (uint32_t)(sample->op[PERF].count - meter->perf_count);
	uint64_t ns = sample->at_ns - meter->at_ns;

	meter->elapsed_ns += ns;
	meter->package_uj += package_uj;
	meter->dram_uj += pc_power_energy_uj(info_of(meter, PC_DRAM), meter->dram_count, sample->op[DRAM_ENERGY].count);
	meter->throttled_ns += pc_ratio_apply(package->perf_ns, perf);
	if (meter->at_ns < meter->settles_ns)
		return;
	meter->seen_ns += ns;
	meter->seen_uj += package_uj;
	meter->throttled |= perf > 0;
}

int meter_sample(struct meter *meter)
{
	struct sample sample;

	if (take(meter, &sample, &meter->error) < 0) {
		meter->running = false;
		return -1;
	}
	if (meter->running)
		add(meter, &sample);
	if (!meter->running || !same_limit(&meter->limits, &sample.op[LIMITS].limits))
		restart_verdict(meter, &sample);
	remember(meter, &sample);
	return 0;
}

void meter_begin(struct meter *meter)
{
	meter->elapsed_ns = meter->package_uj = meter->dram_uj = meter->throttled_ns = 0;
}

static uint64_t mean_uw(uint64_t uj, uint64_t ns)
{
	return ns ? (uint64_t)((unsigned __int128)uj * 1000000000 / ns) : 0;
}

uint64_t meter_package_uw(const struct meter *meter)
{
	return mean_uw(meter->package_uj, meter->elapsed_ns);
}

uint64_t meter_dram_uw(const struct meter *meter)
{
	return mean_uw(meter->dram_uj, meter->elapsed_ns);
}

int meter_throttled_permille(const struct meter *meter)
{
	const struct pc_domain_info *info = info_of(meter, PC_PACKAGE);

	/* Models whose register counts events have no time to show. */
	if (!info->has_perf_status || !info->perf_ns.numerator || !meter->elapsed_ns)
		return -1;
	return (int)((unsigned __int128)meter->throttled_ns * 1000 / meter->elapsed_ns);
}

enum pc_verdict meter_verdict(const struct meter *meter)
{
	const struct pc_limit *limit = &meter->limits.limit[0];
	const struct pc_verdict_input input = {
		.limit_uw = limit->enabled ? limit->limit_uw : 0,
		.window_us = limit->window_us,
		.mean_uw = mean_uw(meter->seen_uj, meter->seen_ns),
		.observed_us = meter->seen_ns / 1000,
		.perf_known = info_of(meter, PC_PACKAGE)->has_perf_status,
		.perf_moved = meter->throttled,
	};

	return pc_verdict_judge(&input);
}

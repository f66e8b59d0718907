/* SPDX-License-Identifier: BSD-3-Clause */
#include "plant.h"

#include <math.h>
#include <string.h>

#define LOWEST_DUTY 0.125        /* clock modulation goes down to 1/8 */
#define LOWEST_BANDWIDTH 1.0     /* GB/s: a DRAM limit below its idle power slows, it never stops */

/*
 * The controller.  It steers the present power to a target that gives back half of the
 * gap between the limit and the running average, so that the average comes to the
 * limit like a first-order lag, and headroom saved in a quiet time may be spent.
 * Pure integral action on the average swings by half of the step and more.
 */
#define GIVE_BACK 0.5
#define GAIN_GHZ_PER_W 0.003
#define SLEW_GHZ 0.1             /* per tick */
#define DEAD_BAND_W 1e-4         /* what counts as being at the limit */

static const struct pc_plant_sku skus[] = {
	{
		.name = "sim-skx",
		.tdp_w = 150, .pl1_max_w = 150, .min_w = 75,
		.f_min = 1.0, .f_max = 3.1, .f_v = 1.2,
		.v_min = 0.72, .v1 = 0.1737, .v0 = 0.95,
		.c = 41.8, .p_stat = 30, .p_unc = 15, .k_imc = 0.05,
		.a_stall = 0.45, .a_spin = 0.40,
		.bw_max = 105, .bw_per_ghz = 70,
		.p_d0 = 9, .k_d = 0.33,
		.dram_tdp_w = 45, .dram_min_w = 12,
	},
	/* The same core and memory; 28 instead of 20 cores, and so 1.4 times the core power. */
	{
		.name = "sim-clx",
		.tdp_w = 205, .pl1_max_w = 205, .min_w = 100,
		.f_min = 1.0, .f_max = 3.1, .f_v = 1.2,
		.v_min = 0.72, .v1 = 0.1737, .v0 = 0.95,
		.c = 58.5, .p_stat = 42, .p_unc = 18, .k_imc = 0.05,
		.a_stall = 0.45, .a_spin = 0.40,
		.bw_max = 105, .bw_per_ghz = 70,
		.p_d0 = 9, .k_d = 0.33,
		.dram_tdp_w = 45, .dram_min_w = 12,
	},
};

/* Per second of nominal work: gigacycles, gigabytes, the part of both that overlaps. */
static const struct kind {
	const char *name;
	double gcycles;
	double gbytes;
	double overlap;
	double activity;
} kinds[PC_WORK_COUNT] = {
	[PC_WORK_IDLE]    = { "idle",    0,    0,   1,   0 },
	[PC_WORK_SPIN]    = { "spin",    1,    0,   1,   0 /* the SKU's */ },
	[PC_WORK_DGEMM]   = { "dgemm",   2.2,  2,   1,   1.3 },
	[PC_WORK_COMPUTE] = { "compute", 2.6,  10,  1,   0.75 },
	[PC_WORK_MIXED]   = { "mixed",   1.3,  70,  0.3, 0.7 },
	[PC_WORK_STREAM]  = { "stream",  0.35, 105, 0.9, 0.6 },
};

const struct pc_plant_sku *pc_plant_sku_find(const char *name)
{
	for (unsigned i = 0; i < sizeof skus / sizeof skus[0]; i++)
		if (strcmp(skus[i].name, name) == 0)
			return &skus[i];
	return NULL;
}

int pc_plant_work_from_name(const char *name)
{
	for (int i = 0; i < PC_WORK_COUNT; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return i;
	return -1;
}

/* A frequency as the clock that runs and the part of the time it runs. */
struct clock {
	double f;
	double duty;
};

static struct clock clock_at(const struct pc_plant_sku *sku, double f)
{
	if (f >= sku->f_min)
		return (struct clock){ f, 1 };
	return (struct clock){ sku->f_min, fmax(f / sku->f_min, LOWEST_DUTY) };
}

static double bandwidth(const struct pc_plant_sku *sku, double f, double dram_limit_w)
{
	double core = fmin(sku->bw_max, sku->bw_per_ghz * f);
	double dram = fmax((dram_limit_w - sku->p_d0) / sku->k_d, LOWEST_BANDWIDTH);

	return fmin(core, dram);
}

/* Seconds for a nominal second while the clock runs; *busy: the share of them in which cores
 * work instead of waiting for memory. */
static double time_running(const struct pc_plant_sku *sku, const struct kind *kind, double f,
			   double dram_limit_w, double *busy)
{
	double t_cpu = kind->gcycles / f;
	double t_mem = kind->gbytes / bandwidth(sku, f, dram_limit_w);
	double t = kind->overlap * fmax(t_cpu, t_mem) + (1 - kind->overlap) * (t_cpu + t_mem);

	*busy = t > 0 ? t_cpu / t : 0;
	return t;
}

double pc_plant_time(const struct pc_plant_sku *sku, enum pc_plant_work work, double f, double dram_limit_w)
{
	struct clock clock = clock_at(sku, f);
	double busy;

	return time_running(sku, &kinds[work], clock.f, dram_limit_w, &busy) / clock.duty;
}

double pc_plant_speed(const struct pc_plant_sku *sku, enum pc_plant_work work, double f, double dram_limit_w)
{
	if (work == PC_WORK_IDLE)
		return 1;
	return pc_plant_time(sku, work, sku->f_max, INFINITY) / pc_plant_time(sku, work, f, dram_limit_w);
}

double pc_plant_power_w(const struct pc_plant_sku *sku, double chip, double f, const struct pc_plant_load *load,
			double dram_limit_w, double *dram_w)
{
	struct clock clock = clock_at(sku, f);
	double v = sku->v_min + sku->v1 * fmax(0, clock.f - sku->f_v);
	double activity = 0, gbytes_per_s = 0;

	for (int i = PC_WORK_SPIN; i < PC_WORK_COUNT; i++) {
		double busy, t, a;

		if (load->share[i] <= 0)
			continue;
		t = time_running(sku, &kinds[i], clock.f, dram_limit_w, &busy);
		a = i == PC_WORK_SPIN ? sku->a_spin : kinds[i].activity;
		activity += load->share[i] * (a * busy + sku->a_stall * (1 - busy));
		gbytes_per_s += load->share[i] * kinds[i].gbytes / t;
	}
	gbytes_per_s *= clock.duty;
	if (dram_w)
		*dram_w = sku->p_d0 + sku->k_d * gbytes_per_s;
	return chip * (sku->p_stat * v / sku->v0 + clock.duty * sku->c * activity * clock.f * v * v) +
	       sku->p_unc + sku->k_imc * gbytes_per_s;
}

static void update_speed(struct pc_plant_package *package, const struct pc_plant_sku *sku,
			 const struct pc_plant_load *load, double dram_limit_w)
{
	package->dram_limited = false;
	for (int i = 0; i < PC_WORK_COUNT; i++) {
		package->speed[i] = pc_plant_speed(sku, i, package->frequency, dram_limit_w);
		if (load->share[i] > 0 && dram_limit_w < INFINITY &&
		    package->speed[i] < pc_plant_speed(sku, i, package->frequency, INFINITY))
			package->dram_limited = true;
	}
}

void pc_plant_package_reset(struct pc_plant_package *package, const struct pc_plant_sku *sku, double chip)
{
	const struct pc_plant_load idle = { { 0 } };

	memset(package, 0, sizeof *package);
	package->chip = chip;
	package->frequency = sku->f_max;
	package->power_w = pc_plant_power_w(sku, chip, sku->f_max, &idle, INFINITY, &package->dram_w);
	package->average_w[0] = package->average_w[1] = package->power_w;
	update_speed(package, sku, &idle, INFINITY);
}

/* The running average's weight of one tick. */
static double weight(double window_s, double dt)
{
	return window_s > dt ? dt / window_s : 1;
}

/* Which limit asks for the least power now, and how much that is. */
static int binding(const struct pc_plant_package *package, const struct pc_plant_limits *limits, double *target_w)
{
	int which = 0;

	*target_w = INFINITY;
	for (int i = 0; i < 2; i++) {
		double l = limits->limit_w[i];
		double target = l < INFINITY ? l + GIVE_BACK * (l - package->average_w[i]) : l;

		if (target < *target_w) {
			*target_w = target;
			which = i;
		}
	}
	return which;
}

static bool below_both(const struct pc_plant_package *package, const struct pc_plant_limits *limits, double slack)
{
	return package->power_w <= limits->limit_w[0] + slack && package->power_w <= limits->limit_w[1] + slack;
}

static bool at_limit(const struct pc_plant_package *package, const struct pc_plant_limits *limits, int which)
{
	return fabs(package->power_w - limits->limit_w[which]) < DEAD_BAND_W &&
	       fabs(package->average_w[which] - limits->limit_w[which]) < DEAD_BAND_W;
}

/*
 * A frequency that did not move this tick never will, if the averages, which go on
 * towards the present power, can only confirm it.
 */
static bool stays(const struct pc_plant_package *package, const struct pc_plant_sku *sku,
		  const struct pc_plant_limits *limits, int which)
{
	double l = limits->limit_w[which];

	if (at_limit(package, limits, which) || package->frequency >= sku->f_max)
		return below_both(package, limits, DEAD_BAND_W);
	return package->power_w >= l && package->average_w[which] >= l;
}

bool pc_plant_tick(struct pc_plant_package *package, const struct pc_plant_sku *sku,
		   const struct pc_plant_load *load, const struct pc_plant_limits *limits, double dt)
{
	double floor_f = limits->clamped ? sku->f_min * LOWEST_DUTY : sku->f_min;
	double before = package->frequency, target_w, step;
	int which;

	package->power_w = pc_plant_power_w(sku, package->chip, before, load, limits->dram_w, &package->dram_w);
	for (int i = 0; i < 2; i++)
		package->average_w[i] += (package->power_w - package->average_w[i]) * weight(limits->window_s[i], dt);
	which = binding(package, limits, &target_w);
	step = fmax(-SLEW_GHZ, fmin(SLEW_GHZ, GAIN_GHZ_PER_W * (target_w - package->power_w)));
	if (!at_limit(package, limits, which))
		package->frequency = fmax(floor_f, fmin(sku->f_max, before + step));
	package->limited = package->frequency < sku->f_max;
	package->unreachable = package->frequency <= floor_f && !below_both(package, limits, DEAD_BAND_W);
	update_speed(package, sku, load, limits->dram_w);
	return package->frequency != before || !stays(package, sku, limits, which);
}

void pc_plant_repeat(struct pc_plant_package *package, const struct pc_plant_limits *limits,
		     double dt, uint64_t ticks)
{
	for (int i = 0; i < 2; i++) {
		double rest = pow(1 - weight(limits->window_s[i], dt), (double)ticks);

		package->average_w[i] = package->power_w + (package->average_w[i] - package->power_w) * rest;
	}
}

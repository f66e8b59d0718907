/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_PLANT_H
#define PHASECAP_PLANT_H

/*
 * The physics of the simulated node, pure: power and speed of a package as
 * functions of frequency and work, and RAPL's controller in 1 ms ticks.
 *
 *   V(f)   = Vmin + v1 max(0, f - fv)
 *   a      = a_work u + a_stall (1 - u),  u = t_cpu / t
 *   P_pkg  = e (Pstat V/V0 + C a f V^2) + Punc + kimc B
 *   P_dram = Pd0 + kd B
 *   t_cpu  = w / f,  t_mem = bytes / min(BWmax, bw1 f, (Ldram - Pd0)/kd)
 *   t      = ov max(t_cpu, t_mem) + (1 - ov)(t_cpu + t_mem)
 *
 * Below the lowest frequency the clock is gated: a frequency f < f_min stands
 * everywhere for f_min at a duty of f / f_min, down to a duty of 1/8, and then only
 * the part of the power that work causes shrinks with it.
 *
 * Parameters of "sim-skx" resemble a Xeon Gold 6148 (20 cores, TDP 150 W), those of "sim-clx" are
 * the same scaled to 28 cores and a TDP of 205 W; the values are fitted, not measured.
 */

#include <stdbool.h>
#include <stdint.h>

struct pc_plant_sku {
	const char *name;
	double tdp_w, pl1_max_w, min_w;
	double f_min, f_max, f_v;
	double v_min, v1, v0;
	double c, p_stat, p_unc, k_imc;
	double a_stall, a_spin;
	double bw_max, bw_per_ghz;
	double p_d0, k_d;
	double dram_tdp_w, dram_min_w;
};

const struct pc_plant_sku *pc_plant_sku_find(const char *name); /* NULL: unknown */

/* Kinds of work: dgemm, compute, mixed, stream, and spin (waiting in MPI), idle. */
enum pc_plant_work { PC_WORK_IDLE, PC_WORK_SPIN, PC_WORK_DGEMM, PC_WORK_COMPUTE, PC_WORK_MIXED,
		     PC_WORK_STREAM, PC_WORK_COUNT };
int pc_plant_work_from_name(const char *name);  /* -1: unknown */

/* What runs on a package: the share of its cores in each kind of work (sum <= 1;
 * what is missing idles).  A share works as if it had that share of the bandwidth. */
struct pc_plant_load {
	double share[PC_WORK_COUNT];
};

/* What holds a package back.  INFINITY: no such limit. */
struct pc_plant_limits {
	double limit_w[2];       /* long and short term */
	double window_s[2];
	bool clamped;            /* may gate the clock below f_min to hold them */
	double dram_w;           /* acts at once, through the bandwidth */
};

struct pc_plant_package {
	double chip;             /* e, the chip's power factor */
	double frequency;        /* GHz, continuous; below f_min: see above */
	double average_w[2];     /* RAPL's running average over each limit's window */
	double power_w, dram_w;  /* of the last tick */
	double speed[PC_WORK_COUNT]; /* until the next tick, relative to f_max without a limit */
	bool limited;            /* a limit holds the frequency below f_max */
	bool dram_limited;       /* the DRAM limit slows the work there is */
	bool unreachable;        /* even the lowest duty is above the limit */
};

void pc_plant_package_reset(struct pc_plant_package *package, const struct pc_plant_sku *sku, double chip);

/* Power at a frequency, without control: what formulas and tests need.  dram_w: may be NULL. */
double pc_plant_power_w(const struct pc_plant_sku *sku, double chip, double f, const struct pc_plant_load *load,
			double dram_limit_w, double *dram_w);
/* Seconds for one nominal second of work at f (dram_limit_w: INFINITY without). */
double pc_plant_time(const struct pc_plant_sku *sku, enum pc_plant_work work, double f, double dram_limit_w);
/* The same as a speed, relative to f_max without a limit: 1 and less.  Idling is 1 always. */
double pc_plant_speed(const struct pc_plant_sku *sku, enum pc_plant_work work, double f, double dram_limit_w);

/* One tick of dt seconds.  Returns true while the state still moves, false when it has
 * settled: then every further tick with the same load and limits has this one's power
 * and speed, exactly, and pc_plant_repeat() does any number of them at once. */
bool pc_plant_tick(struct pc_plant_package *package, const struct pc_plant_sku *sku,
		   const struct pc_plant_load *load, const struct pc_plant_limits *limits, double dt);
void pc_plant_repeat(struct pc_plant_package *package, const struct pc_plant_limits *limits,
		     double dt, uint64_t ticks);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plant.h"

#define TICK_S 0.001
#define HOUR_TICKS 3600000u

static const enum pc_plant_work working[] = { PC_WORK_DGEMM, PC_WORK_COMPUTE, PC_WORK_MIXED, PC_WORK_STREAM };

enum { WORKING = sizeof working / sizeof working[0] };

static const struct pc_plant_sku *sku;

static int find_sku(void **state)
{
	(void)state;
	sku = pc_plant_sku_find("sim-skx");
	return sku ? 0 : -1;
}

static struct pc_plant_load all_do(enum pc_plant_work work)
{
	struct pc_plant_load load = { { 0 } };

	load.share[work] = 1;
	return load;
}

static struct pc_plant_limits limit_to(double watts, double window_s)
{
	return (struct pc_plant_limits){
		.limit_w = { watts, INFINITY }, .window_s = { window_s, 0.01 },
		.clamped = true, .dram_w = INFINITY,
	};
}

static void assert_near(double value, double expected, double within)
{
	if (!(fabs(value - expected) <= within))
		fail_msg("%.9g is not %.9g +- %.3g", value, expected, within);
}

static bool near(double value, double expected, double within)
{
	return fabs(value - expected) <= within;
}

/* Runs until the plant says it has settled; returns the ticks, at most HOUR_TICKS. */
static unsigned settle(struct pc_plant_package *package, enum pc_plant_work work,
		       const struct pc_plant_limits *limits)
{
	struct pc_plant_load load = all_do(work);
	unsigned ticks = 1;

	while (pc_plant_tick(package, sku, &load, limits, TICK_S) && ticks < HOUR_TICKS)
		ticks++;
	return ticks;
}

static double relative_performance(enum pc_plant_work work, double cap_w)
{
	struct pc_plant_limits limits = limit_to(cap_w, 0.01), full = limit_to(sku->tdp_w, 0.01);
	struct pc_plant_package package, reference;

	pc_plant_package_reset(&package, sku, 1);
	pc_plant_package_reset(&reference, sku, 1);
	settle(&package, work, &limits);
	settle(&reference, work, &full);
	return package.speed[work] / reference.speed[work];
}

/* --- formulas --------------------------------------------------------------- */

static void names_are_found(void **state)
{
	(void)state;
	assert_null(pc_plant_sku_find("sim-none"));
	assert_int_equal(pc_plant_work_from_name("stream"), PC_WORK_STREAM);
	assert_int_equal(pc_plant_work_from_name("idle"), PC_WORK_IDLE);
	assert_int_equal(pc_plant_work_from_name("Stream"), -1);
	assert_int_equal(pc_plant_work_from_name(""), -1);
}

/* Worked by hand from the formulas in plant.h. */
static void power_follows_the_formula(void **state)
{
	static const struct { enum pc_plant_work work; double f, package_w, dram_w; } rows[] = {
		{ PC_WORK_IDLE, 3.1, 48.159, 9.0 },
		{ PC_WORK_SPIN, 1.0, 46.404, 9.0 },
		{ PC_WORK_DGEMM, 3.1, 234.031, 9.930 },
		{ PC_WORK_COMPUTE, 3.1, 155.908, 12.935 },
		{ PC_WORK_MIXED, 3.1, 131.694, 33.057 },
		{ PC_WORK_STREAM, 3.1, 120.034, 43.263 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct pc_plant_load load = all_do(rows[i].work);
		double dram_w, package_w = pc_plant_power_w(sku, 1, rows[i].f, &load, INFINITY, &dram_w);

		assert_near(package_w, rows[i].package_w, 0.001);
		assert_near(dram_w, rows[i].dram_w, 0.001);
	}
}

static void the_chip_scales_cores_not_uncore(void **state)
{
	struct pc_plant_load load = all_do(PC_WORK_COMPUTE);
	double typical = pc_plant_power_w(sku, 1, 2, &load, INFINITY, NULL);
	double hungry = pc_plant_power_w(sku, 1.2, 2, &load, INFINITY, NULL);
	double uncore = sku->p_unc + sku->k_imc * 10 / pc_plant_time(sku, PC_WORK_COMPUTE, 2, INFINITY);

	(void)state;
	assert_near(hungry - uncore, 1.2 * (typical - uncore), 1e-9);
}

/* t(f)/t(fmax): core-bound work stretches with the frequency, memory-bound hardly. */
static void time_follows_the_formula(void **state)
{
	(void)state;
	assert_near(pc_plant_time(sku, PC_WORK_COMPUTE, 2.6, INFINITY), 1, 1e-9);
	assert_near(pc_plant_time(sku, PC_WORK_DGEMM, 1.1, INFINITY), 2, 1e-9);
	assert_near(pc_plant_time(sku, PC_WORK_STREAM, 1.5, INFINITY), 1 + 0.1 * 0.35 / 1.5, 1e-9);
	assert_near(pc_plant_time(sku, PC_WORK_STREAM, 1.0, INFINITY), 1.5 + 0.1 * 0.35, 1e-9);
	assert_near(pc_plant_speed(sku, PC_WORK_COMPUTE, sku->f_max, INFINITY), 1, 1e-12);
	assert_near(pc_plant_speed(sku, PC_WORK_SPIN, 1.55, INFINITY), 0.5, 1e-9);
	assert_near(pc_plant_speed(sku, PC_WORK_IDLE, 1.0, 10), 1, 0);
}

static void gating_the_clock_scales_time_and_work_power(void **state)
{
	struct pc_plant_load load = all_do(PC_WORK_DGEMM);
	struct pc_plant_load idle = all_do(PC_WORK_IDLE);
	double none = pc_plant_power_w(sku, 1, sku->f_min, &idle, INFINITY, NULL);
	double full = pc_plant_power_w(sku, 1, sku->f_min, &load, INFINITY, NULL);

	(void)state;
	assert_near(pc_plant_time(sku, PC_WORK_DGEMM, sku->f_min / 2, INFINITY),
		    2 * pc_plant_time(sku, PC_WORK_DGEMM, sku->f_min, INFINITY), 1e-9);
	assert_near(pc_plant_power_w(sku, 1, sku->f_min / 2, &load, INFINITY, NULL), (none + full) / 2, 1e-9);
	assert_near(pc_plant_time(sku, PC_WORK_DGEMM, 0, INFINITY),
		    8 * pc_plant_time(sku, PC_WORK_DGEMM, sku->f_min, INFINITY), 1e-9);
}

static void a_dram_limit_holds_and_slows(void **state)
{
	struct pc_plant_load load = all_do(PC_WORK_STREAM);
	double limit_w = 9 + 0.33 * 52.5, dram_w;

	(void)state;
	pc_plant_power_w(sku, 1, 3.1, &load, limit_w, &dram_w);
	assert_true(dram_w <= limit_w);
	assert_near(dram_w, limit_w, 0.5);
	assert_near(pc_plant_speed(sku, PC_WORK_STREAM, 3.1, limit_w), 0.5028, 0.0001);
	assert_near(pc_plant_speed(sku, PC_WORK_DGEMM, 3.1, limit_w), 1, 1e-12);
	/* Below the DRAM's idle power the work crawls, and does not stop. */
	assert_true(pc_plant_speed(sku, PC_WORK_STREAM, 3.1, 0) > 0.005);
}

static void shares_add_up(void **state)
{
	struct pc_plant_load half = { { 0 } }, spin = all_do(PC_WORK_SPIN), mixed = all_do(PC_WORK_MIXED);
	double dram_w, dram_mixed_w, package_w;

	(void)state;
	half.share[PC_WORK_SPIN] = 0.5;
	half.share[PC_WORK_MIXED] = 0.5;
	package_w = pc_plant_power_w(sku, 1, 2, &half, INFINITY, &dram_w);
	assert_near(package_w, (pc_plant_power_w(sku, 1, 2, &spin, INFINITY, NULL) +
				pc_plant_power_w(sku, 1, 2, &mixed, INFINITY, &dram_mixed_w)) / 2, 1e-9);
	assert_near(dram_w, (sku->p_d0 + dram_mixed_w) / 2, 1e-9);
}

/* --- the controller --------------------------------------------------------- */

/* The table of relative performance under a cap that the model was fitted with. */
static void performance_under_a_cap_is_the_published_table(void **state)
{
	static const struct { double cap_w; double performance[WORKING]; } rows[] = {
		{ 150, { 1, 1, 1, 1 } },
		{ 120, { 0.846, 0.852, 0.977, 1.000 } },
		{ 100, { 0.726, 0.736, 0.925, 0.998 } },
		{ 80,  { 0.585, 0.598, 0.846, 0.995 } },
		{ 70,  { 0.492, 0.517, 0.768, 0.992 } },
		{ 60,  { 0.339, 0.423, 0.646, 0.928 } },
		{ 50,  { 0.187, 0.247, 0.392, 0.581 } },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (unsigned k = 0; k < WORKING; k++) {
			double got = relative_performance(working[k], rows[i].cap_w);

			if (!near(got, rows[i].performance[k], 0.0011))
				fail_msg("%g W, kind %d: %.4f is not %.3f", rows[i].cap_w, working[k], got,
					 rows[i].performance[k]);
		}
}

/* Every kind of work, limit, window and chip comes to rest, at or under the limit. */
static void every_limit_is_held_or_called_unreachable(void **state)
{
	static const double windows_s[] = { 0.0009, 0.01, 0.03, 0.1, 1 };
	static const double chips[] = { 0.875, 1, 1.125 };

	(void)state;
	for (unsigned w = 0; w < 5; w++)
		for (double cap_w = 20; cap_w < 240; cap_w += 7)
			for (int work = 0; work < PC_WORK_COUNT; work++)
				for (unsigned c = 0; c < 3; c++) {
					struct pc_plant_limits limits = limit_to(cap_w, windows_s[w]);
					struct pc_plant_package package;
					unsigned ticks;

					pc_plant_package_reset(&package, sku, chips[c]);
					ticks = settle(&package, work, &limits);
					if (ticks > 5000 + 40000 * windows_s[w])
						fail_msg("cap %g W, window %g s, kind %d: still moves after %u ticks",
							 cap_w, windows_s[w], work, ticks);
					assert_int_equal(package.unreachable, package.power_w > cap_w + 0.001);
					if (package.unreachable)
						assert_near(package.frequency, sku->f_min / 8, 1e-12);
					else
						assert_true(package.power_w > cap_w - 0.001 || !package.limited);
				}
}

static void a_settled_package_repeats_itself(void **state)
{
	struct pc_plant_load load = all_do(PC_WORK_COMPUTE);
	struct pc_plant_limits limits = limit_to(100, 0.1);
	struct pc_plant_package stepped, leapt;

	(void)state;
	pc_plant_package_reset(&stepped, sku, 1.03);
	settle(&stepped, PC_WORK_COMPUTE, &limits);
	leapt = stepped;
	for (unsigned i = 0; i < 5000; i++) {
		assert_false(pc_plant_tick(&stepped, sku, &load, &limits, TICK_S));
		assert_true(stepped.power_w == leapt.power_w);
		assert_true(stepped.speed[PC_WORK_COMPUTE] == leapt.speed[PC_WORK_COMPUTE]);
	}
	pc_plant_repeat(&leapt, &limits, TICK_S, 5000);
	assert_near(leapt.average_w[0], stepped.average_w[0], 1e-9);
	assert_near(leapt.average_w[1], stepped.average_w[1], 1e-9);
}

/* At its highest clock a package repeats itself while the average still goes down. */
static void the_average_goes_on_while_a_package_repeats(void **state)
{
	struct pc_plant_load idle = all_do(PC_WORK_IDLE);
	struct pc_plant_limits limits = limit_to(150, 10);
	struct pc_plant_package stepped, leapt;

	(void)state;
	pc_plant_package_reset(&stepped, sku, 1);
	settle(&stepped, PC_WORK_MIXED, &limits);
	for (unsigned i = 0; i < 20000; i++)
		pc_plant_tick(&stepped, sku, (struct pc_plant_load[]){ all_do(PC_WORK_MIXED) }, &limits, TICK_S);
	assert_true(stepped.average_w[0] > 115);
	assert_false(pc_plant_tick(&stepped, sku, &idle, &limits, TICK_S));
	leapt = stepped;
	for (unsigned i = 0; i < 3000; i++)
		assert_false(pc_plant_tick(&stepped, sku, &idle, &limits, TICK_S));
	pc_plant_repeat(&leapt, &limits, TICK_S, 3000);
	assert_true(stepped.average_w[0] > 90);
	assert_near(leapt.average_w[0], stepped.average_w[0], 1e-9);
}

/* More cores draw more: the same watts hold the larger part to a lower clock and speed. */
static void the_larger_part_needs_more(void **state)
{
	const struct pc_plant_sku *larger = pc_plant_sku_find("sim-clx");
	struct pc_plant_load load = all_do(PC_WORK_MIXED);
	struct pc_plant_limits limits = limit_to(105, 0.1);
	struct pc_plant_package small, large;

	(void)state;
	assert_non_null(larger);
	assert_true(larger->tdp_w == 205);
	pc_plant_package_reset(&small, sku, 1);
	settle(&small, PC_WORK_MIXED, &limits);
	pc_plant_package_reset(&large, larger, 1);
	for (unsigned i = 0; i < 20000; i++)
		pc_plant_tick(&large, larger, &load, &limits, TICK_S);
	assert_near(large.power_w, 105, 0.1);
	assert_true(large.frequency < small.frequency - 0.5);
	assert_true(large.speed[PC_WORK_MIXED] < small.speed[PC_WORK_MIXED] - 0.1);
	/* At its TDP it runs what the smaller part runs at its own. */
	assert_near(pc_plant_power_w(larger, 1, 2.3, &(struct pc_plant_load){ .share[PC_WORK_DGEMM] = 1 },
				     INFINITY, NULL), 205, 10);
}

/* The running average comes to a new limit within a few windows, without passing it far. */
static void the_window_shapes_the_step_response(void **state)
{
	static const double windows_s[] = { 0.03, 0.1, 1 };

	(void)state;
	for (unsigned w = 0; w < 3; w++) {
		struct pc_plant_load load = all_do(PC_WORK_COMPUTE);
		struct pc_plant_limits limits = limit_to(140, windows_s[w]);
		struct pc_plant_package package;
		unsigned window = (unsigned)(windows_s[w] / TICK_S);
		double lowest_w = 1000;

		pc_plant_package_reset(&package, sku, 1);
		settle(&package, PC_WORK_COMPUTE, &limits);
		limits.limit_w[0] = 90;
		for (unsigned i = 0; i < window / 4; i++)
			pc_plant_tick(&package, sku, &load, &limits, TICK_S);
		/* The long window's average lags: the power already undershoots to make up for it. */
		assert_true(package.average_w[0] > 100);
		for (unsigned i = 0; i < 6 * window; i++) {
			pc_plant_tick(&package, sku, &load, &limits, TICK_S);
			lowest_w = fmin(lowest_w, package.average_w[0]);
		}
		assert_near(package.average_w[0], 90, 0.9);
		assert_near(package.power_w, 90, 0.9);
		assert_true(lowest_w > 90 * 0.97);
	}
}

/* Headroom that was saved may be spent, within the window's average. */
static void a_quiet_time_lends_power_to_the_next_burst(void **state)
{
	struct pc_plant_load burst = all_do(PC_WORK_COMPUTE);
	struct pc_plant_limits limits = limit_to(90, 1);
	struct pc_plant_package package;
	double highest_w = 0, average_w = 0;

	(void)state;
	pc_plant_package_reset(&package, sku, 1);
	settle(&package, PC_WORK_IDLE, &limits);
	for (unsigned i = 0; i < 3000; i++) {
		pc_plant_tick(&package, sku, &burst, &limits, TICK_S);
		highest_w = i > 50 ? fmax(highest_w, package.power_w) : 0;
		average_w = fmax(average_w, package.average_w[0]);
	}
	assert_true(highest_w > 100);
	assert_true(average_w < 90.01);
}

static void the_tighter_of_two_limits_wins(void **state)
{
	struct pc_plant_limits limits = limit_to(120, 1);
	struct pc_plant_package package;

	(void)state;
	limits.limit_w[1] = 80;
	pc_plant_package_reset(&package, sku, 1);
	settle(&package, PC_WORK_COMPUTE, &limits);
	assert_near(package.power_w, 80, 0.001);
	limits.limit_w[1] = 130;
	settle(&package, PC_WORK_COMPUTE, &limits);
	assert_near(package.power_w, 120, 0.001);
}

/* While the long window's average still rises, the short term limit holds the peak. */
static void the_short_limit_cuts_the_peak(void **state)
{
	struct pc_plant_load load = all_do(PC_WORK_DGEMM);
	struct pc_plant_limits limits = limit_to(150, 10);
	struct pc_plant_package package;

	(void)state;
	limits.limit_w[1] = 180;
	pc_plant_package_reset(&package, sku, 1);
	for (unsigned i = 0; i < 200; i++)
		pc_plant_tick(&package, sku, &load, &limits, TICK_S);
	assert_true(package.average_w[0] < 100);
	assert_near(package.power_w, 180, 1);
}

/* SDM: the clamp bit allows RAPL to go below the states software asked for. */
static void without_clamp_the_clock_is_not_gated(void **state)
{
	struct pc_plant_limits limits = limit_to(50, 0.01);
	struct pc_plant_package package;

	(void)state;
	limits.clamped = false;
	pc_plant_package_reset(&package, sku, 1);
	settle(&package, PC_WORK_DGEMM, &limits);
	assert_true(package.unreachable);
	assert_near(package.frequency, sku->f_min, 1e-12);
	assert_true(package.power_w > 60);
}

static void without_limits_the_clock_is_highest(void **state)
{
	struct pc_plant_limits limits = limit_to(INFINITY, 1);
	struct pc_plant_package package;

	(void)state;
	pc_plant_package_reset(&package, sku, 1.1);
	assert_int_equal(settle(&package, PC_WORK_DGEMM, &limits), 1);
	assert_near(package.frequency, sku->f_max, 0);
	assert_false(package.limited);
	assert_false(package.unreachable);
}

static void a_dram_limit_is_noticed_where_it_slows(void **state)
{
	struct pc_plant_limits limits = limit_to(INFINITY, 1);
	struct pc_plant_package package;

	(void)state;
	limits.dram_w = 20;
	pc_plant_package_reset(&package, sku, 1);
	settle(&package, PC_WORK_DGEMM, &limits);
	assert_false(package.dram_limited);
	settle(&package, PC_WORK_STREAM, &limits);
	assert_true(package.dram_limited);
	assert_true(package.dram_w <= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(power_follows_the_formula),
		cmocka_unit_test(the_chip_scales_cores_not_uncore),
		cmocka_unit_test(time_follows_the_formula),
		cmocka_unit_test(gating_the_clock_scales_time_and_work_power),
		cmocka_unit_test(a_dram_limit_holds_and_slows),
		cmocka_unit_test(shares_add_up),
		cmocka_unit_test(performance_under_a_cap_is_the_published_table),
		cmocka_unit_test(every_limit_is_held_or_called_unreachable),
		cmocka_unit_test(a_settled_package_repeats_itself),
		cmocka_unit_test(the_average_goes_on_while_a_package_repeats),
		cmocka_unit_test(the_larger_part_needs_more),
		cmocka_unit_test(the_window_shapes_the_step_response),
		cmocka_unit_test(a_quiet_time_lends_power_to_the_next_burst),
		cmocka_unit_test(the_tighter_of_two_limits_wins),
		cmocka_unit_test(the_short_limit_cuts_the_peak),
		cmocka_unit_test(without_clamp_the_clock_is_not_gated),
		cmocka_unit_test(without_limits_the_clock_is_highest),
		cmocka_unit_test(a_dram_limit_is_noticed_where_it_slows),
	};

	return cmocka_run_group_tests_name("plant", tests, find_sku, NULL) ? 1 : 0;
}

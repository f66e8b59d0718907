/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rapl.h"

/* --- properties, over every value a register can hold ----------------------------- */

static const struct pc_limit_format formats[] = {
	{ PC_LAYOUT_PACKAGE, PC_WINDOW_FLOAT },
	{ PC_LAYOUT_PACKAGE, PC_WINDOW_MS },
	{ PC_LAYOUT_SINGLE, PC_WINDOW_FLOAT },
	{ PC_LAYOUT_DRAM_LOCK63, PC_WINDOW_FLOAT },
	{ PC_LAYOUT_PLATFORM_WIDE, PC_WINDOW_FLOAT },
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* What the manuals say, by hand: [power bits, shift of window, enable, clamp]. */
static const struct {
	unsigned power_bits, window_shift, enable, clamp;
	uint64_t lock;
	unsigned limits;
} facts[] = {
	[PC_LAYOUT_PACKAGE] = { 15, 17, 15, 16, UINT64_C(1) << 63, 2 },
	[PC_LAYOUT_SINGLE] = { 15, 17, 15, 16, UINT64_C(1) << 31, 1 },
	[PC_LAYOUT_DRAM_LOCK63] = { 15, 17, 15, 64, UINT64_C(1) << 63 | UINT64_C(1) << 31, 1 },
	[PC_LAYOUT_PLATFORM_WIDE] = { 17, 19, 17, 18, UINT64_C(1) << 63, 2 },
};

static const uint64_t patterns[] = {
	0, UINT64_MAX, UINT64_C(0x5555555555555555), UINT64_C(0xaaaaaaaaaaaaaaaa),
};

static struct pc_rapl_units units_of(unsigned power, unsigned time)
{
	return (struct pc_rapl_units){
		.power_uw = { 1000000, UINT64_C(1) << power },
		.time_ns = { 1000000000, UINT64_C(1) << time },
	};
}

/* The tables are compared once, so that the loops may trust the masks. */
static void masks_are_the_manuals(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FORMATS; i++) {
		unsigned layout = formats[i].layout;

		for (unsigned which = 0; which < 3; which++) {
			uint64_t power = (UINT64_C(1) << facts[layout].power_bits) - 1;
			uint64_t window = UINT64_C(0x7f) << facts[layout].window_shift;
			uint64_t clamp = facts[layout].clamp < 64 ?
					 UINT64_C(1) << facts[layout].clamp : 0;
			bool there = which < facts[layout].limits;

			assert_true(pc_limit_mask(formats[i], which) ==
				    (there ? (power | window | clamp) << 32 * which : 0));
			assert_true(pc_limit_enable_mask(formats[i], which) ==
				    (there ? UINT64_C(1) << (facts[layout].enable + 32 * which) : 0));
		}
		assert_true(pc_limit_lock_mask(formats[i]) == facts[layout].lock);
	}
	/* As written in the lists that sites use (0x00ffffff without the enable bit). */
	assert_true(pc_limit_mask(formats[0], 0) == 0x00ff7fff);
	assert_true(pc_limit_mask(formats[3], 0) == 0x00fe7fff);
}

static void check_power(struct pc_limit_format format, const struct pc_rapl_units *units,
			unsigned which, uint64_t wanted_uw, uint64_t count, uint64_t pattern)
{
	uint64_t power = (UINT64_C(1) << facts[format.layout].power_bits) - 1;
	uint64_t owned = (power | UINT64_C(1) << facts[format.layout].enable |
			  (pc_limit_mask(format, 0) & UINT64_C(1) << (facts[format.layout].enable + 1)))
			 << 32 * which;
	struct pc_limit limit = { .limit_uw = wanted_uw };
	uint64_t raw = pattern;

	assert_int_equal(pc_limit_encode(format, units, which, &limit, &raw, NULL), 0);
	assert_true((raw & ~owned) == (pattern & ~owned));
	assert_true((raw >> 32 * which & power) == count);
	assert_true((raw & owned) == count << 32 * which);
}

/* decode(encode(x)) <= x, and one count more would be above x; for the x at which
 * the count changes, from below and from above, and therefore for all x. */
static void every_power_rounds_down(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FORMATS; i++) {
		struct pc_limit_format format = formats[i];
		uint64_t last = (UINT64_C(1) << facts[format.layout].power_bits) - 1;

		for (unsigned unit = 0; unit < 16; unit++) {
			struct pc_rapl_units units = units_of(unit, 10);
			uint64_t below = 0;

			for (uint64_t n = 0; n <= last; n++) {
				unsigned which = facts[format.layout].limits == 2 ? n & 1 : 0;
				struct pc_limits limits;
				uint64_t exact;

				limits = pc_limits_decode(format, &units, n << 32 * which);
				exact = limits.limit[which].limit_uw;
				assert_true(exact == n * 1000000 >> unit);
				if (n)
					assert_true(exact > below);
				check_power(format, &units, which, exact, n, patterns[n & 3]);
				if (n)
					check_power(format, &units, which, exact - 1, n - 1, patterns[n >> 2 & 3]);
				below = exact;
			}
		}
	}
}

static void every_atom_power_rounds_down(void **state)
{
	struct pc_limit_format format = { PC_LAYOUT_SINGLE, PC_WINDOW_FLOAT };

	(void)state;
	for (unsigned unit = 0; unit < 16; unit++) {
		struct pc_rapl_units units = units_of(0, 10);

		units.power_uw = (struct pc_ratio){ UINT64_C(1000) << unit, 1 };
		for (uint64_t n = 1; n < 0x8000; n++) {
			uint64_t exact = n * 1000 << unit;

			check_power(format, &units, 0, exact, n, UINT64_MAX);
			check_power(format, &units, 0, exact - 1, n - 1, 0);
		}
	}
}

/* 2^Y * (1 + Z/4) of the SDM, in integers of its own: nanoseconds times four. */
static uint64_t window_by_hand(unsigned field, unsigned time_unit)
{
	unsigned __int128 quarters = (unsigned __int128)(4 + (field >> 5)) << (field & 31);

	return (uint64_t)(quarters * 1000000000 / 4000 >> time_unit);
}

static void check_window(struct pc_limit_format format, const struct pc_rapl_units *units,
			 unsigned which, uint64_t window_us, unsigned field, uint64_t pattern)
{
	unsigned shift = facts[format.layout].window_shift + 32 * which;
	uint64_t mask = pc_limit_mask(format, which) | pc_limit_enable_mask(format, which);
	struct pc_limit limit = { .limit_uw = 0, .window_us = window_us };
	uint64_t raw = pattern;

	assert_int_equal(pc_limit_encode(format, units, which, &limit, &raw, NULL), 0);
	assert_int_equal(raw >> shift & 0x7f, field);
	assert_true((raw & ~mask) == (pattern & ~mask));
}

/* The windows in rising order are found by search, not by the code's own formula. */
static void every_float_window_rounds_down(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FORMATS; i++) {
		for (unsigned unit = 0; unit < 16; unit++) {
			struct pc_rapl_units units = units_of(3, unit);
			uint64_t below = 0;
			unsigned below_field = 0;

			for (unsigned n = 0; n < 128; n++) {
				unsigned field = 128;
				struct pc_limits limits;
				uint64_t raw, us;

				for (unsigned f = 0; f < 128; f++) {
					if (window_by_hand(f, unit) > below &&
					    (field == 128 ||
					     window_by_hand(f, unit) < window_by_hand(field, unit)))
						field = f;
				}
				assert_in_range(field, 0, 127);
				us = window_by_hand(field, unit);
				raw = (uint64_t)field << facts[formats[i].layout].window_shift;
				limits = pc_limits_decode(formats[i], &units, raw);
				assert_true(limits.limit[0].window_us == us);
				check_window(formats[i], &units, 0, us, field, patterns[n & 3]);
				if (n)
					check_window(formats[i], &units, 0, us - 1, below_field, patterns[n & 3]);
				below = us;
				below_field = field;
			}
		}
	}
}

static void every_millisecond_window_rounds_down(void **state)
{
	struct pc_limit_format format = { PC_LAYOUT_PACKAGE, PC_WINDOW_MS };

	(void)state;
	for (unsigned unit = 0; unit < 16; unit++) {
		struct pc_rapl_units units = units_of(3, unit);

		for (unsigned ms = 1; ms < 128; ms++) {
			uint64_t raw = (uint64_t)ms << 49;

			assert_true(pc_limits_decode(format, &units, raw).limit[1].window_us == ms * 1000);
			check_window(format, &units, 1, ms * 1000, ms, UINT64_MAX);
			if (ms < 127)
				check_window(format, &units, 1, ms * 1000 + 999, ms, 0);
		}
	}
}

/* A register decoded and encoded again is the same register. */
static void encoding_a_decoded_register_changes_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FORMATS; i++) {
		for (unsigned unit = 0; unit < 16; unit++) {
			struct pc_rapl_units units = units_of(unit, unit);
			uint64_t seed = 88172645463325252u + unit;

			for (unsigned n = 0; n < 5000; n++) {
				struct pc_limits limits;
				uint64_t raw;

				seed ^= seed << 13;
				seed ^= seed >> 7;
				seed ^= seed << 17;
				raw = seed;
				limits = pc_limits_decode(formats[i], &units, seed);
				for (unsigned which = 0; which < limits.count; which++)
					assert_int_equal(pc_limit_encode(formats[i], &units, which,
						&limits.limit[which], &raw, NULL), 0);
				assert_true(raw == seed);
			}
		}
	}
}

static void flags_and_lock_are_where_they_belong(void **state)
{
	struct pc_rapl_units units = units_of(3, 10);

	(void)state;
	for (unsigned i = 0; i < FORMATS; i++) {
		unsigned layout = formats[i].layout;

		for (unsigned bit = 0; bit < 64; bit++) {
			struct pc_limits limits = pc_limits_decode(formats[i], &units, UINT64_C(1) << bit);

			assert_int_equal(limits.count, facts[layout].limits);
			assert_int_equal(limits.locked, (facts[layout].lock >> bit & 1) != 0);
			for (unsigned which = 0; which < limits.count; which++) {
				assert_int_equal(limits.limit[which].enabled,
						 bit == facts[layout].enable + 32 * which);
				assert_int_equal(limits.limit[which].clamped, facts[layout].clamp < 64 &&
						 bit == facts[layout].clamp + 32 * which);
			}
		}
	}
}

static void encode_sets_and_clears_flags(void **state)
{
	struct pc_rapl_units units = units_of(3, 10);

	(void)state;
	for (unsigned i = 0; i < FORMATS; i++) {
		for (unsigned which = 0; which < facts[formats[i].layout].limits; which++) {
			struct pc_limit on = { 100000000, 0, true, true };
			struct pc_limit off = { 100000000, 0, false, false };
			uint64_t set = 0, cleared = UINT64_MAX;
			uint64_t clamp = pc_limit_mask(formats[i], which) &
				UINT64_C(1) << (facts[formats[i].layout].enable + 1 + 32 * which);
			uint64_t flags = clamp | pc_limit_enable_mask(formats[i], which);

			assert_int_equal(pc_limit_encode(formats[i], &units, which, &on, &set, NULL), 0);
			assert_true(set == (UINT64_C(800) << 32 * which | flags));
			assert_int_equal(pc_limit_encode(formats[i], &units, which, &off, &cleared, NULL), 0);
			assert_true((cleared & flags) == 0);
			assert_true((cleared & pc_limit_lock_mask(formats[i])) ==
				    pc_limit_lock_mask(formats[i]));
		}
	}
}

/* --- what real machines held ---------------------------------------------------------- */

static void real_registers_decode(void **state)
{
	static const struct {
		uint64_t raw;
		struct pc_limits limits;
	} seen[] = {
		/* Skylake-SP, LLNL/msr-safe issue 52 */
		{ 0x8003851000148438, { 2, true, { { 135000000, 1000000, true, false },
						   { 162000000, 1953, true, true } } } },
		/* Skylake-SP, LLNL/libmsr issue 27 */
		{ 0x982d000178320, { 2, false, { { 100000000, 2000000, true, true },
						 { 90000000, 15625, true, true } } } },
		/* a laptop: 11.5 W over 28 s */
		{ 0x804280c800dd805c, { 2, true, { { 11500000, 28000000, true, true },
						   { 25000000, 2441, true, false } } } },
	};
	struct pc_rapl_units units = units_of(3, 10);

	(void)state;
	for (unsigned i = 0; i < sizeof seen / sizeof seen[0]; i++) {
		struct pc_limits limits = pc_limits_decode(formats[0], &units, seen[i].raw);

		assert_int_equal(limits.locked, seen[i].limits.locked);
		for (unsigned which = 0; which < 2; which++) {
			const struct pc_limit *want = &seen[i].limits.limit[which];
			const struct pc_limit *got = &limits.limit[which];

			assert_int_equal(got->limit_uw, want->limit_uw);
			assert_int_equal(got->window_us, want->window_us);
			assert_int_equal(got->enabled, want->enabled);
			assert_int_equal(got->clamped, want->clamped);
		}
	}
}

static void known_windows_decode(void **state)
{
	static const struct { unsigned field; uint64_t us; } known[] = {
		{ 0x0a, 1000000 }, { 0x08, 250000 }, { 0x6e, 28000000 }, { 0x2f, 40000000 },
		{ 0x23, 9765 }, { 0x41, 2929 }, { 0x00, 976 },
	};
	struct pc_rapl_units units = units_of(3, 10);

	(void)state;
	for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
		assert_int_equal(pc_limits_decode(formats[2], &units, (uint64_t)known[i].field << 17)
				 .limit[0].window_us, known[i].us);
}

/* --- refusals --------------------------------------------------------------------------- */

static void refused(struct pc_limit_format format, unsigned which, struct pc_limit limit, int code,
		    const char *sentence)
{
	struct pc_rapl_units units = units_of(3, 10);
	struct pc_error error = { "" };
	uint64_t raw = 0x1234;

	errno = 0;
	assert_int_equal(pc_limit_encode(format, &units, which, &limit, &raw, &error), -1);
	assert_int_equal(errno, code);
	assert_string_equal(error.text, sentence);
	assert_int_equal(raw, 0x1234);
}

static void what_does_not_fit_is_refused_with_the_range(void **state)
{
	struct pc_limit_format package = { PC_LAYOUT_PACKAGE, PC_WINDOW_FLOAT };
	struct pc_limit_format old = { PC_LAYOUT_PACKAGE, PC_WINDOW_MS };
	struct pc_limit_format dram = { PC_LAYOUT_SINGLE, PC_WINDOW_FLOAT };
	struct pc_limit_format none = { PC_LAYOUT_NONE, PC_WINDOW_FLOAT };

	(void)state;
	refused(package, 0, (struct pc_limit){ .limit_uw = 4095875001 }, ERANGE,
		"limit 1: 4095.875 W cannot be set: the register takes 0 W to 4095.875 W");
	refused(package, 1, (struct pc_limit){ .limit_uw = 5000000000 }, ERANGE,
		"limit 2: 5000.000 W cannot be set: the register takes 0 W to 4095.875 W");
	refused(package, 0, (struct pc_limit){ .window_us = 975 }, ERANGE,
		"limit 1: a window of 0.000975 s cannot be set: "
		"the register takes 0.000976 s to 3670016.000000 s");
	refused(package, 0, (struct pc_limit){ .window_us = UINT64_C(3670016000001) }, ERANGE,
		"limit 1: a window of 3670016.000001 s cannot be set: "
		"the register takes 0.000976 s to 3670016.000000 s");
	refused(old, 1, (struct pc_limit){ .window_us = 999 }, ERANGE,
		"limit 2: a window of 0.000999 s cannot be set: "
		"the register takes 0.001000 s to 0.127000 s");
	refused(old, 1, (struct pc_limit){ .window_us = 127001 }, ERANGE,
		"limit 2: a window of 0.127001 s cannot be set: "
		"the register takes 0.001000 s to 0.127000 s");
	refused(dram, 1, (struct pc_limit){ .limit_uw = 1 }, EINVAL, "limit 2: the register has 1 limit");
	refused(package, 2, (struct pc_limit){ .limit_uw = 1 }, EINVAL, "limit 3: the register has 2 limits");
	refused(none, 0, (struct pc_limit){ .limit_uw = 1 }, EINVAL, "limit 1: the register has 0 limits");
}

static void window_zero_keeps_the_window(void **state)
{
	struct pc_rapl_units units = units_of(3, 10);
	struct pc_limit limit = { 100000000, 0, true, true };
	uint64_t raw = UINT64_C(0x8003851000148438);

	(void)state;
	assert_int_equal(pc_limit_encode(formats[0], &units, 0, &limit, &raw, NULL), 0);
	assert_true(raw == UINT64_C(0x8003851000158320));
}

static void layout_none_has_nothing(void **state)
{
	struct pc_limit_format none = { PC_LAYOUT_NONE, PC_WINDOW_FLOAT };
	struct pc_rapl_units units = units_of(3, 10);

	(void)state;
	assert_int_equal(pc_limits_decode(none, &units, UINT64_MAX).count, 0);
	assert_false(pc_limits_decode(none, &units, UINT64_MAX).locked);
	assert_int_equal(pc_limit_mask(none, 0), 0);
	assert_int_equal(pc_limit_enable_mask(none, 0), 0);
	assert_int_equal(pc_limit_lock_mask(none), 0);
	assert_int_equal(pc_limit_max_uw(none, &units), 0);
}

static void largest_limit_is_the_widest_field(void **state)
{
	struct pc_rapl_units units = units_of(3, 10);

	(void)state;
	assert_true(pc_limit_max_uw(formats[0], &units) == 4095875000);
	assert_true(pc_limit_max_uw(formats[4], &units) == 16383875000);
}

/* --- energy, information, names ------------------------------------------------------------ */

static void energy_wraps_once(void **state)
{
	(void)state;
	assert_int_equal(pc_energy_delta(0, 0), 0);
	assert_int_equal(pc_energy_delta(5, 7), 2);
	assert_int_equal(pc_energy_delta(UINT32_MAX, 0), 1);
	assert_int_equal(pc_energy_delta(0xfffffff0, 0x10), 0x20);
	assert_int_equal(pc_energy_delta(1, 0), UINT32_MAX);
}

/* Wrap in joules, worked out by hand: 2^32 counts of 2^-14 J, 2^-16 J and 15.3 uJ. */
static void energy_units_give_the_known_wraps(void **state)
{
	(void)state;
	assert_true(pc_ratio_apply((struct pc_ratio){ 1000000, 1 << 14 }, UINT64_C(1) << 32) ==
		    262144000000);
	assert_true(pc_ratio_apply((struct pc_ratio){ 1000000, 1 << 16 }, UINT64_C(1) << 32) ==
		    65536000000);
	assert_true(pc_ratio_apply((struct pc_ratio){ 153, 10 }, UINT64_C(1) << 32) == 65712999628);
}

static void ratios_round_down_and_end(void **state)
{
	const struct pc_ratio third = { 1, 3 }, big = { UINT64_MAX, 1 }, empty = { 0, 0 };

	(void)state;
	assert_int_equal(pc_ratio_apply(third, 8), 2);
	assert_int_equal(pc_ratio_invert(third, 2), 8);
	assert_true(pc_ratio_apply(big, 2) == UINT64_MAX);
	assert_true(pc_ratio_invert(third, UINT64_MAX) == UINT64_MAX);
	assert_int_equal(pc_ratio_apply(empty, 5), 0);
	assert_int_equal(pc_ratio_invert(empty, 5), 0);
	assert_int_equal(pc_ratio_invert((struct pc_ratio){ 0, 1 }, 5), 0);
}

static uint64_t info_raw(unsigned tdp_w, unsigned min_w, unsigned max_w, unsigned window)
{
	return (uint64_t)tdp_w * 8 | (uint64_t)min_w * 8 << 16 | (uint64_t)max_w * 8 << 32 |
	       (uint64_t)window << 48;
}

static void power_info_is_not_believed_blindly(void **state)
{
	static const struct {
		unsigned tdp_w, min_w, max_w, window;
		unsigned min_believed, max_believed;
		uint64_t window_us;
	} told[] = {
		{ 135, 68, 271, 0x2f, 68, 271, 40000000 }, /* a Xeon E5 that tells the truth */
		{ 12, 0, 0, 0, 0, 0, 0 },            /* turbostat: "12 W TDP, RAPL 0 - 0 W" */
		{ 135, 0, 55, 0, 0, 0, 0 },          /* maximum below the TDP */
		{ 350, 0, 764, 0, 0, 764, 0 },
		{ 150, 70, 600, 0, 70, 600, 0 },     /* four times the TDP, just */
		{ 150, 70, 601, 0, 70, 0, 0 },
		{ 150, 150, 150, 0, 150, 150, 0 },
		{ 150, 151, 300, 0, 0, 300, 0 },     /* minimum above the TDP */
		{ 150, 60, 55, 0, 0, 0, 0 },         /* minimum above the maximum */
		{ 0, 50, 100, 0, 0, 0, 0 },          /* nothing to compare with */
		{ 135, 68, 271, 0x4f, 68, 271, 48000000 }, /* bit 54 counts */
	};
	struct pc_rapl_units units = units_of(3, 10);

	(void)state;
	for (unsigned i = 0; i < sizeof told / sizeof told[0]; i++) {
		struct pc_power_info info = pc_power_info_decode(&units,
			info_raw(told[i].tdp_w, told[i].min_w, told[i].max_w, told[i].window));

		assert_int_equal(info.tdp_uw, told[i].tdp_w * UINT64_C(1000000));
		assert_int_equal(info.min_uw, told[i].min_believed * UINT64_C(1000000));
		assert_int_equal(info.max_uw, told[i].max_believed * UINT64_C(1000000));
		assert_int_equal(info.max_window_us, told[i].window_us);
	}
}

static void domains_have_names(void **state)
{
	static const char *const names[] = { "package", "pp0", "pp1", "dram", "platform" };
	enum pc_domain domain = PC_PP1;

	(void)state;
	for (unsigned i = 0; i < PC_DOMAIN_COUNT; i++) {
		assert_string_equal(pc_domain_name(i), names[i]);
		assert_int_equal(pc_domain_from_name(names[i], &domain), 0);
		assert_int_equal(domain, i);
	}
	errno = 0;
	assert_int_equal(pc_domain_from_name("Package", &domain), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(pc_domain_from_name("", &domain), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_are_the_manuals),
		cmocka_unit_test(every_power_rounds_down),
		cmocka_unit_test(every_atom_power_rounds_down),
		cmocka_unit_test(every_float_window_rounds_down),
		cmocka_unit_test(every_millisecond_window_rounds_down),
		cmocka_unit_test(encoding_a_decoded_register_changes_nothing),
		cmocka_unit_test(flags_and_lock_are_where_they_belong),
		cmocka_unit_test(encode_sets_and_clears_flags),
		cmocka_unit_test(real_registers_decode),
		cmocka_unit_test(known_windows_decode),
		cmocka_unit_test(what_does_not_fit_is_refused_with_the_range),
		cmocka_unit_test(window_zero_keeps_the_window),
		cmocka_unit_test(layout_none_has_nothing),
		cmocka_unit_test(largest_limit_is_the_widest_field),
		cmocka_unit_test(energy_wraps_once),
		cmocka_unit_test(energy_units_give_the_known_wraps),
		cmocka_unit_test(ratios_round_down_and_end),
		cmocka_unit_test(power_info_is_not_believed_blindly),
		cmocka_unit_test(domains_have_names),
	};

	return cmocka_run_group_tests_name("rapl", tests, NULL, NULL) ? 1 : 0;
}

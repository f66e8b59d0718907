/* SPDX-License-Identifier: BSD-3-Clause */
#include "rapl.h"

#include <errno.h>
#include <string.h>

#define BIT(n) (UINT64_C(1) << (n))

static const char *const domain_name[PC_DOMAIN_COUNT] = {
	[PC_PACKAGE] = "package",
	[PC_PP0] = "pp0",
	[PC_PP1] = "pp1",
	[PC_DRAM] = "dram",
	[PC_PLATFORM] = "platform",
};

const char *pc_domain_name(enum pc_domain domain)
{
	return domain_name[domain];
}

int pc_domain_from_name(const char *name, enum pc_domain *domain)
{
	for (unsigned i = 0; i < PC_DOMAIN_COUNT; i++) {
		if (!strcmp(name, domain_name[i])) {
			*domain = (enum pc_domain)i;
			return 0;
		}
	}
	errno = EINVAL;
	return -1;
}

static uint64_t narrow(unsigned __int128 wide)
{
	return wide > UINT64_MAX ? UINT64_MAX : (uint64_t)wide;
}

uint64_t pc_ratio_apply(struct pc_ratio ratio, uint64_t count)
{
	if (!ratio.denominator)
		return 0;
	return narrow((unsigned __int128)count * ratio.numerator / ratio.denominator);
}

/*
 * Not quantity * denominator / numerator: where a count is no whole number of
 * microwatts (units below 2^-6 W), that would turn what apply() made of n back
 * into n - 1, and every read, write, read would lose a step.
 */
uint64_t pc_ratio_invert(struct pc_ratio ratio, uint64_t quantity)
{
	unsigned __int128 above = (unsigned __int128)quantity + 1;

	if (!ratio.numerator || !ratio.denominator)
		return 0;
	return narrow((above * ratio.denominator - 1) / ratio.numerator);
}

/* --- limits (SDM vol. 3B 15.10.3 package, 15.10.4 power planes, 15.10.5 DRAM) --- */

struct layout {
	unsigned count;          /* of limits; the second lies 32 bits above the first */
	unsigned power_bits;
	unsigned enable_bit;
	unsigned clamp_bits;     /* 1, or 0 where the register has no clamp */
	unsigned window_shift;
	uint64_t lock;
};

enum { WINDOW_BITS = 7, WINDOW_FIELDS = 1 << WINDOW_BITS };

static const struct layout layouts[] = {
	[PC_LAYOUT_NONE] = { .count = 0 },
	[PC_LAYOUT_PACKAGE] = { 2, 15, 15, 1, 17, BIT(63) },
	[PC_LAYOUT_SINGLE] = { 1, 15, 15, 1, 17, BIT(31) },
	/* Ice Lake-SP's DRAM register: the SDM's vol. 4 table has the lock at 63 and
	 * bit 16 reserved, drivers look at 31; so both count as a lock. */
	[PC_LAYOUT_DRAM_LOCK63] = { 1, 15, 15, 0, 17, BIT(31) | BIT(63) },
	/* Linux drivers/powercap/intel_rapl_msr.c, the "spr_psys" primitives. */
	[PC_LAYOUT_PLATFORM_WIDE] = { 2, 17, 17, 1, 19, BIT(63) },
};

static uint64_t power_field(const struct layout *layout)
{
	return BIT(layout->power_bits) - 1;
}

static uint64_t clamp_field(const struct layout *layout)
{
	return layout->clamp_bits ? BIT(layout->enable_bit + 1) : 0;
}

static uint64_t window_field(const struct layout *layout)
{
	return (uint64_t)(WINDOW_FIELDS - 1) << layout->window_shift;
}

uint64_t pc_limit_mask(struct pc_limit_format format, unsigned which)
{
	const struct layout *layout = &layouts[format.layout];

	if (which >= layout->count)
		return 0;
	return (power_field(layout) | clamp_field(layout) | window_field(layout)) << 32 * which;
}

uint64_t pc_limit_enable_mask(struct pc_limit_format format, unsigned which)
{
	const struct layout *layout = &layouts[format.layout];

	return which < layout->count ? BIT(layout->enable_bit) << 32 * which : 0;
}

uint64_t pc_limit_lock_mask(struct pc_limit_format format)
{
	return layouts[format.layout].lock;
}

static enum pc_window_form window_form(struct pc_limit_format format, unsigned which)
{
	return which == 1 ? format.window2 : PC_WINDOW_FLOAT;
}

/* 2^Y * (1 + Z/4) time units, Y in bits 4:0 and Z in 6:5 (SDM vol. 3B 15.10.3). */
static uint64_t float_window_us(struct pc_ratio time_ns, unsigned field)
{
	uint64_t quarters = (uint64_t)(4 + (field >> 5)) << (field & 31);
	struct pc_ratio quarter_us = {
		time_ns.numerator, time_ns.denominator * 4 * 1000
	};

	return pc_ratio_apply(quarter_us, quarters);
}

static uint64_t window_us(enum pc_window_form form, struct pc_ratio time_ns, unsigned field)
{
	if (form == PC_WINDOW_MS)
		return (uint64_t)field * 1000;
	return float_window_us(time_ns, field);
}

/* The field of the nth shortest window: in the float form Z counts before Y. */
static unsigned nth_window(enum pc_window_form form, unsigned n)
{
	return form == PC_WINDOW_MS ? n : (n & 3) << 5 | n >> 2;
}

struct pc_limits pc_limits_decode(struct pc_limit_format format,
				  const struct pc_rapl_units *units, uint64_t raw)
{
	const struct layout *layout = &layouts[format.layout];
	struct pc_limits limits = { .count = layout->count, .locked = raw & layout->lock };

	for (unsigned i = 0; i < layout->count; i++) {
		uint64_t half = raw >> 32 * i;
		unsigned field = (half & window_field(layout)) >> layout->window_shift;

		limits.limit[i] = (struct pc_limit){
			.limit_uw = pc_ratio_apply(units->power_uw, half & power_field(layout)),
			.window_us = window_us(window_form(format, i), units->time_ns, field),
			.enabled = half & BIT(layout->enable_bit),
			.clamped = half & clamp_field(layout),
		};
	}
	return limits;
}

static int encode_window(enum pc_window_form form, struct pc_ratio time_ns, unsigned which,
			 uint64_t wanted_us, unsigned *field, struct pc_error *error)
{
	/* Milliseconds begin at 1: a field of 0 says no window at all. */
	unsigned shortest = form == PC_WINDOW_MS ? 1 : 0;
	unsigned longest = WINDOW_FIELDS - 1;
	uint64_t least_us = window_us(form, time_ns, nth_window(form, shortest));
	uint64_t most_us = window_us(form, time_ns, nth_window(form, longest));
	unsigned n = longest;

	if (wanted_us < least_us || wanted_us > most_us)
		return pc_fail(error, ERANGE, "limit %u: a window of %.6f s cannot be set: "
			       "the register takes %.6f s to %.6f s", which + 1,
			       (double)wanted_us / 1e6, (double)least_us / 1e6, (double)most_us / 1e6);
	while (window_us(form, time_ns, nth_window(form, n)) > wanted_us)
		n--;
	*field = nth_window(form, n);
	return 0;
}

static int encode_power(const struct layout *layout, struct pc_ratio power_uw, unsigned which,
			uint64_t wanted_uw, uint64_t *count, struct pc_error *error)
{
	uint64_t most_uw = pc_ratio_apply(power_uw, power_field(layout));

	if (wanted_uw > most_uw)
		return pc_fail(error, ERANGE, "limit %u: %.3f W cannot be set: the register takes "
			       "0 W to %.3f W", which + 1, (double)wanted_uw / 1e6,
			       (double)most_uw / 1e6);
	*count = pc_ratio_invert(power_uw, wanted_uw);
	return 0;
}

int pc_limit_encode(struct pc_limit_format format, const struct pc_rapl_units *units,
		    unsigned which, const struct pc_limit *limit, uint64_t *raw,
		    struct pc_error *error)
{
	const struct layout *layout = &layouts[format.layout];
	uint64_t owned = power_field(layout) | BIT(layout->enable_bit) | clamp_field(layout);
	unsigned field = 0;
	uint64_t half = 0;

	if (which >= layout->count)
		return pc_fail(error, EINVAL, "limit %u: the register has %u limit%s", which + 1,
			       layout->count, layout->count == 1 ? "" : "s");
	if (encode_power(layout, units->power_uw, which, limit->limit_uw, &half, error) < 0)
		return -1;
	if (limit->window_us) {
		if (encode_window(window_form(format, which), units->time_ns, which,
				  limit->window_us, &field, error) < 0)
			return -1;
		owned |= window_field(layout);
	}
	half |= (uint64_t)field << layout->window_shift;
	if (limit->enabled)
		half |= BIT(layout->enable_bit);
	if (limit->clamped)
		half |= clamp_field(layout);
	*raw = (*raw & ~(owned << 32 * which)) | half << 32 * which;
	return 0;
}

uint64_t pc_limit_max_uw(struct pc_limit_format format, const struct pc_rapl_units *units)
{
	const struct layout *layout = &layouts[format.layout];

	return layout->count ? pc_ratio_apply(units->power_uw, power_field(layout)) : 0;
}

uint32_t pc_energy_delta(uint32_t before, uint32_t after)
{
	return after - before;
}

struct pc_power_info pc_power_info_believe(struct pc_power_info told)
{
	bool min_lies = told.min_uw > told.tdp_uw || (told.max_uw && told.min_uw > told.max_uw);
	bool max_lies = told.max_uw < told.tdp_uw || told.max_uw / 4 > told.tdp_uw;

	if (min_lies)
		told.min_uw = 0;
	if (max_lies)
		told.max_uw = 0;
	return told;
}

/*
 * The window field is in the float form (0x2F is 40 s on a Xeon E5, whose data
 * sheet names that range), and 7 bits wide there: the E5-1600/2600 data sheet has
 * it at 54:48, the SDM at 53:48.
 */
struct pc_power_info pc_power_info_decode(const struct pc_rapl_units *units, uint64_t raw)
{
	unsigned window = raw >> 48 & (WINDOW_FIELDS - 1);

	return pc_power_info_believe((struct pc_power_info){
		.tdp_uw = pc_ratio_apply(units->power_uw, raw & 0x7fff),
		.min_uw = pc_ratio_apply(units->power_uw, raw >> 16 & 0x7fff),
		.max_uw = pc_ratio_apply(units->power_uw, raw >> 32 & 0x7fff),
		.max_window_us = window ? float_window_us(units->time_ns, window) : 0,
	});
}

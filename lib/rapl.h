/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_RAPL_H
#define PHASECAP_RAPL_H

/*
 * RAPL registers as pure arithmetic: no I/O, no state, no allocation.
 * Source of every layout: Intel SDM vol. 3B, section 15.10 ("Platform specific
 * power management support"; 14.9 in editions before 2022); deviations of single
 * models are named where they are handled.  AMD: PPR for family 17h, MSRC001_0299.
 *
 * Units: power in microwatts (uw), energy in microjoules (uj), windows in
 * microseconds (us).  All integers.  Rounding: watts to register units round
 * down; a value that does not fit is ERANGE, never clamped.
 */

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

enum pc_domain {
	PC_PACKAGE,
	PC_PP0,
	PC_PP1,
	PC_DRAM,
	PC_PLATFORM,
	PC_DOMAIN_COUNT
};

/* "package", "pp0", "pp1", "dram", "platform". */
const char *pc_domain_name(enum pc_domain domain);
/* -1 and EINVAL where the name is none of these. */
int pc_domain_from_name(const char *name, enum pc_domain *domain) PC_WARN_UNUSED;

/* A register count times numerator / denominator is the quantity, exactly. */
struct pc_ratio {
	uint64_t numerator;
	uint64_t denominator;
};

/* Both round down, end at UINT64_MAX, and give 0 for the empty ratio { 0, 0 }.
 * invert() is the largest count that apply() makes no more than the quantity of,
 * so invert(apply(n)) is n wherever a count is at least one unit of quantity. */
uint64_t pc_ratio_apply(struct pc_ratio ratio, uint64_t count);
uint64_t pc_ratio_invert(struct pc_ratio ratio, uint64_t quantity);

struct pc_rapl_units {
	struct pc_ratio power_uw;                    /* of one power count */
	struct pc_ratio time_ns;                     /* of one time count */
	struct pc_ratio energy_uj[PC_DOMAIN_COUNT];  /* of one energy count */
};

/* How a domain's limit register is laid out. */
enum pc_limit_layout {
	PC_LAYOUT_NONE,          /* this model has no such register */
	PC_LAYOUT_PACKAGE,       /* two limits, lock 63 (package, platform) */
	PC_LAYOUT_SINGLE,        /* one limit, lock 31 (PP0, PP1, DRAM) */
	PC_LAYOUT_DRAM_LOCK63,   /* one limit, bit 16 reserved, locked if 31 or 63 is set */
	PC_LAYOUT_PLATFORM_WIDE  /* SPR/EMR platform: 17-bit limits, lock 63 */
};

/* How limit 2's window is encoded.  Limit 1's is always the float form. */
enum pc_window_form {
	PC_WINDOW_FLOAT,         /* 2^Y * (1 + Z/4) time units */
	PC_WINDOW_MS             /* SNB-EP, IVB-EP: milliseconds, directly */
};

struct pc_limit {
	uint64_t limit_uw;
	uint64_t window_us;
	bool enabled;
	bool clamped;
};

struct pc_limits {
	unsigned count;          /* 1 or 2 */
	bool locked;
	struct pc_limit limit[2];
};

struct pc_limit_format {
	enum pc_limit_layout layout;
	enum pc_window_form window2;
};

/* The bits of limit `which` (0 or 1) that a job may hold: power, clamp and
 * window; never enable, never lock.  0 where there is no such limit. */
uint64_t pc_limit_mask(struct pc_limit_format format, unsigned which);
uint64_t pc_limit_enable_mask(struct pc_limit_format format, unsigned which);
uint64_t pc_limit_lock_mask(struct pc_limit_format format);

struct pc_limits pc_limits_decode(struct pc_limit_format format,
				  const struct pc_rapl_units *units, uint64_t raw);

/* Puts limit `which` into *raw and leaves every other bit alone.  The window
 * rounds down to what the register can say, and 0 leaves its bits alone; a window
 * below one time unit, a power or a window above the largest encodable value is ERANGE
 * with the legal range in the sentence, and *raw is untouched.  EINVAL: no such
 * limit.  Where the layout has no clamp bit, `clamped` is not looked at, and
 * decodes as false. */
int pc_limit_encode(struct pc_limit_format format, const struct pc_rapl_units *units,
		    unsigned which, const struct pc_limit *limit, uint64_t *raw,
		    struct pc_error *error) PC_WARN_UNUSED;

/* The largest power a limit of this format can say. */
uint64_t pc_limit_max_uw(struct pc_limit_format format, const struct pc_rapl_units *units);

/* 32-bit counters: the difference is right for at most one wrap. */
uint32_t pc_energy_delta(uint32_t before, uint32_t after);

struct pc_power_info {
	uint64_t tdp_uw;         /* thermal specification power */
	uint64_t min_uw;         /* 0: the register does not say */
	uint64_t max_uw;         /* 0: the register does not say */
	uint64_t max_window_us;  /* 0: the register does not say */
};

/* Takes out what firmware is known to lie about: a minimum or maximum of 0, a
 * minimum above the TDP or the maximum, a maximum below the TDP or above four
 * times the TDP, each become 0 ("unknown"). */
struct pc_power_info pc_power_info_believe(struct pc_power_info told);

/* Decodes 0x614/0x61C, and believes no more of it than that. */
struct pc_power_info pc_power_info_decode(const struct pc_rapl_units *units, uint64_t raw);

#endif

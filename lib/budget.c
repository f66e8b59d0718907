/* SPDX-License-Identifier: BSD-3-Clause */
#include "budget.h"

#include <errno.h>

#include "power_option.h"

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/*
 * RAPL's own minimum is often far below what a package can really be held to;
 * half the thermal specification power is what power sweeps in the field use.
 */
static uint64_t floor_of(const struct pc_power_info *info)
{
	return greater(info->tdp_uw / 2, info->min_uw);
}

/* The thermal specification power; a limit that the site set lower is the site's word. */
static uint64_t ceiling_of(const struct pc_domain_info *info, const struct pc_limits *now)
{
	uint64_t ceiling = info->info.tdp_uw ? info->info.tdp_uw : info->info.max_uw;

	if (info->max_limit_uw)
		ceiling = lesser(ceiling, info->max_limit_uw);
	if (now->count && now->limit[0].enabled && now->limit[0].limit_uw)
		ceiling = lesser(ceiling, now->limit[0].limit_uw);
	return ceiling;
}

static int reserve_of(const struct pc_domain_info *dram, uint64_t site_uw, uint64_t *reserve_uw,
		      struct pc_error *error)
{
	*reserve_uw = site_uw ? site_uw : dram->info.tdp_uw;
	if (*reserve_uw || !(dram->has_energy || dram->has_limit))
		return 0;
	return pc_fail(error, ENODEV, "DRAM does not say its thermal specification power: "
		       "the site must set dram_reserve in phasecap.conf");
}

int pc_budget_package(struct pc_budget_package *package, const struct pc_domain_info *info,
		      const struct pc_domain_info *dram, const struct pc_limits *now,
		      uint64_t site_reserve_uw, struct pc_error *error)
{
	char floor_text[32], ceiling_text[32];

	if (!info->has_limit)
		return pc_fail(error, ENODEV, "has no power limit that software could set");
	if (info->locked || now->locked)
		return pc_fail(error, EROFS, "its power limit is locked until the next reset: "
			       "unlock it in the firmware's set-up");
	package->floor_uw = floor_of(&info->info);
	package->ceiling_uw = ceiling_of(info, now);
	if (!package->ceiling_uw)
		return pc_fail(error, ENODEV, "does not say its thermal specification power");
	if (package->ceiling_uw < package->floor_uw)
		return pc_fail(error, ERANGE, "held to %s already, below the %s that a cap can go down to",
			       pc_watts_print(package->ceiling_uw, ceiling_text),
			       pc_watts_print(package->floor_uw, floor_text));
	return reserve_of(dram, site_reserve_uw, &package->reserve_uw, error);
}

void pc_budget_range(const struct pc_budget_package *package, unsigned count,
		     uint64_t *least_uw, uint64_t *most_uw)
{
	uint64_t least = 0, most = count ? UINT64_MAX / count : 0;

	for (unsigned i = 0; i < count; i++) {
		least = greater(least, package[i].floor_uw + package[i].reserve_uw);
		most = lesser(most, package[i].ceiling_uw + package[i].reserve_uw);
	}
	*least_uw = least * count;
	*most_uw = most * count;
}

int pc_budget_split(const struct pc_budget_package *package, unsigned count, uint64_t cap_uw,
		    uint64_t least_uw, uint64_t most_uw, uint64_t *limit_uw, struct pc_error *error)
{
	char cap[32], least[32], most[32];

	pc_watts_print(cap_uw, cap);
	pc_watts_print(least_uw, least);
	pc_watts_print(most_uw, most);
	if (least_uw > most_uw)
		return pc_fail(error, ERANGE, "no cap is possible on this node: its least is %s, its most %s",
			       least, most);
	if (cap_uw < least_uw)
		return pc_fail(error, ERANGE, "a cap of %s is below this node's least of %s; legal are %s to %s",
			       cap, least, least, most);
	if (cap_uw > most_uw)
		return pc_fail(error, ERANGE, "a cap of %s is above this node's most of %s; legal are %s to %s",
			       cap, most, least, most);
	for (unsigned i = 0; i < count; i++)
		limit_uw[i] = cap_uw / count - package[i].reserve_uw;
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_BUDGET_H
#define PHASECAP_BUDGET_H

/*
 * From a node's cap to the limit of each of its packages.  Pure arithmetic: no I/O.
 *
 * The cap is split evenly over the packages.  A package's share pays for the package
 * and for its DRAM: the DRAM's part is set aside as a reserve, whether or not a DRAM
 * limit holds it, and the rest is the package's limit.  Everything rounds down, so
 * that limits and reserves together are at most the cap (I1).
 */

#include <stdint.h>

#include "error.h"
#include "power.h"

struct pc_budget_package {
	uint64_t floor_uw;       /* least limit that the package can be held to */
	uint64_t ceiling_uw;     /* most that the package may get */
	uint64_t reserve_uw;     /* its DRAM's part; 0 where the package has no DRAM domain */
};

/*
 * What a package brings to the split.  now: the package's limits as the site left
 * them (a cap never raises those).  site_reserve_uw: the site's figure for one package's
 * DRAM, 0: none.
 * ENODEV: no package limit, or a hardware that says too little; EROFS: locked; ERANGE: the
 * site's own limit is below the floor.
 */
int pc_budget_package(struct pc_budget_package *package, const struct pc_domain_info *info,
		      const struct pc_domain_info *dram, const struct pc_limits *now,
		      uint64_t site_reserve_uw, struct pc_error *error) PC_WARN_UNUSED;

/* The least and the most cap that an even split over the packages can serve. */
void pc_budget_range(const struct pc_budget_package *package, unsigned count,
		     uint64_t *least_uw, uint64_t *most_uw);

/* Each package's limit under the cap, into limit_uw[count].
 * ERANGE: outside least_uw..most_uw (which the caller may have narrowed to the site's
 * bounds), with the legal range in the sentence. */
int pc_budget_split(const struct pc_budget_package *package, unsigned count, uint64_t cap_uw,
		    uint64_t least_uw, uint64_t most_uw, uint64_t *limit_uw,
		    struct pc_error *error) PC_WARN_UNUSED;

#endif

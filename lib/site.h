/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_SITE_H
#define PHASECAP_SITE_H

/*
 * The site's configuration, phasecap.conf (INI, read with inih).  An unknown
 * section or key, a duplicate, a bad value is "FILE:LINE: what, nearest known key"; nothing of a
 * broken file is used.
 */

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "power_option.h"

#define PC_SITE_DEFAULT_PATH "/etc/phasecap/phasecap.conf"

struct pc_site {
	char backend[256];       /* backend = auto */
	char run_dir[256];       /* run_dir = /run/phasecap */
	uint64_t cap_min_uw;     /* cap_min: per node; 0: only the hardware decides */
	uint64_t cap_max_uw;
	uint64_t dram_reserve_uw;/* dram_reserve: per package; 0: the DRAM's thermal specification power */
	bool monitor_uncapped;   /* monitor_uncapped = yes: jobs without a cap get read access */
	bool allow_without_guard;/* unguarded_writes = yes|no */
};

void pc_site_defaults(struct pc_site *site);

/*
 * Reads path, or PC_SITE_DEFAULT_PATH where path is NULL: there, a missing file is the
 * defaults; a missing named one is ENOENT.
 * EPERM: not a regular file, or one that somebody besides root and the caller could have
 * written.  EINVAL: the first mistake in it, as FILE:LINE.
 * On failure *site holds the defaults, but for run_dir where the file's own could
 * still be read: an epilog must find its journal also after the file was broken.
 */
int pc_site_load(struct pc_site *site, const char *path, struct pc_error *error) PC_WARN_UNUSED;

/*
 * The value of --power-cap as far as it can be judged without a node: what it says, and
 * whether the site's bounds allow it.  EINVAL, ERANGE, or ENOTSUP for a level other than the node's;
 * the sentence names the option and what is legal.
 */
int pc_site_cap(const struct pc_site *site, const char *text, struct pc_cap *cap, struct pc_error *error) PC_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_POWERCAP_H
#define PHASECAP_POWERCAP_H

/*
 * What the files of the powercap back end share: zones as sysfs has them, found by
 * their names.  The directory's number is the order in which the driver registered
 * its zones, and means nothing (Linux drivers/powercap/intel_rapl_common.c).
 */

#include "backend.h"

#define POWERCAP_DIR "sys/class/powercap"

enum powercap_file {
	POWERCAP_LIMIT,          /* constraint_K_power_limit_uw */
	POWERCAP_WINDOW,         /* constraint_K_time_window_us */
	POWERCAP_MAX,            /* constraint_K_max_power_uw */
	POWERCAP_ENABLED         /* of the zone, whatever the limit */
};

struct powercap_zone {
	char path[96];           /* from the root; empty: this domain has no zone */
	int energy_fd;           /* kept open, -1 where it cannot be read */
	unsigned constraint[2];  /* the K of long_term and short_term */
	bool has_window[2];
};

struct powercap {
	int root;
	struct powercap_zone zone[PC_MAX_PACKAGES][PC_DOMAIN_COUNT];
};

static inline struct powercap_zone *powercap_zone(const struct pc_power *power, unsigned package,
						  enum pc_domain domain)
{
	return &((struct powercap *)power->state)->zone[package][domain];
}

/* Fills power's packages, in the order of the topology, and state's zones.  root is as
 * in pc_power_config. */
int powercap_find_zones(struct pc_power *power, const char *root, struct pc_error *error) PC_WARN_UNUSED;

/* The path of one of a zone's files, from the root. */
void powercap_path(const struct powercap_zone *zone, enum powercap_file file, unsigned which,
		   char *path, size_t size);
int powercap_read(const struct pc_power *power, const struct powercap_zone *zone,
		  enum powercap_file file, unsigned which, uint64_t *value) PC_WARN_UNUSED;
/* EROFS: locked by the firmware; EPERM: not for this process. */
int powercap_write(const struct pc_power *power, const struct powercap_zone *zone,
		   enum powercap_file file, unsigned which, uint64_t value,
		   struct pc_error *error) PC_WARN_UNUSED;

/* The methods that journal and restore use. */
int powercap_capture(struct pc_power *power, struct pc_setting *setting, unsigned max,
		     struct pc_error *error);
int powercap_setting_read(struct pc_power *power, const struct pc_setting *setting,
			  uint64_t *value, struct pc_error *error);
int powercap_setting_write(struct pc_power *power, const struct pc_setting *setting,
			   struct pc_error *error);
bool powercap_setting_lowers(const struct pc_power *power, const struct pc_setting *setting,
			     uint64_t found);

#endif

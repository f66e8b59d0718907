/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_BACKEND_H
#define PHASECAP_BACKEND_H

/*
 * The function table behind power.h.  A back end fills struct pc_power's public
 * part when it opens; a method that is NULL is answered ENOTSUP by power.c.
 * One file per back end, backend_NAME.c, each with one `const struct pc_backend`.
 */

#include <time.h>

#include "power.h"

/* For the two ends of a stamp. */
static inline uint64_t pc_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct pc_backend {
	const char *name;        /* as shown and as given to --backend: no blanks */
	int rung;                /* 0: by name only */
	bool simulated;
	/* -1 with one sentence: why this rung is not taken; what it acquired is released.
	 * argument is what follows "NAME:", else NULL. */
	int (*open)(struct pc_power *power, const struct pc_power_config *config,
		    const char *argument, struct pc_error *error);
	void (*close)(struct pc_power *power);
	int (*run)(struct pc_power *power, unsigned package, struct pc_op *ops, unsigned count,
		   struct pc_stamp *stamp, struct pc_error *error);
	int (*capture)(struct pc_power *power, struct pc_setting *setting, unsigned max,
		       struct pc_error *error);
	int (*setting_read)(struct pc_power *power, const struct pc_setting *setting,
			    uint64_t *value, struct pc_error *error);
	int (*setting_write)(struct pc_power *power, const struct pc_setting *setting,
			     struct pc_error *error);
	/* NULL: the plain order of values. */
	bool (*setting_lowers)(const struct pc_power *power, const struct pc_setting *setting,
			       uint64_t found);
	int (*list_read)(struct pc_power *power, struct pc_allowlist *list, struct pc_error *error);
	int (*list_install)(struct pc_power *power, const struct pc_allowlist *list,
			    struct pc_error *error);
	int (*list_for)(struct pc_power *power, enum pc_list_purpose purpose,
			struct pc_allowlist *list, struct pc_error *error);
	unsigned (*access_paths)(const struct pc_power *power, struct pc_access_path *path, unsigned max);
};

struct pc_package {
	char name[PC_PACKAGE_NAME];
	struct pc_domain_info domain[PC_DOMAIN_COUNT];
};

struct pc_power {
	const struct pc_backend *backend;
	struct pc_topology *topology;    /* set by the back end's open, destroyed by power.c */
	bool read_only;                  /* a recorded root: power.c refuses every write */
	unsigned package_count;
	struct pc_package package[PC_MAX_PACKAGES];
	void *state;                     /* the back end's own */
};

extern const struct pc_backend pc_backend_msrsafe_batch;
extern const struct pc_backend pc_backend_msrsafe;
extern const struct pc_backend pc_backend_msr;
extern const struct pc_backend pc_backend_powercap;
extern const struct pc_backend pc_backend_perf;
extern const struct pc_backend pc_backend_none;
extern const struct pc_backend pc_backend_sim;

#endif

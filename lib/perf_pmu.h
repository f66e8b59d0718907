/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_PERF_PMU_H
#define PHASECAP_PERF_PMU_H

/* The perf PMU "power" as sysfs describes it (Linux arch/x86/events/rapl.c). */

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "rapl.h"

struct pc_perf_event {
	bool there;
	uint64_t config;             /* perf_event_attr.config */
	struct pc_ratio energy_uj;   /* of one count */
};

struct pc_perf_pmu {
	uint32_t type;               /* perf_event_attr.type */
	char cpumask[4096];          /* one CPU for each package or die, "0,18" */
	struct pc_perf_event event[PC_DOMAIN_COUNT];
};

/* root is a pc_sysfs_root().  ENODEV: no such PMU there, or it has no event of
 * ours.  EINVAL: a file does not hold what it should. */
int pc_perf_pmu_read(int root, struct pc_perf_pmu *pmu, struct pc_error *error) PC_WARN_UNUSED;

/* "2.3283064365386962890625e-10" J a count, as the exact ratio in microjoules; the
 * locale does not matter.  -1 and EINVAL where it is no such number. */
int pc_perf_scale(const char *text, struct pc_ratio *energy_uj) PC_WARN_UNUSED;

#endif

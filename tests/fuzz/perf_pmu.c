/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: perf_pmu.c */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "memory_root.h"
#include "perf_pmu.h"
#include "sysfs.h"

static void check_pmu(const struct pc_perf_pmu *pmu)
{
	unsigned events = 0;

	MUST(memchr(pmu->cpumask, '\0', sizeof pmu->cpumask));
	for (unsigned i = 0; i < PC_DOMAIN_COUNT; i++) {
		const struct pc_ratio *ratio = &pmu->event[i].energy_uj;

		if (!pmu->event[i].there)
			continue;
		events++;
		/* More than nothing, and at most one joule a count. */
		MUST(ratio->numerator && ratio->denominator);
		MUST((double)ratio->numerator <= 1e6 * (double)ratio->denominator);
	}
	MUST(events > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pc_error error = { "" };
	struct pc_perf_pmu pmu;
	int root, result;

	memory_root_lines(data, size);
	root = pc_sysfs_root("/", NULL);
	result = pc_perf_pmu_read(root, &pmu, &error);
	if (result == 0) {
		check_pmu(&pmu);
	} else {
		MUST(errno);
		MUST(!strncmp(error.text, "sys/bus/event_source/devices/power", 34));
	}
	close(root);
	MUST(memory_root_open_count() == 0);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Rung 20: the perf PMU "power".  Energy only: perf cannot set a limit. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend.h"
#include "perf_pmu.h"
#include "sysfs.h"

struct perf {
	int event[PC_MAX_PACKAGES][PC_DOMAIN_COUNT];     /* -1: none */
};

static void perf_close(struct pc_power *power)
{
	struct perf *perf = power->state;
	int code = errno;

	if (!perf)
		return;
	for (unsigned i = 0; i < PC_MAX_PACKAGES; i++) {
		for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
			if (perf->event[i][d] >= 0)
				close(perf->event[i][d]);
		}
	}
	free(perf);
	power->state = NULL;
	errno = code;
}

/* --- packages out of the PMU's CPUs --------------------------------------------- */

/* The cpumask: a CPU for each place that has counters of its own. */
struct listed {
	unsigned count;
	unsigned cpu[PC_MAX_PACKAGES];
};

static int add_listed(unsigned cpu, void *arg)
{
	struct listed *listed = arg;

	if (listed->count < PC_MAX_PACKAGES)
		listed->cpu[listed->count++] = cpu;
	return 0;
}

static int listed_in_die(const struct pc_topology *topology, const struct listed *listed,
			 unsigned package, unsigned die)
{
	for (unsigned i = 0; i < listed->count; i++) {
		if (pc_topology_pu_in_die(topology, package, die, listed->cpu[i]))
			return (int)listed->cpu[i];
	}
	return -1;
}

static void add_package(struct pc_power *power, unsigned package, int die)
{
	char *name = power->package[power->package_count].name;
	size_t size = sizeof power->package[0].name;
	unsigned os_index = pc_topology_package_os_index(power->topology, package);

	if (die < 0)
		snprintf(name, size, "package-%u", os_index);
	else
		snprintf(name, size, "package-%u-die-%u", os_index,
			 pc_topology_die_os_index(power->topology, package, (unsigned)die));
	power->package_count++;
}

/* In the topology's order; a package is its dies where the PMU counts each of them. */
static void add_packages(struct pc_power *power, const struct listed *listed, int *cpu)
{
	const struct pc_topology *topology = power->topology;

	for (unsigned i = 0; i < pc_topology_package_count(topology); i++) {
		int found[PC_MAX_PACKAGES];
		unsigned dies = pc_topology_die_count(topology, i);
		unsigned count = 0;

		if (dies > PC_MAX_PACKAGES)
			dies = PC_MAX_PACKAGES;
		for (unsigned die = 0; die < dies; die++) {
			found[die] = listed_in_die(topology, listed, i, die);
			count += found[die] >= 0;
		}
		for (unsigned die = 0; die < dies && power->package_count < PC_MAX_PACKAGES; die++) {
			if (found[die] < 0)
				continue;
			cpu[power->package_count] = found[die];
			add_package(power, i, count > 1 ? (int)die : -1);
		}
	}
}

/* --- events ------------------------------------------------------------------------ */

static int open_event(uint32_t type, uint64_t config, int cpu)
{
	struct perf_event_attr attr = {
		.type = type,
		.size = sizeof attr,
		.config = config,
	};

	return (int)syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static int explain_open(int code, int root, struct pc_error *error)
{
	char paranoid[16] = "unknown";

	if (code != EACCES && code != EPERM)
		return pc_fail(error, code, "perf: the power PMU's events cannot be opened: %s",
			       strerror(code));
	/* perf_event_paranoid may be -1, so this is no number for pc_sysfs_read_number(). */
	if (pc_sysfs_read_text(root, "proc/sys/kernel/perf_event_paranoid", paranoid,
			       sizeof paranoid) < 0)
		strcpy(paranoid, "unknown");
	return pc_fail(error, code, "perf: no permission for the power PMU: kernel.perf_event_paranoid "
		       "is %s and has to be 0 or less (sysctl), or this program needs CAP_PERFMON",
		       paranoid);
}

/* Every package's psys event tells of the one platform: only the first counts it. */
static void open_events(struct pc_power *power, const struct pc_perf_pmu *pmu, unsigned package,
			int cpu, int *code)
{
	struct perf *perf = power->state;

	for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
		struct pc_domain_info *info = &power->package[package].domain[d];

		if (!pmu->event[d].there || (d == PC_PLATFORM && package > 0))
			continue;
		perf->event[package][d] = open_event(pmu->type, pmu->event[d].config, cpu);
		if (perf->event[package][d] < 0) {
			*code = errno;
			continue;
		}
		info->has_energy = true;
		info->energy_uj = pmu->event[d].energy_uj;
	}
}

static int open_packages(struct pc_power *power, int root, struct pc_error *error)
{
	struct listed listed = { .count = 0 };
	int cpu[PC_MAX_PACKAGES];
	struct pc_perf_pmu pmu;
	int code = ENODEV;

	if (pc_perf_pmu_read(root, &pmu, error) < 0 ||
	    pc_topology_load(&power->topology, PC_TOPOLOGY_SYSTEM, NULL, error) < 0 ||
	    pc_topology_each_listed(pmu.cpumask, add_listed, &listed, error) < 0)
		return -1;
	add_packages(power, &listed, cpu);
	if (!power->package_count)
		return pc_fail(error, ENODEV, "perf: the PMU's cpumask \"%s\" names no online CPU",
			       pmu.cpumask);
	for (unsigned i = 0; i < power->package_count; i++)
		open_events(power, &pmu, i, cpu[i], &code);
	for (unsigned i = 0; i < power->package_count; i++) {
		if (power->package[i].domain[PC_PACKAGE].has_energy)
			return 0;
	}
	return explain_open(code, root, error);
}

static int perf_open(struct pc_power *power, const struct pc_power_config *config,
		     const char *argument, struct pc_error *error)
{
	struct perf *perf;
	int root, result;

	(void)argument;
	if (power->read_only)
		return pc_fail(error, ENODEV, "perf: %s is a recorded root, and perf counts only on the "
			       "machine it runs on", config->root);
	perf = malloc(sizeof *perf);
	if (!perf)
		return pc_fail(error, ENOMEM, "perf: out of memory");
	memset(perf, -1, sizeof *perf);
	power->state = perf;
	root = pc_sysfs_root(config->root, error);
	result = root < 0 ? -1 : open_packages(power, root, error);
	if (root >= 0)
		close(root);
	if (result < 0)
		perf_close(power);
	return result;
}

/* --- operations ---------------------------------------------------------------------- */

static int read_event(int fd, uint64_t *count)
{
	ssize_t length;

	do {
		length = read(fd, count, sizeof *count);
	} while (length < 0 && errno == EINTR);
	if (length == sizeof *count)
		return 0;
	/* An event whose CPU is gone reads as end of file (perf_event_open(2)). */
	if (length >= 0)
		errno = ENXIO;
	return -1;
}

static int run_op(const struct pc_power *power, unsigned package, struct pc_op *op,
		  struct pc_error *error)
{
	const struct perf *perf = power->state;
	const char *name = power->package[package].name;
	const char *domain = pc_domain_name(op->domain);

	if (op->kind != PC_OP_ENERGY)
		return pc_fail(error, ENOTSUP, "%s %s: perf counts energy and nothing else; limits need "
			       "msr-safe, msr or powercap", name, domain);
	if (!power->package[package].domain[op->domain].has_energy)
		return pc_fail(error, ENODEV, "%s %s: there is no energy counter here", name, domain);
	if (read_event(perf->event[package][op->domain], &op->count) < 0)
		return pc_fail(error, errno, "%s %s: the event cannot be read any more: %s", name, domain,
			       strerror(errno));
	return 0;
}

static int perf_run(struct pc_power *power, unsigned package, struct pc_op *ops, unsigned count,
		    struct pc_stamp *stamp, struct pc_error *error)
{
	struct pc_stamp when = { .before_ns = pc_now_ns() };
	int failed = 0;

	for (unsigned i = 0; i < count; i++) {
		ops[i].error = run_op(power, package, &ops[i], failed ? NULL : error) < 0 ? -errno : 0;
		if (!failed)
			failed = -ops[i].error;
	}
	when.after_ns = pc_now_ns();
	if (stamp)
		*stamp = when;
	errno = failed;
	return failed ? -1 : 0;
}

const struct pc_backend pc_backend_perf = {
	.name = "perf",
	.rung = 20,
	.open = perf_open,
	.close = perf_close,
	.run = perf_run,
};

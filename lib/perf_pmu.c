/* SPDX-License-Identifier: BSD-3-Clause */
#include "perf_pmu.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sysfs.h"

#define PMU "sys/bus/event_source/devices/power"

static const char *const event_name[PC_DOMAIN_COUNT] = {
	[PC_PACKAGE] = "energy-pkg",
	[PC_PP0] = "energy-cores",
	[PC_PP1] = "energy-gpu",
	[PC_DRAM] = "energy-ram",
	[PC_PLATFORM] = "energy-psys",
};

/* strtod() of the "C" locale: an application may have set one with a comma. */
static int parse_double(const char *text, double *value)
{
	locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
	char *end;

	if (plain == (locale_t)0)
		return -1;
	*value = strtod_l(text, &end, plain);
	freelocale(plain);
	return end == text || *end ? -1 : 0;
}

/*
 * A double is mantissa * 2^exponent; with an odd mantissa and a value up to 1 the
 * exponent is not positive.  The kernel's scale is a power of two, whose odd mantissa
 * is 1; what has more bits than an exact ratio leaves room for is refused.
 */
int pc_perf_scale(const char *text, struct pc_ratio *energy_uj)
{
	enum { MANTISSA_BITS = 53, MANTISSA_ROOM = 44, MOST_NEGATIVE = -63 };
	uint64_t mantissa;
	int exponent;
	double value;

	errno = EINVAL;
	if (parse_double(text, &value) < 0 || !(value > 0) || value > 1)
		return -1;
	mantissa = (uint64_t)ldexp(frexp(value, &exponent), MANTISSA_BITS);
	exponent -= MANTISSA_BITS;
	for (; !(mantissa & 1); mantissa >>= 1)
		exponent++;
	if (mantissa >> MANTISSA_ROOM || exponent < MOST_NEGATIVE)
		return -1;
	*energy_uj = (struct pc_ratio){ mantissa * 1000000, UINT64_C(1) << -exponent };
	errno = 0;
	return 0;
}

static int read_file(int root, const char *file, char *text, size_t size, struct pc_error *error)
{
	char path[128];

	snprintf(path, sizeof path, PMU "/%s", file);
	if (pc_sysfs_read_text(root, path, text, size) < 0)
		return pc_fail(error, errno, "%s: cannot be read: %s", path, strerror(errno));
	return 0;
}

static int is_not(const char *file, const char *text, const char *what, struct pc_error *error)
{
	return pc_fail(error, EINVAL, PMU "/%s: \"%s\" is not %s; this kernel's power PMU is of a kind "
		       "this version does not know", file, text, what);
}

/* "event=0x02"; format/event says that these are the low bits of config. */
static int read_config(int root, const char *file, uint64_t *config, struct pc_error *error)
{
	static const char before[] = "event=";
	char text[64], *end;

	if (read_file(root, file, text, sizeof text, error) < 0)
		return -1;
	if (strncmp(text, before, sizeof before - 1))
		return is_not(file, text, "an event code", error);
	errno = 0;
	*config = strtoull(text + sizeof before - 1, &end, 16);
	if (errno || *end || end == text + sizeof before - 1)
		return is_not(file, text, "an event code", error);
	return 0;
}

static int read_event(int root, const char *name, struct pc_perf_event *event, struct pc_error *error)
{
	char file[64], text[64];

	snprintf(file, sizeof file, "events/%s", name);
	if (read_config(root, file, &event->config, error) < 0) {
		/* Which events there are depends on the model. */
		return errno == ENOENT ? 0 : -1;
	}
	snprintf(file, sizeof file, "events/%s.unit", name);
	if (read_file(root, file, text, sizeof text, error) < 0)
		return -1;
	if (strcmp(text, "Joules"))
		return is_not(file, text, "Joules", error);
	snprintf(file, sizeof file, "events/%s.scale", name);
	if (read_file(root, file, text, sizeof text, error) < 0)
		return -1;
	if (pc_perf_scale(text, &event->energy_uj) < 0)
		return is_not(file, text, "an exact scale", error);
	event->there = true;
	return 0;
}

static int read_type(int root, uint32_t *type, struct pc_error *error)
{
	uint64_t number;

	if (pc_sysfs_read_number(root, PMU "/type", &number) < 0 || number > UINT32_MAX)
		return pc_fail(error, ENODEV, PMU ": no such PMU: the rapl module is not loaded (modprobe "
			       "rapl), does not know this CPU, or a container masks it");
	*type = (uint32_t)number;
	return 0;
}

static int read_format(int root, struct pc_error *error)
{
	char text[64];

	if (read_file(root, "format/event", text, sizeof text, error) < 0)
		return -1;
	return strcmp(text, "config:0-7") ? is_not("format/event", text, "config:0-7", error) : 0;
}

int pc_perf_pmu_read(int root, struct pc_perf_pmu *pmu, struct pc_error *error)
{
	bool any = false;

	memset(pmu, 0, sizeof *pmu);
	if (read_type(root, &pmu->type, error) < 0 || read_format(root, error) < 0 ||
	    read_file(root, "cpumask", pmu->cpumask, sizeof pmu->cpumask, error) < 0)
		return -1;
	for (unsigned i = 0; i < PC_DOMAIN_COUNT; i++) {
		if (read_event(root, event_name[i], &pmu->event[i], error) < 0)
			return -1;
		any |= pmu->event[i].there;
	}
	return any ? 0 : pc_fail(error, ENODEV, PMU "/events: the PMU has no energy event");
}

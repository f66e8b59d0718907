/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_FAKE_ROOT_H
#define PHASECAP_FAKE_ROOT_H

/* A directory that looks like a machine's root, as far as a test fills it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char fake_root[64];

static inline void fake_path(char *path, size_t size, const char *file)
{
	assert_true((size_t)snprintf(path, size, "%s/%s", fake_root, file) < size);
}

/* Writes a file, and makes the directories on its way. */
static inline void put(const char *file, const char *text)
{
	char path[512], *slash;
	FILE *made;

	fake_path(path, sizeof path, file);
	for (slash = strchr(path + strlen(fake_root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	made = fopen(path, "w");
	if (!made)
		fail_msg("%s cannot be made", path);
	fputs(text, made);
	assert_int_equal(fclose(made), 0);
}

static inline void drop(const char *file)
{
	char path[512];

	fake_path(path, sizeof path, file);
	assert_int_equal(unlink(path), 0);
}

/* The first number of a file. */
static inline uint64_t number_in(const char *file)
{
	unsigned long long number = 0;
	char path[512];
	FILE *made;

	fake_path(path, sizeof path, file);
	made = fopen(path, "r");
	if (!made || fscanf(made, "%llu", &number) != 1)
		fail_msg("%s holds no number", path);
	fclose(made);
	return number;
}

static inline void put_cpu(unsigned cpu, unsigned package, unsigned die, unsigned siblings,
			   unsigned die_cpus)
{
	static const char *const names[] = {
		"physical_package_id", "die_id", "core_id", "core_siblings", "die_cpus", "thread_siblings",
	};
	char file[128], text[32];
	unsigned values[] = { package, die, cpu, siblings, die_cpus, 1u << cpu };

	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(file, sizeof file, "sys/devices/system/cpu/cpu%u/topology/%s", cpu, names[i]);
		snprintf(text, sizeof text, i < 3 ? "%u\n" : "%x\n", values[i]);
		put(file, text);
	}
}

/* Four CPUs: two of package 0, two of package 1. */
static inline void put_two_packages(void)
{
	put("sys/devices/system/cpu/online", "0-3\n");
	put("sys/devices/system/cpu/possible", "0-3\n");
	put_cpu(0, 0, 0, 0x3, 0x3);
	put_cpu(1, 0, 0, 0x3, 0x3);
	put_cpu(2, 1, 0, 0xc, 0xc);
	put_cpu(3, 1, 0, 0xc, 0xc);
	put("proc/cpuinfo", "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n");
}

static inline int make_fake_root(void **state)
{
	(void)state;
	strcpy(fake_root, "/tmp/phasecap-root-XXXXXX");
	return mkdtemp(fake_root) ? 0 : -1;
}

static inline int remove_fake_root(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", fake_root);
	return system(command);
}

#endif

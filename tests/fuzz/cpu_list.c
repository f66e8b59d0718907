/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: topology.c:parse_number topology.c:parse_range topology.c:parse_list topology.c:pc_topology_each_listed */
/* covers: topology.c:pc_topology_package_of_cpus topology.c:pc_topology_ownership */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "topology.h"

enum { PACKAGES = 2, CPUS = 4 };         /* package 0 has CPUs 0 and 1 */

static const struct pc_topology *topology(void)
{
	static struct pc_topology *loaded;

	if (!loaded)
		MUST(pc_topology_load(&loaded, PC_TOPOLOGY_SYNTHETIC, "pack:2 core:2 pu:1", NULL) == 0);
	return loaded;
}

/* What the list names of this node, and whether it names anything else. */
struct named {
	bool cpu[CPUS];
	bool other;
	int last;
};

static int note(unsigned cpu, void *arg)
{
	struct named *named = arg;

	MUST((int)cpu > named->last);            /* ascending, each once */
	named->last = (int)cpu;
	named->other = cpu >= CPUS;
	if (!named->other)
		named->cpu[cpu] = true;
	return named->other;                     /* what follows is no CPU of the node either */
}

static void check_refused(const char *text)
{
	enum pc_ownership ownership;
	struct pc_error error = { "" };

	errno = 0;
	MUST(pc_topology_package_of_cpus(topology(), text, &error) < 0 && errno == EINVAL);
	MUST(!strncmp(error.text, "CPU list \"", 10));
	errno = 0;
	MUST(pc_topology_ownership(topology(), 0, text, &ownership, &error) < 0 && errno == EINVAL);
}

static void check_named(const char *text, const struct named *named)
{
	for (unsigned package = 0; package < PACKAGES; package++) {
		unsigned count = named->cpu[2 * package] + named->cpu[2 * package + 1];
		enum pc_ownership ownership;

		MUST(pc_topology_ownership(topology(), package, text, &ownership, NULL) == 0);
		MUST(ownership == (count == 2 ? PC_OWNED_WHOLLY : count == 1 ? PC_OWNED_PARTLY : PC_OWNED_NONE));
	}
}

static void check_package(const char *text, const struct named *named)
{
	bool first = named->cpu[0] || named->cpu[1], second = named->cpu[2] || named->cpu[3];
	int package = pc_topology_package_of_cpus(topology(), text, NULL);

	if (first && second)
		MUST(package < 0 && errno == ERANGE);
	else if (named->other)
		MUST(package < 0 && errno == ENXIO);
	else
		MUST(package == (second ? 1 : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct named named = { .last = -1 };

	if (pc_topology_each_listed(text, note, &named, NULL) < 0) {
		check_refused(text);
	} else {
		MUST(named.last >= 0);           /* a list names at least one */
		check_named(text, &named);
		check_package(text, &named);
	}
	free(text);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: powercap_zone.c:list_entry powercap_zone.c:list_zones powercap_zone.c:find_top */
/* covers: powercap_zone.c:find_child powercap_zone.c:powercap_read powercap_zone.c:open_energy */
/* covers: powercap_zone.c:find_constraint powercap_zone.c:find_limits powercap_zone.c:use_zone */
/* covers: powercap_zone.c:add_package powercap_zone.c:add_packages powercap_zone.c:is_amd */
/* covers: powercap_zone.c:powercap_find_zones sysfs.c:read_line sysfs.c:parse_number */
/* covers: sysfs.c:pc_sysfs_read_text sysfs.c:pc_sysfs_read_number sysfs.c:pc_sysfs_reread_number */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "memory_root.h"
#include "powercap.h"
#include "sysfs.h"

/* A node of three packages, one with two dies; nothing of it is looked at but what follows. */
unsigned pc_topology_package_count(const struct pc_topology *topology)
{
	(void)topology;
	return 3;
}

unsigned pc_topology_package_os_index(const struct pc_topology *topology, unsigned package)
{
	(void)topology;
	return package == 2 ? 7 : package;
}

unsigned pc_topology_die_count(const struct pc_topology *topology, unsigned package)
{
	(void)topology;
	return package == 1 ? 2 : 1;
}

unsigned pc_topology_die_os_index(const struct pc_topology *topology, unsigned package, unsigned die)
{
	(void)topology;
	(void)package;
	return die;
}

static void check_domain(const struct pc_power *power, unsigned package, enum pc_domain domain)
{
	const struct pc_domain_info *info = &power->package[package].domain[domain];
	const struct powercap_zone *zone = powercap_zone(power, package, domain);

	MUST(info->limit_count <= 2 && info->has_limit == (info->limit_count > 0));
	MUST(info->has_limit || !info->writable);
	MUST(!info->has_energy || zone->energy_fd >= 0);
	MUST(!info->has_energy || info->energy_uj.denominator);
	MUST(zone->path[0] ? !strncmp(zone->path, POWERCAP_DIR "/intel-rapl:", sizeof POWERCAP_DIR + 11)
			   : !info->has_limit && !info->has_energy);
	for (unsigned i = 0; i < info->limit_count; i++) {
		uint64_t value;

		MUST(powercap_read(power, zone, POWERCAP_LIMIT, i, &value) == 0);
		MUST(zone->has_window[i] == (powercap_read(power, zone, POWERCAP_WINDOW, i, &value) == 0));
	}
}

static void close_energy(struct powercap *powercap)
{
	for (unsigned i = 0; i < PC_MAX_PACKAGES; i++)
		for (unsigned j = 0; j < PC_DOMAIN_COUNT; j++)
			if (powercap->zone[i][j].energy_fd >= 0)
				close(powercap->zone[i][j].energy_fd);
}

static void find(struct pc_power *power, struct powercap *powercap)
{
	struct pc_error error = { "" };

	if (powercap_find_zones(power, "/", &error) < 0) {
		MUST(errno == ENODEV);
		MUST(!strncmp(error.text, POWERCAP_DIR, sizeof POWERCAP_DIR - 1));
		return;
	}
	MUST(power->package_count > 0 && power->package_count <= 4);
	for (unsigned i = 0; i < power->package_count; i++) {
		MUST(power->package[i].name[0]);
		for (unsigned j = 0; j < PC_DOMAIN_COUNT; j++)
			check_domain(power, i, (enum pc_domain)j);
	}
	close_energy(powercap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct powercap powercap;
	static struct pc_power power;

	memset(&power, 0, sizeof power);
	memset(&powercap, 0, sizeof powercap);
	for (unsigned i = 0; i < PC_MAX_PACKAGES; i++)
		for (unsigned j = 0; j < PC_DOMAIN_COUNT; j++)
			powercap.zone[i][j].energy_fd = -1;
	power.state = &powercap;
	memory_root_lines(data, size);
	powercap.root = pc_sysfs_root("/", NULL);
	find(&power, &powercap);
	close(powercap.root);
	MUST(memory_root_open_count() == 0);
	return 0;
}

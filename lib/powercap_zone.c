/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding: which zones there are, whose they are, and what they can do. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu_model.h"
#include "powercap.h"
#include "sysfs.h"

static const char prefix[] = "intel-rapl:";      /* not "intel-rapl-mmio:" */

/* --- the directory ------------------------------------------------------------ */

struct entry {
	char file[32];           /* "intel-rapl:1:0" */
	char name[32];           /* what its name file says: "dram" */
};

struct listing {
	unsigned count;
	struct entry entry[PC_MAX_PACKAGES * (PC_DOMAIN_COUNT + 1)];
};

static bool is_child(const char *file)
{
	return strchr(file + sizeof prefix - 1, ':') != NULL;
}

static void list_entry(int root, const char *file, struct listing *listing)
{
	struct entry *entry = &listing->entry[listing->count];
	char path[sizeof POWERCAP_DIR + sizeof entry->file + sizeof "//name"];

	if (listing->count == sizeof listing->entry / sizeof listing->entry[0] ||
	    strncmp(file, prefix, sizeof prefix - 1) || strlen(file) >= sizeof entry->file)
		return;
	strcpy(entry->file, file);
	snprintf(path, sizeof path, POWERCAP_DIR "/%s/name", entry->file);
	if (pc_sysfs_read_text(root, path, entry->name, sizeof entry->name) == 0)
		listing->count++;
}

static int list_zones(int root, struct listing *listing, struct pc_error *error)
{
	int fd = openat(root, POWERCAP_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *file;

	if (!directory) {
		pc_fail(error, ENODEV, POWERCAP_DIR ": %s; the kernel has no powercap, or a container "
			"hides it", strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((file = readdir(directory)))
		list_entry(root, file->d_name, listing);
	closedir(directory);
	if (!listing->count)
		return pc_fail(error, ENODEV, POWERCAP_DIR ": no intel-rapl zone: the driver is not loaded "
			       "(modprobe intel_rapl_msr), does not know this CPU, or a container masks it");
	return 0;
}

static const struct entry *find_top(const struct listing *listing, const char *name)
{
	for (unsigned i = 0; i < listing->count; i++) {
		const struct entry *entry = &listing->entry[i];

		if (!is_child(entry->file) && !strcmp(entry->name, name))
			return entry;
	}
	return NULL;
}

static const struct entry *find_child(const struct listing *listing, const struct entry *parent,
				      const char *name)
{
	size_t length = strlen(parent->file);

	for (unsigned i = 0; i < listing->count; i++) {
		const struct entry *entry = &listing->entry[i];

		if (!strncmp(entry->file, parent->file, length) && entry->file[length] == ':' &&
		    !strcmp(entry->name, name))
			return entry;
	}
	return NULL;
}

/* --- one zone ------------------------------------------------------------------- */

void powercap_path(const struct powercap_zone *zone, enum powercap_file file, unsigned which,
		   char *path, size_t size)
{
	static const char *const suffix[] = {
		[POWERCAP_LIMIT] = "power_limit_uw",
		[POWERCAP_WINDOW] = "time_window_us",
		[POWERCAP_MAX] = "max_power_uw",
	};

	if (file == POWERCAP_ENABLED)
		snprintf(path, size, "%s/enabled", zone->path);
	else
		snprintf(path, size, "%s/constraint_%u_%s", zone->path, zone->constraint[which],
			 suffix[file]);
}

int powercap_read(const struct pc_power *power, const struct powercap_zone *zone,
		  enum powercap_file file, unsigned which, uint64_t *value)
{
	const struct powercap *powercap = power->state;
	char path[160];

	powercap_path(zone, file, which, path, sizeof path);
	return pc_sysfs_read_number(powercap->root, path, value);
}

/*
 * The driver's own errors do not get through: the powercap core answers ENODATA for a
 * limit it could not set, and ENOSYS for a zone it could not enable or disable
 * (drivers/powercap/powercap_sys.c).  Both mean a register the firmware locked.
 */
static int explain_write(const char *path, struct pc_error *error)
{
	switch (errno) {
	case ENODATA:
	case ENOSYS:
		return pc_fail(error, EROFS, "%s: the driver refuses the write (%s), as it does where the "
			       "firmware locks the limit until the next reset; a BIOS setting may unlock it",
			       path, strerror(errno));
	case EACCES:
	case EPERM:
		return pc_fail(error, EPERM, "%s: this process may not write it; only root can, or the user "
			       "whom root made its owner", path);
	default:
		return pc_fail(error, errno, "%s: cannot be written: %s", path, strerror(errno));
	}
}

int powercap_write(const struct pc_power *power, const struct powercap_zone *zone,
		   enum powercap_file file, unsigned which, uint64_t value, struct pc_error *error)
{
	const struct powercap *powercap = power->state;
	char path[160];

	powercap_path(zone, file, which, path, sizeof path);
	if (pc_sysfs_write_number(powercap->root, path, value) < 0)
		return explain_write(path, error);
	return 0;
}

/*
 * The counter is shown in microjoules and wraps where the 32-bit register does: at
 * the range plus one more count of the register.
 */
static void open_energy(const struct powercap *powercap, struct powercap_zone *zone,
			struct pc_domain_info *info)
{
	char path[160];
	uint64_t range, energy;

	snprintf(path, sizeof path, "%s/max_energy_range_uj", zone->path);
	if (pc_sysfs_read_number(powercap->root, path, &range) < 0 || range < UINT32_MAX)
		return;
	snprintf(path, sizeof path, "%s/energy_uj", zone->path);
	zone->energy_fd = openat(powercap->root, path, O_RDONLY | O_CLOEXEC);
	if (zone->energy_fd < 0 || pc_sysfs_reread_number(zone->energy_fd, &energy) < 0)
		return;
	info->has_energy = true;
	info->energy_uj = (struct pc_ratio){ 1, 1 };
	info->energy_wrap = range + range / UINT32_MAX;
}

/* Constraints are numbered in the order in which they exist: only the name tells. */
static int find_constraint(const struct powercap *powercap, const struct powercap_zone *zone,
			   const char *wanted, unsigned *k)
{
	char path[160], name[32];

	for (*k = 0; ; (*k)++) {
		snprintf(path, sizeof path, "%s/constraint_%u_name", zone->path, *k);
		if (pc_sysfs_read_text(powercap->root, path, name, sizeof name) < 0)
			return -1;
		if (!strcmp(name, wanted))
			return 0;
	}
}

static bool may_write(const struct pc_power *power, const struct powercap_zone *zone)
{
	const struct powercap *powercap = power->state;
	char path[160];

	powercap_path(zone, POWERCAP_LIMIT, 0, path, sizeof path);
	return !power->read_only && faccessat(powercap->root, path, W_OK, AT_EACCESS) == 0;
}

static void find_limits(const struct pc_power *power, struct powercap_zone *zone,
			struct pc_domain_info *info)
{
	static const char *const names[] = { "long_term", "short_term" };
	struct pc_power_info told = { 0 };
	uint64_t value;

	for (unsigned i = 0; i < 2; i++) {
		if (find_constraint(power->state, zone, names[i], &zone->constraint[i]) < 0 ||
		    powercap_read(power, zone, POWERCAP_LIMIT, i, &value) < 0)
			break;
		zone->has_window[i] = powercap_read(power, zone, POWERCAP_WINDOW, i, &value) == 0;
		/* intel_rapl_common.c: limit 1's maximum is the TDP, limit 2's the maximum power. */
		if (powercap_read(power, zone, POWERCAP_MAX, i, &value) == 0)
			*(i ? &told.max_uw : &told.tdp_uw) = value;
		info->limit_count++;
	}
	info->info = pc_power_info_believe(told);
	info->has_limit = info->limit_count > 0;
	info->writable = info->has_limit && may_write(power, zone);
	/* 15 bits of 1/8 W, the unit of every server; a finer unit shows at the read-back. */
	info->max_limit_uw = info->has_limit ? 4095875000 : 0;
}

static void use_zone(struct pc_power *power, unsigned package, enum pc_domain domain,
		     const struct entry *entry)
{
	struct powercap_zone *zone = powercap_zone(power, package, domain);
	struct pc_domain_info *info = &power->package[package].domain[domain];

	if (!entry)
		return;
	snprintf(zone->path, sizeof zone->path, POWERCAP_DIR "/%s", entry->file);
	open_energy(power->state, zone, info);
	find_limits(power, zone, info);
}

/* --- the packages ---------------------------------------------------------------- */

static void add_package(struct pc_power *power, const struct listing *listing,
			const struct entry *top, bool amd)
{
	unsigned package = power->package_count;

	if (!top || package == PC_MAX_PACKAGES)
		return;
	power->package_count++;
	snprintf(power->package[package].name, sizeof power->package[0].name, "%s", top->name);
	use_zone(power, package, PC_PACKAGE, top);
	use_zone(power, package, PC_DRAM, find_child(listing, top, "dram"));
	use_zone(power, package, PC_PP1, find_child(listing, top, "uncore"));
	/* On AMD the zone "core" is the counter of a single core (intel_rapl_msr.c). */
	if (!amd)
		use_zone(power, package, PC_PP0, find_child(listing, top, "core"));
	/* Each package has a psys register (psys, psys-1 ...); all tell of the platform. */
	if (package == 0)
		use_zone(power, package, PC_PLATFORM, find_top(listing, "psys"));
}

static void add_packages(struct pc_power *power, const struct listing *listing, bool amd)
{
	const struct pc_topology *topology = power->topology;

	for (unsigned i = 0; i < pc_topology_package_count(topology); i++) {
		unsigned os_index = pc_topology_package_os_index(topology, i);
		char name[48];

		snprintf(name, sizeof name, "package-%u", os_index);
		add_package(power, listing, find_top(listing, name), amd);
		/* Zones are per die instead where any package of the machine has several. */
		for (unsigned die = 0; die < pc_topology_die_count(topology, i); die++) {
			snprintf(name, sizeof name, "package-%u-die-%u", os_index,
				 pc_topology_die_os_index(topology, i, die));
			add_package(power, listing, find_top(listing, name), amd);
		}
	}
}

static bool is_amd(const char *root)
{
	const struct pc_cpu_model *model;

	return pc_cpu_model_detect(root, &model, NULL) == 0 && model->vendor == PC_VENDOR_AMD;
}

int powercap_find_zones(struct pc_power *power, const char *root, struct pc_error *error)
{
	const struct powercap *powercap = power->state;
	struct listing *listing = calloc(1, sizeof *listing);
	int result = -1;

	if (!listing)
		return pc_fail(error, ENOMEM, POWERCAP_DIR ": out of memory");
	if (list_zones(powercap->root, listing, error) < 0)
		goto out;
	add_packages(power, listing, is_amd(root));
	if (power->package_count)
		result = 0;
	else
		pc_fail(error, ENODEV, POWERCAP_DIR ": %u intel-rapl zones, and none is a package of this "
			"machine", listing->count);
out:
	free(listing);
	return result;
}

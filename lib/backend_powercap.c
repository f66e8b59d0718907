/* SPDX-License-Identifier: BSD-3-Clause */
/* Rung 30: the kernel's intel_rapl driver behind the files of powercap. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "powercap.h"
#include "sysfs.h"

/* --- open and close ----------------------------------------------------------- */

static void powercap_close(struct pc_power *power)
{
	struct powercap *powercap = power->state;
	int code = errno;

	if (!powercap)
		return;
	for (unsigned i = 0; i < PC_MAX_PACKAGES; i++) {
		for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
			if (powercap->zone[i][d].energy_fd >= 0)
				close(powercap->zone[i][d].energy_fd);
		}
	}
	if (powercap->root >= 0)
		close(powercap->root);
	free(powercap);
	power->state = NULL;
	errno = code;
}

static struct powercap *make_state(struct pc_error *error)
{
	struct powercap *powercap = calloc(1, sizeof *powercap);

	if (!powercap) {
		pc_fail(error, ENOMEM, POWERCAP_DIR ": out of memory");
		return NULL;
	}
	powercap->root = -1;
	for (unsigned i = 0; i < PC_MAX_PACKAGES; i++) {
		for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++)
			powercap->zone[i][d].energy_fd = -1;
	}
	return powercap;
}

/* A rung that can neither measure nor limit is none; a recorded one is there to look at. */
static int is_worth_taking(const struct pc_power *power, struct pc_error *error)
{
	for (unsigned i = 0; i < power->package_count; i++) {
		for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
			const struct pc_domain_info *info = &power->package[i].domain[d];

			if (info->has_energy || info->writable || (power->read_only && info->has_limit))
				return 0;
		}
	}
	return pc_fail(error, EACCES, "%s/energy_uj: cannot be read: only root can since Linux 5.10 "
		       "(CVE-2020-8694), or the user whom root made its owner",
		       powercap_zone(power, 0, PC_PACKAGE)->path);
}

static int load_topology(struct pc_power *power, const char *root, struct pc_error *error)
{
	bool recorded = root && strcmp(root, "/") != 0;

	return pc_topology_load(&power->topology, recorded ? PC_TOPOLOGY_ROOT : PC_TOPOLOGY_SYSTEM,
				root, error);
}

static int powercap_open(struct pc_power *power, const struct pc_power_config *config,
			 const char *argument, struct pc_error *error)
{
	struct powercap *powercap = make_state(error);

	(void)argument;
	power->state = powercap;
	if (!powercap)
		return -1;
	powercap->root = pc_sysfs_root(config->root, error);
	if (powercap->root < 0 ||
	    load_topology(power, config->root, error) < 0 ||
	    powercap_find_zones(power, config->root, error) < 0 ||
	    is_worth_taking(power, error) < 0) {
		powercap_close(power);
		return -1;
	}
	return 0;
}

/* --- operations --------------------------------------------------------------- */

static int no_such(const char *what, struct pc_error *error)
{
	return pc_fail(error, ENODEV, "there is no %s here", what);
}

static int vanished(const char *what, struct pc_error *error)
{
	return pc_fail(error, errno, "%s cannot be read any more: %s", what, strerror(errno));
}

static int read_energy(const struct pc_power *power, unsigned package, struct pc_op *op,
		       struct pc_error *error)
{
	if (!power->package[package].domain[op->domain].has_energy)
		return no_such("energy counter", error);
	if (pc_sysfs_reread_number(powercap_zone(power, package, op->domain)->energy_fd, &op->count) < 0)
		return vanished("energy_uj", error);
	return 0;
}

/*
 * The clamp bit is not shown, but the driver sets and clears it with `enabled`
 * (intel_rapl_common.c, set_floor_freq_default), and `enabled` is both limits'.
 */
static int read_limits(const struct pc_power *power, unsigned package, struct pc_op *op,
		       struct pc_error *error)
{
	const struct powercap_zone *zone = powercap_zone(power, package, op->domain);
	const struct pc_domain_info *info = &power->package[package].domain[op->domain];
	uint64_t enabled = 0;

	if (!info->has_limit)
		return no_such("limit", error);
	if (powercap_read(power, zone, POWERCAP_ENABLED, 0, &enabled) < 0)
		return vanished("enabled", error);
	op->limits = (struct pc_limits){ .count = info->limit_count, .locked = info->locked };
	for (unsigned i = 0; i < info->limit_count; i++) {
		struct pc_limit *limit = &op->limits.limit[i];

		limit->enabled = limit->clamped = enabled;
		if (powercap_read(power, zone, POWERCAP_LIMIT, i, &limit->limit_uw) < 0)
			return vanished("the limit", error);
		if (zone->has_window[i] &&
		    powercap_read(power, zone, POWERCAP_WINDOW, i, &limit->window_us) < 0)
			return vanished("the window", error);
	}
	return 0;
}

/* The driver cuts what does not fit into the field, silently; 0 W stops a node. */
static int check_limit(const struct pc_domain_info *info, const struct powercap_zone *zone,
		       unsigned which, const struct pc_limit *limit, struct pc_error *error)
{
	if (which >= info->limit_count)
		return no_such(which ? "second limit" : "limit", error);
	if (info->locked)
		return pc_fail(error, EROFS, "locked by the firmware until the next reset; a BIOS setting "
			       "may unlock it");
	if (!info->writable)
		return pc_fail(error, EPERM, "%s: this process may not write its limits; only root can, or the "
			       "user whom root made the files' owner", zone->path);
	if (limit->limit_uw < 1000000 || limit->limit_uw > info->max_limit_uw)
		return pc_fail(error, ERANGE, "%.3f W cannot be set: the limit takes 1 W to %.3f W",
			       (double)limit->limit_uw / 1e6, (double)info->max_limit_uw / 1e6);
	if (limit->window_us && !zone->has_window[which])
		return no_such("window to set", error);
	return 0;
}

/* Values round down to what the register can say: to less than a watt, and to the
 * next of windows that are at most a factor of two apart. */
static int compare(const struct pc_limit *asked, const struct pc_limit *got, struct pc_error *error)
{
	if (got->limit_uw > asked->limit_uw || asked->limit_uw - got->limit_uw >= 1000000)
		return pc_fail(error, EIO, "%.3f W were written and read back as %.3f W: something else "
			       "holds this limit", (double)asked->limit_uw / 1e6, (double)got->limit_uw / 1e6);
	if (asked->window_us && (got->window_us > asked->window_us ||
				 got->window_us < asked->window_us / 2))
		return pc_fail(error, EIO, "a window of %.6f s was written and read back as %.6f s",
			       (double)asked->window_us / 1e6, (double)got->window_us / 1e6);
	return 0;
}

/* `enabled` is the zone's: with limit 1 it may change, limit 2 only follows. */
static int set_enabled(const struct pc_power *power, const struct powercap_zone *zone,
		       unsigned which, bool wanted, struct pc_error *error)
{
	uint64_t enabled;

	if (powercap_read(power, zone, POWERCAP_ENABLED, 0, &enabled) < 0)
		return vanished("enabled", error);
	if (!enabled == !wanted)
		return 0;
	if (which)
		return pc_fail(error, ENOTSUP, "powercap enables and disables both limits together: "
			       "do it with limit 1");
	return powercap_write(power, zone, POWERCAP_ENABLED, 0, wanted, error);
}

static int write_limit(const struct pc_power *power, const struct powercap_zone *zone, unsigned which,
		       const struct pc_limit *limit, struct pc_error *error)
{
	uint64_t present;

	/* A write that changes nothing would still switch off the package's power
	 * notification interrupt (intel_rapl_common.c, package_power_limit_irq_save). */
	if (powercap_read(power, zone, POWERCAP_LIMIT, which, &present) < 0)
		return vanished("the limit", error);
	if (present != limit->limit_uw &&
	    powercap_write(power, zone, POWERCAP_LIMIT, which, limit->limit_uw, error) < 0)
		return -1;
	if (!limit->window_us)
		return 0;
	if (powercap_read(power, zone, POWERCAP_WINDOW, which, &present) < 0)
		return vanished("the window", error);
	if (present == limit->window_us)
		return 0;
	return powercap_write(power, zone, POWERCAP_WINDOW, which, limit->window_us, error);
}

static int set_limit(struct pc_power *power, unsigned package, struct pc_op *op,
		     struct pc_error *error)
{
	const struct powercap_zone *zone = powercap_zone(power, package, op->domain);
	struct pc_domain_info *info = &power->package[package].domain[op->domain];
	unsigned which = op->kind == PC_OP_LIMIT2_SET;
	struct pc_limit asked = op->limits.limit[which];

	if (check_limit(info, zone, which, &asked, error) < 0)
		return -1;
	if (write_limit(power, zone, which, &asked, error) < 0 ||
	    (op->kind != PC_OP_LIMIT_WRITE &&
	     set_enabled(power, zone, which, asked.enabled, error) < 0)) {
		/* The driver looked at the lock bit when it was loaded, so it stays so. */
		info->locked |= errno == EROFS;
		return -1;
	}
	if (read_limits(power, package, op, error) < 0)
		return -1;
	return compare(&asked, &op->limits.limit[which], error);
}

static int run_op(struct pc_power *power, unsigned package, struct pc_op *op, struct pc_error *error)
{
	switch (op->kind) {
	case PC_OP_ENERGY:
		return read_energy(power, package, op, error);
	case PC_OP_PERF_STATUS:
		return pc_fail(error, ENODEV, "there is no perf status here: powercap does not show it");
	case PC_OP_LIMIT_READ:
		return read_limits(power, package, op, error);
	case PC_OP_LIMIT_WRITE:
	case PC_OP_LIMIT1_SET:
	case PC_OP_LIMIT2_SET:
		return set_limit(power, package, op, error);
	}
	return no_such("operation of that kind", error);
}

static int powercap_run(struct pc_power *power, unsigned package, struct pc_op *ops, unsigned count,
			struct pc_stamp *stamp, struct pc_error *error)
{
	struct pc_stamp when = { .before_ns = pc_now_ns() };
	struct pc_error later;
	int failed = 0;

	for (unsigned i = 0; i < count; i++) {
		struct pc_error *sentence = failed ? &later : error;

		ops[i].error = 0;
		if (run_op(power, package, &ops[i], sentence) == 0)
			continue;
		ops[i].error = -errno;
		if (!failed) {
			failed = errno;
			pc_fail_within(error, "%s %s", power->package[package].name,
				       pc_domain_name(ops[i].domain));
		}
	}
	when.after_ns = pc_now_ns();
	if (stamp)
		*stamp = when;
	errno = failed;
	return failed ? -1 : 0;
}

/* --- access ------------------------------------------------------------------- */

struct path_list {
	struct pc_access_path *path;
	unsigned max;
	unsigned count;
};

static void add_path(struct path_list *list, const char *path, bool write)
{
	if (list->count < list->max) {
		struct pc_access_path *entry = &list->path[list->count];

		*entry = (struct pc_access_path){ .write = write, .by_owner = true };
		snprintf(entry->path, sizeof entry->path, "/%s", path);
	}
	list->count++;
}

/* Of limit 1 alone: `enabled` and limit 2 stay root's. */
static void add_zone_paths(const struct pc_power *power, unsigned package, enum pc_domain domain,
			   struct path_list *list)
{
	const struct powercap_zone *zone = powercap_zone(power, package, domain);
	const struct pc_domain_info *info = &power->package[package].domain[domain];
	char path[160];

	if (info->has_energy) {
		snprintf(path, sizeof path, "%s/energy_uj", zone->path);
		add_path(list, path, false);
	}
	if (info->has_limit) {
		powercap_path(zone, POWERCAP_LIMIT, 0, path, sizeof path);
		add_path(list, path, true);
	}
	if (info->has_limit && zone->has_window[0]) {
		powercap_path(zone, POWERCAP_WINDOW, 0, path, sizeof path);
		add_path(list, path, true);
	}
}

static unsigned powercap_access_paths(const struct pc_power *power, struct pc_access_path *path,
				      unsigned max)
{
	struct path_list list = { path, max, 0 };

	if (power->read_only)
		return 0;
	for (unsigned i = 0; i < power->package_count; i++) {
		add_zone_paths(power, i, PC_PACKAGE, &list);
		add_zone_paths(power, i, PC_DRAM, &list);
	}
	return list.count;
}

const struct pc_backend pc_backend_powercap = {
	.name = "powercap",
	.rung = 30,
	.open = powercap_open,
	.close = powercap_close,
	.run = powercap_run,
	.capture = powercap_capture,
	.setting_read = powercap_setting_read,
	.setting_write = powercap_setting_write,
	.setting_lowers = powercap_setting_lowers,
	.access_paths = powercap_access_paths,
};

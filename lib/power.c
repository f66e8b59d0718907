/* SPDX-License-Identifier: BSD-3-Clause */
#include "power.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"

/* Best first (doc/design.md, "Power access"). */
static const struct pc_backend *const ladder[] = {
	&pc_backend_msrsafe_batch,
	&pc_backend_msrsafe,
	&pc_backend_msr,
	&pc_backend_powercap,
	&pc_backend_perf,
	&pc_backend_none,
};

enum { LADDER = sizeof ladder / sizeof ladder[0] };

/* --- opening ---------------------------------------------------------------- */

static bool is_recorded(const char *root)
{
	return root && strcmp(root, "/") != 0;
}

/* What a failed open may have left, so that the next rung starts from nothing. */
static void wipe(struct pc_power *power)
{
	int code = errno;

	pc_topology_destroy(power->topology);
	memset(power, 0, sizeof *power);
	errno = code;
}

static int try_open(struct pc_power *power, const struct pc_backend *backend,
		    const struct pc_power_config *config, const char *argument,
		    struct pc_error *error)
{
	power->backend = backend;
	power->read_only = is_recorded(config->root);
	if (backend->open(power, config, argument, error) == 0)
		return 0;
	wipe(power);
	return -1;
}

static void note(struct pc_rung_report *report, unsigned max, unsigned *reported,
		 const struct pc_backend *backend, bool taken, const char *reason)
{
	struct pc_rung_report *line = report + *reported;

	if (!report || *reported >= max)
		return;
	line->name = backend->name;
	line->rung = backend->rung;
	line->taken = taken;
	snprintf(line->reason, sizeof line->reason, "%.*s", (int)sizeof line->reason - 1, reason);
	(*reported)++;
}

static int climb(struct pc_power *power, const struct pc_power_config *config,
		 struct pc_rung_report *report, unsigned max, unsigned *reported,
		 struct pc_error *error)
{
	const struct pc_backend *taken = NULL;
	struct pc_error why;
	char reason[64];

	for (unsigned i = 0; i < LADDER; i++) {
		if (taken) {
			snprintf(reason, sizeof reason, "not tried: %s was taken", taken->name);
			note(report, max, reported, ladder[i], false, reason);
		} else if (try_open(power, ladder[i], config, NULL, &why) == 0) {
			taken = ladder[i];
			note(report, max, reported, taken, true, "taken");
		} else {
			note(report, max, reported, ladder[i], false, why.text);
		}
	}
	return taken ? 0 : pc_fail(error, ENODEV, "%s", why.text);
}

/* The back end "NAME" or "NAME:ARGUMENT" names; only the simulated node takes one. */
static const struct pc_backend *find_backend(const char *name, const char **argument,
					     struct pc_error *error)
{
	const char *colon = strchr(name, ':');
	size_t length = colon ? (size_t)(colon - name) : strlen(name);

	if (length == 3 && !strncmp(name, "sim", length)) {
		*argument = colon ? colon + 1 : "";
		if (**argument)
			return &pc_backend_sim;
		pc_fail(error, EINVAL, "back end \"%s\": the simulated node needs its file's path: "
			"\"sim:PATH\"", name);
		return NULL;
	}
	*argument = NULL;
	for (unsigned i = 0; i < LADDER; i++) {
		if (!strcmp(name, ladder[i]->name))
			return ladder[i];
	}
	pc_fail(error, EINVAL, "back end \"%s\": there is none of that name; choose auto, %s, %s, %s, "
		"%s, %s, %s or sim:PATH", name, ladder[0]->name, ladder[1]->name, ladder[2]->name,
		ladder[3]->name, ladder[4]->name, ladder[5]->name);
	return NULL;
}

static int open_named(struct pc_power *power, const struct pc_power_config *config,
		      struct pc_rung_report *report, unsigned max, unsigned *reported,
		      struct pc_error *error)
{
	struct pc_error why = { "" };
	const char *argument;
	const struct pc_backend *backend = find_backend(config->backend, &argument, error);

	if (!backend)
		return -1;
	if (try_open(power, backend, config, argument, &why) == 0) {
		note(report, max, reported, backend, true, "taken, by name");
		return 0;
	}
	note(report, max, reported, backend, false, why.text);
	return pc_fail(error, ENODEV, "%s", why.text);
}

int pc_power_open(struct pc_power **power, const struct pc_power_config *config,
		  struct pc_rung_report *report, unsigned max, unsigned *reported,
		  struct pc_error *error)
{
	bool automatic = !config->backend || !strcmp(config->backend, "auto");
	struct pc_power *node = calloc(1, sizeof *node);
	unsigned filled = 0;
	int status;

	*power = NULL;
	if (!node)
		return pc_fail(error, ENOMEM, "power: no memory for a node");
	status = (automatic ? climb : open_named)(node, config, report, max, &filled, error);
	if (reported)
		*reported = filled;
	if (status < 0)
		pc_power_close(node);
	else
		*power = node;
	return status;
}

void pc_power_close(struct pc_power *power)
{
	int code = errno;

	if (!power)
		return;
	if (power->backend && power->backend->close)
		power->backend->close(power);
	pc_topology_destroy(power->topology);
	free(power);
	errno = code;
}

/* --- what the node is ------------------------------------------------------- */

const char *pc_power_backend(const struct pc_power *power)
{
	return power->backend->name;
}

int pc_power_rung(const struct pc_power *power)
{
	return power->backend->rung;
}

bool pc_power_simulated(const struct pc_power *power)
{
	return power->backend->simulated;
}

const struct pc_topology *pc_power_topology(const struct pc_power *power)
{
	return power->topology;
}

unsigned pc_power_package_count(const struct pc_power *power)
{
	return power->package_count;
}

const char *pc_power_package_name(const struct pc_power *power, unsigned package)
{
	return package < power->package_count ? power->package[package].name : NULL;
}

int pc_power_package_find(const struct pc_power *power, const char *name)
{
	for (unsigned i = 0; i < power->package_count; i++)
		if (!strcmp(power->package[i].name, name))
			return (int)i;
	return -1;
}

unsigned pc_power_package_names(const struct pc_power *power, char name[PC_MAX_PACKAGES][PC_PACKAGE_NAME])
{
	for (unsigned i = 0; i < power->package_count; i++)
		memcpy(name[i], power->package[i].name, PC_PACKAGE_NAME);
	return power->package_count;
}

const struct pc_domain_info *pc_power_domain(const struct pc_power *power, unsigned package,
					     enum pc_domain domain)
{
	if (package >= power->package_count || domain >= PC_DOMAIN_COUNT)
		return NULL;
	return &power->package[package].domain[domain];
}

uint64_t pc_power_energy_uj(const struct pc_domain_info *info, uint64_t before, uint64_t after)
{
	uint64_t count = after - before;

	if (info->energy_wrap && after < before)
		count += info->energy_wrap;
	return pc_ratio_apply(info->energy_uj, count);
}

/* --- dispatch --------------------------------------------------------------- */

static int cannot(const struct pc_power *power, const char *what, struct pc_error *error)
{
	return pc_fail(error, ENOTSUP, "%s: this back end cannot %s", power->backend->name, what);
}

static int is_read_only(const struct pc_power *power, const char *what, struct pc_error *error)
{
	if (!power->read_only)
		return 0;
	return pc_fail(error, EROFS, "%s: a recorded root is read only: it cannot %s",
		       power->backend->name, what);
}

static bool writes(const struct pc_op *op)
{
	return op->kind >= PC_OP_LIMIT_WRITE;
}

int pc_power_run(struct pc_power *power, unsigned package, struct pc_op *ops, unsigned count,
		 struct pc_stamp *stamp, struct pc_error *error)
{
	if (package >= power->package_count)
		return pc_fail(error, EINVAL, "%s: there is no package %u: the node has %u",
			       power->backend->name, package, power->package_count);
	if (count > PC_MAX_OPS)
		return pc_fail(error, EINVAL, "%s: %u operations in one batch: at most %u",
			       power->backend->name, count, PC_MAX_OPS);
	for (unsigned i = 0; i < count; i++) {
		if (ops[i].kind > PC_OP_LIMIT2_SET || ops[i].domain >= PC_DOMAIN_COUNT)
			return pc_fail(error, EINVAL, "%s: operation %u is of no known kind or domain",
				       power->backend->name, i);
		if (writes(&ops[i]) && is_read_only(power, "set a limit", error) < 0)
			return -1;
	}
	return power->backend->run(power, package, ops, count, stamp, error);
}

int pc_power_capture(struct pc_power *power, struct pc_setting *setting, unsigned max,
		     struct pc_error *error)
{
	if (!power->backend->capture)
		return cannot(power, "change anything, so there is nothing to capture", error);
	return power->backend->capture(power, setting, max, error);
}

static int is_of_node(const struct pc_power *power, const struct pc_setting *setting,
		      struct pc_error *error)
{
	if (setting->package < power->package_count)
		return 0;
	return pc_fail(error, EINVAL, "%s: setting %s is of package %u: the node has %u",
		       power->backend->name, setting->key, setting->package, power->package_count);
}

int pc_power_setting_read(struct pc_power *power, const struct pc_setting *setting,
			  uint64_t *value, struct pc_error *error)
{
	if (!power->backend->setting_read)
		return cannot(power, "read settings", error);
	if (is_of_node(power, setting, error) < 0)
		return -1;
	return power->backend->setting_read(power, setting, value, error);
}

int pc_power_setting_write(struct pc_power *power, const struct pc_setting *setting,
			   struct pc_error *error)
{
	if (!power->backend->setting_write)
		return cannot(power, "write settings", error);
	if (is_of_node(power, setting, error) < 0 ||
	    is_read_only(power, "write a setting", error) < 0)
		return -1;
	return power->backend->setting_write(power, setting, error);
}

bool pc_power_setting_lowers(const struct pc_power *power, const struct pc_setting *setting,
			     uint64_t found)
{
	if (!power->backend->setting_lowers)
		return setting->value < found;
	return power->backend->setting_lowers(power, setting, found);
}

int pc_power_list_read(struct pc_power *power, struct pc_allowlist *list, struct pc_error *error)
{
	*list = PC_ALLOWLIST_EMPTY;
	if (!power->backend->list_read)
		return cannot(power, "read an allowlist: it has none", error);
	return power->backend->list_read(power, list, error);
}

int pc_power_list_install(struct pc_power *power, const struct pc_allowlist *list,
			  struct pc_error *error)
{
	if (!power->backend->list_install)
		return cannot(power, "install an allowlist: it has none", error);
	if (is_read_only(power, "install an allowlist", error) < 0)
		return -1;
	return power->backend->list_install(power, list, error);
}

int pc_power_list_for(struct pc_power *power, enum pc_list_purpose purpose,
		      struct pc_allowlist *list, struct pc_error *error)
{
	*list = PC_ALLOWLIST_EMPTY;
	if (!power->backend->list_for)
		return cannot(power, "use an allowlist: it needs none", error);
	return power->backend->list_for(power, purpose, list, error);
}

unsigned pc_power_access_paths(const struct pc_power *power, struct pc_access_path *path, unsigned max)
{
	return power->backend->access_paths ? power->backend->access_paths(power, path, max) : 0;
}

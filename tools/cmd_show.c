/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "pmctl.h"

/* A domain as it was just now; an error is 0 or a negative errno. */
struct view {
	const struct pc_domain_info *info;
	int energy_error, limits_error;
	uint64_t energy_uj;
	struct pc_limits limits;
};

static struct view look(struct pc_power *power, unsigned package, enum pc_domain domain)
{
	struct view view = { .info = pc_power_domain(power, package, domain) };
	struct pc_op energy = { .kind = PC_OP_ENERGY, .domain = domain };
	struct pc_op limits = { .kind = PC_OP_LIMIT_READ, .domain = domain };

	/* One by one: a domain that cannot be read hides no other. */
	if (view.info->has_energy && pc_power_run(power, package, &energy, 1, NULL, NULL) < 0)
		view.energy_error = energy.error;
	if (view.info->has_limit && pc_power_run(power, package, &limits, 1, NULL, NULL) < 0)
		view.limits_error = limits.error;
	view.energy_uj = pc_ratio_apply(view.info->energy_uj, energy.count);
	view.limits = limits.limits;
	return view;
}

static bool is_there(const struct pc_domain_info *info)
{
	return info->has_energy || info->has_limit;
}

static void energy_text(const struct view *view, char text[64])
{
	if (!view->info->has_energy)
		strcpy(text, "-");
	else if (view->energy_error)
		snprintf(text, 64, "%s", strerror(-view->energy_error));
	else
		snprintf(text, 64, "%.3f J", (double)view->energy_uj / 1e6);
}

static void limit_text(const struct view *view, unsigned which, char text[96])
{
	if (!view->info->has_limit)
		strcpy(text, "-");
	else if (view->limits_error)
		snprintf(text, 96, "%s", strerror(-view->limits_error));
	else
		pmctl_text_limit(&view->limits, which, text);
}

static const char *state_text(const struct pc_domain_info *info)
{
	if (!info->has_limit)
		return "-";
	if (info->locked)
		return "locked";
	return info->writable ? "writable" : "read only";
}

/* What an allowlist hides cannot be told from what is not there. */
static bool is_dark(const struct pc_power *power, unsigned package)
{
	for (enum pc_domain domain = 0; domain < PC_DOMAIN_COUNT; domain++)
		if (is_there(pc_power_domain(power, package, domain)))
			return false;
	return true;
}

static void print_package(struct pc_power *power, unsigned package)
{
	static const char *const heading[] = { "domain", "energy", "limit 1", "limit 2", "state",
					       "tdp", "min", "max" };
	struct pmctl_table table;

	if (is_dark(power, package)) {
		printf("  nothing can be read: `pmctl doctor` says why\n");
		return;
	}
	pmctl_table_begin(&table, 8, heading);
	for (enum pc_domain domain = 0; domain < PC_DOMAIN_COUNT; domain++) {
		char energy[64], limit[2][96], tdp[32], least[32], most[32];
		struct view view;

		if (!is_there(pc_power_domain(power, package, domain)))
			continue;
		view = look(power, package, domain);
		energy_text(&view, energy);
		limit_text(&view, 0, limit[0]);
		limit_text(&view, 1, limit[1]);
		pmctl_table_add(&table, "%s", pc_domain_name(domain));
		pmctl_table_add(&table, "%s", energy);
		pmctl_table_add(&table, "%s", limit[0]);
		pmctl_table_add(&table, "%s", limit[1]);
		pmctl_table_add(&table, "%s", state_text(view.info));
		pmctl_table_add(&table, "%s", pmctl_text_watts(view.info->info.tdp_uw, tdp));
		pmctl_table_add(&table, "%s", pmctl_text_watts(view.info->info.min_uw, least));
		pmctl_table_add(&table, "%s", pmctl_text_watts(view.info->info.max_uw, most));
	}
	pmctl_table_end(&table, "  ", stdout);
}

static void print_ladder(const struct pmctl *pmctl)
{
	printf("ladder:\n");
	for (unsigned i = 0; i < pmctl->rungs; i++) {
		const struct pc_rung_report *rung = &pmctl->rung[i];

		printf("%c %2d %-16s %s\n", rung->taken ? '*' : ' ', rung->rung, rung->name, rung->reason);
	}
}

static void package_cpus(const struct pc_power *power, unsigned package, char *text, unsigned size)
{
	const struct pc_topology *topology = pc_power_topology(power);

	*text = '\0';
	/* Where registers are per die there are more of them than hwloc's packages. */
	if (topology && pc_topology_package_count(topology) == pc_power_package_count(power))
		pc_topology_package_cpus(topology, package, text, size);
}

static int print_text(const struct pmctl *pmctl, struct pc_power *power)
{
	unsigned packages = pc_power_package_count(power);

	pmctl_print_node(power, stdout);
	if (pmctl->verbose)
		print_ladder(pmctl);
	for (unsigned i = 0; i < packages; i++) {
		char cpus[1024];

		package_cpus(power, i, cpus, sizeof cpus);
		printf("%s%s%s\n", pc_power_package_name(power, i), *cpus ? ", CPUs " : "", cpus);
		print_package(power, i);
	}
	return PMCTL_OK;
}

static json_t *json_error_or(int error, json_t *value)
{
	if (!error)
		return value;
	json_decref(value);
	return json_null();
}

static json_t *json_domain(struct pc_power *power, unsigned package, enum pc_domain domain)
{
	struct view view = look(power, package, domain);
	const struct pc_domain_info *info = view.info;
	json_t *energy = info->has_energy ? json_error_or(view.energy_error, json_integer((json_int_t)view.energy_uj))
					  : json_null();
	json_t *limits = info->has_limit ? json_error_or(view.limits_error, pmctl_json_limits(&view.limits))
					 : json_null();

	return json_pack("{s:s, s:o, s:o, s:b, s:b, s:o, s:o, s:o, s:o}", "domain", pc_domain_name(domain),
			 "energy_uj", energy, "limits", limits, "locked", info->locked, "writable", info->writable,
			 "tdp_uw", pmctl_json_known(info->info.tdp_uw), "min_uw", pmctl_json_known(info->info.min_uw),
			 "max_uw", pmctl_json_known(info->info.max_uw),
			 "max_limit_uw", pmctl_json_known(info->max_limit_uw));
}

static json_t *json_package(struct pc_power *power, unsigned package)
{
	json_t *domains = json_array();
	char cpus[1024];

	package_cpus(power, package, cpus, sizeof cpus);
	for (enum pc_domain domain = 0; domain < PC_DOMAIN_COUNT; domain++)
		if (is_there(pc_power_domain(power, package, domain)))
			json_array_append_new(domains, json_domain(power, package, domain));
	return json_pack("{s:s, s:s, s:o}", "name", pc_power_package_name(power, package), "cpus", cpus,
			 "domains", domains);
}

json_t *pmctl_json_show(const struct pmctl *pmctl, struct pc_power *power)
{
	json_t *node = pmctl_json_node(pmctl, power), *packages = json_array();

	for (unsigned i = 0; i < pc_power_package_count(power); i++)
		json_array_append_new(packages, json_package(power, i));
	json_object_set_new(node, "packages", packages);
	return node;
}

static int run(struct pmctl *pmctl, char **operand)
{
	struct pc_power *power = pmctl_open(pmctl);
	int status;

	(void)operand;
	if (!power)
		return PMCTL_FAILED;
	status = pmctl->json ? pmctl_json_print(pmctl_json_show(pmctl, power)) : print_text(pmctl, power);
	pc_power_close(power);
	return status;
}

const struct pmctl_command pmctl_show = {
	.name = "show", .operands = "", .run = run,
	.summary = "Print energy, limits and their state, per package and domain.",
	.details = "With -v also the ladder of back ends, and why each rung was or was not taken.",
};

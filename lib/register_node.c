/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening: which packages there are, from which CPU each is reached, and what its domains can do. */
#include "register_node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "register_state.h"

/* --- finding the packages --------------------------------------------------- */

/* Registers are per package but on the models that have them per die. */
static unsigned scopes_of(const struct pc_topology *topology, const struct pc_cpu_model *model,
			  unsigned package)
{
	unsigned dies = pc_topology_die_count(topology, package);

	return model->quirks & PC_QUIRK_PER_DIE && dies > 1 ? dies : 1;
}

static unsigned count_scopes(const struct pc_topology *topology, const struct pc_cpu_model *model)
{
	unsigned count = 0;

	for (unsigned i = 0; i < pc_topology_package_count(topology); i++)
		count += scopes_of(topology, model, i);
	return count;
}

static void set_addresses(struct register_package *package, const struct pc_cpu_model *model)
{
	for (unsigned i = 0; i < PC_DOMAIN_COUNT; i++) {
		struct register_domain *domain = &package->domain[i];

		domain->format = model->limit[i];
		domain->limit = pc_cpu_model_address(model, i, PC_REG_LIMIT);
		domain->energy = pc_cpu_model_address(model, i, PC_REG_ENERGY);
		domain->perf_status = pc_cpu_model_address(model, i, PC_REG_PERF_STATUS);
		domain->info = pc_cpu_model_address(model, i, PC_REG_INFO);
	}
}

static void add_package(struct pc_power *power, unsigned package, int die)
{
	struct register_node *node = register_node(power);
	struct register_package *scope = &node->package[node->count];
	unsigned os_index = pc_topology_package_os_index(node->topology, package);
	char *name = power->package[node->count].name;
	size_t size = sizeof power->package[0].name;

	scope->package = package;
	scope->die = die;
	scope->cpu = pc_topology_reach_cpu(node->topology, package, die, NULL);
	set_addresses(scope, node->model);
	/* Every package has these registers, and all of them tell of the one platform. */
	if (node->count)
		scope->domain[PC_PLATFORM] = (struct register_domain){ .limit = 0 };
	if (die < 0)
		snprintf(name, size, "package-%u", os_index);
	else
		snprintf(name, size, "package-%u-die-%u", os_index,
			 pc_topology_die_os_index(node->topology, package, (unsigned)die));
	node->count++;
}

static void add_packages(struct pc_power *power)
{
	struct register_node *node = register_node(power);

	for (unsigned i = 0; i < pc_topology_package_count(node->topology); i++) {
		unsigned scopes = scopes_of(node->topology, node->model, i);

		if (scopes == 1)
			add_package(power, i, -1);
		for (unsigned die = 0; scopes > 1 && die < scopes; die++)
			add_package(power, i, (int)die);
	}
	power->package_count = node->count;
}

/* --- what a package can do -------------------------------------------------- */

/* Where each answer of a domain's probe lies in the batch; -1: not asked. */
struct probe {
	int limit;
	int energy;
	int perf_status;
	int info;
};

static int ask(struct register_package *package, uint32_t msr)
{
	return msr ? (int)register_read(package, msr) : -1;
}

static void ask_domain(struct register_package *package, const struct pc_cpu_model *model,
		       enum pc_domain i, struct probe *probe)
{
	const struct register_domain *domain = &package->domain[i];
	bool has_energy = model->energy_domains & 1u << i;
	bool has_limit = domain->format.layout != PC_LAYOUT_NONE;

	probe->energy = has_energy ? ask(package, domain->energy) : -1;
	probe->limit = has_limit ? ask(package, domain->limit) : -1;
	probe->perf_status = ask(package, domain->perf_status);
	probe->info = ask(package, domain->info);
}

static const struct pc_msr_op *answer(const struct register_package *package, int at)
{
	return at >= 0 && package->op[at].err == 0 ? &package->op[at] : NULL;
}

/*
 * A plane that has counted nothing since power-on has no meter behind it: server
 * parts answer PP0 with 0 for ever, and DRAM where the BIOS switched its RAPL off.
 * Linux hides such domains too (drivers/powercap/intel_rapl_common.c,
 * rapl_check_domain).  A package always counts.
 */
static bool counts(enum pc_domain domain, const struct pc_msr_op *energy)
{
	return energy && (domain == PC_PACKAGE || (energy->msrdata & UINT32_MAX) != 0);
}

static void describe_limit(const struct register_package *package, enum pc_domain i,
			   struct pc_domain_info *info)
{
	const struct register_domain *domain = &package->domain[i];
	uint64_t job = pc_limit_mask(domain->format, 0);

	info->has_limit = true;
	info->limit_count = domain->limits.count;
	info->locked = domain->limits.locked;
	info->limit_mask = domain->wmask;
	info->writable = !info->locked && !(job & ~domain->wmask);
	info->max_limit_uw = pc_limit_max_uw(domain->format, &package->units);
}

static void describe_domain(struct register_package *package, const struct pc_cpu_model *model,
			    enum pc_domain i, const struct probe *probe, struct pc_domain_info *info)
{
	const struct pc_msr_op *limit = answer(package, probe->limit);
	const struct pc_msr_op *power = answer(package, probe->info);

	info->has_energy = counts(i, answer(package, probe->energy));
	info->energy_uj = package->units.energy_uj[i];
	info->energy_wrap = UINT64_C(1) << 32;   /* SDM vol. 3B 15.10.3: bits 31:0 count */
	info->has_perf_status = answer(package, probe->perf_status) != NULL;
	/* Where the register counts unreachable caps, a count is no time. */
	info->perf_ns = model->quirks & PC_QUIRK_OVERFLOW ? (struct pc_ratio){ 0, 1 }
							  : package->units.time_ns;
	if (power)
		info->info = pc_power_info_decode(&package->units, power->msrdata);
	if (limit) {
		register_saw_limit(package, i, limit);
		describe_limit(package, i, info);
	}
}

static int probe_units(struct register_node *node, struct register_package *package,
		       const char *name, struct pc_error *error)
{
	uint32_t unit = pc_cpu_model_address(node->model, PC_PACKAGE, PC_REG_UNIT);
	unsigned at, tsc;

	register_begin(package);
	at = register_read(package, unit);
	tsc = register_read(package, PC_MSR_TSC);
	if (register_send(node, package, NULL, error) < 0 && package->op[at].err)
		return register_explain(node, name, &package->op[at], error);
	node->has_tsc &= package->op[tsc].err == 0;
	if (pc_cpu_model_units(node->model, package->op[at].msrdata, &package->units, error) < 0)
		return pc_fail_within(error, "%s", name);
	return 0;
}

/* A register that faults or is not listed is absent; anything else says nothing about it. */
static const struct pc_msr_op *unanswered(const struct register_package *package)
{
	for (unsigned i = 0; i < package->ops; i++) {
		int err = package->op[i].err;

		if (err && err != -EIO && err != -EACCES)
			return &package->op[i];
	}
	return NULL;
}

static int probe_domains(struct register_node *node, struct register_package *package,
			 struct pc_package *public, struct pc_error *error)
{
	struct probe probe[PC_DOMAIN_COUNT];
	const struct pc_msr_op *failed;

	register_begin(package);
	for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++)
		ask_domain(package, node->model, d, &probe[d]);
	(void)!register_send(node, package, NULL, error);
	failed = unanswered(package);
	if (failed)
		return register_explain(node, public->name, failed, error);
	for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++)
		describe_domain(package, node->model, d, &probe[d], &public->domain[d]);
	return 0;
}

static int probe_once(struct pc_power *power, unsigned i, struct pc_error *error)
{
	struct register_node *node = register_node(power);
	struct register_package *package = &node->package[i];
	struct pc_package *public = &power->package[i];

	memset(public->domain, 0, sizeof public->domain);
	if (probe_units(node, package, public->name, error) < 0)
		return -1;
	return probe_domains(node, package, public, error);
}

/* Again where its CPU went away meanwhile: the second time another one is asked. */
static int probe_package(struct pc_power *power, unsigned i, struct pc_error *error)
{
	if (probe_once(power, i, error) == 0)
		return 0;
	return errno == ESTALE ? probe_once(power, i, error) : -1;
}

/* Fails where not one package answers; the sentence is the first one's. */
static int probe_all(struct pc_power *power, struct pc_error *error)
{
	struct register_node *node = register_node(power);
	struct pc_error later;
	unsigned failed = 0;
	int code = 0;

	node->has_tsc = true;
	for (unsigned i = 0; i < node->count; i++) {
		if (probe_package(power, i, failed ? &later : error) == 0)
			continue;
		if (!failed++)
			code = errno;
	}
	errno = code;
	return failed == node->count ? -1 : 0;
}

/* --- open and close --------------------------------------------------------- */

static struct register_node *make_node(struct pc_topology *topology, const struct pc_cpu_model *model,
				       struct pc_msr_transport transport, struct pc_error *error)
{
	unsigned count = count_scopes(topology, model);
	struct register_node *node = NULL;

	if (count == 0 || count > PC_MAX_PACKAGES)
		pc_fail(error, ENODEV, "topology: %u packages with registers of their own; "
			"1 to %u can be handled", count, PC_MAX_PACKAGES);
	else if (!(node = calloc(1, sizeof *node + count * sizeof node->package[0])))
		pc_fail(error, ENOMEM, "%s: no memory for %u packages", transport.name, count);
	else
		*node = (struct register_node){
			.transport = transport, .topology = topology, .model = model
		};
	return node;
}

int pc_register_node_open(struct pc_power *power, struct pc_topology *topology,
			  const struct pc_cpu_model *model, struct pc_msr_transport transport,
			  struct pc_error *error)
{
	struct register_node *node = make_node(topology, model, transport, error);

	if (!node) {
		transport.close(transport.self);
		pc_topology_destroy(topology);
		return -1;
	}
	power->topology = topology;
	power->state = node;
	add_packages(power);
	if (probe_all(power, error) == 0)
		return 0;
	/* A list that hides everything is no reason to fail for who can replace it. */
	if (errno == EACCES && transport.list_write)
		return 0;
	pc_register_node_close(power);
	pc_topology_destroy(topology);
	power->topology = NULL;
	return -1;
}

void pc_register_node_close(struct pc_power *power)
{
	struct register_node *node = register_node(power);
	int code = errno;

	node->transport.close(node->transport.self);
	free(node);
	power->state = NULL;
	errno = code;
}

/* --- the list --------------------------------------------------------------- */

static int has_no_list(const struct register_node *node, struct pc_error *error)
{
	return pc_fail(error, ENOTSUP, "%s: this driver has no allowlist", node->transport.name);
}

int pc_register_node_list_read(struct pc_power *power, struct pc_allowlist *list, struct pc_error *error)
{
	struct register_node *node = register_node(power);

	if (!node->transport.list_read)
		return has_no_list(node, error);
	return node->transport.list_read(node->transport.self, list, error);
}

int pc_register_node_list_install(struct pc_power *power, const struct pc_allowlist *list,
				  struct pc_error *error)
{
	struct register_node *node = register_node(power);

	if (!node->transport.list_read)
		return has_no_list(node, error);
	if (!node->transport.list_write)
		return pc_fail(error, EACCES, "%s: this process may not replace the allowlist; "
			       "only root can, or the group that the site chose", node->transport.name);
	if (node->transport.list_write(node->transport.self, list, error) < 0)
		return -1;
	/* A list that now hides everything is what was asked for: no domain, no failure. */
	(void)!probe_all(power, NULL);
	return 0;
}

int pc_register_node_list_for(struct pc_power *power, enum pc_list_purpose purpose,
			      struct pc_allowlist *list, struct pc_error *error)
{
	return pc_model_list(register_node(power)->model, purpose, list, error);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmctl.h"
#include "sim.h"

static const char *topology = "pack:2 core:2 pu:1", *sku, *variation = "0", *seed = "1",
		  *host_ratio = "1", *workload, *mode = "0600", *list = "read";
static const char *package, *domain = "package", *fault;
static bool off;

static const struct pmctl_option create_options[] = {
	{ "topology", 't', "STRING", "hwloc synthetic string (\"pack:2 core:2 pu:1\")", &topology },
	{ "sku", 0, "NAME", "what the packages resemble (sim-skx, sim-clx)", &sku },
	{ "variation", 0, "SIGMA", "of the chips' power factor, 0 to 0.3 (0)", &variation },
	{ "seed", 0, "N", "of the variation (1)", &seed },
	{ "host-ratio", 0, "N", "how many times slower than a host core a core is, 1 to 64 (1)", &host_ratio },
	{ "workload", 'w', "NAME=CLASS,...", "a phase's kind of work: dgemm, compute, mixed, stream", &workload },
	{ "mode", 'm', "OCTAL", "of the file (0600)", &mode },
	{ "list", 'l', "PURPOSE", "allowlist to begin with: none, read, job or root (read)", &list },
	{ 0 }
};

static const struct pmctl_option fault_options[] = {
	{ "package", 'p', "N", "which package", &package },
	{ "domain", 'd', "DOMAIN", "package, pp0, pp1, dram or platform (package)", &domain },
	{ "fault", 0, "NAME", "see below", &fault },
	{ "off", 0, NULL, "clear the fault", &off },
	{ 0 }
};

static int parse_mode(const char *text, mode_t *bits)
{
	char *end;
	unsigned long value = strtoul(text, &end, 8);

	if (*text < '0' || *text > '7' || *end || value > 0777 || !value)
		return pmctl_usage("pmctl sim create", "--mode: '%.16s' is no octal mode such as 0660", text);
	*bits = (mode_t)value;
	return PMCTL_OK;
}

static int parse_variation(const char *text, double *sigma)
{
	char *end;

	errno = 0;
	*sigma = strtod(text, &end);
	if (end == text || *end || errno || !isfinite(*sigma) || *sigma < 0 || *sigma > 0.3)
		return pmctl_usage("pmctl sim create", "--variation: '%.16s' is no number from 0 to 0.3", text);
	return PMCTL_OK;
}

static int parse_config(struct pc_sim_config *config)
{
	static const char where[] = "pmctl sim create";
	uint64_t ratio;

	*config = (struct pc_sim_config){ .topology = topology, .sku = sku, .workload = workload };
	if (parse_mode(mode, &config->mode) || parse_variation(variation, &config->variation) ||
	    pmctl_number(where, "--seed", seed, 0, UINT64_MAX, &config->seed) < 0 ||
	    pmctl_number(where, "--host-ratio", host_ratio, 1, 64, &ratio) < 0)
		return PMCTL_USAGE;
	config->host_ratio = (unsigned)ratio;
	return PMCTL_OK;
}

/* A real node's list belongs to its site; a simulated one begins with what a
 * careful site would load, so that it can be looked at. */
static int install_list(const char *path, enum pc_list_purpose purpose)
{
	struct pc_power_config config = { 0 };
	struct pc_allowlist entries = PC_ALLOWLIST_EMPTY;
	struct pc_power *power = NULL;
	struct pc_error error;
	char spec[PATH_MAX + 8];
	int status = PMCTL_OK;

	snprintf(spec, sizeof spec, "sim:%s", path);
	config.backend = spec;
	if (pc_power_open(&power, &config, NULL, 0, NULL, &error) < 0 ||
	    pc_power_list_for(power, purpose, &entries, &error) < 0 ||
	    pc_power_list_install(power, &entries, &error) < 0)
		status = pmctl_error("%s", error.text);
	pc_allowlist_free(&entries);
	pc_power_close(power);
	return status;
}

static int run_create(struct pmctl *pmctl, char **operand)
{
	enum pc_list_purpose purpose = PC_LIST_READ;
	bool with_list = strcmp(list, "none");
	struct pc_sim_config config;
	struct pc_error error;

	if (parse_config(&config) || (with_list && pmctl_purpose("pmctl sim create", "--list", list, &purpose) < 0))
		return PMCTL_USAGE;
	if (pmctl->dry_run) {
		printf("would make a simulated node in %s: %s\n", operand[0], topology);
		return PMCTL_OK;
	}
	if (pc_sim_create(operand[0], &config, &error) < 0)
		return pmctl_error("%s", error.text);
	if (with_list && install_list(operand[0], purpose)) {
		unlink(operand[0]);
		return PMCTL_FAILED;
	}
	if (pmctl->json)
		return pmctl_json_print(json_pack("{s:s, s:s}", "path", operand[0], "topology", topology));
	printf("%s: a simulated node (%s); use it with --backend=sim:%s\n", operand[0], topology, operand[0]);
	return PMCTL_OK;
}

static int find_fault(enum pc_sim_fault *found)
{
	char names[256] = "";

	for (unsigned i = 0; i < PC_SIM_FAULT_COUNT; i++) {
		const char *name = pc_sim_fault_name((enum pc_sim_fault)i);

		*found = (enum pc_sim_fault)i;
		if (fault && !strcmp(fault, name))
			return PMCTL_OK;
		snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", name);
	}
	return pmctl_usage("pmctl sim fault", "--fault: '%.32s' is none of %s", fault ? fault : "", names);
}

static int run_fault(struct pmctl *pmctl, char **operand)
{
	enum pc_domain where;
	enum pc_sim_fault what;
	struct pc_sim *sim = NULL;
	struct pc_error error;
	uint64_t index;
	int status = PMCTL_OK;

	if (!package)
		return pmctl_usage("pmctl sim fault", "--package is missing");
	if (pmctl_number("pmctl sim fault", "--package", package, 0, PC_MAX_PACKAGES - 1, &index) < 0)
		return PMCTL_USAGE;
	if (pc_domain_from_name(domain, &where) < 0)
		return pmctl_usage("pmctl sim fault", "--domain: '%.16s' is no domain", domain);
	if (find_fault(&what))
		return PMCTL_USAGE;
	if (pc_sim_attach(&sim, operand[0], &error) < 0)
		return pmctl_error("%s", error.text);
	if (pmctl->dry_run)
		printf("would %s %s on package %s, %s\n", off ? "clear" : "set", fault, package, domain);
	else if (pc_sim_fault_set(sim, (unsigned)index, where, what, !off, &error) < 0)
		status = pmctl_error("%s", error.text);
	pc_sim_detach(sim);
	return status;
}

static json_t *true_energy(struct pc_sim *sim)
{
	json_t *packages = json_array();

	for (unsigned i = 0; i < pc_sim_package_count(sim); i++)
		json_array_append_new(packages, json_pack("{s:I, s:I}",
			"package_uj", (json_int_t)pc_sim_true_energy_uj(sim, i, PC_PACKAGE),
			"dram_uj", (json_int_t)pc_sim_true_energy_uj(sim, i, PC_DRAM)));
	return packages;
}

static void print_sim(struct pc_sim *sim, const char *path)
{
	printf("%s: a simulated node, topology %s\n", path, pc_sim_topology(sim));
	for (unsigned i = 0; i < pc_sim_package_count(sim); i++)
		printf("package-%u: simulated energy since it was made: package %.3f J, dram %.3f J\n", i,
		       (double)pc_sim_true_energy_uj(sim, i, PC_PACKAGE) / 1e6,
		       (double)pc_sim_true_energy_uj(sim, i, PC_DRAM) / 1e6);
}

static int run_show(struct pmctl *pmctl, char **operand)
{
	struct pc_sim *sim = NULL;
	struct pc_error error;
	char spec[PATH_MAX + 8];
	int status = PMCTL_OK;

	if (pc_sim_attach(&sim, operand[0], &error) < 0)
		return pmctl_error("%s", error.text);
	if (pmctl->json) {
		status = pmctl_json_print(json_pack("{s:s, s:s, s:b, s:o}", "path", operand[0],
			"topology", pc_sim_topology(sim), "simulated", 1, "true_energy", true_energy(sim)));
	} else {
		print_sim(sim, operand[0]);
		snprintf(spec, sizeof spec, "sim:%s", operand[0]);
		pmctl->backend = spec;
		status = pmctl_show.run(pmctl, NULL);
		pmctl->backend = NULL;
	}
	pc_sim_detach(sim);
	return status;
}

static const struct pmctl_command members[] = {
	{ .name = "create", .operands = "PATH", .least = 1, .most = 1, .writes = true,
	  .options = create_options, .run = run_create,
	  .summary = "Make a simulated node in a new file." },
	{ .name = "fault", .operands = "PATH", .least = 1, .most = 1, .writes = true,
	  .options = fault_options, .run = run_fault,
	  .summary = "Set or clear a fault of one domain of one package.",
	  .details = "Faults: limit-ignored, locked, absent, limit2-wired, cpu-lost, counter-stuck,\n"
		     "absurd-info, limited-elsewhere." },
	{ .name = "show", .operands = "PATH", .least = 1, .most = 1, .run = run_show,
	  .summary = "Print a simulated node: its topology, its true energy, its registers." },
	{ 0 }
};

const struct pmctl_command pmctl_sim = {
	.name = "sim", .operands = "COMMAND ...", .least = 1, .members = members,
	.summary = "Make, look at and break simulated nodes.",
	.details = "A simulated node is a file that holds the registers of a node's packages, for\n"
		   "laptops, demonstrations and tests. Every command takes it as --backend=sim:PATH.",
};

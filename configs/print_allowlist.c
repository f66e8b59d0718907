/* SPDX-License-Identifier: BSD-3-Clause */
/* Prints configs/allowlists/SLUG out of the table of CPU models; see configs/local.mk. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "msr.h"
#include "register_node.h"

static const char *const register_name[] = {
	[PC_REG_UNIT] = "units",
	[PC_REG_LIMIT] = "limit",
	[PC_REG_ENERGY] = "energy",
	[PC_REG_PERF_STATUS] = "throttled time",
	[PC_REG_INFO] = "power info",
};

static void print_meaning(const struct pc_cpu_model *model, uint32_t msr)
{
	if (msr == PC_MSR_TSC) {
		printf("time stamp");
		return;
	}
	for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
		for (enum pc_register reg = PC_REG_UNIT; reg <= PC_REG_INFO; reg++) {
			if (pc_cpu_model_address(model, d, reg) != msr)
				continue;
			if (reg == PC_REG_UNIT)
				printf("%s", register_name[reg]);
			else
				printf("%s %s", pc_domain_name(d), register_name[reg]);
			return;
		}
	}
}

static void print_heading(const struct pc_cpu_model *model)
{
	bool limits = model->limit[PC_PACKAGE].layout != PC_LAYOUT_NONE;

	printf("# %s: %s, family 0x%x, model 0x%x", model->slug, model->name, model->family,
	       model->model_first);
	if (model->model_last != model->model_first)
		printf(" to 0x%x", model->model_last);
	printf("\n# The registers of a job.  %s\n",
	       limits ? "Writable are power, clamp and window of limit 1 of the package\n"
			"# and its DRAM; never a lock, an enable bit or limit 2."
		      : "No limit of this model is ever set: nothing is writable.");
	printf("# Printed from the table of CPU models (make update-allowlists); a test compares.\n");
}

static void print_list(const struct pc_cpu_model *model, const struct pc_allowlist *list)
{
	print_heading(model);
	for (unsigned i = 0; i < list->count; i++) {
		printf("0x%08" PRIX32 " 0x%016" PRIX64 " # ", list->entry[i].msr, list->entry[i].mask);
		print_meaning(model, list->entry[i].msr);
		printf("\n");
	}
}

static int print_model(const struct pc_cpu_model *model)
{
	struct pc_allowlist list;
	struct pc_error error;

	if (pc_model_list(model, PC_LIST_JOB, &list, &error) < 0) {
		fprintf(stderr, "%s: %s\n", model->slug, error.text);
		return 1;
	}
	print_list(model, &list);
	pc_allowlist_free(&list);
	return 0;
}

/* Without an argument: the names there are. */
int main(int argc, char **argv)
{
	const struct pc_cpu_model *model;

	for (unsigned i = 0; (model = pc_cpu_model_at(i)); i++) {
		if (argc < 2)
			puts(model->slug);
		else if (!strcmp(argv[1], model->slug))
			return print_model(model);
	}
	if (argc < 2)
		return 0;
	fprintf(stderr, "%s: no such model\n", argv[1]);
	return 1;
}

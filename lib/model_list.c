/* SPDX-License-Identifier: BSD-3-Clause */
#include "msr.h"
#include "register_node.h"

/*
 * What may be written of a domain's limit register.  Never the lock, which
 * would outlast the job until the next reset; and, for a job, neither enable nor
 * limit 2, which root holds as the ceiling over whatever the job does.
 */
static uint64_t writable(const struct pc_cpu_model *model, enum pc_domain domain,
			 enum pc_list_purpose purpose)
{
	struct pc_limit_format format = model->limit[domain];

	if (purpose == PC_LIST_READ || (domain != PC_PACKAGE && domain != PC_DRAM))
		return 0;
	if (purpose == PC_LIST_JOB)
		return pc_limit_mask(format, 0);
	return pc_limit_mask(format, 0) | pc_limit_enable_mask(format, 0) |
	       pc_limit_mask(format, 1) | pc_limit_enable_mask(format, 1);
}

static int add_domain(const struct pc_cpu_model *model, enum pc_domain domain,
		      enum pc_list_purpose purpose, struct pc_allowlist *list,
		      struct pc_error *error)
{
	for (enum pc_register reg = PC_REG_UNIT; reg <= PC_REG_INFO; reg++) {
		uint32_t msr = pc_cpu_model_address(model, domain, reg);
		uint64_t mask = reg == PC_REG_LIMIT ? writable(model, domain, purpose) : 0;

		if (msr && pc_allowlist_add(list, msr, mask, error) < 0)
			return -1;
	}
	return 0;
}

static int add_all(const struct pc_cpu_model *model, enum pc_list_purpose purpose,
		   struct pc_allowlist *list, struct pc_error *error)
{
	for (unsigned i = 0; i < PC_DOMAIN_COUNT; i++) {
		if (add_domain(model, (enum pc_domain)i, purpose, list, error) < 0)
			return -1;
	}
	/* Each batch is stamped with it. */
	return pc_allowlist_add(list, PC_MSR_TSC, 0, error);
}

int pc_model_list(const struct pc_cpu_model *model, enum pc_list_purpose purpose,
		  struct pc_allowlist *list, struct pc_error *error)
{
	*list = PC_ALLOWLIST_EMPTY;
	if (add_all(model, purpose, list, error) == 0)
		return 0;
	pc_allowlist_free(list);
	return -1;
}

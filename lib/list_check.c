/* SPDX-License-Identifier: BSD-3-Clause */
#include "list_check.h"

#include <stdbool.h>
#include <stddef.h>

struct check {
	const struct pc_allowlist *list;
	struct pc_list_finding *finding;
	unsigned count;
};

/* The bits of one model's limit register, by what granting them would mean. */
struct roles {
	uint64_t lock, enable, limit2;
};

static void add_roles(struct roles *roles, const struct pc_cpu_model *model, enum pc_domain domain)
{
	struct pc_limit_format format = model->limit[domain];

	roles->lock |= pc_limit_lock_mask(format);
	roles->enable |= pc_limit_enable_mask(format, 0) | pc_limit_enable_mask(format, 1);
	roles->limit2 |= pc_limit_mask(format, 1);
}

/* One address is one domain in every Intel model (SDM vol. 4), so tables may be joined. */
static uint32_t join_roles(struct roles *roles, const struct pc_cpu_model *model, enum pc_domain domain)
{
	const struct pc_cpu_model *entry = model ? model : pc_cpu_model_at(0);
	uint32_t address = 0;

	*roles = (struct roles){ 0 };
	for (unsigned next = 1; entry; entry = model ? NULL : pc_cpu_model_at(next++)) {
		uint32_t msr = pc_cpu_model_address(entry, domain, PC_REG_LIMIT);

		if (msr) {
			address = msr;
			add_roles(roles, entry, domain);
		}
	}
	return address;
}

static void found(struct check *check, enum pc_list_trouble trouble, enum pc_domain domain, uint32_t msr,
		  uint64_t bits)
{
	check->finding[check->count++] = (struct pc_list_finding){ trouble, domain, msr, bits };
}

/* A register that this model does not have may be another's limit: lists travel between nodes. */
static void check_grants(struct check *check, const struct pc_cpu_model *model, enum pc_domain domain)
{
	bool has_limit = model && pc_cpu_model_address(model, domain, PC_REG_LIMIT);
	struct roles roles;
	uint32_t msr = join_roles(&roles, has_limit ? model : NULL, domain);
	uint64_t mask;

	if (!msr || pc_allowlist_find(check->list, msr, &mask) < 0)
		return;
	if (mask & roles.lock)
		found(check, PC_LIST_GRANTS_LOCK, domain, msr, mask & roles.lock);
	if (mask & roles.enable)
		found(check, PC_LIST_GRANTS_ENABLE, domain, msr, mask & roles.enable);
	if (mask & roles.limit2)
		found(check, PC_LIST_GRANTS_LIMIT2, domain, msr, mask & roles.limit2);
}

static void check_lacks(struct check *check, const struct pc_cpu_model *model)
{
	uint32_t energy = pc_cpu_model_address(model, PC_PACKAGE, PC_REG_ENERGY);
	uint32_t limit = pc_cpu_model_address(model, PC_PACKAGE, PC_REG_LIMIT);
	uint64_t wanted = pc_limit_mask(model->limit[PC_PACKAGE], 0), mask;

	if (energy && pc_allowlist_find(check->list, energy, &mask) < 0)
		found(check, PC_LIST_LACKS_ENERGY, PC_PACKAGE, energy, 0);
	if (!limit)
		return;
	if (pc_allowlist_find(check->list, limit, &mask) < 0)
		found(check, PC_LIST_LACKS_LIMIT, PC_PACKAGE, limit, 0);
	else if (wanted & ~mask)
		found(check, PC_LIST_LACKS_WRITE, PC_PACKAGE, limit, wanted & ~mask);
}

unsigned pc_list_check(const struct pc_allowlist *list, const struct pc_cpu_model *model,
		       struct pc_list_finding *finding)
{
	struct check check = { list, finding, 0 };

	for (unsigned i = 0; i < PC_DOMAIN_COUNT; i++)
		check_grants(&check, model, (enum pc_domain)i);
	if (model)
		check_lacks(&check, model);
	return check.count;
}

const char *pc_list_trouble_text(enum pc_list_trouble trouble)
{
	static const char *const text[] = {
		[PC_LIST_GRANTS_LOCK] = "grants the lock bit: whoever holds the device could freeze the limit until the next reset",
		[PC_LIST_GRANTS_ENABLE] = "grants an enable bit: whoever holds the device could switch the limit off",
		[PC_LIST_GRANTS_LIMIT2] = "grants limit 2: whoever holds the device could lift the ceiling that root keeps there",
		[PC_LIST_LACKS_ENERGY] = "is not listed: the package's energy cannot be read",
		[PC_LIST_LACKS_LIMIT] = "is not listed: the package's limit can be neither read nor written",
		[PC_LIST_LACKS_WRITE] = "has not all bits of limit 1 writable: the package's limit cannot be written",
	};

	return text[trouble];
}

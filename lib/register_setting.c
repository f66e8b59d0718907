/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings: what may be changed, as it was, and the way back; and who needs which device. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "register_state.h"

/*
 * What can be changed is what the root list lets through: that is all this
 * project ever writes.  Restored in order of address, which is the package's limit
 * first and its planes after it.
 */
static int changeable(const struct register_node *node, struct pc_allowlist *list, struct pc_error *error)
{
	return pc_model_list(node->model, PC_LIST_ROOT, list, error);
}

/* --- capture ---------------------------------------------------------------- */

static int note_setting(struct pc_setting *setting, unsigned max, unsigned *count, unsigned package,
			const struct pc_allow_entry *entry, uint64_t value, struct pc_error *error)
{
	struct pc_setting *to = setting + *count;

	if (*count >= max)
		return pc_fail(error, ENOSPC, "capture: room for %u settings is too little", max);
	to->package = package;
	to->value = value;
	to->mask = entry->mask;
	snprintf(to->key, sizeof to->key, "msr:0x%" PRIx32, entry->msr);
	(*count)++;
	return 0;
}

static int read_one(struct register_node *node, struct register_package *package, uint32_t msr)
{
	register_begin(package);
	register_read(package, msr);
	return register_send(node, package, NULL, NULL);
}

/* A register that this part does not have (EIO) cannot be changed either. */
static int capture_package(struct pc_power *power, unsigned i, const struct pc_allowlist *list,
			   struct pc_setting *setting, unsigned max, unsigned *count,
			   struct pc_error *error)
{
	struct register_node *node = register_node(power);
	struct register_package *package = &node->package[i];
	const struct pc_msr_op *op = package->op;
	char where[64];

	snprintf(where, sizeof where, "%s: capture", power->package[i].name);
	for (unsigned e = 0; e < list->count; e++) {
		const struct pc_allow_entry *entry = &list->entry[e];

		if (!entry->mask)
			continue;
		if (read_one(node, package, entry->msr) < 0) {
			if (op->err == -EIO)
				continue;
			return register_explain(node, where, op, error);
		}
		if (note_setting(setting, max, count, i, entry, op->msrdata, error) < 0)
			return -1;
	}
	return 0;
}

int pc_register_node_capture(struct pc_power *power, struct pc_setting *setting, unsigned max,
			     struct pc_error *error)
{
	struct pc_allowlist list;
	unsigned count = 0;
	int status = changeable(register_node(power), &list, error);

	for (unsigned i = 0; status == 0 && i < power->package_count; i++)
		status = capture_package(power, i, &list, setting, max, &count, error);
	pc_allowlist_free(&list);
	return status < 0 ? -1 : (int)count;
}

/* --- one setting ------------------------------------------------------------ */

/* The MSR that a key names; -1 where it is none that capture() would give. */
static int parse_key(const struct register_node *node, const struct pc_setting *setting,
		     uint32_t *msr, struct pc_error *error)
{
	struct pc_allowlist list;
	unsigned long number = 0;
	uint64_t mask = 0;
	char *end = NULL;

	if (!strncmp(setting->key, "msr:0x", 6))
		number = strtoul(setting->key + 4, &end, 16);
	if (!end || *end || number > UINT32_MAX)
		return pc_fail(error, EINVAL, "setting \"%s\": no register of this back end; it was "
			       "captured through another one", setting->key);
	if (changeable(node, &list, error) < 0)
		return -1;
	*msr = (uint32_t)number;
	if (pc_allowlist_find(&list, *msr, &mask) < 0 || setting->mask & ~mask) {
		pc_allowlist_free(&list);
		return pc_fail(error, EINVAL, "setting \"%s\": not a register, or not bits of it, that "
			       "phasecap ever changes on this CPU model", setting->key);
	}
	pc_allowlist_free(&list);
	return 0;
}

static void name_setting(const struct pc_power *power, const struct pc_setting *setting,
			 char *where, size_t size)
{
	snprintf(where, size, "%s: %s", power->package[setting->package].name, setting->key);
}

/* Leaves the register in the package's op[0]. */
static int read_setting(struct pc_power *power, const struct pc_setting *setting, uint32_t *msr,
			struct pc_error *error)
{
	struct register_node *node = register_node(power);
	struct register_package *package = &node->package[setting->package];
	char where[64 + PC_SETTING_KEY];

	if (parse_key(node, setting, msr, error) < 0)
		return -1;
	name_setting(power, setting, where, sizeof where);
	register_begin(package);
	register_read(package, *msr);
	if (register_send(node, package, NULL, error) < 0)
		return register_explain(node, where, package->op, error);
	return 0;
}

int pc_register_node_setting_read(struct pc_power *power, const struct pc_setting *setting,
				  uint64_t *value, struct pc_error *error)
{
	uint32_t msr;

	if (read_setting(power, setting, &msr, error) < 0)
		return -1;
	*value = register_node(power)->package[setting->package].op[0].msrdata;
	return 0;
}

static int check_setting(const struct register_package *package, const char *where, uint32_t msr,
			 uint64_t wanted, const struct pc_msr_op *now, struct pc_error *error)
{
	enum pc_domain domain = register_limit_domain(package, msr);
	uint64_t outside = (now->msrdata ^ wanted) & ~now->wmask;

	if (domain < PC_DOMAIN_COUNT &&
	    now->msrdata & pc_limit_lock_mask(package->domain[domain].format))
		return pc_fail(error, EROFS, "%s: locked by the firmware until the next reset", where);
	if (outside)
		return pc_fail(error, EPERM, "%s: the allowlist lets only bits 0x%016" PRIx64
			       " be written, and bits 0x%016" PRIx64 " differ", where, now->wmask, outside);
	return 0;
}

static int write_setting(struct register_node *node, struct register_package *package,
			 const char *where, uint32_t msr, uint64_t wanted, uint64_t mask,
			 struct pc_error *error)
{
	const struct pc_msr_op *write = &package->op[0], *read = &package->op[1];

	register_begin(package);
	register_write(package, msr, wanted);
	register_read(package, msr);
	if (register_send(node, package, NULL, error) < 0)
		return register_explain(node, where, write->err ? write : read, error);
	if ((read->msrdata ^ wanted) & mask)
		return pc_fail(error, EIO, "%s: wrote 0x%016" PRIx64 " and read back 0x%016" PRIx64
			       ": the hardware took another value", where, wanted, read->msrdata);
	return 0;
}

/* What the register holds now is read just before, so that only the setting's bits change. */
int pc_register_node_setting_write(struct pc_power *power, const struct pc_setting *setting,
				   struct pc_error *error)
{
	struct register_node *node = register_node(power);
	struct register_package *package = &node->package[setting->package];
	enum pc_domain domain;
	char where[64 + PC_SETTING_KEY];
	uint64_t wanted;
	uint32_t msr;

	if (read_setting(power, setting, &msr, error) < 0)
		return -1;
	wanted = (package->op[0].msrdata & ~setting->mask) | (setting->value & setting->mask);
	if (wanted == package->op[0].msrdata)
		return 0;
	name_setting(power, setting, where, sizeof where);
	if (check_setting(package, where, msr, wanted, &package->op[0], error) < 0 ||
	    write_setting(node, package, where, msr, wanted, setting->mask, error) < 0)
		return -1;
	domain = register_limit_domain(package, msr);
	if (domain < PC_DOMAIN_COUNT)
		register_saw_limit(package, domain, &package->op[1]);
	return 0;
}

/* What limit 1 lets the domain draw; without its enable bit there is no limit. */
static uint64_t allowed_uw(const struct register_package *package, enum pc_domain domain, uint64_t raw)
{
	struct pc_limits limits = pc_limits_decode(package->domain[domain].format, &package->units, raw);

	return limits.limit[0].enabled ? limits.limit[0].limit_uw : UINT64_MAX;
}

bool pc_register_node_setting_lowers(const struct pc_power *power, const struct pc_setting *setting,
				     uint64_t found)
{
	const struct register_node *node = register_node(power);
	const struct register_package *package = &node->package[setting->package];
	uint64_t wanted = (found & ~setting->mask) | (setting->value & setting->mask);
	enum pc_domain domain;
	uint32_t msr;

	if (parse_key(node, setting, &msr, NULL) < 0)
		return false;
	domain = register_limit_domain(package, msr);
	return domain < PC_DOMAIN_COUNT &&
	       allowed_uw(package, domain, wanted) < allowed_uw(package, domain, found);
}

/* --- devices ---------------------------------------------------------------- */

/* Read, never written: what the list lets through is the prolog's to say. */
static unsigned add_list_device(const struct pc_msr_transport *transport, struct pc_access_path *path,
				unsigned count, unsigned max)
{
	struct pc_access_path list = { .write = false };

	if (!transport->list_device || !transport->list_device(transport->self, list.path))
		return count;
	if (count < max)
		path[count] = list;
	return count + 1;
}

unsigned pc_register_node_access_paths(const struct pc_power *power, struct pc_access_path *path,
				       unsigned max)
{
	const struct pc_msr_transport *transport = &register_node(power)->transport;
	char (*device)[sizeof path->path] = calloc(max ? max : 1, sizeof *device);
	unsigned count;

	if (!device)
		return 0;
	count = transport->devices(transport->self, device, max);
	for (unsigned i = 0; i < count && i < max; i++) {
		path[i] = (struct pc_access_path){ .write = !transport->read_is_enough };
		memcpy(path[i].path, device[i], sizeof path[i].path);
	}
	free(device);
	return add_list_device(transport, path, count, max);
}

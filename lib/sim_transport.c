/* SPDX-License-Identifier: BSD-3-Clause */
/* msr-safe 1.7 in front of the registers (LLNL/msr-safe, msr_batch.c and msr_allowlist.c). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim_internal.h"

#define MAX_OPS 131072u          /* 4 MiB, the most kmalloc() gives the module */

/* --- the list --------------------------------------------------------------- */

static struct pc_allowlist loaded_list(struct pc_sim *sim)
{
	struct sim_list *list = &sim->file->list[sim->file->current_list & 1];
	unsigned count = list->count;

	return (struct pc_allowlist){
		.count = count < PC_ALLOWLIST_ENTRIES_MAX ? count : PC_ALLOWLIST_ENTRIES_MAX,
		.entry = list->entry,
	};
}

static int list_read(void *self, struct pc_allowlist *list, struct pc_error *error)
{
	struct pc_sim *sim = self;
	struct pc_allowlist loaded;
	int status;

	if (sim_lock(sim, error) < 0)
		return -1;
	loaded = loaded_list(sim);
	status = pc_allowlist_copy(list, &loaded, error);
	sim_unlock(sim);
	return status;
}

/* A list that pc_allowlist_add() made is one that the kernel takes. */
static int list_write(void *self, const struct pc_allowlist *list, struct pc_error *error)
{
	struct pc_sim *sim = self;
	struct sim_list *spare;

	if (list->count > PC_ALLOWLIST_ENTRIES_MAX)
		return pc_fail(error, E2BIG, "simulated node %s: allowlist: %u entries; msr-safe takes %d",
			       sim->path, list->count, PC_ALLOWLIST_ENTRIES_MAX);
	if (sim_lock(sim, error) < 0)
		return -1;
	spare = &sim->file->list[!(sim->file->current_list & 1)];
	spare->count = list->count;
	if (list->count)
		memcpy(spare->entry, list->entry, list->count * sizeof *list->entry);
	sim->file->current_list = !(sim->file->current_list & 1);
	sim_unlock(sim);
	return 0;
}

/* --- batches ---------------------------------------------------------------- */

static unsigned package_of(const struct pc_sim *sim, uint16_t cpu)
{
	unsigned package = cpu < SIM_CPUS ? sim->file->cpu_package[cpu] : SIM_NO_PACKAGE;

	return package < sim->package_count ? package : SIM_NO_PACKAGE;
}

static int check(const struct pc_sim *sim, const struct pc_allowlist *list, struct pc_msr_op *op)
{
	uint64_t mask;

	if (package_of(sim, op->cpu) == SIM_NO_PACKAGE)
		return -ENXIO;
	if (pc_allowlist_find(list, op->msr, &mask) < 0)
		return -EACCES;
	if (!op->isrdmsr && !mask)
		return -EROFS;
	op->wmask = mask;
	return 0;
}

/* Every op is looked at; the last that is refused is returned: its errno is the call's. */
static struct pc_msr_op *validate(struct pc_sim *sim, struct pc_msr_op *ops, unsigned count)
{
	struct pc_allowlist list = loaded_list(sim);
	struct pc_msr_op *last = NULL;

	for (unsigned i = 0; i < count; i++) {
		ops[i].err = check(sim, &list, &ops[i]);
		if (ops[i].err)
			last = &ops[i];
	}
	return last;
}

/* The module reads before it writes, even under a full mask, and leaves a write's msrdata alone. */
static int execute_one(struct pc_sim *sim, unsigned package, struct pc_msr_op *op)
{
	uint64_t old;
	int err;

	sim_advance(sim, package);
	err = sim_register_read(sim, package, op->msr, &old);
	if (err)
		return err;
	if (!op->isrdmsr)
		return sim_register_write(sim, package, op->msr, (op->msrdata & op->wmask) | (old & ~op->wmask));
	op->msrdata = old;
	return 0;
}

/* A CPU that went offline after the validation is skipped without a word. */
static bool is_lost(const struct pc_sim *sim, unsigned package, uint16_t cpu)
{
	return sim_fault(sim, package, PC_PACKAGE, PC_SIM_CPU_LOST) &&
	       cpu == sim->file->package[package].reach_cpu;
}

/* Best effort; the first that fails is returned: its errno is the call's. */
static struct pc_msr_op *execute(struct pc_sim *sim, struct pc_msr_op *ops, unsigned count)
{
	struct pc_msr_op *first = NULL;

	for (unsigned i = 0; i < count; i++) {
		unsigned package = package_of(sim, ops[i].cpu);

		if (is_lost(sim, package, ops[i].cpu))
			continue;
		ops[i].err = execute_one(sim, package, &ops[i]);
		if (ops[i].err && !first)
			first = &ops[i];
	}
	return first;
}

static int explain(const struct pc_sim *sim, const struct pc_msr_op *op, struct pc_error *error)
{
	const char *why = "this register faults on this processor";

	if (op->err == -ENXIO)
		why = "there is no such CPU";
	else if (op->err == -EACCES)
		why = "the allowlist has no such register: install a list that has it";
	else if (op->err == -EROFS)
		why = "the allowlist has it for reading only: install a list with a write mask";
	return pc_fail(error, -op->err, "simulated node %s: CPU %u, register 0x%x: %s", sim->path,
		       (unsigned)op->cpu, (unsigned)op->msr, why);
}

static int batch(void *self, struct pc_msr_op *ops, unsigned count, struct pc_error *error)
{
	struct pc_sim *sim = self;
	const struct pc_msr_op *failed;

	if (!count)
		return pc_fail(error, EINVAL, "simulated node %s: a batch without operations", sim->path);
	if (count > MAX_OPS)
		return pc_fail(error, E2BIG, "simulated node %s: a batch of %u operations; msr-safe takes %u",
			       sim->path, count, MAX_OPS);
	if (sim_lock(sim, error) < 0)
		return -1;
	failed = validate(sim, ops, count);
	if (!failed)
		failed = execute(sim, ops, count);
	sim_unlock(sim);
	return failed ? explain(sim, failed, error) : 0;
}

/* --- the transport ---------------------------------------------------------- */

static unsigned devices(void *self, char (*path)[256], unsigned max)
{
	const struct pc_sim *sim = self;

	if (max)
		snprintf(path[0], sizeof path[0], "%s", sim->path);
	return 1;
}

static void close_transport(void *self)
{
	pc_sim_detach(self);
}

struct pc_msr_transport pc_sim_transport(struct pc_sim *sim)
{
	return (struct pc_msr_transport){
		.name = "simulated node",
		.self = sim,
		.batch = batch,
		.list_read = list_read,
		.list_write = sim->may_write_list ? list_write : NULL,
		.devices = devices,
		.close = close_transport,
	};
}

// SPDX-License-Identifier: GPL-2.0
/*
 * The knobs: /sys/kernel/debug/rapl_emul/PACKAGE/{package,dram}/NAME.  They reach
 * below the registers, as firmware and silicon do: a lock set here or by a
 * register write can be taken back only here.
 */
#include <linux/debugfs.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include "rapl_regs.h"

struct knob {
	struct rapl_package *package;
	u64 *field;
};

static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	{ "limit", offsetof(struct rapl_domain, limit) },
	{ "info", offsetof(struct rapl_domain, info) },
	{ "energy", offsetof(struct rapl_domain, energy) },
	{ "demand_mw", offsetof(struct rapl_domain, demand_mw) },
	{ "floor_mw", offsetof(struct rapl_domain, floor_mw) },
	{ "absent", offsetof(struct rapl_domain, absent) },
	{ "deaf", offsetof(struct rapl_domain, deaf) },
	{ "ignored", offsetof(struct rapl_domain, ignored) },
	{ "wired", offsetof(struct rapl_domain, wired) },
	{ "stuck", offsetof(struct rapl_domain, stuck) },
};

static struct dentry *top;
static struct knob knobs[RAPL_PACKAGES][2 * ARRAY_SIZE(fields) + 1];

static int knob_get(void *data, u64 *value)
{
	struct knob *k = data;
	unsigned long flags;

	raw_spin_lock_irqsave(&k->package->lock, flags);
	rapl_advance(k->package);
	*value = *k->field;
	raw_spin_unlock_irqrestore(&k->package->lock, flags);
	return 0;
}

static int knob_set(void *data, u64 value)
{
	struct knob *k = data;
	unsigned long flags;

	raw_spin_lock_irqsave(&k->package->lock, flags);
	rapl_advance(k->package);
	*k->field = value;
	raw_spin_unlock_irqrestore(&k->package->lock, flags);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(knob_fops, knob_get, knob_set, "0x%llx\n");

static void add_knob(struct dentry *dir, const char *name, struct knob *k,
		     struct rapl_package *p, u64 *field)
{
	*k = (struct knob){ .package = p, .field = field };
	debugfs_create_file_unsafe(name, 0600, dir, k, &knob_fops);
}

static void add_domain(struct dentry *parent, const char *name, struct knob *k,
		       struct rapl_package *p, struct rapl_domain *d)
{
	struct dentry *dir = debugfs_create_dir(name, parent);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		add_knob(dir, fields[i].name, &k[i], p, (u64 *)((char *)d + fields[i].offset));
}

int rapl_knobs_init(void)
{
	unsigned int i;
	char name[8];

	top = debugfs_create_dir("rapl_emul", NULL);
	if (IS_ERR(top))
		return PTR_ERR(top);
	for (i = 0; i < topology_max_packages() && i < RAPL_PACKAGES; i++) {
		struct rapl_package *p = rapl_package(i);
		struct dentry *dir;

		snprintf(name, sizeof(name), "%u", i);
		dir = debugfs_create_dir(name, top);
		add_knob(dir, "unit", &knobs[i][0], p, &p->unit);
		add_domain(dir, "package", &knobs[i][1], p, &p->package);
		add_domain(dir, "dram", &knobs[i][1 + ARRAY_SIZE(fields)], p, &p->dram);
	}
	return 0;
}

void rapl_knobs_exit(void)
{
	debugfs_remove(top);
}

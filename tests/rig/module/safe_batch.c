// SPDX-License-Identifier: GPL-2.0
/*
 * The batch device: every operation is checked before any is executed, then each
 * CPU named runs its own operations in their order.
 */
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <asm/msr.h>

#include "safe.h"

struct op {
	u16 cpu;
	u16 is_read;
	s32 err;
	u32 msr;
	u64 data;
	u64 mask;
};
static_assert(sizeof(struct op) == 32);

struct batch {
	u32 count;
	u32 version;            /* from 1.8; padding before */
	struct op __user *ops;
};
#define BATCH_COMMAND _IOWR('c', 0xa2, struct batch)
static_assert(BATCH_COMMAND == 0xc01063a2);

struct run {
	struct op *op;
	u32 count;
};

/* A fault on demand: this CPU, or with -2 each, is lost between the check and the execution. */
static int lose_cpu = -1;
module_param(lose_cpu, int, 0644);

static bool is_lost(int cpu)
{
	return lose_cpu == -2 || lose_cpu == cpu;
}

static int check_op(struct op *op, bool bypass)
{
	if (op->cpu >= nr_cpu_ids || !cpu_online(op->cpu))
		return -ENXIO;
	if (bypass)
		op->mask = ~0ULL;
	else if (safe_list_find(op->msr, &op->mask))
		return -EACCES;
	if (!op->is_read && !op->mask)
		return safe_errno(-EROFS, -EACCES);
	return 0;
}

/* The errno is the last refused operation's. */
static int check_all(const struct run *run, bool bypass)
{
	int rc = 0;
	u32 i;

	for (i = 0; i < run->count; i++) {
		run->op[i].err = check_op(&run->op[i], bypass);
		if (run->op[i].err)
			rc = run->op[i].err;
	}
	return rc;
}

static int execute_op(struct op *op)
{
	u64 old;

	if (rdmsrl_safe(op->msr, &old))
		return -EIO;
	if (op->is_read) {
		op->data = old;
		return 0;
	}
	return wrmsrl_safe(op->msr, (op->data & op->mask) | (old & ~op->mask)) ? -EIO : 0;
}

static void execute_here(void *info)
{
	const struct run *run = info;
	int cpu = smp_processor_id();
	u32 i;

	for (i = 0; i < run->count; i++)
		if (run->op[i].cpu == cpu)
			run->op[i].err = execute_op(&run->op[i]);
}

/* Here the errno is the first failed operation's, and the others did run. */
static int execute_all(struct run *run)
{
	cpumask_var_t cpus;
	u32 i;

	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	for (i = 0; i < run->count; i++)
		if (!is_lost(run->op[i].cpu))
			cpumask_set_cpu(run->op[i].cpu, cpus);
	on_each_cpu_mask(cpus, execute_here, run, true);
	free_cpumask_var(cpus);
	for (i = 0; i < run->count; i++)
		if (run->op[i].err)
			return run->op[i].err;
	return 0;
}

static int run_batch(const struct batch *batch, bool bypass)
{
	struct run run = { .count = batch->count };
	size_t bytes = array_size(batch->count, sizeof(*run.op));
	int rc;

	run.op = kmalloc(bytes, GFP_KERNEL | __GFP_NOWARN);
	if (!run.op)
		return safe_errno(-E2BIG, -ENOMEM);
	if (copy_from_user(run.op, batch->ops, bytes)) {
		rc = -EFAULT;
		goto out;
	}
	rc = check_all(&run, bypass);
	if (!rc)
		rc = execute_all(&run);
	if (copy_to_user(batch->ops, run.op, bytes))
		rc = -EFAULT;
out:
	kfree(run.op);
	return rc;
}

static long batch_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	struct batch batch;

	if (command != BATCH_COMMAND)
		return -ENOTTY;
	/* Reading suffices, for writes to registers too. */
	if (!(file->f_mode & FMODE_READ))
		return -EBADF;
	if (copy_from_user(&batch, (void __user *)argument, sizeof(batch)))
		return -EFAULT;
	if (safe_release->major > 1)
		return batch.version >> 16 == safe_release->major ? -EOPNOTSUPP : -ENOPROTOOPT;
	return batch.count ? run_batch(&batch, safe_bypasses(file)) : -EINVAL;
}

const struct file_operations safe_batch_fops = {
	.owner = THIS_MODULE,
	.open = safe_open,
	.unlocked_ioctl = batch_ioctl,
	.compat_ioctl = batch_ioctl,
};

// SPDX-License-Identifier: GPL-2.0
/*
 * The device of each CPU: a register is read or written at its address as offset.
 */
#include <linux/module.h>
#include <linux/uaccess.h>
#include <asm/msr.h>

#include "safe.h"

/* From 1.7 one register a call; before, a multiple repeats the same register. */
static bool count_is_legal(size_t count)
{
	return safe_release->modern ? count == 8 : count % 8 == 0;
}

static int mask_of(struct file *file, u32 msr, u64 *mask)
{
	if (safe_bypasses(file)) {
		*mask = ~0ULL;
		return 0;
	}
	return safe_list_find(msr, mask) ? -EACCES : 0;
}

static ssize_t cpu_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	unsigned int cpu = iminor(file_inode(file));
	u64 mask, value;
	size_t done;
	int rc;

	if (!count_is_legal(count))
		return -EINVAL;
	rc = mask_of(file, *pos, &mask);
	for (done = 0; !rc && done < count; done += 8) {
		rc = rdmsrl_safe_on_cpu(cpu, *pos, &value);
		if (!rc && copy_to_user(to + done, &value, 8))
			rc = -EFAULT;
	}
	return rc ? rc : count;
}

/* Bits outside the mask are dropped, silently. */
static int write_masked(unsigned int cpu, u32 msr, u64 value, u64 mask)
{
	u64 old = 0;
	int rc = 0;

	if (mask != ~0ULL)
		rc = rdmsrl_safe_on_cpu(cpu, msr, &old);
	return rc ? rc : wrmsrl_safe_on_cpu(cpu, msr, (old & ~mask) | (value & mask));
}

static ssize_t cpu_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	unsigned int cpu = iminor(file_inode(file));
	u64 mask, value;
	size_t done;
	int rc;

	if (!count_is_legal(count))
		return -EINVAL;
	rc = mask_of(file, *pos, &mask);
	if (!rc && !mask)
		rc = -EACCES;
	for (done = 0; !rc && done < count; done += 8)
		rc = copy_from_user(&value, from + done, 8) ? -EFAULT :
			write_masked(cpu, *pos, value, mask);
	return rc ? rc : count;
}

const struct file_operations safe_cpu_fops = {
	.owner = THIS_MODULE,
	.open = safe_open,
	.llseek = no_seek_end_llseek,
	.read = cpu_read,
	.write = cpu_write,
};

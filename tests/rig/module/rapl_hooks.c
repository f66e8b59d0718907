// SPDX-License-Identifier: GPL-2.0
/*
 * Puts the registers of rapl_regs.c below the unmodified drivers of a kernel
 * built with PARAVIRT_XXL, by three hooks:
 *   - pv_ops: rdmsr and wrmsr in every module loaded after this one reach the
 *     functions below, because a module's call sites are patched when it loads;
 *   - a livepatch of the two built-in helpers through which the stock msr driver
 *     and all *_safe_on_cpu() calls go;
 *   - a probe on the built-in function that drops perf events whose counters
 *     read 0, because its own rdmsr is out of reach of the other two.
 * Load it first and wait until /sys/kernel/livepatch/rapl_emul/transition is 0.
 * It stays until the guest ends: those call sites cannot be patched back.
 */
#include <linux/completion.h>
#include <linux/kprobes.h>
#include <linux/livepatch.h>
#include <linux/module.h>
#include <asm/msr.h>
#include <asm/paravirt.h>

#include "rapl_regs.h"

static struct pv_cpu_ops native;

/* QEMU's software CPU answers 0 for the TSC's register (SDM vol. 4, 2.1). */
static int tsc_read(u32 msr, u64 *value)
{
	if (msr != MSR_IA32_TSC)
		return -ENOENT;
	*value = rdtsc_ordered();
	return 0;
}

/* As rapl_read(), for everything this module answers. */
static int emul_read(u32 msr, u64 *value)
{
	int rc = tsc_read(msr, value);

	return rc == -ENOENT ? rapl_read(msr, value) : rc;
}

static u64 read_safe(unsigned int msr, int *err)
{
	u64 value = 0;

	*err = emul_read(msr, &value);
	return *err == -ENOENT ? native.read_msr_safe(msr, err) : value;
}

static u64 read_plain(unsigned int msr)
{
	u64 value = 0;

	return emul_read(msr, &value) == -ENOENT ? native.read_msr(msr) : value;
}

static int write_safe(unsigned int msr, unsigned int low, unsigned int high)
{
	int rc = rapl_write(msr, (u64)high << 32 | low);

	return rc == -ENOENT ? native.write_msr_safe(msr, low, high) : rc;
}

static void write_plain(unsigned int msr, unsigned int low, unsigned int high)
{
	if (rapl_write(msr, (u64)high << 32 | low) == -ENOENT)
		native.write_msr(msr, low, high);
}

/* What the kernel's __rdmsr_safe_on_cpu() is handed (arch/x86/lib/msr-smp.c). */
struct read_request {
	struct msr_info msr;
	struct completion done;
};

static void patched_read_on_cpu(void *info)
{
	struct read_request *request = info;
	u64 value = read_safe(request->msr.msr_no, &request->msr.err);

	request->msr.reg.q = value;
	complete(&request->done);
}

static void patched_write_on_cpu(void *info)
{
	struct msr_info *request = info;

	request->err = write_safe(request->msr_no, request->reg.l, request->reg.h);
}

static struct klp_func functions[] = {
	{ .old_name = "__rdmsr_safe_on_cpu", .new_func = patched_read_on_cpu },
	{ .old_name = "__wrmsr_safe_on_cpu", .new_func = patched_write_on_cpu },
	{ }
};

static struct klp_object objects[] = {
	{ .funcs = functions },
	{ }
};

static struct klp_patch patch = { .mod = THIS_MODULE, .objs = objects };

/* arch/x86/events/probe.h, which is not among the headers for modules. */
struct perf_counter {
	u64 msr;
	struct attribute_group *group;
	bool (*test)(int index, void *data);
	bool no_check;
	u64 mask;
};

/* perf_msr_probe(counters, count, ...): a counter that moves here needs no check. */
static int spare_counters(struct kprobe *probe, struct pt_regs *regs)
{
	struct perf_counter *counter = (struct perf_counter *)regs->di;
	int count = (int)regs->si;
	u64 value;

	for (; count > 0; count--, counter++)
		counter->no_check = !rapl_read(counter->msr, &value) && value;
	return 0;
}

static struct kprobe perf_probe = {
	.symbol_name = "perf_msr_probe",
	.pre_handler = spare_counters,
};

static void hook_pv_ops(void)
{
	native = pv_ops.cpu;
	pv_ops.cpu.read_msr = read_plain;
	pv_ops.cpu.read_msr_safe = read_safe;
	pv_ops.cpu.write_msr = write_plain;
	pv_ops.cpu.write_msr_safe = write_safe;
}

static int __init rapl_emul_init(void)
{
	int rc;

	rapl_regs_init();
	rc = rapl_knobs_init();
	if (rc)
		return rc;
	rc = register_kprobe(&perf_probe);
	if (rc)
		goto no_probe;
	rc = klp_enable_patch(&patch);
	if (rc)
		goto no_patch;
	hook_pv_ops();
	return 0;
no_patch:
	unregister_kprobe(&perf_probe);
no_probe:
	rapl_knobs_exit();
	return rc;
}
module_init(rapl_emul_init);

MODULE_LICENSE("GPL");
MODULE_INFO(livepatch, "Y");
MODULE_DESCRIPTION("RAPL registers for a guest that has none");

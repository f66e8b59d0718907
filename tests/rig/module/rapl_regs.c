// SPDX-License-Identifier: GPL-2.0
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/smp.h>
#include <linux/topology.h>

#include "rapl_regs.h"

/* SDM vol. 4, table 2-39 and 2-45. */
#define MSR_UNIT 0x606
#define MSR_PKG_LIMIT 0x610
#define MSR_PKG_ENERGY 0x611
#define MSR_PKG_PERF 0x613
#define MSR_PKG_INFO 0x614
#define MSR_DRAM_LIMIT 0x618
#define MSR_DRAM_ENERGY 0x619
#define MSR_DRAM_PERF 0x61b
#define MSR_DRAM_INFO 0x61c

/* 1/8 W, 2^-14 J, 1/1024 s. */
#define UNIT_DEFAULT 0xa0e03
#define MW_PER_POWER_COUNT 125
#define NS_PER_TIME_COUNT (NSEC_PER_SEC / 1024)
/* Energy counts in quarter picojoules, in which both are whole: 2^-14 J, and the
 * 15.3 uJ that this model's DRAM counter has whatever 0x606 says. */
#define PACKAGE_ENERGY_COUNT 244140625ULL
#define DRAM_ENERGY_COUNT 61200000ULL

/* 150 W for 1 s with clamp, and 180 W; both enabled, as firmware leaves them. */
#define PKG_LIMIT_DEFAULT 0x000385a0001584b0ULL
#define PKG_LIMIT_BITS 0x80ffffff00ffffffULL
#define PKG_LIMIT2_BITS 0x00ffffff00000000ULL
#define PKG_LOCK BIT_ULL(63)
#define DRAM_LIMIT_BITS 0x80ffffffULL
#define DRAM_LOCK BIT_ULL(31)
/* TDP 150 W, 40 to 300 W, at most 40 s; DRAM: TDP 36 W, 10 to 45 W, 40 s. */
#define PKG_INFO_DEFAULT 0x002f0960014004b0ULL
#define DRAM_INFO_DEFAULT 0x002f016800500120ULL

static struct rapl_package packages[RAPL_PACKAGES];

struct rapl_package *rapl_package(unsigned int number)
{
	return &packages[number % RAPL_PACKAGES];
}

void rapl_regs_init(void)
{
	unsigned int i;

	for (i = 0; i < RAPL_PACKAGES; i++) {
		struct rapl_package *p = &packages[i];

		raw_spin_lock_init(&p->lock);
		p->updated_ns = ktime_get_mono_fast_ns();
		p->unit = UNIT_DEFAULT;
		/* intel_rapl drops a domain whose counter reads 0 when it probes. */
		p->package = (struct rapl_domain){
			.limit = PKG_LIMIT_DEFAULT, .info = PKG_INFO_DEFAULT,
			.energy = 1000 + i, .demand_mw = 120000, .floor_mw = 40000,
		};
		p->dram = (struct rapl_domain){
			.info = DRAM_INFO_DEFAULT,
			.energy = 500 + i, .demand_mw = 20000, .floor_mw = 5000,
		};
	}
}

static u64 enabled_mw(u64 half)
{
	return half & BIT(15) ? (half & 0x7fff) * MW_PER_POWER_COUNT : U64_MAX;
}

/* DRAM's upper half is always 0, so one expression serves both layouts. */
static u64 limit_mw(const struct rapl_domain *d)
{
	u64 lowest = min(enabled_mw(d->limit), enabled_mw(d->limit >> 32));

	return d->ignored ? U64_MAX : max(lowest, d->floor_mw);
}

static void advance_domain(struct rapl_domain *d, u64 count_size, u64 ns)
{
	u64 limit = limit_mw(d);
	u64 count;

	if (d->demand_mw > limit)
		d->throttled_ns += ns;
	if (d->stuck)
		return;
	/* mW times ns is pJ; an hour at 1 kW still fits. */
	d->energy_rest += 4 * ns * min(d->demand_mw, limit);
	count = div64_u64(d->energy_rest, count_size);
	d->energy += count;
	d->energy_rest -= count * count_size;
}

void rapl_advance(struct rapl_package *p)
{
	u64 ns = ktime_get_mono_fast_ns() - p->updated_ns;

	/* Another CPU may have looked a moment later than this one's clock says. */
	if ((s64)ns < NSEC_PER_MSEC)
		return;
	ns -= ns % NSEC_PER_MSEC;
	advance_domain(&p->package, PACKAGE_ENERGY_COUNT, ns);
	advance_domain(&p->dram, DRAM_ENERGY_COUNT, ns);
	p->updated_ns += ns;
}

static struct rapl_domain *domain_of(struct rapl_package *p, u32 msr)
{
	if (msr >= MSR_PKG_LIMIT && msr <= MSR_PKG_INFO)
		return &p->package;
	if (msr >= MSR_DRAM_LIMIT && msr <= MSR_DRAM_INFO)
		return &p->dram;
	return NULL;
}

/* What this model does not have: PL4, PP0, PP1, limit reasons, platform. */
static bool known_absent(u32 msr)
{
	return msr == 0x601 || (msr >= MSR_UNIT && msr <= 0x65c) || msr == 0x665 || msr == 0x666;
}

static int read_locked(struct rapl_package *p, u32 msr, u64 *value)
{
	struct rapl_domain *d = domain_of(p, msr);

	if (d && d->absent)
		return -EIO;
	switch (msr) {
	case MSR_UNIT:
		*value = p->unit;
		return 0;
	case MSR_PKG_LIMIT:
	case MSR_DRAM_LIMIT:
		*value = d->limit;
		return 0;
	case MSR_PKG_ENERGY:
	case MSR_DRAM_ENERGY:
		*value = (u32)d->energy;
		return 0;
	case MSR_PKG_PERF:
	case MSR_DRAM_PERF:
		*value = (u32)div64_u64(d->throttled_ns, NS_PER_TIME_COUNT);
		return 0;
	case MSR_PKG_INFO:
	case MSR_DRAM_INFO:
		*value = d->info;
		return 0;
	default:
		return known_absent(msr) ? -EIO : -ENOENT;
	}
}

/* SDM vol. 3B, 15.10.3: writes to a locked limit are ignored, without a fault. */
static int write_limit(struct rapl_domain *d, u64 value, u64 bits, u64 lock)
{
	if (d->absent)
		return -EIO;
	if (d->limit & lock || d->deaf)
		return 0;
	if (d->wired)
		bits &= ~PKG_LIMIT2_BITS;
	d->limit = (d->limit & ~bits) | (value & bits);
	return 0;
}

static int write_locked(struct rapl_package *p, u32 msr, u64 value)
{
	if (msr == MSR_PKG_LIMIT)
		return write_limit(&p->package, value, PKG_LIMIT_BITS, PKG_LOCK);
	if (msr == MSR_DRAM_LIMIT)
		return write_limit(&p->dram, value, DRAM_LIMIT_BITS, DRAM_LOCK);
	return known_absent(msr) ? -EIO : -ENOENT;
}

static struct rapl_package *this_package(void)
{
	return rapl_package(topology_physical_package_id(raw_smp_processor_id()));
}

int rapl_read(u32 msr, u64 *value)
{
	struct rapl_package *p = this_package();
	unsigned long flags;
	int rc;

	if (!known_absent(msr))
		return -ENOENT;
	raw_spin_lock_irqsave(&p->lock, flags);
	rapl_advance(p);
	rc = read_locked(p, msr, value);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return rc;
}

int rapl_write(u32 msr, u64 value)
{
	struct rapl_package *p = this_package();
	unsigned long flags;
	int rc;

	if (!known_absent(msr))
		return -ENOENT;
	raw_spin_lock_irqsave(&p->lock, flags);
	rapl_advance(p);
	rc = write_locked(p, msr, value);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return rc;
}

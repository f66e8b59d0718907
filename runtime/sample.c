/* SPDX-License-Identifier: BSD-3-Clause */

/* One sample of one package: a batch, and what it says booked in the segment. */

#include "sample.h"

#include <string.h>
#include <time.h>

#define relaxed memory_order_relaxed

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void add(_Atomic uint64_t *to, uint64_t value)
{
	atomic_store_explicit(to, atomic_load_explicit(to, relaxed) + value, relaxed);
}

void pc_led_describe(struct pc_led *led)
{
	const struct pc_domain_info *package = pc_power_domain(led->power, led->package, PC_PACKAGE);
	const struct pc_domain_info *dram = pc_power_domain(led->power, led->package, PC_DRAM);
	struct pc_package_record *record = pc_segment_package(led->segment, led->package);

	led->meter[PC_METER_PACKAGE] = (struct pc_meter){ package->has_energy, PC_OP_ENERGY, PC_PACKAGE, 0, 0 };
	led->meter[PC_METER_DRAM] = (struct pc_meter){ dram->has_energy, PC_OP_ENERGY, PC_DRAM, 0, 0 };
	led->meter[PC_METER_PERF] = (struct pc_meter){ package->has_perf_status, PC_OP_PERF_STATUS, PC_PACKAGE, 0, 0 };
	led->has_limit = package->has_limit;
	led->has_dram_limit = dram->has_limit;
	atomic_store(&record->energy_known, package->has_energy | (unsigned)dram->has_energy << 1);
}

/* Where the counter of a meter wraps; perf status counts in 32 bits (SDM vol. 3B 15.10.3). */
static uint64_t wrap_of(const struct pc_led *led, const struct pc_meter *meter)
{
	if (meter->kind == PC_OP_PERF_STATUS)
		return UINT64_C(1) << 32;
	return pc_power_domain(led->power, led->package, meter->domain)->energy_wrap;
}

static uint64_t quantity(const struct pc_led *led, const struct pc_meter *meter)
{
	const struct pc_domain_info *info = pc_power_domain(led->power, led->package, meter->domain);

	return pc_ratio_apply(meter->kind == PC_OP_ENERGY ? info->energy_uj : info->perf_ns, meter->counts);
}

/* What was counted since the last sample, in uJ or ns.  The sum is kept in counts, so that
 * rounding does not add up. */
static uint64_t meter_advance(const struct pc_led *led, struct pc_meter *meter, uint64_t raw)
{
	uint64_t before = quantity(led, meter);

	meter->counts += raw - meter->last;
	/* A 64-bit counter wraps with the arithmetic; others may wrap anywhere (powercap's do). */
	if (raw < meter->last)
		meter->counts += wrap_of(led, meter);
	meter->last = raw;
	return quantity(led, meter) - before;
}

/* Past half a wrap at the thermal specification power, a wrap may have gone unseen. */
static bool may_have_wrapped(const struct pc_led *led, uint64_t interval_ns)
{
	for (int i = PC_METER_PACKAGE; i <= PC_METER_DRAM; i++) {
		const struct pc_domain_info *info = pc_power_domain(led->power, led->package, led->meter[i].domain);
		uint64_t half_uj = pc_ratio_apply(info->energy_uj, info->energy_wrap / 2);

		if (led->meter[i].present && info->energy_wrap && info->info.tdp_uw &&
		    (unsigned __int128)interval_ns * info->info.tdp_uw > (unsigned __int128)half_uj * 1000000000u)
			return true;
	}
	return false;
}

struct batch {
	struct pc_op op[PC_METERS + 2];
	unsigned count;
	int meter[PC_METERS];       /* place of each in op[]; -1: not asked */
	int limit, dram_limit;
	struct pc_stamp stamp;
};

static int ask(struct batch *batch, enum pc_op_kind kind, enum pc_domain domain)
{
	batch->op[batch->count].kind = kind;
	batch->op[batch->count].domain = domain;
	return (int)batch->count++;
}

static void set_write(struct batch *batch, uint64_t limit_uw)
{
	batch->op[batch->limit].limits.count = 1;
	batch->op[batch->limit].limits.limit[0] =
		(struct pc_limit){ .limit_uw = limit_uw, .enabled = true, .clamped = true };
}

static void compose(struct batch *batch, const struct pc_led *led, uint64_t write_uw)
{
	memset(batch, 0, sizeof *batch);
	for (int i = 0; i < PC_METERS; i++)
		batch->meter[i] = led->meter[i].present ? ask(batch, led->meter[i].kind, led->meter[i].domain) : -1;
	batch->dram_limit = led->has_dram_limit ? ask(batch, PC_OP_LIMIT_READ, PC_DRAM) : -1;
	batch->limit = led->has_limit ? ask(batch, write_uw ? PC_OP_LIMIT_WRITE : PC_OP_LIMIT_READ, PC_PACKAGE) : -1;
	if (write_uw)
		set_write(batch, write_uw);
}

static uint64_t limit_in_force(const struct batch *batch, int place)
{
	const struct pc_limit *limit = place < 0 ? NULL : &batch->op[place].limits.limit[0];

	return limit && limit->enabled ? limit->limit_uw : 0;
}

static void book(struct pc_led *led, const struct batch *batch)
{
	struct pc_package_record *record = pc_segment_package(led->segment, led->package);
	uint64_t now = batch->stamp.after_ns, interval = led->last_ns ? now - led->last_ns : 0;
	uint64_t got[PC_METERS] = { 0 };
	struct pc_spent spent;

	for (int i = 0; i < PC_METERS; i++) {
		if (batch->meter[i] < 0)
			continue;
		if (!led->last_ns)
			led->meter[i].last = batch->op[batch->meter[i]].count;
		else
			got[i] = meter_advance(led, &led->meter[i], batch->op[batch->meter[i]].count);
	}
	spent = (struct pc_spent){ got[PC_METER_PACKAGE], got[PC_METER_DRAM],
		(uint64_t)((unsigned __int128)atomic_load(&record->limit_uw) * interval / 1000000000u), interval };
	add(&record->package_uj, spent.package_uj);
	add(&record->dram_uj, spent.dram_uj);
	add(&record->allowed_uj, spent.allowed_uj);
	add(&record->throttled_ns, got[PC_METER_PERF]);
	add(&record->observed_ns, interval);
	add(&record->uncertain, interval && may_have_wrapped(led, interval));
	add(&record->samples, 1);
	pc_attribute(led->segment, led->package, now, &spent, led->seen);
	atomic_store(&record->limit_uw, limit_in_force(batch, batch->limit));
	atomic_store(&record->dram_limit_uw, limit_in_force(batch, batch->dram_limit));
	atomic_store(&record->last_ns, now);
	atomic_store(&led->segment->end_ns, now);
	led->last_ns = now;
}

int pc_led_sample(struct pc_led *led, uint64_t write_uw, struct pc_error *error)
{
	struct pc_package_record *record = pc_segment_package(led->segment, led->package);
	uint64_t begin;
	struct batch batch;

	compose(&batch, led, write_uw);
	if (!batch.count)
		return 0;
	if (pc_power_run(led->power, led->package, batch.op, batch.count, &batch.stamp, error)) {
		add(&record->failures, 1);
		return -1;
	}
	add(&record->batch_ns, batch.stamp.after_ns - batch.stamp.before_ns);
	add(&record->writes, write_uw != 0);
	begin = now_ns();
	book(led, &batch);
	add(&record->split_ns, now_ns() - begin);
	return 0;
}

/* After the last sample, so that the report speaks of the limit under which the step ran. */
void pc_led_put_back(const struct pc_led *led)
{
	struct batch batch = { .count = 0 };

	batch.limit = ask(&batch, PC_OP_LIMIT_WRITE, PC_PACKAGE);
	set_write(&batch, led->before_uw);
	(void)!pc_power_run(led->power, led->package, batch.op, batch.count, NULL, NULL);
}

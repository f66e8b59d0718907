/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_msr.h"

#include <errno.h>
#include <string.h>

#define BIT(n) (UINT64_C(1) << (n))

/* PL1 150 W, 1 s; PL2 180 W, 2.93 ms; both enabled, nothing clamped. */
#define LIMIT UINT64_C(0x008285a0001484b0)

static const struct fake_register power_on[] = {
	{ .msr = 0x606, .value = { 0xA0E03, 0xA0E03 } },
	{ .msr = 0x610, .value = { LIMIT, LIMIT }, .lock = BIT(63) },
	{ .msr = 0x611, .value = { 0x10000000, 0x20000000 } },
	{ .msr = 0x613, .value = { 1000, 2000 } },
	{ .msr = 0x614, .value = { 0x96001e004b0, 0x96001e004b0 } },     /* 150 W, 60 W to 300 W */
	{ .msr = 0x618, .value = { 0, 0 }, .lock = BIT(31) },
	{ .msr = 0x619, .value = { 0x1000, 0x2000 } },
	{ .msr = 0x61B, .value = { 10, 20 } },
	{ .msr = 0x61C, .value = { 0x190, 0x190 } },
};

void fake_msr_init(struct fake_msr *fake)
{
	memset(fake, 0, sizeof *fake);
	memcpy(fake->reg, power_on, sizeof power_on);
	fake->registers = sizeof power_on / sizeof power_on[0];
	fake->minor = 8;
	fake->vanishing = -1;
	fake->tsc = 1000000;
}

void fake_msr_clear(struct fake_msr *fake)
{
	pc_allowlist_free(&fake->list);
}

struct fake_register *fake_register(struct fake_msr *fake, uint32_t msr)
{
	for (unsigned i = 0; i < fake->registers; i++) {
		if (fake->reg[i].msr == msr)
			return &fake->reg[i];
	}
	return NULL;
}

/* --- the processor ---------------------------------------------------------- */

static int rdmsr(struct fake_msr *fake, unsigned cpu, uint32_t msr, uint64_t *value)
{
	const struct fake_register *reg = fake_register(fake, msr);

	if (msr == PC_MSR_TSC) {
		*value = fake->tsc += 100;
		return 0;
	}
	if (!reg || reg->faults)
		return -EIO;
	*value = reg->value[cpu / 2];
	return 0;
}

static int wrmsr(struct fake_msr *fake, unsigned cpu, uint32_t msr, uint64_t value)
{
	struct fake_register *reg = fake_register(fake, msr);
	uint64_t *now;

	if (!reg || reg->faults)
		return -EIO;
	now = &reg->value[cpu / 2];
	if (!(*now & reg->lock))
		*now = (value & ~reg->wired) | (*now & reg->wired);
	return 0;
}

/* --- the driver ------------------------------------------------------------- */

static bool bypasses(const struct fake_msr *fake)
{
	return fake->minor < 7 && fake->rawio;
}

static int refusal(const struct fake_msr *fake, struct pc_msr_op *op)
{
	uint64_t mask = UINT64_MAX;

	if (op->cpu >= FAKE_CPUS || fake->offline[op->cpu])
		return -ENXIO;
	if (!bypasses(fake) && pc_allowlist_find(&fake->list, op->msr, &mask) < 0)
		return -EACCES;
	if (!op->isrdmsr && !mask)
		return fake->minor >= 7 ? -EROFS : -EACCES;
	op->wmask = mask;
	return 0;
}

static int execute(struct fake_msr *fake, struct pc_msr_op *op)
{
	uint64_t old;
	int err = rdmsr(fake, op->cpu, op->msr, &old);

	if (err)
		return err;
	if (!op->isrdmsr)
		return wrmsr(fake, op->cpu, op->msr, (op->msrdata & op->wmask) | (old & ~op->wmask));
	op->msrdata = old;
	return 0;
}

static int execute_all(struct fake_msr *fake, struct pc_msr_op *ops, unsigned count)
{
	int first = 0;

	for (unsigned i = 0; i < count; i++) {
		if (fake->vanishing == ops[i].cpu)
			continue;
		ops[i].err = execute(fake, &ops[i]);
		if (!first)
			first = ops[i].err;
	}
	if (fake->vanishing >= 0)
		fake->offline[fake->vanishing] = true;
	fake->vanishing = -1;
	return first;
}

int fake_msr_batch(struct fake_msr *fake, struct pc_msr_op *ops, unsigned count)
{
	int last = 0, err;

	fake->calls++;
	if (fake->before)
		fake->before(fake);
	if (fake->fail_times && fake->fail_times--) {
		errno = fake->failing;
		return -1;
	}
	if (!count) {
		errno = EINVAL;
		return -1;
	}
	for (unsigned i = 0; i < count; i++) {
		ops[i].err = refusal(fake, &ops[i]);
		if (ops[i].err)
			last = ops[i].err;
	}
	err = last ? last : execute_all(fake, ops, count);
	errno = -err;
	return err ? -1 : 0;
}

int fake_msr_one(struct fake_msr *fake, unsigned cpu, bool read, uint32_t msr, uint64_t *value,
		 bool with_list)
{
	uint64_t mask = UINT64_MAX, old = 0;
	int err;

	if (cpu >= FAKE_CPUS || fake->offline[cpu])
		return -ENXIO;
	if (with_list && !bypasses(fake) &&
	    (pc_allowlist_find(&fake->list, msr, &mask) < 0 || (!read && !mask)))
		return -EACCES;
	if (read)
		return rdmsr(fake, cpu, msr, value);
	err = mask == UINT64_MAX ? 0 : rdmsr(fake, cpu, msr, &old);
	return err ? err : wrmsr(fake, cpu, msr, (*value & mask) | (old & ~mask));
}

/* --- the transport ---------------------------------------------------------- */

static int transport_batch(void *self, struct pc_msr_op *ops, unsigned count, struct pc_error *error)
{
	if (fake_msr_batch(self, ops, count) == 0)
		return 0;
	return pc_fail(error, errno, "fake: %s", strerror(errno));
}

static int transport_list_read(void *self, struct pc_allowlist *list, struct pc_error *error)
{
	return pc_allowlist_copy(list, &((struct fake_msr *)self)->list, error);
}

static int transport_list_write(void *self, const struct pc_allowlist *list, struct pc_error *error)
{
	struct fake_msr *fake = self;

	pc_allowlist_free(&fake->list);
	return pc_allowlist_copy(&fake->list, list, error);
}

static unsigned transport_devices(void *self, char (*path)[256], unsigned max)
{
	(void)self;
	if (max)
		strcpy(path[0], "/fake/device");
	return 1;
}

static void transport_close(void *self)
{
	(void)self;
}

struct pc_msr_transport fake_msr_transport(struct fake_msr *fake)
{
	return (struct pc_msr_transport){
		.name = "fake",
		.self = fake,
		.batch = transport_batch,
		.list_read = transport_list_read,
		.list_write = transport_list_write,
		.devices = transport_devices,
		.close = transport_close,
	};
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Running: from domain operations to one batch of register operations, and back. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "register_state.h"

/* What became of each domain operation on its way to registers and back. */
struct run {
	struct register_node *node;
	struct register_package *package;
	const struct pc_package *public;
	struct pc_op *op;
	unsigned count;
	unsigned at[PC_MAX_OPS];         /* an operation's (last) read in the batch */
	uint64_t asked[PC_MAX_OPS];      /* limits: the bits it is about */
	uint64_t planned[PC_DOMAIN_COUNT];       /* limits: the register after what is planned */
	int unread[PC_DOMAIN_COUNT];     /* limits: why its present value is not known */
	int refused;                     /* the first that is not sent; -1: none */
	struct pc_error why;             /* its sentence */
};

static bool is_limit_write(const struct pc_op *op)
{
	return op->kind >= PC_OP_LIMIT_WRITE;
}

/* Whether more is writable than a job may hold. */
static bool is_wide(const struct register_domain *domain)
{
	return domain->wmask & ~pc_limit_mask(domain->format, 0);
}

/*
 * Where the driver does not keep the other bits (stock msr, root's list), an old value
 * written back would undo what somebody else did since.  So the registers are
 * read first.  A job's mask never comes here: its batch is one system call.
 */
static void refresh_wide(struct run *run)
{
	struct register_package *package = run->package;
	unsigned at[PC_DOMAIN_COUNT];
	unsigned asked = 0;

	register_begin(package);
	for (unsigned i = 0; i < run->count; i++) {
		enum pc_domain d = run->op[i].domain;

		if (!is_limit_write(&run->op[i]) || asked & 1u << d ||
		    !run->public->domain[d].has_limit || !is_wide(&package->domain[d]))
			continue;
		at[d] = register_read(package, package->domain[d].limit);
		asked |= 1u << d;
	}
	if (!asked)
		return;
	(void)!register_send(run->node, package, NULL, NULL);
	for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
		if (!(asked & 1u << d))
			continue;
		run->unread[d] = package->op[at[d]].err;
		if (!run->unread[d])
			register_saw_limit(package, d, &package->op[at[d]]);
	}
}

/* The register's next value for one limit operation, or -1 with the reason. */
static int encode(struct run *run, const struct pc_op *op, uint64_t *value, struct pc_error *error)
{
	const struct register_domain *domain = &run->package->domain[op->domain];
	unsigned which = op->kind == PC_OP_LIMIT2_SET;
	struct pc_limit limit = op->limits.limit[which];
	uint64_t before = run->planned[op->domain];

	if (op->kind == PC_OP_LIMIT_WRITE)
		limit.enabled = before & pc_limit_enable_mask(domain->format, 0);
	/* The same window again: the same bits, without a search for them. */
	if (limit.window_us == domain->limits.limit[which].window_us && before == domain->raw)
		limit.window_us = 0;
	if (!pc_ratio_invert(run->package->units.power_uw, limit.limit_uw))
		return pc_fail(error, ERANGE, "a limit of %.6f W rounds to 0 W; the smallest is %.6f W",
			       (double)limit.limit_uw / 1e6,
			       (double)pc_ratio_apply(run->package->units.power_uw, 1) / 1e6);
	*value = before;
	return pc_limit_encode(domain->format, &run->package->units, which, &limit, value, error);
}

static int check_limit(struct run *run, const struct pc_op *op, uint64_t *value, struct pc_error *error)
{
	const struct register_domain *domain = &run->package->domain[op->domain];
	unsigned which = op->kind == PC_OP_LIMIT2_SET;
	uint64_t outside;

	if (!run->public->domain[op->domain].has_limit || which >= domain->limits.count)
		return pc_fail(error, ENODEV, "this node has no such limit");
	if (run->unread[op->domain])
		return pc_fail(error, -run->unread[op->domain], "its present value could not be read (%s), "
			       "and nothing was written over it", strerror(-run->unread[op->domain]));
	if (domain->limits.locked)
		return pc_fail(error, EROFS, "locked by the firmware until the next reset; "
			       "a BIOS setting may unlock it");
	if (encode(run, op, value, error) < 0)
		return -1;
	outside = (*value ^ run->planned[op->domain]) & ~domain->wmask;
	if (outside && !domain->wmask)
		return pc_fail(error, EPERM, "no bit of MSR 0x%" PRIx32 " may be written: the allowlist "
			       "grants none, or the device could be opened for reading only",
			       domain->limit);
	if (outside)
		return pc_fail(error, EPERM, "the allowlist lets only bits 0x%016" PRIx64 " of MSR 0x%" PRIx32
			       " be written, and bits 0x%016" PRIx64 " would have to change",
			       domain->wmask, domain->limit, outside);
	return 0;
}

/*
 * The bits of limit 1 or 2 that must read back as written.  Not the clamp: some parts
 * have none, or take it only where CPUID.06H:EAX[4] says so (SDM vol. 3B 15.10.3),
 * and the limit holds all the same.  It is the bit after the enable bit.
 */
static uint64_t bits_of(const struct register_domain *domain, const struct pc_op *op)
{
	unsigned which = op->kind == PC_OP_LIMIT2_SET;
	uint64_t enable = pc_limit_enable_mask(domain->format, which);
	uint64_t bits = pc_limit_mask(domain->format, which) & ~(enable << 1);

	return op->kind == PC_OP_LIMIT_WRITE ? bits : bits | enable;
}

static int plan_limit(struct run *run, unsigned i, struct pc_error *error)
{
	const struct pc_op *op = &run->op[i];
	const struct register_domain *domain = &run->package->domain[op->domain];
	uint64_t value;

	if (check_limit(run, op, &value, error) < 0)
		return -1;
	run->planned[op->domain] = value;
	run->asked[i] = bits_of(domain, op);
	register_write(run->package, domain->limit, value);
	run->at[i] = register_read(run->package, domain->limit);
	return 0;
}

static int plan_read(struct run *run, unsigned i, struct pc_error *error)
{
	const struct pc_op *op = &run->op[i];
	const struct register_domain *domain = &run->package->domain[op->domain];
	const struct pc_domain_info *info = &run->public->domain[op->domain];
	uint32_t msr = 0;

	if (op->kind == PC_OP_ENERGY && info->has_energy)
		msr = domain->energy;
	else if (op->kind == PC_OP_PERF_STATUS && info->has_perf_status)
		msr = domain->perf_status;
	else if (op->kind == PC_OP_LIMIT_READ && info->has_limit)
		msr = domain->limit;
	if (!msr)
		return pc_fail(error, ENODEV, "this node has no such register");
	run->at[i] = register_read(run->package, msr);
	return 0;
}

static void plan(struct run *run)
{
	if (run->node->has_tsc)
		register_read(run->package, PC_MSR_TSC);
	for (unsigned i = 0; i < run->count; i++) {
		struct pc_op *op = &run->op[i];
		struct pc_error *why = run->refused < 0 ? &run->why : NULL;

		op->error = 0;
		run->at[i] = 0;
		if ((is_limit_write(op) ? plan_limit : plan_read)(run, i, why) == 0)
			continue;
		op->error = -errno;
		if (why)
			run->refused = (int)i;
	}
	if (run->node->has_tsc)
		register_read(run->package, PC_MSR_TSC);
}

/* --- results ---------------------------------------------------------------- */

/* Written, not sent: before 1.7 msr-safe says -EACCES also of a register that is
 * listed without a writable bit; then its read-back was let through. */
static int write_error(const struct pc_msr_op *write, const struct pc_msr_op *read)
{
	if (write->err == -EROFS || (write->err == -EACCES && !read->err))
		return -EPERM;
	return write->err ? write->err : read->err;
}

static int collect_write(struct run *run, unsigned i, const struct pc_msr_op *read)
{
	const struct pc_msr_op *write = read - 1;
	struct pc_op *op = &run->op[i];
	struct register_domain *domain = &run->package->domain[op->domain];
	int err = write_error(write, read);

	if (!read->err) {
		register_saw_limit(run->package, op->domain, read);
		op->limits = domain->limits;
	}
	if (!err && (write->msrdata ^ read->msrdata) & run->asked[i])
		err = domain->limits.locked ? -EROFS : -EIO;
	return err;
}

static int collect_read(struct run *run, unsigned i, const struct pc_msr_op *read)
{
	struct pc_op *op = &run->op[i];

	if (read->err)
		return read->err;
	if (op->kind == PC_OP_LIMIT_READ) {
		register_saw_limit(run->package, op->domain, read);
		op->limits = run->package->domain[op->domain].limits;
	} else {
		op->count = read->msrdata & UINT32_MAX;  /* SDM vol. 3B 15.10.3: 63:32 reserved */
	}
	return 0;
}

static void collect(struct run *run)
{
	for (unsigned i = 0; i < run->count; i++) {
		struct pc_op *op = &run->op[i];
		const struct pc_msr_op *read = &run->package->op[run->at[i]];

		if (!op->error)
			op->error = is_limit_write(op) ? collect_write(run, i, read)
						       : collect_read(run, i, read);
	}
}

/* The middle of the two TSC reads that stand around the operations. */
static void stamp_tsc(const struct run *run, struct pc_stamp *stamp)
{
	const struct pc_msr_op *first = run->package->op;
	const struct pc_msr_op *last = first + (run->package->ops ? run->package->ops - 1 : 0);

	stamp->tsc = 0;
	if (run->node->has_tsc && !first->err && !last->err)
		stamp->tsc = first->msrdata + (last->msrdata - first->msrdata) / 2;
}

static const char *verb(const struct pc_op *op)
{
	static const char *const text[] = {
		[PC_OP_ENERGY] = "energy",
		[PC_OP_PERF_STATUS] = "perf status",
		[PC_OP_LIMIT_READ] = "limit",
		[PC_OP_LIMIT_WRITE] = "limit",
		[PC_OP_LIMIT1_SET] = "limit 1",
		[PC_OP_LIMIT2_SET] = "limit 2",
	};

	return text[op->kind];
}

/* A limit that was sent and did not take. */
static int explain_write(const struct run *run, unsigned i, const char *where, struct pc_error *error)
{
	const struct register_domain *domain = &run->package->domain[run->op[i].domain];
	const struct pc_msr_op *read = &run->package->op[run->at[i]];
	int code = -run->op[i].error;

	if (code == EROFS)
		return pc_fail(error, code, "%s: locked since this node was opened; the write was ignored",
			       where);
	if (code == EPERM && read[-1].err != -EPERM)
		return pc_fail(error, code, "%s: the node's allowlist lets no bit of MSR 0x%" PRIx32
			       " be written", where, domain->limit);
	if (code == EIO && !read[-1].err && !read->err)
		return pc_fail(error, code, "%s: wrote 0x%016" PRIx64 " to MSR 0x%" PRIx32 " and read back "
			       "0x%016" PRIx64 ": the hardware took another value", where,
			       read[-1].msrdata, domain->limit, read->msrdata);
	return register_explain(run->node, where, read[-1].err ? &read[-1] : read, error);
}

static int explain(const struct run *run, unsigned i, struct pc_error *error)
{
	const struct pc_op *op = &run->op[i];
	char where[80];

	snprintf(where, sizeof where, "%s: %s %s", run->public->name, pc_domain_name(op->domain), verb(op));
	if ((int)i == run->refused)
		return pc_fail(error, -op->error, "%s: %s", where, run->why.text);
	if (is_limit_write(op))
		return explain_write(run, i, where, error);
	return register_explain(run->node, where, &run->package->op[run->at[i]], error);
}

static void begin(struct run *run)
{
	for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++)
		run->unread[d] = 0;
	refresh_wide(run);
	for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++)
		run->planned[d] = run->package->domain[d].raw;
	register_begin(run->package);
	plan(run);
}

int pc_register_node_run(struct pc_power *power, unsigned package, struct pc_op *ops,
			 unsigned count, struct pc_stamp *stamp, struct pc_error *error)
{
	struct run run;          /* not initialised as a whole: it holds a sentence */

	run.node = register_node(power);
	run.package = &run.node->package[package];
	run.public = &power->package[package];
	run.op = ops;
	run.count = count;
	run.refused = -1;
	begin(&run);
	/* Whatever did not run has its own reason, which collect() takes over. */
	(void)!register_send(run.node, run.package, stamp, error);
	if (stamp)
		stamp_tsc(&run, stamp);
	collect(&run);
	for (unsigned i = 0; i < count; i++) {
		if (ops[i].error)
			return explain(&run, i, error);
	}
	return 0;
}

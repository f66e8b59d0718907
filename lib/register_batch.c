/* SPDX-License-Identifier: BSD-3-Clause */
/* Sending a batch of register operations until each has run or has a reason why not. */
#include <errno.h>
#include <inttypes.h>

#include "register_state.h"

/* --- sending a batch -------------------------------------------------------- */

void register_begin(struct register_package *package)
{
	package->ops = 0;
}

static unsigned append(struct register_package *package, bool read, uint32_t msr, uint64_t data)
{
	package->op[package->ops] = (struct pc_msr_op){
		.cpu = (uint16_t)package->cpu, .isrdmsr = read, .msr = msr, .msrdata = data,
	};
	return package->ops++;
}

/*
 * msr-safe skips a CPU that goes offline between validation and execution, and says
 * nothing (on_each_cpu_mask runs on the online ones).  So every read begins with a value no
 * register holds.
 */
unsigned register_read(struct register_package *package, uint32_t msr)
{
	return append(package, true, msr, PC_MSR_SENTINEL);
}

unsigned register_write(struct register_package *package, uint32_t msr, uint64_t value)
{
	return append(package, false, msr, value);
}

static int first_error(const struct pc_msr_op *op, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (op[i].err)
			return op[i].err;
	}
	return 0;
}

/* One call; afterwards every failure is in some op's err. */
static int transmit(struct register_node *node, struct pc_msr_op *op, unsigned count,
		    struct pc_stamp *stamp, struct pc_error *error)
{
	int status, code;

	if (stamp)
		stamp->before_ns = pc_now_ns();
	status = count ? node->transport.batch(node->transport.self, op, count, error) : 0;
	code = errno;
	if (stamp)
		stamp->after_ns = pc_now_ns();
	if (status == 0 || first_error(op, count))
		return status;
	/* EACCES of one operation is the list's; of the call as a whole, the device's. */
	for (unsigned i = 0; i < count; i++)
		op[i].err = code == EACCES ? -EPERM : -code;
	return status;
}

static bool is_refusal(int err)
{
	return err == -EACCES || err == -EROFS;
}

static bool any(const struct register_package *package, bool (*is)(int err))
{
	for (unsigned i = 0; i < package->ops; i++) {
		if (is(package->op[i].err))
			return true;
	}
	return false;
}

/* A refused operation kept all the others from running: send those. */
static int send_rest(struct register_node *node, struct register_package *package,
		     struct pc_stamp *stamp, struct pc_error *error)
{
	struct pc_msr_op rest[REGISTER_MAX_OPS];
	unsigned from[REGISTER_MAX_OPS];
	unsigned count = 0;

	for (unsigned i = 0; i < package->ops; i++) {
		if (is_refusal(package->op[i].err))
			continue;
		rest[count] = package->op[i];
		rest[count].err = 0;
		from[count++] = i;
	}
	(void)!transmit(node, rest, count, stamp, error);
	for (unsigned i = 0; i < count; i++)
		package->op[from[i]] = rest[i];
	return -1;
}

/* --- a CPU that went away --------------------------------------------------- */

/* The PUs that see these registers, in a ring: the one after `cpu`, and the first. */
struct ring {
	const struct pc_topology *topology;
	const struct register_package *package;
	int next;
	int first;
};

static bool sees(const struct ring *ring, unsigned pu)
{
	const struct register_package *package = ring->package;

	if (package->die >= 0)
		return pc_topology_pu_in_die(ring->topology, package->package, (unsigned)package->die, pu);
	return pc_topology_package_of_pu(ring->topology, pu, NULL) == (int)package->package;
}

static int visit_ring(unsigned pu, void *arg)
{
	struct ring *ring = arg;

	if (!sees(ring, pu))
		return 0;
	if (ring->first < 0 || (int)pu < ring->first)
		ring->first = (int)pu;
	if ((int)pu > ring->package->cpu && (ring->next < 0 || (int)pu < ring->next))
		ring->next = (int)pu;
	return 0;
}

static int next_cpu(const struct register_node *node, const struct register_package *package)
{
	struct ring ring = { node->topology, package, -1, -1 };

	pc_topology_each_pu(node->topology, visit_ring, &ring);
	return ring.next >= 0 ? ring.next : ring.first;
}

static bool is_lost(int err)
{
	return err == -ENXIO;
}

static void aim(struct register_package *package, int cpu)
{
	package->cpu = cpu;
	for (unsigned i = 0; i < package->ops; i++) {
		struct pc_msr_op *op = &package->op[i];

		op->cpu = (uint16_t)cpu;
		op->err = 0;
		if (op->isrdmsr)
			op->msrdata = PC_MSR_SENTINEL;
	}
}

/* Once round the PUs that see these registers, until one answers. */
static int send_elsewhere(struct register_node *node, struct register_package *package,
			  struct pc_stamp *stamp, struct pc_error *error)
{
	int lost = package->cpu;
	int cpu, status = -1;

	while (any(package, is_lost) && (cpu = next_cpu(node, package)) >= 0 && cpu != lost) {
		aim(package, cpu);
		status = transmit(node, package->op, package->ops, stamp, error);
	}
	return status;
}

static bool is_skipped(int err)
{
	return err == -ESTALE;
}

static void mark_skipped(struct register_package *package)
{
	for (unsigned i = 0; i < package->ops; i++) {
		struct pc_msr_op *op = &package->op[i];

		if (op->isrdmsr && !op->err && op->msrdata == PC_MSR_SENTINEL)
			op->err = -ESTALE;
	}
}

/* For the next batch: a CPU that has gone once is not waited for. */
static void leave_cpu(const struct register_node *node, struct register_package *package)
{
	int cpu = next_cpu(node, package);

	if (cpu >= 0)
		package->cpu = cpu;
}

int register_send(struct register_node *node, struct register_package *package,
		  struct pc_stamp *stamp, struct pc_error *error)
{
	int status = transmit(node, package->op, package->ops, stamp, error);

	if (status < 0 && any(package, is_lost))
		status = send_elsewhere(node, package, stamp, error);
	if (status < 0 && any(package, is_refusal))
		status = send_rest(node, package, stamp, error);
	mark_skipped(package);
	if (any(package, is_skipped))
		leave_cpu(node, package);
	return status < 0 || first_error(package->op, package->ops) ? -1 : 0;
}

/* --- sentences -------------------------------------------------------------- */

static const char *list_state(const struct register_node *node)
{
	const struct pc_msr_transport *transport = &node->transport;
	struct pc_allowlist list;
	const char *state;

	if (!transport->list_read || transport->list_read(transport->self, &list, NULL) < 0)
		return "it is not in the node's allowlist, or the list is empty";
	state = list.count ? "it is not in the node's allowlist" : "the node's allowlist is empty";
	pc_allowlist_free(&list);
	return state;
}

int register_explain(const struct register_node *node, const char *where,
		     const struct pc_msr_op *op, struct pc_error *error)
{
	int code = -op->err;

	switch (code) {
	case EACCES:
		return pc_fail(error, code, "%s: MSR 0x%" PRIx32 ": %s; root can install one with "
			       "`pmctl allowlist install`", where, op->msr, list_state(node));
	case EROFS:
		return pc_fail(error, EPERM, "%s: MSR 0x%" PRIx32 ": the node's allowlist lets no bit of "
			       "it be written; `pmctl allowlist show` prints the list", where, op->msr);
	case ENXIO:
		return pc_fail(error, code, "%s: every CPU from which it could be reached is offline "
			       "(the last one tried was %u)", where, op->cpu);
	case EIO:
		return pc_fail(error, code, "%s: MSR 0x%" PRIx32 " on CPU %u: the processor refuses it "
			       "(general protection fault): this part does not have it, or not "
			       "that value", where, op->msr, op->cpu);
	case ESTALE:
		return pc_fail(error, code, "%s: CPU %u went offline between the batch's validation and its "
			       "execution, and nothing ran; try again, another CPU will be chosen",
			       where, op->cpu);
	default:
		errno = code;
		return pc_fail_within(error, "%s", where);
	}
}

/* --- limits ----------------------------------------------------------------- */

void register_saw_limit(struct register_package *package, enum pc_domain i,
			const struct pc_msr_op *read)
{
	struct register_domain *domain = &package->domain[i];

	if (read->msrdata != domain->raw || !domain->limits.count) {
		domain->raw = read->msrdata;
		domain->limits = pc_limits_decode(domain->format, &package->units, read->msrdata);
	}
	domain->wmask = read->wmask;
}

enum pc_domain register_limit_domain(const struct register_package *package, uint32_t msr)
{
	unsigned i = 0;

	while (i < PC_DOMAIN_COUNT && (!msr || package->domain[i].limit != msr))
		i++;
	return i;
}

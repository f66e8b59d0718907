/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_REGISTER_STATE_H
#define PHASECAP_REGISTER_STATE_H

/* What the files of the register node share; nobody else includes this. */

#include "register_node.h"

/* A limit is two register operations (write, read back); a TSC read on either side. */
#define REGISTER_MAX_OPS (2 * PC_MAX_OPS + 2)

struct register_domain {
	struct pc_limit_format format;
	uint32_t limit;          /* MSR addresses; 0: the model has none */
	uint32_t energy;
	uint32_t perf_status;
	uint32_t info;
	uint64_t raw;            /* the limit register as last seen ... */
	struct pc_limits limits; /* ... and decoded */
	uint64_t wmask;          /* its writable bits as last seen */
};

struct register_package {
	unsigned package;        /* in the topology */
	int die;                 /* -1: the package as a whole */
	int cpu;                 /* from which it is reached */
	struct pc_rapl_units units;
	struct register_domain domain[PC_DOMAIN_COUNT];
	/* The batch being built: here, so that a run allocates nothing. */
	struct pc_msr_op op[REGISTER_MAX_OPS];
	unsigned ops;
};

struct register_node {
	struct pc_msr_transport transport;
	const struct pc_topology *topology;
	const struct pc_cpu_model *model;
	bool has_tsc;            /* the TSC is readable through this transport */
	unsigned count;
	struct register_package package[];
};

static inline struct register_node *register_node(const struct pc_power *power)
{
	return power->state;
}

/* Begins the package's batch again. */
void register_begin(struct register_package *package);
/* Appends to it; returns the index. */
unsigned register_read(struct register_package *package, uint32_t msr);
unsigned register_write(struct register_package *package, uint32_t msr, uint64_t value);

/*
 * Sends the package's batch.  A CPU that went offline is replaced by another of
 * the package; an operation that is refused is left out and the rest sent
 * without it.  Afterwards each op's err is final: 0 means that it ran, -ESTALE that its
 * CPU was lost and nothing did.  Returns 0, or -1 where some err is set; error then
 * holds the transport's own words, if it had any.
 */
int register_send(struct register_node *node, struct register_package *package,
		  struct pc_stamp *stamp, struct pc_error *error);

/* The sentence for one op's err, "WHERE: ..."; a transport's own words come in
 * through error and are kept where they know better.  Returns -1 and sets errno. */
int register_explain(const struct register_node *node, const char *where,
		     const struct pc_msr_op *op, struct pc_error *error);

/* Notes what a limit register held. */
void register_saw_limit(struct register_package *package, enum pc_domain domain,
			const struct pc_msr_op *read);

/* The domain whose limit register this is; PC_DOMAIN_COUNT: none's. */
enum pc_domain register_limit_domain(const struct register_package *package, uint32_t msr);

#endif

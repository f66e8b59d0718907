/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_LEADER_H
#define PHASECAP_LEADER_H

/* Inside the node module; each function is the entry of struct pc_node_ops with its name. */

#include "node.h"
#include "power.h"

#define PC_SAMPLE_PERIOD_NS UINT64_C(10000000)

int pc_node_decide(const char *backend, const char *cap, struct pc_decision *decision, struct pc_error *error);
int pc_node_map(struct pc_segment *segment, struct pc_error *error);

int pc_leader_lead(struct pc_leader **leader, struct pc_segment *segment, int lane, struct pc_error *error);
uint64_t pc_leader_sample(struct pc_leader *leader, uint64_t now_ns, int *failed, struct pc_error *error);
void pc_leader_retire(struct pc_leader *leader);

/* What a leader has seen of one lane: cumulative times, and of which owner. */
struct pc_seen {
	uint32_t epoch;
	uint64_t time_ns[PC_PHASE_MAX];
};

/* seen[segment->lanes] as all lanes are at now_ns. */
void pc_attribute_from(const struct pc_segment *segment, uint64_t now_ns, struct pc_seen *seen);

/* Gives what a package spent since the last call, or since pc_attribute_from(), to the phases of its
 * ranks, in their package's record; brings seen up to now_ns. */
struct pc_spent {
	uint64_t package_uj, dram_uj, allowed_uj, time_ns;
};
void pc_attribute(struct pc_segment *segment, unsigned package, uint64_t now_ns, const struct pc_spent *spent,
		  struct pc_seen *seen);

#endif

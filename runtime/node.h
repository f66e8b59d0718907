/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_NODE_H
#define PHASECAP_NODE_H

/*
 * The node module, libpm_phase_node.so: leaders, the simulated node's ranks and the
 * report.  It brings hwloc, the back ends and JSON with it, so the core loads it only into
 * processes that lead a package, write a report, or run on a simulated node.
 */

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "segment.h"

struct pc_leader;
struct pc_plant_seat;

struct pc_node_ops {
	uint32_t version;        /* PC_SEGMENT_VERSION: both are of one build */

	/* Without root and prolog: a decision from what the back end finds on this node.  cap: NULL or
	 * text as --power-cap takes it; only a simulated node takes one, because on hardware
	 * the limits it replaces must be journalled by root first. */
	int (*decide)(const char *backend, const char *cap, struct pc_decision *decision, struct pc_error *error);

	/* Writes into the segment which packages each PU belongs to. */
	int (*map)(struct pc_segment *segment, struct pc_error *error);

	/* Opens the packages that this lane leads and takes their first sample.  0 packages is no error
	 * and *leader is NULL then. */
	int (*lead)(struct pc_leader **leader, struct pc_segment *segment, int lane, struct pc_error *error);
	/* Samples the led package that has waited longest, in one batch; returns when the
	 * next is due.  -1 in *failed with a sentence the first time something goes wrong. */
	uint64_t (*sample)(struct pc_leader *leader, uint64_t now_ns, int *failed, struct pc_error *error);
	/* Last samples of all led packages; puts back what the runtime itself changed. */
	void (*retire)(struct pc_leader *leader);

	/* The simulated node's side of a rank; path is the back end's argument. */
	int (*sit)(struct pc_plant_seat **seat, const char *path, unsigned rank, unsigned ranks,
		   struct pc_error *error);
	void (*work)(struct pc_plant_seat *seat, const char *phase); /* NULL: waits in MPI */
	void (*rise)(struct pc_plant_seat *seat);

	/* This node's part of the report as text, to be freed. */
	char *(*report_node)(const struct pc_segment *segment, struct pc_error *error);
	/* Joins the nodes' parts and writes the step's report; path NULL: the default name. */
	int (*report_step)(char *const *nodes, unsigned count, const char *path, struct pc_error *error);
};

#define PC_NODE_MODULE "libpm_phase_node.so"
#define PC_NODE_SYMBOL "pm_phase_node_ops"

#endif

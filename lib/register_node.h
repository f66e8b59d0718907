/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_REGISTER_NODE_H
#define PHASECAP_REGISTER_NODE_H

/*
 * The common part of every back end that speaks MSRs: it turns domain
 * operations into register operations and hands them to a transport
 * (msr.h).  msr-safe batch, msr-safe, stock msr and the simulated node differ in
 * their transport only.
 */

#include "backend.h"
#include "cpu_model.h"
#include "msr.h"

/*
 * Fills power's packages and domains: reads units, limits, power info and
 * masks through the transport.  Takes ownership of transport and topology, also on
 * failure.  power->state is the register node's afterwards.
 */
int pc_register_node_open(struct pc_power *power, struct pc_topology *topology,
			  const struct pc_cpu_model *model, struct pc_msr_transport transport,
			  struct pc_error *error) PC_WARN_UNUSED;

/* The methods for the back end's table. */
void pc_register_node_close(struct pc_power *power);
int pc_register_node_run(struct pc_power *power, unsigned package, struct pc_op *ops,
			 unsigned count, struct pc_stamp *stamp, struct pc_error *error);
int pc_register_node_capture(struct pc_power *power, struct pc_setting *setting, unsigned max,
			     struct pc_error *error);
int pc_register_node_setting_read(struct pc_power *power, const struct pc_setting *setting,
				  uint64_t *value, struct pc_error *error);
int pc_register_node_setting_write(struct pc_power *power, const struct pc_setting *setting,
				   struct pc_error *error);
bool pc_register_node_setting_lowers(const struct pc_power *power, const struct pc_setting *setting,
				     uint64_t found);
int pc_register_node_list_read(struct pc_power *power, struct pc_allowlist *list, struct pc_error *error);
int pc_register_node_list_install(struct pc_power *power, const struct pc_allowlist *list,
				  struct pc_error *error);
int pc_register_node_list_for(struct pc_power *power, enum pc_list_purpose purpose,
			      struct pc_allowlist *list, struct pc_error *error);
unsigned pc_register_node_access_paths(const struct pc_power *power, struct pc_access_path *path,
				       unsigned max);

/* The list for a model, without a node: what configs/allowlists/ is printed from. */
int pc_model_list(const struct pc_cpu_model *model, enum pc_list_purpose purpose,
		  struct pc_allowlist *list, struct pc_error *error) PC_WARN_UNUSED;

#endif

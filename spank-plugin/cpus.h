/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_CPUS_H
#define PHASECAP_CPUS_H

/*
 * How many CPUs a job has on one node, out of what slurmd says in the prolog: a
 * list with a count per node in order of the node list, "4(x2),8" for three nodes.  Where
 * all counts are the same the node list is not looked at.
 * 0: unknown, because a variable is missing or not of this form.
 */
unsigned cpus_of_node(const char *cpus_per_node, const char *node_list, const char *node);

/* The place of a node in a list such as "n[1-3,07],x"; -1 where it is not there or the list is
 * not of this form. */
int cpus_node_index(const char *node_list, const char *node);

#endif

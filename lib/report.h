/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_REPORT_H
#define PHASECAP_REPORT_H

/*
 * The step's report: JSON out of one or more segments, and a table for people.
 * doc/report.md describes every member.  Figures are integers with their unit in the
 * name; what could not be measured is null.
 */

#include <stdio.h>

#include <jansson.h>

#include "error.h"
#include "segment.h"

#define PC_REPORT_FORMAT 1

/* One node's part.  Believes nothing in the segment that it can check, so root may
 * give it a copy of a user's file (pc_segment_read()).  NULL: ENOMEM. */
json_t *pc_report_node(const struct pc_segment *segment, struct pc_error *error);
/* The same as text, to be freed. */
char *pc_report_node_text(const struct pc_segment *segment, struct pc_error *error);

/* Joins the parts (an array) of a step's nodes; borrows nodes.  NULL: EINVAL, one of them is no
 * node's part, or ENOMEM. */
json_t *pc_report_step(const json_t *nodes, struct pc_error *error);

/* Writes a step's report; whole or not at all, where path is a file's.  path: NULL is
 * "phasecap-JOB.STEP.json" here ("phasecap.json" for job 0); a directory gets that name in it;
 * "none" writes nothing. */
int pc_report_write(const json_t *report, const char *path, struct pc_error *error) PC_WARN_UNUSED;

/* Both at once, from the nodes' texts. */
int pc_report_step_file(char *const *nodes, unsigned count, const char *path,
			struct pc_error *error) PC_WARN_UNUSED;

/* Prints a report (the JSON of one step) as a table.  EINVAL: it is no report, or of a newer format. */
int pc_report_table(const json_t *report, FILE *out, struct pc_error *error) PC_WARN_UNUSED;

/* A phase's name made fit for JSON and terminals: bytes that are no UTF-8, control characters and the
 * backslash become \xNN.  text has room for 4 * length + 1. */
void pc_report_name(const char *name, size_t length, char *text);

#endif

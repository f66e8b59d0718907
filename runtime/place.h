/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_PLACE_H
#define PHASECAP_PLACE_H

/* Which packages each rank runs on, and which rank leads each package. */

#include <stdbool.h>

#include "segment.h"

/* The simulated node's file, where the segment's back end is one; else NULL. */
const char *pc_place_plant(const struct pc_segment *segment);

/* Of one lane, from its binding, or from its number on the simulated node; ranks: how many the node has. */
void pc_place(struct pc_segment *segment, unsigned lane, unsigned ranks);

/* Gives every package its leader, once all lanes are placed: the first rank bound there alone; else one
 * that runs there too and leads nothing yet; else any.  Same lanes, same leaders. */
void pc_place_elect(struct pc_segment *segment);

/* For processes that come one by one: the lane leads those of its packages that have no leader;
 * the node's first rank all that have none. */
void pc_place_volunteer(struct pc_segment *segment, unsigned lane);

bool pc_place_leads(const struct pc_segment *segment, unsigned lane);

#endif

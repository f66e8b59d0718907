/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_SHARE_H
#define PHASECAP_SHARE_H

/*
 * Dividing a package's joules over phases (I9).  Pure arithmetic.
 *
 * Between two samples each rank of a package counts the same; a rank's part goes to
 * the phases its threads were in, by their time.
 */

#include <stdint.h>

/* Weights are in these parts of one rank. */
#define PC_SHARE_ONE (UINT64_C(1) << 32)

/*
 * Adds one rank's part to weight[count]: time_ns[i] is what it spent in phase i.  A rank that
 * spent no time adds nothing.  Returns the rank's total time.
 */
uint64_t pc_share_rank(const uint64_t *time_ns, unsigned count, uint64_t *weight);

/*
 * part[i] of total in proportion to weight[i], in whole numbers, so that the parts' sum is
 * total exactly; without any weight all of it is part[0].  The weights' sum must fit 64 bits.
 */
void pc_share_divide(uint64_t total, const uint64_t *weight, unsigned count, uint64_t *part);

#endif

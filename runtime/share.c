/* SPDX-License-Identifier: BSD-3-Clause */
#include "share.h"

uint64_t pc_share_rank(const uint64_t *time_ns, unsigned count, uint64_t *weight)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < count; i++)
		total += time_ns[i];
	for (unsigned i = 0; total && i < count; i++)
		weight[i] += (uint64_t)((unsigned __int128)time_ns[i] * PC_SHARE_ONE / total);
	return total;
}

/* Rounding the running sum, not each part, is what keeps the sum exact: nothing is
 * lost and no remainder has to be carried. */
void pc_share_divide(uint64_t total, const uint64_t *weight, unsigned count, uint64_t *part)
{
	unsigned __int128 sum = 0, running = 0;
	uint64_t given = 0;

	for (unsigned i = 0; i < count; i++)
		sum += weight[i];
	for (unsigned i = 0; i < count; i++) {
		uint64_t upto = i ? given : total;

		running += weight[i];
		if (sum)
			upto = (uint64_t)(total * running / sum);
		part[i] = upto - given;
		given = upto;
	}
}

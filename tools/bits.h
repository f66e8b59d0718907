/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_PMCTL_BITS_H
#define PHASECAP_PMCTL_BITS_H

/* What a limit would be as a register, bit by bit, without a write: for dry runs. */

#include "pmctl.h"

struct bits {
	uint32_t msr;            /* 0: the back end has no registers */
	uint64_t before, after;
	uint64_t writable;       /* by the allowlist; all ones where there is none */
	bool locked;
	struct pc_limits limits; /* what `after` says */
};

/* limit->window_us 0 keeps the window. -1 with the sentence (ERANGE with the legal range). */
int bits_plan(const struct pmctl *pmctl, struct pc_power *power, unsigned package, enum pc_domain domain,
	      unsigned which, const struct pc_limit *limit, struct bits *bits, struct pc_error *error);

/* "3-10,17" */
const char *bits_text(uint64_t mask, char text[256]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_POWER_OPTION_H
#define PHASECAP_POWER_OPTION_H

/* The values of the user's options, parsed as hostile text: the same parser
 * serves srun (to say no early) and the prolog (to decide).  Pure; any thread. */

#include <stdint.h>

#include "error.h"

#define PC_POWER_MAX_UW UINT64_C(1000000000000000)   /* 1 GW: no budget of ours is larger */

enum pc_cap_level { PC_CAP_NODE, PC_CAP_PACKAGE, PC_CAP_JOB };

struct pc_cap {
	uint64_t cap_uw;
	enum pc_cap_level level;
};

/* "<watts>[W|kW][/node|/package|/job]": digits with at most six decimals, no sign, no
 * exponent, no white space.  EINVAL with the value (printable form, shortened) and the grammar
 * in the sentence; ERANGE above 1 GW or for zero.  On failure *cap is untouched. */
int pc_cap_parse(const char *text, struct pc_cap *cap, struct pc_error *error) PC_WARN_UNUSED;
/* "<watts>[W|kW]", with the same errors.  On failure *uw is untouched. */
int pc_watts_parse(const char *text, uint64_t *uw, struct pc_error *error) PC_WARN_UNUSED;
/* "300 W", "112.5 W": as few decimals as say it exactly; into text, returns text. */
const char *pc_watts_print(uint64_t uw, char text[32]);
/* "node", "package", "job". */
const char *pc_cap_level_name(enum pc_cap_level level);
/* Bytes made printable for an error sentence: ASCII as it is, a backslash or a double quote
 * behind a backslash, every other byte as \xNN; at most size-1, "..." where cut (never inside an
 * escape).  size is at least 1.  NULL is the empty string.  Returns text. */
const char *pc_printable(const char *bytes, char *text, unsigned size);

#endif

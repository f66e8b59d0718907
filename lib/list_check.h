/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_LIST_CHECK_H
#define PHASECAP_LIST_CHECK_H

/* What an allowlist grants that nobody should hold, and what it lacks for capping.  Pure. */

#include <stdint.h>

#include "allowlist.h"
#include "cpu_model.h"

enum pc_list_trouble {
	PC_LIST_GRANTS_LOCK,     /* a user could lock the limit until the next reset */
	PC_LIST_GRANTS_ENABLE,   /* a user could switch the limit off */
	PC_LIST_GRANTS_LIMIT2,   /* a user could lift the ceiling that root holds with limit 2 */
	PC_LIST_LACKS_ENERGY,    /* the package's energy cannot be read */
	PC_LIST_LACKS_LIMIT,     /* the package's limit cannot be read */
	PC_LIST_LACKS_WRITE      /* limit 1 of the package cannot be written as a whole */
};

struct pc_list_finding {
	enum pc_list_trouble trouble;
	enum pc_domain domain;
	uint32_t msr;
	uint64_t bits;           /* granted (GRANTS_) or not granted (LACKS_WRITE) */
};

#define PC_LIST_FINDINGS (4 * PC_DOMAIN_COUNT)

/*
 * Fills finding (room for PC_LIST_FINDINGS) and returns how many.  Where the model has no such
 * register, and for model NULL, a bit counts as dangerous where it is for any model of the table;
 * for model NULL nothing counts as lacking.
 */
unsigned pc_list_check(const struct pc_allowlist *list, const struct pc_cpu_model *model,
		       struct pc_list_finding *finding);

/* What it means, in half a sentence without the register's name. */
const char *pc_list_trouble_text(enum pc_list_trouble trouble);

#endif

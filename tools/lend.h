/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_PMCTL_LEND_H
#define PHASECAP_PMCTL_LEND_H

/*
 * Between jobs a node's allowlist is the site's own, and since msr-safe 1.7 not even
 * root gets past it.  So a command that must write borrows what it needs for a
 * moment: the node's list and this project's, joined; then the node's list again.
 */

#include <signal.h>

#include "allowlist.h"
#include "power.h"

struct lent {
	bool lent;
	struct pc_allowlist before;
	sigset_t mask;
};

#define LENT_NOTHING ((struct lent){ .lent = false })

/* Nothing happens where the list suffices, or where the back end has none.  Signals
 * that would end the process are held back until the list is returned. */
int lend_list(struct pc_power *power, enum pc_list_purpose purpose, struct lent *lent, struct pc_error *error);
int lend_return(struct pc_power *power, struct lent *lent, struct pc_error *error);

#endif

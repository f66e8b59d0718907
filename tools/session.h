/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_PMCTL_SESSION_H
#define PHASECAP_PMCTL_SESSION_H

/*
 * What a command needs around its writes: what they replace on disk first, prolog and
 * epilog kept away meanwhile, and, where asked for, a list that lets it write.
 */

#include "lend.h"
#include "pmctl.h"
#include "run_dir.h"
#include "saved.h"

struct session {
	struct pc_run_dir lock;
	struct lent list;
	struct pc_journal before;
	char made[512];          /* the file that this session has made; empty: none */
};

/* save: where to keep what is replaced; NULL: in the run directory, where the first of several
 * sessions in a row stays.  -1 with the sentence said; session_end() is due all the same. */
int session_begin(struct pmctl *pmctl, struct pc_power *power, const char *save, bool lend,
		  struct session *session);
/* Puts everything back as it was at the start, and removes the file for nothing.  How many settings
 * are not back (then the file stays), or -1 with the sentence said. */
int session_undo(const struct pmctl *pmctl, struct pc_power *power, const struct session *session);
/* Returns status, or PMCTL_FAILED with the sentence said where the node's list is not back. */
int session_end(struct pc_power *power, struct session *session, int status);

#endif

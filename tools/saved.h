/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_PMCTL_SAVED_H
#define PHASECAP_PMCTL_SAVED_H

/* A node's settings as a file: the format is the journal's (lib/journal.h), with job 0. */

#include "journal.h"
#include "pmctl.h"

/* Where `pmctl set` keeps what it replaces and `pmctl restore` looks, below the run directory. */
#define PMCTL_SAVED_NAME "set.saved"

/* Captures every setting; -1 with the sentence said. Free with pc_journal_free(). */
int pmctl_saved_capture(struct pmctl *pmctl, struct pc_power *power, struct pc_journal *journal);
/* All or nothing, on disk when it returns; -1 with the sentence said. */
int pmctl_saved_write(const struct pc_journal *journal, const char *path);
/* -1 with the sentence said. */
int pmctl_saved_read(const char *path, struct pc_journal *journal);
/* run_dir/PMCTL_SAVED_NAME */
void pmctl_saved_path(const struct pmctl *pmctl, char path[512]);
/* Restores and prints a line each; returns how many are not back, or -1 with the sentence said. */
int pmctl_saved_restore(const struct pmctl *pmctl, struct pc_power *power, const struct pc_journal *journal,
			const char *boot_id, bool quiet);

#endif

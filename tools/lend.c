/* SPDX-License-Identifier: BSD-3-Clause */
#include "lend.h"

#include <errno.h>

static void hold_signals(struct lent *lent)
{
	sigset_t ending;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_BLOCK, &ending, &lent->mask);
}

static int install_joined(struct pc_power *power, const struct pc_allowlist *wanted, struct lent *lent,
			  struct pc_error *error)
{
	struct pc_allowlist joined = PC_ALLOWLIST_EMPTY;
	int status = pc_allowlist_union(&joined, &lent->before, wanted, error);

	if (status == 0) {
		hold_signals(lent);
		lent->lent = true;
		status = pc_power_list_install(power, &joined, error);
	}
	pc_allowlist_free(&joined);
	return status;
}

int lend_list(struct pc_power *power, enum pc_list_purpose purpose, struct lent *lent, struct pc_error *error)
{
	struct pc_allowlist wanted = PC_ALLOWLIST_EMPTY;
	int status;

	*lent = LENT_NOTHING;
	/* Who may not read the list may still write through it; if not, the write says so. */
	if (pc_power_list_read(power, &lent->before, error) < 0)
		return errno == ENOTSUP || errno == EACCES || errno == EPERM ? 0 : -1;
	status = pc_power_list_for(power, purpose, &wanted, error);
	if (status == 0 && !pc_allowlist_subset(&wanted, &lent->before))
		status = install_joined(power, &wanted, lent, error);
	pc_allowlist_free(&wanted);
	if (status < 0 && lent->lent && lend_return(power, lent, NULL) < 0)
		pc_fail_within(error, "the node's former list is not back either");
	return status;
}

int lend_return(struct pc_power *power, struct lent *lent, struct pc_error *error)
{
	int status = 0;

	if (lent->lent) {
		status = pc_power_list_install(power, &lent->before, error);
		sigprocmask(SIG_SETMASK, &lent->mask, NULL);
	}
	pc_allowlist_free(&lent->before);
	*lent = LENT_NOTHING;
	return status;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "session.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int make(struct session *session, const char *path)
{
	if (pmctl_saved_write(&session->before, path) < 0)
		return -1;
	snprintf(session->made, sizeof session->made, "%s", path);
	return 0;
}

/* A package that came online since the first was kept, so that nothing is known of what it had; NULL: none. */
static const char *find_newcomer(const struct pc_journal *kept, const struct pc_journal *now)
{
	for (unsigned i = 0; i < now->package_count; i++) {
		unsigned known = 0;

		while (known < kept->package_count && strcmp(kept->package[known], now->package[i]))
			known++;
		if (known == kept->package_count)
			return now->package[i];
	}
	return NULL;
}

/* The first of several in a row is kept, so that a restore goes back to before them all. */
static int keep_first(const struct pmctl *pmctl, struct session *session)
{
	struct pc_journal kept = { 0 };
	const char *newcomer;
	char path[512];
	int status = 0;

	pmctl_saved_path(pmctl, path);
	if (access(path, F_OK) < 0)
		return make(session, path);
	if (pmctl_saved_read(path, &kept) < 0)
		return -1;
	newcomer = find_newcomer(&kept, &session->before);
	if (strcmp(kept.boot_id, session->before.boot_id))
		status = make(session, path);
	else if (strcmp(kept.backend, session->before.backend))
		status = -pmctl_error("%s: holds what was replaced through back end %s; `pmctl restore` first, or keep this with --save=FILE",
				      path, kept.backend);
	else if (newcomer)
		status = -pmctl_error("%s: does not hold what %s had; `pmctl restore` first, or keep this with --save=FILE",
				      path, newcomer);
	pc_journal_free(&kept);
	return status;
}

static int keep(struct pmctl *pmctl, const char *save, struct session *session)
{
	struct pc_error error;

	if (save)
		return make(session, save);
	if (pmctl_site(pmctl) < 0)
		return -1;
	if (pc_run_dir_open(&session->lock, pmctl->site.run_dir, PC_RUN_DIR_CREATE | PC_RUN_DIR_LOCK, &error) == 0)
		return keep_first(pmctl, session);
	pmctl_error("%s; nothing was changed", error.text);
	return -1;
}

int session_begin(struct pmctl *pmctl, struct pc_power *power, const char *save, bool lend,
		  struct session *session)
{
	struct pc_error error;

	*session = (struct session){ .lock = PC_RUN_DIR_CLOSED };
	if (lend && lend_list(power, PC_LIST_ROOT, &session->list, &error) < 0) {
		pmctl_error("%s; nothing was changed", error.text);
		return -1;
	}
	if (pmctl_saved_capture(pmctl, power, &session->before) < 0)
		return -1;
	return keep(pmctl, save, session);
}

int session_undo(const struct pmctl *pmctl, struct pc_power *power, const struct session *session)
{
	int bad = pmctl_saved_restore(pmctl, power, &session->before, session->before.boot_id, true);

	if (bad == 0 && *session->made)
		unlink(session->made);
	return bad;
}

int session_end(struct pc_power *power, struct session *session, int status)
{
	struct pc_error error;

	if (lend_return(power, &session->list, &error) < 0)
		status = pmctl_error("%s: the node's own allowlist is not back", error.text);
	pc_run_dir_close(&session->lock);
	pc_journal_free(&session->before);
	return status;
}

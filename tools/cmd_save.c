/* SPDX-License-Identifier: BSD-3-Clause */
/* save and restore: the same file, there and back. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lend.h"
#include "pmctl.h"
#include "saved.h"

static bool other_boot, lend;

static const struct pmctl_option restore_options[] = {
	{ "lend-list", 0, NULL, "put root's allowlist in the node for the moment", &lend },
	{ "other-boot", 0, NULL, "also where the file is from before the last reset", &other_boot },
	{ 0 }
};

static int run_save(struct pmctl *pmctl, char **operand)
{
	struct pc_power *power = pmctl_open(pmctl);
	struct pc_journal journal;
	int status = PMCTL_FAILED;

	if (!power || pmctl_saved_capture(pmctl, power, &journal) < 0)
		goto out;
	if (pmctl->dry_run || pmctl_saved_write(&journal, operand[0]) == 0)
		status = PMCTL_OK;
	if (!status && pmctl->json)
		status = pmctl_json_print(json_pack("{s:s, s:i, s:b, s:b}", "file", operand[0], "settings",
			(int)journal.setting_count, "simulated", pc_power_simulated(power),
			"dry_run", pmctl->dry_run));
	else if (!status)
		printf("%s: %u settings %s\n", operand[0], journal.setting_count,
		       pmctl->dry_run ? "would be saved" : "saved");
	pc_journal_free(&journal);
out:
	pc_power_close(power);
	return status;
}

/* Keys of one back end mean nothing to another. */
static int check_backend(struct pmctl *pmctl, const char *path, const struct pc_journal *journal)
{
	char asked[256];

	if (!pmctl->backend)
		pmctl->backend = journal->backend;
	else if (strcmp(pmctl->backend, "auto") && (pmctl_backend_absolute(pmctl->backend, asked) < 0 ||
						    strcmp(asked, journal->backend)))
		return pmctl_error("%s: was saved through back end %s, whose settings %s does not know; leave --backend out",
				   path, journal->backend, pmctl->backend);
	return PMCTL_OK;
}

/* After a reset the firmware's values hold, and the same file name may be another node's. */
static int check_boot(const char *path, const struct pc_journal *journal)
{
	struct pc_error error;
	char boot_id[37];

	if (pc_boot_id(boot_id, &error) < 0)
		return pmctl_error("%s", error.text);
	if (other_boot || !strcmp(boot_id, journal->boot_id))
		return PMCTL_OK;
	return pmctl_error("%s: was saved before the last reset, or on another node; --other-boot restores it all the same",
			   path);
}

static int restore_with_list(struct pmctl *pmctl, struct pc_power *power, const struct pc_journal *journal)
{
	struct lent lent = LENT_NOTHING;
	struct pc_error error;
	int bad;

	if (lend && !pmctl->dry_run && lend_list(power, PC_LIST_ROOT, &lent, &error) < 0) {
		pmctl_error("%s; nothing was changed", error.text);
		return -1;
	}
	bad = pmctl_saved_restore(pmctl, power, journal, journal->boot_id, false);
	if (lend_return(power, &lent, &error) < 0) {
		pmctl_error("%s: the node's own allowlist is not back", error.text);
		return -1;
	}
	return bad;
}

static int restore(struct pmctl *pmctl, const char *path, const struct pc_journal *journal)
{
	struct pc_power *power;
	int bad;

	if (check_boot(path, journal) || check_backend(pmctl, path, journal))
		return PMCTL_FAILED;
	power = pmctl_open(pmctl);
	if (!power)
		return PMCTL_FAILED;
	bad = restore_with_list(pmctl, power, journal);
	pc_power_close(power);
	if (bad > 0)
		pmctl_error("%s: %d of %u settings are not back", path, bad, journal->setting_count);
	return bad ? PMCTL_FAILED : PMCTL_OK;
}

static int run_restore(struct pmctl *pmctl, char **operand)
{
	const char *path = operand[0];
	struct pc_journal journal;
	char kept[512];
	int status;

	if (!path) {
		if (pmctl_site(pmctl) < 0)
			return PMCTL_FAILED;
		pmctl_saved_path(pmctl, kept);
		path = kept;
		if (access(kept, F_OK) < 0 && errno == ENOENT)
			return pmctl_error("nothing to restore: no `pmctl set` has left %s; a saved file can be named", kept);
	}
	if (pmctl_saved_read(path, &journal) < 0)
		return PMCTL_FAILED;
	status = restore(pmctl, path, &journal);
	pc_journal_free(&journal);
	/* What `pmctl set` kept has served; the next set captures anew. */
	if (!status && path == kept && !pmctl->dry_run && unlink(kept) < 0)
		status = pmctl_error("%s: %s", kept, strerror(errno));
	return status;
}

const struct pmctl_command pmctl_save = {
	.name = "save", .operands = "FILE", .least = 1, .most = 1, .writes = true, .run = run_save,
	.summary = "Save every power setting of the node in a new file.",
};

const struct pmctl_command pmctl_restore = {
	.name = "restore", .operands = "[FILE]", .most = 1, .writes = true, .options = restore_options,
	.run = run_restore,
	.summary = "Put saved settings back and verify them, one line each.",
	.details = "Without FILE: what `pmctl set` replaced. Exit status 1: something is not back.\n"
		   "A file that is torn, foreign, of a newer format or from before the last reset is refused.",
};

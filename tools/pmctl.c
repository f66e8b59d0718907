/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "pmctl.h"

static const struct pmctl_command *find(const struct pmctl_command *table, const char *name)
{
	for (; table->name; table++)
		if (!strcmp(table->name, name))
			return table;
	return NULL;
}

/* Runs the command that argv[0] names; path is what stands before it. */
static int dispatch(struct pmctl *pmctl, const char *path, const struct pmctl_command *table,
		    int argc, char **argv)
{
	const struct pmctl_command *command = find(table, argv[0]);
	char below[64];
	int first, status = PMCTL_OK;

	if (!command)
		return pmctl_usage(path, "there is no command '%.32s'", argv[0]);
	snprintf(below, sizeof below, "%s %s", path, command->name);
	first = pmctl_parse_command(pmctl, below, command, argc, argv, &status);
	if (first < 0)
		return status;
	if (command->members)
		return dispatch(pmctl, below, command->members, argc - first, argv + first);
	return pmctl_flush(command->run(pmctl, argv + first));
}

int main(int argc, char **argv)
{
	static struct pmctl pmctl;
	const struct pmctl_command table[] = {
		pmctl_show, pmctl_set, pmctl_save, pmctl_restore, pmctl_watch, pmctl_allowlist,
		pmctl_doctor, pmctl_ceiling, pmctl_gather, pmctl_report, pmctl_sim, { 0 }
	};
	int first, status = PMCTL_OK;

	first = pmctl_parse_common(&pmctl, table, argc, argv, &status);
	if (first < 0)
		return status;
	return dispatch(&pmctl, "pmctl", table, argc - first, argv + first);
}

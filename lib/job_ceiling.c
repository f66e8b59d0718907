/* SPDX-License-Identifier: BSD-3-Clause */
#include "job_node.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "ceiling.h"

/*
 * A job under the operator's ceiling, which may come and go while it runs.  The job's
 * limits start under it; the job's end brings back what the site had before both, and
 * then puts the ceiling over that again.
 */

/* 1: there is one; 0: none; -1. */
static int load(const struct job_node *node, struct pc_ceiling *ceiling, struct pc_error *error)
{
	*ceiling = (struct pc_ceiling){ 0 };
	if (pc_ceiling_load(node->dir.top, geteuid(), ceiling, error) == 0)
		return 1;
	return errno == ENOENT ? 0 : -1;
}

int job_look_behind_ceiling(struct job_begin *begin, struct pc_error *error)
{
	struct pc_journal *journal = &begin->journal;
	struct pc_ceiling ceiling;
	int there = load(begin->node, &ceiling, error);

	for (unsigned i = 0; there > 0 && i < journal->setting_count; i++) {
		struct pc_setting *captured = &journal->setting[i].captured;
		uint64_t before;

		if (pc_ceiling_before(&ceiling, journal->package[captured->package], captured, &before))
			captured->value = before;
	}
	pc_ceiling_free(&ceiling);
	return there < 0 ? -1 : 0;
}

/* As pmctl does it: decided and on disk, lowered, and on disk what was written. */
static int put_in_force(const struct job_node *node, struct pc_power *power, const struct pc_ceiling *old,
			struct pc_ceiling *ceiling, struct pc_error *error)
{
	int above;

	if (pc_ceiling_plan(power, old->ceiling_uw, node->site->dram_reserve_uw, old, ceiling, error))
		return -1;
	ceiling->set_at_s = old->set_at_s;
	ceiling->uid = old->uid;
	job_copy_text(ceiling->backend, sizeof ceiling->backend, old->backend);
	if (pc_ceiling_save(node->dir.top, ceiling, error))
		return -1;
	above = pc_ceiling_apply(power, ceiling, NULL);
	if (pc_ceiling_save(node->dir.top, ceiling, error))
		return -1;
	return above ? pc_fail(error, EIO, "%d packages could not be brought under it", above) : 0;
}

int job_ceiling_again(const struct job_node *node, struct pc_power *power, struct pc_error *error)
{
	struct pc_ceiling old, ceiling = { 0 };
	int result = load(node, &old, error);

	if (result > 0)
		result = put_in_force(node, power, &old, &ceiling, error);
	pc_ceiling_free(&ceiling);
	pc_ceiling_free(&old);
	return result;
}

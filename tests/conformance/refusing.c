/* SPDX-License-Identifier: BSD-3-Clause */
/* What is absent or not permitted, and what can be captured. */
#include "conformance.h"

#include <errno.h>
#include <stdlib.h>

/* --- refusals --------------------------------------------------------------- */

/* What is not there fails alone. */
enum outcome what_is_absent_fails_alone(struct node *node)
{
	struct pc_op op[2];

	for (unsigned p = 0; p < node->packages; p++) {
		for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
			if (info_of(node, p, d)->has_energy || !info_of(node, p, PC_PACKAGE)->has_energy)
				continue;
			op[0] = (struct pc_op){ .kind = PC_OP_ENERGY, .domain = d };
			op[1] = (struct pc_op){ .kind = PC_OP_ENERGY, .domain = PC_PACKAGE, .error = -1 };
			if (pc_power_run(node->power, p, op, 2, NULL, &error) == 0)
				return say(node, BROKEN, "%s energy was read, and is said to be absent",
					   pc_domain_name(d));
			if (!op[0].error || op[1].error || errno != -op[0].error)
				return say(node, BROKEN, "errors %d and %d, errno %d", op[0].error, op[1].error,
					   errno);
			return HELD;
		}
	}
	return say(node, LACKING, "no domain is absent beside one that is there");
}

enum outcome bad_calls_are_refused(struct node *node)
{
	struct pc_op op[PC_MAX_OPS + 1] = { { .kind = PC_OP_ENERGY } };

	if (pc_power_run(node->power, node->packages, op, 1, NULL, &error) == 0 || errno != EINVAL)
		return say(node, BROKEN, "a package that is not there");
	if (pc_power_run(node->power, 0, op, PC_MAX_OPS + 1, NULL, &error) == 0 || errno != EINVAL)
		return say(node, BROKEN, "more operations than a batch takes");
	return HELD;
}

static enum outcome what_is_not_writable_is_refused(struct node *node, unsigned package, unsigned domain)
{
	struct pc_op op = { .kind = PC_OP_LIMIT_WRITE, .domain = domain };
	struct pc_limits before, after;

	if (read_limits(node, package, domain, &before) < 0)
		return say(node, BROKEN, "%s", error.text);
	op.limits.limit[0] = before.limit[0];
	op.limits.limit[0].limit_uw = before.limit[0].limit_uw + 10000000;
	op.limits.limit[0].window_us = 0;
	if (run_one(node, package, &op) == 0)
		return say(node, BROKEN, "%s: %s limit was written, and is said not to be writable",
			   name_of(node, package), pc_domain_name(domain));
	if (errno != EROFS && errno != EPERM)
		return say(node, BROKEN, "errno %d: %s", errno, error.text);
	if (read_limits(node, package, domain, &after) < 0 || !same_limits(&before, &after))
		return say(node, BROKEN, "it changed all the same");
	return HELD;
}

enum outcome unwritable_limits_are_refused(struct node *node)
{
	return each(node, is_not_writable, what_is_not_writable_is_refused, "there is no limit that cannot be written");
}

/* --- capture ---------------------------------------------------------------- */

enum outcome capture_reads_every_setting(struct node *node)
{
	if (node->settings < 0)
		return say(node, LACKING, "%s", node->no_capture.text);
	if (!node->settings)
		return say(node, BROKEN, "no setting");
	for (int i = 0; i < node->settings; i++) {
		const struct pc_setting *setting = &node->setting[i];
		uint64_t value;

		if (pc_power_setting_read(node->power, setting, &value, &error) < 0)
			return say(node, BROKEN, "%s", error.text);
		if ((value ^ setting->value) & setting->mask)
			return say(node, BROKEN, "%s reads otherwise than it was captured", setting->key);
	}
	return HELD;
}

enum outcome room_for_too_few_settings_is_said(struct node *node)
{
	struct pc_setting *few = malloc(sizeof *few * SETTINGS);
	enum outcome outcome = HELD;

	if (node->settings < 1)
		outcome = say(node, LACKING, "nothing can be captured");
	else if (pc_power_capture(node->power, few, (unsigned)node->settings - 1, &error) != -1 ||
		 errno != ENOSPC)
		outcome = say(node, BROKEN, "it fitted");
	free(few);
	return outcome;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy.h"

#include <stddef.h>
#include <string.h>

static void monitor_targets(const struct pc_policy_input *input, uint64_t *target_uw)
{
	for (unsigned i = 0; i < input->count; i++)
		target_uw[i] = 0;
}

/* What the decision gave each package, for as long as the step runs. */
static void static_targets(const struct pc_policy_input *input, uint64_t *target_uw)
{
	for (unsigned i = 0; i < input->count; i++)
		target_uw[i] = input->cap_uw ? input->package[i].start_uw : 0;
}

static const struct pc_policy table[] = {
	{ "monitor", monitor_targets },
	{ "static", static_targets },
};

const struct pc_policy *pc_policy_find(const char *name)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!strcmp(name, table[i].name))
			return &table[i];
	return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "pmctl.h"

int pmctl_site(struct pmctl *pmctl)
{
	struct pc_error error;

	if (pc_site_load(&pmctl->site, pmctl->config, &error) < 0) {
		pmctl_error("%s", error.text);
		return -1;
	}
	return 0;
}

/* A recorded root has no site of its own: only what --backend says. */
static bool uses_site(const struct pmctl *pmctl)
{
	return !pmctl->backend && (!pmctl->root || pmctl->config);
}

const char *pmctl_backend_spec(const struct pmctl *pmctl)
{
	if (pmctl->backend)
		return pmctl->backend;
	return uses_site(pmctl) && pmctl->site.backend[0] ? pmctl->site.backend : "auto";
}

int pmctl_backend_absolute(const char *spec, char absolute[256])
{
	char path[PATH_MAX];
	int length;

	if (strncmp(spec, "sim:", 4) || !realpath(spec + 4, path))
		length = snprintf(absolute, 256, "%s", spec);
	else
		length = snprintf(absolute, 256, "sim:%s", path);
	return length < 256 ? 0 : -1;
}

struct pc_power *pmctl_open(struct pmctl *pmctl)
{
	struct pc_power_config config = { .root = pmctl->root };
	struct pc_power *power = NULL;
	struct pc_error error;

	if (uses_site(pmctl) && pmctl_site(pmctl) < 0)
		return NULL;
	config.backend = pmctl_backend_spec(pmctl);
	if (pc_power_open(&power, &config, pmctl->rung, PMCTL_RUNGS, &pmctl->rungs, &error) < 0) {
		pmctl_error("%s", error.text);
		return NULL;
	}
	return power;
}

void pmctl_print_node(const struct pc_power *power, FILE *out)
{
	unsigned packages = pc_power_package_count(power);

	fprintf(out, "back end %s, %u package%s", pc_power_backend(power), packages, packages == 1 ? "" : "s");
	fprintf(out, "%s\n", pc_power_simulated(power) ? "; every figure here is simulated" : "");
}

json_t *pmctl_json_node(const struct pmctl *pmctl, const struct pc_power *power)
{
	json_t *ladder = json_array();

	for (unsigned i = 0; i < pmctl->rungs; i++) {
		const struct pc_rung_report *rung = &pmctl->rung[i];

		json_array_append_new(ladder, json_pack("{s:s, s:i, s:b, s:s}", "name", rung->name,
			"rung", rung->rung, "taken", rung->taken, "reason", rung->reason));
	}
	return json_pack("{s:s, s:i, s:b, s:o}", "backend", pc_power_backend(power),
			 "rung", pc_power_rung(power), "simulated", pc_power_simulated(power), "ladder", ladder);
}

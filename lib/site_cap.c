/* SPDX-License-Identifier: BSD-3-Clause */
#include "site.h"

#include <errno.h>
#include <stdio.h>

#define SHOWN 64                 /* bytes of a user's text in a sentence */

static const char *legal_range(const struct pc_site *site, char text[96])
{
	char least[32], most[32];

	pc_watts_print(site->cap_min_uw, least);
	pc_watts_print(site->cap_max_uw, most);
	if (site->cap_min_uw && site->cap_max_uw)
		snprintf(text, 96, "%s to %s", least, most);
	else if (site->cap_max_uw)
		snprintf(text, 96, "%s and less", most);
	else if (site->cap_min_uw)
		snprintf(text, 96, "%s and more", least);
	else
		snprintf(text, 96, "what each node's hardware can be held to");
	return text;
}

static int check_bounds(const struct pc_site *site, const char *text, uint64_t cap_uw, struct pc_error *error)
{
	bool low = cap_uw < site->cap_min_uw;
	char shown[SHOWN], bound[32], range[96];

	if (!low && (!site->cap_max_uw || cap_uw <= site->cap_max_uw))
		return 0;
	return pc_fail(error, ERANGE, "--power-cap=%s is %s this site's %s cap of %s per node; legal are %s",
		       pc_printable(text, shown, sizeof shown), low ? "below" : "above", low ? "least" : "most",
		       pc_watts_print(low ? site->cap_min_uw : site->cap_max_uw, bound), legal_range(site, range));
}

int pc_site_cap(const struct pc_site *site, const char *text, struct pc_cap *cap, struct pc_error *error)
{
	char shown[SHOWN], range[96];
	struct pc_error why;

	if (pc_cap_parse(text, cap, &why))
		return pc_fail(error, errno, "--power-cap: %s; legal watts per node are %s", why.text, legal_range(site, range));
	if (cap->level != PC_CAP_NODE)
		return pc_fail(error, ENOTSUP, "--power-cap=%s: a cap per %s is not available here; give the watts of "
			       "one node, as in --power-cap=300W or --power-cap=300W/node",
			       pc_printable(text, shown, sizeof shown), pc_cap_level_name(cap->level));
	return check_bounds(site, text, cap->cap_uw, error);
}

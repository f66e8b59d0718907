/* SPDX-License-Identifier: BSD-3-Clause */
#include "conformance.h"

#include <errno.h>
#include <string.h>

enum outcome lists_go_in_and_read_back(struct node *node)
{
	static const enum pc_list_purpose purposes[] = { PC_LIST_READ, PC_LIST_JOB, PC_LIST_ROOT };

	for (unsigned i = 0; i < 3; i++) {
		struct pc_allowlist wanted, found;
		int same = 0;

		if (pc_power_list_for(node->power, purposes[i], &wanted, &error) < 0)
			return say(node, BROKEN, "%s", error.text);
		if (pc_power_list_install(node->power, &wanted, &error) == 0 &&
		    pc_power_list_read(node->power, &found, &error) == 0) {
			same = pc_allowlist_equal(&wanted, &found);
			pc_allowlist_free(&found);
		}
		pc_allowlist_free(&wanted);
		if (!same)
			return say(node, BROKEN, "list %u: %s", i, error.text);
	}
	return HELD;
}

static enum outcome job_cannot(struct node *node, unsigned package, unsigned domain)
{
	struct pc_limits now, back;
	struct pc_limit limit;

	if (read_limits(node, package, domain, &now) < 0)
		return say(node, BROKEN, "%s", error.text);
	limit = now.limit[0];
	limit.enabled = !limit.enabled;
	limit.limit_uw = limit.limit_uw ? limit.limit_uw : 20000000;
	limit.window_us = 0;
	if (set_limit(node, PC_OP_LIMIT1_SET, package, domain, &limit, &back) == 0 || errno != EPERM)
		return say(node, BROKEN, "a job switches %s's %s limit", name_of(node, package),
			   pc_domain_name(domain));
	if (now.count == 2) {
		limit = now.limit[1];
		limit.limit_uw += 10000000;
		if (set_limit(node, PC_OP_LIMIT2_SET, package, domain, &limit, &back) == 0 || errno != EPERM)
			return say(node, BROKEN, "a job lifts %s's %s limit 2", name_of(node, package),
				   pc_domain_name(domain));
	}
	return node->writes ? write_one(node, package, domain) : HELD;
}

enum outcome a_jobs_list_lets_it_move_limit_1_alone(struct node *node)
{
	enum outcome outcome;

	if (install(node, PC_LIST_JOB) < 0)
		return say(node, BROKEN, "%s", error.text);
	outcome = each(node, is_writable, job_cannot, "no limit is writable");
	if (install(node, PC_LIST_ROOT) < 0)
		return say(node, BROKEN, "%s", error.text);
	return outcome;
}

enum outcome under_a_reading_list_nothing_is_writable(struct node *node)
{
	enum outcome outcome = HELD;

	if (install(node, PC_LIST_READ) < 0)
		return say(node, BROKEN, "%s", error.text);
	for (unsigned p = 0; p < node->packages; p++) {
		if (!info_of(node, p, PC_PACKAGE)->has_energy || info_of(node, p, PC_PACKAGE)->writable)
			outcome = say(node, BROKEN, "%s: wrong under the list", name_of(node, p));
	}
	if (outcome == HELD)
		outcome = unwritable_limits_are_refused(node);
	if (install(node, PC_LIST_ROOT) < 0)
		return say(node, BROKEN, "%s", error.text);
	return outcome;
}

enum outcome an_empty_list_hides_everything(struct node *node)
{
	struct pc_setting setting;
	enum outcome outcome = HELD;

	if (pc_power_list_install(node->power, &PC_ALLOWLIST_EMPTY, &error) < 0)
		return say(node, BROKEN, "%s", error.text);
	for (unsigned p = 0; p < node->packages; p++) {
		for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
			if (info_of(node, p, d)->has_energy || info_of(node, p, d)->has_limit)
				outcome = say(node, BROKEN, "%s still has a %s domain", name_of(node, p),
					      pc_domain_name(d));
		}
	}
	if (pc_power_capture(node->power, &setting, 1, &error) != -1 || errno != EACCES ||
	    !strstr(error.text, "list is empty"))
		outcome = say(node, BROKEN, "capture: %s", error.text);
	if (install(node, PC_LIST_ROOT) < 0 || !info_of(node, 0, PC_PACKAGE)->has_energy)
		return say(node, BROKEN, "the node does not come back: %s", error.text);
	return outcome;
}

enum outcome without_a_list_list_calls_say_so(struct node *node)
{
	struct pc_allowlist list;

	if (node->has_list)
		return say(node, LACKING, "the back end has a list");
	if (pc_power_list_read(node->power, &list, &error) == 0)
		return say(node, BROKEN, "a list was read");
	if (errno != ENOTSUP)
		return say(node, LACKING, "%s", error.text);
	if (pc_power_list_install(node->power, &list, &error) == 0 ||
	    (errno != ENOTSUP && errno != EROFS))
		return say(node, BROKEN, "a list was installed, or errno %d", errno);
	return HELD;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "conformance.h"

#include <string.h>

/* --- what is there ---------------------------------------------------------- */

enum outcome packages_are_found(struct node *node)
{
	if (!node->packages)
		return say(node, BROKEN, "no package");
	if (node->must_packages >= 0 && node->packages != (unsigned)node->must_packages)
		return say(node, BROKEN, "%u packages", node->packages);
	for (unsigned p = 0; p < node->packages; p++) {
		if (strncmp(name_of(node, p), "package-", 8) != 0)
			return say(node, BROKEN, "package %u is called %s", p, name_of(node, p));
		for (unsigned q = 0; q < p; q++) {
			if (!strcmp(name_of(node, p), name_of(node, q)))
				return say(node, BROKEN, "two packages are called %s", name_of(node, p));
		}
	}
	return HELD;
}

static bool is_listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (; list; list = strchr(list, ','), list += list != NULL) {
		if (!strncmp(list, name, length) && (list[length] == ',' || !list[length]))
			return true;
	}
	return false;
}

enum outcome domains_are_found(struct node *node)
{
	for (unsigned p = 0; p < node->packages; p++) {
		for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
			const char *name = pc_domain_name(d);
			bool is = info_of(node, p, d)->has_energy;

			if (node->must_domains && is != is_listed(node->must_domains, name))
				return say(node, BROKEN, "%s: %s energy is%s there", name_of(node, p), name,
					   is ? "" : " not");
		}
		if (!info_of(node, p, PC_PACKAGE)->has_energy)
			return say(node, LACKING, "%s has no package energy", name_of(node, p));
	}
	return HELD;
}

enum outcome the_name_says_whether_it_is_simulated(struct node *node)
{
	bool simulated = pc_power_simulated(node->power);

	if (simulated != (pc_power_rung(node->power) == 0))
		return say(node, BROKEN, "rung %d, simulated: %d", pc_power_rung(node->power), simulated);
	return HELD;
}

/* --- counters --------------------------------------------------------------- */

/* Until the counter has moved three times; it never goes back, but by its one wrap. */
static enum outcome energy_grows(struct node *node, unsigned package, unsigned domain)
{
	const struct pc_domain_info *info = info_of(node, package, domain);
	struct pc_op op = { .kind = PC_OP_ENERGY, .domain = domain };
	struct pc_stamp first, stamp;
	uint64_t before, sum_uj = 0;
	unsigned moved = 0;

	if (pc_power_run(node->power, package, &op, 1, &first, &error) < 0)
		return say(node, BROKEN, "%s", error.text);
	stamp = first;
	for (unsigned ms = 0; moved < 3 && ms < node->wait_ms; ms += 2) {
		before = op.count;
		pause_ms(2);
		if (pc_power_run(node->power, package, &op, 1, &stamp, &error) < 0)
			return say(node, BROKEN, "%s", error.text);
		if (info->energy_wrap && op.count >= info->energy_wrap)
			return say(node, BROKEN, "%s: count %llu is beyond the wrap", pc_domain_name(domain),
				   (unsigned long long)op.count);
		moved += op.count != before;
		sum_uj += pc_power_energy_uj(info, before, op.count);
	}
	if (moved < 3)
		return say(node, BROKEN, "%s: %s energy does not move in %u ms", name_of(node, package),
			   pc_domain_name(domain), node->wait_ms);
	/* Nothing draws 5 kW; a counter that ran backwards looks like a whole wrap. */
	if (sum_uj * 1000 / (stamp.after_ns - first.before_ns + 1) > 5000)
		return say(node, BROKEN, "%s: %s energy: %llu uJ in %llu ns", name_of(node, package),
			   pc_domain_name(domain), (unsigned long long)sum_uj,
			   (unsigned long long)(stamp.after_ns - first.before_ns));
	return HELD;
}

enum outcome every_energy_counter_grows(struct node *node)
{
	return each(node, has_energy, energy_grows, "no domain has energy");
}

static enum outcome stamp_of(struct node *node, unsigned package, struct pc_stamp *stamp)
{
	struct pc_op op = { .kind = PC_OP_ENERGY, .domain = PC_PACKAGE };

	if (pc_power_run(node->power, package, &op, 1, stamp, &error) < 0)
		return say(node, BROKEN, "%s", error.text);
	if (stamp->after_ns < stamp->before_ns || stamp->after_ns - stamp->before_ns > LONGEST_BATCH_NS)
		return say(node, BROKEN, "a batch from %llu to %llu ns", (unsigned long long)stamp->before_ns,
			   (unsigned long long)stamp->after_ns);
	return HELD;
}

enum outcome stamps_advance(struct node *node)
{
	for (unsigned p = 0; p < node->packages; p++) {
		struct pc_stamp first, second;

		if (!info_of(node, p, PC_PACKAGE)->has_energy)
			return say(node, LACKING, "no domain has energy");
		if (stamp_of(node, p, &first) != HELD || stamp_of(node, p, &second) != HELD)
			return BROKEN;
		if (second.before_ns < first.after_ns)
			return say(node, BROKEN, "two batches overlap in time");
		if (!first.tsc != !second.tsc || second.tsc < first.tsc)
			return say(node, BROKEN, "TSC %llu, then %llu", (unsigned long long)first.tsc,
				   (unsigned long long)second.tsc);
	}
	return HELD;
}

/* All counters of all domains and a limit in one call, each op with its own result. */
enum outcome one_batch_brings_everything(struct node *node)
{
	struct pc_op op[PC_MAX_OPS];
	unsigned count, total = 0;

	for (unsigned p = 0; p < node->packages; p++) {
		count = 0;
		for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
			const struct pc_domain_info *info = info_of(node, p, d);

			if (info->has_energy)
				op[count++] = (struct pc_op){ .kind = PC_OP_ENERGY, .domain = d, .error = -1 };
			if (info->has_perf_status)
				op[count++] = (struct pc_op){ .kind = PC_OP_PERF_STATUS, .domain = d, .error = -1 };
			if (info->has_limit)
				op[count++] = (struct pc_op){ .kind = PC_OP_LIMIT_READ, .domain = d, .error = -1 };
		}
		if (pc_power_run(node->power, p, op, count, NULL, &error) < 0)
			return say(node, BROKEN, "%s", error.text);
		for (unsigned i = 0; i < count; i++) {
			if (op[i].error || (op[i].kind == PC_OP_LIMIT_READ && !op[i].limits.count))
				return say(node, BROKEN, "operation %u has no result", i);
		}
		total += count;
	}
	return total ? HELD : say(node, LACKING, "no domain can be read");
}

static enum outcome perf_status_reads(struct node *node, unsigned package, unsigned domain)
{
	struct pc_op op = { .kind = PC_OP_PERF_STATUS, .domain = domain };
	uint64_t before;

	if (run_one(node, package, &op) < 0)
		return say(node, BROKEN, "%s", error.text);
	before = op.count;
	if (run_one(node, package, &op) < 0)
		return say(node, BROKEN, "%s", error.text);
	if ((op.count - before) % (UINT64_C(1) << 32) > UINT64_C(1) << 31)
		return say(node, BROKEN, "%s: perf status went back", name_of(node, package));
	return HELD;
}

enum outcome throttled_time_reads(struct node *node)
{
	return each(node, has_perf, perf_status_reads, "no domain has a perf status");
}

/* --- limits, read ----------------------------------------------------------- */

static enum outcome limit_is_sane(struct node *node, unsigned package, unsigned domain)
{
	const struct pc_domain_info *info = info_of(node, package, domain);
	struct pc_limits limits;

	if (read_limits(node, package, domain, &limits) < 0)
		return say(node, BROKEN, "%s", error.text);
	if (limits.count != info->limit_count || limits.count < 1 || limits.count > 2)
		return say(node, BROKEN, "%u limits, %u told", limits.count, info->limit_count);
	if (limits.locked != info->locked)
		return say(node, BROKEN, "locked: %d, %d told", limits.locked, info->locked);
	for (unsigned i = 0; i < limits.count; i++) {
		const struct pc_limit *limit = &limits.limit[i];

		if (limit->limit_uw > info->max_limit_uw || (limit->enabled && !limit->limit_uw))
			return say(node, BROKEN, "%s: %s limit %u of %llu uW", name_of(node, package),
				   pc_domain_name(domain), i + 1, (unsigned long long)limit->limit_uw);
	}
	if (limits.limit[0].enabled && !limits.limit[0].window_us)
		return say(node, BROKEN, "%s: %s limit 1 has no window", name_of(node, package),
			   pc_domain_name(domain));
	return HELD;
}

enum outcome limits_are_sane(struct node *node)
{
	return each(node, has_limit, limit_is_sane, "no domain has a limit");
}

static enum outcome info_is_sane(struct node *node, unsigned package, unsigned domain)
{
	const struct pc_power_info *info = &info_of(node, package, domain)->info;

	if (info->min_uw && info->max_uw && info->min_uw > info->max_uw)
		return say(node, BROKEN, "%s: %s: minimum above maximum", name_of(node, package),
			   pc_domain_name(domain));
	if (info->tdp_uw && info->max_uw && info->max_uw < info->tdp_uw)
		return say(node, BROKEN, "%s: %s: maximum below the TDP", name_of(node, package),
			   pc_domain_name(domain));
	return HELD;
}

enum outcome reported_bounds_are_sane(struct node *node)
{
	return each(node, has_limit, info_is_sane, "no domain has a limit");
}

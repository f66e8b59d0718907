/* SPDX-License-Identifier: BSD-3-Clause */
#include "conformance.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

struct pc_error error;

enum outcome say(struct node *node, enum outcome outcome, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(node->why, sizeof node->why, format, args);
	va_end(args);
	return outcome;
}

const struct pc_domain_info *info_of(const struct node *node, unsigned package, unsigned domain)
{
	return pc_power_domain(node->power, package, domain);
}

const char *name_of(const struct node *node, unsigned package)
{
	return pc_power_package_name(node->power, package);
}

int run_one(struct node *node, unsigned package, struct pc_op *op)
{
	return pc_power_run(node->power, package, op, 1, NULL, &error);
}

int read_limits(struct node *node, unsigned package, unsigned domain, struct pc_limits *limits)
{
	struct pc_op op = { .kind = PC_OP_LIMIT_READ, .domain = domain };
	int status = run_one(node, package, &op);

	*limits = op.limits;
	return status;
}

static bool same_limit(const struct pc_limit *a, const struct pc_limit *b)
{
	return a->limit_uw == b->limit_uw && a->window_us == b->window_us && a->enabled == b->enabled &&
	       a->clamped == b->clamped;
}

bool same_limits(const struct pc_limits *a, const struct pc_limits *b)
{
	return a->count == b->count && a->locked == b->locked && same_limit(&a->limit[0], &b->limit[0]) &&
	       (a->count < 2 || same_limit(&a->limit[1], &b->limit[1]));
}

void pause_ms(long ms)
{
	struct timespec span = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&span, NULL);
}

/* Calls visit for each domain of each package that `wanted` picks, until one does not hold. */
enum outcome each(struct node *node, bool (*wanted)(const struct pc_domain_info *info),
		  enum outcome (*visit)(struct node *node, unsigned package, unsigned domain),
		  const char *lack)
{
	unsigned visited = 0;

	for (unsigned p = 0; p < node->packages; p++) {
		for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
			enum outcome outcome;

			if (!wanted(info_of(node, p, d)))
				continue;
			visited++;
			outcome = visit(node, p, d);
			if (outcome != HELD)
				return outcome;
		}
	}
	return visited ? HELD : say(node, LACKING, "%s", lack);
}

bool has_energy(const struct pc_domain_info *info) { return info->has_energy; }
bool has_limit(const struct pc_domain_info *info) { return info->has_limit; }
bool has_perf(const struct pc_domain_info *info) { return info->has_perf_status; }
bool is_writable(const struct pc_domain_info *info) { return info->has_limit && info->writable; }
bool is_not_writable(const struct pc_domain_info *info) { return info->has_limit && !info->writable; }

int install(struct node *node, enum pc_list_purpose purpose)
{
	struct pc_allowlist list;
	int status = pc_power_list_for(node->power, purpose, &list, &error);

	if (status == 0)
		status = pc_power_list_install(node->power, &list, &error);
	pc_allowlist_free(&list);
	return status;
}

/* Writes back what differs; the number of settings that could not be. */
int put_back(struct node *node)
{
	int failed = 0;

	for (int i = 0; i < node->settings; i++) {
		if (pc_power_setting_write(node->power, &node->setting[i], &error) < 0)
			failed++;
	}
	return failed;
}

enum outcome all_is_as_captured(struct node *node)
{
	for (int i = 0; i < node->settings; i++) {
		uint64_t value;

		if (pc_power_setting_read(node->power, &node->setting[i], &value, &error) < 0)
			return say(node, BROKEN, "%s", error.text);
		if ((value ^ node->setting[i].value) & node->setting[i].mask)
			return say(node, BROKEN, "package %u: %s holds 0x%llx instead of 0x%llx",
				   node->setting[i].package, node->setting[i].key, (unsigned long long)value,
				   (unsigned long long)node->setting[i].value);
	}
	return HELD;
}

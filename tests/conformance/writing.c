/* SPDX-License-Identifier: BSD-3-Clause */
#include "conformance.h"

#include <errno.h>
#include <string.h>

/* A tenth below what is there; where nothing is, what is usual. */
static uint64_t next_limit(const struct node *node, unsigned package, unsigned domain,
			   const struct pc_limit *now)
{
	uint64_t most_uw = info_of(node, package, domain)->max_limit_uw;
	uint64_t limit_uw = now->limit_uw / 10 * 9;

	if (!limit_uw)
		limit_uw = 20000000;
	return limit_uw < most_uw ? limit_uw : most_uw;
}

/* Watts round down to what the register can say, by less than a watt. */
static bool is_nearly(uint64_t got_uw, uint64_t asked_uw)
{
	return got_uw <= asked_uw && asked_uw - got_uw < 1000000;
}

int set_limit(struct node *node, enum pc_op_kind kind, unsigned package, unsigned domain,
	      const struct pc_limit *limit, struct pc_limits *back)
{
	struct pc_op op = { .kind = kind, .domain = domain };
	int status;

	op.limits.limit[kind == PC_OP_LIMIT2_SET] = *limit;
	status = run_one(node, package, &op);
	*back = op.limits;
	return status;
}

struct picture {
	struct pc_limits of[PC_MAX_PACKAGES][PC_DOMAIN_COUNT];
};

static int take_picture(struct node *node, struct picture *picture)
{
	memset(picture, 0, sizeof *picture);
	for (unsigned p = 0; p < node->packages; p++) {
		for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
			if (info_of(node, p, d)->has_limit &&
			    read_limits(node, p, d, &picture->of[p][d]) < 0)
				return -1;
		}
	}
	return 0;
}

/* After a write to (package, domain): everything else as before. */
static enum outcome only_that_changed(struct node *node, const struct picture *before, unsigned package,
				      unsigned domain, const struct pc_limits *expected)
{
	static struct picture after;

	if (take_picture(node, &after) < 0)
		return say(node, BROKEN, "%s", error.text);
	for (unsigned p = 0; p < node->packages; p++) {
		for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
			bool here = p == package && d == domain;
			const struct pc_limits *wanted = here ? expected : &before->of[p][d];

			if (!same_limits(&after.of[p][d], wanted))
				return say(node, BROKEN, "writing %s's %s limit left its %s limit on %s at %llu uW",
					   name_of(node, package), pc_domain_name(domain), pc_domain_name(d),
					   name_of(node, p),
					   (unsigned long long)after.of[p][d].limit[0].limit_uw);
		}
	}
	return HELD;
}

enum outcome write_one(struct node *node, unsigned package, unsigned domain)
{
	static struct picture before;
	struct pc_limits expected, back;
	struct pc_limit limit;

	if (take_picture(node, &before) < 0)
		return say(node, BROKEN, "%s", error.text);
	expected = before.of[package][domain];
	limit = expected.limit[0];
	limit.limit_uw = next_limit(node, package, domain, &limit);
	limit.window_us = 0;
	if (set_limit(node, PC_OP_LIMIT_WRITE, package, domain, &limit, &back) < 0)
		return say(node, BROKEN, "%s", error.text);
	if (!is_nearly(back.limit[0].limit_uw, limit.limit_uw))
		return say(node, BROKEN, "asked for %llu uW, read back %llu", (unsigned long long)limit.limit_uw,
			   (unsigned long long)back.limit[0].limit_uw);
	expected.limit[0].limit_uw = back.limit[0].limit_uw;
	return only_that_changed(node, &before, package, domain, &expected);
}

enum outcome a_limit_goes_in_and_changes_nothing_else(struct node *node)
{
	return each(node, is_writable, write_one, "no limit is writable");
}

static enum outcome write_same(struct node *node, unsigned package, unsigned domain)
{
	static struct picture before;
	struct pc_limits back;
	struct pc_limit limit;

	if (take_picture(node, &before) < 0)
		return say(node, BROKEN, "%s", error.text);
	limit = before.of[package][domain].limit[0];
	if (!limit.limit_uw)
		return HELD;
	if (set_limit(node, PC_OP_LIMIT_WRITE, package, domain, &limit, &back) < 0)
		return say(node, BROKEN, "%s", error.text);
	return only_that_changed(node, &before, package, domain, &before.of[package][domain]);
}

enum outcome what_was_read_can_be_written_and_stays(struct node *node)
{
	return each(node, is_writable, write_same, "no limit is writable");
}

static enum outcome window_goes_in(struct node *node, unsigned package, unsigned domain)
{
	static struct picture before;
	struct pc_limits expected, back;
	struct pc_limit limit;

	if (take_picture(node, &before) < 0)
		return say(node, BROKEN, "%s", error.text);
	expected = before.of[package][domain];
	limit = expected.limit[0];
	limit.limit_uw = next_limit(node, package, domain, &limit);
	limit.window_us = 500000;        /* a power of two of every usual time unit */
	if (set_limit(node, PC_OP_LIMIT_WRITE, package, domain, &limit, &back) < 0)
		return say(node, BROKEN, "%s", error.text);
	if (back.limit[0].window_us > 500000 || back.limit[0].window_us < 400000)
		return say(node, BROKEN, "asked for 0.5 s, read back %llu us",
			   (unsigned long long)back.limit[0].window_us);
	expected.limit[0].limit_uw = back.limit[0].limit_uw;
	expected.limit[0].window_us = back.limit[0].window_us;
	return only_that_changed(node, &before, package, domain, &expected);
}

enum outcome a_window_goes_in(struct node *node)
{
	return each(node, is_writable, window_goes_in, "no limit is writable");
}

static enum outcome refuse_range(struct node *node, unsigned package, unsigned domain)
{
	static struct picture before;
	const uint64_t bad[] = { info_of(node, package, domain)->max_limit_uw + 1000000, UINT64_MAX, 0 };

	if (take_picture(node, &before) < 0)
		return say(node, BROKEN, "%s", error.text);
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct pc_limit limit = before.of[package][domain].limit[0];
		struct pc_limits back;

		limit.limit_uw = bad[i];
		if (set_limit(node, PC_OP_LIMIT_WRITE, package, domain, &limit, &back) == 0)
			return say(node, BROKEN, "%s: %s took %llu uW", name_of(node, package),
				   pc_domain_name(domain), (unsigned long long)bad[i]);
		if (errno != ERANGE || !strchr(error.text, 'W'))
			return say(node, BROKEN, "errno %d: %s", errno, error.text);
	}
	return only_that_changed(node, &before, package, domain, &before.of[package][domain]);
}

enum outcome what_is_out_of_range_is_refused(struct node *node)
{
	return each(node, is_writable, refuse_range, "no limit is writable");
}

/* A limit that is refused takes no other operation of its batch along. */
static enum outcome refused_alone(struct node *node, unsigned package, unsigned domain)
{
	struct pc_op op[2] = {
		{ .kind = PC_OP_LIMIT_WRITE, .domain = domain },
		{ .kind = PC_OP_ENERGY, .domain = domain, .error = -1 },
	};

	if (!info_of(node, package, domain)->has_energy)
		return HELD;
	op[0].limits.limit[0].limit_uw = UINT64_MAX;
	if (pc_power_run(node->power, package, op, 2, NULL, &error) == 0)
		return say(node, BROKEN, "it was not refused");
	if (op[0].error != -ERANGE || op[1].error)
		return say(node, BROKEN, "errors %d and %d", op[0].error, op[1].error);
	return HELD;
}

enum outcome a_refused_limit_fails_alone(struct node *node)
{
	return each(node, is_writable, refused_alone, "no limit is writable");
}

static enum outcome enable_one(struct node *node, unsigned package, unsigned domain)
{
	struct pc_limits now, back;
	struct pc_limit limit;

	if (read_limits(node, package, domain, &now) < 0)
		return say(node, BROKEN, "%s", error.text);
	limit = now.limit[0];
	limit.limit_uw = next_limit(node, package, domain, &limit);
	limit.window_us = 0;
	limit.enabled = true;
	if (set_limit(node, PC_OP_LIMIT1_SET, package, domain, &limit, &back) < 0)
		return say(node, errno == EPERM || errno == ENOTSUP ? LACKING : BROKEN, "%s", error.text);
	if (!back.limit[0].enabled || !is_nearly(back.limit[0].limit_uw, limit.limit_uw))
		return say(node, BROKEN, "%s: %s limit 1 is not what was set", name_of(node, package),
			   pc_domain_name(domain));
	return HELD;
}

enum outcome root_enables_limit_1(struct node *node)
{
	return each(node, is_writable, enable_one, "no limit is writable");
}

static enum outcome ceiling_one(struct node *node, unsigned package, unsigned domain)
{
	static struct picture before;
	struct pc_limits expected, back;
	struct pc_limit limit;

	if (info_of(node, package, domain)->limit_count < 2)
		return HELD;
	if (take_picture(node, &before) < 0)
		return say(node, BROKEN, "%s", error.text);
	expected = before.of[package][domain];
	limit = expected.limit[1];
	limit.limit_uw = next_limit(node, package, domain, &limit);
	limit.window_us = 0;
	if (set_limit(node, PC_OP_LIMIT2_SET, package, domain, &limit, &back) < 0)
		return say(node, errno == EPERM || errno == ENOTSUP ? LACKING : BROKEN, "%s", error.text);
	if (!is_nearly(back.limit[1].limit_uw, limit.limit_uw))
		return say(node, BROKEN, "%s: %s limit 2 is not what was set", name_of(node, package),
			   pc_domain_name(domain));
	expected.limit[1].limit_uw = back.limit[1].limit_uw;
	return only_that_changed(node, &before, package, domain, &expected);
}

enum outcome root_sets_limit_2(struct node *node)
{
	return each(node, is_writable, ceiling_one, "no limit is writable");
}

/* After everything above, bit by bit, and once more without anything to do. */
enum outcome what_was_captured_goes_back(struct node *node)
{
	int failed;

	if (node->settings < 1)
		return say(node, LACKING, "nothing can be captured");
	failed = put_back(node);
	if (failed)
		return say(node, BROKEN, "%d settings do not go back; the last: %s", failed, error.text);
	if (all_is_as_captured(node) != HELD)
		return BROKEN;
	return put_back(node) ? say(node, BROKEN, "not a second time: %s", error.text) : HELD;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "bits.h"
#include "pmctl.h"
#include "session.h"

static const char *package = "all", *domain_name = "package", *which = "1", *limit, *window, *save;
static bool lend;

static const struct pmctl_option options[] = {
	{ "package", 'p', "N|all", "which package (all)", &package },
	{ "domain", 'd', "DOMAIN", "package or dram (package)", &domain_name },
	{ "limit", 'l', "WATTS", "the limit, such as 105W", &limit },
	{ "window", 'w', "TIME", "over which it is averaged, such as 1s (as it is)", &window },
	{ "which", 0, "1|2", "limit 1, sustained, or 2, short (1)", &which },
	{ "lend-list", 0, NULL, "put root's allowlist in the node for the moment", &lend },
	{ "save", 's', "FILE", "keep what is replaced in this file", &save },
	{ 0 }
};

/* Sustained limits are kept for windows between these (Xeon E5 data sheet vol. 1, 2.5.2.6). */
#define SHORT_WINDOW_US 250000
#define LONG_WINDOW_US 40000000

struct wish {
	enum pc_domain domain;
	unsigned which;          /* 0 or 1 */
	struct pc_limit limit;   /* window_us 0: as it is */
};

static int parse(struct wish *wish)
{
	static const char where[] = "pmctl set";
	uint64_t number;

	*wish = (struct wish){ .limit = { .enabled = true, .clamped = true } };
	if (!limit)
		return pmctl_usage(where, "--limit is missing");
	if (pc_domain_from_name(domain_name, &wish->domain) < 0 ||
	    (wish->domain != PC_PACKAGE && wish->domain != PC_DRAM))
		return pmctl_usage(where, "--domain: '%.16s' is neither package nor dram", domain_name);
	if (pmctl_number(where, "--which", which, 1, 2, &number) < 0 ||
	    pmctl_watts(where, "--limit", limit, &wish->limit.limit_uw) < 0 ||
	    (window && pmctl_duration(where, "--window", window, &wish->limit.window_us) < 0))
		return PMCTL_USAGE;
	wish->which = (unsigned)number - 1;
	return PMCTL_OK;
}

static int read_limits(struct pc_power *power, unsigned i, const struct wish *wish, struct pc_limits *limits)
{
	struct pc_op op = { .kind = PC_OP_LIMIT_READ, .domain = wish->domain };
	struct pc_error error;

	if (pc_power_run(power, i, &op, 1, NULL, &error) < 0)
		return pmctl_error("%s", error.text);
	*limits = op.limits;
	if (wish->which < limits->count)
		return PMCTL_OK;
	return pmctl_error("%s %s: there is no limit %u", pc_power_package_name(power, i),
			   pc_domain_name(wish->domain), wish->which + 1);
}

/*
 * A limit that is on already needs the bits of a job's mask only; one that is
 * off has no effect before root's enable bit is set.
 */
static enum pc_op_kind kind_of(const struct wish *wish, const struct pc_limits *before)
{
	if (wish->which)
		return PC_OP_LIMIT2_SET;
	return before->limit[0].enabled ? PC_OP_LIMIT_WRITE : PC_OP_LIMIT1_SET;
}

/* A limit that was never switched on has often the shortest window there is. */
static void choose_window(struct wish *wish, const struct pc_limit *before)
{
	if (!wish->limit.window_us && !wish->which && !before->enabled && before->window_us < SHORT_WINDOW_US)
		wish->limit.window_us = 1000000;
}

/* Legal for the register, and perhaps beyond what the silicon does: said, not refused. */
static void warn_of_limits(const struct pc_power *power, unsigned i, const struct wish *wish)
{
	uint64_t min_uw = pc_power_domain(power, i, wish->domain)->info.min_uw;
	uint64_t window_us = wish->limit.window_us;
	const char *name = pc_power_package_name(power, i), *domain = pc_domain_name(wish->domain);
	char text[32], least[32];

	if (wish->limit.limit_uw < min_uw)
		fprintf(stderr, "pmctl: %s %s: %s is below the least that the hardware names, %s: it may not be reached\n",
			name, domain, pmctl_text_watts(wish->limit.limit_uw, text), pmctl_text_watts(min_uw, least));
	if (window_us && !wish->which && (window_us < SHORT_WINDOW_US || window_us > LONG_WINDOW_US))
		fprintf(stderr, "pmctl: %s %s: a window of %s is outside 250 ms to 40 s: the limit may not be enforced\n",
			name, domain, pmctl_text_window(window_us, text));
}

static int write_limit(struct pc_power *power, unsigned i, const struct wish *wish,
		       const struct pc_limits *before, struct pc_limits *after)
{
	struct pc_op op = { .kind = kind_of(wish, before), .domain = wish->domain };
	struct pc_error error;

	op.limits.limit[wish->which] = wish->limit;
	if (pc_power_run(power, i, &op, 1, NULL, &error) < 0)
		return pmctl_error("%s", error.text);
	*after = op.limits;
	return PMCTL_OK;
}

static void print_change(const struct pmctl *pmctl, const struct pc_power *power, unsigned i,
			 const struct wish *wish, const struct pc_limits *before, const struct pc_limits *after)
{
	char from[96], to[96];

	pmctl_text_limit(before, wish->which, from);
	pmctl_text_limit(after, wish->which, to);
	printf("%s %s limit %u: %s -> %s%s\n", pc_power_package_name(power, i), pc_domain_name(wish->domain),
	       wish->which + 1, from, to, pmctl->dry_run ? " (not written)" : " (read back)");
}

static json_t *json_change(const struct pc_power *power, unsigned i, const struct wish *wish,
			   const struct pc_limits *before, const struct pc_limits *after)
{
	return json_pack("{s:s, s:s, s:i, s:o, s:o}", "package", pc_power_package_name(power, i),
			 "domain", pc_domain_name(wish->domain), "which", (int)wish->which + 1,
			 "before", pmctl_json_limits(before), "after", pmctl_json_limits(after));
}

static void print_bits(const struct bits *bits)
{
	uint64_t changed = bits->before ^ bits->after;
	char text[256];

	if (!bits->msr)
		return;
	printf("  register 0x%X: 0x%016llX -> 0x%016llX, bits that change: %s\n", bits->msr,
	       (unsigned long long)bits->before, (unsigned long long)bits->after, bits_text(changed, text));
	if (changed & ~bits->writable)
		printf("  the allowlist does not let bits %s be written\n", bits_text(changed & ~bits->writable, text));
	if (bits->locked)
		printf("  the firmware has locked the register: a write would be ignored\n");
}

/* What would be written, without a write; what a write would refuse is refused here. */
static int plan_one(const struct pmctl *pmctl, struct pc_power *power, unsigned i, const struct wish *wish,
		    const struct pc_limits *before, json_t *report)
{
	struct pc_error error;
	struct bits bits;
	json_t *change;

	if (bits_plan(pmctl, power, i, wish->domain, wish->which, &wish->limit, &bits, &error) < 0)
		return pmctl_error("%s: %s", pc_power_package_name(power, i), error.text);
	if (!report) {
		print_change(pmctl, power, i, wish, before, &bits.limits);
		print_bits(&bits);
		return PMCTL_OK;
	}
	change = json_change(power, i, wish, before, &bits.limits);
	json_object_set_new(change, "msr", json_integer(bits.msr));
	json_object_set_new(change, "changed_bits", json_integer((json_int_t)(bits.before ^ bits.after)));
	json_object_set_new(change, "writable_bits", json_integer((json_int_t)bits.writable));
	json_array_append_new(report, change);
	return PMCTL_OK;
}

static int set_one(const struct pmctl *pmctl, struct pc_power *power, unsigned i, const struct wish *asked,
		   json_t *report)
{
	struct pc_limits before, after;
	struct wish wish = *asked;

	if (read_limits(power, i, &wish, &before))
		return PMCTL_FAILED;
	choose_window(&wish, &before.limit[wish.which]);
	warn_of_limits(power, i, &wish);
	if (pmctl->dry_run)
		return plan_one(pmctl, power, i, &wish, &before, report);
	if (write_limit(power, i, &wish, &before, &after))
		return PMCTL_FAILED;
	if (report)
		json_array_append_new(report, json_change(power, i, &wish, &before, &after));
	else
		print_change(pmctl, power, i, &wish, &before, &after);
	return PMCTL_OK;
}

static int set_each(struct pmctl *pmctl, struct pc_power *power, const struct wish *wish, json_t *report,
		    unsigned first, unsigned last)
{
	for (unsigned i = first; i < last; i++)
		if (set_one(pmctl, power, i, wish, report))
			return PMCTL_FAILED;
	return PMCTL_OK;
}

static int set_all(struct pmctl *pmctl, struct pc_power *power, const struct wish *wish, unsigned first,
		   unsigned last)
{
	json_t *report = pmctl->json ? json_array() : NULL;
	struct session session;
	int status = PMCTL_FAILED;

	if (pmctl->dry_run) {
		status = set_each(pmctl, power, wish, report, first, last);
	} else {
		if (session_begin(pmctl, power, save, lend, &session) == 0) {
			status = set_each(pmctl, power, wish, report, first, last);
			if (status && session_undo(pmctl, power, &session) == 0)
				pmctl_error("every package has its former limits");
		}
		status = session_end(power, &session, status);
	}
	if (report && !status)
		return pmctl_json_print(json_pack("{s:b, s:b, s:o}", "simulated", pc_power_simulated(power),
						  "dry_run", pmctl->dry_run, "changes", report));
	json_decref(report);
	return status;
}

static int run(struct pmctl *pmctl, char **operand)
{
	struct pc_power *power;
	struct wish wish;
	unsigned first, last;
	int status = parse(&wish);

	(void)operand;
	if (status)
		return status;
	power = pmctl_open(pmctl);
	if (!power)
		return PMCTL_FAILED;
	if (pmctl_packages("pmctl set", package, power, &first, &last) < 0)
		status = PMCTL_USAGE;
	else if (first == last)
		status = pmctl_error("back end %s shows no package whose limit could be set; `pmctl doctor` says why",
				     pc_power_backend(power));
	else
		status = set_all(pmctl, power, &wish, first, last);
	pc_power_close(power);
	return status;
}

const struct pmctl_command pmctl_set = {
	.name = "set", .operands = "", .writes = true, .options = options, .run = run,
	.summary = "Write a limit, read it back and show both.",
	.details = "What is replaced is kept first, in the run directory or in --save's file;\n"
		   "`pmctl restore` puts it back. Watts round down to the register's steps; a value\n"
		   "that does not fit is refused. Where one package refuses, none keeps the new limit.",
};

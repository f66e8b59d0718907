/* SPDX-License-Identifier: BSD-3-Clause */
#include "ceiling.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "budget.h"
#include "power_option.h"

static int find_package(const struct pc_ceiling *ceiling, const char *name)
{
	for (unsigned i = 0; i < ceiling->package_count; i++)
		if (!strcmp(ceiling->package[i], name))
			return (int)i;
	return -1;
}

static bool holds(const struct pc_setting *setting, uint64_t present, uint64_t value)
{
	return ((present ^ value) & setting->mask) == 0;
}

static const struct pc_journal_setting *find(const struct pc_ceiling *ceiling, const char *package, const char *key)
{
	int index = find_package(ceiling, package);

	for (unsigned i = 0; i < ceiling->setting_count; i++) {
		const struct pc_setting *setting = &ceiling->setting[i].captured;

		if ((int)setting->package == index && !strcmp(setting->key, key))
			return &ceiling->setting[i];
	}
	return NULL;
}

int pc_ceiling_before(const struct pc_ceiling *ceiling, const char *package, const struct pc_setting *captured,
		      uint64_t *value)
{
	const struct pc_journal_setting *known = find(ceiling, package, captured->key);

	if (!known || !known->has_written || !holds(captured, captured->value, known->written))
		return 0;
	*value = known->captured.value;
	return 1;
}

/* --- deciding ---------------------------------------------------------------- */

static int capture(struct pc_power *power, struct pc_ceiling *ceiling, struct pc_error *error)
{
	struct pc_setting *setting = calloc(PC_JOURNAL_SETTINGS_MAX, sizeof *setting);
	int count = -1;

	if (!setting)
		return pc_fail(error, ENOMEM, "ceiling: no memory for the node's settings");
	count = pc_power_capture(power, setting, PC_JOURNAL_SETTINGS_MAX, error);
	if (count >= 0)
		ceiling->setting = calloc((size_t)count + 1, sizeof *ceiling->setting);
	if (count >= 0 && !ceiling->setting)
		count = pc_fail(error, ENOMEM, "ceiling: no memory for the node's settings");
	for (int i = 0; i < count; i++)
		ceiling->setting[i].captured = setting[i];
	ceiling->setting_count = count < 0 ? 0 : (unsigned)count;
	free(setting);
	return count < 0 ? -1 : 0;
}

/* Where the old ceiling still holds, what it replaced is what must come back one day. */
static void inherit(struct pc_ceiling *ceiling, const struct pc_ceiling *old)
{
	for (unsigned i = 0; i < ceiling->setting_count; i++) {
		struct pc_journal_setting *setting = &ceiling->setting[i];
		uint64_t before;

		if (!pc_ceiling_before(old, ceiling->package[setting->captured.package], &setting->captured, &before))
			continue;
		setting->has_written = true;
		setting->written = setting->captured.value;
		setting->captured.value = before;
	}
}

static int read_limit(struct pc_power *power, unsigned package, struct pc_limits *limits, struct pc_error *error)
{
	struct pc_op op = { .kind = PC_OP_LIMIT_READ, .domain = PC_PACKAGE };

	if (pc_power_run(power, package, &op, 1, NULL, error) < 0)
		return -1;
	*limits = op.limits;
	return 0;
}

static uint64_t limit_in_force(const struct pc_limits *limits)
{
	return limits->count && limits->limit[0].enabled ? limits->limit[0].limit_uw : 0;
}

/* Whether the package's registers hold what a ceiling wrote. */
static bool is_ours(const struct pc_ceiling *ceiling, unsigned package)
{
	for (unsigned i = 0; i < ceiling->setting_count; i++)
		if (ceiling->setting[i].captured.package == package && ceiling->setting[i].has_written)
			return true;
	return false;
}

static int budget(struct pc_power *power, unsigned package, uint64_t reserve_uw,
		  struct pc_budget_package *part, struct pc_error *error)
{
	/* The job's limits of now must not narrow what an emergency may ask for. */
	static const struct pc_limits unlimited;

	if (pc_budget_package(part, pc_power_domain(power, package, PC_PACKAGE),
			      pc_power_domain(power, package, PC_DRAM), &unlimited, reserve_uw, error) == 0)
		return 0;
	return pc_fail_within(error, "%s", pc_power_package_name(power, package));
}

static int share_out(struct pc_ceiling *ceiling, const struct pc_budget_package *part, struct pc_error *error)
{
	unsigned count = ceiling->package_count;
	uint64_t least, most;
	char asked[32], text[32];

	pc_budget_range(part, count, &least, &most);
	if (ceiling->ceiling_uw < least)
		return pc_fail(error, ERANGE, "a ceiling of %s: these packages cannot be held below %s, their DRAM's "
			       "reserve included", pc_watts_print(ceiling->ceiling_uw, asked),
			       pc_watts_print(least, text));
	for (unsigned i = 0; i < count; i++)
		ceiling->limit_uw[i] = ceiling->ceiling_uw / count - part[i].reserve_uw;
	return 0;
}

static int check_packages(const struct pc_power *power, unsigned count, struct pc_error *error)
{
	for (unsigned i = 0; i < count; i++)
		if (!pc_power_domain(power, i, PC_PACKAGE)->has_limit)
			return pc_fail(error, ENODEV, "%s, %s: no power limit that software could set",
				       pc_power_backend(power), pc_power_package_name(power, i));
	return count ? 0 : pc_fail(error, ENODEV, "%s: no package whose limit could be lowered", pc_power_backend(power));
}

/* The new record takes the place of the old one, which alone knows what such a package had before. */
static int check_old(const struct pc_power *power, const struct pc_ceiling *old, struct pc_error *error)
{
	for (unsigned i = 0; i < old->package_count; i++)
		if (pc_power_package_find(power, old->package[i]) < 0)
			return pc_fail(error, ENXIO, "%s is not there, and the ceiling in force was set on it too: "
				       "bring one of its CPUs online, and run this again", old->package[i]);
	return 0;
}

static int plan_packages(struct pc_power *power, uint64_t reserve_uw, const struct pc_ceiling *old,
			 struct pc_ceiling *ceiling, struct pc_error *error)
{
	struct pc_budget_package part[PC_MAX_PACKAGES] = { 0 };

	for (unsigned i = 0; i < ceiling->package_count; i++) {
		int known = old ? find_package(old, ceiling->package[i]) : -1;
		struct pc_limits limits;

		if (read_limit(power, i, &limits, error) < 0 || budget(power, i, reserve_uw, &part[i], error) < 0)
			return -1;
		ceiling->before_uw[i] = known >= 0 && is_ours(ceiling, i) ? old->before_uw[known]
									  : limit_in_force(&limits);
	}
	return share_out(ceiling, part, error);
}

int pc_ceiling_plan(struct pc_power *power, uint64_t ceiling_uw, uint64_t reserve_uw,
		    const struct pc_ceiling *old, struct pc_ceiling *ceiling, struct pc_error *error)
{
	*ceiling = (struct pc_ceiling){
		.ceiling_uw = ceiling_uw, .set_at_s = (uint64_t)time(NULL), .uid = getuid(),
	};
	ceiling->package_count = pc_power_package_names(power, ceiling->package);
	if (check_packages(power, ceiling->package_count, error) < 0 ||
	    pc_boot_id(ceiling->boot_id, error) < 0 || capture(power, ceiling, error) < 0)
		goto fail;
	/* Registers that firmware has set anew hold nothing of a ceiling of an earlier boot. */
	if (old && !strcmp(old->boot_id, ceiling->boot_id)) {
		if (check_old(power, old, error) < 0)
			goto fail;
		inherit(ceiling, old);
	}
	if (plan_packages(power, reserve_uw, old, ceiling, error) == 0)
		return 0;
fail:
	pc_ceiling_free(ceiling);
	return -1;
}

/* --- doing ------------------------------------------------------------------- */

static uint64_t target_of(const struct pc_ceiling *ceiling, unsigned package)
{
	uint64_t before = ceiling->before_uw[package], limit = ceiling->limit_uw[package];

	return before && before < limit ? before : limit;
}

static bool is_near(uint64_t present_uw, uint64_t target_uw)
{
	/* Limits round down to the register's steps, an eighth of a watt mostly. */
	return present_uw <= target_uw && target_uw - present_uw < 1000000;
}

/*
 * A raised ceiling lets a package rise again, to what it had before the first one and
 * no higher; a job's own, lower limit is the job's.
 */
static bool is_right(const struct pc_ceiling *ceiling, unsigned package, uint64_t present_uw)
{
	uint64_t target = target_of(ceiling, package);

	if (!present_uw)
		return false;
	return is_ours(ceiling, package) ? is_near(present_uw, target) : present_uw <= target;
}

static int lower(struct pc_power *power, unsigned package, uint64_t target_uw, const struct pc_limits *now,
		 struct pc_error *error)
{
	bool enabled = now->limit[0].enabled;
	struct pc_op op = {
		.kind = enabled ? PC_OP_LIMIT_WRITE : PC_OP_LIMIT1_SET, .domain = PC_PACKAGE,
		.limits = { .count = now->count, .limit = { { target_uw, 0, true, true } } },
	};

	return pc_power_run(power, package, &op, 1, NULL, error);
}

/* Reads a package's settings as they are into value[]. */
static int read_settings(struct pc_power *power, const struct pc_ceiling *ceiling, unsigned package,
			 uint64_t *value, struct pc_error *error)
{
	for (unsigned i = 0; i < ceiling->setting_count; i++)
		if (ceiling->setting[i].captured.package == package &&
		    pc_power_setting_read(power, &ceiling->setting[i].captured, &value[i], error) < 0)
			return -1;
	return 0;
}

/* Only what changed with the write is the ceiling's; a job may have changed others meanwhile. */
static void note_written(struct pc_ceiling *ceiling, unsigned package, const uint64_t *before,
			 const uint64_t *after)
{
	for (unsigned i = 0; i < ceiling->setting_count; i++) {
		struct pc_journal_setting *setting = &ceiling->setting[i];

		if (setting->captured.package != package || holds(&setting->captured, before[i], after[i]))
			continue;
		setting->has_written = true;
		setting->written = after[i];
	}
}

static int lower_package(struct pc_power *power, struct pc_ceiling *ceiling, unsigned package,
			 const struct pc_limits *limits, struct pc_error *error)
{
	uint64_t *before = calloc(2 * (size_t)ceiling->setting_count + 1, sizeof *before);
	uint64_t *after = before + ceiling->setting_count;
	int status = -1;

	if (!before)
		return pc_fail(error, ENOMEM, "ceiling: %s", strerror(ENOMEM));
	if (read_settings(power, ceiling, package, before, error) == 0)
		status = lower(power, package, target_of(ceiling, package), limits, error);
	/* Also where it failed: a part may have been written. */
	if (read_settings(power, ceiling, package, after, status < 0 ? NULL : error) < 0)
		status = -1;
	else
		note_written(ceiling, package, before, after);
	free(before);
	return status;
}

static int apply_package(struct pc_power *power, struct pc_ceiling *ceiling, unsigned package,
			 struct pc_ceiling_line *line, struct pc_error *error)
{
	struct pc_limits limits;

	*line = (struct pc_ceiling_line){ 0 };
	if (read_limit(power, package, &limits, error) < 0)
		return -1;
	line->found_uw = line->now_uw = limit_in_force(&limits);
	if (is_right(ceiling, package, line->found_uw))
		return 0;
	if (lower_package(power, ceiling, package, &limits, error) < 0 ||
	    read_limit(power, package, &limits, error) < 0)
		return -1;
	line->now_uw = limit_in_force(&limits);
	return 0;
}

static void keep_reason(struct pc_ceiling_line *line, const struct pc_error *why)
{
	snprintf(line->reason, sizeof line->reason, "%.*s", (int)sizeof line->reason - 1, why->text);
}

int pc_ceiling_apply(struct pc_power *power, struct pc_ceiling *ceiling, struct pc_ceiling_line *line)
{
	struct pc_ceiling_line scratch;
	int above = 0;

	for (unsigned i = 0; i < ceiling->package_count; i++) {
		struct pc_ceiling_line *into = line ? &line[i] : &scratch;
		struct pc_error why;

		if (apply_package(power, ceiling, i, into, &why) == 0)
			continue;
		above++;
		keep_reason(into, &why);
	}
	ceiling->applied = true;
	return above;
}

/* --- undoing ----------------------------------------------------------------- */

/* Whoever set the ceiling died between writing and noting what was written. */
static bool was_interrupted(const struct pc_ceiling *ceiling, unsigned package, const struct pc_ceiling_line *line)
{
	return !ceiling->applied && is_near(line->found_uw, target_of(ceiling, package));
}

/* now: the package's index in this power. */
static int lift_setting(struct pc_power *power, unsigned now, const struct pc_journal_setting *setting,
			bool interrupted, struct pc_error *error)
{
	struct pc_setting captured = setting->captured;
	uint64_t present;

	captured.package = now;
	if (pc_power_setting_read(power, &captured, &present, error) < 0)
		return -1;
	if (holds(&captured, present, captured.value))
		return 0;
	if (setting->has_written ? !holds(&captured, present, setting->written) : !interrupted)
		return 0;
	return pc_power_setting_write(power, &captured, error);
}

/* What the ceiling has written, or may have, cannot be put back into a package that is not there. */
static int count_absent(const struct pc_ceiling *ceiling, unsigned package, struct pc_error *why)
{
	int missing = 0;

	for (unsigned i = 0; i < ceiling->setting_count; i++)
		if (ceiling->setting[i].captured.package == package)
			missing += ceiling->setting[i].has_written || !ceiling->applied;
	pc_fail(why, ENXIO, "%s is not there: bring one of its CPUs online, and run this again",
		ceiling->package[package]);
	return missing;
}

static int lift_settings(struct pc_power *power, unsigned now, const struct pc_ceiling *ceiling, unsigned package,
			 struct pc_ceiling_line *line, struct pc_error *why)
{
	struct pc_limits limits;
	bool interrupted;
	int missing = 0;

	if (read_limit(power, now, &limits, why) == 0)
		line->found_uw = limit_in_force(&limits);
	interrupted = was_interrupted(ceiling, package, line);
	for (unsigned i = 0; i < ceiling->setting_count; i++)
		if (ceiling->setting[i].captured.package == package)
			missing += lift_setting(power, now, &ceiling->setting[i], interrupted, why) < 0;
	if (read_limit(power, now, &limits, NULL) == 0)
		line->now_uw = limit_in_force(&limits);
	return missing;
}

static int lift_package(struct pc_power *power, const struct pc_ceiling *ceiling, unsigned package,
			struct pc_ceiling_line *line)
{
	int now = pc_power_package_find(power, ceiling->package[package]), missing;
	struct pc_error why = { "" };

	*line = (struct pc_ceiling_line){ 0 };
	if (now < 0)
		missing = count_absent(ceiling, package, &why);
	else
		missing = lift_settings(power, (unsigned)now, ceiling, package, line, &why);
	if (missing)
		keep_reason(line, &why);
	return missing;
}

int pc_ceiling_lift(struct pc_power *power, const struct pc_ceiling *ceiling, struct pc_ceiling_line *line,
		    struct pc_error *error)
{
	struct pc_ceiling_line scratch;
	char boot_id[37];
	int missing = 0;

	if (pc_boot_id(boot_id, error) < 0)
		return -1;
	for (unsigned i = 0; i < ceiling->package_count && !strcmp(boot_id, ceiling->boot_id); i++)
		missing += lift_package(power, ceiling, i, line ? &line[i] : &scratch);
	return missing;
}

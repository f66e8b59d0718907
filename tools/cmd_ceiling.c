/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ceiling.h"
#include "lend.h"
#include "pmctl.h"
#include "run_dir.h"

static bool clear;

static const struct pmctl_option options[] = {
	{ "clear", 'c', NULL, "end the ceiling and put the former limits back", &clear },
	{ 0 }
};

/* The run directory, locked against prolog and epilog while the ceiling changes. */
struct place {
	struct pc_run_dir locked;
	int directory;
};

static int open_place(struct pmctl *pmctl, bool change, struct place *place)
{
	const char *path = pmctl->site.run_dir;
	struct pc_error error;

	*place = (struct place){ PC_RUN_DIR_CLOSED, -1 };
	if (change && pc_run_dir_open(&place->locked, path, PC_RUN_DIR_CREATE | PC_RUN_DIR_LOCK, &error) < 0)
		return pmctl_error("%s", error.text);
	place->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->directory >= 0 || errno == ENOENT)
		return PMCTL_OK;
	return pmctl_error("%s: %s", path, strerror(errno));
}

static void close_place(struct place *place)
{
	if (place->directory >= 0)
		close(place->directory);
	pc_run_dir_close(&place->locked);
}

/* 1: there is one; 0: none; -1 with the sentence said. */
static int load(const struct pmctl *pmctl, const struct place *place, struct pc_ceiling *ceiling)
{
	struct pc_error error;

	*ceiling = (struct pc_ceiling){ 0 };
	if (place->directory < 0)
		return 0;
	if (pc_ceiling_load(place->directory, geteuid(), ceiling, &error) == 0)
		return 1;
	if (errno == ENOENT)
		return 0;
	pmctl_error("in %s: %s", pmctl->site.run_dir, error.text);
	return -1;
}

static const char *watts_or_off(uint64_t uw, char text[32])
{
	return uw ? pmctl_text_watts(uw, text) : strcpy(text, "off");
}

static void print_lines(const struct pmctl *pmctl, const struct pc_ceiling *ceiling,
			const struct pc_ceiling_line *line)
{
	for (unsigned i = 0; i < ceiling->package_count; i++) {
		char found[32], now[32];

		if (pmctl->dry_run)
			printf("%s limit 1: at most %s (not written)\n", ceiling->package[i],
			       watts_or_off(ceiling->limit_uw[i], now));
		else
			printf("%s limit 1: %s -> %s%s%s\n", ceiling->package[i],
			       watts_or_off(line[i].found_uw, found), watts_or_off(line[i].now_uw, now),
			       *line[i].reason ? ": " : "", line[i].reason);
	}
}

static json_t *json_lines(const struct pc_ceiling *ceiling, const struct pc_ceiling_line *line)
{
	json_t *packages = json_array();

	for (unsigned i = 0; i < ceiling->package_count; i++)
		json_array_append_new(packages, json_pack("{s:s, s:I, s:o, s:o, s:s}", "name",
			ceiling->package[i], "ceiling_uw", (json_int_t)ceiling->limit_uw[i],
			"found_uw", pmctl_json_known(line[i].found_uw), "now_uw", pmctl_json_known(line[i].now_uw),
			"reason", line[i].reason));
	return packages;
}

static int tell(const struct pmctl *pmctl, const struct pc_power *power, const struct pc_ceiling *ceiling,
		const struct pc_ceiling_line *line, int missing)
{
	if (pmctl->json)
		pmctl_json_print(json_pack("{s:b, s:b, s:I, s:i, s:o}", "simulated", pc_power_simulated(power),
			"dry_run", pmctl->dry_run, "ceiling_uw", (json_int_t)ceiling->ceiling_uw, "missing", missing,
			"packages", json_lines(ceiling, line)));
	else
		print_lines(pmctl, ceiling, line);
	return missing ? PMCTL_FAILED : PMCTL_OK;
}

/* On disk first, then the registers, then on disk what was written. */
static int put_in_force(struct pmctl *pmctl, const struct place *place, struct pc_power *power,
			struct pc_ceiling *ceiling)
{
	struct pc_ceiling_line line[PC_MAX_PACKAGES] = { 0 };
	struct pc_error error;
	int above, status;

	if (pmctl->dry_run)
		return tell(pmctl, power, ceiling, line, 0);
	if (pc_ceiling_save(place->directory, ceiling, &error) < 0)
		return pmctl_error("in %s: %s; nothing was lowered", pmctl->site.run_dir, error.text);
	above = pc_ceiling_apply(power, ceiling, line);
	status = tell(pmctl, power, ceiling, line, above);
	if (pc_ceiling_save(place->directory, ceiling, &error) < 0)
		status = pmctl_error("in %s: %s", pmctl->site.run_dir, error.text);
	if (above)
		pmctl_error("%d of %u packages could not be lowered; the ceiling stands for the others", above,
			    ceiling->package_count);
	return status;
}

/* Switching a limit on, or off again, takes root's list. */
static bool was_off(const struct pc_ceiling *ceiling)
{
	for (unsigned i = 0; i < ceiling->package_count; i++)
		if (!ceiling->before_uw[i])
			return true;
	return false;
}

static int lend_more(struct pc_power *power, struct lent *lent)
{
	struct pc_error error;

	if (lend_return(power, lent, &error) == 0 && lend_list(power, PC_LIST_ROOT, lent, &error) == 0)
		return PMCTL_OK;
	return pmctl_error("%s; nothing was changed", error.text);
}

static int set_ceiling(struct pmctl *pmctl, const struct place *place, const struct pc_ceiling *old,
		       struct pc_power *power, struct lent *lent, uint64_t uw)
{
	struct pc_ceiling ceiling;
	struct pc_error error;
	int status = PMCTL_FAILED;

	if (pc_ceiling_plan(power, uw, pmctl->site.dram_reserve_uw, old, &ceiling, &error) < 0)
		return pmctl_error("%s; nothing was changed", error.text);
	if (pmctl_backend_absolute(pmctl_backend_spec(pmctl), ceiling.backend) < 0)
		pmctl_error("%s: the path is too long to be kept; nothing was changed", pmctl_backend_spec(pmctl));
	else if (pmctl->dry_run || !was_off(&ceiling) || lend_more(power, lent) == PMCTL_OK)
		status = put_in_force(pmctl, place, power, &ceiling);
	pc_ceiling_free(&ceiling);
	return status;
}

static int lift(struct pmctl *pmctl, const struct place *place, const struct pc_ceiling *ceiling,
		struct pc_power *power)
{
	struct pc_ceiling_line line[PC_MAX_PACKAGES] = { 0 };
	struct pc_error error;
	int missing, status;

	missing = pc_ceiling_lift(power, ceiling, line, &error);
	if (missing < 0)
		return pmctl_error("%s; the ceiling stands", error.text);
	status = tell(pmctl, power, ceiling, line, missing);
	if (missing)
		return pmctl_error("%d settings are not back; the ceiling's record is kept", missing);
	if (pc_ceiling_remove(place->directory, &error) < 0)
		return pmctl_error("in %s: %s", pmctl->site.run_dir, error.text);
	return status;
}

static void print_time(uint64_t seconds, char text[32])
{
	time_t time = (time_t)seconds;
	struct tm local;

	strftime(text, 32, "%Y-%m-%d %H:%M:%S", localtime_r(&time, &local));
}

static int show(const struct pmctl *pmctl, const struct pc_ceiling *ceiling, bool there)
{
	char watts[32], since[32];

	if (pmctl->json)
		return pmctl_json_print(json_pack("{s:o, s:o}", "ceiling_uw",
			there ? json_integer((json_int_t)ceiling->ceiling_uw) : json_null(), "set_at_s",
			there ? json_integer((json_int_t)ceiling->set_at_s) : json_null()));
	if (!there) {
		printf("no ceiling is in force\n");
		return PMCTL_OK;
	}
	print_time(ceiling->set_at_s, since);
	printf("a ceiling of %s for the node's packages and their DRAM is in force since %s, set by user %u\n",
	       pmctl_text_watts(ceiling->ceiling_uw, watts), since, (unsigned)ceiling->uid);
	return PMCTL_OK;
}

static int change_with_list(struct pmctl *pmctl, const struct place *place, const struct pc_ceiling *old,
			    bool there, struct pc_power *power, uint64_t uw)
{
	enum pc_list_purpose purpose = clear && was_off(old) ? PC_LIST_ROOT : PC_LIST_JOB;
	struct lent lent = LENT_NOTHING;
	struct pc_error error;
	int status;

	if (!pmctl->dry_run && lend_list(power, purpose, &lent, &error) < 0)
		return pmctl_error("%s; nothing was changed", error.text);
	status = clear ? lift(pmctl, place, old, power)
		       : set_ceiling(pmctl, place, there ? old : NULL, power, &lent, uw);
	if (lend_return(power, &lent, &error) < 0)
		status = pmctl_error("%s: the node's own allowlist is not back", error.text);
	return status;
}

static int change(struct pmctl *pmctl, const struct place *place, const struct pc_ceiling *old, bool there,
		  uint64_t uw)
{
	struct pc_power *power;
	int status;

	if (clear && !there)
		return show(pmctl, old, false);
	if (clear && pmctl->dry_run) {
		printf("would end the ceiling and put back what still is as it wrote it\n");
		return PMCTL_OK;
	}
	if (clear && !pmctl->backend)
		pmctl->backend = old->backend;
	power = pmctl_open(pmctl);
	if (!power)
		return PMCTL_FAILED;
	status = change_with_list(pmctl, place, old, there, power, uw);
	pc_power_close(power);
	return status;
}

static int run(struct pmctl *pmctl, char **operand)
{
	struct pc_ceiling old;
	struct place place;
	uint64_t uw = 0;
	int there, status = PMCTL_FAILED;

	if (operand[0] && clear)
		return pmctl_usage("pmctl ceiling", "WATTS and --clear exclude each other");
	if (operand[0] && pmctl_watts("pmctl ceiling", "WATTS", operand[0], &uw) < 0)
		return PMCTL_USAGE;
	if (pmctl_site(pmctl) < 0 || open_place(pmctl, (operand[0] || clear) && !pmctl->dry_run, &place))
		return PMCTL_FAILED;
	there = load(pmctl, &place, &old);
	if (there >= 0)
		status = operand[0] || clear ? change(pmctl, &place, &old, there, uw) : show(pmctl, &old, there);
	pc_ceiling_free(&old);
	close_place(&place);
	return status;
}

const struct pmctl_command pmctl_ceiling = {
	.name = "ceiling", .operands = "[WATTS]", .most = 1, .writes = true, .options = options, .run = run,
	.summary = "Set, show or clear the emergency ceiling over the node's packages and their DRAM.",
	.details = "WATTS, such as 300W, are split evenly over the packages, each less its DRAM's reserve.\n"
		   "Limits above that are lowered at once, none is raised, and the record in the run directory\n"
		   "remembers what they were. --clear puts back what nobody else has changed since.",
};

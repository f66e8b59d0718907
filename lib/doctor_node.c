/* SPDX-License-Identifier: BSD-3-Clause */
/* The node as its back end shows it: list, locks, limits, counters, and the caps it can keep. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "budget.h"
#include "doctor_state.h"
#include "list_check.h"
#include "power_option.h"

/* --- back end ------------------------------------------------------------------- */

static const char *mend_open(const struct doctor *doctor)
{
	const char *path = doctor->config->backend ? doctor->config->backend : doctor->site.backend;

	if (!doctor->simulated)
		return "use --backend=auto, or what the other lines say";
	path += strlen("sim:");
	if (access(path, R_OK | W_OK) < 0 && errno == EACCES)
		return doctor_mend("setfacl -m u:%u:rw %s, or run as root", (unsigned)geteuid(), path);
	return doctor_mend("pmctl sim create %s", path);
}

static bool look_at_backend(struct doctor *doctor)
{
	struct pc_power *power = doctor->power;

	if (!power) {
		doctor_say(doctor, "backend", PC_DOCTOR_PROBLEM, mend_open(doctor), "%s", doctor->power_error.text);
		return false;
	}
	if (!strcmp(pc_power_backend(power), "none"))
		doctor_say(doctor, "backend", PC_DOCTOR_PROBLEM, "what the lines above say; `pmctl show -v` says of each way why it cannot be gone",
			   "there is no way to this node's power: neither energy nor limits");
	else if (!doctor->can_limit && pc_power_rung(power) == 20)
		doctor_say(doctor, "backend", PC_DOCTOR_PROBLEM, "what the lines above say about msr-safe, msr and powercap",
			   "the best back end is %s, which gives energy and no limits: nothing can be capped",
			   pc_power_backend(power));
	else
		doctor_say(doctor, "backend", PC_DOCTOR_OK, NULL, "%s%s", pc_power_backend(power),
			   pc_power_simulated(power) ? ": every figure is simulated" : "");
	return strcmp(pc_power_backend(power), "none") != 0;
}

/* --- allowlist ------------------------------------------------------------------ */

static void look_at_grants(struct doctor *doctor, const struct pc_allowlist *list)
{
	struct pc_list_finding finding[PC_LIST_FINDINGS];
	unsigned count = pc_list_check(list, doctor->model, finding);

	for (unsigned i = 0; i < count; i++) {
		bool lock = finding[i].trouble == PC_LIST_GRANTS_LOCK;

		if (finding[i].trouble >= PC_LIST_LACKS_ENERGY)
			continue;
		doctor_say(doctor, "allowlist", lock ? PC_DOCTOR_PROBLEM : PC_DOCTOR_WARNING,
			   "pmctl allowlist print --purpose=read | pmctl allowlist install -",
			   "register 0x%" PRIX32 " (%s) of the node's list %s", finding[i].msr,
			   pc_domain_name(finding[i].domain), pc_list_trouble_text(finding[i].trouble));
	}
}

static bool covers(struct pc_power *power, enum pc_list_purpose purpose, const struct pc_allowlist *list)
{
	struct pc_allowlist wanted = PC_ALLOWLIST_EMPTY;
	bool covered = pc_power_list_for(power, purpose, &wanted, NULL) == 0 && pc_allowlist_subset(&wanted, list);

	pc_allowlist_free(&wanted);
	return covered;
}

static void say_list_is_empty(struct doctor *doctor)
{
	doctor_say(doctor, "allowlist", PC_DOCTOR_WARNING,
		   "pmctl allowlist print --purpose=read | pmctl allowlist install -",
		   "the list is empty: outside capped jobs nobody, root included, reads or sets anything through it");
}

static void look_at_list(struct doctor *doctor, struct pc_power *power)
{
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	struct pc_error error;

	if (pc_power_list_read(power, &list, &error) < 0) {
		if (errno != ENOTSUP)
			doctor_say(doctor, "allowlist", PC_DOCTOR_NOTE, NULL, "%s", error.text);
		return;
	}
	if (!list.count)
		say_list_is_empty(doctor);
	else if (!covers(power, PC_LIST_READ, &list))
		doctor_say(doctor, "allowlist", PC_DOCTOR_WARNING,
			   "pmctl allowlist print --purpose=read | pmctl allowlist install -",
			   "the list lacks registers that reading energy and limits needs, so a domain may seem absent");
	else if (!covers(power, PC_LIST_JOB, &list))
		doctor_say(doctor, "allowlist", PC_DOCTOR_NOTE, NULL,
			   "the node's allowlist lets nobody write limits: right between jobs; for a capped job the prolog installs another");
	else
		doctor_say(doctor, "allowlist", PC_DOCTOR_NOTE, NULL, "the list lets limit 1 be written: right while a job is capped");
	look_at_grants(doctor, &list);
	pc_allowlist_free(&list);
}

/* --- domains -------------------------------------------------------------------- */

static bool read_limits(struct pc_power *power, unsigned package, enum pc_domain domain, struct pc_limits *limits)
{
	struct pc_op op = { .kind = PC_OP_LIMIT_READ, .domain = domain };

	if (!pc_power_domain(power, package, domain)->has_limit ||
	    pc_power_run(power, package, &op, 1, NULL, NULL) < 0)
		return false;
	*limits = op.limits;
	return true;
}

static void look_at_package_limits(struct doctor *doctor, unsigned package, const struct pc_limits *limits)
{
	const char *name = pc_power_package_name(doctor->power, package);

	if (!limits->limit[0].enabled)
		doctor_say(doctor, "limit1", PC_DOCTOR_WARNING, "enable `package power limit` in the firmware's set-up",
			   "%s: limit 1 is switched off; a prolog switches it on for a job, a user's write alone would do nothing",
			   name);
	if (limits->count < 2)
		doctor_say(doctor, "limit2", PC_DOCTOR_WARNING, NULL,
			   "%s: there is no limit 2, so there is no ceiling over what a job writes", name);
	else if (!limits->limit[1].enabled)
		doctor_say(doctor, "limit2", PC_DOCTOR_NOTE, NULL,
			   "%s: limit 2 is switched off; a prolog switches it on as the ceiling over a job", name);
}

/* Only registers tell a least power; what powercap leaves out is no lie. */
static void look_at_info(struct doctor *doctor, unsigned package, const struct pc_domain_info *info)
{
	if (!strcmp(pc_power_backend(doctor->power), "powercap"))
		return;
	if (info->info.tdp_uw && info->info.min_uw && info->info.max_uw)
		return;
	doctor_say(doctor, "info", PC_DOCTOR_NOTE, "set cap_min and cap_max in " PC_SITE_DEFAULT_PATH,
		   "%s: its power info is absurd or incomplete (least %" PRIu64 " W, most %" PRIu64
		   " W, thermal specification %" PRIu64 " W after taking out what cannot be): the site's bounds stand in",
		   pc_power_package_name(doctor->power, package), info->info.min_uw / 1000000,
		   info->info.max_uw / 1000000, info->info.tdp_uw / 1000000);
}

static void look_at_package(struct doctor *doctor, unsigned package)
{
	const struct pc_domain_info *info = pc_power_domain(doctor->power, package, PC_PACKAGE);
	const char *name = pc_power_package_name(doctor->power, package);
	struct pc_limits limits;

	if (info->locked)
		doctor_say(doctor, "lock", PC_DOCTOR_PROBLEM,
			   "unlock `package power limit` in the firmware's set-up, then reboot",
			   "%s: the firmware has locked its limits until the next reset: writes are ignored", name);
	else if (!info->has_limit)
		doctor_say(doctor, "limit1", PC_DOCTOR_PROBLEM, NULL, "%s: no limit can be read through back end %s",
			   name, pc_power_backend(doctor->power));
	if (info->locked && info->limit_count > 1)
		doctor_say(doctor, "limit2", PC_DOCTOR_WARNING, NULL,
			   "%s: limit 2 is locked too: there is no ceiling that root could hold", name);
	if (!info->has_energy)
		doctor_say(doctor, "energy", PC_DOCTOR_PROBLEM, "run as root, or what the lines above say",
			   "%s: its energy cannot be read", name);
	if (!info->locked && read_limits(doctor->power, package, PC_PACKAGE, &limits))
		look_at_package_limits(doctor, package, &limits);
	if (info->has_limit)
		look_at_info(doctor, package, info);
}

/* What is set aside for DRAM that no limit holds: "a reserve of 45 W is set aside for it". */
static const char *reserve_text(const struct doctor *doctor, const struct pc_domain_info *info, char text[96])
{
	uint64_t reserve = doctor->site.dram_reserve_uw ? doctor->site.dram_reserve_uw : info->info.tdp_uw;
	char watts[32];

	if (reserve)
		snprintf(text, 96, "a reserve of %s is set aside for it instead", pc_watts_print(reserve, watts));
	else
		strcpy(text, "how much to set aside for it is not known");
	return text;
}

static void look_at_dram(struct doctor *doctor, unsigned package)
{
	const struct pc_domain_info *info = pc_power_domain(doctor->power, package, PC_DRAM);
	const char *name = pc_power_package_name(doctor->power, package);
	bool known = doctor->site.dram_reserve_uw || info->info.tdp_uw;
	char text[96];

	reserve_text(doctor, info, text);
	if (info->locked)
		doctor_say(doctor, "dram", PC_DOCTOR_WARNING,
			   "unlock the DRAM's power limit (`DRAM RAPL`) in the firmware's set-up, then reboot",
			   "%s: its DRAM limit is locked by the firmware; %s", name, text);
	else if (!info->has_energy && !info->has_limit)
		doctor_say(doctor, "dram", PC_DOCTOR_NOTE, NULL, "%s: it has no DRAM domain: caps cover the package alone%s%s",
			   name, known ? "; " : "", known ? text : "");
	else if (!info->has_limit)
		doctor_say(doctor, "dram", known ? PC_DOCTOR_NOTE : PC_DOCTOR_WARNING,
			   known ? NULL : "set dram_reserve in " PC_SITE_DEFAULT_PATH, "%s: its DRAM has no limit; %s", name, text);
	else if (!info->has_energy)
		doctor_say(doctor, "dram", PC_DOCTOR_WARNING, "switch on `DRAM RAPL` in the firmware's set-up",
			   "%s: its DRAM's energy does not count", name);
}

/* --- counters ------------------------------------------------------------------- */

static uint64_t count_of(struct pc_power *power, unsigned package, enum pc_domain domain)
{
	struct pc_op op = { .kind = PC_OP_ENERGY, .domain = domain };

	return pc_power_run(power, package, &op, 1, NULL, NULL) < 0 ? 0 : op.count;
}

/* Counters move once a millisecond (SDM vol. 3B 15.10.3), and an idle package draws
 * watts: a tenth of a second without a count is a stuck counter. */
static void look_at_counter(struct doctor *doctor, unsigned package, enum pc_domain domain)
{
	const struct timespec pause = { 0, 5000000 };
	uint64_t first;

	if (!pc_power_domain(doctor->power, package, domain)->has_energy || doctor->recorded)
		return;
	first = count_of(doctor->power, package, domain);
	for (int i = 0; i < 40; i++) {
		if (count_of(doctor->power, package, domain) != first)
			return;
		nanosleep(&pause, NULL);
	}
	doctor_say(doctor, "energy", PC_DOCTOR_PROBLEM, "cold-start the node; if it stays, take it out of service",
		   "%s: its %s energy counter stands still", pc_power_package_name(doctor->power, package),
		   pc_domain_name(domain));
}

/* --- caps ----------------------------------------------------------------------- */

/* Two packages that differ (per-die registers, mixed parts) still share one range. */
static void look_at_range(struct doctor *doctor)
{
	struct pc_budget_package part[PC_MAX_PACKAGES];
	unsigned count = pc_power_package_count(doctor->power);
	char least_text[32], most_text[32];
	uint64_t least, most;

	for (unsigned i = 0; i < count; i++) {
		const struct pc_domain_info *info = pc_power_domain(doctor->power, i, PC_PACKAGE);
		struct pc_limits limits = { 0 };
		struct pc_error error;

		if (!info->has_limit || info->locked)
			return;
		(void)read_limits(doctor->power, i, PC_PACKAGE, &limits);
		if (pc_budget_package(&part[i], info, pc_power_domain(doctor->power, i, PC_DRAM), &limits,
				      doctor->site.dram_reserve_uw, &error) < 0) {
			doctor_say(doctor, "caps", PC_DOCTOR_PROBLEM, NULL, "%s: %s",
				   pc_power_package_name(doctor->power, i), error.text);
			return;
		}
	}
	pc_budget_range(part, count, &least, &most);
	doctor_say(doctor, "caps", count && least <= most ? PC_DOCTOR_OK : PC_DOCTOR_PROBLEM, NULL,
		   "caps from %s to %s can be kept on this node", pc_watts_print(least, least_text),
		   pc_watts_print(most, most_text));
}

void doctor_look_at_node(struct doctor *doctor)
{
	bool hidden = true;

	/* Then the list is all that is known to be wrong. */
	if (doctor->list_hides && doctor->power && pc_power_rung(doctor->power) <= 20) {
		say_list_is_empty(doctor);
		return;
	}
	if (!look_at_backend(doctor))
		return;
	look_at_list(doctor, doctor->power);
	for (unsigned i = 0; i < pc_power_package_count(doctor->power); i++)
		hidden &= !pc_power_domain(doctor->power, i, PC_PACKAGE)->has_energy &&
			  !pc_power_domain(doctor->power, i, PC_PACKAGE)->has_limit;
	/* Behind a list that lets nothing through there is nothing to see. */
	if (hidden)
		return;
	for (unsigned i = 0; i < pc_power_package_count(doctor->power); i++) {
		look_at_package(doctor, i);
		look_at_dram(doctor, i);
		look_at_counter(doctor, i, PC_PACKAGE);
		look_at_counter(doctor, i, PC_DRAM);
	}
	look_at_range(doctor);
}

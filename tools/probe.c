/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "session.h"

#define STEP_UW 1000000

struct probe {
	struct pc_power *power;
	pc_doctor_visit *visit;
	void *arg;
};

static void say(const struct probe *probe, enum pc_doctor_level level, const char *mend, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void say(const struct probe *probe, enum pc_doctor_level level, const char *mend, const char *format, ...)
{
	struct pc_doctor_finding finding = { .check = "probe", .level = level };
	va_list args;

	va_start(args, format);
	vsnprintf(finding.text, sizeof finding.text, format, args);
	va_end(args);
	snprintf(finding.mend, sizeof finding.mend, "%s", mend);
	probe->visit(&finding, probe->arg);
}

/* One limit, as it is but for a watt. */
static int write_lower(struct pc_power *power, unsigned package, enum pc_domain domain, unsigned which,
		       const struct pc_limit *now, struct pc_error *error)
{
	struct pc_op op = { .kind = which ? PC_OP_LIMIT2_SET : PC_OP_LIMIT1_SET, .domain = domain };

	op.limits.limit[which] = *now;
	op.limits.limit[which].window_us = 0;
	op.limits.limit[which].limit_uw -= STEP_UW;
	return pc_power_run(power, package, &op, 1, NULL, error);
}

/* A limit 1 that does not stick is no limit; a limit 2 is the ceiling over jobs, and hard-wired on
 * some parts (SDM vol. 3B 15.10.3); a DRAM limit has a reserve to stand in for it. */
static void judge(const struct probe *probe, unsigned package, enum pc_domain domain, unsigned which,
		  int code, const char *why)
{
	const char *name = pc_power_package_name(probe->power, package), *word = pc_domain_name(domain);

	if (!code)
		say(probe, PC_DOCTOR_OK, "", "%s: limit %u of the %s takes what is written", name, which + 1, word);
	else if (code == EPERM)
		say(probe, PC_DOCTOR_NOTE, "run as root", "%s: limit %u of the %s could not be tried: %s", name, which + 1,
		    word, why);
	else if (which)
		say(probe, PC_DOCTOR_WARNING, "", "%s: limit 2 is hard-wired or held by the firmware: there is no ceiling over what a job writes (%s)",
		    name, why);
	else if (domain == PC_DRAM)
		say(probe, PC_DOCTOR_WARNING, "switch on `DRAM RAPL` in the firmware's set-up",
		    "%s: the DRAM's limit does not take what is written; a reserve stands in (%s)", name, why);
	else
		say(probe, PC_DOCTOR_PROBLEM, "look for another owner of the limit: BMC, Node Manager, the firmware's set-up",
		    "%s: limit 1 does not take what is written (%s)", name, why);
}

static void probe_domain(const struct probe *probe, unsigned package, enum pc_domain domain)
{
	const struct pc_domain_info *info = pc_power_domain(probe->power, package, domain);
	struct pc_op op = { .kind = PC_OP_LIMIT_READ, .domain = domain };

	if (!info->has_limit || info->locked || pc_power_run(probe->power, package, &op, 1, NULL, NULL) < 0)
		return;
	for (unsigned which = 0; which < op.limits.count; which++) {
		struct pc_error error = { "" };
		int code = 0;

		if (op.limits.limit[which].limit_uw <= STEP_UW)
			continue;
		if (write_lower(probe->power, package, domain, which, &op.limits.limit[which], &error) < 0)
			code = errno;
		judge(probe, package, domain, which, code, error.text);
	}
}

int probe_limits(struct pmctl *pmctl, pc_doctor_visit *visit, void *arg)
{
	struct probe probe = { pmctl_open(pmctl), visit, arg };
	struct session session;
	int status = PMCTL_FAILED;

	if (!probe.power)
		return -1;
	if (session_begin(pmctl, probe.power, NULL, true, &session) == 0) {
		for (unsigned i = 0; i < pc_power_package_count(probe.power); i++) {
			probe_domain(&probe, i, PC_PACKAGE);
			probe_domain(&probe, i, PC_DRAM);
		}
		if (session_undo(pmctl, probe.power, &session) == 0)
			status = PMCTL_OK;
		else
			pmctl_error("what the probe changed is not all back: `pmctl restore` says what");
	}
	status = session_end(probe.power, &session, status);
	pc_power_close(probe.power);
	return status == PMCTL_OK ? 0 : -1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "doctor.h"
#include "pmctl.h"
#include "probe.h"

static const char *slurm_conf;
static bool probe;

static const struct pmctl_option options[] = {
	{ "probe", 0, NULL, "also write each limit a watt lower, and back: what only a write can tell", &probe },
	{ "slurm-conf", 's', "FILE", "look at Slurm's configuration too, and at its plugstack.conf", &slurm_conf },
	{ 0 }
};

struct report {
	json_t *findings;        /* NULL: text */
	unsigned count[PC_DOCTOR_PROBLEM + 1];
	enum pc_doctor_level worst;
};

static void print_finding(const struct pc_doctor_finding *finding)
{
	printf("%-8s %-10s %s\n", pc_doctor_level_name(finding->level), finding->check, finding->text);
	if (*finding->mend)
		printf("%-8s %-10s mend: %s\n", "", "", finding->mend);
}

static void take(const struct pc_doctor_finding *finding, void *arg)
{
	struct report *report = arg;

	report->count[finding->level]++;
	if (finding->level > report->worst)
		report->worst = finding->level;
	if (!report->findings)
		print_finding(finding);
	else
		json_array_append_new(report->findings, json_pack("{s:s, s:s, s:s, s:s}", "check", finding->check,
			"level", pc_doctor_level_name(finding->level), "text", finding->text, "mend", finding->mend));
}

static void print_summary(const struct report *report)
{
	unsigned problems = report->count[PC_DOCTOR_PROBLEM], warnings = report->count[PC_DOCTOR_WARNING];

	printf("%u problem%s, %u warning%s: %s\n", problems, problems == 1 ? "" : "s", warnings,
	       warnings == 1 ? "" : "s", problems ? "capping fails on this node, or must not be trusted"
						  : "capping can work on this node");
}

static int print_end(struct report *report, int status)
{
	if (report->findings)
		pmctl_json_print(json_pack("{s:s, s:o}", "worst", pc_doctor_level_name(report->worst), "findings",
					   report->findings));
	else
		print_summary(report);
	return report->worst == PC_DOCTOR_PROBLEM ? PMCTL_FAILED : status;
}

static int run(struct pmctl *pmctl, char **operand)
{
	const struct pc_doctor_config config = {
		.backend = pmctl->backend, .root = pmctl->root, .site_path = pmctl->config, .slurm_conf = slurm_conf,
	};
	struct report report = { .findings = pmctl->json ? json_array() : NULL };
	struct pc_error error;
	int status = PMCTL_OK;

	(void)operand;
	if (pc_doctor_run(&config, take, &report, &error) < 0) {
		json_decref(report.findings);
		return pmctl_error("%s", error.text);
	}
	if (probe && probe_limits(pmctl, take, &report) < 0)
		status = PMCTL_FAILED;
	return print_end(&report, status);
}

const struct pmctl_command pmctl_doctor = {
	.name = "doctor", .operands = "", .options = options, .run = run,
	.summary = "Say every reason why capping would fail on this node, and what mends it.",
	.details = "Changes nothing without --probe. Levels: ok, note, warning, problem. Exit status 1: there is a problem.",
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include "plugin.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "config.h"
#include "cpus.h"
#include "living.h"

/* A prolog or epilog that never ends holds its node for ever. */
#define DEADLINE_S 2

static void to_log(const char *sentence, void *arg)
{
	(void)arg;
	slurm_error("phasecap: %s", sentence);
}

static void sweep(const struct pc_site *site)
{
	struct living living;
	struct pc_error error;

	if (living_open(&living, "/proc/net/unix", site->run_dir, &error) ||
	    pc_job_sweep(site, living_or_young, &living, to_log, NULL, &error))
		slurm_error("phasecap: jobs that are gone are not looked for: %s", error.text);
	living_close(&living);
}

int slurmd_init(int count, char **argument)
{
	struct plugin_site site;

	plugin_site_load(&site, count, argument);
	slurm_info("phasecap " PACKAGE_VERSION ", built for Slurm %d.%02d", SLURM_VERSION_MAJOR(SLURM_VERSION_NUMBER),
		   SLURM_VERSION_MINOR(SLURM_VERSION_NUMBER));
	if (site.broken)
		slurm_error("phasecap: %s; until this is mended every job that asks for a cap is refused", site.why.text);
	sweep(&site.site);
	return 0;
}

/*
 * The hook runs in a process of its own, and whatever it has begun is undone by the
 * next contact; so ending here is safe.  A step that wanted a cap finds no decision, and says so.
 */
static void give_up(int signal)
{
	static const char sentence[] = "phasecap: the node's registers, devices or state directory did not answer "
				       "in time: gave up; the next prolog, epilog or slurmd start mends what is left\n";

	(void)signal;
	(void)!write(STDERR_FILENO, sentence, sizeof sentence - 1);
	_exit(0);
}

static void set_deadline(void)
{
	struct sigaction action = { .sa_handler = give_up };
	sigset_t alarms;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigaction(SIGALRM, &action, NULL);
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
	alarm(DEADLINE_S);
}

/* What slurmd itself says in the prolog's environment; users cannot change it there. */
static unsigned own_cpus(void)
{
	return cpus_of_node(getenv("SLURM_JOB_CPUS_PER_NODE"), getenv("SLURM_NODELIST"), getenv("SLURMD_NODENAME"));
}

static unsigned restart_count(void)
{
	const char *text = getenv("SLURM_RESTART_COUNT");

	return text ? (unsigned)strtoul(text, NULL, 10) : 0;
}

static int describe(spank_t spank, struct pc_job_request *request)
{
	uint32_t job;

	if (spank_get_item(spank, S_JOB_ID, &job) != ESPANK_SUCCESS ||
	    spank_get_item(spank, S_JOB_UID, &request->uid) != ESPANK_SUCCESS) {
		slurm_error("phasecap: Slurm does not say whose job this is: nothing is done for it");
		return -1;
	}
	request->job = job;
	request->restart = restart_count();
	request->cap = plugin_option_cap(spank);
	request->cpus = own_cpus();
	return 0;
}

static void tell(const struct pc_decision *decision)
{
	char cap[32];

	if (decision->refused)
		slurm_info("phasecap: job %" PRIu64 ": refused: %s", decision->job, decision->reason);
	else if (decision->cap_uw)
		slurm_info("phasecap: job %" PRIu64 ": a cap of %s on %u packages", decision->job,
			   pc_watts_print(decision->cap_uw, cap), decision->package_count);
}

static void begin(const struct pc_site *site, struct pc_job_request *request)
{
	struct pc_decision decision;
	struct living living;
	struct pc_error error;

	if (living_open(&living, "/proc/net/unix", site->run_dir, &error) == 0) {
		request->alive = living_has_step;
		request->alive_arg = &living;
	}
	if (pc_job_begin(site, request, &decision, to_log, NULL, &error))
		slurm_error("phasecap: job %" PRIu64 ": %s", request->job, error.text);
	else
		tell(&decision);
	living_close(&living);
}

static void refuse_broken(const struct plugin_site *site, const struct pc_job_request *request)
{
	struct pc_error reason, error;

	pc_fail(&reason, 0, "no cap can be given, because this node's configuration is broken "
		"(tell the administrator): %s", site->why.text);
	slurm_error("phasecap: job %" PRIu64 ": %s", request->job, reason.text);
	if (pc_job_refuse(&site->site, request, reason.text, &error))
		slurm_error("phasecap: job %" PRIu64 ": %s", request->job, error.text);
}

int slurmd_prolog(spank_t spank, int count, char **argument)
{
	struct pc_job_request request = { 0 };
	struct plugin_site site;

	set_deadline();
	plugin_site_load(&site, count, argument);
	if (describe(spank, &request))
		return 0;
	sweep(&site.site);
	if (!site.broken)
		begin(&site.site, &request);
	else if (request.cap)
		refuse_broken(&site, &request);
	alarm(0);
	return 0;
}

int slurmd_epilog(spank_t spank, int count, char **argument)
{
	struct plugin_site site;
	struct pc_error error;
	uint32_t job;
	int left;

	set_deadline();
	plugin_site_load(&site, count, argument);
	if (spank_get_item(spank, S_JOB_ID, &job) != ESPANK_SUCCESS)
		return 0;
	left = pc_job_end(&site.site, job, to_log, NULL, &error);
	if (left < 0)
		slurm_error("phasecap: job %u: not cleaned up after, the next contact tries again: %s", job, error.text);
	else if (left > 0)
		slurm_error("phasecap: job %u: %d of what it changed could not be put back", job, left);
	alarm(0);
	return 0;
}

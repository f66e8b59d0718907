/* SPDX-License-Identifier: BSD-3-Clause */
#include "plugin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Slurm's number of the step that only contains processes of the job's (PrologFlags=Contain). */
#define EXTERN_STEP 0xfffffffcu

static struct plugin_site site;
static struct {
	uint32_t job, number;
	uid_t uid;
	bool has_segment;
	bool failed;             /* a task did not end well */
	unsigned ended;          /* tasks that ended */
} step;
static bool asked;               /* the step carries --power-cap, its own or its allocation's */
static char asked_text[128];     /* what of it can matter */
static char refusal[1024];       /* empty: none */

int stepd_init(spank_t spank, int count, char **argument)
{
	plugin_site_load(&site, count, argument);
	plugin_options_register(spank);
	/* Failing here would let the job end as if it had run, and drain the node. */
	return 0;
}

/* Called up to twice for one step: what comes last is the step's own. */
int stepd_take_cap(const char *value)
{
	asked = true;
	snprintf(asked_text, sizeof asked_text, "%s", value ? value : "");
	return 0;
}

static void refuse(const char *reason)
{
	snprintf(refusal, sizeof refusal, "%s", reason);
}

static int identify(spank_t spank)
{
	if (spank_get_item(spank, S_JOB_ID, &step.job) == ESPANK_SUCCESS &&
	    spank_get_item(spank, S_JOB_STEPID, &step.number) == ESPANK_SUCCESS &&
	    spank_get_item(spank, S_JOB_UID, &step.uid) == ESPANK_SUCCESS)
		return 0;
	slurm_error("phasecap: Slurm does not say which step this is");
	return -1;
}

/* ENOENT too where what stands there was decided for another run of the same number. */
static int load_decision(struct pc_decision *decision, struct pc_error *error)
{
	if (pc_job_decision(&site.site, step.job, decision, error))
		return -1;
	if (decision->uid == step.uid)
		return 0;
	return pc_fail(error, ENOENT, "the decision on job %u is another user's", step.job);
}

static void without_decision(int code, const struct pc_error *error)
{
	if (code != ENOENT)
		slurm_error("phasecap: job %u: %s", step.job, error->text);
	if (!asked)
		return;
	if (site.broken)
		snprintf(refusal, sizeof refusal, "no cap can be given, because this node's configuration is broken "
			 "(tell the administrator): %.700s", site.why.text);
	else
		refuse("--power-cap: this node's prolog left no decision on it: ask for the cap where the job is "
		       "submitted (sbatch, salloc, or srun outside an allocation); if that was done, the "
		       "node's prolog failed, and slurmd's log says why");
}

static bool is_heterogeneous(spank_t spank)
{
	char size[16];

	return spank_getenv(spank, "SLURM_HET_SIZE", size, sizeof size) == ESPANK_SUCCESS;
}

/* A step cannot have another cap than its job: the prolog has decided. */
static void check_step_value(spank_t spank, const struct pc_decision *decision)
{
	struct pc_error error;
	struct pc_cap cap;
	char job_cap[32];

	/* In a heterogeneous job every component's steps are told the last component's value. */
	if (!asked || is_heterogeneous(spank))
		return;
	if (pc_site_cap(&site.site, asked_text, &cap, &error))
		refuse(error.text);
	else if (!decision->cap_uw)
		refuse("--power-cap: the job was submitted without a cap, and a step cannot bring one in: give it "
		       "to sbatch or salloc");
	else if (cap.cap_uw != decision->cap_uw)
		snprintf(refusal, sizeof refusal, "--power-cap=%s: a step cannot change the cap, which is %s for this "
			 "job: leave the option away in the step", asked_text, pc_watts_print(decision->cap_uw, job_cap));
}

/* Ranks that mpirun starts in a batch step are more than its one task. */
static unsigned places(spank_t spank)
{
	uint32_t tasks = 1;
	uint16_t cpus = 1;

	spank_get_item(spank, S_JOB_LOCAL_TASK_COUNT, &tasks);
	spank_get_item(spank, S_JOB_NCPUS, &cpus);
	if (tasks < cpus)
		tasks = cpus;
	return tasks < PC_SEGMENT_RANKS_MAX ? tasks : PC_SEGMENT_RANKS_MAX;
}

static void node_name(spank_t spank, char *name, size_t size)
{
	if (spank_getenv(spank, "SLURMD_NODENAME", name, (int)size) != ESPANK_SUCCESS &&
	    gethostname(name, size) != 0)
		snprintf(name, size, "?");
	name[size - 1] = '\0';
}

/* The job runs under its cap without a segment as well; only its report is lost. */
static void make_segment(spank_t spank, const struct pc_decision *decision)
{
	struct pc_segment_config config = {
		.job = step.job, .step = step.number, .ranks = places(spank), .decision = decision,
	};
	char path[PC_SEGMENT_PATH];
	struct pc_error error;

	spank_get_item(spank, S_JOB_NODEID, &config.node);
	node_name(spank, config.node_name, sizeof config.node_name);
	if (pc_job_step_begin(&site.site, &config, path, &error)) {
		slurm_error("phasecap: step %u.%u: no report: %s", step.job, step.number, error.text);
		return;
	}
	step.has_segment = true;
	if (spank_setenv(spank, "PHASECAP_SEGMENT", path, 1) != ESPANK_SUCCESS)
		slurm_error("phasecap: step %u.%u: no report: its environment cannot be set", step.job, step.number);
}

int stepd_init_post_opt(spank_t spank)
{
	struct pc_decision decision;
	struct pc_error error;

	if (identify(spank) || step.number == EXTERN_STEP)
		return 0;
	if (load_decision(&decision, &error)) {
		without_decision(errno, &error);
		return 0;
	}
	if (decision.refused)
		refuse(decision.reason);
	else
		check_step_value(spank, &decision);
	if (!refusal[0])
		make_segment(spank, &decision);
	return 0;
}

/*
 * The one place where a step can be refused: the job fails with status 1, its user
 * reads why, and the node is not drained.  Each task is refused; one of a node says so.
 */
int stepd_task_init_privileged(spank_t spank)
{
	int task = 0;

	if (!refusal[0])
		return 0;
	spank_get_item(spank, S_TASK_ID, &task);
	if (task == 0)
		slurm_error("phasecap: %s", refusal);
	return -1;
}

int stepd_task_exit(spank_t spank)
{
	int status = 0;

	step.ended++;
	if (spank_get_item(spank, S_TASK_EXIT_STATUS, &status) != ESPANK_SUCCESS || status != 0)
		step.failed = true;
	return 0;
}

/*
 * A step whose tasks all ended well has written its report.  Of any other the segment is
 * kept: it holds what is known of how it went.
 */
int stepd_exit(spank_t spank)
{
	struct pc_error error;

	(void)spank;
	if (step.has_segment &&
	    pc_job_step_end(&site.site, step.job, step.number, step.failed || !step.ended, &error))
		slurm_error("phasecap: step %u.%u: %s", step.job, step.number, error.text);
	return 0;
}

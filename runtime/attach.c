/* SPDX-License-Identifier: BSD-3-Clause */

/* Finding the step's segment and joining it. */

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "core.h"

struct pc_core pc_core = { .lane = -1, .rank = -1, .due_ns = UINT64_MAX, .sampling = ATOMIC_FLAG_INIT };

/* What a segment needs to know that nobody has decided for us. */
int pc_core_decide(struct pc_segment_config *config, struct pc_decision *decision, struct pc_error *error)
{
	const char *backend = pc_core_variable("PHASECAP_BACKEND"), *cap = pc_core_variable("PHASECAP_CAP");

	if (pc_core_load_node(error) || pc_core.node->decide(backend, cap, decision, error))
		return -1;
	gethostname(config->node_name, sizeof config->node_name - 1);
	config->decision = decision;
	config->unprepared = true;
	return 0;
}

/* For a process that is alone, or until MPI_Init brings the shared one. */
static int make_private(struct pc_error *error)
{
	struct pc_segment_config config = { .ranks = 1 };
	struct pc_decision decision = { 0 };

	if (!pc_core.expects_world && pc_core_decide(&config, &decision, error))
		return -1;
	pc_core.own = true;
	return pc_segment_private(&pc_core.segment, &config, error);
}

static int find_segment(struct pc_error *error)
{
	const char *path = pc_core_variable("PHASECAP_SEGMENT");

	return path ? pc_segment_map(&pc_core.segment, path, error) : make_private(error);
}

int pc_core_join(int rank, struct pc_error *error)
{
	struct pc_lane *lane;

	pc_core.lane = pc_segment_claim(pc_core.segment, rank, 0, getpid(), pc_now_ns());
	if (pc_core.lane < 0)
		return pc_fail(error, EUSERS, "all %u places for ranks in the step's segment are taken",
			       pc_core.segment->ranks);
	pc_core.rank = rank;
	lane = pc_segment_lane(pc_core.segment, (unsigned)pc_core.lane);
	sched_getaffinity(0, sizeof lane->cpus, (cpu_set_t *)(void *)lane->cpus);
	atomic_fetch_add(&pc_core.segment->active, 1);
	return 0;
}

/* A program that never comes to MPI_Finalize: the step's last process writes the report. */
static void report_alone(void)
{
	struct pc_error error;
	char *text = NULL;

	if (pc_core_load_node(&error) || !(text = pc_core.node->report_node(pc_core.segment, &error)) ||
	    pc_core.node->report_step(&text, 1, pc_core_variable("PM_PHASE_REPORT"), &error))
		pc_core_say(PC_SAID_REPORT, "no report: %s", error.text);
	free(text);
}

static void at_exit(void)
{
	char open[PC_PHASE_NAME_MAX + 1];
	bool alone = !pc_core.has_world && !pc_core.expects_world;

	if (atomic_load(&pc_core.state) != PC_CORE_ON && atomic_load(&pc_core.state) != PC_CORE_DONE)
		return;
	if (pc_thread_open_phase(open))
		pc_core_say(PC_SAID_UNBALANCED, "phase \"%s\" was begun and never ended", open);
	if (atomic_load(&pc_core.state) != PC_CORE_ON)
		return;
	if (alone)
		pc_core_retire();
	pc_core_leave();
	if (pc_core.last && alone)
		report_alone();
}

/* The child of a fork is no rank: it shares the segment's pages but must not write there. */
static void in_child(void)
{
	pc_thread_forget();
	atomic_store(&pc_core.state, PC_CORE_OFF);
	atomic_store(&pc_core.due_ns, UINT64_MAX);
}

bool pm_phase_private_wanted(void)
{
	return pc_core_variable("PHASECAP_SEGMENT") || pc_core_variable("PHASECAP_BACKEND");
}

void pc_core_attach(void)
{
	struct pc_error error = { "no memory" };

	if (!pm_phase_private_wanted()) {
		atomic_store(&pc_core.state, PC_CORE_OFF);
		return;
	}
	if (pthread_atfork(NULL, NULL, in_child) || atexit(at_exit) || find_segment(&error) ||
	    pc_core_join(pc_core_launcher_rank(), &error)) {
		pc_core_give_up(&error);
		return;
	}
	if (!pc_core.expects_world)
		pc_core_settle_alone();
	atomic_store(&pc_core.generation, 1);
	atomic_store_explicit(&pc_core.state, PC_CORE_ON, memory_order_release);
}

void pm_phase_private_expect(void)
{
	pc_core.expects_world = true;
}

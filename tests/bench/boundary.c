/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * What pm_phase_begin() and pm_phase_end() cost together: without a runtime, on a rank that
 * leads no package, on a leader whose sample is not due, and deep inside other phases.  Each in a
 * process of its own, because a process attaches once.  The figure is the least of several rounds: a machine
 * that does other things as well can only add to it.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pm_phase.h"
#include "segment.h"

enum { ROUNDS = 40, PAIRS = 20000 };

static char place[] = "/tmp/phasecap-bench-XXXXXX";
static char path[64];

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double pair_ns(void)
{
	double least = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double begin = now_ns(), each;

		for (int k = 0; k < PAIRS; k++) {
			if (pm_phase_begin("solve") || pm_phase_end())
				exit(1);
		}
		each = (now_ns() - begin) / PAIRS;
		least = each < least ? each : least;
	}
	return least;
}

static double clock_ns(void)
{
	double least = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double begin = now_ns(), each;

		for (int k = 0; k < PAIRS; k++)
			now_ns();
		each = (now_ns() - begin) / PAIRS;
		least = each < least ? each : least;
	}
	return least;
}

static void print(const char *name, double value, const char *unit, double target)
{
	if (target > 0)
		printf("BENCH\t%s\t%.1f\t%s\tat most %.0f %s\t%s\n", name, value, unit, target, unit,
		       value <= target ? "true" : "false");
	else
		printf("BENCH\t%s\t%.1f\t%s\tnull\tnull\n", name, value, unit);
	fflush(stdout);
}

static int make_segment(int taken)
{
	struct pc_decision decision = { .job = 1, .backend = "none", .policy = "monitor", .package_count = 1 };
	struct pc_segment_config config = { .job = 1, .node_name = "bench", .ranks = 2, .decision = &decision };
	int directory = open(place, O_PATH | O_DIRECTORY);
	struct pc_segment *segment;
	struct pc_error error;

	unlink(path);
	if (pc_segment_create(directory, "segment", geteuid(), &config, &error) ||
	    pc_segment_map(&segment, path, &error)) {
		fprintf(stderr, "boundary: %s\n", error.text);
		return -1;
	}
	/* Somebody else leads the package and has said where the PUs are. */
	if (taken) {
		atomic_store(&pc_segment_package(segment, 0)->leader, pc_segment_claim(segment, 0, 0, 1, 1));
		atomic_store(&segment->map_state, PC_MAP_READY);
	}
	pc_segment_unmap(segment);
	close(directory);
	return 0;
}

static void nothing(void)
{
	unsetenv("PHASECAP_SEGMENT");
	print("begin+end without a runtime", pair_ns(), "ns", 0);
}

static void follower(void)
{
	print("begin+end, not a leader", pair_ns(), "ns", 150);
	print("one clock_gettime, of which a boundary needs one", clock_ns(), "ns", 0);
}

static void deep(void)
{
	char name[8];

	for (int i = 0; i < PM_PHASE_DEPTH_MAX - 1; i++) {
		snprintf(name, sizeof name, "p%d", i);
		if (pm_phase_begin(name))
			exit(1);
	}
	print("begin+end, not a leader, 63 phases deep", pair_ns(), "ns", 150);
	for (int i = 0; i < PM_PHASE_DEPTH_MAX - 1; i++)
		pm_phase_end();
}

static void leader(void)
{
	print("begin+end, leader that is not due", pair_ns(), "ns", 1000);
}

static void memory(void)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < 1000; i++)
		if (pm_phase_begin("solve") || pm_phase_end())
			exit(1);
	getrusage(RUSAGE_SELF, &after);
	print("resident memory that a rank without a lead grows by", (double)(after.ru_maxrss - before.ru_maxrss), "KiB", 1024);
}

static int play(void (*part)(void), int taken)
{
	pid_t child;
	int status;

	if (make_segment(taken))
		return -1;
	child = fork();
	if (!child) {
		part();
		exit(0);
	}
	return child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) ? -1 : 0;
}

int main(void)
{
	int result;

	if (!mkdtemp(place))
		return 1;
	snprintf(path, sizeof path, "%s/segment", place);
	setenv("PHASECAP_SEGMENT", path, 1);
	setenv("PM_PHASE_REPORT", "none", 1);
	result = play(nothing, 0) | play(follower, 1) | play(deep, 1) | play(leader, 0) | play(memory, 1);
	unlink(path);
	rmdir(place);
	return result ? 1 : 0;
}

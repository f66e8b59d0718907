/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * pm_phase.h as a program without MPI sees it.  The runtime attaches once per process, so every
 * test plays its part in a child; the parent reads what it left in the segment.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "pm_phase.h"
#include "segment.h"

struct place {
	char path[64], segment[96], report[96], said[96];
	int fd;
};

static int setup(void **state)
{
	struct pc_decision decision = { .job = 5, .backend = "none", .policy = "monitor", .package_count = 1 };
	struct pc_segment_config config = { .job = 5, .step = 1, .node_name = "n", .ranks = 2, .decision = &decision };
	struct place *place = calloc(1, sizeof *place);
	struct pc_error error;

	strcpy(place->path, "/tmp/phasecap-phase-XXXXXX");
	if (!mkdtemp(place->path))
		return -1;
	snprintf(place->segment, sizeof place->segment, "%s/segment", place->path);
	snprintf(place->report, sizeof place->report, "%s/report", place->path);
	snprintf(place->said, sizeof place->said, "%s/said", place->path);
	place->fd = open(place->path, O_PATH | O_DIRECTORY);
	*state = place;
	return pc_segment_create(place->fd, "segment", geteuid(), &config, &error);
}

static int teardown(void **state)
{
	struct place *place = *state;

	unlink(place->segment);
	unlink(place->report);
	unlink(place->said);
	close(place->fd);
	rmdir(place->path);
	free(place);
	return 0;
}

/* In the child: cmocka's own assertions would jump back into the parent's tests. */
#define EXPECT(what) do { if (!(what)) { dprintf(2, "line %d: %s\n", __LINE__, #what); _exit(1); } } while (0)

/* Plays part() with its words in place->said and returns its exit status. */
static int play(const struct place *place, void (*part)(const struct place *place))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		int said = open(place->said, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(said, STDERR_FILENO);
		unsetenv("OMPI_COMM_WORLD_LOCAL_RANK");
		unsetenv("MPI_LOCALRANKID");
		unsetenv("SLURM_LOCALID");
		unsetenv("PHASECAP_BACKEND");
		setenv("PHASECAP_SEGMENT", place->segment, 1);
		setenv("PM_PHASE_REPORT", place->report, 1);
		part(place);
		exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static const char *said(const struct place *place)
{
	static char text[8192];
	int fd = open(place->said, O_RDONLY);
	ssize_t length = read(fd, text, sizeof text - 1);

	close(fd);
	text[length < 0 ? 0 : length] = '\0';
	return text;
}

static struct pc_segment *segment_of(const struct place *place)
{
	struct pc_segment *segment;
	struct pc_error error;

	if (pc_segment_read(&segment, place->fd, "segment", &error))
		fail_msg("%s", error.text);
	return segment;
}

static uint64_t count_of(struct pc_segment *segment, uint32_t parent, const char *name)
{
	int full;
	uint32_t phase = pc_segment_intern(segment, parent, name, &full);
	uint64_t count = 0;

	for (unsigned i = 0; i < segment->lanes; i++)
		count += pc_segment_lane(segment, i)->time[phase].count;
	return count;
}

static uint32_t phase_of(struct pc_segment *segment, uint32_t parent, const char *name)
{
	int full;

	return pc_segment_intern(segment, parent, name, &full);
}

static void nested(const struct place *place)
{
	(void)place;
	for (int i = 0; i < 3; i++) {
		EXPECT(pm_phase_begin("outer") == 0);
		EXPECT(pm_phase_begin("inner") == 0);
		usleep(2000);
		EXPECT(pm_phase_end() == 0);
		EXPECT(pm_phase_end_named("outer") == 0);
		EXPECT(pm_phase_iteration() == 0);
	}
}

static void nested_phases_are_counted_and_timed(void **state)
{
	struct place *place = *state;
	struct pc_segment *segment;
	struct pc_lane *lane;
	uint32_t outer, inner;
	json_error_t where;
	json_t *report;

	assert_int_equal(play(place, nested), 0);
	assert_string_equal(said(place), "");
	segment = segment_of(place);
	outer = phase_of(segment, PC_PHASE_ROOT, "outer");
	inner = phase_of(segment, outer, "inner");
	lane = pc_segment_lane(segment, 0);
	assert_int_equal(lane->time[outer].count, 3);
	assert_int_equal(lane->time[inner].count, 3);
	assert_true(lane->time[inner].time_ns >= 6000000);
	assert_true(lane->time[outer].time_ns < lane->time[inner].time_ns);
	assert_int_equal(lane->boundaries, 12);
	assert_int_equal(lane->iterations, 3);
	assert_int_equal(lane->state, PC_LANE_LEFT);
	assert_int_equal(lane->time[0].time_ns + lane->time[outer].time_ns + lane->time[inner].time_ns,
			 segment->end_ns - segment->start_ns);
	pc_segment_unmap(segment);
	/* The last process to leave wrote the report. */
	report = json_load_file(place->report, 0, &where);
	assert_non_null(report);
	assert_int_equal(json_integer_value(json_object_get(report, "job")), 5);
	assert_int_equal(json_array_size(json_object_get(report, "phases")), 3);
	json_decref(report);
}

static void wrong_calls(const struct place *place)
{
	(void)place;
	errno = 0;
	EXPECT(pm_phase_begin(NULL) == -1 && errno == EINVAL);
	EXPECT(pm_phase_begin("") == -1 && errno == EINVAL);
	EXPECT(pm_phase_end_named(NULL) == -1 && errno == EINVAL);
	errno = 0;
	EXPECT(pm_phase_end() == -1 && errno == EINVAL);
	EXPECT(pm_phase_end() == -1);
	EXPECT(pm_phase_begin("a") == 0);
	EXPECT(pm_phase_begin("b") == 0);
	errno = 0;
	EXPECT(pm_phase_end_named("a") == -1 && errno == EINVAL);
	EXPECT(pm_phase_end_named("a") == -1);
	EXPECT(pm_phase_end_named("b") == 0);
	EXPECT(pm_phase_end_named("a") == 0);
}

static void wrong_calls_fail_and_are_said_once(void **state)
{
	struct place *place = *state;
	struct pc_segment *segment;

	assert_int_equal(play(place, wrong_calls), 0);
	assert_string_equal(said(place),
			    "phasecap: pm_phase_end() without a phase: more ends than begins\n"
			    "phasecap: end of phase \"a\" inside phase \"b\", which is still open\n");
	segment = segment_of(place);
	assert_int_equal(count_of(segment, PC_PHASE_ROOT, "a"), 1);
	assert_int_equal(count_of(segment, phase_of(segment, PC_PHASE_ROOT, "a"), "b"), 1);
	pc_segment_unmap(segment);
}

static void end_of_nothing(const struct place *place)
{
	(void)place;
	EXPECT(pm_phase_end_named("x") == -1 && errno == EINVAL);
	EXPECT(pm_phase_begin("never ended") == 0);
}

static void unbalanced_phases_are_named(void **state)
{
	struct place *place = *state;

	assert_int_equal(play(place, end_of_nothing), 0);
	assert_string_equal(said(place), "phasecap: end of phase \"x\", which was not begun\n");
}

static void left_open(const struct place *place)
{
	(void)place;
	EXPECT(pm_phase_begin("never ended") == 0);
}

static void a_phase_left_open_is_named_at_exit(void **state)
{
	struct place *place = *state;
	struct pc_segment *segment;

	assert_int_equal(play(place, left_open), 0);
	assert_string_equal(said(place), "phasecap: phase \"never ended\" was begun and never ended\n");
	segment = segment_of(place);
	assert_int_equal(count_of(segment, PC_PHASE_ROOT, "never ended"), 1);
	pc_segment_unmap(segment);
}

static void deep(const struct place *place)
{
	char name[16];

	(void)place;
	for (int i = 0; i < PM_PHASE_DEPTH_MAX; i++) {
		snprintf(name, sizeof name, "p%d", i);
		EXPECT(pm_phase_begin(name) == 0);
	}
	errno = 0;
	EXPECT(pm_phase_begin("one") == -1 && errno == ENOSPC);
	EXPECT(pm_phase_begin("two") == -1 && errno == ENOSPC);
	EXPECT(pm_phase_end_named("two") == 0);
	EXPECT(pm_phase_end() == 0);
	for (int i = PM_PHASE_DEPTH_MAX; i-- > 0;) {
		snprintf(name, sizeof name, "p%d", i);
		EXPECT(pm_phase_end_named(name) == 0);
	}
	EXPECT(pm_phase_end() == -1);
}

static void phases_nest_64_deep(void **state)
{
	struct place *place = *state;
	struct pc_segment *segment;
	uint32_t phase = PC_PHASE_ROOT;
	char name[16];

	assert_int_equal(play(place, deep), 0);
	assert_string_equal(said(place),
			    "phasecap: phase \"one\": more than 64 phases inside each other: the time goes to the innermost "
			    "that fitted\n"
			    "phasecap: pm_phase_end() without a phase: more ends than begins\n");
	segment = segment_of(place);
	for (int i = 0; i < PM_PHASE_DEPTH_MAX; i++) {
		snprintf(name, sizeof name, "p%d", i);
		assert_int_equal(count_of(segment, phase, name), 1);
		phase = phase_of(segment, phase, name);
	}
	/* What did not fit was no boundary. */
	assert_int_equal(pc_segment_lane(segment, 0)->boundaries, 2 * PM_PHASE_DEPTH_MAX);
	pc_segment_unmap(segment);
}

static void many_names(const struct place *place)
{
	char name[16];

	(void)place;
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, "n%d", i);
		EXPECT(pm_phase_begin(name) == 0);
		EXPECT(pm_phase_end() == 0);
	}
}

static void a_hundred_thousand_names_are_counted(void **state)
{
	struct place *place = *state;
	struct pc_segment *segment;
	uint64_t count = 0;

	assert_int_equal(play(place, many_names), 0);
	assert_string_equal(said(place), "phasecap: more than 448 different phases: the time of the others is counted as (other)\n");
	segment = segment_of(place);
	for (unsigned i = 0; i < PC_PHASE_MAX; i++)
		count += pc_segment_lane(segment, 0)->time[i].count;
	assert_int_equal(count, 100000);
	assert_int_equal(pc_segment_lane(segment, 0)->time[PC_PHASE_OTHER].count, 100000 - (448 - 2));
	pc_segment_unmap(segment);
}

#define THREADS 64

static pthread_barrier_t together;

static void *one_thread(void *arg)
{
	EXPECT(pm_phase_begin("common") == 0);
	pthread_barrier_wait(&together);
	EXPECT(pm_phase_begin(arg) == 0);
	EXPECT(pm_phase_end_named(arg) == 0);
	EXPECT(pm_phase_end_named("common") == 0);
	EXPECT(pm_phase_end() == -1);
	return NULL;
}

static void all_threads(const struct place *place)
{
	pthread_t thread[THREADS];

	(void)place;
	EXPECT(pm_phase_begin("main") == 0);
	pthread_barrier_init(&together, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		EXPECT(pthread_create(&thread[i], NULL, one_thread, i % 2 ? "odd" : "even") == 0);
	for (int i = 0; i < THREADS; i++)
		EXPECT(pthread_join(thread[i], NULL) == 0);
	EXPECT(pm_phase_end_named("main") == 0);
}

static void each_thread_has_its_own_stack(void **state)
{
	struct place *place = *state;
	struct pc_segment *segment;
	uint32_t common;

	assert_int_equal(play(place, all_threads), 0);
	segment = segment_of(place);
	common = phase_of(segment, PC_PHASE_ROOT, "common");
	assert_int_equal(count_of(segment, PC_PHASE_ROOT, "main"), 1);
	assert_int_equal(count_of(segment, PC_PHASE_ROOT, "common"), THREADS);
	assert_int_equal(count_of(segment, common, "odd"), THREADS / 2);
	assert_int_equal(count_of(segment, common, "even"), THREADS / 2);
	/* Threads that ended gave their lanes back. */
	for (unsigned i = segment->ranks; i < segment->lanes; i++)
		assert_int_not_equal(pc_segment_lane(segment, i)->state, PC_LANE_USED);
	pc_segment_unmap(segment);
}

static void forking(const struct place *place)
{
	pid_t child;
	int status;

	(void)place;
	EXPECT(pm_phase_begin("parent") == 0);
	child = fork();
	EXPECT(child >= 0);
	if (!child) {
		EXPECT(pm_phase_begin("child") == 0);
		EXPECT(pm_phase_end() == 0);
		/* No stack here, so nothing is wrong either. */
		EXPECT(pm_phase_end() == 0);
		exit(7);
	}
	EXPECT(waitpid(child, &status, 0) == child);
	EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	EXPECT(pm_phase_end_named("parent") == 0);
}

static void the_child_of_a_fork_is_detached(void **state)
{
	struct place *place = *state;
	struct pc_segment *segment;

	assert_int_equal(play(place, forking), 0);
	assert_string_equal(said(place), "");
	segment = segment_of(place);
	assert_int_equal(count_of(segment, PC_PHASE_ROOT, "parent"), 1);
	assert_int_equal(count_of(segment, PC_PHASE_ROOT, "child"), 0);
	assert_int_equal(segment->active, 0);
	pc_segment_unmap(segment);
}

static void odd_names(const struct place *place)
{
	char name[1000];

	(void)place;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	EXPECT(pm_phase_begin(name) == 0);
	name[PM_PHASE_NAME_MAX] = '\0';
	EXPECT(pm_phase_end_named(name) == 0);
	EXPECT(pm_phase_begin("\xff\n\"") == 0);
	EXPECT(pm_phase_end_named("\xff\n\"") == 0);
}

static void names_may_hold_any_bytes(void **state)
{
	struct place *place = *state;
	json_error_t where;
	json_t *report, *phases;

	assert_int_equal(play(place, odd_names), 0);
	assert_string_equal(said(place), "");
	report = json_load_file(place->report, 0, &where);
	phases = json_object_get(report, "phases");
	assert_int_equal(json_array_size(phases), 3);
	assert_string_equal(json_string_value(json_array_get(json_object_get(json_array_get(phases, 2), "path"), 0)),
			    "\\xff\\x0a\"");
	json_decref(report);
}

static void calls_succeed(void)
{
	EXPECT(pm_phase_begin("a") == 0);
	EXPECT(pm_phase_end_named("b") == 0);
	EXPECT(pm_phase_end() == 0);
	EXPECT(pm_phase_end() == 0);
	EXPECT(pm_phase_iteration() == 0);
	EXPECT(pm_phase_begin(NULL) == -1 && errno == EINVAL);
}

static void without_environment(const struct place *place)
{
	(void)place;
	unsetenv("PHASECAP_SEGMENT");
	calls_succeed();
}

static void without_a_runtime_nothing_happens(void **state)
{
	struct place *place = *state;

	assert_int_equal(play(place, without_environment), 0);
	assert_string_equal(said(place), "");
	assert_int_equal(access(place->report, F_OK), -1);
}

static void without_file(const struct place *place)
{
	unlink(place->segment);
	calls_succeed();
}

static void with_another_version(const struct place *place)
{
	uint32_t version = 9;
	int fd = open(place->segment, O_WRONLY);

	EXPECT(pwrite(fd, &version, sizeof version, offsetof(struct pc_segment, version)) == sizeof version);
	close(fd);
	calls_succeed();
}

static void as_second_rank_without_file(const struct place *place)
{
	setenv("OMPI_COMM_WORLD_LOCAL_RANK", "1", 1);
	without_file(place);
}

static void as_one_too_many(const struct place *place)
{
	struct pc_segment *segment;
	struct pc_error error;

	EXPECT(!pc_segment_map(&segment, place->segment, &error));
	EXPECT(pc_segment_claim(segment, 0, 0, 1, 1) == 0);
	EXPECT(pc_segment_claim(segment, 1, 0, 1, 1) == 1);
	calls_succeed();
}

static void a_segment_that_cannot_be_used_is_said_once(void **state)
{
	struct place *place = *state;
	char wanted[512];

	assert_int_equal(play(place, as_one_too_many), 0);
	assert_string_equal(said(place), "phasecap: this run is not measured: all 2 places for ranks in the "
			    "step's segment are taken\n");
	assert_int_equal(play(place, with_another_version), 0);
	snprintf(wanted, sizeof wanted, "phasecap: this run is not measured: segment %s: its format is 9, this library's is 1: "
		 "plugin and library are of different releases\n", place->segment);
	assert_string_equal(said(place), wanted);
	assert_int_equal(play(place, without_file), 0);
	snprintf(wanted, sizeof wanted, "phasecap: this run is not measured: segment %s: No such file or directory\n",
		 place->segment);
	assert_string_equal(said(place), wanted);
	assert_int_equal(play(place, as_second_rank_without_file), 0);
	assert_string_equal(said(place), "");
}

static void without_report(const struct place *place)
{
	(void)place;
	setenv("PM_PHASE_REPORT", "/nowhere/report.json", 1);
	EXPECT(pm_phase_begin("a") == 0);
	EXPECT(pm_phase_end() == 0);
}

static void a_report_that_cannot_be_written_is_said(void **state)
{
	struct place *place = *state;

	assert_int_equal(play(place, without_report), 0);
	assert_string_equal(said(place), "phasecap: no report: report /nowhere/report.json: No such file or directory; "
			    "PM_PHASE_REPORT names another file\n");
}

static void alone(const struct place *place)
{
	(void)place;
	unsetenv("PHASECAP_SEGMENT");
	setenv("PHASECAP_BACKEND", "none", 1);
	EXPECT(pm_phase_begin("a") == 0);
	EXPECT(pm_phase_end() == 0);
}

static void without_slurm_the_runtime_makes_the_segment(void **state)
{
	struct place *place = *state;
	json_error_t where;
	json_t *report;

	assert_int_equal(play(place, alone), 0);
	assert_string_equal(said(place), "");
	report = json_load_file(place->report, 0, &where);
	assert_non_null(report);
	assert_int_equal(json_integer_value(json_object_get(report, "ranks")), 1);
	assert_int_equal(json_array_size(json_object_get(report, "phases")), 2);
	assert_true(json_is_null(json_object_get(report, "package_uj")));
	json_decref(report);
}

static void with_unknown_backend(const struct place *place)
{
	(void)place;
	unsetenv("PHASECAP_SEGMENT");
	setenv("PHASECAP_BACKEND", "sim:/nowhere/node", 1);
	calls_succeed();
}

static void with_cap_on_hardware(const struct place *place)
{
	(void)place;
	unsetenv("PHASECAP_SEGMENT");
	setenv("PHASECAP_BACKEND", "none", 1);
	setenv("PHASECAP_CAP", "100W", 1);
	calls_succeed();
}

static void with_bad_cap(const struct place *place)
{
	(void)place;
	unsetenv("PHASECAP_SEGMENT");
	setenv("PHASECAP_BACKEND", "none", 1);
	setenv("PHASECAP_CAP", "banana", 1);
	calls_succeed();
}

static void what_a_laptop_cannot_have_is_said(void **state)
{
	struct place *place = *state;

	assert_int_equal(play(place, with_unknown_backend), 0);
	assert_ptr_equal(strstr(said(place), "phasecap: this run is not measured: "), said(place));
	assert_non_null(strstr(said(place), "/nowhere/node"));
	assert_int_equal(play(place, with_cap_on_hardware), 0);
	assert_string_equal(said(place), "phasecap: this run is not measured: PHASECAP_CAP: without Slurm only a simulated node "
			    "takes a cap: on this one root must first keep what the cap replaces; use srun --power-cap\n");
	assert_int_equal(play(place, with_bad_cap), 0);
	assert_ptr_equal(strstr(said(place), "phasecap: this run is not measured: PHASECAP_CAP: "), said(place));
	assert_non_null(strstr(said(place), "banana"));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nested_phases_are_counted_and_timed),
		TEST(wrong_calls_fail_and_are_said_once),
		TEST(unbalanced_phases_are_named),
		TEST(a_phase_left_open_is_named_at_exit),
		TEST(phases_nest_64_deep),
		TEST(a_hundred_thousand_names_are_counted),
		TEST(each_thread_has_its_own_stack),
		TEST(the_child_of_a_fork_is_detached),
		TEST(names_may_hold_any_bytes),
		TEST(without_a_runtime_nothing_happens),
		TEST(a_segment_that_cannot_be_used_is_said_once),
		TEST(a_report_that_cannot_be_written_is_said),
		TEST(without_slurm_the_runtime_makes_the_segment),
		TEST(what_a_laptop_cannot_have_is_said),
	};

	return cmocka_run_group_tests_name("phase", tests, NULL, NULL) ? 1 : 0;
}

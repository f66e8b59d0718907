/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "segment.h"

struct place {
	char path[64];
	char file[96];
	int fd;
};

static int setup(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	strcpy(place->path, "/tmp/phasecap-segment-XXXXXX");
	if (!mkdtemp(place->path))
		return -1;
	place->fd = open(place->path, O_PATH | O_DIRECTORY);
	snprintf(place->file, sizeof place->file, "%s/seg", place->path);
	*state = place;
	return place->fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct place *place = *state;

	unlinkat(place->fd, "seg", 0);
	close(place->fd);
	rmdir(place->path);
	free(place);
	return 0;
}

static struct pc_decision decision(void)
{
	struct pc_decision made = { .job = 7, .backend = "sim:/x", .policy = "static", .writes = true,
				    .cap_uw = 300000000, .package_count = 2 };

	made.package_limit_uw[1] = 110000000;
	made.dram_limit_uw[0] = 20000000;
	made.dram_reserve_uw[1] = 40000000;
	return made;
}

static void create(const struct place *place, unsigned ranks)
{
	struct pc_decision made = decision();
	struct pc_segment_config config = { .job = 7, .step = 3, .node = 1, .node_name = "n1",
					    .ranks = ranks, .decision = &made };
	struct pc_error error;

	if (pc_segment_create(place->fd, "seg", geteuid(), &config, &error))
		fail_msg("%s", error.text);
}

static struct pc_segment *private(unsigned ranks)
{
	struct pc_segment_config config = { .ranks = ranks };
	struct pc_segment *segment;
	struct pc_error error;

	if (pc_segment_private(&segment, &config, &error))
		fail_msg("%s", error.text);
	return segment;
}

static void created_segment_holds_the_decision(void **state)
{
	struct place *place = *state;
	struct pc_segment *segment;
	struct pc_error error;
	struct stat status;

	create(place, 4);
	assert_int_equal(stat(place->file, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	/* Reserved, so that a full file system cannot kill a rank later. */
	assert_true((uint64_t)status.st_blocks * 512 >= (uint64_t)status.st_size);
	assert_int_equal(pc_segment_map(&segment, place->file, &error), 0);
	assert_int_equal(segment->job, 7);
	assert_int_equal(segment->step, 3);
	assert_int_equal(segment->node, 1);
	assert_string_equal(segment->node_name, "n1");
	assert_int_equal(segment->ranks, 4);
	assert_int_equal(segment->packages, 2);
	assert_int_equal(segment->prepared, 1);
	assert_int_equal(segment->writes, 1);
	assert_int_equal(segment->cap_uw, 300000000);
	assert_string_equal(segment->backend, "sim:/x");
	assert_string_equal(segment->policy, "static");
	assert_int_equal(segment->limit_uw[1], 110000000);
	assert_int_equal(segment->dram_limit_uw[0], 20000000);
	assert_int_equal(segment->reserve_uw[1], 40000000);
	assert_int_equal(atomic_load(&pc_segment_package(segment, 1)->leader), -1);
	assert_int_equal(pc_segment_phase_count(segment), 2);
	pc_segment_unmap(segment);
}

static void without_decision_it_only_watches(void **state)
{
	struct pc_segment *segment = private(1);

	(void)state;
	assert_string_equal(segment->backend, "auto");
	assert_string_equal(segment->policy, "monitor");
	assert_int_equal(segment->packages, 1);
	assert_int_equal(segment->prepared, 0);
	pc_segment_unmap(segment);
	pc_segment_unmap(NULL);
}

static void create_refuses_what_has_no_place(void **state)
{
	struct place *place = *state;
	struct pc_segment_config config = { .ranks = 0 };
	struct pc_decision made = decision();
	struct pc_error error;

	assert_int_equal(pc_segment_create(place->fd, "seg", geteuid(), &config, &error), -1);
	assert_int_equal(errno, EINVAL);
	assert_string_equal(error.text, "segment: 0 ranks on one node: 1 to 1024 have a place");
	config.ranks = 1025;
	assert_int_equal(pc_segment_create(place->fd, "seg", geteuid(), &config, &error), -1);
	config.ranks = 1;
	made.package_count = 65;
	config.decision = &made;
	assert_int_equal(pc_segment_create(place->fd, "seg", geteuid(), &config, &error), -1);
	assert_string_equal(error.text, "segment: 65 packages on one node: 1 to 64 have a place");
	assert_int_equal(access(place->file, F_OK), -1);

	create(place, 1);
	made.package_count = 1;
	assert_int_equal(pc_segment_create(place->fd, "seg", geteuid(), &config, &error), -1);
	assert_int_equal(errno, EEXIST);
	assert_string_equal(error.text, "segment seg: File exists");
}

static void damage(const struct place *place, off_t offset, const void *bytes, size_t size)
{
	int fd = open(place->file, O_WRONLY);

	assert_int_equal(pwrite(fd, bytes, size, offset), size);
	close(fd);
}

static void expect_refusal(const struct place *place, int code, const char *what)
{
	struct pc_segment *segment;
	struct pc_error error;
	char wanted[256];

	snprintf(wanted, sizeof wanted, "segment %s: %s", place->file, what);
	assert_int_equal(pc_segment_map(&segment, place->file, &error), -1);
	assert_int_equal(errno, code);
	assert_string_equal(error.text, wanted);
	snprintf(wanted, sizeof wanted, "segment seg: %s", what);
	assert_int_equal(pc_segment_read(&segment, open(place->path, O_PATH), "seg", &error), -1);
	assert_int_equal(errno, code);
	assert_string_equal(error.text, wanted);
}

static void a_file_that_is_no_segment_is_refused(void **state)
{
	static const struct {
		size_t offset, size;
		uint64_t value;
		int code;
		const char *what;
	} wrong[] = {
		{ 0, 8, 0, EINVAL, "no segment of phasecap" },
		{ 8, 4, 2, EPROTONOSUPPORT, "its format is 2, this library's is 1: plugin and library are of "
		  "different releases" },
		{ offsetof(struct pc_segment, ranks), 4, 0, EBADMSG, "its sizes do not fit together" },
		{ offsetof(struct pc_segment, ranks), 4, 5, EBADMSG, "its sizes do not fit together" },
		{ offsetof(struct pc_segment, lanes), 4, UINT32_MAX, EBADMSG, "its sizes do not fit together" },
		{ offsetof(struct pc_segment, packages), 4, 64, EBADMSG, "its sizes do not fit together" },
		{ offsetof(struct pc_segment, size), 8, 4096, EBADMSG, "its sizes do not fit together" },
		{ offsetof(struct pc_segment, lane_offset), 8, 0, EBADMSG, "its sizes do not fit together" },
		{ offsetof(struct pc_segment, package_offset), 8, 0, EBADMSG, "its sizes do not fit together" },
	};
	struct place *place = *state;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		create(place, 4);
		damage(place, (off_t)wrong[i].offset, &wrong[i].value, wrong[i].size);
		expect_refusal(place, wrong[i].code, wrong[i].what);
		unlinkat(place->fd, "seg", 0);
	}
	create(place, 4);
	assert_int_equal(truncate(place->file, 100), 0);
	expect_refusal(place, EINVAL, "no segment of phasecap");
	unlinkat(place->fd, "seg", 0);
	create(place, 4);
	assert_int_equal(truncate(place->file, 100000), 0);
	expect_refusal(place, EBADMSG, "its sizes do not fit together");
	unlinkat(place->fd, "seg", 0);
	assert_int_equal(mkfifo(place->file, 0600), 0);
	expect_refusal(place, EPERM, "not a file of this user's");
	unlinkat(place->fd, "seg", 0);
	assert_int_equal(symlink("/etc/passwd", place->file), 0);
	expect_refusal(place, ELOOP, strerror(ELOOP));
	unlinkat(place->fd, "seg", 0);
	expect_refusal(place, ENOENT, "No such file or directory");
}

static void a_copy_does_not_follow_the_file(void **state)
{
	struct place *place = *state;
	struct pc_segment *copy;
	struct pc_error error;
	uint64_t other = 99;

	create(place, 1);
	assert_int_equal(pc_segment_read(&copy, place->fd, "seg", &error), 0);
	damage(place, offsetof(struct pc_segment, job), &other, sizeof other);
	assert_int_equal(truncate(place->file, 0), 0);
	assert_int_equal(copy->job, 7);
	assert_int_equal(atomic_load(&pc_segment_package(copy, 1)->leader), -1);
	pc_segment_unmap(copy);
}

static void a_phase_is_a_name_below_a_parent(void **state)
{
	struct pc_segment *segment = private(1);
	uint32_t a, b, ab;
	int full;

	(void)state;
	a = pc_segment_intern(segment, PC_PHASE_ROOT, "a", &full);
	b = pc_segment_intern(segment, PC_PHASE_ROOT, "b", &full);
	ab = pc_segment_intern(segment, a, "b", &full);
	assert_int_equal(full, 0);
	assert_true(a != b && b != ab && a > PC_PHASE_OTHER);
	assert_int_equal(pc_segment_intern(segment, PC_PHASE_ROOT, "a", &full), a);
	assert_int_equal(pc_segment_intern(segment, a, "b", &full), ab);
	assert_int_equal(pc_segment_phase_parent(segment, ab), a);
	assert_int_equal(pc_segment_phase_parent(segment, a), PC_PHASE_ROOT);
	assert_string_equal(segment->phase[ab].name, "b");
	assert_int_equal(pc_segment_phase_count(segment), 5);
	pc_segment_unmap(segment);
}

static void long_names_are_cut(void **state)
{
	struct pc_segment *segment = private(1);
	char name[4096];
	uint32_t phase;
	int full;

	(void)state;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	phase = pc_segment_intern(segment, PC_PHASE_ROOT, name, &full);
	name[PC_PHASE_NAME_MAX] = '\0';
	assert_string_equal(segment->phase[phase].name, name);
	assert_int_equal(pc_segment_intern(segment, PC_PHASE_ROOT, name, &full), phase);
	pc_segment_unmap(segment);
}

static void a_full_tree_puts_the_rest_under_other(void **state)
{
	struct pc_segment *segment = private(1);
	uint32_t parent, phase;
	int full, refused = 0;
	char name[16];

	(void)state;
	parent = pc_segment_intern(segment, PC_PHASE_ROOT, "parent", &full);
	for (int i = 0; i < 100000; i++) {
		snprintf(name, sizeof name, "n%d", i);
		phase = pc_segment_intern(segment, parent, name, &full);
		if (!full) {
			assert_string_equal(segment->phase[phase].name, name);
			continue;
		}
		refused++;
		assert_string_equal(segment->phase[phase].name, PC_PHASE_OTHER_NAME);
		assert_int_equal(pc_segment_phase_parent(segment, phase), parent);
	}
	assert_int_equal(refused, 100000 - (PC_PHASE_MAX - PC_PHASE_RESERVE - 3));
	/* Names from before are still found, and the top level has its own bucket. */
	phase = pc_segment_intern(segment, parent, "n0", &full);
	assert_int_equal(full, 0);
	assert_string_equal(segment->phase[phase].name, "n0");
	assert_int_equal(pc_segment_intern(segment, PC_PHASE_ROOT, "new", &full), PC_PHASE_OTHER);
	/* Parents without a bucket share the reserve; then all is PC_PHASE_OTHER. */
	for (uint32_t i = 4; i < 4 + PC_PHASE_RESERVE; i++)
		phase = pc_segment_intern(segment, i, "new", &full);
	assert_int_equal(phase, PC_PHASE_OTHER);
	assert_int_equal(pc_segment_phase_count(segment), PC_PHASE_MAX);
	pc_segment_unmap(segment);
}

#define NAMES 300

static void *intern_all(void *arg)
{
	struct pc_segment *segment = arg;
	uintptr_t wrong = 0;
	char name[16];
	int full;

	for (int i = 0; i < NAMES; i++) {
		uint32_t phase;

		snprintf(name, sizeof name, "n%d", i);
		phase = pc_segment_intern(segment, PC_PHASE_ROOT, name, &full);
		wrong += full || strcmp(segment->phase[phase].name, name) != 0;
	}
	return (void *)wrong;
}

static void names_may_come_from_all_sides_at_once(void **state)
{
	struct pc_segment *segment = private(1);
	pthread_t thread[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, intern_all, segment), 0);
	for (int i = 0; i < 4; i++) {
		void *wrong;

		pthread_join(thread[i], &wrong);
		assert_null(wrong);
	}
	/* A name gets a second node only where its maker was stopped for long. */
	assert_in_range(pc_segment_phase_count(segment), NAMES + 2, NAMES + 20);
	pc_segment_unmap(segment);
}

static void a_maker_who_died_does_not_block_a_name(void **state)
{
	struct pc_segment *segment = private(1);
	uint32_t phase;
	int full;

	(void)state;
	for (unsigned i = 0; i < PC_PHASE_INDEX; i += 2)
		atomic_store(&segment->phase_index[i], 1);
	phase = pc_segment_intern(segment, PC_PHASE_ROOT, "a", &full);
	assert_int_equal(full, 0);
	assert_string_equal(segment->phase[phase].name, "a");
	assert_int_equal(pc_segment_intern(segment, PC_PHASE_ROOT, "a", &full), phase);
	pc_segment_unmap(segment);
}

static void nonsense_parents_end_at_the_root(void **state)
{
	struct pc_segment *segment = private(1);
	int full;
	uint32_t phase = pc_segment_intern(segment, PC_PHASE_ROOT, "a", &full);

	(void)state;
	segment->phase[phase].parent = phase;
	assert_int_equal(pc_segment_phase_parent(segment, phase), PC_PHASE_ROOT);
	segment->phase[phase].parent = UINT32_MAX;
	assert_int_equal(pc_segment_phase_parent(segment, phase), PC_PHASE_ROOT);
	atomic_store(&segment->phase_count, UINT32_MAX);
	assert_int_equal(pc_segment_phase_count(segment), PC_PHASE_MAX);
	atomic_store(&segment->phase_count, 0);
	assert_int_equal(pc_segment_phase_count(segment), 2);
	pc_segment_unmap(segment);
}

static void lanes_are_taken_and_given_back(void **state)
{
	struct pc_segment *segment = private(2);
	struct pc_lane *lane = pc_segment_lane(segment, 1);

	(void)state;
	assert_int_equal(pc_segment_claim(segment, 1, 0, 100, 5), 1);
	assert_int_equal(segment->start_ns, 5);
	assert_int_equal(lane->rank, 1);
	assert_int_equal(lane->pid, 100);
	assert_int_equal(lane->epoch, 1);
	assert_int_equal(pc_segment_claim(segment, 1, 0, 101, 6), 0);
	assert_int_equal(pc_segment_claim(segment, -1, 0, 102, 7), -1);
	assert_int_equal(errno, EUSERS);
	pc_lane_move(lane, 10, PC_PHASE_OTHER, 0, 1);
	pc_segment_release(segment, 1, 25);
	assert_int_equal(lane->time[PC_PHASE_ROOT].time_ns, 5);
	assert_int_equal(lane->time[PC_PHASE_OTHER].time_ns, 15);
	assert_int_equal(segment->end_ns, 25);
	/* Its next owner adds to what it holds. */
	assert_int_equal(pc_segment_claim(segment, -1, 0, 103, 30), 1);
	assert_int_equal(lane->epoch, 2);
	assert_int_equal(lane->time[PC_PHASE_OTHER].time_ns, 15);
	for (unsigned i = 0; i < PC_SEGMENT_SPARE_LANES; i++)
		assert_in_range(pc_segment_claim(segment, 0, 1, 101, 8), 2, 2 + PC_SEGMENT_SPARE_LANES - 1);
	assert_int_equal(pc_segment_claim(segment, 0, 1, 101, 8), -1);
	pc_segment_unmap(segment);
}

static void boundaries_book_time_and_mpi(void **state)
{
	struct pc_segment *segment = private(1);
	struct pc_lane *lane = pc_segment_lane(segment, 0);
	uint64_t time[4];

	(void)state;
	pc_segment_claim(segment, 0, 0, 1, 100);
	pc_lane_move(lane, 110, 2, 0, 1);
	pc_lane_move(lane, 130, 2, 1, 0);
	pc_lane_move(lane, 170, 2, 0, 0);
	pc_lane_snapshot(lane, 175, 4, time);
	assert_int_equal(time[0], 10);
	assert_int_equal(time[2], 65);
	pc_lane_move(lane, 200, 0, 0, 0);
	assert_int_equal(lane->time[2].count, 1);
	assert_int_equal(lane->time[2].time_ns, 90);
	assert_int_equal(lane->time[2].mpi_ns, 40);
	/* A clock that seems to go back books nothing, and loses nothing. */
	pc_lane_move(lane, 150, 3, 0, 1);
	pc_lane_move(lane, 210, 0, 0, 0);
	assert_int_equal(lane->time[0].time_ns, 10);
	assert_int_equal(lane->time[2].time_ns, 90);
	assert_int_equal(lane->time[3].time_ns, 10);
	pc_segment_unmap(segment);
}

static void a_lane_that_is_never_finished_can_be_read(void **state)
{
	struct pc_segment *segment = private(1);
	struct pc_lane *lane = pc_segment_lane(segment, 0);
	uint64_t time[3];

	(void)state;
	pc_segment_claim(segment, 0, 0, 1, 100);
	pc_lane_move(lane, 110, 2, 0, 1);
	atomic_fetch_add(&lane->sequence, 1);
	pc_lane_snapshot(lane, 120, 3, time);
	assert_int_equal(time[2], 10);
	pc_segment_release(segment, 0, 130);
	pc_segment_claim(segment, 0, 0, 2, 140);
	assert_int_equal(atomic_load(&lane->sequence) % 2, 0);
	pc_segment_unmap(segment);
}

/* The lane's owner comes to a boundary just while a reader is in the middle of the lane: the reader's
 * next page is not readable until then. */
static struct {
	struct pc_lane *lane;
	char *page;
	int came;
} boundary;

static void come_to_boundary(int signal)
{
	(void)signal;
	mprotect(boundary.page, 4096, PROT_READ | PROT_WRITE);
	pc_lane_move(boundary.lane, 500, 3, 0, 1);
	boundary.came++;
}

static void a_snapshot_sees_all_of_a_boundary_or_nothing(void **state)
{
	enum { WATCHED = 400 };  /* their times lie on several pages */
	struct sigaction act = { .sa_handler = come_to_boundary }, before;
	struct pc_segment *segment = private(1);
	struct pc_lane *lane = pc_segment_lane(segment, 0);
	uint64_t time[WATCHED], sum = 0;

	(void)state;
	pc_segment_claim(segment, 0, 0, 1, 100);
	pc_lane_move(lane, 200, 2, 0, 1);
	boundary.lane = lane;
	boundary.page = (char *)(((uintptr_t)&lane->time[200] + 4095) & ~UINT64_C(4095));
	assert_true(boundary.page < (char *)&lane->time[WATCHED]);
	assert_int_equal(sigaction(SIGSEGV, &act, &before), 0);
	assert_int_equal(mprotect(boundary.page, 4096, PROT_NONE), 0);
	pc_lane_snapshot(lane, 1000, WATCHED, time);
	assert_int_equal(sigaction(SIGSEGV, &before, NULL), 0);
	assert_int_equal(boundary.came, 1);
	for (int i = 0; i < WATCHED; i++)
		sum += time[i];
	assert_int_equal(sum, 900);
	assert_int_equal(time[2], 300);
	assert_int_equal(time[3], 500);
	pc_segment_unmap(segment);
}

static void a_thing_is_said_once(void **state)
{
	struct pc_segment *segment = private(1);

	(void)state;
	assert_true(pc_segment_say(segment, PC_SAID_MISMATCH));
	assert_false(pc_segment_say(segment, PC_SAID_MISMATCH));
	assert_true(pc_segment_say(segment, PC_SAID_DEPTH));
	pc_segment_unmap(segment);
}

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PLACE(created_segment_holds_the_decision),
		cmocka_unit_test(without_decision_it_only_watches),
		WITH_PLACE(create_refuses_what_has_no_place),
		WITH_PLACE(a_file_that_is_no_segment_is_refused),
		WITH_PLACE(a_copy_does_not_follow_the_file),
		cmocka_unit_test(a_phase_is_a_name_below_a_parent),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(a_full_tree_puts_the_rest_under_other),
		cmocka_unit_test(names_may_come_from_all_sides_at_once),
		cmocka_unit_test(a_maker_who_died_does_not_block_a_name),
		cmocka_unit_test(nonsense_parents_end_at_the_root),
		cmocka_unit_test(lanes_are_taken_and_given_back),
		cmocka_unit_test(boundaries_book_time_and_mpi),
		cmocka_unit_test(a_lane_that_is_never_finished_can_be_read),
		cmocka_unit_test(a_snapshot_sees_all_of_a_boundary_or_nothing),
		cmocka_unit_test(a_thing_is_said_once),
	};

	return cmocka_run_group_tests_name("segment", tests, NULL, NULL) ? 1 : 0;
}

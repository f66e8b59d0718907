/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "leader.h"

enum { A = 2, B = 3, C = 4, PHASES = 5 };

struct node {
	struct pc_segment *segment;
	struct pc_seen *seen;
};

/* Two ranks on package 0, one on package 1, one on both; phases A, A/B and C. */
static struct node node(void)
{
	static const uint64_t packages[] = { 1, 1, 2, 3 };
	struct pc_decision decision = { .backend = "none", .policy = "monitor", .package_count = 2 };
	struct pc_segment_config config = { .ranks = 4, .decision = &decision };
	struct node node;
	struct pc_error error;
	int full;

	if (pc_segment_private(&node.segment, &config, &error))
		fail_msg("%s", error.text);
	assert_int_equal(pc_segment_intern(node.segment, PC_PHASE_ROOT, "a", &full), A);
	assert_int_equal(pc_segment_intern(node.segment, A, "b", &full), B);
	assert_int_equal(pc_segment_intern(node.segment, PC_PHASE_ROOT, "c", &full), C);
	for (int i = 0; i < 4; i++) {
		pc_segment_claim(node.segment, i, 0, 100 + i, 1000);
		atomic_store(&pc_segment_lane(node.segment, (unsigned)i)->packages, packages[i]);
	}
	node.seen = calloc(node.segment->lanes, sizeof *node.seen);
	pc_attribute_from(node.segment, 1000, node.seen);
	return node;
}

static void done(struct node *node)
{
	pc_segment_unmap(node->segment);
	free(node->seen);
}

static void move(struct node *node, unsigned lane, uint64_t t, uint32_t to)
{
	pc_lane_move(pc_segment_lane(node->segment, lane), t, to, 0, 1);
}

static void spend(struct node *node, unsigned package, uint64_t t, uint64_t uj)
{
	const struct pc_spent spent = { uj, uj / 10, uj / 100, uj / 1000 };

	pc_attribute(node->segment, package, t, &spent, node->seen);
}

static void near(uint64_t got, uint64_t wanted)
{
	assert_in_range(got, wanted ? wanted - 1 : 0, wanted + 1);
}

/* Each part to within one unit, and their sum exactly (I9). */
static void expect(struct node *node, unsigned package, const uint64_t *uj)
{
	uint64_t all = 0, wanted = 0;

	for (unsigned i = 0; i < PHASES; i++) {
		const struct pc_package_share *share = &pc_segment_package(node->segment, package)->share[i];

		near(share->package_uj, uj[i]);
		near(share->dram_uj, uj[i] / 10);
		near(share->allowed_uj, uj[i] / 100);
		near(share->time_ns, uj[i] / 1000);
		all += share->package_uj;
		wanted += uj[i];
	}
	assert_int_equal(all, wanted);
}

static void joules_go_to_the_ranks_innermost_phases_by_time(void **state)
{
	struct node it = node();

	(void)state;
	/* Of 1000 ns: rank 0 has 200 unmarked, 300 in a, 500 in a/b; rank 1 all in c; rank 3 all unmarked. */
	move(&it, 0, 1200, A);
	move(&it, 0, 1500, B);
	move(&it, 1, 1000, C);
	spend(&it, 0, 2000, 3000000);
	expect(&it, 0, (uint64_t[]){ 1200000, 0, 300000, 500000, 1000000 });
	expect(&it, 1, (uint64_t[]){ 0, 0, 0, 0, 0 });
	done(&it);
}

static void a_rank_counts_in_each_package_it_runs_on(void **state)
{
	struct node it = node();

	(void)state;
	move(&it, 2, 1000, A);
	move(&it, 3, 1000, C);
	spend(&it, 1, 2000, 2000000);
	expect(&it, 1, (uint64_t[]){ 0, 0, 1000000, 0, 1000000 });
	done(&it);
}

static void the_next_interval_begins_where_the_last_ended(void **state)
{
	struct node it = node();

	(void)state;
	move(&it, 2, 1000, A);
	move(&it, 3, 1000, A);
	spend(&it, 1, 2000, 1000000);
	move(&it, 2, 2500, C);
	move(&it, 3, 2500, C);
	spend(&it, 1, 3000, 1000000);
	expect(&it, 1, (uint64_t[]){ 0, 0, 1500000, 0, 500000 });
	/* A phase that begins and ends between two samples is not missed. */
	move(&it, 2, 3100, B);
	move(&it, 2, 3200, C);
	move(&it, 3, 3100, B);
	move(&it, 3, 3200, C);
	spend(&it, 1, 4000, 1000000);
	expect(&it, 1, (uint64_t[]){ 0, 0, 1500000, 100000, 1400000 });
	done(&it);
}

static void without_ranks_all_is_unmarked(void **state)
{
	struct node it = node();

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		atomic_store(&pc_segment_lane(it.segment, i)->packages, 1);
	spend(&it, 1, 2000, 1000000);
	expect(&it, 1, (uint64_t[]){ 1000000, 0, 0, 0, 0 });
	done(&it);
}

static void a_rank_that_left_counts_for_its_last_interval_only(void **state)
{
	struct node it = node();

	(void)state;
	move(&it, 2, 1000, A);
	move(&it, 3, 1000, C);
	pc_segment_release(it.segment, 2, 1400);
	spend(&it, 1, 2000, 1000000);
	expect(&it, 1, (uint64_t[]){ 0, 0, 500000, 0, 500000 });
	spend(&it, 1, 3000, 1000000);
	expect(&it, 1, (uint64_t[]){ 0, 0, 500000, 0, 1500000 });
	done(&it);
}

static void a_lane_with_a_new_owner_begins_anew(void **state)
{
	struct node it = node();

	(void)state;
	/* Package 1 has not looked at lane 0, which was of package 0, for a long time. */
	move(&it, 0, 1000, A);
	pc_segment_release(it.segment, 0, 900000);
	pc_segment_claim(it.segment, 0, 0, 200, 900000);
	atomic_store(&pc_segment_lane(it.segment, 0)->packages, 2);
	move(&it, 0, 900000, C);
	spend(&it, 1, 1000000, 1000000);
	assert_int_equal(pc_segment_package(it.segment, 1)->share[A].package_uj, 0);
	move(&it, 2, 1000000, C);
	move(&it, 3, 1000000, C);
	spend(&it, 1, 1001000, 3000000);
	assert_int_equal(pc_segment_package(it.segment, 1)->share[A].package_uj, 0);
	assert_int_equal(pc_segment_package(it.segment, 1)->share[C].package_uj, 3000000);
	done(&it);
}

static void threads_divide_their_ranks_part(void **state)
{
	struct node it = node();
	int other;

	(void)state;
	/* Rank 2 in a; rank 3's first thread unmarked, a further one half of the time in c. */
	move(&it, 2, 1000, A);
	other = pc_segment_claim(it.segment, 3, 1, 103, 1000);
	move(&it, (unsigned)other, 1500, C);
	spend(&it, 1, 2000, 3000000);
	expect(&it, 1, (uint64_t[]){ 1000000, 0, 1500000, 0, 500000 });
	done(&it);
}

static void a_clock_that_lags_is_made_good(void **state)
{
	struct node it = node();

	(void)state;
	move(&it, 2, 1000, A);
	move(&it, 3, 1000, A);
	spend(&it, 1, 2000, 1000000);
	/* These boundaries were read before the sample and published after it. */
	move(&it, 2, 1900, C);
	move(&it, 3, 1900, C);
	spend(&it, 1, 2900, 1000000);
	expect(&it, 1, (uint64_t[]){ 0, 0, 1000000, 0, 1000000 });
	/* The 100 ns too many that a was given then are taken off now. */
	for (unsigned i = 2; i < 4; i++) {
		move(&it, i, 2900, A);
		move(&it, i, 3400, C);
	}
	spend(&it, 1, 3900, 900000);
	expect(&it, 1, (uint64_t[]){ 0, 0, 1400000, 0, 1500000 });
	done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joules_go_to_the_ranks_innermost_phases_by_time),
		cmocka_unit_test(a_rank_counts_in_each_package_it_runs_on),
		cmocka_unit_test(the_next_interval_begins_where_the_last_ended),
		cmocka_unit_test(without_ranks_all_is_unmarked),
		cmocka_unit_test(a_rank_that_left_counts_for_its_last_interval_only),
		cmocka_unit_test(a_lane_with_a_new_owner_begins_anew),
		cmocka_unit_test(threads_divide_their_ranks_part),
		cmocka_unit_test(a_clock_that_lags_is_made_good),
	};

	return cmocka_run_group_tests_name("attribute", tests, NULL, NULL) ? 1 : 0;
}

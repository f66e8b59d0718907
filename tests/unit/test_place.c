/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "place.h"

/* A node of packages with 8 PUs each, and its ranks' bindings as first and last PU. */
static struct pc_segment *node(const char *backend, unsigned packages, unsigned ranks, const int binding[][2])
{
	struct pc_decision decision = { .policy = "static", .package_count = packages };
	struct pc_segment_config config = { .ranks = ranks, .decision = &decision };
	struct pc_segment *segment;
	struct pc_error error;

	strcpy(decision.backend, backend);
	if (pc_segment_private(&segment, &config, &error))
		fail_msg("%s", error.text);
	for (unsigned pu = 0; pu < 8 * packages; pu++) {
		atomic_store(&segment->pu[pu].first, (uint8_t)(pu / 8));
		atomic_store(&segment->pu[pu].count, 1);
	}
	for (unsigned i = 0; i < ranks; i++) {
		pc_segment_claim(segment, (int)i, 0, 100 + (int)i, 1);
		for (int pu = binding ? binding[i][0] : 0; binding && pu <= binding[i][1]; pu++)
			atomic_fetch_or(&pc_segment_lane(segment, i)->cpus[pu / 64], UINT64_C(1) << pu % 64);
	}
	for (unsigned i = 0; i < ranks; i++)
		pc_place(segment, i, ranks);
	return segment;
}

static void expect(struct pc_segment *segment, const uint64_t *packages, const int *leader)
{
	for (unsigned i = 0; i < segment->ranks; i++)
		assert_int_equal(pc_segment_lane(segment, i)->packages, packages[i]);
	pc_place_elect(segment);
	for (unsigned i = 0; i < segment->packages; i++)
		assert_int_equal(pc_segment_package(segment, i)->leader, leader[i]);
	pc_segment_unmap(segment);
}

static void bound_ranks_lead_their_package(void **state)
{
	static const int binding[][2] = { { 0, 3 }, { 4, 7 }, { 8, 11 }, { 12, 15 } };

	(void)state;
	expect(node("auto", 2, 4, binding), (uint64_t[]){ 1, 1, 2, 2 }, (int[]){ 0, 2 });
}

static void cyclic_ranks_do_too(void **state)
{
	static const int binding[][2] = { { 8, 8 }, { 0, 0 }, { 9, 9 }, { 1, 1 } };

	(void)state;
	expect(node("auto", 2, 4, binding), (uint64_t[]){ 2, 1, 2, 1 }, (int[]){ 1, 0 });
}

static void unbound_ranks_share_the_leads(void **state)
{
	static const int binding[][2] = { { 0, 15 }, { 0, 15 }, { 0, 15 } };

	(void)state;
	expect(node("auto", 2, 3, binding), (uint64_t[]){ 3, 3, 3 }, (int[]){ 0, 1 });
}

static void one_rank_leads_all(void **state)
{
	static const int binding[][2] = { { 0, 31 } };

	(void)state;
	expect(node("auto", 4, 1, binding), (uint64_t[]){ 15 }, (int[]){ 0, 0, 0, 0 });
}

static void who_is_bound_there_alone_comes_first(void **state)
{
	static const int binding[][2] = { { 0, 15 }, { 8, 15 } };

	(void)state;
	expect(node("auto", 2, 2, binding), (uint64_t[]){ 3, 2 }, (int[]){ 0, 1 });
}

static void a_package_without_ranks_has_a_leader_too(void **state)
{
	static const int binding[][2] = { { 0, 3 }, { 4, 7 } };

	(void)state;
	expect(node("auto", 2, 2, binding), (uint64_t[]){ 1, 1 }, (int[]){ 0, 0 });
}

static void an_unknown_binding_is_everywhere(void **state)
{
	static const int binding[][2] = { { 100, 120 }, { 1, 0 } };

	(void)state;
	expect(node("auto", 2, 2, binding), (uint64_t[]){ 3, 3 }, (int[]){ 0, 1 });
}

static void sixty_four_packages_fit(void **state)
{
	static const int binding[][2] = { { 0, 511 }, { 504, 511 } };
	struct pc_segment *segment = node("auto", 64, 2, binding);

	(void)state;
	assert_true(pc_segment_lane(segment, 0)->packages == UINT64_MAX);
	assert_true(pc_segment_lane(segment, 1)->packages == UINT64_C(1) << 63);
	pc_place_elect(segment);
	assert_int_equal(pc_segment_package(segment, 62)->leader, 0);
	assert_int_equal(pc_segment_package(segment, 63)->leader, 1);
	assert_true(pc_place_leads(segment, 1));
	pc_segment_unmap(segment);
}

static void dies_go_with_their_package(void **state)
{
	static const int binding[][2] = { { 0, 7 }, { 8, 15 } };
	struct pc_segment *segment = node("auto", 4, 2, binding);

	(void)state;
	for (unsigned pu = 0; pu < 16; pu++) {
		atomic_store(&segment->pu[pu].first, (uint8_t)(pu / 8 * 2));
		atomic_store(&segment->pu[pu].count, 2);
	}
	pc_place(segment, 0, 2);
	pc_place(segment, 1, 2);
	expect(segment, (uint64_t[]){ 3, 12 }, (int[]){ 0, 0, 1, 1 });
}

static void on_the_simulated_node_numbers_decide(void **state)
{
	(void)state;
	expect(node("sim:/x", 2, 5, NULL), (uint64_t[]){ 1, 1, 1, 2, 2 }, (int[]){ 0, 3 });
	expect(node("sim:/x", 4, 2, NULL), (uint64_t[]){ 1, 4 }, (int[]){ 0, 0, 1, 0 });
}

/* Lanes are taken in the order of arrival, which is not that of the ranks. */
static void of_equals_the_lowest_rank_leads(void **state)
{
	static const int binding[][2] = { { 0, 7 }, { 0, 7 }, { 0, 7 } };
	struct pc_segment *segment = node("auto", 1, 3, binding);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		atomic_store(&pc_segment_lane(segment, i)->rank, 2 - (int)i);
	expect(segment, (uint64_t[]){ 1, 1, 1 }, (int[]){ 2 });
}

static void volunteers_take_what_is_free(void **state)
{
	static const int binding[][2] = { { 0, 7 }, { 8, 15 }, { 8, 15 } };
	struct pc_segment *segment = node("auto", 3, 3, binding);

	(void)state;
	pc_place_volunteer(segment, 1);
	assert_int_equal(pc_segment_package(segment, 0)->leader, -1);
	assert_int_equal(pc_segment_package(segment, 1)->leader, 1);
	pc_place_volunteer(segment, 2);
	assert_int_equal(pc_segment_package(segment, 1)->leader, 1);
	assert_false(pc_place_leads(segment, 2));
	/* The node's first rank sees to what nobody calls its own. */
	pc_place_volunteer(segment, 0);
	assert_int_equal(pc_segment_package(segment, 0)->leader, 0);
	assert_int_equal(pc_segment_package(segment, 1)->leader, 1);
	assert_int_equal(pc_segment_package(segment, 2)->leader, 0);
	pc_segment_unmap(segment);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bound_ranks_lead_their_package),
		cmocka_unit_test(cyclic_ranks_do_too),
		cmocka_unit_test(unbound_ranks_share_the_leads),
		cmocka_unit_test(one_rank_leads_all),
		cmocka_unit_test(who_is_bound_there_alone_comes_first),
		cmocka_unit_test(a_package_without_ranks_has_a_leader_too),
		cmocka_unit_test(an_unknown_binding_is_everywhere),
		cmocka_unit_test(sixty_four_packages_fit),
		cmocka_unit_test(dies_go_with_their_package),
		cmocka_unit_test(on_the_simulated_node_numbers_decide),
		cmocka_unit_test(of_equals_the_lowest_rank_leads),
		cmocka_unit_test(volunteers_take_what_is_free),
	};

	return cmocka_run_group_tests_name("place", tests, NULL, NULL) ? 1 : 0;
}

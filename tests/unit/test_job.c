/* SPDX-License-Identifier: BSD-3-Clause */
/* One job on a node: what its begin does, refuses and undoes, and that its end puts everything back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>

#include "job_lab.h"

static void a_capped_job_is_held_and_put_back(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);
	struct pc_decision decision = begin(lab, 12, ALICE, "300W"), loaded;
	struct pc_error error;

	assert_false(decision.refused);
	assert_string_equal(decision.policy, "static");
	assert_string_equal(decision.backend, lab->site.backend);
	assert_int_equal(decision.cap_uw, 300 * W);
	assert_true(decision.writes);
	assert_int_equal(decision.package_count, 2);
	for (unsigned i = 0; i < 2; i++) {
		struct pc_limits limits = get_limits(lab->node->sim, i, PC_PACKAGE);
		struct pc_limits dram = get_limits(lab->node->sim, i, PC_DRAM);

		/* 150 W a package, 45 W of it for the DRAM. */
		assert_int_equal(decision.package_limit_uw[i], 105 * W);
		assert_int_equal(decision.dram_limit_uw[i], 45 * W);
		assert_int_equal(decision.dram_reserve_uw[i], 0);
		assert_int_equal(limits.limit[0].limit_uw, 105 * W);
		assert_int_equal(limits.limit[0].window_us, 250000);
		assert_true(limits.limit[0].enabled && limits.limit[0].clamped);
		/* Limit 2 is the hardware's ceiling over a user who writes limit 1. */
		assert_int_equal(limits.limit[1].limit_uw, 105 * W);
		assert_true(limits.limit[1].enabled);
		assert_int_equal(dram.limit[0].limit_uw, 45 * W);
		assert_true(dram.limit[0].enabled);
	}
	assert_list(lab, PC_LIST_JOB);
	assert_acl(lab, "u::rw-,u:60901:rw-,g::---,m::rw-,o::---");
	assert_int_equal(pc_job_decision(&lab->site, 12, &loaded, &error), 0);
	assert_memory_equal(&loaded, &decision, sizeof loaded);
	assert_string_equal(files(lab, "jobs"), "12.decision 12.journal ");
	assert_string_equal(lab->log, "");
	end(lab, 12);
	assert_untouched(lab, &before);
	assert_nothing_kept(lab);
	assert_string_equal(lab->log, "");
}

/* The site's own odd settings come back, not some default: window, clamp, enables and list. */
static void odd_settings_come_back_bit_for_bit(void **state)
{
	struct lab *lab = *state;
	struct traces before;

	poke(lab->node->sim, 0, REG_LIMIT, UINT64_C(0x0042852000de84b0));
	poke(lab->node->sim, 1, REG_LIMIT, UINT64_C(0x00008000000704b0));
	poke(lab->node->sim, 1, REG_DRAM_LIMIT, 0x0000000000208123);
	site_list(lab, PC_LIST_ROOT);
	before = traces(lab);
	assert_false(begin(lab, 1, ALICE, "300W").refused);
	assert_list(lab, PC_LIST_JOB);
	end(lab, 1);
	assert_untouched(lab, &before);
	/* A list that shows the registers without letting them be written, as many sites have. */
	site_list(lab, PC_LIST_READ);
	before = traces(lab);
	assert_false(begin(lab, 2, ALICE, "300W").refused);
	end(lab, 2);
	assert_untouched(lab, &before);
}

/* I1, in what the hardware holds: over caps that divide badly, with and without a DRAM limit. */
static void limits_stay_under_every_cap(void **state)
{
	struct lab *lab = *state;
	struct pc_error error;

	for (unsigned cap_mw = 260000; cap_mw <= 340000; cap_mw += 4671) {
		uint64_t sum = 0;
		char text[32];
		struct pc_decision decision;

		assert_int_equal(pc_sim_fault_set(lab->node->sim, 1, PC_DRAM, PC_SIM_LOCKED, cap_mw % 2, &error), 0);
		lab->site.dram_reserve_uw = cap_mw % 3 ? 0 : 22333333;
		snprintf(text, sizeof text, "%u.%03u", cap_mw / 1000, cap_mw % 1000);
		decision = begin(lab, cap_mw, ALICE, text);
		if (decision.refused)
			fail_msg("%s", decision.reason);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(get_limits(lab->node->sim, i, PC_PACKAGE).limit[0].limit_uw, decision.package_limit_uw[i]);
			assert_true(!decision.dram_limit_uw[i] != !decision.dram_reserve_uw[i]);
			sum += decision.package_limit_uw[i] + decision.dram_limit_uw[i] + decision.dram_reserve_uw[i];
		}
		assert_true(sum <= decision.cap_uw && sum + W > decision.cap_uw);
		end(lab, cap_mw);
	}
}

static void a_job_that_asks_nothing_costs_nothing(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);
	struct pc_decision decision = begin(lab, 5, ALICE, NULL);
	struct stat status;

	assert_false(decision.refused);
	assert_string_equal(decision.policy, "");
	assert_int_equal(stat(lab->site.run_dir, &status), -1);
	end(lab, 5);
	assert_int_equal(stat(lab->site.run_dir, &status), -1);
	assert_untouched(lab, &before);
}

static void users_mistakes_are_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *cap;
		unsigned cpus;
		const char *reason;
	} table[] = {
		{ "banana", 4, "--power-cap: power \"banana\": not a power; write WATTS" },
		{ "300W\n", 4, "--power-cap: power \"300W\\x0a\": not a power" },
		{ "", 4, "--power-cap: power \"\": not a power" },
		{ "5W", 4, "--power-cap=5W is below this site's least cap of 200 W per node; legal are 200 W to 1000 W" },
		{ "1.1kW", 4, "--power-cap=1.1kW is above this site's most cap of 1000 W per node; legal are 200 W to 1000 W" },
		{ "300W/job", 4, "--power-cap=300W/job: a cap per job is not available here" },
		{ "300W/package", 4, "--power-cap=300W/package: a cap per package is not available here" },
		/* Between the site's bounds and the hardware's: only the node can tell. */
		{ "239W", 4, "--power-cap: a cap of 239 W is below this node's least of 240 W; legal are 240 W to 390 W" },
		{ "390.000001W", 4, "--power-cap: a cap of 390.000001 W is above this node's most of 390 W; legal are 240 W to 390 W" },
		{ "300W", 3, "--power-cap needs whole nodes, and this job has 3 of this one's 4 CPUs: add --exclusive" },
		{ "300W", 0, "--power-cap needs whole nodes, and how much of this one the job has is not known: add --exclusive" },
	};
	struct lab *lab = *state;

	lab->site.cap_min_uw = 200 * W;
	lab->site.cap_max_uw = 1000 * W;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct traces before = traces(lab);
		struct pc_job_request request = whole(i + 1, ALICE, table[i].cap);
		struct pc_decision decision, loaded;
		struct pc_error error;

		request.cpus = table[i].cpus;
		assert_int_equal(begin_request(lab, &request, &decision, &error), 0);
		assert_true(decision.refused);
		if (strncmp(decision.reason, table[i].reason, strlen(table[i].reason)) != 0)
			fail_msg("wanted %s\n   got %s", table[i].reason, decision.reason);
		assert_int_equal(decision.cap_uw, 0);
		assert_int_equal(decision.package_count, 0);
		assert_int_equal(pc_job_decision(&lab->site, i + 1, &loaded, &error), 0);
		assert_string_equal(loaded.reason, decision.reason);
		assert_untouched(lab, &before);
		end(lab, i + 1);
		assert_nothing_kept(lab);
	}
	assert_string_equal(lab->log, "");
}

/* What the node cannot do is the node's trouble: -1 for the log, and a refusal for the user. */
static void the_nodes_trouble_is_refused_and_undone(void **state)
{
	struct lab *lab = *state;
	struct traces before;
	struct pc_job_request request = whole(3, ALICE, "300W");
	struct pc_decision decision;
	struct pc_error error;

	assert_int_equal(pc_sim_fault_set(lab->node->sim, 1, PC_PACKAGE, PC_SIM_LOCKED, true, &error), 0);
	before = traces(lab);
	assert_int_equal(begin_request(lab, &request, &decision, &error), -1);
	assert_true(decision.refused);
	assert_string_equal(decision.reason, "--power-cap cannot be held on this node: package-1: its power limit is "
			    "locked until the next reset: unlock it in the firmware's set-up");
	assert_string_equal(error.text, decision.reason);
	assert_untouched(lab, &before);
	assert_string_equal(files(lab, "jobs"), "3.decision ");
	end(lab, 3);
	assert_nothing_kept(lab);

	strcpy(lab->site.backend, "sim:/nonexistent/node");
	assert_int_equal(begin_request(lab, &request, &decision, &error), -1);
	assert_true(decision.refused);
	assert_non_null(strstr(decision.reason, "/nonexistent/node"));
	end(lab, 3);
	assert_nothing_kept(lab);
}

static void a_node_that_sees_no_package_refuses(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);
	struct pc_job_request request = whole(4, ALICE, "300W");
	struct pc_decision decision;
	struct pc_error error;

	request.cpus = 100000;
	strcpy(lab->site.backend, "none");
	assert_int_equal(begin_request(lab, &request, &decision, &error), -1);
	assert_true(decision.refused);
	assert_string_equal(decision.reason, "--power-cap cannot be held on this node: none: this back end cannot "
			    "change anything, so there is nothing to capture");
	end(lab, 4);
	assert_nothing_kept(lab);
	snprintf(lab->site.backend, sizeof lab->site.backend, "sim:%s", lab->node->path);
	assert_untouched(lab, &before);
}

/* Where no second limit stands above the first, the job's user may not write it. */
static void without_a_ceiling_the_user_does_not_write(void **state)
{
	struct lab *lab = *state;
	struct traces before;
	struct pc_decision decision;
	struct pc_error error;

	assert_int_equal(pc_sim_fault_set(lab->node->sim, 0, PC_PACKAGE, PC_SIM_LIMIT2_WIRED, true, &error), 0);
	before = traces(lab);
	decision = begin(lab, 6, ALICE, "300W");
	assert_false(decision.refused);
	assert_false(decision.writes);
	assert_int_equal(get_limits(lab->node->sim, 0, PC_PACKAGE).limit[0].limit_uw, 105 * W);
	assert_list(lab, PC_LIST_READ);
	assert_logged(lab, "job 6: package-0 does not take a second limit");
	end(lab, 6);
	assert_untouched(lab, &before);
}

static void without_a_guard_only_root_writes(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);
	struct pc_decision decision;

	lab->site.allow_without_guard = false;
	decision = begin(lab, 6, ALICE, "300W");
	assert_false(decision.refused);
	assert_false(decision.writes);
	assert_string_equal(decision.policy, "static");
	assert_int_equal(get_limits(lab->node->sim, 1, PC_PACKAGE).limit[0].limit_uw, 105 * W);
	assert_list(lab, PC_LIST_READ);
	end(lab, 6);
	assert_untouched(lab, &before);
}

static void a_locked_dram_limit_leaves_a_reserve(void **state)
{
	struct lab *lab = *state;
	struct traces before;
	struct pc_decision decision;
	struct pc_error error;

	assert_int_equal(pc_sim_fault_set(lab->node->sim, 0, PC_DRAM, PC_SIM_LOCKED, true, &error), 0);
	before = traces(lab);
	decision = begin(lab, 7, ALICE, "300W");
	assert_false(decision.refused);
	assert_int_equal(decision.dram_limit_uw[0], 0);
	assert_int_equal(decision.dram_reserve_uw[0], 45 * W);
	assert_int_equal(decision.dram_limit_uw[1], 45 * W);
	assert_int_equal(decision.package_limit_uw[0], 105 * W);
	end(lab, 7);
	assert_untouched(lab, &before);
}

/* A limit that the site set below the TDP is never raised by a job. */
static void the_sites_own_limit_is_the_ceiling(void **state)
{
	struct lab *lab = *state;
	struct pc_decision decision;

	set_limit(lab->node->sim, 1, PC_PACKAGE, 0, 100, 1000000);
	decision = begin(lab, 8, ALICE, "300W");
	assert_true(decision.refused);
	assert_string_equal(decision.reason, "--power-cap: a cap of 300 W is above this node's most of 290 W; "
			    "legal are 240 W to 290 W");
	assert_false(begin(lab, 9, ALICE, "290W").refused);
	end(lab, 9);
	end(lab, 8);
}

/* --- I6: nothing is written before what it replaces is on disk ------------------- */

/* Every file that this process writes ends at this size; the simulated node is mapped, not written. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_stops_the_job_before_any_change(void **state)
{
	struct lab *lab = *state;
	struct pc_job_request request = whole(10, ALICE, "300W");
	unsigned refused = 0;

	/* From no room at all, past room for the list alone, to room for everything. */
	for (rlim_t room = 0; room < 4096; room += 40) {
		struct traces before = traces(lab);
		struct pc_decision decision;
		struct pc_error error;
		int result;

		limit_files(room);
		result = begin_request(lab, &request, &decision, &error);
		limit_files(RLIM_INFINITY);
		if (result == 0) {
			assert_false(decision.refused);
			end(lab, 10);
			assert_untouched(lab, &before);
			break;
		}
		refused++;
		assert_int_equal(result, -1);
		assert_true(decision.refused);
		assert_non_null(strstr(decision.reason, "10."));
		assert_untouched(lab, &before);
		/* A refusal that found no room is forgotten; the step's hook then refuses for want of one. */
		assert_true(!strcmp(files(lab, "jobs"), "10.decision ") || !strcmp(files(lab, "jobs"), ""));
	}
	assert_true(refused > 8);
	assert_nothing_kept(lab);
	assert_string_equal(lab->log, "");
}

static void users_can_reach_their_segments_whatever_the_umask(void **state)
{
	static const char *const parts[] = { "", "/jobs", "/steps", "/spool" };
	struct lab *lab = *state;
	mode_t mask = umask(0777);
	struct pc_decision decision = begin(lab, 11, ALICE, "300W");

	umask(mask);
	assert_false(decision.refused);
	for (unsigned i = 0; i < 4; i++) {
		struct stat status;
		char path[300];

		snprintf(path, sizeof path, "%s%s", lab->site.run_dir, parts[i]);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0755);
	}
	end(lab, 11);
}

static void a_state_directory_of_others_is_not_believed(void **state)
{
	static const struct {
		const char *make, *sentence;
	} table[] = {
		{ "mkdir -m 777 $0", "mode 0777: it must be user" },
		{ "mkdir -m 755 $0 && mkdir -m 775 $0/jobs", "mode 0775: it must be user" },
		{ "mkdir -m 755 $0 $0/real && ln -s real $0/steps", "/steps: Not a directory" },
		{ "ln -s /tmp $0", "/run: " },
		{ "touch $0", "/run: " },
		{ "mkdir -m 755 $0 && ln -s /etc/passwd $0/lock", "/lock: " },
	};
	struct lab *lab = *state;

	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct traces before = traces(lab);
		struct pc_job_request request = whole(11, ALICE, "300W");
		struct pc_decision decision;
		struct pc_error error;
		char command[512];

		snprintf(command, sizeof command, "sh -c 'umask 0; rm -rf $0; %s' %s", table[i].make, lab->site.run_dir);
		assert_int_equal(system(command), 0);
		assert_int_equal(begin_request(lab, &request, &decision, &error), -1);
		assert_true(decision.refused);
		assert_says(&error, table[i].sentence);
		assert_untouched(lab, &before);
	}
}

/* --- the ways a job comes and goes ------------------------------------------------- */

static void beginning_twice_keeps_the_first_captured_values(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);

	assert_false(begin(lab, 12, ALICE, "300W").refused);
	assert_false(begin(lab, 12, ALICE, "260W").refused);
	assert_int_equal(get_limits(lab->node->sim, 0, PC_PACKAGE).limit[0].limit_uw, 85 * W);
	/* Requeued to another user's turn of the same number, without a cap. */
	assert_string_equal(begin(lab, 12, BOB, NULL).policy, "");
	assert_nothing_kept(lab);
	assert_untouched(lab, &before);
}

static void a_refused_second_begin_leaves_nothing_of_the_first(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);

	assert_false(begin(lab, 12, ALICE, "300W").refused);
	assert_true(begin(lab, 12, ALICE, "1W").refused);
	assert_string_equal(files(lab, "jobs"), "12.decision ");
	assert_untouched(lab, &before);
}

static void ending_twice_or_without_a_begin_is_fine(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);

	end(lab, 13);
	assert_false(begin(lab, 13, ALICE, "300W").refused);
	end(lab, 14);
	assert_int_equal(get_limits(lab->node->sim, 0, PC_PACKAGE).limit[0].limit_uw, 105 * W);
	end(lab, 13);
	end(lab, 13);
	assert_untouched(lab, &before);
}

/* The user wrote limits of its own, and an administrator changed the list: the end stands on the journal. */
static void the_end_undoes_what_others_did_meanwhile(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);

	assert_false(begin(lab, 15, ALICE, "300W").refused);
	set_limit(lab->node->sim, 0, PC_PACKAGE, 0, 80, 2000000);
	set_limit(lab->node->sim, 1, PC_PACKAGE, 1, 0, 10000);
	site_list(lab, PC_LIST_READ);
	assert_int_equal(chmod(lab->node->path, 0777), 0);
	end(lab, 15);
	assert_untouched(lab, &before);
}

static void what_cannot_be_put_back_is_told_and_tried_again(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);
	struct pc_error error;

	assert_false(begin(lab, 16, ALICE, "300W").refused);
	assert_int_equal(pc_sim_fault_set(lab->node->sim, 1, PC_PACKAGE, PC_SIM_LOCKED, true, &error), 0);
	assert_int_equal(pc_job_end(&lab->site, 16, lab_log, lab, &error), 1);
	assert_logged(lab, "job 16: package-1, msr:0x610: holds 0x");
	assert_logged(lab, ": locked: ");
	assert_string_equal(files(lab, "jobs"), "16.journal ");
	/* A job after it is told so, by name. */
	assert_string_equal(begin(lab, 17, ALICE, "300W").reason,
			    "--power-cap needs whole nodes, and job 16 is still on this one");
	end(lab, 17);
	assert_int_equal(pc_sim_fault_set(lab->node->sim, 1, PC_PACKAGE, PC_SIM_LOCKED, false, &error), 0);
	poke(lab->node->sim, 1, REG_LIMIT, peek(lab->node->sim, 1, REG_LIMIT) & ~(UINT64_C(1) << 63));
	end(lab, 16);
	assert_untouched(lab, &before);
	assert_nothing_kept(lab);
}

static void a_torn_journal_is_told_and_not_believed(void **state)
{
	struct lab *lab = *state;
	struct pc_job_request request = whole(19, ALICE, "300W");
	struct pc_decision decision;
	struct pc_error error;
	char command[512];

	assert_false(begin(lab, 18, ALICE, "300W").refused);
	snprintf(command, sizeof command, "sed -i 's/^uid .*/uid 0/' %s/jobs/18.journal", lab->site.run_dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(begin_request(lab, &request, &decision, &error), -1);
	assert_true(decision.refused);
	assert_says(&error, "job 18 left a journal on this node that cannot be read");
	end(lab, 19);
	assert_int_equal(pc_job_end(&lab->site, 18, lab_log, lab, &error), -1);
	assert_int_equal(errno, EBADMSG);
	assert_says(&error, "what the job changed is not put back (its journal is kept as jobs/unreadable.18.journal): "
		    "18.journal");
	assert_string_equal(files(lab, "jobs"), "unreadable.18.journal ");
	end(lab, 18);
}

int main(void)
{
#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, lab_setup, lab_teardown)
	const struct CMUnitTest tests[] = {
		LAB_TEST(a_capped_job_is_held_and_put_back),
		LAB_TEST(odd_settings_come_back_bit_for_bit),
		LAB_TEST(limits_stay_under_every_cap),
		LAB_TEST(a_job_that_asks_nothing_costs_nothing),
		LAB_TEST(users_mistakes_are_refused_with_a_sentence),
		LAB_TEST(the_nodes_trouble_is_refused_and_undone),
		LAB_TEST(a_node_that_sees_no_package_refuses),
		LAB_TEST(without_a_ceiling_the_user_does_not_write),
		LAB_TEST(without_a_guard_only_root_writes),
		LAB_TEST(a_locked_dram_limit_leaves_a_reserve),
		LAB_TEST(the_sites_own_limit_is_the_ceiling),
		LAB_TEST(a_full_disk_stops_the_job_before_any_change),
		LAB_TEST(users_can_reach_their_segments_whatever_the_umask),
		LAB_TEST(a_state_directory_of_others_is_not_believed),
		LAB_TEST(beginning_twice_keeps_the_first_captured_values),
		LAB_TEST(a_refused_second_begin_leaves_nothing_of_the_first),
		LAB_TEST(ending_twice_or_without_a_begin_is_fine),
		LAB_TEST(the_end_undoes_what_others_did_meanwhile),
		LAB_TEST(what_cannot_be_put_back_is_told_and_tried_again),
		LAB_TEST(a_torn_journal_is_told_and_not_believed),
	};

	return cmocka_run_group_tests_name("job", tests, NULL, NULL) ? 1 : 0;
}

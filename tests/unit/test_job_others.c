/* SPDX-License-Identifier: BSD-3-Clause */
/* Jobs beside each other and after each other: several on a node, jobs that died without an end,
 * the reboot between, and the segments of their steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "job_lab.h"

/* --- several jobs --------------------------------------------------------------- */

static void monitored_jobs_share_the_read_list(void **state)
{
	struct lab *lab = *state;
	struct traces before;
	struct pc_decision decision;

	assert_int_equal(chmod(lab->node->path, 0640), 0);
	before = traces(lab);
	lab->site.monitor_uncapped = true;
	decision = begin(lab, 1, ALICE, NULL);
	assert_string_equal(decision.policy, "monitor");
	assert_false(decision.writes);
	assert_int_equal(decision.cap_uw, 0);
	assert_int_equal(decision.package_count, 2);
	assert_int_equal(decision.package_limit_uw[0], 0);
	assert_list(lab, PC_LIST_READ);
	assert_string_equal(begin(lab, 2, BOB, NULL).policy, "monitor");
	assert_acl(lab, "u::rw-,u:60901:rw-,u:60902:rw-,g::r--,m::rw-,o::---");
	end(lab, 1);
	assert_list(lab, PC_LIST_READ);
	assert_acl(lab, "u::rw-,u:60902:rw-,g::r--,m::rw-,o::---");
	assert_string_equal(begin(lab, 3, BOB, NULL).policy, "monitor");
	/* The same user's other job keeps what they have in common. */
	end(lab, 2);
	assert_acl(lab, "u::rw-,u:60902:rw-,g::r--,m::rw-,o::---");
	end(lab, 3);
	assert_untouched(lab, &before);
	assert_nothing_kept(lab);
	assert_string_equal(lab->log, "");
}

static bool nobody(uint64_t job, void *arg)
{
	(void)job;
	(void)arg;
	return false;
}

static bool everybody(uint64_t job, void *arg)
{
	(void)job;
	(void)arg;
	return true;
}

static bool is_job_2(uint64_t job, void *arg)
{
	(void)arg;
	return job == 2;
}

static void a_cap_needs_the_others_gone(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);
	struct pc_job_request request = whole(3, ALICE, "300W");
	struct pc_decision decision;
	struct pc_error error;

	lab->site.monitor_uncapped = true;
	assert_false(begin(lab, 1, ALICE, NULL).refused);
	assert_false(begin(lab, 2, BOB, NULL).refused);
	decision = begin(lab, 3, ALICE, "300W");
	assert_true(decision.refused);
	assert_string_equal(decision.reason, "--power-cap needs whole nodes, and job 1 is still on this one");
	request.alive = is_job_2;
	assert_int_equal(begin_request(lab, &request, &decision, &error), 0);
	assert_string_equal(decision.reason, "--power-cap needs whole nodes, and job 2 is still on this one");
	request.alive = nobody;
	assert_int_equal(begin_request(lab, &request, &decision, &error), 0);
	assert_false(decision.refused);
	assert_list(lab, PC_LIST_JOB);
	assert_acl(lab, "u::rw-,u:60901:rw-,g::---,m::rw-,o::---");
	end(lab, 2);
	end(lab, 3);
	assert_untouched(lab, &before);
	assert_nothing_kept(lab);
}

static void beside_a_capped_job_nobody_reads(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);
	struct pc_job_request request = { .job = 2, .uid = BOB, .cpus = 2 };
	struct pc_decision decision;
	struct pc_error error;

	lab->site.monitor_uncapped = true;
	assert_false(begin(lab, 1, ALICE, "300W").refused);
	assert_int_equal(begin_request(lab, &request, &decision, &error), -1);
	assert_int_equal(errno, EBUSY);
	assert_says(&error, "job 1's limits are in place on this node");
	assert_false(decision.refused);
	assert_string_equal(files(lab, "jobs"), "1.decision 1.journal ");
	assert_acl(lab, "u::rw-,u:60901:rw-,g::---,m::rw-,o::---");
	assert_list(lab, PC_LIST_JOB);
	end(lab, 2);
	assert_list(lab, PC_LIST_JOB);
	end(lab, 1);
	assert_untouched(lab, &before);
}

/* --- jobs that died ---------------------------------------------------------------- */

static void a_sweep_ends_the_dead_and_leaves_the_living(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);
	struct pc_error error;

	assert_int_equal(pc_job_sweep(&lab->site, nobody, NULL, lab_log, lab, &error), 0);
	assert_false(begin(lab, 1, ALICE, "300W").refused);
	assert_true(begin(lab, 2, BOB, "5W").refused);
	assert_true(begin(lab, 3, BOB, "5W").refused);
	assert_int_equal(pc_job_sweep(&lab->site, is_job_2, NULL, lab_log, lab, &error), 0);
	assert_string_equal(files(lab, "jobs"), "2.decision ");
	assert_untouched(lab, &before);
	assert_logged(lab, "job 1 is gone without an epilog: cleaned up after it");
	assert_null(strstr(lab->log, "job 2"));
	assert_int_equal(pc_job_sweep(&lab->site, nobody, NULL, lab_log, lab, &error), 0);
	assert_nothing_kept(lab);
}

static void a_sweep_goes_on_behind_what_it_cannot_end(void **state)
{
	struct lab *lab = *state;
	struct pc_error error;
	char command[512];

	assert_true(begin(lab, 1, ALICE, "none").refused);
	assert_false(begin(lab, 2, ALICE, "300W").refused);
	assert_true(begin(lab, 3, ALICE, "none").refused);
	snprintf(command, sizeof command, "echo nonsense >%s/jobs/1.journal", lab->site.run_dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(pc_job_sweep(&lab->site, nobody, NULL, lab_log, lab, &error), 0);
	assert_logged(lab, "job 1 is gone and cannot be cleaned up after: what the job changed is not put back (its "
		      "journal is kept as jobs/unreadable.1.journal): 1.journal");
	assert_logged(lab, "job 2 is gone without an epilog");
	assert_logged(lab, "job 3 is gone without an epilog");
	assert_string_equal(files(lab, "jobs"), "unreadable.1.journal ");
	assert_int_equal(get_limits(lab->node->sim, 0, PC_PACKAGE).limit[0].limit_uw, 150 * W);
	assert_false(begin(lab, 4, ALICE, "300W").refused);
	end(lab, 4);
}

/* --- the reboot between --------------------------------------------------------------- */

static void move_to_earlier_boot(const struct lab *lab, uint64_t job)
{
	int jobs;
	char path[512];
	struct pc_journal journal;
	struct pc_error error;

	snprintf(path, sizeof path, "%s/jobs", lab->site.run_dir);
	jobs = open(path, O_RDONLY | O_DIRECTORY);
	assert_true(jobs >= 0);
	if (pc_journal_load(jobs, job, &journal, &error))
		fail_msg("%s", error.text);
	strcpy(journal.boot_id, "00000000-0000-4000-8000-000000000000");
	if (pc_journal_save(jobs, &journal, &error))
		fail_msg("%s", error.text);
	pc_journal_free(&journal);
	close(jobs);
}

/* What firmware, udev and the site's own start-up made since is not touched. */
static void after_a_reboot_only_our_own_values_are_undone(void **state)
{
	struct lab *lab = *state;
	struct pc_error error;
	char *list;

	assert_false(begin(lab, 1, ALICE, "300W").refused);
	set_limit(lab->node->sim, 0, PC_PACKAGE, 0, 140, 2000000);
	set_limit(lab->node->sim, 0, PC_PACKAGE, 1, 170, 10000);
	site_list(lab, PC_LIST_READ);
	assert_int_equal(chmod(lab->node->path, 0666), 0);
	list = list_text(lab);
	move_to_earlier_boot(lab, 1);
	/* Whoever says that it is alive is mistaken. */
	assert_int_equal(pc_job_sweep(&lab->site, everybody, NULL, lab_log, lab, &error), 0);
	assert_nothing_kept(lab);
	assert_int_equal(get_limits(lab->node->sim, 0, PC_PACKAGE).limit[0].limit_uw, 140 * W);
	assert_int_equal(get_limits(lab->node->sim, 1, PC_PACKAGE).limit[0].limit_uw, 150 * W);
	assert_int_equal(get_limits(lab->node->sim, 1, PC_DRAM).limit[0].enabled, false);
	assert_logged(lab, "job 1: package-0, msr:0x610: left at 0x");
	assert_list(lab, PC_LIST_READ);
	free(list);
	assert_acl(lab, "u::rw-,u:60901:rw-,g::---,m::rw-,o::rw-");
}

static void a_begin_ends_the_jobs_of_an_earlier_boot(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);

	lab->site.monitor_uncapped = true;
	assert_false(begin(lab, 1, ALICE, NULL).refused);
	assert_false(begin(lab, 2, ALICE, NULL).refused);
	end(lab, 2);
	move_to_earlier_boot(lab, 1);
	site_list(lab, PC_LIST_READ);
	assert_int_equal(chmod(lab->node->path, 0600), 0);
	assert_false(begin(lab, 3, ALICE, "300W").refused);
	assert_string_equal(files(lab, "jobs"), "3.decision 3.journal ");
	end(lab, 3);
	assert_list(lab, PC_LIST_READ);
	free(before.list);
	free(before.acl);
}

/* --- segments --------------------------------------------------------------------------- */

static struct pc_segment_config step_of(const struct pc_decision *decision, uint32_t step)
{
	return (struct pc_segment_config){ .job = decision->job, .step = step, .node_name = "node1", .ranks = 2,
					   .decision = decision };
}

static void step_begin(struct lab *lab, const struct pc_decision *decision, uint32_t step, char path[PC_SEGMENT_PATH])
{
	struct pc_segment_config config = step_of(decision, step);
	struct pc_error error;

	if (pc_job_step_begin(&lab->site, &config, path, &error))
		fail_msg("%s", error.text);
}

static void a_step_gets_a_segment_of_its_users(void **state)
{
	struct lab *lab = *state;
	struct pc_decision decision = begin(lab, 1, geteuid(), "300W");
	char path[PC_SEGMENT_PATH], again[PC_SEGMENT_PATH];
	struct pc_segment *segment;
	struct stat status;
	struct pc_error error;

	step_begin(lab, &decision, 0, path);
	assert_string_equal(files(lab, "steps"), "1.0.segment ");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_uid, geteuid());
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(pc_segment_map(&segment, path, &error), 0);
	assert_int_equal(segment->cap_uw, 300 * W);
	assert_int_equal(segment->limit_uw[1], 105 * W);
	pc_segment_unmap(segment);
	/* What an earlier run of the same number left does not stop it. */
	step_begin(lab, &decision, 0, again);
	assert_string_equal(again, path);
	assert_int_equal(pc_job_step_end(&lab->site, 1, 0, false, &error), 0);
	assert_int_equal(pc_job_step_end(&lab->site, 1, 0, false, &error), 0);
	assert_string_equal(files(lab, "steps"), "");
	assert_string_equal(files(lab, "spool"), "");
	end(lab, 1);
}

static void segments_of_steps_that_died_are_spooled(void **state)
{
	struct lab *lab = *state;
	struct pc_decision decision = begin(lab, 1, geteuid(), "300W");
	char path[PC_SEGMENT_PATH];
	struct pc_error error;

	step_begin(lab, &decision, 0, path);
	step_begin(lab, &decision, 1, path);
	step_begin(lab, &decision, 4294967291u, path);
	assert_int_equal(pc_job_step_end(&lab->site, 1, 0, true, &error), 0);
	assert_string_equal(files(lab, "spool"), "1.0.segment ");
	/* Of the others the slurmstepd died as well. */
	end(lab, 1);
	assert_string_equal(files(lab, "steps"), "");
	assert_string_equal(files(lab, "spool"), "1.0.segment 1.1.segment 1.4294967291.segment ");
}

static void another_jobs_segments_stay(void **state)
{
	struct lab *lab = *state;
	struct pc_decision decision = begin(lab, 11, geteuid(), "300W");
	char path[PC_SEGMENT_PATH];

	step_begin(lab, &decision, 0, path);
	end(lab, 1);
	assert_string_equal(files(lab, "steps"), "11.0.segment ");
	end(lab, 11);
}

static void the_spool_keeps_the_newest(void **state)
{
	struct lab *lab = *state;
	struct pc_decision decision = begin(lab, 1, geteuid(), "300W");
	char path[PC_SEGMENT_PATH];
	struct pc_error error;
	unsigned count = 0;

	for (uint32_t step = 0; step < PC_SPOOL_KEEP + 3; step++) {
		step_begin(lab, &decision, step, path);
		assert_int_equal(pc_job_step_end(&lab->site, 1, step, true, &error), 0);
	}
	for (const char *at = files(lab, "spool"); (at = strchr(at, ' ')); at++)
		count++;
	assert_int_equal(count, PC_SPOOL_KEEP);
	assert_null(strstr(files(lab, "spool"), "1.0.segment"));
	assert_non_null(strstr(files(lab, "spool"), "1.18.segment"));
	end(lab, 1);
}

static void a_sweep_finds_segments_without_a_journal(void **state)
{
	struct lab *lab = *state;
	struct pc_decision decision = begin(lab, 1, geteuid(), "300W");
	char path[PC_SEGMENT_PATH];
	struct pc_error error;

	end(lab, 1);
	step_begin(lab, &decision, 0, path);
	assert_int_equal(pc_job_sweep(&lab->site, nobody, NULL, lab_log, lab, &error), 0);
	assert_string_equal(files(lab, "steps"), "");
	assert_string_equal(files(lab, "spool"), "1.0.segment ");
}

static void a_refusal_by_word_only_leaves_a_decision(void **state)
{
	struct lab *lab = *state;
	struct traces before = traces(lab);
	struct pc_job_request request = whole(1, ALICE, "300W");
	struct pc_decision decision;
	struct pc_error error;

	assert_int_equal(pc_job_decision(&lab->site, 1, &decision, &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(pc_job_refuse(&lab->site, &request, "the site's file is broken", &error), 0);
	assert_int_equal(pc_job_decision(&lab->site, 1, &decision, &error), 0);
	assert_true(decision.refused);
	assert_int_equal(decision.uid, ALICE);
	assert_string_equal(decision.reason, "the site's file is broken");
	end(lab, 1);
	assert_int_equal(pc_job_decision(&lab->site, 1, &decision, &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_untouched(lab, &before);
}

int main(void)
{
#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, lab_setup, lab_teardown)
	const struct CMUnitTest tests[] = {
		LAB_TEST(monitored_jobs_share_the_read_list),
		LAB_TEST(a_cap_needs_the_others_gone),
		LAB_TEST(beside_a_capped_job_nobody_reads),
		LAB_TEST(a_sweep_ends_the_dead_and_leaves_the_living),
		LAB_TEST(a_sweep_goes_on_behind_what_it_cannot_end),
		LAB_TEST(after_a_reboot_only_our_own_values_are_undone),
		LAB_TEST(a_begin_ends_the_jobs_of_an_earlier_boot),
		LAB_TEST(a_step_gets_a_segment_of_its_users),
		LAB_TEST(segments_of_steps_that_died_are_spooled),
		LAB_TEST(another_jobs_segments_stay),
		LAB_TEST(the_spool_keeps_the_newest),
		LAB_TEST(a_sweep_finds_segments_without_a_journal),
		LAB_TEST(a_refusal_by_word_only_leaves_a_decision),
	};

	return cmocka_run_group_tests_name("job_others", tests, NULL, NULL) ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "decision.h"
#include "power_option.h"

#define COUNT(array) (sizeof (array) / sizeof (array)[0])

struct fixture {
	char path[64];
	int directory;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	strcpy(fixture->path, "/tmp/test_decision.XXXXXX");
	if (!mkdtemp(fixture->path))
		return -1;
	fixture->directory = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = fixture;
	return fixture->directory < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	unlinkat(fixture->directory, "42.decision", 0);
	unlinkat(fixture->directory, "43.decision", 0);
	close(fixture->directory);
	if (rmdir(fixture->path) < 0)
		return -1;
	free(fixture);
	return 0;
}

static struct pc_decision granted(void)
{
	return (struct pc_decision){
		.job = 42, .restart = 1, .uid = 1000, .backend = "auto", .policy = "static", .writes = true,
		.cap_uw = 300000000, .package_count = 2, .package_limit_uw = { 120000000, 130000000 },
		.dram_limit_uw = { 20000000, 0 }, .dram_reserve_uw = { 0, PC_POWER_MAX_UW },
	};
}

static struct pc_decision refused(const char *reason)
{
	struct pc_decision decision = { .job = 42, .uid = 1000, .refused = true };

	snprintf(decision.reason, sizeof decision.reason, "%s", reason);
	return decision;
}

static void expect_same(const struct pc_decision *a, const struct pc_decision *b)
{
	assert_true(a->job == b->job);
	assert_int_equal(a->restart, b->restart);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->refused, b->refused);
	assert_string_equal(a->reason, b->reason);
	assert_string_equal(a->backend, b->backend);
	assert_string_equal(a->policy, b->policy);
	assert_int_equal(a->writes, b->writes);
	assert_true(a->cap_uw == b->cap_uw);
	assert_int_equal(a->package_count, b->package_count);
	assert_memory_equal(a->package_limit_uw, b->package_limit_uw, sizeof a->package_limit_uw);
	assert_memory_equal(a->dram_limit_uw, b->dram_limit_uw, sizeof a->dram_limit_uw);
	assert_memory_equal(a->dram_reserve_uw, b->dram_reserve_uw, sizeof a->dram_reserve_uw);
}

static void expect_round_trip(const struct fixture *fixture, const struct pc_decision *decision)
{
	struct pc_error error = { "" };
	struct pc_decision loaded;

	memset(&loaded, 0x5a, sizeof loaded);
	if (pc_decision_save(fixture->directory, decision, &error) < 0 ||
	    pc_decision_load(fixture->directory, decision->job, &loaded, &error) < 0)
		fail_msg("%s", error.text);
	expect_same(decision, &loaded);
}

static void a_decision_comes_back_as_it_was_saved(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_decision decision = granted();
	struct stat stat;

	expect_round_trip(fixture, &decision);
	assert_int_equal(fstatat(fixture->directory, "42.decision", &stat, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(stat.st_mode & 07777, 0644);

	decision.restart = UINT32_MAX;
	decision.uid = UINT32_MAX;
	decision.cap_uw = PC_POWER_MAX_UW;
	decision.package_count = PC_MAX_PACKAGES;
	for (unsigned i = 0; i < PC_MAX_PACKAGES; i++) {
		decision.package_limit_uw[i] = PC_POWER_MAX_UW - i;
		decision.dram_limit_uw[i] = i;
		decision.dram_reserve_uw[i] = 1000 * i;
	}
	expect_round_trip(fixture, &decision);
	decision = (struct pc_decision){ .job = 42 };
	expect_round_trip(fixture, &decision);
}

static void what_a_decision_looks_like(void **state)
{
	static const char expected[] =
		"phasecap-decision 1\n"
		"job 42\n"
		"restart 1\n"
		"uid 1000\n"
		"refused no\n"
		"reason \n"
		"backend auto\n"
		"policy static\n"
		"writes yes\n"
		"cap_uw 300000000\n"
		"package_count 2\n"
		"package 0 120000000 20000000 0\n"
		"package 1 130000000 0 1000000000000000\n"
		"end ";
	struct pc_decision decision = granted();
	struct pc_record_writer writer;
	const char *text;
	size_t length;

	(void)state;
	pc_decision_put(&writer, &decision);
	text = pc_record_finish(&writer, &length, NULL);
	assert_non_null(text);
	assert_int_equal(strncmp(text, expected, strlen(expected)), 0);
	pc_record_discard(&writer);
}

/* The reason quotes what the user typed; none of it may become a line of the file. */
static void hostile_reasons_stay_reasons(void **state)
{
	static const char *const reasons[] = {
		"power \"9;rm -rf /\": not a power", "no\nwrites yes\n", "x\nend 00000000\n", "\nphasecap-decision 1\n",
		"\\n\\", "\\x00", "%s%n%d", "\x1b[2J\x01\x7f\xff\xfe\x80", " leading and trailing ", "\r\n\t",
	};
	const struct fixture *fixture = *state;
	struct pc_decision decision;
	char all[512];

	for (unsigned i = 0; i < COUNT(reasons); i++) {
		decision = refused(reasons[i]);
		expect_round_trip(fixture, &decision);
	}
	for (unsigned i = 0; i < 511; i++)
		all[i] = (char)(i % 255 + 1);
	all[511] = '\0';
	decision = refused(all);
	assert_int_equal(strlen(decision.reason), 511);
	expect_round_trip(fixture, &decision);
}

static void no_decision_is_enoent(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_decision decision = granted();
	static const struct pc_decision zero;
	struct pc_error error;

	assert_int_equal(pc_decision_load(fixture->directory, 42, &decision, &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(error.text, "42.decision: cannot be opened: No such file or directory");
	expect_same(&decision, &zero);
	assert_int_equal(pc_decision_remove(fixture->directory, 42, &error), 0);
}

static void removal_is_of_one_job(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_decision decision = granted();

	assert_int_equal(pc_decision_save(fixture->directory, &decision, NULL), 0);
	decision.job = 43;
	assert_int_equal(pc_decision_save(fixture->directory, &decision, NULL), 0);
	assert_int_equal(pc_decision_remove(fixture->directory, 42, NULL), 0);
	assert_int_equal(pc_decision_load(fixture->directory, 42, &decision, NULL), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(pc_decision_load(fixture->directory, 43, &decision, NULL), 0);
}

static void another_jobs_decision_is_not_believed(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_decision decision = granted();
	static const struct pc_decision zero;
	struct pc_error error;

	assert_int_equal(pc_decision_save(fixture->directory, &decision, NULL), 0);
	assert_int_equal(renameat(fixture->directory, "42.decision", fixture->directory, "43.decision"), 0);
	assert_int_equal(pc_decision_load(fixture->directory, 43, &decision, &error), -1);
	assert_int_equal(errno, EBADMSG);
	assert_string_equal(error.text, "43.decision: is of job 42; nothing in it is believed");
	expect_same(&decision, &zero);
}

static int parse_body(const char *first, const char *body, struct pc_decision *decision, struct pc_error *error)
{
	char text[2048], *exact;
	int length = snprintf(text, sizeof text, "%s\n%s", first, body), result;

	length += snprintf(text + length, sizeof text - (size_t)length, "end %08" PRIx32 "\n",
			   pc_record_crc(0, text, (size_t)length));
	exact = malloc((size_t)length);
	memcpy(exact, text, (size_t)length);
	memset(decision, 0x5a, sizeof *decision);
	result = pc_decision_parse(decision, "d", exact, (size_t)length, error);
	free(exact);
	return result;
}

#define HEAD "job 1\nrestart 0\nuid 1\n"
#define GRANT "refused no\nreason \nbackend auto\npolicy static\nwrites yes\ncap_uw 0\n"

static void decisions_that_cannot_be(void **state)
{
	static const struct {
		const char *body, *sentence;
	} rows[] = {
		{ "", "d: \"job\" is missing" },
		{ HEAD, "d: \"refused\" is missing" },
		{ HEAD GRANT, "d: \"package_count\" is missing" },
		{ HEAD GRANT "package_count 0\njob 1\n", "d:12: \"job\" stands twice" },
		{ HEAD GRANT "package_count 0\nwrites no\n", "d:12: \"writes\" stands twice" },
		{ HEAD GRANT "package_count 0\nroot yes\n", "d:12: \"root\" is not known in this format" },
		{ HEAD GRANT "package_count 65\n", "d:11: \"package_count\" has a value that it cannot have" },
		{ HEAD GRANT "package_count 4294967296\n", "d:11: \"package_count\" has a value" },
		{ HEAD GRANT "package_count -1\n", "d:11: \"package_count\" has a value" },
		{ HEAD GRANT "package_count 1\n", "d: not as many package lines as package_count says" },
		{ HEAD GRANT "package_count 0\npackage 0 1 1 1\n", "d: not as many package lines as package_count says" },
		{ HEAD GRANT "package_count 2\npackage 1 1 1 1\n", "d:12: \"package\" lines are out of order or hold what they cannot" },
		{ HEAD GRANT "package_count 2\npackage 0 1 1 1\npackage 0 1 1 1\n", "d:13: \"package\" lines are out of order" },
		{ "package \n", "d:2: \"package\" lines are out of order" },
		{ "package 0\n", "d:2: \"package\" lines are out of order" },
		{ "package 0 1 1\n", "d:2: \"package\" lines are out of order" },
		{ "package 0 1 1 1 \n", "d:2: \"package\" lines are out of order" },
		{ "package 0 1 1 1 1\n", "d:2: \"package\" lines are out of order" },
		{ "package 0 1000000000000001 1 1\n", "d:2: \"package\" lines are out of order" },
		{ "package 0 1 1000000000000001 1\n", "d:2: \"package\" lines are out of order" },
		{ "package 0 1 1 1000000000000001\n", "d:2: \"package\" lines are out of order" },
		{ "package 0 1 1 18446744073709551617\n", "d:2: \"package\" lines are out of order" },
		{ "package 0 -1 1 1\n", "d:2: \"package\" lines are out of order" },
		{ "cap_uw 1000000000000001\n", "d:2: \"cap_uw\" has a value" },
		{ "writes 1\n", "d:2: \"writes\" has a value" },
		{ "refused maybe\n", "d:2: \"refused\" has a value" },
		{ "uid 4294967296\n", "d:2: \"uid\" has a value" },
		{ "policy a-policy-of-more-than-31-letters\n", "d:2: \"policy\" has a value" },
		{ HEAD "refused yes\nreason \nbackend \npolicy \nwrites no\ncap_uw 0\npackage_count 0\n",
		  "d: a reason belongs to a refusal, and to nothing else" },
		{ HEAD "refused no\nreason why\nbackend \npolicy \nwrites no\ncap_uw 0\npackage_count 0\n",
		  "d: a reason belongs to a refusal, and to nothing else" },
		{ HEAD "refused yes\nreason why\nbackend \npolicy \nwrites yes\ncap_uw 0\npackage_count 0\n",
		  "d: a refusal cannot let the user write limits" },
	};
	static const struct pc_decision zero;

	(void)state;
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct pc_decision decision;
		struct pc_error error = { "" };

		errno = 0;
		if (parse_body("phasecap-decision 1", rows[i].body, &decision, &error) == 0)
			fail_msg("taken: %s", rows[i].body);
		assert_int_equal(errno, EBADMSG);
		if (strncmp(error.text, rows[i].sentence, strlen(rows[i].sentence)))
			fail_msg("\"%s\" instead of \"%s\"", error.text, rows[i].sentence);
		assert_non_null(strstr(error.text, "nothing in it is believed"));
		expect_same(&decision, &zero);
	}
}

static void what_is_not_in_the_text_is_zero(void **state)
{
	static const struct pc_decision expected = { .job = 1, .uid = 1, .backend = "auto", .policy = "static",
		.writes = true, .package_count = 1, .package_limit_uw = { 5 }, .dram_limit_uw = { 6 }, .dram_reserve_uw = { 7 } };
	struct pc_decision decision;

	(void)state;
	assert_int_equal(parse_body("phasecap-decision 1", HEAD GRANT "package_count 1\npackage 0 5 6 7\n", &decision, NULL), 0);
	expect_same(&decision, &expected);
}

/* A line for a 65th package must not be stored before anything compares the count. */
static void one_package_too_many_is_refused(void **state)
{
	char body[2048] = "";
	struct pc_decision decision;
	struct pc_error error;

	(void)state;
	for (unsigned i = 0; i <= PC_MAX_PACKAGES; i++)
		sprintf(body + strlen(body), "package %u 1 1 1\n", i);
	assert_int_equal(parse_body("phasecap-decision 1", body, &decision, &error), -1);
	assert_int_equal(strncmp(error.text, "d:66: \"package\" lines are out of order", 38), 0);
}

static void other_records_and_formats_are_refused(void **state)
{
	struct pc_decision decision;
	struct pc_error error;

	(void)state;
	assert_int_equal(parse_body("phasecap-decision 2", "", &decision, &error), -1);
	assert_int_equal(errno, EPROTONOSUPPORT);
	assert_int_equal(parse_body("phasecap-journal 1", "", &decision, &error), -1);
	assert_int_equal(errno, EPROTOTYPE);
	assert_string_equal(error.text, "d:1: not a phasecap decision record; nothing in it is believed");
}

static void what_no_reader_would_take_is_not_saved(void **state)
{
	const struct fixture *fixture = *state;
	struct pc_decision good = granted(), bad[7], loaded;
	struct pc_error error;

	assert_int_equal(pc_decision_save(fixture->directory, &good, NULL), 0);
	for (unsigned i = 0; i < COUNT(bad); i++)
		bad[i] = good;
	bad[0].package_count = PC_MAX_PACKAGES + 1;
	bad[1].cap_uw = PC_POWER_MAX_UW + 1;
	bad[2].package_limit_uw[1] = UINT64_MAX;
	strcpy(bad[3].reason, "granted, because");
	bad[4].refused = true;
	strcpy(bad[4].reason, "refused, and yet");
	bad[5].refused = true;
	bad[5].writes = false;
	memset(bad[6].policy, 'p', sizeof bad[6].policy);
	for (unsigned i = 0; i < COUNT(bad); i++) {
		assert_int_equal(pc_decision_save(fixture->directory, &bad[i], &error), -1);
		assert_int_equal(errno, EINVAL);
		assert_int_equal(strncmp(error.text, "not saved, because it could not be read back: 42.decision:", 58), 0);
		assert_int_equal(pc_decision_load(fixture->directory, 42, &loaded, NULL), 0);
		expect_same(&good, &loaded);
	}
}

#define ON_DISK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DISK(a_decision_comes_back_as_it_was_saved),
		cmocka_unit_test(what_a_decision_looks_like),
		ON_DISK(hostile_reasons_stay_reasons),
		ON_DISK(no_decision_is_enoent),
		ON_DISK(removal_is_of_one_job),
		ON_DISK(another_jobs_decision_is_not_believed),
		cmocka_unit_test(decisions_that_cannot_be),
		cmocka_unit_test(what_is_not_in_the_text_is_zero),
		cmocka_unit_test(one_package_too_many_is_refused),
		cmocka_unit_test(other_records_and_formats_are_refused),
		ON_DISK(what_no_reader_would_take_is_not_saved),
	};

	return cmocka_run_group_tests_name("decision", tests, NULL, NULL) ? 1 : 0;
}

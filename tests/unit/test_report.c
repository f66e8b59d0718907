/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
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

#include "report.h"

/* A segment as a step of two ranks on two packages leaves it. */
struct story {
	struct pc_segment *segment;
	uint32_t solve, halo, io;
};

static void book(struct pc_segment *segment, unsigned lane, uint32_t phase, uint64_t count, uint64_t time, uint64_t mpi)
{
	struct pc_lane_time *at = &pc_segment_lane(segment, lane)->time[phase];

	atomic_store(&at->count, count);
	atomic_store(&at->time_ns, time);
	atomic_store(&at->mpi_ns, mpi);
}

static void spend(struct pc_segment *segment, unsigned package, uint32_t phase, uint64_t uj, uint64_t dram, uint64_t time)
{
	struct pc_package_record *record = pc_segment_package(segment, package);

	atomic_store(&record->share[phase].package_uj, uj);
	atomic_store(&record->share[phase].dram_uj, dram);
	atomic_store(&record->share[phase].allowed_uj, time / 1000 * 100);
	atomic_store(&record->share[phase].time_ns, time);
	atomic_fetch_add(&record->package_uj, uj);
	atomic_fetch_add(&record->dram_uj, dram);
	atomic_fetch_add(&record->observed_ns, time);
}

static struct story tell(uint64_t cap_uw)
{
	struct pc_decision decision = { .backend = "sim:/n", .policy = "static", .cap_uw = cap_uw, .package_count = 2,
					.dram_reserve_uw = { 20000000, 20000000 } };
	struct pc_segment_config config = { .job = 12, .step = 4, .node = 0, .node_name = "n1", .ranks = 2,
					    .decision = &decision };
	struct story story;
	struct pc_error error;
	int full;

	if (pc_segment_private(&story.segment, &config, &error))
		fail_msg("%s", error.text);
	story.solve = pc_segment_intern(story.segment, PC_PHASE_ROOT, "solve", &full);
	story.halo = pc_segment_intern(story.segment, story.solve, "halo", &full);
	story.io = pc_segment_intern(story.segment, PC_PHASE_ROOT, "io", &full);
	for (int i = 0; i < 2; i++) {
		struct pc_package_record *record = pc_segment_package(story.segment, (unsigned)i);

		pc_segment_claim(story.segment, i, 0, 100 + i, 1000);
		atomic_store(&record->energy_known, 3);
		atomic_store(&record->limit_uw, 100000000);
		atomic_store(&record->samples, 10);
		atomic_store(&record->batch_ns, 500);
		atomic_store(&record->throttled_ns, 250000000);
	}
	book(story.segment, 0, PC_PHASE_ROOT, 0, 100000000, 10);
	book(story.segment, 0, story.solve, 5, 300000000, 20);
	book(story.segment, 0, story.halo, 7, 600000000, 500);
	book(story.segment, 1, story.solve, 5, 400000000, 30);
	book(story.segment, 1, story.halo, 7, 600000000, 40);
	spend(story.segment, 0, PC_PHASE_ROOT, 5000000, 1000000, 100000000);
	spend(story.segment, 0, story.solve, 30000000, 3000000, 300000000);
	spend(story.segment, 0, story.halo, 60000000, 6000000, 600000000);
	spend(story.segment, 1, story.solve, 40000000, 4000000, 400000000);
	spend(story.segment, 1, story.halo, 45000000, 6000000, 600000000);
	atomic_store(&story.segment->end_ns, 1000001000);
	atomic_store(&story.segment->simulated, 1);
	atomic_store(&pc_segment_lane(story.segment, 0)->boundaries, 30);
	atomic_store(&pc_segment_lane(story.segment, 1)->boundaries, 12);
	atomic_store(&pc_segment_lane(story.segment, 1)->boundary_ns, 10);
	atomic_store(&pc_segment_lane(story.segment, 1)->iterations, 9);
	return story;
}

static json_t *node_of(const struct pc_segment *segment)
{
	struct pc_error error;
	json_t *node = pc_report_node(segment, &error);

	if (!node)
		fail_msg("%s", error.text);
	return node;
}

static json_t *step_of(json_t *nodes)
{
	struct pc_error error;
	json_t *step = pc_report_step(nodes, &error);

	if (!step)
		fail_msg("%s", error.text);
	json_decref(nodes);
	return step;
}

static json_t *step_of_one(const struct pc_segment *segment)
{
	return step_of(json_pack("[o]", node_of(segment)));
}

static json_int_t figure(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value))
		fail_msg("%s is no figure", name);
	return json_integer_value(value);
}

static json_t *phase_at(const json_t *phases, const char *path)
{
	json_t *phase;
	size_t i;

	json_array_foreach(phases, i, phase) {
		char *text = json_dumps(json_object_get(phase, "path"), JSON_COMPACT);
		int same = !strcmp(text, path);

		free(text);
		if (same)
			return phase;
	}
	fail_msg("no phase %s", path);
	return NULL;
}

/* I9: inclusive is exclusive and children, phases and unmarked are the package. */
static void sums_hold(const json_t *report)
{
	static const char *const pair[][2] = { { "package_uj", "inclusive_package_uj" }, { "dram_uj", "inclusive_dram_uj" },
					       { "time_ns", "inclusive_time_ns" } };
	const json_t *phases = json_object_get(report, "phases"), *phase, *other;
	size_t i, k;

	for (int p = 0; p < 3; p++) {
		json_int_t all = 0;

		json_array_foreach(phases, i, phase) {
			const json_t *path = json_object_get(phase, "path");
			json_int_t sum = figure(phase, pair[p][0]);

			all += sum;
			json_array_foreach(phases, k, other) {
				json_t *above = json_copy(json_object_get(other, "path"));

				if (json_array_size(above) == json_array_size(path) + 1) {
					json_array_remove(above, json_array_size(above) - 1);
					if (json_equal(above, path))
						sum += figure(other, pair[p][1]);
				}
				json_decref(above);
			}
			assert_int_equal(figure(phase, pair[p][1]), sum);
		}
		assert_int_equal(figure(phase_at(phases, "[]"), pair[p][1]), all);
		if (p < 2)
			assert_int_equal(figure(report, pair[p][0]), all);
	}
}

static void a_step_of_one_node(void **state)
{
	struct story story = tell(240000000);
	json_t *report = step_of_one(story.segment), *phases = json_object_get(report, "phases"), *phase;

	(void)state;
	assert_int_equal(figure(report, "format"), PC_REPORT_FORMAT);
	assert_int_equal(figure(report, "job"), 12);
	assert_int_equal(figure(report, "step"), 4);
	assert_true(json_is_true(json_object_get(report, "simulated")));
	assert_int_equal(figure(report, "cap_uw"), 240000000);
	assert_int_equal(figure(report, "ranks"), 2);
	assert_int_equal(figure(report, "iterations"), 9);
	assert_int_equal(figure(report, "elapsed_ns"), 1000000000);
	assert_int_equal(figure(report, "package_uj"), 180000000);
	assert_int_equal(figure(report, "dram_uj"), 20000000);
	assert_int_equal(figure(report, "mean_uw"), 200000000);
	assert_string_equal(json_string_value(json_object_get(report, "verdict")), "held");
	sums_hold(report);
	/* A phase nobody entered does not show. */
	assert_int_equal(json_array_size(phases), 3);
	phase = phase_at(phases, "[\"solve\"]");
	assert_int_equal(figure(phase, "count"), 10);
	assert_int_equal(figure(phase, "time_ns"), 700000000);
	assert_int_equal(figure(phase, "mpi_ns"), 50);
	assert_int_equal(figure(phase, "inclusive_time_max_ns"), 1000000000);
	assert_int_equal(figure(phase, "package_uj"), 70000000);
	assert_int_equal(figure(phase, "inclusive_package_uj"), 175000000);
	assert_int_equal(figure(phase, "package_uw"), 100000000);
	assert_int_equal(figure(phase, "dram_uw"), 10000000);
	assert_int_equal(figure(phase, "limit_uw"), 100000000);
	assert_int_equal(figure(phase_at(phases, "[\"solve\",\"halo\"]"), "package_uw"), 87500000);
	assert_int_equal(figure(json_object_get(report, "overhead"), "boundaries"), 42);
	assert_int_equal(figure(json_object_get(report, "overhead"), "boundary_ns"), 640);
	assert_int_equal(figure(json_object_get(report, "overhead"), "batches"), 20);
	json_decref(report);
	pc_segment_unmap(story.segment);
}

static void nodes_are_joined_by_path(void **state)
{
	struct story one = tell(240000000), two = tell(100000000);
	json_t *report, *nodes, *phase;
	int full;

	(void)state;
	two.segment->node = 1;
	book(two.segment, 0, pc_segment_intern(two.segment, two.solve, "extra", &full), 1, 2000000000, 0);
	report = step_of(json_pack("[o,o]", node_of(one.segment), node_of(two.segment)));
	sums_hold(report);
	nodes = json_object_get(report, "nodes");
	assert_int_equal(json_array_size(nodes), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(nodes, 0), "verdict")), "held");
	assert_string_equal(json_string_value(json_object_get(json_array_get(nodes, 1), "verdict")), "over");
	assert_int_equal(figure(report, "cap_uw"), 340000000);
	assert_int_equal(figure(report, "mean_uw"), 400000000);
	assert_string_equal(json_string_value(json_object_get(report, "verdict")), "over");
	assert_int_equal(figure(report, "package_uj"), 360000000);
	assert_int_equal(figure(report, "ranks"), 4);
	phase = phase_at(json_object_get(report, "phases"), "[\"solve\"]");
	assert_int_equal(figure(phase, "count"), 20);
	assert_int_equal(figure(phase, "package_uw"), 100000000);
	assert_int_equal(figure(phase, "inclusive_time_max_ns"), 2900000000);
	phase_at(json_object_get(report, "phases"), "[\"solve\",\"extra\"]");
	json_decref(report);
	pc_segment_unmap(one.segment);
	pc_segment_unmap(two.segment);
}

static void what_was_not_measured_is_null(void **state)
{
	struct story story = tell(0);
	json_t *report, *package;

	(void)state;
	atomic_store(&pc_segment_package(story.segment, 1)->energy_known, 0);
	report = step_of_one(story.segment);
	assert_true(json_is_null(json_object_get(report, "cap_uw")));
	assert_true(json_is_null(json_object_get(report, "package_uj")));
	assert_true(json_is_null(json_object_get(report, "mean_uw")));
	assert_true(json_is_null(json_object_get(phase_at(json_object_get(report, "phases"), "[\"solve\"]"), "package_uj")));
	assert_string_equal(json_string_value(json_object_get(report, "verdict")), "none");
	package = json_array_get(json_object_get(json_array_get(json_object_get(report, "nodes"), 0), "packages"), 1);
	assert_true(json_is_null(json_object_get(package, "package_uj")));
	assert_int_equal(figure(package, "limit_uw"), 100000000);
	json_decref(report);
	pc_segment_unmap(story.segment);
}

static void dram_without_counter_stands_with_its_reserve(void **state)
{
	struct story story = tell(219999999);
	json_t *report;

	(void)state;
	atomic_store(&pc_segment_package(story.segment, 0)->energy_known, 1);
	atomic_store(&pc_segment_package(story.segment, 1)->energy_known, 1);
	report = step_of_one(story.segment);
	assert_int_equal(figure(report, "mean_uw"), 220000000);
	assert_string_equal(json_string_value(json_object_get(report, "verdict")), "over");
	json_decref(report);
	pc_segment_unmap(story.segment);
}

static void no_energy_under_a_cap_is_unknown(void **state)
{
	struct story story = tell(240000000);
	json_t *report;

	(void)state;
	atomic_store(&pc_segment_package(story.segment, 0)->energy_known, 0);
	report = step_of_one(story.segment);
	assert_string_equal(json_string_value(json_object_get(report, "verdict")), "unknown");
	json_decref(report);
	pc_segment_unmap(story.segment);
}

static void two_nodes_of_one_path_are_one_phase(void **state)
{
	struct story story = tell(0);
	uint32_t again = atomic_fetch_add(&story.segment->phase_count, 1);
	json_t *report, *phase;

	(void)state;
	story.segment->phase[again] = story.segment->phase[story.solve];
	book(story.segment, 0, again, 1, 50000000, 5);
	spend(story.segment, 0, again, 1000000, 0, 50000000);
	report = step_of_one(story.segment);
	sums_hold(report);
	phase = phase_at(json_object_get(report, "phases"), "[\"solve\"]");
	assert_int_equal(figure(phase, "count"), 11);
	assert_int_equal(figure(phase, "time_ns"), 750000000);
	assert_int_equal(figure(phase, "inclusive_time_ns"), 1950000000);
	assert_int_equal(figure(phase, "package_uj"), 71000000);
	assert_int_equal(json_array_size(json_object_get(report, "phases")), 3);
	json_decref(report);
	pc_segment_unmap(story.segment);
}

static void further_threads_count_inside_phases_only(void **state)
{
	struct story story = tell(0);
	int lane = pc_segment_claim(story.segment, 0, 1, 100, 1000);
	json_t *report;

	(void)state;
	book(story.segment, (unsigned)lane, PC_PHASE_ROOT, 0, 900000000, 0);
	book(story.segment, (unsigned)lane, story.io, 1, 70000000, 0);
	report = step_of_one(story.segment);
	assert_int_equal(figure(phase_at(json_object_get(report, "phases"), "[]"), "time_ns"), 100000000);
	assert_int_equal(figure(phase_at(json_object_get(report, "phases"), "[\"io\"]"), "time_ns"), 70000000);
	assert_int_equal(figure(report, "ranks"), 2);
	json_decref(report);
	pc_segment_unmap(story.segment);
}

/* Root makes reports of files that belong to users. */
static void a_hostile_segment_makes_a_harmless_report(void **state)
{
	struct story story = tell(0);
	struct pc_segment *segment = story.segment;
	json_t *report;
	char *text;

	(void)state;
	memset((char *)segment + offsetof(struct pc_segment, said), 0xff,
	       segment->size - offsetof(struct pc_segment, said));
	memset(segment->node_name, 0xff, sizeof segment->node_name);
	memset(segment->backend, 0x1b, sizeof segment->backend);
	report = step_of_one(segment);
	text = json_dumps(report, 0);
	assert_non_null(text);
	assert_null(strchr(text, 0x1b));
	free(text);
	json_decref(report);
	pc_segment_unmap(segment);
}

static void names_become_text(void **state)
{
	static const struct {
		const char *name, *text;
	} table[] = {
		{ "solve", "solve" },
		{ "a/b \"c\"", "a/b \"c\"" },
		{ "gr\xc3\xb6\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x92\xa1", "gr\xc3\xb6\xc3\x9f" "e \xe2\x82\xac \xf0\x9f\x92\xa1" },
		{ "a\nb\x1b[31m\x7f", "a\\x0ab\\x1b[31m\\x7f" },
		{ "back\\slash", "back\\x5cslash" },
		{ "\xff\xc3", "\\xff\\xc3" },
		{ "\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80", "\\xc0\\xaf \\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80" },
		{ "\xc2\x9b", "\\xc2\\x9b" },
		{ "cut \xe2\x82", "cut \\xe2\\x82" },
		{ "", "" },
	};
	char text[4 * PC_PHASE_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		json_t *string;

		pc_report_name(table[i].name, strlen(table[i].name), text);
		assert_string_equal(text, table[i].text);
		string = json_string(text);
		assert_non_null(string);
		json_decref(string);
	}
}

static void parts_that_are_none_are_refused(void **state)
{
	struct story story = tell(0);
	json_t *nodes = json_pack("[o,{s:i}]", node_of(story.segment), "format", 1);
	char *bad[] = { "{\"format\": 1" };
	struct pc_error error;

	(void)state;
	assert_null(pc_report_step(nodes, &error));
	assert_int_equal(errno, EINVAL);
	assert_string_equal(error.text, "report: part 1 is no node's part of this format (1)");
	json_array_clear(nodes);
	assert_null(pc_report_step(nodes, &error));
	assert_string_equal(error.text, "report: no node gave its part");
	assert_int_equal(pc_report_step_file(bad, 1, "none", &error), -1);
	assert_ptr_equal(strstr(error.text, "report: part 0: "), error.text);
	json_decref(nodes);
	pc_segment_unmap(story.segment);
}

static char *read_all(FILE *file)
{
	static char text[65536];

	rewind(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	return text;
}

static void the_table(void **state)
{
	static const char *const line[] = {
		"Phasecap report (simulated node): job 12 step 4, 1 node, 2 ranks, policy static\n",
		"elapsed 1.000 s; packages 180.0 J, DRAM 20.0 J; mean 200.0 W, cap 240.0 W: held\n",
		"node n1: mean 200.0 W, cap 240.0 W: held\n",
		"        0       95.0       10.0       95.0     10.0    100.0        0.250\n",
		"  solve                            10     0.700     1.000     0.000       70.0       7.0        175.0      100.0    100.0\n",
		"    halo                           14     1.200     0.600     0.000      105.0      12.0        105.0       87.5    100.0\n",
		"  unmarked                          0     0.100     1.000     0.000        5.0       1.0        180.0       50.0    100.0\n",
		"own overhead: 42 boundaries 0.001 ms, 20 batches 0.001 ms, attribution 0.000 ms\n",
		"Power is that of packages and their DRAM, not of GPUs, fans or network.\n",
	};
	struct story story = tell(240000000);
	json_t *report = step_of_one(story.segment);
	FILE *file = tmpfile();
	struct pc_error error;
	char *text;

	(void)state;
	assert_int_equal(pc_report_table(report, file, &error), 0);
	text = read_all(file);
	for (size_t i = 0; i < sizeof line / sizeof *line; i++)
		if (!strstr(text, line[i])) {
			print_error("%s", text);
			fail_msg("no line\n%s", line[i]);
		}
	/* Children follow their parents, and what is left stands last. */
	assert_true(strstr(text, "  solve") < strstr(text, "    halo"));
	assert_true(strstr(text, "    halo") < strstr(text, "  unmarked"));
	fclose(file);
	json_decref(report);
	pc_segment_unmap(story.segment);
}

static void the_table_without_energy(void **state)
{
	struct story story = tell(0);
	json_t *report;
	FILE *file = tmpfile();
	struct pc_error error;
	char *text;

	(void)state;
	atomic_store(&story.segment->simulated, 0);
	atomic_store(&pc_segment_package(story.segment, 0)->energy_known, 0);
	atomic_store(&pc_segment_package(story.segment, 1)->uncertain, 1);
	report = step_of_one(story.segment);
	assert_int_equal(pc_report_table(report, file, &error), 0);
	text = read_all(file);
	assert_non_null(strstr(text, "Phasecap report: job 12 step 4"));
	assert_non_null(strstr(text, "packages - J, DRAM - J; mean power not known, no cap\n"));
	assert_non_null(strstr(text, "wrap uncertain\n"));
	fclose(file);
	json_decref(report);
	pc_segment_unmap(story.segment);
}

static void the_table_of_something_else(void **state)
{
	json_t *other = json_pack("{s:s, s:i}", "phasecap", "report", "format", PC_REPORT_FORMAT + 1);
	struct pc_error error;

	(void)state;
	assert_int_equal(pc_report_table(other, stdout, &error), -1);
	assert_int_equal(errno, EPROTONOSUPPORT);
	assert_string_equal(error.text, "the report's format is 2, this program reads up to 1");
	json_object_clear(other);
	assert_int_equal(pc_report_table(other, stdout, &error), -1);
	assert_int_equal(errno, EINVAL);
	assert_string_equal(error.text, "no report of phasecap");
	json_decref(other);
}

static void the_file(void **state)
{
	struct story story = tell(0);
	json_t *report = step_of_one(story.segment), *again;
	char place[] = "/tmp/phasecap-report-XXXXXX", path[128], wanted[256];
	struct pc_error error;
	json_error_t where;

	(void)state;
	assert_non_null(mkdtemp(place));
	/* A directory gets the default name, twice as well as once, and nothing else stays there. */
	assert_int_equal(pc_report_write(report, place, &error), 0);
	assert_int_equal(pc_report_write(report, place, &error), 0);
	snprintf(path, sizeof path, "%s/phasecap-12.4.json", place);
	again = json_load_file(path, 0, &where);
	assert_true(json_equal(again, report));
	json_decref(again);
	unlink(path);
	json_object_set_new(report, "job", json_integer(0));
	assert_int_equal(pc_report_write(report, place, &error), 0);
	snprintf(path, sizeof path, "%s/phasecap.json", place);
	assert_int_equal(unlink(path), 0);

	assert_int_equal(pc_report_write(report, "none", &error), 0);
	assert_int_equal(access("none", F_OK), -1);

	snprintf(path, sizeof path, "%s/missing/r.json", place);
	snprintf(wanted, sizeof wanted, "report %s: No such file or directory; PM_PHASE_REPORT names another file", path);
	assert_int_equal(pc_report_write(report, path, &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(error.text, wanted);
	assert_int_equal(rmdir(place), 0);
	json_decref(report);
	pc_segment_unmap(story.segment);
}

/* Through links of the test's own: where the code is wrong and renames, it must not be root who
 * replaces the machine's device. */
static void a_device_is_written_to_and_stays(void **state)
{
	static const char *const device[] = { "/dev/null", "/dev/full" };
	static const int code[] = { 0, ENOSPC };
	struct story story = tell(0);
	json_t *report = step_of_one(story.segment);
	char place[] = "/tmp/phasecap-report-XXXXXX", path[128];
	struct pc_error error;
	struct stat status;

	(void)state;
	assert_non_null(mkdtemp(place));
	snprintf(path, sizeof path, "%s/link", place);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(symlink(device[i], path), 0);
		errno = 0;
		assert_int_equal(pc_report_write(report, path, &error), code[i] ? -1 : 0);
		if (code[i])
			assert_int_equal(errno, code[i]);
		assert_int_equal(lstat(path, &status), 0);
		assert_true(S_ISLNK(status.st_mode));
		unlink(path);
	}
	assert_int_equal(rmdir(place), 0);
	json_decref(report);
	pc_segment_unmap(story.segment);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_step_of_one_node),
		cmocka_unit_test(nodes_are_joined_by_path),
		cmocka_unit_test(what_was_not_measured_is_null),
		cmocka_unit_test(dram_without_counter_stands_with_its_reserve),
		cmocka_unit_test(no_energy_under_a_cap_is_unknown),
		cmocka_unit_test(two_nodes_of_one_path_are_one_phase),
		cmocka_unit_test(further_threads_count_inside_phases_only),
		cmocka_unit_test(a_hostile_segment_makes_a_harmless_report),
		cmocka_unit_test(names_become_text),
		cmocka_unit_test(parts_that_are_none_are_refused),
		cmocka_unit_test(the_table),
		cmocka_unit_test(the_table_without_energy),
		cmocka_unit_test(the_table_of_something_else),
		cmocka_unit_test(the_file),
		cmocka_unit_test(a_device_is_written_to_and_stays),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL) ? 1 : 0;
}

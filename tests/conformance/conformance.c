/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same expectations for every back end, printed as TAP:
 *
 *     conformance --backend=SPEC [option...]
 *
 *     --backend=SPEC   as in struct pc_power_config: "sim:PATH", "msr-safe-batch", "powercap", ...
 *     --root=DIR       a recorded root instead of this machine
 *     --packages=N     so many packages must be there
 *     --domains=A,B    in each package exactly these domains must count energy ("package,dram")
 *     --writes         set limits, and put them back; needs the permission to
 *     --list           install lists, and put the one that was there back; needs root.  The
 *                      other points then run under the list for root.
 *     --skips=N        at most so many points may be skipped, else the last point fails
 *     --wait-ms=N      how long a counter may take to move (3000)
 *
 * A point about something that the back end declares it lacks is skipped: limits, a
 * list, limits that are not writable.  Whatever is found at the start is there again at the
 * end, whichever points fail.  Exit status: 0 all held, 1 some did not, 2 could not begin.
 * Links nothing but libphasecap, and asks nothing but power.h.
 */
#include "conformance.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

/* --- the points ------------------------------------------------------------- */

enum need { ALWAYS, WRITES, LIST };

static const struct point {
	const char *name;
	enum need need;
	enum outcome (*run)(struct node *node);
} points[] = {
	{ "packages are found", ALWAYS, packages_are_found },
	{ "domains are found", ALWAYS, domains_are_found },
	{ "only rung 0 is simulated", ALWAYS, the_name_says_whether_it_is_simulated },
	{ "every energy counter grows", ALWAYS, every_energy_counter_grows },
	{ "stamps advance", ALWAYS, stamps_advance },
	{ "one batch brings everything", ALWAYS, one_batch_brings_everything },
	{ "throttled time can be read", ALWAYS, throttled_time_reads },
	{ "limits are sane", ALWAYS, limits_are_sane },
	{ "reported bounds are sane", ALWAYS, reported_bounds_are_sane },
	{ "what is absent fails alone", ALWAYS, what_is_absent_fails_alone },
	{ "bad calls are refused", ALWAYS, bad_calls_are_refused },
	{ "limits that are not writable are refused", ALWAYS, unwritable_limits_are_refused },
	{ "capture reads every setting", ALWAYS, capture_reads_every_setting },
	{ "room for too few settings is said", ALWAYS, room_for_too_few_settings_is_said },
	{ "without a list, list calls say so", ALWAYS, without_a_list_list_calls_say_so },
	{ "a limit goes in and changes nothing else", WRITES, a_limit_goes_in_and_changes_nothing_else },
	{ "what was read can be written and stays", WRITES, what_was_read_can_be_written_and_stays },
	{ "a window goes in", WRITES, a_window_goes_in },
	{ "what is out of range is refused", WRITES, what_is_out_of_range_is_refused },
	{ "a refused limit fails alone", WRITES, a_refused_limit_fails_alone },
	{ "root enables limit 1", WRITES, root_enables_limit_1 },
	{ "root sets limit 2", WRITES, root_sets_limit_2 },
	{ "lists go in and read back", LIST, lists_go_in_and_read_back },
	{ "under a reading list nothing is writable", LIST, under_a_reading_list_nothing_is_writable },
	{ "a job's list lets it move limit 1 alone", LIST, a_jobs_list_lets_it_move_limit_1_alone },
	{ "an empty list hides everything", LIST, an_empty_list_hides_everything },
	{ "what was captured goes back, bit by bit", WRITES, what_was_captured_goes_back },
};

enum { POINTS = sizeof points / sizeof points[0] };

static enum outcome run_point(struct node *node, const struct point *point)
{
	node->why[0] = '\0';
	if (point->need == WRITES && !node->writes)
		return say(node, LACKING, "not asked for: --writes");
	if (point->need == LIST && !node->has_list)
		return say(node, LACKING, "the back end has no list");
	if (point->need == LIST && !node->lists)
		return say(node, LACKING, "not asked for: --list");
	return point->run(node);
}

static bool report(struct node *node, unsigned number, const char *name, enum outcome outcome)
{
	bool failed = outcome == BROKEN;

	printf("%sok %u - %s%s%s\n", failed ? "not " : "", number, name,
	       outcome == LACKING ? " # SKIP " : "", outcome == LACKING ? node->why : "");
	if (failed)
		printf("# %s\n", node->why);
	node->skipped += outcome == LACKING;
	return !failed;
}

/* --- begin and end ---------------------------------------------------------- */

static int begin(struct node *node, const struct pc_power_config *config)
{
	if (pc_power_open(&node->power, config, NULL, 0, NULL, &error) < 0)
		return -1;
	node->packages = pc_power_package_count(node->power);
	if (pc_power_list_read(node->power, &node->found_list, &error) == 0)
		node->has_list = true;
	else if (errno != ENOTSUP && node->lists)
		return -1;               /* a list that cannot be read could not be put back */
	if (node->has_list && node->lists && install(node, PC_LIST_ROOT) < 0)
		return -1;
	node->settings = pc_power_capture(node->power, node->setting, SETTINGS, &node->no_capture);
	return 0;
}

static enum outcome enough_was_tried(struct node *node)
{
	if (node->must_skips >= 0 && node->skipped > (unsigned)node->must_skips)
		return say(node, BROKEN, "%u points were skipped", node->skipped);
	return HELD;
}

/* Everything as it was found; the limits first, while a list that lets them through is in. */
static enum outcome end(struct node *node)
{
	bool restored = !node->writes || put_back(node) == 0;

	if (node->has_list && node->lists &&
	    pc_power_list_install(node->power, &node->found_list, &error) < 0)
		restored = false;
	pc_allowlist_free(&node->found_list);
	pc_power_close(node->power);
	return restored ? HELD : say(node, BROKEN, "%s", error.text);
}

static const struct option options[] = {
	{ "backend", required_argument, NULL, 'b' },
	{ "root", required_argument, NULL, 'r' },
	{ "packages", required_argument, NULL, 'p' },
	{ "domains", required_argument, NULL, 'd' },
	{ "writes", no_argument, NULL, 'w' },
	{ "list", no_argument, NULL, 'l' },
	{ "skips", required_argument, NULL, 's' },
	{ "wait-ms", required_argument, NULL, 't' },
	{ 0 }
};

static int parse(int argc, char **argv, struct node *node, struct pc_power_config *config)
{
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'b': config->backend = optarg; break;
		case 'r': config->root = optarg; break;
		case 'p': node->must_packages = atoi(optarg); break;
		case 'd': node->must_domains = optarg; break;
		case 'w': node->writes = true; break;
		case 'l': node->lists = true; break;
		case 's': node->must_skips = atoi(optarg); break;
		case 't': node->wait_ms = (unsigned)atoi(optarg); break;
		default: return -1;
		}
	}
	return config->backend && optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
	static struct node node = { .must_packages = -1, .must_skips = -1, .wait_ms = 3000 };
	struct pc_power_config config = { NULL, NULL };
	unsigned failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (parse(argc, argv, &node, &config) < 0) {
		fprintf(stderr, "usage: conformance --backend=SPEC [--root=DIR] [--packages=N] [--domains=A,B] "
			"[--writes] [--list] [--skips=N] [--wait-ms=N]\n");
		return 2;
	}
	if (begin(&node, &config) < 0) {
		printf("Bail out! %s\n", error.text);
		return 2;
	}
	printf("1..%u\n# back end %s, rung %d%s\n", POINTS + 2, pc_power_backend(node.power),
	       pc_power_rung(node.power), pc_power_simulated(node.power) ? ", simulated" : "");
	for (unsigned i = 0; i < POINTS; i++)
		failed += !report(&node, i + 1, points[i].name, run_point(&node, &points[i]));
	failed += !report(&node, POINTS + 1, "enough was tried", enough_was_tried(&node));
	failed += !report(&node, POINTS + 2, "the node is as it was found", end(&node));
	return failed ? 1 : 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

/* What the files of the conformance program share; conformance.c says what it is. */

#include <stdbool.h>
#include <stdint.h>

#include "power.h"

enum { SETTINGS = 8 * PC_MAX_PACKAGES, LONGEST_BATCH_NS = 1000000000 };

enum outcome { HELD, BROKEN, LACKING };

struct node {
	struct pc_power *power;
	unsigned packages;
	int must_packages;       /* -1: any */
	const char *must_domains;
	bool writes, lists;
	int must_skips;          /* at most; -1: any */
	unsigned skipped;
	unsigned wait_ms;
	bool has_list;
	struct pc_allowlist found_list;
	struct pc_setting setting[SETTINGS];
	int settings;            /* captured; -1: none can be */
	struct pc_error no_capture;
	char why[1400];
};

extern struct pc_error error;    /* of the last call that failed */

/* --- helpers.c -------------------------------------------------------------- */

/* Notes why, and returns the outcome. */
enum outcome say(struct node *node, enum outcome outcome, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
const struct pc_domain_info *info_of(const struct node *node, unsigned package, unsigned domain);
const char *name_of(const struct node *node, unsigned package);
int run_one(struct node *node, unsigned package, struct pc_op *op);
int read_limits(struct node *node, unsigned package, unsigned domain, struct pc_limits *limits);
bool same_limits(const struct pc_limits *a, const struct pc_limits *b);
void pause_ms(long ms);
/* Calls visit for each domain of each package that `wanted` picks, until one does not
 * hold; where it picks none, the point is lacking. */
enum outcome each(struct node *node, bool (*wanted)(const struct pc_domain_info *info),
		  enum outcome (*visit)(struct node *node, unsigned package, unsigned domain),
		  const char *lack);
bool has_energy(const struct pc_domain_info *info);
bool has_limit(const struct pc_domain_info *info);
bool has_perf(const struct pc_domain_info *info);
bool is_writable(const struct pc_domain_info *info);
bool is_not_writable(const struct pc_domain_info *info);
int install(struct node *node, enum pc_list_purpose purpose);
/* Writes back what was captured; the number of settings that could not be. */
int put_back(struct node *node);
enum outcome all_is_as_captured(struct node *node);

/* --- writing.c, for lists.c too --------------------------------------------- */

int set_limit(struct node *node, enum pc_op_kind kind, unsigned package, unsigned domain,
	      const struct pc_limit *limit, struct pc_limits *back);
enum outcome write_one(struct node *node, unsigned package, unsigned domain);

/* --- the points: reading.c ----------------------------------------------- */

enum outcome packages_are_found(struct node *node);
enum outcome domains_are_found(struct node *node);
enum outcome the_name_says_whether_it_is_simulated(struct node *node);
enum outcome every_energy_counter_grows(struct node *node);
enum outcome stamps_advance(struct node *node);
enum outcome one_batch_brings_everything(struct node *node);
enum outcome throttled_time_reads(struct node *node);
enum outcome limits_are_sane(struct node *node);
enum outcome reported_bounds_are_sane(struct node *node);

/* --- refusing.c ---------------------------------------------------------- */

enum outcome what_is_absent_fails_alone(struct node *node);
enum outcome bad_calls_are_refused(struct node *node);
enum outcome unwritable_limits_are_refused(struct node *node);
enum outcome capture_reads_every_setting(struct node *node);
enum outcome room_for_too_few_settings_is_said(struct node *node);

/* --- writing.c ----------------------------------------------------------- */

enum outcome a_limit_goes_in_and_changes_nothing_else(struct node *node);
enum outcome what_was_read_can_be_written_and_stays(struct node *node);
enum outcome a_window_goes_in(struct node *node);
enum outcome what_is_out_of_range_is_refused(struct node *node);
enum outcome a_refused_limit_fails_alone(struct node *node);
enum outcome root_enables_limit_1(struct node *node);
enum outcome root_sets_limit_2(struct node *node);
enum outcome what_was_captured_goes_back(struct node *node);

/* --- lists.c ------------------------------------------------------------- */

enum outcome without_a_list_list_calls_say_so(struct node *node);
enum outcome lists_go_in_and_read_back(struct node *node);
enum outcome under_a_reading_list_nothing_is_writable(struct node *node);
enum outcome a_jobs_list_lets_it_move_limit_1_alone(struct node *node);
enum outcome an_empty_list_hides_everything(struct node *node);

#endif

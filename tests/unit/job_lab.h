/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_TEST_JOB_LAB_H
#define PHASECAP_TEST_JOB_LAB_H

/* A simulated node and a state directory, for tests of job.h.  Include cmocka.h first. */

#include <acl/libacl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/acl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job.h"
#include "sim_node.h"

#define W UINT64_C(1000000)

enum { ALICE = 60901, BOB = 60902 };

struct lab {
	struct node *node;
	struct pc_site site;
	char log[8192];          /* everything that was logged, one sentence a line */
};

/* What must be the same before a job and after it. */
struct traces {
	uint64_t limit[2], dram_limit[2];
	char *list, *acl;
	mode_t mode;
};

static inline int lab_setup_topology(void **state, const char *topology)
{
	struct lab *lab = calloc(1, sizeof *lab);

	if (!lab || node_setup((void **)&lab->node))
		return -1;
	node_make(lab->node, (struct pc_sim_config){ .manual_clock = true, .topology = topology });
	pc_site_defaults(&lab->site);
	snprintf(lab->site.backend, sizeof lab->site.backend, "sim:%s", lab->node->path);
	snprintf(lab->site.run_dir, sizeof lab->site.run_dir, "%s/run", lab->node->directory);
	lab->site.allow_without_guard = true;
	*state = lab;
	return 0;
}

static inline int lab_setup(void **state)
{
	return lab_setup_topology(state, "pack:2 core:2 pu:1");
}

static inline int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int lab_teardown(void **state)
{
	struct lab *lab = *state;
	int result;

	nftw(lab->site.run_dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	result = node_teardown((void **)&lab->node);
	free(lab);
	return result;
}

static inline void lab_log(const char *sentence, void *arg)
{
	struct lab *lab = arg;
	size_t used = strlen(lab->log);

	snprintf(lab->log + used, sizeof lab->log - used, "%s\n", sentence);
}

static inline void assert_logged(const struct lab *lab, const char *part)
{
	if (!strstr(lab->log, part))
		fail_msg("\"%s\" is not in the log:\n%s", part, lab->log);
}

static inline int begin_request(struct lab *lab, const struct pc_job_request *request, struct pc_decision *decision,
				struct pc_error *error)
{
	return pc_job_begin(&lab->site, request, decision, lab_log, lab, error);
}

/* A job that has the whole of a node of four CPUs. */
static inline struct pc_job_request whole(uint64_t job, uid_t uid, const char *cap)
{
	return (struct pc_job_request){ .job = job, .uid = uid, .cap = cap, .cpus = 4 };
}

static inline struct pc_decision begin(struct lab *lab, uint64_t job, uid_t uid, const char *cap)
{
	struct pc_job_request request = whole(job, uid, cap);
	struct pc_decision decision;
	struct pc_error error;

	if (begin_request(lab, &request, &decision, &error))
		fail_msg("job %" PRIu64 ": %s", job, error.text);
	return decision;
}

static inline void end(struct lab *lab, uint64_t job)
{
	struct pc_error error;
	int left = pc_job_end(&lab->site, job, lab_log, lab, &error);

	if (left)
		fail_msg("job %" PRIu64 ": %d, %s", job, left, left < 0 ? error.text : lab->log);
}

static inline struct pc_power *open_power(const struct lab *lab)
{
	struct pc_power_config config = { .backend = lab->site.backend };
	struct pc_power *power;
	struct pc_error error;

	if (pc_power_open(&power, &config, NULL, 0, NULL, &error))
		fail_msg("%s", error.text);
	return power;
}

static inline char *list_text(const struct lab *lab)
{
	struct pc_power *power = open_power(lab);
	struct pc_allowlist list;
	struct pc_error error;
	size_t length;
	char *text;

	if (pc_power_list_read(power, &list, &error))
		fail_msg("%s", error.text);
	text = pc_allowlist_print(&list, &length);
	assert_non_null(text);
	pc_allowlist_free(&list);
	pc_power_close(power);
	return text;
}

/* Installs the list of a purpose, as if the site had it. */
static inline void site_list(const struct lab *lab, enum pc_list_purpose purpose)
{
	struct pc_power *power = open_power(lab);
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	struct pc_error error;

	if (pc_power_list_for(power, purpose, &list, &error) || pc_power_list_install(power, &list, &error))
		fail_msg("%s", error.text);
	pc_allowlist_free(&list);
	pc_power_close(power);
}

static inline void assert_list(const struct lab *lab, enum pc_list_purpose purpose)
{
	struct pc_power *power = open_power(lab);
	struct pc_allowlist list, wanted = PC_ALLOWLIST_EMPTY;
	struct pc_error error;

	if (pc_power_list_for(power, purpose, &wanted, &error) || pc_power_list_read(power, &list, &error))
		fail_msg("%s", error.text);
	assert_true(pc_allowlist_equal(&list, &wanted));
	pc_allowlist_free(&list);
	pc_allowlist_free(&wanted);
	pc_power_close(power);
}

static inline char *acl_text(const struct lab *lab)
{
	acl_t acl = acl_get_file(lab->node->path, ACL_TYPE_ACCESS);
	char *text = acl_to_any_text(acl, NULL, ',', TEXT_NUMERIC_IDS | TEXT_ABBREVIATE), *copy = strdup(text);

	acl_free(text);
	acl_free(acl);
	assert_non_null(copy);
	return copy;
}

static inline void assert_acl(const struct lab *lab, const char *wanted)
{
	char *acl = acl_text(lab);

	assert_string_equal(acl, wanted);
	free(acl);
}

static inline struct traces traces(const struct lab *lab)
{
	struct traces traces = { .list = list_text(lab), .acl = acl_text(lab) };
	struct stat status;

	for (unsigned i = 0; i < 2; i++) {
		traces.limit[i] = peek(lab->node->sim, i, REG_LIMIT);
		traces.dram_limit[i] = peek(lab->node->sim, i, REG_DRAM_LIMIT);
	}
	assert_int_equal(stat(lab->node->path, &status), 0);
	traces.mode = status.st_mode;
	return traces;
}

/* Bit for bit; frees what was noted. */
static inline void assert_untouched(const struct lab *lab, struct traces *before)
{
	struct traces now = traces(lab);

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(now.limit[i], before->limit[i]);
		assert_int_equal(now.dram_limit[i], before->dram_limit[i]);
	}
	assert_string_equal(now.list, before->list);
	assert_string_equal(now.acl, before->acl);
	assert_int_equal(now.mode, before->mode);
	free(now.list);
	free(now.acl);
	free(before->list);
	free(before->acl);
}

/* Names of the files below a part of the state directory, sorted, with a blank behind each. */
static inline const char *files(const struct lab *lab, const char *part)
{
	static char names[4096];
	struct dirent **entry;
	char path[512];
	int count;

	snprintf(path, sizeof path, "%s/%s", lab->site.run_dir, part);
	names[0] = '\0';
	count = scandir(path, &entry, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (strcmp(entry[i]->d_name, ".") != 0 && strcmp(entry[i]->d_name, "..") != 0)
			snprintf(names + strlen(names), sizeof names - strlen(names), "%s ", entry[i]->d_name);
		free(entry[i]);
	}
	if (count >= 0)
		free(entry);
	return names;
}

static inline void assert_nothing_kept(const struct lab *lab)
{
	assert_string_equal(files(lab, "jobs"), "");
	assert_string_equal(files(lab, "steps"), "");
}

#endif

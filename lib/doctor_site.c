/* SPDX-License-Identifier: BSD-3-Clause */
/* The site's file, the run directory, and what dead jobs left in it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ceiling.h"
#include "doctor_state.h"
#include "journal.h"
#include "power_option.h"
#include "run_dir.h"

static void look_at_file(struct doctor *doctor)
{
	const char *path = doctor->config->site_path ? doctor->config->site_path : PC_SITE_DEFAULT_PATH;

	if (doctor->site_broken)
		doctor_say(doctor, "site", PC_DOCTOR_PROBLEM, doctor_mend("correct %s; nothing of it is used until then", path),
			   "%s", doctor->site_error.text);
	else if (doctor->config->site_path || access(path, F_OK) == 0)
		doctor_say(doctor, "site", PC_DOCTOR_OK, NULL, "%s: back end %s, run directory %s", path,
			   doctor->site.backend, doctor->site.run_dir);
	else
		doctor_say(doctor, "site", PC_DOCTOR_NOTE, NULL, "%s is not there: the defaults hold", path);
}

/* A descriptor outlives both the ACL and the job. */
static void look_at_writes(struct doctor *doctor)
{
	if (doctor->site.allow_without_guard)
		doctor_say(doctor, "writes", PC_DOCTOR_WARNING, "set unguarded_writes = no in the site's file",
			   "unguarded_writes is yes: a process that escapes its job keeps the devices it has open, and can change the limits of later ones");
	else
		doctor_say(doctor, "writes", PC_DOCTOR_NOTE, NULL,
			   "unguarded_writes is no: root alone writes limits, and a job's watts stay where its prolog put them");
}

static bool look_at_run_dir(struct doctor *doctor)
{
	const char *path = doctor->site.run_dir;
	struct stat status;

	if (lstat(path, &status) < 0) {
		if (errno != ENOENT)
			doctor_say(doctor, "run_dir", PC_DOCTOR_PROBLEM, NULL, "%s: %s", path, strerror(errno));
		return false;
	}
	if (S_ISDIR(status.st_mode) && !(status.st_mode & (S_IWGRP | S_IWOTH)))
		return true;
	doctor_say(doctor, "run_dir", PC_DOCTOR_PROBLEM, doctor_mend("chown root %s && chmod 0755 %s", path, path),
		   "%s: %s, so that nothing in it can be believed", path,
		   S_ISDIR(status.st_mode) ? "others than its owner can write it" : "is no directory");
	return false;
}

/* Each slurmstepd listens, while it lives, on a socket "NODE_JOB.STEP". */
static bool is_alive(const char *sockets, uint64_t job)
{
	char mark[32];

	snprintf(mark, sizeof mark, "_%" PRIu64 ".", job);
	return !sockets || strstr(sockets, mark);
}

static void look_at_journal(struct doctor *doctor, int directory, uint64_t job, const char *sockets)
{
	struct pc_journal journal;
	struct pc_error error;

	if (pc_journal_load(directory, job, &journal, &error) < 0) {
		doctor_say(doctor, "journals", PC_DOCTOR_PROBLEM,
			   doctor_mend("compare `pmctl show` with what the node should have, then remove %s/jobs/%" PRIu64 ".journal",
				       doctor->site.run_dir, job), "%s", error.text);
		return;
	}
	pc_journal_free(&journal);
	if (is_alive(sockets, job))
		return;
	doctor_say(doctor, "journals", PC_DOCTOR_PROBLEM,
		   doctor_mend("systemctl restart slurmd (its start finishes dead jobs), or: pmctl restore %s/jobs/%" PRIu64 ".journal",
			       doctor->site.run_dir, job),
		   "job %" PRIu64 " is gone and has left its journal: the limits may still be its own", job);
}

static void look_at_journals(struct doctor *doctor)
{
	char path[sizeof doctor->site.run_dir + 8];
	char *sockets = NULL;
	uint64_t *job = NULL;
	struct pc_error error;
	int directory, count;

	snprintf(path, sizeof path, "%s/jobs", doctor->site.run_dir);
	directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return;
	count = pc_run_dir_jobs(directory, ".journal", &job, &error);
	if (count < 0)
		doctor_say(doctor, "journals", PC_DOCTOR_PROBLEM, NULL, "%s: %s", path, error.text);
	else if (count > 0)
		sockets = doctor_slurp(doctor->root, "proc/net/unix");
	for (int i = 0; i < count; i++)
		look_at_journal(doctor, directory, job[i], sockets);
	free(sockets);
	free(job);
	close(directory);
}

static void look_at_ceiling(struct doctor *doctor)
{
	int directory = open(doctor->site.run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct pc_ceiling ceiling;
	struct pc_error error;
	char watts[32];

	if (directory < 0)
		return;
	if (pc_ceiling_load(directory, geteuid(), &ceiling, &error) == 0) {
		doctor_say(doctor, "ceiling", PC_DOCTOR_WARNING, "pmctl ceiling --clear, when the emergency is over",
			   "a ceiling of %s is in force on this node", pc_watts_print(ceiling.ceiling_uw, watts));
		pc_ceiling_free(&ceiling);
	} else if (errno != ENOENT) {
		doctor_say(doctor, "ceiling", PC_DOCTOR_PROBLEM,
			   doctor_mend("pmctl set the limits as they should be, then remove %s/ceiling", doctor->site.run_dir),
			   "%s", error.text);
	}
	close(directory);
}

void doctor_look_at_site(struct doctor *doctor)
{
	if (doctor->recorded && !doctor->config->site_path)
		return;
	look_at_file(doctor);
	if (doctor->site_broken)
		return;
	look_at_writes(doctor);
	if (!look_at_run_dir(doctor))
		return;
	look_at_journals(doctor);
	look_at_ceiling(doctor);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What slurm.conf and plugstack.conf must say for a cap to be kept, and for the node to be clean after. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "doctor_state.h"

#define INCLUDE_DEPTH 8

struct slurm {
	struct doctor *doctor;
	char directory[PATH_MAX];        /* of slurm.conf: relative names start there */
	char prolog_flags[256];
	char proctrack[64];
	char plugstack[PATH_MAX];
	char timeout[32];
	char plugin[16];                 /* "required", "optional"; empty: not there */
};

static const struct {
	const char *key;
	size_t offset, size;
} keys[] = {
#define KEY(name, member) { name "=", offsetof(struct slurm, member), sizeof ((struct slurm *)0)->member }
	KEY("PrologFlags", prolog_flags),
	KEY("ProctrackType", proctrack),
	KEY("PlugStackConfig", plugstack),
	KEY("PrologEpilogTimeout", timeout),
#undef KEY
};

typedef void take_line(struct slurm *slurm, char *line);

static void read_lines(struct slurm *slurm, const char *path, take_line *take, int depth);

/* A name that an include names: absolute, or in slurm.conf's directory; may be a pattern. */
static void include(struct slurm *slurm, const char *name, take_line *take, int depth)
{
	char pattern[2 * PATH_MAX];
	glob_t found = { 0 };

	snprintf(pattern, sizeof pattern, "%s%s%s", *name == '/' ? "" : slurm->directory, *name == '/' ? "" : "/", name);
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			read_lines(slurm, found.gl_pathv[i], take, depth);
	globfree(&found);
}

static void read_lines(struct slurm *slurm, const char *path, take_line *take, int depth)
{
	char *text = depth ? doctor_slurp(AT_FDCWD, path) : NULL;
	char *rest = text, *line;

	if (depth && !text)
		doctor_say(slurm->doctor, "slurm", PC_DOCTOR_PROBLEM, NULL, "%s: %s", path, strerror(errno));
	while (text && (line = strsep(&rest, "\n"))) {
		line[strcspn(line, "#")] = '\0';
		line += strspn(line, " \t\r");
		if (!strncasecmp(line, "include", 7) && strchr(" \t", line[7]) && line[7]) {
			char *name = line + 7 + strspn(line + 7, " \t");

			name[strcspn(name, " \t\r")] = '\0';
			include(slurm, name, take, depth - 1);
		} else {
			take(slurm, line);
		}
	}
	free(text);
}

static void take_conf(struct slurm *slurm, char *line)
{
	char *rest = line, *word;

	while ((word = strsep(&rest, " \t\r")))
		for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++)
			if (!strncasecmp(word, keys[i].key, strlen(keys[i].key)))
				snprintf((char *)slurm + keys[i].offset, keys[i].size, "%s", word + strlen(keys[i].key));
}

/* "required|optional PATH [ARGUMENT...]" */
static void take_plugstack(struct slurm *slurm, char *line)
{
	char *rest = line, *how = strsep(&rest, " \t");

	if (rest && strstr(rest, "spank_phasecap"))
		snprintf(slurm->plugin, sizeof slurm->plugin, "%s", how);
}

/* X11 brings Contain with it: slurm.conf(5), PrologFlags. */
static bool has_contain(const struct slurm *slurm)
{
	return strcasestr(slurm->prolog_flags, "contain") || strcasestr(slurm->prolog_flags, "x11");
}

static void judge_conf(struct doctor *doctor, const struct slurm *slurm)
{
	const char *path = doctor->config->slurm_conf;

	if (has_contain(slurm))
		doctor_say(doctor, "slurm", PC_DOCTOR_OK, NULL, "%s: PrologFlags=%s", path, slurm->prolog_flags);
	else
		doctor_say(doctor, "slurm", PC_DOCTOR_PROBLEM, "add PrologFlags=Contain to slurm.conf and restart slurmctld and slurmd",
			   "%s: PrologFlags is %s: without Contain a prolog may never run, and a living job cannot be told from a dead one",
			   path, *slurm->prolog_flags ? slurm->prolog_flags : "not set");
	/* Slurm's default is proctrack/cgroup. */
	if (*slurm->proctrack && strcasecmp(slurm->proctrack, "proctrack/cgroup"))
		doctor_say(doctor, "slurm", PC_DOCTOR_WARNING, "set ProctrackType=proctrack/cgroup",
			   "%s: ProctrackType is %s: a process that detaches itself outlives its job, with the devices it has open",
			   path, slurm->proctrack);
	if (!*slurm->timeout)
		doctor_say(doctor, "slurm", PC_DOCTOR_NOTE, "set PrologEpilogTimeout=60",
			   "%s: PrologEpilogTimeout is not set: a prolog that hangs would hold its node without end", path);
}

static void judge_plugstack(struct doctor *doctor, const struct slurm *slurm)
{
	if (!*slurm->plugin)
		doctor_say(doctor, "slurm", PC_DOCTOR_PROBLEM, doctor_mend("echo 'required spank_phasecap.so' >> %s", slurm->plugstack),
			   "%s does not name spank_phasecap: --power-cap is not known to Slurm here", slurm->plugstack);
	else if (strcmp(slurm->plugin, "required"))
		doctor_say(doctor, "slurm", PC_DOCTOR_WARNING, doctor_mend("write required instead of %s in %s", slurm->plugin, slurm->plugstack),
			   "%s: spank_phasecap is %s: where it fails to load, jobs run without their caps", slurm->plugstack,
			   slurm->plugin);
	else
		doctor_say(doctor, "slurm", PC_DOCTOR_OK, NULL, "%s: spank_phasecap is required", slurm->plugstack);
}

void doctor_look_at_slurm(struct doctor *doctor)
{
	const char *path = doctor->config->slurm_conf;
	struct slurm slurm = { .doctor = doctor };
	char copy[PATH_MAX];

	if (!path)
		return;
	snprintf(copy, sizeof copy, "%s", path);
	snprintf(slurm.directory, sizeof slurm.directory, "%s", dirname(copy));
	if (access(path, R_OK) < 0) {
		doctor_say(doctor, "slurm", PC_DOCTOR_PROBLEM, "name Slurm's configuration with --slurm-conf=FILE", "%s: %s",
			   path, strerror(errno));
		return;
	}
	read_lines(&slurm, path, take_conf, INCLUDE_DEPTH);
	judge_conf(doctor, &slurm);
	if (!*slurm.plugstack)
		snprintf(slurm.plugstack, sizeof slurm.plugstack, "%.*s/plugstack.conf", PATH_MAX - 32, slurm.directory);
	if (access(slurm.plugstack, R_OK) == 0)
		read_lines(&slurm, slurm.plugstack, take_plugstack, INCLUDE_DEPTH);
	judge_plugstack(doctor, &slurm);
}

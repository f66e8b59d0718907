/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "doctor.h"
#include "pmctl.h"

#define FILE_MAX (8u << 20)
#define PIECE 65536u

/*
 * What a bug report needs and a test can replay with --root: how the machine looks to
 * hwloc and to the back ends. Nothing that names a person, a job, a host or a serial number.
 */
static const char *const patterns[] = {
	"proc/cpuinfo",
	"proc/meminfo",
	"proc/sys/kernel/perf_event_paranoid",
	"sys/devices/system/cpu/{kernel_max,offline,online,possible,present}",
	"sys/devices/system/cpu/cpu[0-9]*/{cpu_capacity,online}",
	"sys/devices/system/cpu/cpu[0-9]*/topology/*",
	"sys/devices/system/cpu/cpu[0-9]*/cache/index[0-9]*/*",
	"sys/devices/system/cpu/cpu[0-9]*/cpufreq/{base_frequency,cpuinfo_max_freq}",
	"sys/devices/system/node/{has_cpu,has_memory,online,possible}",
	"sys/devices/system/node/node[0-9]*/{cpulist,cpumap,distance,meminfo}",
	"sys/class/dmi/id/{bios_date,bios_vendor,bios_version,board_name,board_vendor,product_name,sys_vendor}",
	"sys/class/powercap/intel-rapl*/*",
	"sys/class/powercap/intel-rapl*/intel-rapl*/*",
	"sys/bus/event_source/devices/power/{cpumask,type}",
	"sys/bus/event_source/devices/power/{events,format}/*",
	"sys/module/{msr,msr_safe}/parameters/*",
	"sys/module/msr_safe/version",
	"sys/kernel/security/{lockdown,lsm}",
	"dev/cpu/{msr_allowlist,msr_whitelist,msr_safe_version}",
};

/* Devices: that they are there, and for whom, without what is in them. */
static const char *const presences[] = {
	"dev/cpu/msr_batch",
	"dev/cpu/[0-9]*/{msr,msr_safe}",
};

struct gather {
	struct pmctl *pmctl;
	struct archive archive;
	char prefix[PATH_MAX];   /* the root, without a last slash */
	FILE *missed;            /* what could not be read, one a line */
	unsigned files;
	struct pc_error error;
};

static int add(struct gather *gather, const char *name, mode_t mode, const void *bytes, size_t length)
{
	gather->files++;
	return archive_add(&gather->archive, name, mode, bytes, length, &gather->error);
}

/* In small pieces: /proc/sys refuses (ENOMEM) a read larger than the kernel can allocate. */
static ssize_t read_whole(const char *path, char *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t length = 0;
	ssize_t got = fd < 0 ? -1 : 0;

	while (fd >= 0 && length < FILE_MAX && (got = read(fd, bytes + length, PIECE)) > 0)
		length += (size_t)got;
	if (fd >= 0) {
		int code = errno;

		close(fd);
		errno = code;
	}
	return got < 0 ? -1 : (ssize_t)length;
}

/* A path that glob found; content false: only its mode. */
static int take(struct gather *gather, const char *path, bool content)
{
	static char bytes[FILE_MAX + PIECE]; /* the last piece may follow short ones */
	const char *name = path + strlen(gather->prefix) + 1;
	struct stat status;
	ssize_t length = 0;

	if (stat(path, &status) < 0 || S_ISDIR(status.st_mode))
		return 0;
	if (content && (length = read_whole(path, bytes)) < 0) {
		fprintf(gather->missed, "%s: %s\n", name, strerror(errno));
		return 0;
	}
	return add(gather, name, status.st_mode & 0777, bytes, (size_t)length);
}

static int take_pattern(struct gather *gather, const char *pattern, bool content)
{
	char whole[PATH_MAX + 256];
	glob_t found = { 0 };
	int status = 0;

	snprintf(whole, sizeof whole, "%s/%s", gather->prefix, pattern);
	if (glob(whole, GLOB_BRACE | GLOB_NOSORT, NULL, &found) == 0)
		for (size_t i = 0; status == 0 && i < found.gl_pathc; i++)
			status = take(gather, found.gl_pathv[i], content);
	globfree(&found);
	return status;
}

static int add_json(struct gather *gather, const char *name, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
	int status = text ? add(gather, name, 0644, text, strlen(text))
			  : pc_fail(&gather->error, ENOMEM, "%s: %s", name, strerror(ENOMEM));

	free(text);
	json_decref(object);
	return status;
}

static void note_finding(const struct pc_doctor_finding *finding, void *arg)
{
	json_array_append_new(arg, json_pack("{s:s, s:s, s:s, s:s}", "check", finding->check, "level",
		pc_doctor_level_name(finding->level), "text", finding->text, "mend", finding->mend));
}

static int add_doctor(struct gather *gather)
{
	const struct pmctl *pmctl = gather->pmctl;
	const struct pc_doctor_config config = {
		.backend = pmctl->backend, .root = pmctl->root, .site_path = pmctl->config,
	};
	json_t *findings = json_array();

	if (pc_doctor_run(&config, note_finding, findings, &gather->error) < 0) {
		json_decref(findings);
		return -1;
	}
	return add_json(gather, "phasecap/doctor.json", findings);
}

static int add_show(struct gather *gather)
{
	struct pc_power *power = pmctl_open(gather->pmctl);
	int status;

	/* What cannot be opened is a finding of the doctor's. */
	if (!power)
		return 0;
	status = add_json(gather, "phasecap/show.json", pmctl_json_show(gather->pmctl, power));
	pc_power_close(power);
	return status;
}

static int take_all(struct gather *gather)
{
	int status = 0;

	for (unsigned i = 0; status == 0 && i < sizeof patterns / sizeof *patterns; i++)
		status = take_pattern(gather, patterns[i], true);
	for (unsigned i = 0; status == 0 && i < sizeof presences / sizeof *presences; i++)
		status = take_pattern(gather, presences[i], false);
	if (status == 0)
		status = add_json(gather, "phasecap/versions.json", pmctl_json_versions());
	if (status == 0)
		status = add_doctor(gather);
	return status == 0 ? add_show(gather) : status;
}

static int gather_into(struct gather *gather)
{
	char *text = NULL;
	size_t length = 0;
	int status = -1;

	gather->missed = open_memstream(&text, &length);
	if (!gather->missed)
		return pc_fail(&gather->error, errno, "gather: %s", strerror(errno));
	status = take_all(gather);
	fclose(gather->missed);
	if (status == 0)
		status = add(gather, "phasecap/unreadable.txt", 0644, text, length);
	free(text);
	return status;
}

static int tell(const struct gather *gather, const char *path)
{
	if (gather->pmctl->json)
		return pmctl_json_print(json_pack("{s:s, s:i}", "path", path, "files", (int)gather->files));
	printf("%s: %u files; look through it before you send it\n", path, gather->files);
	return PMCTL_OK;
}

static int run(struct pmctl *pmctl, char **operand)
{
	struct gather gather = { .pmctl = pmctl };
	const char *root = pmctl->root ? pmctl->root : "/";
	int status;

	snprintf(gather.prefix, sizeof gather.prefix, "%s", root);
	while (*gather.prefix && gather.prefix[strlen(gather.prefix) - 1] == '/')
		gather.prefix[strlen(gather.prefix) - 1] = '\0';
	if (pmctl->dry_run) {
		printf("would gather this node into %s\n", operand[0]);
		return PMCTL_OK;
	}
	if (archive_open(&gather.archive, operand[0], &gather.error) < 0)
		return pmctl_error("%s", gather.error.text);
	status = gather_into(&gather);
	if (archive_close(&gather.archive, status < 0 ? NULL : &gather.error) < 0)
		status = -1;
	return status < 0 ? pmctl_error("%s", gather.error.text) : tell(&gather, operand[0]);
}

const struct pmctl_command pmctl_gather = {
	.name = "gather", .operands = "DIR|FILE.tar", .least = 1, .most = 1, .writes = true, .run = run,
	.summary = "Pack what a bug report about this node needs, and what --root can replay.",
	.details = "Takes cpuinfo, the topology in sysfs, the powercap tree, which devices there are and their\n"
		   "modes, allowlists, and what doctor and show say. No host name, user or serial number.",
};

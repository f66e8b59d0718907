/* SPDX-License-Identifier: BSD-3-Clause */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor_state.h"
#include "msr_driver.h"
#include "sysfs.h"

#define SLURP_MAX 65536

const char *pc_doctor_level_name(enum pc_doctor_level level)
{
	static const char *const name[] = {
		[PC_DOCTOR_OK] = "ok", [PC_DOCTOR_NOTE] = "note",
		[PC_DOCTOR_WARNING] = "warning", [PC_DOCTOR_PROBLEM] = "problem",
	};

	return name[level];
}

void doctor_say(struct doctor *doctor, const char *check, enum pc_doctor_level level, const char *mend,
		const char *format, ...)
{
	struct pc_doctor_finding finding = { .check = check, .level = level };
	va_list args;

	va_start(args, format);
	vsnprintf(finding.text, sizeof finding.text, format, args);
	va_end(args);
	snprintf(finding.mend, sizeof finding.mend, "%s", mend ? mend : "");
	if (level > doctor->worst)
		doctor->worst = level;
	doctor->visit(&finding, doctor->arg);
}

const char *doctor_mend(const char *format, ...)
{
	static _Thread_local char text[384];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return text;
}

enum pc_doctor_level doctor_unless_limited(const struct doctor *doctor, enum pc_doctor_level level)
{
	return doctor->can_limit || doctor->list_hides ? PC_DOCTOR_NOTE : level;
}

bool doctor_exists(const struct doctor *doctor, const char *path)
{
	return faccessat(doctor->root, path, F_OK, 0) == 0;
}

char *doctor_slurp(int directory, const char *path)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = fd < 0 ? NULL : malloc(SLURP_MAX + 1);
	size_t length = 0;
	ssize_t got = 0;

	while (text && length < SLURP_MAX && (got = read(fd, text + length, SLURP_MAX - length)) > 0)
		length += (size_t)got;
	if (fd >= 0)
		close(fd);
	if (got < 0) {
		free(text);
		return NULL;
	}
	if (text)
		text[length] = '\0';
	return text;
}

/* --- what every check needs --------------------------------------------------- */

static void load_site(struct doctor *doctor)
{
	const struct pc_doctor_config *config = doctor->config;

	pc_site_defaults(&doctor->site);
	if (doctor->recorded && !config->site_path)
		return;
	doctor->site_broken = pc_site_load(&doctor->site, config->site_path, &doctor->site_error) < 0;
}

static const char *backend_of(const struct doctor *doctor)
{
	if (doctor->config->backend)
		return doctor->config->backend;
	return doctor->site.backend[0] ? doctor->site.backend : "auto";
}

static bool has_limit(const struct pc_power *power)
{
	for (unsigned i = 0; i < pc_power_package_count(power); i++)
		if (pc_power_domain(power, i, PC_PACKAGE)->has_limit)
			return true;
	return false;
}

/* Whatever the back end is: a user who may not replace the list does not get as far as msr-safe's. */
static bool is_list_empty(const struct doctor *doctor)
{
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	struct pc_msr_place place;
	struct pc_error error;
	bool empty = pc_msr_place(&place, doctor->config->root, &pc_msr_kernel, &error) == 0 &&
		     pc_msrsafe_list_read(&place, &list, &error) == 0 && !list.count;

	pc_allowlist_free(&list);
	return empty;
}

static void open_power(struct doctor *doctor)
{
	const char *spec = backend_of(doctor);
	const struct pc_power_config config = { .backend = spec, .root = doctor->config->root };

	doctor->simulated = !strncmp(spec, "sim:", 4);
	if (pc_power_open(&doctor->power, &config, NULL, 0, NULL, &doctor->power_error) < 0)
		doctor->power = NULL;
	doctor->can_limit = doctor->power && has_limit(doctor->power);
	doctor->list_hides = !doctor->simulated && !doctor->can_limit && is_list_empty(doctor);
}

int pc_doctor_run(const struct pc_doctor_config *config, pc_doctor_visit *visit, void *arg,
		  struct pc_error *error)
{
	struct doctor doctor = { .config = config, .visit = visit, .arg = arg };

	doctor.root = pc_sysfs_root(config->root, error);
	if (doctor.root < 0)
		return -1;
	doctor.recorded = config->root && strcmp(config->root, "/");
	load_site(&doctor);
	open_power(&doctor);
	if (doctor.simulated) {
		doctor_say(&doctor, "machine", PC_DOCTOR_NOTE, NULL,
			   "the node is simulated: the machine's own registers, drivers and devices were not looked at");
	} else {
		doctor_look_at_machine(&doctor);
		doctor_look_at_access(&doctor);
	}
	doctor_look_at_node(&doctor);
	doctor_look_at_site(&doctor);
	doctor_look_at_slurm(&doctor);
	pc_power_close(doctor.power);
	close(doctor.root);
	return (int)doctor.worst;
}

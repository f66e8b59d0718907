/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may do what with msr-safe's devices: too little for this user, or too much for others. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor_state.h"

/*
 * Reading permission on the batch device is enough to write registers (msr-safe,
 * msr_batch.c checks FMODE_READ only), so "others" must not have it.
 */
static void look_at_batch(struct doctor *doctor)
{
	static const char path[] = "dev/cpu/msr_batch";
	struct stat status;

	if (fstatat(doctor->root, path, &status, 0) < 0)
		return;
	if (status.st_mode & S_IROTH)
		doctor_say(doctor, "devices", PC_DOCTOR_WARNING, doctor_mend("chmod o-rwx /%s", path),
			   "/%s is open to everybody (mode %04o), and who may read it may write every register that the list allows",
			   path, (unsigned)status.st_mode & 07777);
	if (!doctor->recorded && faccessat(doctor->root, path, R_OK, AT_EACCESS) < 0)
		doctor_say(doctor, "devices", PC_DOCTOR_PROBLEM,
			   doctor_mend("setfacl -m u:%u:r /%s (for a job the prolog does it), or run as root",
				       (unsigned)geteuid(), path),
			   "/%s: %s for user %u (mode %04o, owner %u:%u)", path, strerror(errno), (unsigned)geteuid(),
			   (unsigned)status.st_mode & 07777, (unsigned)status.st_uid, (unsigned)status.st_gid);
	else
		doctor_say(doctor, "devices", PC_DOCTOR_OK, NULL, "/%s can be opened (mode %04o)", path,
			   (unsigned)status.st_mode & 07777);
}

/* msr-safe's own packaging lets the devices' group write the list; its authors leave that
 * to sites (msr-safe issue 8). */
static void look_at_list_device(struct doctor *doctor, const char *path)
{
	struct stat status;

	if (fstatat(doctor->root, path, &status, 0) < 0)
		return;
	if (status.st_mode & S_IWOTH)
		doctor_say(doctor, "devices", PC_DOCTOR_PROBLEM, doctor_mend("chmod o-w /%s", path),
			   "everybody may replace the allowlist: /%s has mode %04o", path,
			   (unsigned)status.st_mode & 07777);
	else if (status.st_mode & S_IWGRP && status.st_gid)
		doctor_say(doctor, "devices", PC_DOCTOR_WARNING, doctor_mend("chmod g-w /%s", path),
			   "every member of group %u may replace the allowlist: /%s has mode %04o",
			   (unsigned)status.st_gid, path, (unsigned)status.st_mode & 07777);
}

void doctor_look_at_access(struct doctor *doctor)
{
	look_at_batch(doctor);
	look_at_list_device(doctor, "dev/cpu/msr_allowlist");
	look_at_list_device(doctor, "dev/cpu/msr_whitelist");
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <sys/utsname.h>

#include <hwloc.h>

#ifdef PMCTL_SLURM
/* The plugin loads into this major release of Slurm only (spank(7)), so a bug
 * report must say which one it was built for. */
#include <slurm/slurm_version.h>
#endif

#include "pmctl.h"

#ifdef PMCTL_SLURM
static void slurm_version(char text[32])
{
	snprintf(text, 32, "%d.%02d.%d", SLURM_VERSION_MAJOR(SLURM_VERSION_NUMBER),
		 SLURM_VERSION_MINOR(SLURM_VERSION_NUMBER), SLURM_VERSION_MICRO(SLURM_VERSION_NUMBER));
}
#else
static void slurm_version(char text[32])
{
	snprintf(text, 32, "none");
}
#endif

static void hwloc_version(char text[32])
{
	unsigned version = hwloc_get_api_version();

	snprintf(text, 32, "%u.%u.%u", version >> 16, (version >> 8) & 0xff, version & 0xff);
}

void pmctl_print_version(FILE *out)
{
	char slurm[32], hwloc[32];

	slurm_version(slurm);
	hwloc_version(hwloc);
	fprintf(out, "pmctl (%s) %s\nbuilt for Slurm %s; hwloc %s, jansson %s\n",
		PACKAGE_NAME, PACKAGE_VERSION, slurm, hwloc, JANSSON_VERSION);
}

json_t *pmctl_json_versions(void)
{
	char slurm[32], hwloc[32];
	struct utsname kernel;

	slurm_version(slurm);
	hwloc_version(hwloc);
	uname(&kernel);
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "phasecap", PACKAGE_VERSION, "slurm", slurm,
			 "hwloc", hwloc, "jansson", JANSSON_VERSION, "kernel", kernel.release);
}

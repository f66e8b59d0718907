/* SPDX-License-Identifier: BSD-3-Clause */

/* What the process knows from its surroundings, and what it says to them. */

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core.h"

const char *pc_core_variable(const char *name)
{
	const char *value = secure_getenv(name);

	return value && *value ? value : NULL;
}

/* A rank's number on its node, as launchers say it; -1: none does.  mpirun inside an
 * allocation inherits its daemon's SLURM_LOCALID, so Slurm's comes last. */
int pc_core_launcher_rank(void)
{
	static const char *const variable[] = { "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID" };

	for (unsigned i = 0; i < sizeof variable / sizeof *variable; i++) {
		const char *text = secure_getenv(variable[i]);
		char *end;
		long rank = text ? strtol(text, &end, 10) : -1;

		if (text && end != text && !*end && rank >= 0 && rank < PC_SEGMENT_RANKS_MAX)
			return (int)rank;
	}
	return -1;
}

/* True for the one process per node that may say this, and only once. */
static bool may_say(enum pc_said what)
{
	static _Atomic uint32_t said;

	if (pc_core.segment && !pc_core.own)
		return pc_segment_say(pc_core.segment, what);
	return pc_core_launcher_rank() <= 0 && !(atomic_fetch_or(&said, (uint32_t)what) & (uint32_t)what);
}

void pc_core_say(enum pc_said what, const char *format, ...)
{
	char text[1200];
	va_list args;
	int saved = errno;

	if (!may_say(what))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "phasecap: %s\n", text);
	errno = saved;
}

void pc_core_give_up(const struct pc_error *error)
{
	pc_core_say(PC_SAID_PLACE, "this run is not measured: %s", error->text);
	atomic_store(&pc_core.state, PC_CORE_OFF);
}

/* The node module lies beside this library. */
int pc_core_load_node(struct pc_error *error)
{
	char path[PATH_MAX];
	const char *slash;
	Dl_info here;
	void *module;

	if (pc_core.node)
		return 0;
	if (!dladdr(&pc_core, &here) || !(slash = strrchr(here.dli_fname, '/')))
		return pc_fail(error, ENOENT, PC_NODE_MODULE ": its directory cannot be told");
	snprintf(path, sizeof path, "%.*s/" PC_NODE_MODULE, (int)(slash - here.dli_fname), here.dli_fname);
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!module)
		return pc_fail(error, ENOENT, "%s", dlerror());
	pc_core.node = dlsym(module, PC_NODE_SYMBOL);
	if (!pc_core.node || pc_core.node->version != PC_SEGMENT_VERSION) {
		pc_core.node = NULL;
		return pc_fail(error, EPROTONOSUPPORT, "%s: of another release than libpm_phase; "
			       "install both from the same one", path);
	}
	return 0;
}

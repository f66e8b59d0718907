/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A user's own plugin, loaded by a plugstack file of the user's: it goes by the name of ours,
 * checks nothing, and hands the prolog and the steps whatever bytes --power-cap was given.
 */
#include <stdint.h>

#include <slurm/spank.h>

SPANK_PLUGIN(phasecap, 1)

static int take_anything(int which, const char *value, int remote)
{
	(void)which;
	(void)value;
	(void)remote;
	return 0;
}

static struct spank_option option = {
	.name = "power-cap", .arginfo = "bytes", .usage = "anything", .has_arg = 1, .cb = take_anything,
};

int slurm_spank_init(spank_t spank, int count, char *argument[])
{
	(void)count;
	(void)argument;
	return spank_option_register(spank, &option) == ESPANK_SUCCESS ? 0 : -1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* sim_poke PATH PACKAGE MSR VALUE: what firmware could have left in a simulated node's register. */
#include <stdio.h>
#include <stdlib.h>

#include "sim.h"

int main(int argc, char **argv)
{
	struct pc_error error = { "usage: sim_poke PATH PACKAGE MSR VALUE" };
	struct pc_sim *sim = NULL;
	int status = argc == 5 ? pc_sim_attach(&sim, argv[1], &error) : -1;

	if (status == 0)
		status = pc_sim_poke(sim, (unsigned)strtoul(argv[2], NULL, 0), (uint32_t)strtoul(argv[3], NULL, 0),
				     strtoull(argv[4], NULL, 0), &error);
	pc_sim_detach(sim);
	if (status < 0)
		fprintf(stderr, "sim_poke: %s\n", error.text);
	return status < 0;
}

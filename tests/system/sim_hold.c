/* SPDX-License-Identifier: BSD-3-Clause */
/* Hardware that does not answer: holds the lock of the simulated node PATH until it is killed. */
#include <stdio.h>
#include <unistd.h>

#include "sim_internal.h"

int main(int argc, char **argv)
{
	struct pc_error error;
	struct pc_sim *sim;

	if (argc != 2)
		return 2;
	if (pc_sim_attach(&sim, argv[1], &error) || sim_lock(sim, &error)) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	puts("held");
	fflush(stdout);
	for (;;)
		pause();
}

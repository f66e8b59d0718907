/* SPDX-License-Identifier: BSD-3-Clause */
/* new_segment DIRECTORY NAME RANKS PACKAGES BACKEND [CAP_W LIMIT_W]: a step's segment, as root makes
 * it before the step's ranks start. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "segment.h"

int main(int argc, char **argv)
{
	struct pc_decision decision = { .job = 41, .policy = "monitor" };
	struct pc_segment_config config = { .job = 41, .step = 2, .node_name = "node0", .decision = &decision };
	struct pc_error error = { "usage: new_segment DIRECTORY NAME RANKS PACKAGES BACKEND [CAP_W LIMIT_W]" };
	int directory = argc == 6 || argc == 8 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;

	if (directory < 0)
		goto fail;
	config.ranks = (unsigned)atoi(argv[3]);
	decision.package_count = (unsigned)atoi(argv[4]);
	snprintf(decision.backend, sizeof decision.backend, "%s", argv[5]);
	if (argc == 8) {
		snprintf(decision.policy, sizeof decision.policy, "static");
		decision.cap_uw = strtoull(argv[6], NULL, 10) * 1000000;
		for (unsigned i = 0; i < decision.package_count && i < PC_MAX_PACKAGES; i++)
			decision.package_limit_uw[i] = strtoull(argv[7], NULL, 10) * 1000000;
	}
	if (pc_segment_create(directory, argv[2], getuid(), &config, &error))
		goto fail;
	close(directory);
	return 0;
fail:
	fprintf(stderr, "new_segment: %s\n", error.text);
	return 1;
}

/* SPDX-License-Identifier: BSD-3-Clause */

/* The node module's table, and a rank's seat in the simulated node. */

#include "node.h"

#include <errno.h>
#include <stdlib.h>

#include "leader.h"
#include "report.h"
#include "sim.h"

struct pc_plant_seat {
	struct pc_sim *sim;
	struct pc_sim_rank *rank;
};

static void rise(struct pc_plant_seat *seat)
{
	pc_sim_rank_leave(seat->rank);
	pc_sim_detach(seat->sim);
	free(seat);
}

static int sit(struct pc_plant_seat **result, const char *path, unsigned rank, unsigned ranks, struct pc_error *error)
{
	struct pc_plant_seat *seat = calloc(1, sizeof *seat);

	if (!seat)
		return pc_fail(error, ENOMEM, "no memory");
	if (pc_sim_attach(&seat->sim, path, error) || pc_sim_rank_join(seat->sim, rank, ranks, &seat->rank, error)) {
		rise(seat);
		return -1;
	}
	*result = seat;
	return 0;
}

static void work(struct pc_plant_seat *seat, const char *phase)
{
	pc_sim_rank_switch(seat->rank, phase);
}

extern __attribute__((visibility("default"))) const struct pc_node_ops pm_phase_node_ops;
const struct pc_node_ops pm_phase_node_ops = {
	.version = PC_SEGMENT_VERSION,
	.decide = pc_node_decide,
	.map = pc_node_map,
	.lead = pc_leader_lead,
	.sample = pc_leader_sample,
	.retire = pc_leader_retire,
	.sit = sit,
	.work = work,
	.rise = rise,
	.report_node = pc_report_node_text,
	.report_step = pc_report_step_file,
};

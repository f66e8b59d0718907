/* SPDX-License-Identifier: BSD-3-Clause */

/* One node's part of the report, out of its segment. */

#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BOUNDARIES_PER_MEASURED 64 /* runtime/phase.c times one boundary in so many */

struct times {
	uint64_t count, time, mpi;
	uint64_t inclusive;      /* time, children included */
	uint64_t most;           /* the largest inclusive time of one rank */
};

struct share {
	uint64_t package, dram, allowed, time;
};

/* What a package spent in each phase itself, and with its children. */
struct shares {
	struct share own[PC_PHASE_MAX], inclusive[PC_PHASE_MAX];
};

/* Phases of one name below one parent are one phase, whichever index wrote them. */
struct tree {
	unsigned count;
	uint32_t same[PC_PHASE_MAX];     /* the first phase of the same path */
	uint32_t parent[PC_PHASE_MAX];
	struct times times[PC_PHASE_MAX];
	struct shares shares[];          /* by package */
};

static json_t *figure(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *figure_or_null(int known, uint64_t value)
{
	return known ? figure(value) : json_null();
}

static uint64_t rate_uw(uint64_t uj, uint64_t ns)
{
	return ns ? (uint64_t)((unsigned __int128)uj * 1000000000u / ns) : 0;
}

static size_t name_length(const struct pc_segment *segment, uint32_t phase)
{
	return strnlen(segment->phase[phase].name, PC_PHASE_NAME_MAX);
}

static int same_name(const struct pc_segment *segment, uint32_t a, uint32_t b)
{
	size_t length = name_length(segment, a);

	return length == name_length(segment, b) &&
	       !memcmp(segment->phase[a].name, segment->phase[b].name, length);
}

static void read_tree(struct tree *tree, const struct pc_segment *segment)
{
	tree->count = pc_segment_phase_count(segment);
	for (uint32_t i = 0; i < tree->count; i++) {
		tree->same[i] = i;
		tree->parent[i] = i ? tree->same[pc_segment_phase_parent(segment, i)] : 0;
		for (uint32_t j = 1; i && j < i; j++)
			if (tree->parent[j] == tree->parent[i] && same_name(segment, i, j)) {
				tree->same[i] = tree->same[j];
				break;
			}
	}
}

static void read_lane(struct tree *tree, const struct pc_lane *lane)
{
	uint64_t inclusive[PC_PHASE_MAX] = { 0 };
	int first = atomic_load(&lane->thread) == 0;

	/* Children come after their parents, so going down hands every sum upward. */
	for (uint32_t i = tree->count; i-- > 0;) {
		struct times *times = &tree->times[tree->same[i]];
		uint64_t time = atomic_load(&lane->time[i].time_ns);

		/* What further threads do outside phases is no rank's time. */
		if (i == PC_PHASE_ROOT && !first)
			time = 0;
		times->count += atomic_load(&lane->time[i].count);
		times->time += time;
		times->mpi += first || i ? atomic_load(&lane->time[i].mpi_ns) : 0;
		inclusive[i] += time;
		if (tree->same[i] != i) {
			inclusive[tree->same[i]] += inclusive[i];
			continue;
		}
		times->inclusive += inclusive[i];
		if (inclusive[i] > times->most)
			times->most = inclusive[i];
		if (i != PC_PHASE_ROOT)
			inclusive[tree->parent[i]] += inclusive[i];
	}
}

static json_t *path_of(const struct pc_segment *segment, const struct tree *tree, uint32_t phase)
{
	json_t *path = json_array();
	char name[4 * PC_PHASE_NAME_MAX + 1];

	for (; phase != PC_PHASE_ROOT; phase = tree->parent[phase]) {
		pc_report_name(segment->phase[phase].name, name_length(segment, phase), name);
		json_array_insert_new(path, 0, json_string(name));
	}
	return path;
}

static void add_share(struct share *to, const struct share *from)
{
	to->package += from->package;
	to->dram += from->dram;
	to->allowed += from->allowed;
	to->time += from->time;
}

static void read_package(struct tree *tree, const struct pc_package_record *record, struct shares *shares)
{
	for (uint32_t i = tree->count; i-- > 0;) {
		const struct pc_package_share *at = &record->share[i];
		const struct share own = { atomic_load(&at->package_uj), atomic_load(&at->dram_uj),
					   atomic_load(&at->allowed_uj), atomic_load(&at->time_ns) };

		add_share(&shares->own[tree->same[i]], &own);
		add_share(&shares->inclusive[i], &own);
		if (i != PC_PHASE_ROOT)
			add_share(&shares->inclusive[tree->same[i] != i ? tree->same[i] : tree->parent[i]],
				  &shares->inclusive[i]);
	}
}

static unsigned known(const struct pc_package_record *record)
{
	return atomic_load(&record->energy_known);
}

static json_t *phase_package(const struct pc_segment *segment, const struct tree *tree, uint32_t phase,
			     unsigned package)
{
	const struct pc_package_record *record = pc_segment_package(segment, package);
	struct share own = tree->shares[package].own[phase];
	struct share all = tree->shares[package].inclusive[phase];
	unsigned energy = known(record);

	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "package", (int)package,
			 "package_time_ns", figure(own.time),
			 "allowed_uj", figure_or_null(own.allowed || !own.time, own.allowed),
			 "package_uj", figure_or_null(energy & 1, own.package),
			 "dram_uj", figure_or_null(energy & 2, own.dram),
			 "inclusive_package_uj", figure_or_null(energy & 1, all.package),
			 "inclusive_dram_uj", figure_or_null(energy & 2, all.dram),
			 "package_uw", figure_or_null(energy & 1 && own.time, rate_uw(own.package, own.time)),
			 "dram_uw", figure_or_null(energy & 2 && own.time, rate_uw(own.dram, own.time)),
			 "limit_uw", figure_or_null(own.allowed && own.time, rate_uw(own.allowed, own.time)));
}

static json_t *phase_part(const struct pc_segment *segment, const struct tree *tree, uint32_t phase)
{
	const struct times *times = &tree->times[phase];
	json_t *packages = json_array();

	for (unsigned i = 0; i < segment->packages; i++)
		json_array_append_new(packages, phase_package(segment, tree, phase, i));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "path", path_of(segment, tree, phase),
			 "count", figure(times->count), "time_ns", figure(times->time),
			 "mpi_ns", figure(times->mpi), "inclusive_time_ns", figure(times->inclusive),
			 "inclusive_time_max_ns", figure(times->most), "packages", packages);
}

static json_t *phases_part(const struct pc_segment *segment, const struct tree *tree)
{
	json_t *phases = json_array();

	for (uint32_t i = 0; i < tree->count; i++)
		if (tree->same[i] == i && (i == PC_PHASE_ROOT || tree->times[i].inclusive || tree->times[i].count))
			json_array_append_new(phases, phase_part(segment, tree, i));
	return phases;
}

static json_t *package_part(const struct pc_segment *segment, unsigned package)
{
	const struct pc_package_record *record = pc_segment_package(segment, package);
	uint64_t observed = atomic_load(&record->observed_ns);
	uint64_t limit = atomic_load(&record->limit_uw), dram_limit = atomic_load(&record->dram_limit_uw);
	uint64_t joules = atomic_load(&record->package_uj), dram = atomic_load(&record->dram_uj);
	unsigned energy = known(record);

	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "package", (int)package, "observed_ns", figure(observed),
			 "package_uj", figure_or_null(energy & 1, joules),
			 "dram_uj", figure_or_null(energy & 2, dram),
			 "package_uw", figure_or_null(energy & 1 && observed, rate_uw(joules, observed)),
			 "dram_uw", figure_or_null(energy & 2 && observed, rate_uw(dram, observed)),
			 "limit_uw", figure_or_null(limit != 0, limit),
			 "dram_limit_uw", figure_or_null(dram_limit != 0, dram_limit),
			 "dram_reserve_uw", figure(segment->reserve_uw[package]),
			 "throttled_ns", figure(atomic_load(&record->throttled_ns)),
			 "samples", figure(atomic_load(&record->samples)),
			 "failed_samples", figure(atomic_load(&record->failures)),
			 "wrap_uncertain", figure(atomic_load(&record->uncertain)),
			 "limit_writes", figure(atomic_load(&record->writes)));
}

static json_t *overhead_part(const struct pc_segment *segment)
{
	uint64_t boundaries = 0, boundary_ns = 0, batches = 0, batch_ns = 0, split_ns = 0;

	for (unsigned i = 0; i < segment->lanes; i++) {
		const struct pc_lane *lane = pc_segment_lane(segment, i);

		boundaries += atomic_load(&lane->boundaries);
		boundary_ns += atomic_load(&lane->boundary_ns) * BOUNDARIES_PER_MEASURED;
	}
	for (unsigned i = 0; i < segment->packages; i++) {
		const struct pc_package_record *record = pc_segment_package(segment, i);

		batches += atomic_load(&record->samples) + atomic_load(&record->failures);
		batch_ns += atomic_load(&record->batch_ns);
		split_ns += atomic_load(&record->split_ns);
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o}", "boundaries", figure(boundaries),
			 "boundary_ns", figure(boundary_ns), "batches", figure(batches),
			 "batch_ns", figure(batch_ns), "attribution_ns", figure(split_ns));
}

static json_t *text_part(const char *bytes, size_t size)
{
	char text[4 * 256 + 1];

	pc_report_name(bytes, strnlen(bytes, size), text);
	return json_string(text);
}

static uint64_t elapsed_ns(const struct pc_segment *segment)
{
	uint64_t start = atomic_load(&segment->start_ns), end = atomic_load(&segment->end_ns);

	return start && end > start ? end - start : 0;
}

static unsigned ranks_of(const struct pc_segment *segment)
{
	unsigned ranks = 0;

	for (unsigned i = 0; i < segment->ranks; i++)
		ranks += atomic_load(&pc_segment_lane(segment, i)->state) != PC_LANE_FREE;
	return ranks;
}

static uint64_t iterations_of(const struct pc_segment *segment)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < segment->lanes; i++) {
		uint64_t own = atomic_load(&pc_segment_lane(segment, i)->iterations);

		most = own > most ? own : most;
	}
	return most;
}

static json_t *node_part(const struct pc_segment *segment, const struct tree *tree)
{
	json_t *packages = json_array();

	for (unsigned i = 0; i < segment->packages; i++)
		json_array_append_new(packages, package_part(segment, i));
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o}",
			 "format", PC_REPORT_FORMAT,
			 "node", text_part(segment->node_name, sizeof segment->node_name),
			 "index", figure(segment->node), "job", figure(segment->job), "step", figure(segment->step),
			 "simulated", atomic_load(&segment->simulated) != 0,
			 "backend", text_part(segment->backend, sizeof segment->backend),
			 "policy", text_part(segment->policy, sizeof segment->policy),
			 "cap_uw", figure_or_null(segment->cap_uw != 0, segment->cap_uw),
			 "ranks", (int)ranks_of(segment), "elapsed_ns", figure(elapsed_ns(segment)),
			 "iterations", figure(iterations_of(segment)), "packages", packages,
			 "phases", phases_part(segment, tree), "overhead", overhead_part(segment));
}

json_t *pc_report_node(const struct pc_segment *segment, struct pc_error *error)
{
	struct tree *tree = calloc(1, sizeof *tree + segment->packages * sizeof tree->shares[0]);
	json_t *node = NULL;

	if (tree) {
		read_tree(tree, segment);
		for (unsigned i = 0; i < segment->lanes; i++)
			read_lane(tree, pc_segment_lane(segment, i));
		for (unsigned i = 0; i < segment->packages; i++)
			read_package(tree, pc_segment_package(segment, i), &tree->shares[i]);
		node = node_part(segment, tree);
	}
	free(tree);
	if (!node)
		pc_fail(error, ENOMEM, "report: no memory");
	return node;
}

char *pc_report_node_text(const struct pc_segment *segment, struct pc_error *error)
{
	json_t *node = pc_report_node(segment, error);
	char *text = node ? json_dumps(node, JSON_COMPACT) : NULL;

	if (node && !text)
		pc_fail(error, ENOMEM, "report: no memory");
	json_decref(node);
	return text;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_TEST_SIM_NODE_H
#define PHASECAP_TEST_SIM_NODE_H

/* A simulated node in a directory of the test's own.  Include cmocka.h first. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim.h"

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

enum { REG_UNIT = 0x606, REG_LIMIT = 0x610, REG_ENERGY = 0x611, REG_PERF = 0x613, REG_INFO = 0x614,
       REG_DRAM_LIMIT = 0x618, REG_DRAM_ENERGY = 0x619, REG_DRAM_PERF = 0x61b, REG_DRAM_INFO = 0x61c };

struct node {
	char directory[32];
	char path[64];
	struct pc_sim *sim;      /* NULL until node_make() */
};

static int node_setup(void **state)
{
	struct node *node = calloc(1, sizeof *node);

	if (!node)
		return -1;
	strcpy(node->directory, "/tmp/pc-sim-XXXXXX");
	if (!mkdtemp(node->directory)) {
		free(node);
		return -1;
	}
	snprintf(node->path, sizeof node->path, "%s/node", node->directory);
	*state = node;
	return 0;
}

static int node_teardown(void **state)
{
	struct node *node = *state;

	pc_sim_detach(node->sim);
	unlink(node->path);
	if (rmdir(node->directory) < 0)
		print_error("%s: %s\n", node->directory, strerror(errno));
	free(node);
	return 0;
}

static inline struct pc_sim *node_attach(const struct node *node)
{
	struct pc_sim *sim;
	struct pc_error error;

	if (pc_sim_attach(&sim, node->path, &error) < 0)
		fail_msg("%s", error.text);
	return sim;
}

/* Makes the file and attaches; the clock is manual unless that is what the test is about. */
static inline struct pc_sim *node_make(struct node *node, struct pc_sim_config config)
{
	struct pc_error error;

	if (pc_sim_create(node->path, &config, &error) < 0)
		fail_msg("%s", error.text);
	node->sim = node_attach(node);
	return node->sim;
}

static inline struct pc_sim *node_make_manual(struct node *node)
{
	return node_make(node, (struct pc_sim_config){ .manual_clock = true });
}

static inline uint64_t peek(struct pc_sim *sim, unsigned package, uint32_t msr)
{
	struct pc_error error;
	uint64_t value;

	if (pc_sim_peek(sim, package, msr, &value, &error) < 0)
		fail_msg("%s", error.text);
	return value;
}

static inline void poke(struct pc_sim *sim, unsigned package, uint32_t msr, uint64_t value)
{
	struct pc_error error;

	if (pc_sim_poke(sim, package, msr, value, &error) < 0)
		fail_msg("%s", error.text);
}

static inline struct pc_rapl_units node_units(const struct pc_sim *sim)
{
	struct pc_rapl_units units;
	struct pc_error error;

	if (pc_cpu_model_units(pc_sim_model(sim), 0xA0E03, &units, &error) < 0)
		fail_msg("%s", error.text);
	return units;
}

/* Sets limit `which` of a domain from outside; 0 W switches it off. */
static inline void set_limit(struct pc_sim *sim, unsigned package, enum pc_domain domain, unsigned which,
			     uint64_t watts, uint64_t window_us)
{
	uint32_t msr = domain == PC_DRAM ? REG_DRAM_LIMIT : REG_LIMIT;
	struct pc_rapl_units units = node_units(sim);
	struct pc_limit limit = {
		.limit_uw = watts * 1000000, .window_us = window_us, .enabled = watts != 0, .clamped = true
	};
	uint64_t raw = peek(sim, package, msr);
	struct pc_error error;

	if (pc_limit_encode(pc_sim_model(sim)->limit[domain], &units, which, &limit, &raw, &error) < 0)
		fail_msg("%s", error.text);
	poke(sim, package, msr, raw);
}

static inline struct pc_limits get_limits(struct pc_sim *sim, unsigned package, enum pc_domain domain)
{
	struct pc_rapl_units units = node_units(sim);

	return pc_limits_decode(pc_sim_model(sim)->limit[domain], &units,
				peek(sim, package, domain == PC_DRAM ? REG_DRAM_LIMIT : REG_LIMIT));
}

static inline struct pc_sim_rank *node_join(struct pc_sim *sim, unsigned local_rank, unsigned local_size)
{
	struct pc_sim_rank *rank;
	struct pc_error error;

	if (pc_sim_rank_join(sim, local_rank, local_size, &rank, &error) < 0)
		fail_msg("%s", error.text);
	return rank;
}

/* Mean power over a span of the manual clock. */
static inline double mean_watts(struct pc_sim *sim, unsigned package, enum pc_domain domain, uint64_t ns)
{
	uint64_t before = pc_sim_true_energy_uj(sim, package, domain);

	pc_sim_advance(sim, ns);
	return (double)(pc_sim_true_energy_uj(sim, package, domain) - before) * 1e3 / (double)ns;
}

static inline void assert_watts(double value, double expected, double within)
{
	if (value < expected - within || value > expected + within)
		fail_msg("%.3f W is not %.3f W +- %.3f W", value, expected, within);
}

static inline void assert_says(const struct pc_error *error, const char *part)
{
	if (!strstr(error->text, part))
		fail_msg("\"%s\" does not say \"%s\"", error->text, part);
}

#endif

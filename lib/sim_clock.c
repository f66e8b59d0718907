/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "sim_internal.h"

#define ELSEWHERE 0.6            /* what another owner leaves of the limit */
#define SHORT_WINDOW_S 0.01

#define SLICE_NS INT64_C(20000000)

/* --- the lock --------------------------------------------------------------- */

static void reap_when_due(struct pc_sim *sim)
{
	uint64_t now = sim_now_ns(sim);

	if (now < sim->file->reap_ns)
		return;
	sim->file->reap_ns = now + 1000 * SIM_TICK_NS;
	sim_reap_ranks(sim);
}

/*
 * In slices: a waiter that is killed just when it was woken takes the wake with it, and
 * the others would sleep beside a free lock until their time is up.
 */
static int wait_turn(struct pc_sim *sim)
{
	int64_t now = sim_monotonic_ns(), end = now + sim->lock_seconds * INT64_C(1000000000);
	int code;

	do {
		int64_t until = now + SLICE_NS < end ? now + SLICE_NS : end;
		struct timespec slice = { .tv_sec = until / 1000000000, .tv_nsec = until % 1000000000 };

		code = pthread_mutex_clocklock(&sim->file->lock, CLOCK_MONOTONIC, &slice);
		now = sim_monotonic_ns();
	} while (code == ETIMEDOUT && now < end);
	return code;
}

int sim_lock(struct pc_sim *sim, struct pc_error *error)
{
	int code = wait_turn(sim);

	if (code == EOWNERDEAD)
		code = pthread_mutex_consistent(&sim->file->lock);
	if (code)
		return pc_fail(error, code, "simulated node %s: no turn within %u s (%s): a process that "
			       "uses it is stopped; continue or end it, or make the node again", sim->path,
			       sim->lock_seconds, strerror(code));
	reap_when_due(sim);
	return 0;
}

void sim_unlock(struct pc_sim *sim)
{
	int code = errno;

	pthread_mutex_unlock(&sim->file->lock);
	errno = code;
}

int64_t sim_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

uint64_t sim_now_ns(const struct pc_sim *sim)
{
	int64_t ns;

	if (sim->manual_clock)
		return sim->file->manual_ns;
	ns = sim_monotonic_ns() - sim->file->epoch_ns;
	return ns > 0 ? (uint64_t)ns : 0;
}

/* --- one package's state ---------------------------------------------------- */

const struct sim_state *sim_state(const struct pc_sim *sim, unsigned package)
{
	const struct sim_package *p = &sim->file->package[package];

	return &p->state[p->current & 1];
}

struct sim_state *sim_edit(struct pc_sim *sim, unsigned package)
{
	struct sim_package *p = &sim->file->package[package];
	unsigned current = p->current & 1;

	p->state[!current] = p->state[current];
	return &p->state[!current];
}

void sim_commit(struct pc_sim *sim, unsigned package)
{
	struct sim_package *p = &sim->file->package[package];

	p->current = !(p->current & 1);
}

bool sim_fault(const struct pc_sim *sim, unsigned package, enum pc_domain domain, enum pc_sim_fault fault)
{
	return sim->file->package[package].fault[domain] & 1u << fault;
}

/* --- time ------------------------------------------------------------------- */

/* What acts on a package from its last change until now. */
struct present {
	uint64_t share_ppm[PC_WORK_COUNT];
	double crowd;            /* below 1 where more ranks than cores work */
	struct pc_plant_limits limits;
	bool rapl;               /* a limit in the registers acts, not the thermal design only */
	bool stuck[PC_DOMAIN_COUNT];
};

static void gather_load(const struct pc_sim *sim, unsigned package, struct present *present)
{
	unsigned used = sim->file->rank_high;
	uint64_t sum = 0;

	memset(present->share_ppm, 0, sizeof present->share_ppm);
	for (unsigned i = 0; i < used && i < SIM_RANKS; i++) {
		const struct sim_rank_slot *slot = &sim->file->rank[i];
		uint32_t work = slot->work;

		if (!slot->pid || slot->package != package || work >= PC_WORK_COUNT)
			continue;
		present->share_ppm[work] += slot->share_ppm;
		sum += work == PC_WORK_IDLE ? 0 : slot->share_ppm;
	}
	present->crowd = 1;
	if (sum <= SIM_PPM)
		return;
	present->crowd = (double)SIM_PPM / (double)sum;
	for (unsigned i = 0; i < PC_WORK_COUNT; i++)
		present->share_ppm[i] = present->share_ppm[i] * SIM_PPM / sum;
}

static double watts(const struct pc_limit *limit)
{
	return (double)limit->limit_uw / 1e6;
}

/*
 * A package whose limits are off is still held to its thermal design power
 * (Xeon E5-1600/2600 data sheet vol. 1, 2.5.2.6), which no perf status counts.
 */
static void gather_package_limits(const struct pc_sim *sim, unsigned package, struct present *present)
{
	struct pc_limits set = pc_limits_decode(sim->model->limit[PC_PACKAGE], &sim->units,
						sim_state(sim, package)->limit[PC_PACKAGE]);
	bool obeyed = !sim_fault(sim, package, PC_PACKAGE, PC_SIM_LIMIT_IGNORED);
	struct pc_plant_limits *limits = &present->limits;

	present->rapl = false;
	for (unsigned i = 0; i < 2; i++) {
		bool acts = obeyed && set.limit[i].enabled;

		limits->limit_w[i] = acts ? watts(&set.limit[i]) : i == 0 ? sim->sku->tdp_w : INFINITY;
		limits->window_s[i] = acts ? (double)set.limit[i].window_us / 1e6 : SHORT_WINDOW_S;
		present->rapl |= acts;
	}
	limits->clamped = set.limit[0].clamped || !obeyed;
	if (sim_fault(sim, package, PC_PACKAGE, PC_SIM_LIMITED_ELSEWHERE)) {
		limits->limit_w[1] = fmin(limits->limit_w[1], ELSEWHERE * limits->limit_w[0]);
		limits->window_s[1] = SHORT_WINDOW_S;
	}
}

static void gather_dram_limit(const struct pc_sim *sim, unsigned package, struct present *present)
{
	struct pc_limits set = pc_limits_decode(sim->model->limit[PC_DRAM], &sim->units,
						sim_state(sim, package)->limit[PC_DRAM]);
	bool acts = set.limit[0].enabled && !sim_fault(sim, package, PC_DRAM, PC_SIM_LIMIT_IGNORED);

	present->limits.dram_w = acts ? watts(&set.limit[0]) : INFINITY;
}

static void gather(const struct pc_sim *sim, unsigned package, struct present *present)
{
	gather_load(sim, package, present);
	gather_package_limits(sim, package, present);
	gather_dram_limit(sim, package, present);
	for (unsigned i = 0; i < PC_DOMAIN_COUNT; i++)
		present->stuck[i] = sim_fault(sim, package, i, PC_SIM_COUNTER_STUCK);
}

/* Idling needs no cores, so no crowd slows it. */
static double speed(const struct sim_state *state, const struct present *present, enum pc_plant_work work)
{
	return state->plant.speed[work] * (work == PC_WORK_IDLE ? 1 : present->crowd);
}

static uint64_t worked_ns(const struct sim_state *state, const struct present *present,
			  enum pc_plant_work work, uint64_t ns)
{
	return (uint64_t)llround(speed(state, present, work) * (double)ns);
}

/* Time goes by inside a tick: work is done, the tick's load adds up. */
static void pass(struct sim_state *state, const struct present *present, uint64_t ns)
{
	for (unsigned i = 0; i < PC_WORK_COUNT; i++) {
		state->load_ppm_ns[i] += present->share_ppm[i] * ns;
		state->work_ns[i] += worked_ns(state, present, i, ns);
	}
	state->time_ns += ns;
}

static void flow(struct sim_state *state, const struct present *present, uint64_t ticks)
{
	const struct pc_plant_package *plant = &state->plant;
	double tick_s = (double)SIM_TICK_NS / 1e9;
	uint64_t flowed_nj[PC_DOMAIN_COUNT] = {
		[PC_PACKAGE] = (uint64_t)llround(plant->power_w * tick_s * 1e9),
		[PC_DRAM] = (uint64_t)llround(plant->dram_w * tick_s * 1e9),
	};

	for (unsigned i = 0; i < PC_DOMAIN_COUNT; i++) {
		state->energy_nj[i] += ticks * flowed_nj[i];
		state->counted_nj[i] += present->stuck[i] ? 0 : ticks * flowed_nj[i];
	}
	if (present->rapl && plant->limited)
		state->throttled_ns[PC_PACKAGE] += ticks * SIM_TICK_NS;
	if (plant->dram_limited)
		state->throttled_ns[PC_DRAM] += ticks * SIM_TICK_NS;
}

/* The end of a tick: the controller acts, energy reaches the counters.  False: it has settled. */
static bool tick(const struct pc_sim *sim, struct sim_state *state, const struct present *present)
{
	struct pc_plant_load load;
	double tick_s = (double)SIM_TICK_NS / 1e9;
	bool moves;

	for (unsigned i = 0; i < PC_WORK_COUNT; i++) {
		load.share[i] = (double)state->load_ppm_ns[i] / (double)(SIM_PPM * SIM_TICK_NS);
		state->load_ppm_ns[i] = 0;
	}
	moves = pc_plant_tick(&state->plant, sim->sku, &load, &present->limits, tick_s);
	flow(state, present, 1);
	return moves;
}

/* A settled package under an unchanged load: any number of ticks for the price of one. */
static void repeat(struct sim_state *state, const struct present *present, uint64_t ticks)
{
	for (unsigned i = 0; i < PC_WORK_COUNT; i++)
		state->work_ns[i] += ticks * worked_ns(state, present, i, SIM_TICK_NS);
	pc_plant_repeat(&state->plant, &present->limits, (double)SIM_TICK_NS / 1e9, ticks);
	flow(state, present, ticks);
	state->time_ns += ticks * SIM_TICK_NS;
}

const struct sim_state *sim_advance(struct pc_sim *sim, unsigned package)
{
	uint64_t now = sim_now_ns(sim);
	struct present present;
	struct sim_state *state;

	if (now <= sim_state(sim, package)->time_ns)
		return sim_state(sim, package);
	gather(sim, package, &present);
	state = sim_edit(sim, package);
	while (state->time_ns < now) {
		uint64_t into = state->time_ns % SIM_TICK_NS;
		uint64_t rest = SIM_TICK_NS - into;

		if (now - state->time_ns < rest) {
			pass(state, &present, now - state->time_ns);
			break;
		}
		pass(state, &present, rest);
		if (!tick(sim, state, &present) && into == 0)
			repeat(state, &present, (now - state->time_ns) / SIM_TICK_NS);
	}
	sim_commit(sim, package);
	return sim_state(sim, package);
}

double sim_speed(const struct pc_sim *sim, unsigned package, enum pc_plant_work work)
{
	struct present present;

	gather_load(sim, package, &present);
	return speed(sim_state(sim, package), &present, work);
}

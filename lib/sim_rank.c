/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranks: where they work and what they owe. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sim_internal.h"

/*
 * A debt below LEAST_SLEEP_NS is carried to the next interval, since a sleep
 * costs more than that.  So is what a sleep took too long on a busy host: the plant
 * worked on meanwhile.  The bound is for processes that were stopped.  Sleeps are
 * cut into slices, because the speed may change meanwhile.
 */
#define LEAST_SLEEP_NS INT64_C(20000)
#define MOST_CREDIT_NS INT64_C(20000000)
#define SLICE_NS UINT64_C(10000000)
#define LEAST_SPEED (1.0 / 1024)

struct pc_sim_rank {
	struct pc_sim *sim;
	unsigned slot;
	unsigned package;
	enum pc_plant_work work;
	bool owes;               /* the present interval is work, not waiting */
	uint64_t start_work_ns;  /* the plant's integral when the interval began */
	uint64_t start_cpu_ns;
	int64_t carry_ns;
};

static uint64_t thread_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* --- who lives -------------------------------------------------------------- */

/* State and start time of a process, fields 3 and 22 of proc(5)'s stat; false: /proc does not say. */
static bool process_stat(pid_t pid, char *state, uint64_t *start)
{
	char path[32], text[1024], *end;
	size_t length;
	FILE *stream;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	stream = fopen(path, "re");
	if (!stream)
		return false;
	length = fread(text, 1, sizeof text - 1, stream);
	fclose(stream);
	text[length] = '\0';
	end = strrchr(text, ')');        /* the name before it may hold anything */
	return end && sscanf(end + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			     "%*d %*d %lu", state, start) == 2;
}

static uint64_t pid_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

static bool is_gone(const struct sim_rank_slot *slot)
{
	pid_t pid = slot->pid;
	uint64_t start;
	char state;

	if (kill(pid, 0) < 0 && errno == ESRCH)
		return true;
	if (!process_stat(pid, &state, &start))
		return false;
	return state == 'Z' || state == 'X' || start != slot->pid_start;
}

/* The slots of dead ranks become free.  A pid means nothing in another pid namespace. */
void sim_reap_ranks(struct pc_sim *sim)
{
	unsigned used = sim->file->rank_high;
	uint64_t own = used ? pid_namespace() : 0;

	for (unsigned i = 0; i < used && i < SIM_RANKS; i++) {
		struct sim_rank_slot *slot = &sim->file->rank[i];

		if (!slot->pid || slot->pid_namespace != own || !is_gone(slot))
			continue;
		sim_advance(sim, slot->package % sim->package_count);
		slot->pid = 0;
	}
}

/* --- places ----------------------------------------------------------------- */

static unsigned package_of_rank(unsigned local_rank, unsigned local_size, unsigned packages)
{
	return (unsigned)((uint64_t)local_rank * packages / local_size);
}

static unsigned ranks_on(unsigned package, unsigned local_size, unsigned packages)
{
	unsigned count = 0;

	for (unsigned i = 0; i < local_size; i++)
		count += package_of_rank(i, local_size, packages) == package;
	return count;
}

/* The dead are looked for now and not later where they would slow the newcomer. */
static void make_room(struct pc_sim *sim, unsigned package, unsigned share_ppm)
{
	unsigned used = sim->file->rank_high;
	uint64_t taken_ppm = share_ppm;

	for (unsigned i = 0; i < used && i < SIM_RANKS; i++)
		if (sim->file->rank[i].pid && sim->file->rank[i].package == package)
			taken_ppm += sim->file->rank[i].share_ppm;
	if (taken_ppm > SIM_PPM)
		sim_reap_ranks(sim);
}

static struct sim_rank_slot *free_slot(struct pc_sim *sim)
{
	for (unsigned i = 0; i < SIM_RANKS; i++)
		if (!sim->file->rank[i].pid)
			return &sim->file->rank[i];
	return NULL;
}

static int take_slot(struct pc_sim_rank *rank, unsigned share_ppm, struct pc_error *error)
{
	struct sim_file *file = rank->sim->file;
	struct sim_rank_slot *slot = free_slot(rank->sim);
	uint64_t start = 0;
	char state;

	if (!slot)
		return pc_fail(error, ENOSPC, "simulated node %s: all %d places for ranks are taken; start "
			       "fewer ranks on this node", rank->sim->path, SIM_RANKS);
	(void)!process_stat(getpid(), &state, &start);
	rank->slot = (unsigned)(slot - file->rank);
	slot->work = PC_WORK_SPIN;
	slot->package = rank->package;
	slot->share_ppm = share_ppm;
	slot->pid_start = start;
	slot->pid_namespace = pid_namespace();
	if (file->rank_high <= rank->slot)
		file->rank_high = rank->slot + 1;
	slot->pid = getpid();
	return 0;
}

int pc_sim_rank_join(struct pc_sim *sim, unsigned local_rank, unsigned local_size,
		     struct pc_sim_rank **joined, struct pc_error *error)
{
	struct pc_sim_rank *rank;
	unsigned package, share_ppm;
	int status;

	*joined = NULL;
	if (local_rank >= local_size)
		return pc_fail(error, EINVAL, "simulated node %s: local rank %u of %u: ranks count from 0 to "
			       "size - 1", sim->path, local_rank, local_size);
	rank = calloc(1, sizeof *rank);
	if (!rank)
		return pc_fail(error, ENOMEM, "simulated node %s: no memory for a rank", sim->path);
	package = package_of_rank(local_rank, local_size, sim->package_count);
	share_ppm = (unsigned)SIM_PPM / ranks_on(package, local_size, sim->package_count);
	*rank = (struct pc_sim_rank){ .sim = sim, .package = package, .work = PC_WORK_SPIN };
	status = sim_lock(sim, error);
	if (status == 0) {
		make_room(sim, package, share_ppm);
		sim_advance(sim, package);
		status = take_slot(rank, share_ppm, error);
		sim_unlock(sim);
	}
	if (status < 0)
		free(rank);
	else
		*joined = rank;
	return status;
}

static struct sim_rank_slot *own_slot(const struct pc_sim_rank *rank)
{
	return &rank->sim->file->rank[rank->slot];
}

void pc_sim_rank_leave(struct pc_sim_rank *rank)
{
	int code = errno;

	if (!rank)
		return;
	if (sim_lock(rank->sim, NULL) == 0) {
		sim_advance(rank->sim, rank->package);
		if (own_slot(rank)->pid == getpid())
			own_slot(rank)->pid = 0;
		sim_unlock(rank->sim);
	}
	free(rank);
	errno = code;
}

unsigned pc_sim_rank_package(const struct pc_sim_rank *rank)
{
	return rank->package;
}

/* --- debts ------------------------------------------------------------------ */

static enum pc_plant_work work_of(const struct pc_sim *sim, const char *phase)
{
	const struct sim_file *file = sim->file;

	for (unsigned i = 0; i < file->phase_count && i < SIM_PHASES; i++)
		if (strncmp(file->phase[i].name, phase, SIM_PHASE_NAME) == 0 &&
		    file->phase[i].work < PC_WORK_COUNT)
			return file->phase[i].work;
	return PC_WORK_MIXED;
}

/* What the plant has still to do before the interval is paid; negative: it has done more. */
static int64_t debt_ns(const struct pc_sim_rank *rank, uint64_t owed_ns)
{
	const struct sim_state *state = sim_advance(rank->sim, rank->package);

	return (int64_t)(owed_ns - (state->work_ns[rank->work] - rank->start_work_ns)) + rank->carry_ns;
}

static void begin_interval(struct pc_sim_rank *rank, const char *phase)
{
	rank->owes = phase != NULL;
	rank->work = phase ? work_of(rank->sim, phase) : PC_WORK_SPIN;
	own_slot(rank)->work = rank->work;
	rank->start_work_ns = sim_state(rank->sim, rank->package)->work_ns[rank->work];
}

static uint64_t time_for(const struct pc_sim_rank *rank, int64_t work_ns)
{
	double speed = sim_speed(rank->sim, rank->package, rank->work);
	double ns = (double)work_ns / (speed > LEAST_SPEED ? speed : LEAST_SPEED);

	return ns < (double)SLICE_NS ? (uint64_t)ns + 1 : SLICE_NS;
}

/* Lets time pass; on a manual clock it is the sleeper who moves it. */
static uint64_t sleep_ns(struct pc_sim *sim, uint64_t ns)
{
	struct timespec span = { .tv_nsec = (long)ns };
	int64_t before;

	if (sim->manual_clock) {
		sim->file->manual_ns += ns;
		return ns;
	}
	before = sim_monotonic_ns();
	clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL);
	return (uint64_t)(sim_monotonic_ns() - before);
}

/* What is over when an interval ends: a small debt, or what the last sleep took too long. */
static int64_t carry_over(int64_t debt, bool slept)
{
	if (debt >= 0)
		return debt;
	if (!slept)
		return 0;
	return debt > -MOST_CREDIT_NS ? debt : -MOST_CREDIT_NS;
}

uint64_t sim_rank_switch(struct pc_sim_rank *rank, const char *phase, uint64_t cpu_ns)
{
	uint64_t owed = cpu_ns * rank->sim->file->host_ratio, slept = 0, nap;
	int64_t debt;

	for (;;) {
		if (sim_lock(rank->sim, NULL) < 0)
			return slept;
		debt = debt_ns(rank, owed);
		/* The second condition only bounds the loop: no speed is that low. */
		if (!rank->owes || debt < LEAST_SLEEP_NS || (double)slept * LEAST_SPEED > (double)owed)
			break;
		nap = time_for(rank, debt);
		sim_unlock(rank->sim);
		slept += sleep_ns(rank->sim, nap);
	}
	if (rank->owes)
		rank->carry_ns = carry_over(debt, slept > 0);
	begin_interval(rank, phase);
	sim_unlock(rank->sim);
	return slept;
}

uint64_t pc_sim_rank_switch(struct pc_sim_rank *rank, const char *phase)
{
	uint64_t slept = sim_rank_switch(rank, phase, thread_cpu_ns() - rank->start_cpu_ns);

	rank->start_cpu_ns = thread_cpu_ns();
	return slept;
}

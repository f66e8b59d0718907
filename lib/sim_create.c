/* SPDX-License-Identifier: BSD-3-Clause */
/* Making a simulated node. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim_internal.h"

#define DEFAULT_TOPOLOGY "pack:2 core:2 pu:1"
#define DEFAULT_SKU "sim-skx"
#define MOST_VARIATION 0.3
#define MOST_HOST_RATIO 64u
#define CUT_SIGMA 2.5            /* no chip is sold that is further off */
#define LIMIT2_FACTOR 1.2
#define LIMIT1_WINDOW_US 1000000u
#define LIMIT2_WINDOW_US 10000u

/* --- chance, the same on every host ----------------------------------------- */

/* splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static double next_uniform(uint64_t *state)
{
	return ((double)(next_random(state) >> 11) + 0.5) / 9007199254740992.0;  /* 2^53 */
}

/* Box and Muller's; drawn again beyond the cut. */
static double next_normal(uint64_t *state)
{
	double g;

	do
		g = sqrt(-2 * log(next_uniform(state))) * cos(2 * M_PI * next_uniform(state));
	while (fabs(g) > CUT_SIGMA);
	return g;
}

/* --- the configuration ------------------------------------------------------ */

static int bad_workload(const char *entry, size_t length, const char *why, struct pc_error *error)
{
	return pc_fail(error, EINVAL, "workload \"%.*s\": %s; write PHASE=KIND,... with a kind of dgemm, compute, "
		       "mixed, stream, spin or idle", length < 200 ? (int)length : 200, entry, why);
}

static int add_phase(struct sim_file *file, const char *entry, size_t length, struct pc_error *error)
{
	const char *equals = memchr(entry, '=', length);
	size_t name = equals ? (size_t)(equals - entry) : 0;
	struct sim_phase *phase = &file->phase[file->phase_count];
	char kind[16] = "";
	int work;

	if (!name)
		return bad_workload(entry, length, "this is no PHASE=KIND", error);
	if (name >= SIM_PHASE_NAME)
		return bad_workload(entry, length, "the phase's name has more than 63 bytes", error);
	if (length - name - 1 < sizeof kind)
		memcpy(kind, equals + 1, length - name - 1);
	work = pc_plant_work_from_name(kind);
	if (work < 0)
		return bad_workload(entry, length, "there is no such kind of work", error);
	if (file->phase_count == SIM_PHASES)
		return bad_workload(entry, length, "more than 64 phases are named", error);
	memcpy(phase->name, entry, name);
	for (unsigned i = 0; i < file->phase_count; i++)
		if (!strcmp(file->phase[i].name, phase->name))
			return bad_workload(entry, length, "this phase is named twice", error);
	phase->work = (uint32_t)work;
	file->phase_count++;
	return 0;
}

static int set_workload(struct sim_file *file, const char *text, struct pc_error *error)
{
	while (text && *text) {
		size_t length = strcspn(text, ",");

		if (add_phase(file, text, length, error) < 0)
			return -1;
		text += length;
		if (*text == ',' && !*++text)
			return bad_workload(text, 0, "it ends in a comma", error);
	}
	return 0;
}

static int set_text(char *to, size_t size, const char *what, const char *text, struct pc_error *error)
{
	if (strlen(text) >= size)
		return pc_fail(error, ERANGE, "%s \"%.40s...\": more than %zu bytes", what, text, size - 1);
	strcpy(to, text);
	return 0;
}

static int check_numbers(const struct pc_sim_config *config, struct pc_error *error)
{
	if (!(config->variation >= 0 && config->variation <= MOST_VARIATION))
		return pc_fail(error, EINVAL, "variation %g: a chip's power factor varies by a sigma of 0 to %g",
			       config->variation, MOST_VARIATION);
	if (config->host_ratio > MOST_HOST_RATIO)
		return pc_fail(error, EINVAL, "host ratio %u: it is 1 to %u", config->host_ratio, MOST_HOST_RATIO);
	if (config->mode & ~(mode_t)0666)
		return pc_fail(error, EINVAL, "mode %04o: only read and write bits make sense, 0660 for example",
			       (unsigned)config->mode);
	return 0;
}

/* --- reset ------------------------------------------------------------------ */

static int reset_limits(struct sim_state *state, const struct pc_sim *silicon, struct pc_error *error)
{
	struct pc_limit limit = {
		.limit_uw = (uint64_t)(silicon->sku->tdp_w * 1e6), .window_us = LIMIT1_WINDOW_US,
		.enabled = true, .clamped = true,
	};
	struct pc_limit_format format = silicon->model->limit[PC_PACKAGE];

	if (pc_limit_encode(format, &silicon->units, 0, &limit, &state->limit[PC_PACKAGE], error) < 0)
		return -1;
	limit.limit_uw = (uint64_t)(silicon->sku->tdp_w * LIMIT2_FACTOR * 1e6);
	limit.window_us = LIMIT2_WINDOW_US;
	return pc_limit_encode(format, &silicon->units, 1, &limit, &state->limit[PC_PACKAGE], error);
}

/* Counters run since power-on, which was a while ago: somewhere in their first quarter, and not
 * at 0, which is how a plane without a meter looks. */
static void start_counters(struct sim_state *state, uint32_t configured, uint64_t *random)
{
	for (unsigned i = 0; i < PC_DOMAIN_COUNT; i++) {
		uint32_t drawn = (uint32_t)(next_random(random) >> 34) | 1;

		state->energy_start[i] = configured ? configured : drawn;
	}
}

static int reset_packages(struct sim_file *file, const struct pc_sim *silicon,
			  const struct pc_sim_config *config, struct pc_error *error)
{
	for (unsigned i = 0; i < file->package_count; i++) {
		struct sim_state *state = &file->package[i].state[0];
		uint64_t random = config->seed + (i + 1) * UINT64_C(0xd1342543de82ef95);

		pc_plant_package_reset(&state->plant, silicon->sku, 1 + config->variation * next_normal(&random));
		start_counters(state, config->energy_start, &random);
		if (reset_limits(state, silicon, error) < 0)
			return -1;
	}
	return 0;
}

static int init_lock(struct sim_file *file, struct pc_error *error)
{
	pthread_mutexattr_t attributes;
	int code;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	code = pthread_mutex_init(&file->lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	return code ? pc_fail(error, code, "lock: %s", strerror(code)) : 0;
}

/* Everything that can be wrong with the configuration is found here, before there is a file. */
static int fill(struct sim_file *file, const struct pc_sim_config *config, struct pc_error *error)
{
	const char *topology = config->topology ? config->topology : DEFAULT_TOPOLOGY;
	const char *sku = config->sku ? config->sku : DEFAULT_SKU;
	struct pc_sim silicon = {
		.sku = pc_plant_sku_find(sku),
		.model = pc_cpu_model_find(PC_VENDOR_INTEL, SIM_CPU_FAMILY, SIM_CPU_MODEL),
	};

	if (!silicon.sku)
		return pc_fail(error, EINVAL, "processor \"%.32s\": there is none of that name; choose "
			       "sim-skx or sim-clx", sku);
	if (check_numbers(config, error) < 0 || set_workload(file, config->workload, error) < 0 ||
	    set_text(file->topology, sizeof file->topology, "topology", topology, error) < 0 ||
	    set_text(file->sku, sizeof file->sku, "processor", sku, error) < 0 ||
	    sim_layout(file, topology, error) < 0 ||
	    pc_cpu_model_units(silicon.model, SIM_UNIT_REGISTER, &silicon.units, error) < 0 ||
	    reset_packages(file, &silicon, config, error) < 0)
		return -1;
	file->version = SIM_VERSION;
	file->size = sizeof *file;
	file->epoch_ns = sim_monotonic_ns();
	file->manual_clock = config->manual_clock;
	file->host_ratio = config->host_ratio ? config->host_ratio : 1;
	return 0;
}

/* --- the file --------------------------------------------------------------- */

/* All blocks are there before it is mapped: a full disk is an error here, not a signal later. */
static int store(int fd, const struct sim_file *content, mode_t mode, struct pc_error *error)
{
	int code = posix_fallocate(fd, 0, sizeof *content);
	struct sim_file *file;

	if (code)
		return pc_fail(error, code, "%s", strerror(code));
	file = mmap(NULL, sizeof *file, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (file == MAP_FAILED)
		return pc_fail(error, errno, "cannot be mapped: %s", strerror(errno));
	memcpy(file, content, sizeof *file);
	code = init_lock(file, error);
	if (!code && fchmod(fd, mode) < 0)
		code = pc_fail(error, errno, "mode %04o: %s", (unsigned)mode, strerror(errno));
	if (!code)
		memcpy(file->magic, SIM_MAGIC, sizeof file->magic);
	munmap(file, sizeof *file);
	return code;
}

static int write_file(const char *path, const struct sim_file *content, mode_t mode, struct pc_error *error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int status;

	if (fd < 0)
		return pc_fail(error, errno, "%s%s", strerror(errno),
			       errno == EEXIST ? "; remove it first if it is no longer needed" : "");
	status = store(fd, content, mode, error);
	if (status < 0) {
		int code = errno;

		unlink(path);
		errno = code;
	}
	close(fd);
	return status;
}

int pc_sim_create(const char *path, const struct pc_sim_config *config, struct pc_error *error)
{
	struct sim_file *content = calloc(1, sizeof *content);
	int status, code;

	if (!content)
		return pc_fail(error, ENOMEM, "simulated node %s: no memory", path);
	status = fill(content, config, error);
	if (status == 0)
		status = write_file(path, content, config->mode ? config->mode : 0600, error);
	code = errno;
	free(content);
	errno = code;
	return status < 0 ? pc_fail_within(error, "simulated node %s", path) : 0;
}

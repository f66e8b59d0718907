/* SPDX-License-Identifier: BSD-3-Clause */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "sim_internal.h"
#include "sim_node.h"

#define IDLE_W 48.159            /* sim-skx, clock at its highest, nothing to do */

/* --- making and attaching --------------------------------------------------- */

static void a_new_node_shows_reset_values(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	struct pc_limits package, dram;

	assert_int_equal(pc_sim_package_count(sim), 2);
	assert_string_equal(pc_sim_topology(sim), "pack:2 core:2 pu:1");
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(peek(sim, i, REG_UNIT), 0xA0E03);
		package = get_limits(sim, i, PC_PACKAGE);
		assert_int_equal(package.limit[0].limit_uw, 150000000);
		assert_int_equal(package.limit[0].window_us, 1000000);
		assert_int_equal(package.limit[1].limit_uw, 180000000);
		assert_in_range(package.limit[1].window_us, 8000, 10000);
		for (unsigned k = 0; k < 2; k++)
			assert_true(package.limit[k].enabled && package.limit[k].clamped);
		dram = get_limits(sim, i, PC_DRAM);
		assert_false(dram.limit[0].enabled);
		assert_false(package.locked || dram.locked);
		assert_int_equal(peek(sim, i, REG_PERF), 0);
		assert_int_not_equal(peek(sim, i, REG_ENERGY), 0);
		assert_int_not_equal(peek(sim, i, REG_DRAM_ENERGY), 0);
	}
}

static void power_info_is_plausible(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	struct pc_rapl_units units = node_units(sim);
	struct pc_power_info package = pc_power_info_decode(&units, peek(sim, 0, REG_INFO));
	struct pc_power_info dram = pc_power_info_decode(&units, peek(sim, 0, REG_DRAM_INFO));

	assert_int_equal(package.tdp_uw, 150000000);
	assert_int_equal(package.min_uw, 75000000);
	assert_int_equal(package.max_uw, 150000000);
	assert_int_equal(package.max_window_us, 40000000);
	assert_int_equal(dram.tdp_uw, 45000000);
	assert_int_equal(dram.min_uw, 12000000);
}

static void the_mode_is_as_asked_whatever_the_umask(void **state)
{
	struct node *node = *state;
	mode_t mask = umask(077);
	struct stat status;

	node_make(node, (struct pc_sim_config){ .mode = 0664, .manual_clock = true });
	umask(mask);
	assert_int_equal(stat(node->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0664);
}

static void an_existing_file_is_left_alone(void **state)
{
	struct node *node = *state;
	struct pc_sim *sim = node_make_manual(node);
	struct pc_sim_config config = { .topology = "pack:1 pu:1" };
	struct pc_error error;

	assert_int_equal(pc_sim_create(node->path, &config, &error), -1);
	assert_int_equal(errno, EEXIST);
	assert_says(&error, node->path);
	assert_says(&error, "remove it first");
	pc_sim_detach(sim);
	node->sim = node_attach(node);
	assert_int_equal(pc_sim_package_count(node->sim), 2);
}

static char long_text[SIM_TOPOLOGY + 8];

static void a_bad_configuration_makes_nothing(void **state)
{
	static const struct {
		struct pc_sim_config config;
		int code;
		const char *says;
	} rows[] = {
		{ { .topology = "pack" }, EINVAL, "hwloc takes it for no synthetic description" },
		{ { .topology = "" }, EINVAL, "hwloc takes it for no synthetic description" },
		{ { .topology = "pack:65 pu:1" }, ERANGE, "at most 64 packages" },
		{ { .topology = "pack:2 pu:2049" }, ERANGE, "CPUs 0 to 4095 only" },
		{ { .topology = long_text }, ERANGE, "more than 1023 bytes" },
		{ { .sku = "sim-none" }, EINVAL, "processor \"sim-none\": there is none of that name; choose "
		  "sim-skx or sim-clx" },
		{ { .variation = -0.1 }, EINVAL, "variation -0.1" },
		{ { .variation = 0.31 }, EINVAL, "a sigma of 0 to 0.3" },
		{ { .variation = NAN }, EINVAL, "variation" },
		{ { .host_ratio = 65 }, EINVAL, "host ratio 65: it is 1 to 64" },
		{ { .mode = 0755 }, EINVAL, "mode 0755: only read and write bits make sense" },
		{ { .workload = "spmv" }, EINVAL, "workload \"spmv\": this is no PHASE=KIND" },
		{ { .workload = "=mixed" }, EINVAL, "workload \"=mixed\": this is no PHASE=KIND" },
		{ { .workload = "a=mixed," }, EINVAL, "it ends in a comma" },
		{ { .workload = "a=mixed,,b=spin" }, EINVAL, "this is no PHASE=KIND" },
		{ { .workload = "a=" }, EINVAL, "there is no such kind of work; write PHASE=KIND,... with a kind of "
			"dgemm, compute, mixed, stream, spin or idle" },
		{ { .workload = "a=mixed,b=fast" }, EINVAL, "workload \"b=fast\": there is no such kind of work" },
		{ { .workload = "a=streamstreamstream" }, EINVAL, "there is no such kind of work" },
		{ { .workload = "a=mixed,b=spin,a=spin" }, EINVAL, "workload \"a=spin\": this phase is named twice" },
	};
	struct node *node = *state;
	struct pc_error error;

	memset(long_text, 'p', sizeof long_text - 1);
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(pc_sim_create(node->path, &rows[i].config, &error), -1);
		assert_int_equal(errno, rows[i].code);
		assert_says(&error, "simulated node /tmp/");
		assert_says(&error, rows[i].says);
		assert_int_equal(access(node->path, F_OK), -1);
	}
}

static void workloads_have_bounds(void **state)
{
	struct node *node = *state;
	char name[80] = "", many[1024] = "";
	struct pc_error error;

	memset(name, 'n', 64);
	strcpy(name + 64, "=spin");
	assert_int_equal(pc_sim_create(node->path, &(struct pc_sim_config){ .workload = name }, &error), -1);
	assert_says(&error, "the phase's name has more than 63 bytes");
	for (unsigned i = 0; i < 65; i++)
		sprintf(many + strlen(many), "%sp%u=spin", i ? "," : "", i);
	assert_int_equal(pc_sim_create(node->path, &(struct pc_sim_config){ .workload = many }, &error), -1);
	assert_says(&error, "workload \"p64=spin\": more than 64 phases are named");
}

static void where_no_file_can_be_made_that_is_said(void **state)
{
	struct pc_sim_config config = { 0 };
	struct pc_error error;

	(void)state;
	assert_int_equal(pc_sim_create("/proc/none/node", &config, &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_says(&error, "simulated node /proc/none/node: No such file or directory");
}

/* All of the file's blocks are taken when it is made, or none. */
static void a_file_that_has_no_room_is_not_made(void **state)
{
	struct node *node = *state;
	struct rlimit before, small;
	struct pc_sim_config config = { 0 };
	struct pc_error error;
	int status, code;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){ .rlim_cur = 4096, .rlim_max = before.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	status = pc_sim_create(node->path, &config, &error);
	code = errno;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(status, -1);
	assert_int_equal(code, EFBIG);
	assert_says(&error, "File too large");
	assert_int_equal(access(node->path, F_OK), -1);
}

/* Writes bytes into the node's file behind everybody's back. */
static void patch(const struct node *node, off_t offset, const void *bytes, size_t length)
{
	int fd = open(node->path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, length, offset), length);
	close(fd);
}

static void assert_refused(const char *path, int code, const char *says)
{
	struct pc_sim *sim = (struct pc_sim *)&code;
	struct pc_error error;

	assert_int_equal(pc_sim_attach(&sim, path, &error), -1);
	assert_int_equal(errno, code);
	assert_null(sim);
	assert_says(&error, path);
	assert_says(&error, says);
}

static void what_is_no_node_is_refused(void **state)
{
	struct node *node = *state;
	char longest[512] = "/tmp";

	assert_refused(node->path, ENOENT, "`pmctl sim create");
	assert_refused(node->directory, EISDIR, "directory");
	assert_refused("/dev/null", EINVAL, "no simulated node of this version");
	node_make_manual(node);
	patch(node, offsetof(struct sim_file, magic), "other\n\n", 8);
	assert_refused(node->path, EINVAL, "no simulated node of this version");
	patch(node, offsetof(struct sim_file, magic), SIM_MAGIC, 8);
	patch(node, offsetof(struct sim_file, version), &(uint32_t){ SIM_VERSION + 1 }, 4);
	assert_refused(node->path, EINVAL, "no simulated node of this version");
	patch(node, offsetof(struct sim_file, version), &(uint32_t){ SIM_VERSION }, 4);
	patch(node, offsetof(struct sim_file, package_count), &(uint32_t){ SIM_PACKAGES + 1 }, 4);
	assert_refused(node->path, EINVAL, "no simulated node of this version");
	patch(node, offsetof(struct sim_file, package_count), &(uint32_t){ 2 }, 4);
	patch(node, offsetof(struct sim_file, sku), "sim-old", 8);
	assert_refused(node->path, EINVAL, "its processor \"sim-old\" is not known here");
	assert_int_equal(truncate(node->path, 4096), 0);
	assert_refused(node->path, EINVAL, "no simulated node of this version");
	while (strlen(longest) < 300)
		strcat(longest, "/.");
	strcat(longest, node->path + 4);
	pc_sim_detach(node->sim);    /* before the name of a truncated map is looked at again */
	node->sim = NULL;
	unlink(node->path);
	node->sim = node_make_manual(node);
	pc_sim_detach(node->sim);
	/* A long way to a short name is fine: the name is made canonical. */
	node->sim = NULL;
	assert_int_equal(pc_sim_attach(&node->sim, longest, NULL), 0);
}

static void a_name_that_no_device_table_holds_is_refused(void **state)
{
	struct node *node = *state;
	char directory[64], path[320], name[256] = "";
	struct pc_sim_config config = { 0 };
	struct pc_sim *sim;
	struct pc_error error;

	snprintf(directory, sizeof directory, "%s/d", node->directory);
	memset(name, 'n', 240);
	snprintf(path, sizeof path, "%s/%s", directory, name);
	assert_int_equal(mkdir(directory, 0700), 0);
	assert_int_equal(pc_sim_create(path, &config, &error), 0);
	assert_int_equal(pc_sim_attach(&sim, path, &error), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_says(&error, "more than 255 bytes");
	unlink(path);
	rmdir(directory);
}

/* --- time and energy -------------------------------------------------------- */

static void a_manual_clock_stands_until_it_is_moved(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	uint64_t before = peek(sim, 0, REG_ENERGY);

	usleep(3000);
	assert_int_equal(peek(sim, 0, REG_ENERGY), before);
	assert_int_equal(pc_sim_true_energy_uj(sim, 0, PC_PACKAGE), 0);
	pc_sim_advance(sim, NS_PER_S);
	assert_watts((double)pc_sim_true_energy_uj(sim, 0, PC_PACKAGE) / 1e6, IDLE_W, 0.001);
	assert_watts((double)pc_sim_true_energy_uj(sim, 1, PC_DRAM) / 1e6, 9, 0.001);
}

static void the_real_clock_moves_by_itself(void **state)
{
	struct pc_sim *sim = node_make(*state, (struct pc_sim_config){ 0 });

	pc_sim_advance(sim, 1000 * NS_PER_S);
	assert_true(pc_sim_true_energy_uj(sim, 0, PC_PACKAGE) < 1000 * 40e6);
	for (unsigned i = 0; i < 1000 && pc_sim_true_energy_uj(sim, 0, PC_PACKAGE) == 0; i++)
		usleep(5000);
	assert_true(pc_sim_true_energy_uj(sim, 0, PC_PACKAGE) > 0);
}

/* A clock that a reboot set back: the node goes on from where it was. */
static void a_node_outlives_a_reboot(void **state)
{
	struct node *node = *state;
	struct pc_sim *sim = node_make(node, (struct pc_sim_config){ 0 });
	int64_t future = sim_monotonic_ns() + INT64_C(1000000) * (int64_t)NS_PER_S;
	uint64_t before;

	for (unsigned i = 0; i < 1000 && pc_sim_true_energy_uj(sim, 0, PC_PACKAGE) == 0; i++)
		usleep(5000);
	before = pc_sim_true_energy_uj(sim, 0, PC_PACKAGE);
	patch(node, offsetof(struct sim_file, epoch_ns), &future, sizeof future);
	pc_sim_detach(sim);
	node->sim = sim = node_attach(node);
	for (unsigned i = 0; i < 1000 && pc_sim_true_energy_uj(sim, 0, PC_PACKAGE) == before; i++)
		usleep(5000);
	assert_true(pc_sim_true_energy_uj(sim, 0, PC_PACKAGE) > before);
	assert_true(pc_sim_true_energy_uj(sim, 0, PC_PACKAGE) < before + 60 * 60 * 48000000ull);
}

static void the_counter_changes_once_a_millisecond(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	uint64_t last = peek(sim, 0, REG_ENERGY);

	for (unsigned i = 1; i <= 40; i++) {
		uint64_t now;

		pc_sim_advance(sim, NS_PER_MS / 4);
		now = peek(sim, 0, REG_ENERGY);
		assert_int_equal(now != last, i % 4 == 0);
		last = now;
	}
}

/* Whatever the steps, counter and truth differ by less than one unit. */
static void the_counter_keeps_up_with_the_truth(void **state)
{
	static const uint64_t steps[] = { 1, 999999, 1000000, 1000001, 777777, 123456789, 1, 60000000000 };
	struct pc_sim *sim = node_make_manual(*state);
	struct pc_rapl_units units = node_units(sim);
	struct pc_sim_rank *rank = node_join(sim, 0, 2);
	uint32_t start[2] = { (uint32_t)peek(sim, 0, REG_ENERGY), (uint32_t)peek(sim, 0, REG_DRAM_ENERGY) };

	pc_sim_rank_switch(rank, "solve");
	for (unsigned i = 0; i < 64; i++) {
		uint32_t counted, true_count;

		pc_sim_advance(sim, steps[i % 8]);
		counted = pc_energy_delta(start[0], (uint32_t)peek(sim, 0, REG_ENERGY));
		true_count = (uint32_t)pc_ratio_invert(units.energy_uj[PC_PACKAGE],
						       pc_sim_true_energy_uj(sim, 0, PC_PACKAGE));
		assert_in_range(counted - true_count + 1, 0, 2);
		counted = pc_energy_delta(start[1], (uint32_t)peek(sim, 0, REG_DRAM_ENERGY));
		true_count = (uint32_t)pc_ratio_invert(units.energy_uj[PC_DRAM],
						       pc_sim_true_energy_uj(sim, 0, PC_DRAM));
		assert_in_range(counted - true_count + 1, 0, 2);
	}
	pc_sim_rank_leave(rank);
}

/* One joule of the package counter is 2^14 counts, of the DRAM's 1 / 15.3 uJ. */
static void counters_have_their_units(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	uint32_t package = (uint32_t)peek(sim, 0, REG_ENERGY), dram = (uint32_t)peek(sim, 0, REG_DRAM_ENERGY);

	pc_sim_advance(sim, 100 * NS_PER_S);
	package = pc_energy_delta(package, (uint32_t)peek(sim, 0, REG_ENERGY));
	dram = pc_energy_delta(dram, (uint32_t)peek(sim, 0, REG_DRAM_ENERGY));
	assert_watts(package / 16384.0 / 100, IDLE_W, 0.001);
	assert_watts(dram * 15.3e-6 / 100, 9, 0.03);
}

static void counters_wrap_at_32_bits(void **state)
{
	struct pc_sim *sim = node_make(*state, (struct pc_sim_config){ .manual_clock = true,
								       .energy_start = UINT32_MAX - 5 });
	uint32_t before = (uint32_t)peek(sim, 0, REG_ENERGY);

	assert_int_equal(before, UINT32_MAX - 5);
	pc_sim_advance(sim, NS_PER_S);
	assert_true(peek(sim, 0, REG_ENERGY) < before);
	assert_watts(pc_energy_delta(before, (uint32_t)peek(sim, 0, REG_ENERGY)) / 16384.0, IDLE_W, 0.01);
	/* 2^18 J more bring it round again, to the same truth. */
	pc_sim_advance(sim, (uint64_t)(262144 / IDLE_W * 1e9));
	assert_watts((double)peek(sim, 0, REG_ENERGY) / 16384, IDLE_W, 2);
}

static void a_poked_counter_goes_on_from_there(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);

	pc_sim_advance(sim, NS_PER_S);
	poke(sim, 1, REG_ENERGY, UINT32_MAX);
	assert_int_equal(peek(sim, 1, REG_ENERGY), UINT32_MAX);
	pc_sim_advance(sim, NS_PER_S);
	assert_watts((double)(peek(sim, 1, REG_ENERGY) + 1) / 16384, IDLE_W, 0.01);
}

static void unknown_registers_are_neither_peeked_nor_poked(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	struct pc_error error;
	uint64_t value;

	assert_int_equal(pc_sim_peek(sim, 0, 0x639, &value, &error), -1);
	assert_int_equal(errno, EIO);
	assert_says(&error, "register 0x639: there is none");
	assert_int_equal(pc_sim_poke(sim, 0, REG_INFO, 1, &error), -1);
	assert_says(&error, "register 0x614");
	assert_int_equal(pc_sim_poke(sim, 0, 0, 1, &error), -1);
	assert_int_equal(pc_sim_peek(sim, 2, REG_UNIT, &value, &error), -1);
	assert_says(&error, "package 2: it has packages 0 to 1");
	assert_int_equal(pc_sim_poke(sim, 2, REG_LIMIT, 0, &error), -1);
	assert_int_equal(pc_sim_true_energy_uj(sim, 2, PC_PACKAGE), 0);
	assert_int_equal(pc_sim_true_energy_uj(sim, 0, PC_PP0), 0);
}

/* Ten simulated minutes in one stride and in odd steps: the same to the last nanojoule. */
static void strides_and_steps_agree(void **state)
{
	struct node *node = *state, *other;
	const uint64_t total = 600 * NS_PER_S, step = 7777777;
	const struct pc_sim_config config = { .manual_clock = true, .workload = "sleep=idle" };
	struct pc_sim *one = node_make(node, config), *two;
	struct pc_sim_rank *ranks[2];

	assert_int_equal(node_setup((void **)&other), 0);
	two = node_make(other, config);
	ranks[0] = node_join(one, 0, 2);
	ranks[1] = node_join(two, 0, 2);
	for (unsigned i = 0; i < 2; i++)
		pc_sim_rank_switch(ranks[i], "solve");
	set_limit(one, 0, PC_PACKAGE, 0, 80, 0);
	set_limit(two, 0, PC_PACKAGE, 0, 80, 0);
	for (uint64_t done = 0; done < total; done += step)
		pc_sim_advance(two, total - done < step ? total - done : step);
	pc_sim_advance(one, total);
	/* Idle again, the average still comes down. */
	for (unsigned i = 0; i < 2; i++)
		sim_rank_switch(ranks[i], "sleep", 0);
	for (unsigned i = 0; i < 2000; i++)
		pc_sim_advance(two, NS_PER_MS);
	pc_sim_advance(one, 2000 * NS_PER_MS);
	assert_true(fabs(sim_state(one, 0)->plant.average_w[0] - sim_state(two, 0)->plant.average_w[0]) < 1e-9);
	assert_true(sim_state(one, 0)->plant.average_w[0] > 50);
	for (unsigned i = 0; i < 2; i++) {
		assert_memory_equal(sim_state(one, i)->energy_nj, sim_state(two, i)->energy_nj,
				    sizeof sim_state(one, i)->energy_nj);
		assert_int_equal(sim_state(one, i)->throttled_ns[PC_PACKAGE],
				 sim_state(two, i)->throttled_ns[PC_PACKAGE]);
		/* Work is rounded to a nanosecond wherever a step ends. */
		assert_in_range(sim_state(one, i)->work_ns[PC_WORK_MIXED] -
				sim_state(two, i)->work_ns[PC_WORK_MIXED] + total / step, 0, 2 * total / step);
		pc_sim_rank_leave(ranks[i]);
	}
	node_teardown((void **)&other);
}

/* A tick of two loads is like no other, also where nothing moves in it. */
static void a_stride_may_begin_inside_a_tick(void **state)
{
	struct pc_sim *sim = node_make(*state, (struct pc_sim_config){ .manual_clock = true,
								       .workload = "w=stream,sleep=idle" });
	struct pc_sim_rank *rank = node_join(sim, 0, 1);
	uint64_t before;

	sim_rank_switch(rank, "sleep", 0);
	pc_sim_advance(sim, NS_PER_S);
	before = pc_sim_true_energy_uj(sim, 0, PC_DRAM);
	pc_sim_advance(sim, NS_PER_MS / 2);
	sim_rank_switch(rank, "w", 0);
	pc_sim_advance(sim, NS_PER_S - NS_PER_MS / 2);
	assert_watts((double)(pc_sim_true_energy_uj(sim, 0, PC_DRAM) - before) / 1e6,
		     0.0005 * 9 + 0.9995 * 43.263, 0.001);
	pc_sim_rank_leave(rank);
}

/* 31 billion ticks: hours, if each were walked. */
static void a_settled_year_takes_no_time(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);
	const uint64_t year_s = 365 * 24 * 3600;

	assert_watts(mean_watts(sim, 1, PC_PACKAGE, year_s * NS_PER_S), IDLE_W, 0.001);
}

/* --- chips ------------------------------------------------------------------ */

/* e, out of idle power: e (Pstat V/V0) + Punc. */
static double chip_of(struct pc_sim *sim, unsigned package)
{
	return (mean_watts(sim, package, PC_PACKAGE, NS_PER_S) - 15) / (IDLE_W - 15);
}

enum { ROUNDS = 16 };    /* enough for a chip or two beyond any bound */

static void chips_differ_by_seed_within_bounds(void **state)
{
	struct node *node = *state;
	double first[64], sum = 0, widest = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		struct pc_sim *sim = node_make(node, (struct pc_sim_config){
			.topology = "pack:64 pu:1", .variation = 0.05, .seed = round > 1 ? round : 0, .manual_clock = true });

		for (unsigned i = 0; i < 64; i++) {
			double chip = chip_of(sim, i);

			assert_true(fabs(chip - 1) <= 0.125 + 1e-4);
			if (round == 1)
				assert_true(chip == first[i]);   /* the same seed, the same chips */
			if (round > 1)
				assert_true(chip != first[i]);
			first[i] = chip;
			sum += chip;
			widest = fmax(widest, fabs(chip - 1));
		}
		pc_sim_detach(sim);
		node->sim = NULL;
		unlink(node->path);
	}
	assert_true(fabs(sum / (64 * ROUNDS) - 1) < 0.005);
	assert_true(widest > 0.12);
}

static void without_variation_chips_are_alike(void **state)
{
	struct pc_sim *sim = node_make_manual(*state);

	assert_true(fabs(chip_of(sim, 0) - 1) < 1e-4);
	assert_true(fabs(chip_of(sim, 1) - 1) < 1e-4);
}

/* --- topology --------------------------------------------------------------- */

static void each_die_has_its_own_registers(void **state)
{
	struct pc_sim *sim = node_make(*state, (struct pc_sim_config){
		.topology = "pack:2 die:2 core:2 pu:2", .manual_clock = true });

	assert_int_equal(pc_sim_package_count(sim), 4);
	for (unsigned cpu = 0; cpu < 16; cpu++)
		assert_int_equal(sim->file->cpu_package[cpu], cpu / 4);
	assert_int_equal(sim->file->cpu_package[16], SIM_NO_PACKAGE);
}

static void a_node_without_packages_is_one(void **state)
{
	struct pc_sim *sim = node_make(*state, (struct pc_sim_config){ .topology = "core:3 pu:1" });

	assert_int_equal(pc_sim_package_count(sim), 1);
}

int main(void)
{
#define NODE_TEST(test) cmocka_unit_test_setup_teardown(test, node_setup, node_teardown)
	const struct CMUnitTest tests[] = {
		NODE_TEST(a_new_node_shows_reset_values),
		NODE_TEST(power_info_is_plausible),
		NODE_TEST(the_mode_is_as_asked_whatever_the_umask),
		NODE_TEST(an_existing_file_is_left_alone),
		NODE_TEST(a_bad_configuration_makes_nothing),
		NODE_TEST(workloads_have_bounds),
		NODE_TEST(where_no_file_can_be_made_that_is_said),
		NODE_TEST(a_file_that_has_no_room_is_not_made),
		NODE_TEST(what_is_no_node_is_refused),
		NODE_TEST(a_name_that_no_device_table_holds_is_refused),
		NODE_TEST(a_manual_clock_stands_until_it_is_moved),
		NODE_TEST(the_real_clock_moves_by_itself),
		NODE_TEST(a_node_outlives_a_reboot),
		NODE_TEST(the_counter_changes_once_a_millisecond),
		NODE_TEST(the_counter_keeps_up_with_the_truth),
		NODE_TEST(counters_have_their_units),
		NODE_TEST(counters_wrap_at_32_bits),
		NODE_TEST(a_poked_counter_goes_on_from_there),
		NODE_TEST(unknown_registers_are_neither_peeked_nor_poked),
		NODE_TEST(strides_and_steps_agree),
		NODE_TEST(a_stride_may_begin_inside_a_tick),
		NODE_TEST(a_settled_year_takes_no_time),
		NODE_TEST(chips_differ_by_seed_within_bounds),
		NODE_TEST(without_variation_chips_are_alike),
		NODE_TEST(each_die_has_its_own_registers),
		NODE_TEST(a_node_without_packages_is_one),
	};

	return cmocka_run_group_tests_name("sim", tests, NULL, NULL) ? 1 : 0;
}

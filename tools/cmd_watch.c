/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "meter.h"
#include "pmctl.h"

#define NS_PER_S UINT64_C(1000000000)
#define CLEAR_SCREEN "\033[H\033[J"      /* ECMA-48: cursor home, erase below */

static const char *interval = "1", *count;

static const struct pmctl_option options[] = {
	{ "interval", 'i', "SECONDS", "between two lines, 0.01 to 3600 (1)", &interval },
	{ "count", 'c', "COUNT", "stop after so many (until interrupted)", &count },
	{ 0 }
};

struct watch {
	struct pmctl *pmctl;
	struct pc_power *power;
	unsigned packages;
	struct meter meter[PC_MAX_PACKAGES];
	uint64_t interval_ns;
	uint64_t count;          /* 0: until interrupted */
	bool redraw;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	interrupted = number;
}

static void catch_interrupts(void)
{
	struct sigaction action = { .sa_handler = interrupt };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Until then, or until a signal. */
static void sleep_until(uint64_t ns)
{
	struct timespec until = { (time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S) };

	if (!interrupted)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void sample_all(struct watch *watch)
{
	for (unsigned i = 0; i < watch->packages; i++)
		(void)!meter_sample(&watch->meter[i]);
}

static void text_power(bool known, uint64_t uw, char text[32])
{
	if (known)
		snprintf(text, 32, "%.1f W", (double)uw / 1e6);
	else
		strcpy(text, "-");
}

static void text_limit(const struct pc_limits *limits, char text[32])
{
	if (limits->count && limits->limit[0].enabled)
		pmctl_text_watts(limits->limit[0].limit_uw, text);
	else
		strcpy(text, limits->count ? "off" : "-");
}

static void text_throttled(const struct meter *meter, char text[32])
{
	int permille = meter_throttled_permille(meter);

	if (permille < 0)
		strcpy(text, "-");
	else
		snprintf(text, 32, "%d.%d %%", permille / 10, permille % 10);
}

static bool has_energy(const struct meter *meter, enum pc_domain domain)
{
	return meter->elapsed_ns && pc_power_domain(meter->power, meter->package, domain)->has_energy;
}

static void add_row(struct pmctl_table *table, const struct meter *meter)
{
	char package[32], dram[32], limit[32], dram_limit[32], throttled[32];

	text_power(has_energy(meter, PC_PACKAGE), meter_package_uw(meter), package);
	text_power(has_energy(meter, PC_DRAM), meter_dram_uw(meter), dram);
	text_limit(&meter->limits, limit);
	text_limit(&meter->dram_limits, dram_limit);
	text_throttled(meter, throttled);
	pmctl_table_add(table, "%s", pc_power_package_name(meter->power, meter->package));
	pmctl_table_add(table, "%s", package);
	pmctl_table_add(table, "%s", limit);
	pmctl_table_add(table, "%s", dram);
	pmctl_table_add(table, "%s", dram_limit);
	pmctl_table_add(table, "%s", throttled);
	pmctl_table_add(table, "%s", meter->running ? pc_verdict_name(meter_verdict(meter)) : meter->error.text);
}

static void print_text(const struct watch *watch)
{
	static const char *const heading[] = { "package", "power", "limit", "dram", "dram limit", "throttled",
					       "verdict" };
	struct pmctl_table table;
	char clock[16];
	time_t now = time(NULL);
	struct tm local;

	strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&now, &local));
	printf("%s%s%s\n", watch->redraw ? CLEAR_SCREEN : "", clock,
	       pc_power_simulated(watch->power) ? "  simulated" : "");
	pmctl_table_begin(&table, 7, heading);
	for (unsigned i = 0; i < watch->packages; i++)
		add_row(&table, &watch->meter[i]);
	pmctl_table_end(&table, "  ", stdout);
}

static json_t *json_power(bool known, uint64_t uw)
{
	return known ? json_integer((json_int_t)uw) : json_null();
}

static json_t *json_limit(const struct pc_limits *limits)
{
	return json_power(limits->count && limits->limit[0].enabled, limits->limit[0].limit_uw);
}

static json_t *json_meter(const struct meter *meter)
{
	const char *name = pc_power_package_name(meter->power, meter->package);
	int permille = meter_throttled_permille(meter);

	if (!meter->running)
		return json_pack("{s:s, s:s}", "name", name, "error", meter->error.text);
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "name", name,
			 "power_uw", json_power(has_energy(meter, PC_PACKAGE), meter_package_uw(meter)),
			 "limit_uw", json_limit(&meter->limits),
			 "dram_uw", json_power(has_energy(meter, PC_DRAM), meter_dram_uw(meter)),
			 "dram_limit_uw", json_limit(&meter->dram_limits),
			 "throttled_permille", permille < 0 ? json_null() : json_integer(permille),
			 "verdict", pc_verdict_name(meter_verdict(meter)));
}

/* One object a line, so that a reader need not wait for the end. */
static void print_json(const struct watch *watch)
{
	json_t *packages = json_array(), *line;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	for (unsigned i = 0; i < watch->packages; i++)
		json_array_append_new(packages, json_meter(&watch->meter[i]));
	line = json_pack("{s:I, s:b, s:o}", "time_ns", (json_int_t)now.tv_sec * (json_int_t)NS_PER_S + now.tv_nsec,
			 "simulated", pc_power_simulated(watch->power), "packages", packages);
	json_dumpf(line, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(line);
}

/* Sums up one interval, in steps that no counter can wrap twice in. */
static void pass_interval(struct watch *watch, uint64_t end_ns)
{
	for (unsigned i = 0; i < watch->packages; i++)
		meter_begin(&watch->meter[i]);
	for (uint64_t now = now_ns(); !interrupted && now < end_ns; now = now_ns()) {
		sleep_until(end_ns - now > METER_STEP_NS ? now + METER_STEP_NS : end_ns);
		sample_all(watch);
	}
}

static int loop(struct watch *watch)
{
	uint64_t end_ns = now_ns();
	int status = PMCTL_OK;

	sample_all(watch);
	for (uint64_t i = 0; !watch->count || i < watch->count; i++) {
		end_ns += watch->interval_ns;
		pass_interval(watch, end_ns);
		if (interrupted)
			break;
		if (watch->pmctl->json)
			print_json(watch);
		else
			print_text(watch);
		if ((status = pmctl_flush(PMCTL_OK)))
			break;
	}
	return status;
}

static int parse(struct watch *watch)
{
	uint64_t us;

	if (pmctl_duration("pmctl watch", "--interval", interval, &us) < 0 ||
	    (count && pmctl_number("pmctl watch", "--count", count, 1, UINT32_MAX, &watch->count) < 0))
		return PMCTL_USAGE;
	if (us < 10000 || us > 3600000000)
		return pmctl_usage("pmctl watch", "--interval: '%.16s' is not from 0.01 to 3600 seconds", interval);
	watch->interval_ns = us * 1000;
	return PMCTL_OK;
}

static int run(struct pmctl *pmctl, char **operand)
{
	static struct watch watch;
	int status = parse(&watch);

	(void)operand;
	if (status)
		return status;
	watch.pmctl = pmctl;
	watch.power = pmctl_open(pmctl);
	if (!watch.power)
		return PMCTL_FAILED;
	watch.packages = pc_power_package_count(watch.power);
	watch.redraw = isatty(STDOUT_FILENO);
	for (unsigned i = 0; i < watch.packages; i++)
		watch.meter[i] = (struct meter){ .power = watch.power, .package = i };
	catch_interrupts();
	if (watch.packages)
		status = loop(&watch);
	else
		status = pmctl_error("back end %s shows no package to watch; `pmctl doctor` says why",
				     pc_power_backend(watch.power));
	pc_power_close(watch.power);
	return status;
}

const struct pmctl_command pmctl_watch = {
	.name = "watch", .operands = "", .options = options, .run = run,
	.summary = "Print each package's power, limit, throttled share and verdict, again and again.",
	.details = "Redraws on a terminal, else a plain stream; with --json one object a line.\n"
		   "Verdicts: held, not enforced, unreachable (below the floor), unknown (too little\n"
		   "load or time to tell). Ctrl-C ends it cleanly.",
};

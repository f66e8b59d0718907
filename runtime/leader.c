/* SPDX-License-Identifier: BSD-3-Clause */

/* A package's leader: when it samples, and which limit it asks for. */

#include "leader.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "policy.h"
#include "sample.h"

struct pc_leader {
	struct pc_segment *segment;
	struct pc_power *power;
	const struct pc_policy *policy;
	unsigned count;
	bool said;
	struct pc_led led[];
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t mean_uw(uint64_t uj, uint64_t ns)
{
	return ns ? (uint64_t)((unsigned __int128)uj * 1000000000u / ns) : 0;
}

/* The limit that the policy wants and that is not there yet; 0: leave it. */
static uint64_t wanted_limit(struct pc_leader *leader, const struct pc_led *led)
{
	const struct pc_domain_info *info = pc_power_domain(leader->power, led->package, PC_PACKAGE);
	struct pc_segment *segment = leader->segment;
	struct pc_policy_package package[PC_MAX_PACKAGES];
	struct pc_policy_input input = { segment->cap_uw, segment->packages, package };
	uint64_t target[PC_MAX_PACKAGES];

	if (!segment->writes || !info->writable)
		return 0;
	for (unsigned i = 0; i < segment->packages; i++) {
		struct pc_package_record *record = pc_segment_package(segment, i);

		package[i].start_uw = segment->limit_uw[i];
		package[i].limit_uw = atomic_load(&record->limit_uw);
		package[i].mean_uw = mean_uw(atomic_load(&record->package_uj), atomic_load(&record->observed_ns));
	}
	leader->policy->targets(&input, target);
	return target[led->package] == led->target_uw ? 0 : target[led->package];
}

/* A target is tried once; what the hardware refused it will refuse again. */
static int sample_led(struct pc_leader *leader, struct pc_led *led, uint64_t now, struct pc_error *error)
{
	struct pc_package_record *record = pc_segment_package(leader->segment, led->package);
	uint64_t write_uw = led->last_ns ? wanted_limit(leader, led) : 0;

	led->due_ns = now + PC_SAMPLE_PERIOD_NS;
	if (write_uw) {
		if (!led->before_uw && !leader->segment->prepared)
			led->before_uw = atomic_load(&record->limit_uw);
		led->target_uw = write_uw;
	}
	return pc_led_sample(led, write_uw, error);
}

uint64_t pc_leader_sample(struct pc_leader *leader, uint64_t now, int *failed, struct pc_error *error)
{
	struct pc_led *oldest = &leader->led[0];
	uint64_t due = UINT64_MAX;

	for (unsigned i = 1; i < leader->count; i++)
		if (leader->led[i].due_ns < oldest->due_ns)
			oldest = &leader->led[i];
	if (sample_led(leader, oldest, now, error) && !leader->said)
		*failed = leader->said = true;
	for (unsigned i = 0; i < leader->count; i++)
		if (leader->led[i].due_ns < due)
			due = leader->led[i].due_ns;
	return due;
}

static void free_leader(struct pc_leader *leader)
{
	for (unsigned i = 0; i < leader->count; i++)
		free(leader->led[i].seen);
	pc_power_close(leader->power);
	free(leader);
}

static int prepare(struct pc_leader *leader, unsigned package, uint64_t now, struct pc_error *error)
{
	struct pc_segment *segment = leader->segment;
	struct pc_led *led = &leader->led[leader->count];

	led->seen = calloc(segment->lanes, sizeof *led->seen);
	if (!led->seen)
		return pc_fail(error, ENOMEM, "package %u: no memory for its leader", package);
	leader->count++;
	led->segment = segment;
	led->power = leader->power;
	led->package = package;
	led->target_uw = segment->prepared ? segment->limit_uw[package] : 0;
	pc_led_describe(led);
	/* What the lanes did before this leader is not this leader's to divide. */
	pc_attribute_from(segment, now, led->seen);
	/* If this one fails, a later one is the first, and says what is wrong. */
	(void)!sample_led(leader, led, now, NULL);
	return 0;
}

int pc_leader_lead(struct pc_leader **result, struct pc_segment *segment, int lane, struct pc_error *error)
{
	const struct pc_power_config config = { .backend = segment->backend };
	struct pc_leader *leader = calloc(1, sizeof *leader + segment->packages * sizeof leader->led[0]);

	if (!leader)
		return pc_fail(error, ENOMEM, "no memory for a leader");
	leader->segment = segment;
	leader->policy = pc_policy_find(segment->policy);
	if (!leader->policy) {
		pc_fail(error, EINVAL, "policy \"%.31s\": this library has no such policy", segment->policy);
		goto fail;
	}
	if (pc_power_open(&leader->power, &config, NULL, 0, NULL, error))
		goto fail;
	if (pc_power_simulated(leader->power))
		atomic_store(&segment->simulated, 1);
	for (unsigned i = 0; i < segment->packages && i < pc_power_package_count(leader->power); i++)
		if (atomic_load(&pc_segment_package(segment, i)->leader) == lane && prepare(leader, i, now_ns(), error))
			goto fail;
	*result = leader;
	return 0;
fail:
	free_leader(leader);
	return -1;
}

void pc_leader_retire(struct pc_leader *leader)
{
	for (unsigned i = 0; i < leader->count; i++) {
		struct pc_led *led = &leader->led[i];

		/* A failure leaves the time since the last sample out; the report counts it. */
		(void)!pc_led_sample(led, 0, NULL);
		if (led->before_uw)
			pc_led_put_back(led);
		atomic_store(&pc_segment_package(leader->segment, led->package)->leader, -1);
	}
	free_leader(leader);
}

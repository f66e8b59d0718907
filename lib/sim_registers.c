/* SPDX-License-Identifier: BSD-3-Clause */
/* The registers as software sees them. */
#include <errno.h>

#include "sim_internal.h"

#define TSC_TICKS_PER_5NS 12             /* 2.4 GHz, the base frequency of sim-skx */
#define POWER_UNITS_PER_W 8              /* SIM_UNIT_REGISTER */
#define LONGEST_WINDOW UINT64_C(0x2f)    /* 40 s, in the float form */
#define ABSURD_MAX_W 764

bool sim_has_domain(enum pc_domain domain)
{
	return domain == PC_PACKAGE || domain == PC_DRAM;
}

/* --- reading ---------------------------------------------------------------- */

static uint32_t energy_counts(const struct pc_sim *sim, const struct sim_state *state, enum pc_domain domain)
{
	return (uint32_t)pc_ratio_invert(sim->units.energy_uj[domain], state->counted_nj[domain] / 1000);
}

static uint64_t power_info(const struct pc_sim *sim, unsigned package, enum pc_domain domain)
{
	const struct pc_plant_sku *sku = sim->sku;
	bool dram = domain == PC_DRAM;
	uint64_t tdp = (uint64_t)((dram ? sku->dram_tdp_w : sku->tdp_w) * POWER_UNITS_PER_W);
	uint64_t min = (uint64_t)((dram ? sku->dram_min_w : sku->min_w) * POWER_UNITS_PER_W);
	uint64_t max = dram ? tdp : (uint64_t)(sku->pl1_max_w * POWER_UNITS_PER_W);

	if (sim_fault(sim, package, domain, PC_SIM_ABSURD_INFO)) {
		min = 0;
		max = ABSURD_MAX_W * POWER_UNITS_PER_W;
	}
	return tdp | min << 16 | max << 32 | LONGEST_WINDOW << 48;
}

static uint64_t limit_register(const struct pc_sim *sim, unsigned package, enum pc_domain domain)
{
	uint64_t raw = sim_state(sim, package)->limit[domain];

	if (sim_fault(sim, package, domain, PC_SIM_LOCKED))
		raw |= pc_limit_lock_mask(sim->model->limit[domain]);
	return raw;
}

static uint64_t domain_register(const struct pc_sim *sim, unsigned package, enum pc_domain domain,
				enum pc_register reg)
{
	const struct sim_state *state = sim_state(sim, package);

	switch (reg) {
	case PC_REG_LIMIT:
		return limit_register(sim, package, domain);
	case PC_REG_ENERGY:
		return (uint32_t)(state->energy_start[domain] + energy_counts(sim, state, domain));
	case PC_REG_PERF_STATUS:
		return (uint32_t)pc_ratio_invert(sim->units.time_ns, state->throttled_ns[domain]);
	case PC_REG_INFO:
		return power_info(sim, package, domain);
	default:
		return SIM_UNIT_REGISTER;
	}
}

/* A time-stamp counter never shows the same value twice. */
static uint64_t read_tsc(struct pc_sim *sim)
{
	uint64_t tsc = sim_now_ns(sim) * TSC_TICKS_PER_5NS / 5;
	uint64_t last = sim->file->tsc;

	sim->file->tsc = tsc > last ? tsc : last + 1;
	return sim->file->tsc;
}

/* Which domain's which register an address is; false: none that this node has. */
static bool find_register(const struct pc_sim *sim, uint32_t msr, enum pc_domain *domain, enum pc_register *reg)
{
	for (*domain = 0; *domain < PC_DOMAIN_COUNT; (*domain)++)
		for (*reg = PC_REG_UNIT; *reg <= PC_REG_INFO; (*reg)++)
			if (sim_has_domain(*domain) && msr == pc_cpu_model_address(sim->model, *domain, *reg))
				return true;
	return false;
}

int sim_register_read(struct pc_sim *sim, unsigned package, uint32_t msr, uint64_t *value)
{
	enum pc_domain domain;
	enum pc_register reg;

	if (msr == PC_MSR_TSC) {
		*value = read_tsc(sim);
		return 0;
	}
	if (!find_register(sim, msr, &domain, &reg))
		return -EIO;
	if (reg != PC_REG_UNIT && sim_fault(sim, package, domain, PC_SIM_ABSENT))
		return -EIO;
	*value = domain_register(sim, package, domain, reg);
	return 0;
}

/* --- writing ---------------------------------------------------------------- */

/* "All write attempts are ignored until next RESET", without a fault (SDM vol. 3B 15.10.3). */
static bool is_locked(const struct pc_sim *sim, unsigned package, enum pc_domain domain)
{
	return limit_register(sim, package, domain) & pc_limit_lock_mask(sim->model->limit[domain]);
}

static uint64_t wired_bits(const struct pc_sim *sim, unsigned package, enum pc_domain domain)
{
	struct pc_limit_format format = sim->model->limit[domain];

	if (!sim_fault(sim, package, domain, PC_SIM_LIMIT2_WIRED))
		return 0;
	return pc_limit_mask(format, 1) | pc_limit_enable_mask(format, 1);
}

static void set_limit(struct pc_sim *sim, unsigned package, enum pc_domain domain, uint64_t value)
{
	struct sim_state *state = sim_edit(sim, package);

	state->limit[domain] = value;
	sim_commit(sim, package);
}

int sim_register_write(struct pc_sim *sim, unsigned package, uint32_t msr, uint64_t value)
{
	enum pc_domain domain;
	enum pc_register reg;
	uint64_t wired;

	if (!find_register(sim, msr, &domain, &reg) || reg != PC_REG_LIMIT)
		return -EIO;
	if (is_locked(sim, package, domain))
		return 0;
	wired = wired_bits(sim, package, domain);
	set_limit(sim, package, domain, (value & ~wired) | (sim_state(sim, package)->limit[domain] & wired));
	return 0;
}

int sim_register_force(struct pc_sim *sim, unsigned package, uint32_t msr, uint64_t value)
{
	enum pc_domain domain;
	enum pc_register reg;
	struct sim_state *state;

	if (!find_register(sim, msr, &domain, &reg))
		return -EIO;
	if (reg == PC_REG_LIMIT) {
		set_limit(sim, package, domain, value);
	} else if (reg == PC_REG_ENERGY) {
		state = sim_edit(sim, package);
		state->energy_start[domain] = (uint32_t)value - energy_counts(sim, state, domain);
		sim_commit(sim, package);
	} else {
		return -EIO;
	}
	return 0;
}

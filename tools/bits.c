/* SPDX-License-Identifier: BSD-3-Clause */
#include "bits.h"

#include <errno.h>
#include <string.h>

#include "cpu_model.h"
#include "sim.h"

static const struct pc_cpu_model *model_of(const struct pmctl *pmctl, struct pc_error *error)
{
	const char *spec = pmctl_backend_spec(pmctl);
	const struct pc_cpu_model *model = NULL;
	struct pc_sim *sim = NULL;

	if (strncmp(spec, "sim:", 4))
		return pc_cpu_model_detect(pmctl->root ? pmctl->root : "/", &model, error) < 0 ? NULL : model;
	if (pc_sim_attach(&sim, spec + 4, error) < 0)
		return NULL;
	model = pc_sim_model(sim);
	pc_sim_detach(sim);
	return model;
}

static int read_register(struct pc_power *power, unsigned package, uint32_t msr, uint64_t *value,
			 struct pc_error *error)
{
	struct pc_setting setting = { .package = package };

	snprintf(setting.key, sizeof setting.key, "msr:0x%x", msr);
	return pc_power_setting_read(power, &setting, value, error);
}

/* Back ends without registers: the limits as they would be shown. */
static int plan_without(struct pc_power *power, unsigned package, enum pc_domain domain, unsigned which,
			const struct pc_limit *limit, struct bits *bits, struct pc_error *error)
{
	struct pc_op op = { .kind = PC_OP_LIMIT_READ, .domain = domain };
	struct pc_limit *changed = &op.limits.limit[which];
	uint64_t window_us;

	if (pc_power_run(power, package, &op, 1, NULL, error) < 0)
		return -1;
	window_us = limit->window_us ? limit->window_us : changed->window_us;
	*changed = *limit;
	changed->window_us = window_us;
	*bits = (struct bits){ .limits = op.limits, .locked = op.limits.locked };
	return 0;
}

static int encode(const struct pc_cpu_model *model, enum pc_domain domain, unsigned which,
		  const struct pc_limit *limit, uint64_t raw_unit, struct bits *bits, struct pc_error *error)
{
	struct pc_limit_format format = model->limit[domain];
	struct pc_limit whole = *limit;
	struct pc_rapl_units units;
	struct pc_limits now;

	if (pc_cpu_model_units(model, raw_unit, &units, error) < 0)
		return -1;
	now = pc_limits_decode(format, &units, bits->before);
	if (!whole.window_us)
		whole.window_us = now.limit[which].window_us;
	bits->after = bits->before;
	if (pc_limit_encode(format, &units, which, &whole, &bits->after, error) < 0)
		return -1;
	bits->locked = now.locked;
	bits->limits = pc_limits_decode(format, &units, bits->after);
	return 0;
}

int bits_plan(const struct pmctl *pmctl, struct pc_power *power, unsigned package, enum pc_domain domain,
	      unsigned which, const struct pc_limit *limit, struct bits *bits, struct pc_error *error)
{
	const struct pc_cpu_model *model;
	uint64_t raw_unit;

	if (!strcmp(pc_power_backend(power), "powercap"))
		return plan_without(power, package, domain, which, limit, bits, error);
	model = model_of(pmctl, error);
	if (!model)
		return -1;
	*bits = (struct bits){ .msr = pc_cpu_model_address(model, domain, PC_REG_LIMIT),
			       .writable = pc_power_domain(power, package, domain)->limit_mask };
	if (read_register(power, package, bits->msr, &bits->before, error) < 0 ||
	    read_register(power, package, pc_cpu_model_address(model, PC_PACKAGE, PC_REG_UNIT), &raw_unit, error) < 0)
		return -1;
	return encode(model, domain, which, limit, raw_unit, bits, error);
}

const char *bits_text(uint64_t mask, char text[256])
{
	size_t used = 0;

	strcpy(text, "none");
	/* Thirty-two single bits are the longest list: under 128 bytes. */
	for (unsigned i = 0; i < 64; i++) {
		unsigned first = i;

		if (!(mask >> i & 1))
			continue;
		while (i < 63 && mask >> (i + 1) & 1)
			i++;
		used += (size_t)snprintf(text + used, 256 - used, "%s%u", used ? "," : "", first);
		if (first != i)
			used += (size_t)snprintf(text + used, 256 - used, "-%u", i);
	}
	return text;
}

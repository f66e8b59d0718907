/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings: what journal and restore see of powercap's files. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "powercap.h"

/*
 * A zone's settings in the order in which they go back: the limits first, so that
 * a zone that becomes enabled does so with the right ones.  Writing `enabled` also
 * sets or clears the clamp and limit 2's enable bit, which sysfs does not show; so
 * it is written last, and only where it differs.
 */
static const struct field {
	const char *name;
	enum powercap_file file;
	unsigned which;
} fields[] = {
	{ "long_term/power_limit_uw", POWERCAP_LIMIT, 0 },
	{ "long_term/time_window_us", POWERCAP_WINDOW, 0 },
	{ "short_term/power_limit_uw", POWERCAP_LIMIT, 1 },
	{ "short_term/time_window_us", POWERCAP_WINDOW, 1 },
	{ "enabled", POWERCAP_ENABLED, 0 },
};

enum { FIELDS = sizeof fields / sizeof fields[0] };

static bool has_field(const struct pc_power *power, unsigned package, enum pc_domain domain,
		      const struct field *field)
{
	const struct pc_domain_info *info = &power->package[package].domain[domain];

	return field->which < info->limit_count &&
	       (field->file != POWERCAP_WINDOW ||
		powercap_zone(power, package, domain)->has_window[field->which]);
}

/* By name, as zones are: a number may be another one after the driver's next load. */
static void make_key(enum pc_domain domain, const struct field *field, char key[PC_SETTING_KEY])
{
	snprintf(key, PC_SETTING_KEY, "powercap:%s/%s", pc_domain_name(domain), field->name);
}

static int capture_field(struct pc_power *power, unsigned package, enum pc_domain domain,
			 const struct field *field, struct pc_setting *setting,
			 struct pc_error *error)
{
	*setting = (struct pc_setting){ .package = package, .mask = UINT64_MAX };
	make_key(domain, field, setting->key);
	if (powercap_read(power, powercap_zone(power, package, domain), field->file, field->which,
			  &setting->value) < 0)
		return pc_fail(error, errno, "%s: %s cannot be read: %s", power->package[package].name,
			       setting->key, strerror(errno));
	return 0;
}

int powercap_capture(struct pc_power *power, struct pc_setting *setting, unsigned max,
		     struct pc_error *error)
{
	unsigned count = 0;

	for (unsigned i = 0; i < power->package_count * PC_DOMAIN_COUNT * FIELDS; i++) {
		unsigned package = i / (PC_DOMAIN_COUNT * FIELDS);
		enum pc_domain domain = i / FIELDS % PC_DOMAIN_COUNT;
		const struct field *field = &fields[i % FIELDS];

		if (!has_field(power, package, domain, field))
			continue;
		if (count == max)
			return pc_fail(error, ENOSPC, "powercap: more than %u settings", max);
		if (capture_field(power, package, domain, field, &setting[count], error) < 0)
			return -1;
		count++;
	}
	return (int)count;
}

static const struct field *find_field(struct pc_power *power, const struct pc_setting *setting,
				      enum pc_domain *domain, struct pc_error *error)
{
	char key[PC_SETTING_KEY];

	for (unsigned i = 0; i < PC_DOMAIN_COUNT * FIELDS; i++) {
		const struct field *field = &fields[i % FIELDS];

		*domain = i / FIELDS;
		make_key(*domain, field, key);
		if (!strcmp(key, setting->key) && has_field(power, setting->package, *domain, field))
			return field;
	}
	pc_fail(error, ENODEV, "%s: powercap has no setting %s now; was it captured by another back end, "
		"or is a driver missing?", power->package[setting->package].name, setting->key);
	return NULL;
}

int powercap_setting_read(struct pc_power *power, const struct pc_setting *setting,
			  uint64_t *value, struct pc_error *error)
{
	enum pc_domain domain;
	const struct field *field = find_field(power, setting, &domain, error);
	struct pc_setting found;

	if (!field || capture_field(power, setting->package, domain, field, &found, error) < 0)
		return -1;
	*value = found.value;
	return 0;
}

int powercap_setting_write(struct pc_power *power, const struct pc_setting *setting,
			   struct pc_error *error)
{
	enum pc_domain domain;
	const struct field *field = find_field(power, setting, &domain, error);
	uint64_t found;

	if (!field)
		return -1;
	if (powercap_write(power, powercap_zone(power, setting->package, domain), field->file,
			   field->which, setting->value, error) < 0)
		return pc_fail_within(error, "%s", power->package[setting->package].name);
	if (powercap_setting_read(power, setting, &found, error) < 0)
		return -1;
	if (found != setting->value)
		return pc_fail(error, EIO, "%s: %s: %llu was written and read back as %llu",
			       power->package[setting->package].name, setting->key,
			       (unsigned long long)setting->value, (unsigned long long)found);
	return 0;
}

/* A zone that becomes enabled draws less; of limits and windows the smaller does. */
bool powercap_setting_lowers(const struct pc_power *power, const struct pc_setting *setting,
			     uint64_t found)
{
	(void)power;
	if (strstr(setting->key, "/enabled"))
		return setting->value > found;
	return setting->value < found;
}

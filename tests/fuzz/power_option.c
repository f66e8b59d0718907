/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: power_option.c */
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "power_option.h"

static void check_refusal(const struct pc_error *error)
{
	MUST(errno == EINVAL || errno == ERANGE);
	MUST(!strncmp(error->text, "power \"", 7));
	MUST(strlen(error->text) < 256);
	for (const char *c = error->text; *c; c++)
		MUST(*c >= ' ' && *c <= '~');
}

/* What is printed means the same again. */
static void check_round_trip(uint64_t uw)
{
	char text[32];
	uint64_t again;

	pc_watts_print(uw, text);
	text[strlen(text) - 2] = '\0';           /* " W" */
	MUST(pc_watts_parse(text, &again, NULL) == 0 && again == uw);
}

/* A second reading of the number, in floating point, cannot be far from the first. */
static void check_value(const char *text, uint64_t uw)
{
	char *unit;
	double expected = strtod(text, &unit) * (*unit == 'k' ? 1e9 : 1e6);

	MUST((double)uw >= expected * (1 - 1e-12) && (double)uw <= expected * (1 + 1e-12));
}

static int check_watts(const char *text, uint64_t *uw)
{
	struct pc_error error = { "" };
	int result;

	*uw = 77;
	result = pc_watts_parse(text, uw, &error);
	if (result < 0) {
		MUST(*uw == 77);
		check_refusal(&error);
	} else {
		MUST(*uw > 0 && *uw <= PC_POWER_MAX_UW);
		check_value(text, *uw);
		check_round_trip(*uw);
	}
	return result;
}

/* A cap is a power, or a power, a slash and the name of a level. */
static void check_cap(const char *text)
{
	struct pc_cap cap = { 77, PC_CAP_JOB };
	struct pc_error error = { "" };
	char *watts = strdup(text), *slash = strchr(watts, '/');
	uint64_t uw;

	if (slash)
		*slash = '\0';
	if (pc_cap_parse(text, &cap, &error) < 0) {
		MUST(cap.cap_uw == 77 && cap.level == PC_CAP_JOB);
		check_refusal(&error);
		MUST(slash || check_watts(text, &uw) < 0);
	} else {
		MUST(check_watts(watts, &uw) == 0 && uw == cap.cap_uw);
		MUST(slash ? !strcmp(slash + 1, pc_cap_level_name(cap.level)) : cap.level == PC_CAP_NODE);
	}
	free(watts);
}

static void check_printable(const char *text)
{
	unsigned size = 1 + (unsigned)strlen(text) % 19;
	char shown[20];

	memset(shown, '\n', sizeof shown);
	MUST(pc_printable(text, shown, size) == shown);
	MUST(strlen(shown) < size);
	for (unsigned i = 0; shown[i]; i++)
		MUST(shown[i] >= ' ' && shown[i] <= '~');
	for (unsigned i = size; i < sizeof shown; i++)
		MUST(shown[i] == '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	uint64_t uw;

	check_watts(text, &uw);
	check_cap(text);
	check_printable(text);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "pmctl.h"
#include "power_option.h"

#define OPTIONS_MAX 32
#define LONG_BASE 256            /* getopt's values for options without a letter */

static bool help, version;

/* The tables that are in force, one after the other. */
struct options {
	unsigned count;
	struct pmctl_option option[OPTIONS_MAX];
};

static void add_table(struct options *all, const struct pmctl_option *table)
{
	for (; table && table->name && all->count < OPTIONS_MAX; table++)
		all->option[all->count++] = *table;
}

static void add_common(struct options *all, struct pmctl *pmctl, bool writes)
{
	const struct pmctl_option dry_run[] = {
		{ "dry-run", 'n', NULL, "change nothing, say what would be", &pmctl->dry_run },
		{ 0 }
	};
	const struct pmctl_option common[] = {
		{ "backend", 'b', "SPEC", "auto, a rung's name, or sim:PATH; else the site's", &pmctl->backend },
		{ "root", 'r', "DIR", "a recorded machine instead of this one (read only)", &pmctl->root },
		{ "config", 'f', "FILE", "the site's file, else /etc/phasecap/phasecap.conf", &pmctl->config },
		{ "json", 'j', NULL, "print JSON", &pmctl->json },
		{ "verbose", 'v', NULL, "say more", &pmctl->verbose },
		{ "help", 'h', NULL, "print this", &help },
		{ "version", 'V', NULL, "print versions", &version },
		{ 0 }
	};

	if (writes)
		add_table(all, dry_run);
	add_table(all, common);
}

static void print_options(const struct options *all, FILE *out)
{
	for (unsigned i = 0; i < all->count; i++) {
		const struct pmctl_option *option = &all->option[i];
		char name[64];

		snprintf(name, sizeof name, "%s%s%s", option->name, option->argument ? "=" : "",
			 option->argument ? option->argument : "");
		if (option->letter)
			fprintf(out, "  -%c, --%-24s %s\n", option->letter, name, option->help);
		else
			fprintf(out, "      --%-24s %s\n", name, option->help);
	}
}

static void print_commands(const struct pmctl_command *table, FILE *out)
{
	for (; table->name; table++)
		fprintf(out, "  %-12s %s\n", table->name, table->summary);
}

static int print_help(const char *path, const struct pmctl_command *command, const struct options *all)
{
	printf("usage: %s [options]%s%s\n%s\n", path, *command->operands ? " " : "", command->operands,
	       command->summary);
	if (command->details)
		printf("\n%s\n", command->details);
	if (command->members) {
		printf("\ncommands:\n");
		print_commands(command->members, stdout);
	}
	printf("\noptions:\n");
	print_options(all, stdout);
	return pmctl_flush(PMCTL_OK);
}

int pmctl_usage(const char *path, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", path);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "; `%s --help` says what there is\n", path);
	return PMCTL_USAGE;
}

static void getopt_tables(const struct options *all, struct option *longs, char *shorts)
{
	for (unsigned i = 0; i < all->count; i++) {
		const struct pmctl_option *option = &all->option[i];

		longs[i] = (struct option){ option->name, option->argument ? required_argument : no_argument,
					    NULL, LONG_BASE + (int)i };
		if (option->letter) {
			*shorts++ = option->letter;
			if (option->argument)
				*shorts++ = ':';
		}
	}
	longs[all->count] = (struct option){ 0 };
	*shorts = '\0';
}

static const struct pmctl_option *find_option(const struct options *all, int code)
{
	if (code >= LONG_BASE)
		return &all->option[code - LONG_BASE];
	for (unsigned i = 0; i < all->count; i++)
		if (all->option[i].letter == code)
			return &all->option[i];
	return NULL;
}

static int complain(const char *path, int code, char **argv, const struct options *all)
{
	const struct pmctl_option *option = find_option(all, optopt);

	if (code == ':')
		return pmctl_usage(path, "option --%s needs %s", option ? option->name : "?",
				   option ? option->argument : "a value");
	if (optopt >= LONG_BASE && option)
		return pmctl_usage(path, "option --%s takes no value", option->name);
	if (optopt)
		return pmctl_usage(path, "unknown option -%c", optopt);
	return pmctl_usage(path, "unknown or ambiguous option %s", argv[optind - 1]);
}

/* first is "+" where parsing ends at the first operand, else "". */
static int parse(const char *path, const struct options *all, const char *first, int argc, char **argv,
		 int *status)
{
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 3];
	size_t prefix = (size_t)snprintf(shorts, sizeof shorts, "%s:", first);
	int code;

	getopt_tables(all, longs, shorts + prefix);
	opterr = 0;
	optind = 0;              /* glibc: start over, with a fresh table */
	while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct pmctl_option *option = find_option(all, code);

		if (code == ':' || code == '?' || !option) {
			*status = complain(path, code, argv, all);
			return -1;
		}
		if (option->argument)
			*(const char **)option->value = optarg;
		else
			*(bool *)option->value = true;
	}
	return optind;
}

static int print_version(int *status)
{
	pmctl_print_version(stdout);
	*status = pmctl_flush(PMCTL_OK);
	return -1;
}

int pmctl_parse_common(struct pmctl *pmctl, const struct pmctl_command *table, int argc, char **argv,
		       int *status)
{
	const struct pmctl_command self = {
		.name = "pmctl", .operands = "COMMAND ...", .members = table,
		.summary = "Reads, limits and restores a node's power, and says what is wrong with it.",
		.details = "Caps and limits cover the packages and their DRAM; not GPUs, fans or network.\n"
			   "`pmctl COMMAND --help` says more about a command; pmctl(8) about all.",
	};
	struct options all = { 0 };
	int first;

	add_common(&all, pmctl, false);
	first = parse("pmctl", &all, "+", argc, argv, status);
	if (first < 0)
		return -1;
	if (version)
		return print_version(status);
	if (!help && first < argc)
		return first;
	*status = help ? print_help("pmctl", &self, &all) : pmctl_usage("pmctl", "no command is named");
	return -1;
}

int pmctl_parse_command(struct pmctl *pmctl, const char *path, const struct pmctl_command *command,
			int argc, char **argv, int *status)
{
	struct options all = { 0 };
	int first;

	add_table(&all, command->options);
	add_common(&all, pmctl, command->writes);
	first = parse(path, &all, command->members ? "+" : "", argc, argv, status);
	if (first < 0)
		return -1;
	if (version)
		return print_version(status);
	if (help)
		*status = print_help(path, command, &all);
	else if (argc - first < command->least)
		*status = pmctl_usage(path, "%s is missing", command->operands);
	else if (!command->members && argc - first > command->most)
		*status = pmctl_usage(path, "'%s' is one operand too many", argv[first + command->most]);
	else
		return first;
	return -1;
}

int pmctl_number(const char *path, const char *option, const char *text, uint64_t least, uint64_t most,
		 uint64_t *number)
{
	char *end, shown[64];

	errno = 0;
	*number = strtoull(text, &end, 10);
	if (isdigit((unsigned char)*text) && !*end && !errno && *number >= least && *number <= most)
		return 0;
	pmctl_usage(path, "%s: '%s' is not a whole number from %llu to %llu", option,
		    pc_printable(text, shown, sizeof shown), (unsigned long long)least, (unsigned long long)most);
	return -1;
}

int pmctl_watts(const char *path, const char *option, const char *text, uint64_t *uw)
{
	struct pc_error error;

	if (pc_watts_parse(text, uw, &error) == 0)
		return 0;
	pmctl_usage(path, "%s: %s", option, error.text);
	return -1;
}

/* Microseconds per unit; 0 where the unit is none of ours. */
static uint64_t duration_unit(const char *unit)
{
	if (!strcmp(unit, "s"))
		return 1000000;
	if (!strcmp(unit, "ms"))
		return 1000;
	return strcmp(unit, "us") ? 0 : 1;
}

int pmctl_duration(const char *path, const char *option, const char *text, uint64_t *us)
{
	uint64_t whole = 0, part = 0, unit, scale = 1;
	const char *at = text;
	char shown[64];

	for (; isdigit((unsigned char)*at) && whole < 1000000000; at++)
		whole = whole * 10 + (uint64_t)(*at - '0');
	if (at != text && *at == '.')
		for (at++; isdigit((unsigned char)*at) && scale < 1000000; at++, scale *= 10)
			part = part * 10 + (uint64_t)(*at - '0');
	unit = at == text ? 0 : duration_unit(*at ? at : "s");
	*us = whole * unit + part * unit / scale;
	if (*us)
		return 0;
	pmctl_usage(path, "%s: '%s' is no time above zero, such as 1s, 250ms or 976us", option,
		    pc_printable(text, shown, sizeof shown));
	return -1;
}

int pmctl_purpose(const char *path, const char *option, const char *text, enum pc_list_purpose *purpose)
{
	static const char *const name[] = {
		[PC_LIST_READ] = "read", [PC_LIST_JOB] = "job", [PC_LIST_ROOT] = "root"
	};
	char shown[32];

	for (unsigned i = 0; i < sizeof name / sizeof *name; i++)
		if (!strcmp(text, name[i])) {
			*purpose = (enum pc_list_purpose)i;
			return 0;
		}
	pmctl_usage(path, "%s: '%s' is none of read, job, root", option, pc_printable(text, shown, sizeof shown));
	return -1;
}

int pmctl_packages(const char *path, const char *text, const struct pc_power *power, unsigned *first,
		   unsigned *end)
{
	unsigned count = pc_power_package_count(power);
	uint64_t index;

	*first = 0;
	*end = count;
	if (!strcmp(text, "all"))
		return 0;
	if (!count) {
		pmctl_usage(path, "--package: back end %s has no packages", pc_power_backend(power));
		return -1;
	}
	if (pmctl_number(path, "--package", text, 0, count - 1, &index) < 0)
		return -1;
	*first = (unsigned)index;
	*end = *first + 1;
	return 0;
}

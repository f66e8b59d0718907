/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_PMCTL_H
#define PHASECAP_PMCTL_H

/*
 * What the commands of pmctl share.  A command is one entry of a table: its
 * options (also a table), its operands and a function.  Exit status: 0 done, 1 not
 * done (with one sentence on stderr), 2 the command line is wrong.
 *
 * The option values are static in the command's file: a process runs one command.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "error.h"
#include "power.h"
#include "site.h"

enum { PMCTL_OK = 0, PMCTL_FAILED = 1, PMCTL_USAGE = 2 };

#define PMCTL_RUNGS 16

struct pmctl {
	const char *backend;     /* --backend; NULL: the site's */
	const char *root;        /* --root; NULL: this machine */
	const char *config;      /* --config; NULL: the default place */
	bool json, verbose, dry_run;
	struct pc_site site;     /* pmctl_site() fills it */
	struct pc_rung_report rung[PMCTL_RUNGS]; /* pmctl_open() fills it */
	unsigned rungs;
};

struct pmctl_option {
	const char *name;        /* long name; NULL ends a table */
	char letter;             /* or 0 */
	const char *argument;    /* how --help calls the value; NULL: a flag */
	const char *help;
	void *value;             /* bool * of a flag, const char ** of a value */
};

struct pmctl_command {
	const char *name;        /* NULL ends a table */
	const char *operands;    /* how --help calls them */
	const char *summary;     /* one line */
	const char *details;     /* more for --help; may be NULL */
	int least, most;         /* operands */
	bool writes;             /* has --dry-run */
	const struct pmctl_option *options;   /* NULL: the common ones only */
	const struct pmctl_command *members;  /* a group: its commands, and no run */
	int (*run)(struct pmctl *pmctl, char **operand);
};

extern const struct pmctl_command pmctl_show;
extern const struct pmctl_command pmctl_set;
extern const struct pmctl_command pmctl_save;
extern const struct pmctl_command pmctl_restore;
extern const struct pmctl_command pmctl_watch;
extern const struct pmctl_command pmctl_allowlist;
extern const struct pmctl_command pmctl_doctor;
extern const struct pmctl_command pmctl_ceiling;
extern const struct pmctl_command pmctl_gather;
extern const struct pmctl_command pmctl_sim;
extern const struct pmctl_command pmctl_report;

/* --- options.c --- */

/* Parses the options in front of the command.  Returns the index of the
 * command's name; or -1 with *status when there is nothing more to do. */
int pmctl_parse_common(struct pmctl *pmctl, const struct pmctl_command *table, int argc, char **argv,
		       int *status);
/* Parses a command's own; argv[0] is its name, `path` that and its group's.
 * Returns the index of the first operand, or -1 with *status. */
int pmctl_parse_command(struct pmctl *pmctl, const char *path, const struct pmctl_command *command,
			int argc, char **argv, int *status);
/* One sentence on stderr and where help is; returns PMCTL_USAGE. */
int pmctl_usage(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A whole number; -1 with the usage sentence said. */
int pmctl_number(const char *path, const char *option, const char *text, uint64_t least, uint64_t most,
		 uint64_t *number);
/* "105W", "1.5kW"; -1 with the usage sentence said. */
int pmctl_watts(const char *path, const char *option, const char *text, uint64_t *uw);
/* "1s", "250ms", "976us"; -1 with the usage sentence said. */
int pmctl_duration(const char *path, const char *option, const char *text, uint64_t *us);

/* "read", "job" or "root"; -1 with the usage sentence said. */
int pmctl_purpose(const char *path, const char *option, const char *text, enum pc_list_purpose *purpose);
/* "all" or a package's index: the range [*first, *end) of power's packages; -1 with the
 * usage sentence said. */
int pmctl_packages(const char *path, const char *text, const struct pc_power *power, unsigned *first,
		   unsigned *end);

/* --- node.c --- */

/* The site's configuration into pmctl->site; -1 with the sentence said. */
int pmctl_site(struct pmctl *pmctl);
/* --backend, else the site's back end, else the ladder; NULL with the sentence said. */
struct pc_power *pmctl_open(struct pmctl *pmctl);
/* What pmctl_open() would be asked for: "auto", "sim:PATH". */
const char *pmctl_backend_spec(const struct pmctl *pmctl);
/* The same from any working directory; -1 where it is too long. */
int pmctl_backend_absolute(const char *spec, char absolute[256]);
/* A heading that names the back end, the rung, and says "simulated" where it is. */
void pmctl_print_node(const struct pc_power *power, FILE *out);
/* The same as the first members of a JSON object; the caller owns it. */
json_t *pmctl_json_node(const struct pmctl *pmctl, const struct pc_power *power);
/* All that `pmctl show --json` prints. */
json_t *pmctl_json_show(const struct pmctl *pmctl, struct pc_power *power);

/* --- output.c --- */

/* "pmctl: sentence" on stderr; returns PMCTL_FAILED. */
int pmctl_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints (JSON_INDENT) and releases; PMCTL_OK, or PMCTL_FAILED where stdout is broken. */
int pmctl_json_print(json_t *object);
/* PMCTL_FAILED with the sentence said where stdout took not everything. */
int pmctl_flush(int status);

const char *pmctl_text_watts(uint64_t uw, char text[32]);     /* "-" for 0 */
const char *pmctl_text_window(uint64_t us, char text[32]);    /* "1 s", "9.76 ms" */
/* "150 W over 1 s, on, clamp"; "-" where there is no such limit. */
const char *pmctl_text_limit(const struct pc_limits *limits, unsigned which, char text[96]);
json_t *pmctl_json_known(uint64_t value);                     /* null for 0 */
json_t *pmctl_json_limits(const struct pc_limits *limits);

/* Rows of cells, printed with each column as wide as its widest cell. */
#define PMCTL_COLUMNS 12
struct pmctl_table {
	unsigned columns, cells, room;
	char **cell;             /* row after row, the heading first */
	bool failed;
};

void pmctl_table_begin(struct pmctl_table *table, unsigned columns, const char *const *heading);
/* Appends a cell; a row is full after `columns` of them. */
void pmctl_table_add(struct pmctl_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints with an indent, and frees. */
void pmctl_table_end(struct pmctl_table *table, const char *indent, FILE *out);

/* --- version.c --- */
void pmctl_print_version(FILE *out);
json_t *pmctl_json_versions(void);

#endif

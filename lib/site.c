/* SPDX-License-Identifier: BSD-3-Clause */
#include "site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ini.h>

#include "power_option.h"

#define SECTION "site"
#define SHOWN 64                 /* bytes of the file's text in a sentence */
#define FILE_MAX 65536
#define TEXT_ROOM sizeof ((struct pc_site *)0)->backend

struct reader {
	const char *path;
	const char *at;          /* what is left of the file */
	struct pc_site *site;
	struct pc_error *error;
	unsigned line;
	unsigned set;            /* bit per key: seen already */
	unsigned failed;         /* line of the first mistake; 0: none so far */
};

/* Only the first mistake is told: what follows is often its consequence. */
static void __attribute__((format(printf, 2, 3)))
mistake(struct reader *reader, const char *format, ...)
{
	char what[512];
	va_list args;

	if (reader->failed)
		return;
	reader->failed = reader->line;
	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	pc_fail(reader->error, EINVAL, "%s:%u: %s", reader->path, reader->line, what);
}

static int take_text(const char *value, void *field, struct pc_error *error)
{
	if (!*value || strlen(value) >= TEXT_ROOM)
		return pc_fail(error, EINVAL, *value ? "more than 255 bytes" : "no value");
	memcpy(field, value, strlen(value) + 1);
	return 0;
}

static int take_directory(const char *value, void *field, struct pc_error *error)
{
	char shown[SHOWN];

	if (*value != '/' || !value[1])
		return pc_fail(error, EINVAL, "%s is not the absolute path of a directory",
			       pc_printable(value, shown, sizeof shown));
	return take_text(value, field, error);
}

/* In a file people write "300 W"; the option's grammar knows no blanks. */
static int take_watts(const char *value, void *field, struct pc_error *error)
{
	const char *blank = strchr(value, ' ');
	char joined[64];

	if (!blank || strlen(value) >= sizeof joined)
		return pc_watts_parse(value, field, error);
	snprintf(joined, sizeof joined, "%.*s%s", (int)(blank - value), value, blank + 1);
	return pc_watts_parse(joined, field, error);
}

static int take_flag(const char *value, void *field, struct pc_error *error)
{
	char shown[SHOWN];
	bool yes = strcmp(value, "yes") == 0;

	if (!yes && strcmp(value, "no") != 0)
		return pc_fail(error, EINVAL, "%s is neither yes nor no",
			       pc_printable(value, shown, sizeof shown));
	*(bool *)field = yes;
	return 0;
}

static const struct key {
	const char *name;
	size_t offset;
	int (*take)(const char *value, void *field, struct pc_error *error);
} keys[] = {
	{ "backend", offsetof(struct pc_site, backend), take_text },
	{ "run_dir", offsetof(struct pc_site, run_dir), take_directory },
	{ "cap_min", offsetof(struct pc_site, cap_min_uw), take_watts },
	{ "cap_max", offsetof(struct pc_site, cap_max_uw), take_watts },
	{ "dram_reserve", offsetof(struct pc_site, dram_reserve_uw), take_watts },
	{ "monitor_uncapped", offsetof(struct pc_site, monitor_uncapped), take_flag },
	{ "unguarded_writes", offsetof(struct pc_site, allow_without_guard), take_flag },
};
#define KEY_COUNT (sizeof keys / sizeof keys[0])

void pc_site_defaults(struct pc_site *site)
{
	*site = (struct pc_site){ .backend = "auto", .run_dir = "/run/phasecap" };
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Levenshtein's distance, one row at a time; long words are far from all keys. */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned row[64], length = (unsigned)strlen(b);

	if (length >= 64 || strlen(a) >= 64)
		return 64;
	for (unsigned i = 0; i <= length; i++)
		row[i] = i;
	for (unsigned j = 1; *a; a++, j++) {
		unsigned diagonal = row[0];

		row[0] = j;
		for (unsigned i = 1; i <= length; i++) {
			unsigned above = row[i];

			row[i] = least(least(above, row[i - 1]) + 1, diagonal + (*a != b[i - 1]));
			diagonal = above;
		}
	}
	return row[length];
}

static const char *nearest_key(const char *name)
{
	const struct key *best = &keys[0];

	for (const struct key *key = keys; key < keys + KEY_COUNT; key++)
		if (edit_distance(name, key->name) < edit_distance(name, best->name))
			best = key;
	return best->name;
}

static const struct key *find_key(const char *name)
{
	for (const struct key *key = keys; key < keys + KEY_COUNT; key++)
		if (strcmp(name, key->name) == 0)
			return key;
	return NULL;
}

static int take_key(void *arg, const char *section, const char *name, const char *value)
{
	struct reader *reader = arg;
	const struct key *key = find_key(name);
	char shown[SHOWN];
	struct pc_error why;

	if (!*section)
		mistake(reader, "%s stands before any section: begin the file with [" SECTION "]",
			pc_printable(name, shown, sizeof shown));
	else if (!key)
		mistake(reader, "unknown key %s; the nearest known key is %s",
			pc_printable(name, shown, sizeof shown), nearest_key(name));
	else if (reader->set & 1u << (key - keys))
		mistake(reader, "%s is set a second time: keep one of the two", key->name);
	else if (key->take(value, (char *)reader->site + key->offset, &why))
		mistake(reader, "%s: %s", key->name, why.text);
	if (key)
		reader->set |= 1u << (key - keys);
	return 1;
}

/* inih never reports a section without keys, so the heads are checked here. */
static void check_section(struct reader *reader, const char *line)
{
	const char *end = strchr(line, ']');
	char name[SHOWN], shown[SHOWN];

	if (!end)
		return;          /* inih reports the missing bracket */
	snprintf(name, sizeof name, "%.*s", (int)(end - line - 1), line + 1);
	if (strcmp(name, SECTION) != 0)
		mistake(reader, "unknown section [%s]; the nearest known section is [" SECTION "]",
			pc_printable(name, shown, sizeof shown));
}

/*
 * Feeds inih line by line, for what it does not do itself: it counts lines where the
 * handler can see them, cuts leading blanks (inih would glue an indented line
 * to the key before it) and notices lines that inih would silently split.
 */
static char *next_line(char *line, int room, void *arg)
{
	struct reader *reader = arg;
	size_t length = strcspn(reader->at, "\n");
	const char *text = reader->at + strspn(reader->at, " \t");

	if (!*reader->at)
		return NULL;
	reader->line++;
	if (length + 2 > (size_t)room) {
		mistake(reader, "a line of more than %d bytes: shorten it", room - 2);
		return NULL;
	}
	reader->at += length + (reader->at[length] == '\n');
	snprintf(line, (size_t)room, "%.*s", (int)(reader->at - text), text);
	if (*line == '[')
		check_section(reader, line);
	return line;
}

static int check_together(const struct pc_site *site, const char *path, struct pc_error *error)
{
	char least_text[32], most_text[32];

	if (!site->cap_max_uw || site->cap_min_uw <= site->cap_max_uw)
		return 0;
	return pc_fail(error, EINVAL, "%s: cap_min of %s is above cap_max of %s: no cap could be asked for",
		       path, pc_watts_print(site->cap_min_uw, least_text),
		       pc_watts_print(site->cap_max_uw, most_text));
}

static int parse(struct pc_site *site, const char *text, const char *path, struct pc_error *error)
{
	struct reader reader = { .path = path, .at = text, .site = site, .error = error };
	int line = ini_parse_stream(next_line, &reader, take_key, &reader);

	/* inih goes on behind what it does not understand, and tells at the end. */
	if (line > 0 && (!reader.failed || (unsigned)line < reader.failed)) {
		reader.line = (unsigned)line;
		reader.failed = 0;
		mistake(&reader, "neither a [section], nor key = value, nor a comment");
	}
	if (reader.failed) {
		errno = EINVAL;
		return -1;
	}
	return check_together(site, path, error);
}

/* What root believes, nobody but root may have written; a user's own file serves the user. */
static int check_trust(int fd, const char *path, struct pc_error *error)
{
	struct stat status;

	if (fstat(fd, &status))
		return pc_fail(error, errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return pc_fail(error, EPERM, "%s: not a regular file", path);
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return pc_fail(error, EPERM, "%s: owned by user %u: chown root it", path, (unsigned)status.st_uid);
	if (status.st_mode & (S_IWGRP | S_IWOTH))
		return pc_fail(error, EPERM, "%s: others may write it (mode %04o): chmod go-w it", path,
			       (unsigned)status.st_mode & 07777);
	return 0;
}

/* The whole file as a string; how much of it there is ends at FILE_MAX. */
static int slurp(int fd, char *text, const char *path, struct pc_error *error)
{
	size_t length = 0;
	ssize_t got;

	while ((got = read(fd, text + length, FILE_MAX + 1 - length)) > 0)
		length += (size_t)got;
	if (got < 0)
		return pc_fail(error, errno, "%s: %s", path, strerror(errno));
	if (length > FILE_MAX)
		return pc_fail(error, EINVAL, "%s: longer than %d bytes", path, FILE_MAX);
	text[length] = '\0';
	if (strlen(text) != length)
		return pc_fail(error, EINVAL, "%s: holds a NUL byte: not a text file", path);
	return 0;
}

static int load(struct pc_site *site, int fd, const char *path, struct pc_error *error)
{
	char *text;
	int result;

	if (check_trust(fd, path, error))
		return -1;
	text = malloc(FILE_MAX + 2);
	if (!text)
		return pc_fail(error, ENOMEM, "%s: no memory", path);
	result = slurp(fd, text, path, error);
	if (!result)
		result = parse(site, text, path, error);
	free(text);
	return result;
}

int pc_site_load(struct pc_site *site, const char *path, struct pc_error *error)
{
	const char *name = path ? path : PC_SITE_DEFAULT_PATH;
	struct pc_site fresh;
	int fd, result;

	pc_site_defaults(site);
	fresh = *site;
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT && !path)
		return 0;
	if (fd < 0)
		return pc_fail(error, errno, "%s: %s", name, strerror(errno));
	result = load(&fresh, fd, name, error);
	close(fd);
	if (!result)
		*site = fresh;
	else
		memcpy(site->run_dir, fresh.run_dir, sizeof site->run_dir);
	return result;
}

/* SPDX-License-Identifier: BSD-3-Clause */

/* Reading a Matrix Market file: "Matrix Market: Text File Formats", NIST, section coordinate format. */

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "matrix.h"

#define LONGEST_LINE 1024          /* the format's own limit */
#define MOST_ENTRIES (INT_MAX / 2) /* a symmetric file's entries count twice, and all in an int */

#define BLANKS " \t\r"

struct reader {
	const char *path;
	FILE *file;
	char line[LONGEST_LINE + 1];
	long number;
	bool pattern, symmetric;
	int room; /* of the list, in entries */
};

static int malformed(const struct reader *reader, const char *what)
{
	fprintf(stderr, "cg: %s:%ld: %s\n", reader->path, reader->number, what);
	return -1;
}

static bool at_end(const char *at)
{
	return at[strspn(at, BLANKS)] == '\0';
}

/* The next line: 1, or 0 at the end of the file, or -1.  Not getline: a file need not have lines. */
static int read_line(struct reader *reader)
{
	int length = 0, c = getc(reader->file);

	if (c == EOF)
		return ferror(reader->file) ? malformed(reader, "the file could not be read any further") : 0;
	reader->number++;
	for (; c != EOF && c != '\n'; c = getc(reader->file)) {
		if (c == '\0')
			return malformed(reader, "a NUL byte in a text file");
		if (length == LONGEST_LINE)
			return malformed(reader, "a line of more than 1024 characters");
		reader->line[length++] = (char)c;
	}
	reader->line[length] = '\0';
	return 1;
}

/* The same, past blank lines. */
static int next_line(struct reader *reader)
{
	int got;

	do
		got = read_line(reader);
	while (got > 0 && at_end(reader->line));
	return got;
}

static int read_banner(struct reader *reader)
{
	char object[32], format[32], field[32], symmetry[32], more;
	int got = next_line(reader);

	if (got < 0)
		return -1;
	if (!got || sscanf(reader->line, "%%%%MatrixMarket %31s %31s %31s %31s %c", object, format, field, symmetry, &more) != 4)
		return malformed(reader, "the file does not begin with \"%%MatrixMarket matrix coordinate "
				 "real|integer|pattern general|symmetric\"");
	if (strcasecmp(object, "matrix") || strcasecmp(format, "coordinate"))
		return malformed(reader, "only a \"matrix coordinate\" file can be read");
	reader->pattern = !strcasecmp(field, "pattern");
	if (!reader->pattern && strcasecmp(field, "real") && strcasecmp(field, "integer"))
		return malformed(reader, "entries must be real, integer or pattern");
	reader->symmetric = !strcasecmp(symmetry, "symmetric");
	if (!reader->symmetric && strcasecmp(symmetry, "general"))
		return malformed(reader, "the symmetry must be general or symmetric");
	return 0;
}

/* A whole number at *at, which moves behind it; false where there is none or it is too large. */
static bool whole(const char **at, long *value)
{
	char *end;

	errno = 0;
	*value = strtol(*at, &end, 10);
	if (end == *at || errno || (*end && !strchr(BLANKS, *end)))
		return false;
	*at = end;
	return true;
}

static int read_size(struct reader *reader, struct list *list, int *announced)
{
	long rows, columns, entries;
	const char *at;
	int got;

	do
		got = next_line(reader);
	while (got > 0 && reader->line[0] == '%');
	if (got < 0)
		return -1;
	at = reader->line;
	if (!got || !whole(&at, &rows) || !whole(&at, &columns) || !whole(&at, &entries) || !at_end(at))
		return malformed(reader, "here must stand three numbers: rows, columns and entries");
	if (rows != columns)
		return malformed(reader, "the matrix is not square");
	if (rows < 1 || rows > INT_MAX || entries < 0)
		return malformed(reader, "the matrix must have 1 to 2147483647 rows, and no less than 0 entries");
	if (entries > MOST_ENTRIES)
		return malformed(reader, "the matrix has too many entries: at most 1073741823 can be dealt out");
	list->rows = (int)rows;
	*announced = (int)entries;
	return 0;
}

static int add_entry(struct reader *reader, struct list *list, long row, long column, double value)
{
	if (list->count == reader->room) {
		int room = reader->room > INT_MAX / 2 ? INT_MAX : reader->room ? 2 * reader->room : 1024;
		struct entry *entry = realloc(list->entry, (size_t)room * sizeof *entry);

		if (!entry)
			return malformed(reader, "no memory for another entry");
		list->entry = entry;
		reader->room = room;
	}
	list->entry[list->count++] = (struct entry){ (int)row - 1, (int)column - 1, value };
	return 0;
}

static int read_entry(struct reader *reader, struct list *list)
{
	const char *at = reader->line;
	double value = 1;
	long row, column;
	char *end;

	if (!whole(&at, &row) || !whole(&at, &column))
		return malformed(reader, "an entry begins with two numbers: row and column");
	if (!reader->pattern) {
		value = strtod(at, &end);
		if (end == at || !isfinite(value))
			return malformed(reader, "the entry has no finite value");
		at = end;
	}
	if (!at_end(at))
		return malformed(reader, "something stands behind the entry");
	if (row < 1 || row > list->rows || column < 1 || column > list->rows)
		return malformed(reader, "the entry lies outside the matrix");
	if (reader->symmetric && column > row)
		return malformed(reader, "a symmetric file holds the lower triangle only, and this is above it");
	if (add_entry(reader, list, row, column, value))
		return -1;
	return reader->symmetric && row != column ? add_entry(reader, list, column, row, value) : 0;
}

static int read_entries(struct reader *reader, struct list *list, int announced)
{
	int got, count = 0;

	while ((got = next_line(reader)) > 0) {
		if (count++ == announced)
			return malformed(reader, "more entries than the file announced");
		if (read_entry(reader, list))
			return -1;
	}
	if (got < 0)
		return -1;
	return count == announced ? 0 : malformed(reader, "the file ends before its last entry");
}

int read_matrix_market(const char *path, struct list *list)
{
	struct reader reader = { .path = path, .file = fopen(path, "r") };
	int result, announced;

	*list = (struct list){ 0 };
	if (!reader.file) {
		fprintf(stderr, "cg: %s: %s\n", path, strerror(errno));
		return -1;
	}
	result = read_banner(&reader) || read_size(&reader, list, &announced) || read_entries(&reader, list, announced);
	if (!result) {
		list_sort(list);
		result = list_check(path, list);
	}
	if (result) {
		free(list->entry);
		*list = (struct list){ 0 };
	}
	fclose(reader.file);
	return result ? -1 : 0;
}

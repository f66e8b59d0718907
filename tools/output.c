/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "pmctl.h"
#include "power_option.h"

int pmctl_error(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("pmctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return PMCTL_FAILED;
}

int pmctl_flush(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	return pmctl_error("standard output: %s: what was printed is not complete", strerror(errno));
}

int pmctl_json_print(json_t *object)
{
	int bad = !object || json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII);

	json_decref(object);
	if (bad && !ferror(stdout))
		return pmctl_error("JSON: %s", strerror(ENOMEM));
	putchar('\n');
	return pmctl_flush(PMCTL_OK);
}

const char *pmctl_text_watts(uint64_t uw, char text[32])
{
	if (!uw)
		return strcpy(text, "-");
	return pc_watts_print(uw, text);
}

const char *pmctl_text_window(uint64_t us, char text[32])
{
	if (us >= 1000000)
		snprintf(text, 32, "%.4g s", (double)us / 1e6);
	else if (us >= 1000)
		snprintf(text, 32, "%.4g ms", (double)us / 1e3);
	else
		snprintf(text, 32, "%llu us", (unsigned long long)us);
	return text;
}

const char *pmctl_text_limit(const struct pc_limits *limits, unsigned which, char text[96])
{
	const struct pc_limit *limit = &limits->limit[which];
	char watts[32], window[32];

	if (which >= limits->count)
		return strcpy(text, "-");
	snprintf(text, 96, "%s over %s, %s%s", limit->limit_uw ? pc_watts_print(limit->limit_uw, watts) : "0 W",
		 pmctl_text_window(limit->window_us, window), limit->enabled ? "on" : "off",
		 limit->clamped ? ", clamp" : "");
	return text;
}

json_t *pmctl_json_known(uint64_t value)
{
	return value ? json_integer((json_int_t)value) : json_null();
}

json_t *pmctl_json_limits(const struct pc_limits *limits)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < limits->count; i++) {
		const struct pc_limit *limit = &limits->limit[i];

		json_array_append_new(array, json_pack("{s:I, s:I, s:b, s:b}",
			"limit_uw", (json_int_t)limit->limit_uw, "window_us", (json_int_t)limit->window_us,
			"enabled", limit->enabled, "clamped", limit->clamped));
	}
	return array;
}

void pmctl_table_begin(struct pmctl_table *table, unsigned columns, const char *const *heading)
{
	*table = (struct pmctl_table){ .columns = columns };
	for (unsigned i = 0; i < columns; i++)
		pmctl_table_add(table, "%s", heading[i]);
}

void pmctl_table_add(struct pmctl_table *table, const char *format, ...)
{
	va_list args;
	char *text = NULL;

	if (table->cells == table->room) {
		unsigned room = table->room ? 2 * table->room : 16 * table->columns;
		char **cell = realloc(table->cell, room * sizeof *cell);

		if (!cell) {
			table->failed = true;
			return;
		}
		table->cell = cell;
		table->room = room;
	}
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	table->failed |= !text;
	table->cell[table->cells++] = text;
}

static int cell_width(const struct pmctl_table *table, unsigned column)
{
	size_t width = 0;

	for (unsigned i = column; i < table->cells; i += table->columns)
		if (table->cell[i] && strlen(table->cell[i]) > width)
			width = strlen(table->cell[i]);
	return (int)width;
}

static void print_cells(const struct pmctl_table *table, const char *indent, FILE *out)
{
	int width[PMCTL_COLUMNS];

	for (unsigned i = 0; i < table->columns; i++)
		width[i] = cell_width(table, i);
	for (unsigned i = 0; i < table->cells; i++) {
		unsigned column = i % table->columns;
		const char *text = table->cell[i] ? table->cell[i] : "?";

		if (column + 1 == table->columns)
			fprintf(out, "%s\n", text);
		else
			fprintf(out, "%s%-*s  ", column ? "" : indent, width[column], text);
	}
}

void pmctl_table_end(struct pmctl_table *table, const char *indent, FILE *out)
{
	if (table->failed)
		pmctl_error("table: %s", strerror(ENOMEM));
	print_cells(table, indent, out);
	for (unsigned i = 0; i < table->cells; i++)
		free(table->cell[i]);
	free(table->cell);
	*table = (struct pmctl_table){ .columns = table->columns };
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "cpus.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number at *text, which moves behind it; 0 with errno where there is none. */
static unsigned take_number(const char **text)
{
	unsigned long number;
	char *end;

	errno = EINVAL;
	if (**text < '0' || **text > '9')
		return 0;
	errno = 0;
	number = strtoul(*text, &end, 10);
	if (number > INT_MAX)
		errno = ERANGE;
	*text = end;
	return errno ? 0 : (unsigned)number;
}

/* "COUNT" or "COUNT(xNODES)", and the comma behind it. */
static int take_group(const char **text, unsigned *count, unsigned *nodes)
{
	*nodes = 1;
	*count = take_number(text);
	if (errno)
		return -1;
	if (strncmp(*text, "(x", 2) == 0) {
		*text += 2;
		*nodes = take_number(text);
		if (errno || *(*text)++ != ')')
			return -1;
	}
	if (**text == ',')
		return *++*text ? 0 : -1;
	return **text ? -1 : 0;
}

/* The count of the index-th node; 0 where the list is too short or not of this form. */
static unsigned count_at(const char *list, unsigned index)
{
	unsigned count, nodes;

	while (*list) {
		if (take_group(&list, &count, &nodes))
			return 0;
		if (index < nodes)
			return count;
		index -= nodes;
	}
	return 0;
}

/* The one count of a list that has one only; 0 where counts differ. */
static unsigned common_count(const char *list)
{
	unsigned first = count_at(list, 0), count, nodes;

	while (*list)
		if (take_group(&list, &count, &nodes) || count != first)
			return 0;
	return first;
}

unsigned cpus_of_node(const char *cpus_per_node, const char *node_list, const char *node)
{
	unsigned common;
	int index;

	if (!cpus_per_node)
		return 0;
	common = common_count(cpus_per_node);
	if (common || !node_list || !node)
		return common;
	index = cpus_node_index(node_list, node);
	return index < 0 ? 0 : count_at(cpus_per_node, (unsigned)index);
}

/* --- node lists ------------------------------------------------------------------- */

/* Where the search stands: how many names came before, and whether this one was found. */
struct search {
	const char *node;
	int index;
	bool found;
};

static void visit(struct search *search, const char *head, int length, unsigned number, int width)
{
	char name[256];

	if (search->found)
		return;
	if (width < 0)
		snprintf(name, sizeof name, "%.*s", length, head);
	else
		snprintf(name, sizeof name, "%.*s%0*u", length, head, width, number);
	search->found = strcmp(name, search->node) == 0;
	search->index += !search->found;
}

/* "1-3,07]" behind the bracket; returns what is behind it, NULL where it is malformed. */
static const char *visit_ranges(struct search *search, const char *head, int length, const char *text)
{
	for (;; text++) {
		const char *digits = text;
		unsigned first = take_number(&text), last = first;
		int width = (int)(text - digits);

		if (errno)
			return NULL;
		if (*text == '-') {
			text++;
			last = take_number(&text);
			if (errno || last < first || last - first > 65536)
				return NULL;
		}
		for (unsigned number = first; number <= last; number++)
			visit(search, head, length, number, width);
		if (*text == ']')
			return text + 1;
		if (*text != ',')
			return NULL;
	}
}

int cpus_node_index(const char *node_list, const char *node)
{
	struct search search = { .node = node };

	while (*node_list) {
		size_t length = strcspn(node_list, ",[]");
		const char *behind = node_list + length;

		if (length == 0 || length > 200)
			return -1;
		if (*behind == '[')
			behind = visit_ranges(&search, node_list, (int)length, behind + 1);
		else
			visit(&search, node_list, (int)length, 0, -1);
		if (!behind || (*behind && (*behind != ',' || !behind[1])))
			return -1;
		node_list = behind + (*behind == ',');
	}
	return search.found ? search.index : -1;
}

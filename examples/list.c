/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "matrix.h"

static int by_place(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	return (a->column > b->column) - (a->column < b->column);
}

/* The value decides last, so that sums are the same on both sides of the diagonal. */
static int by_place_and_value(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = by_place(a, b);

	return order ? order : (a->value > b->value) - (a->value < b->value);
}

void list_sort(struct list *list)
{
	int count = 0;

	if (list->count == 0)
		return; /* entry may be NULL, which qsort must not see */
	qsort(list->entry, (size_t)list->count, sizeof *list->entry, by_place_and_value);
	for (int i = 0; i < list->count; i++) {
		if (count > 0 && by_place(&list->entry[count - 1], &list->entry[i]) == 0)
			list->entry[count - 1].value += list->entry[i].value;
		else
			list->entry[count++] = list->entry[i];
	}
	list->count = count;
}

/*
 * Conjugate gradient would give wrong numbers without a word for a matrix that is not symmetric.  A full
 * diagonal also means that a short file cannot ask for much memory, whatever size it announces.
 */
int list_check(const char *path, const struct list *list)
{
	int positive = 0;

	for (int i = 0; i < list->count; i++) {
		const struct entry *entry = &list->entry[i], *mirrored;
		struct entry place = { entry->column, entry->row, 0 };

		mirrored = bsearch(&place, list->entry, (size_t)list->count, sizeof place, by_place);
		if (!mirrored || mirrored->value != entry->value) {
			fprintf(stderr, "cg: %s: the matrix is not symmetric: row %d, column %d has no equal across the diagonal\n",
				path, entry->row + 1, entry->column + 1);
			return -1;
		}
		positive += mirrored == entry && entry->value > 0;
	}
	if (positive == list->rows)
		return 0;
	fprintf(stderr, "cg: %s: the diagonal is not positive in all rows: the matrix is not positive definite\n", path);
	return -1;
}

/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * What ranks need of each other's part of a vector.  A rank knows which columns its own rows name; whoever
 * owns them has to be told once, before the first multiplication.
 */

#include <stdbool.h>
#include <stdlib.h>

#include "matrix.h"

static bool owns(const struct matrix *a, int column)
{
	return column >= a->first && column < a->first + a->rows;
}

static int by_number(const void *left, const void *right)
{
	int a = *(const int *)left, b = *(const int *)right;

	return (a > b) - (a < b);
}

/* The columns of other ranks, in rising order and each once: so they are in the order of their owners too. */
static int *foreign_columns(const struct matrix *a, int *count)
{
	long entries = a->start[a->rows], found = 0;
	int *column, unique = 0;

	for (long i = 0; i < entries; i++)
		found += !owns(a, a->column[i]);
	column = allocate((size_t)found, sizeof *column);
	found = 0;
	for (long i = 0; i < entries; i++)
		if (!owns(a, a->column[i]))
			column[found++] = a->column[i];
	qsort(column, (size_t)found, sizeof *column, by_number);
	for (long i = 0; i < found; i++)
		if (unique == 0 || column[unique - 1] != column[i])
			column[unique++] = column[i];
	*count = unique;
	return column;
}

static void number_locally(struct matrix *a, const int *foreign, int count)
{
	long entries = a->start[a->rows];

	for (long i = 0; i < entries; i++) {
		int column = a->column[i];
		const int *found;

		if (owns(a, column)) {
			a->column[i] = column - a->first;
		} else {
			found = bsearch(&column, foreign, (size_t)count, sizeof *foreign, by_number);
			a->column[i] = a->rows + (int)(found - foreign);
		}
	}
}

/* How many of these columns each rank owns. */
static void count_by_owner(const struct matrix *a, const int *foreign, int count, int *counts)
{
	for (int i = 0, owner = 0; i < count; i++) {
		while (foreign[i] >= first_row(a->total, a->ranks, owner + 1))
			owner++;
		counts[owner]++;
	}
}

/* Where each rank's numbers begin.  Returns how many there are in all. */
static int offsets(const int *counts, int ranks, int *first)
{
	int sum = 0;

	for (int i = 0; i < ranks; i++) {
		first[i] = sum;
		sum += counts[i];
	}
	return sum;
}

/* The ranks with something to exchange. */
static struct piece *pieces(const int *counts, const int *first, int ranks, int *count)
{
	struct piece *piece = allocate((size_t)ranks, sizeof *piece);

	*count = 0;
	for (int i = 0; i < ranks; i++)
		if (counts[i])
			piece[(*count)++] = (struct piece){ .rank = i, .first = first[i], .count = counts[i] };
	return piece;
}

/* Tells the owners what this rank needs, and learns what it has to give. */
static void agree(const struct matrix *a, struct halo *halo, const int *foreign)
{
	size_t ranks = (size_t)a->ranks;
	int *needs = allocate(ranks, sizeof *needs), *needs_first = allocate(ranks, sizeof *needs_first);
	int *gives = allocate(ranks, sizeof *gives), *gives_first = allocate(ranks, sizeof *gives_first), total;

	count_by_owner(a, foreign, halo->count, needs);
	MPI_Alltoall(needs, 1, MPI_INT, gives, 1, MPI_INT, MPI_COMM_WORLD);
	offsets(needs, a->ranks, needs_first);
	total = offsets(gives, a->ranks, gives_first);
	halo->give = allocate((size_t)total, sizeof *halo->give);
	halo->packed = allocate((size_t)total, sizeof *halo->packed);
	MPI_Alltoallv(foreign, needs, needs_first, MPI_INT, halo->give, gives, gives_first, MPI_INT, MPI_COMM_WORLD);
	for (int i = 0; i < total; i++)
		halo->give[i] -= a->first;
	halo->source = pieces(needs, needs_first, a->ranks, &halo->sources);
	halo->target = pieces(gives, gives_first, a->ranks, &halo->targets);
	free(gives_first);
	free(gives);
	free(needs_first);
	free(needs);
}

void halo_plan(struct matrix *a)
{
	struct halo *halo = &a->halo;
	int *foreign = foreign_columns(a, &halo->count);
	size_t exchanges;

	number_locally(a, foreign, halo->count);
	agree(a, halo, foreign);
	exchanges = (size_t)halo->sources + (size_t)halo->targets;
	halo->request = allocate(exchanges, sizeof *halo->request);
	halo->status = allocate(exchanges, sizeof *halo->status);
	free(foreign);
}

/* Receives are posted first, so that what arrives goes straight to its place. */
void halo_exchange(const struct matrix *a, double *x)
{
	const struct halo *halo = &a->halo;
	MPI_Request *request = halo->request;

	for (int i = 0; i < halo->sources; i++) {
		const struct piece *from = &halo->source[i];

		MPI_Irecv(x + a->rows + from->first, from->count, MPI_DOUBLE, from->rank, 0, MPI_COMM_WORLD, request++);
	}
	for (int i = 0; i < halo->targets; i++) {
		const struct piece *to = &halo->target[i];

		for (int j = to->first; j < to->first + to->count; j++)
			halo->packed[j] = x[halo->give[j]];
		MPI_Isend(halo->packed + to->first, to->count, MPI_DOUBLE, to->rank, 0, MPI_COMM_WORLD, request++);
	}
	MPI_Waitall(halo->sources + halo->targets, halo->request, halo->status);
}

void halo_free(struct halo *halo)
{
	free(halo->status);
	free(halo->request);
	free(halo->packed);
	free(halo->give);
	free(halo->target);
	free(halo->source);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "matrix.h"

void *allocate(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory) {
		fprintf(stderr, "cg: no memory for %zu times %zu bytes: take more ranks or a smaller matrix\n", count, size);
		MPI_Abort(MPI_COMM_WORLD, 1);
	}
	return memory;
}

/*
 * Rows are dealt out unevenly on purpose, so that ranks wait for each other: of p ranks, rank r gets a part in
 * proportion to p + r, which gives the last one nearly twice as much as the first.
 */
int first_row(int total, int ranks, int rank)
{
	long before = (long)rank * ranks + (long)rank * (rank - 1) / 2;
	long all = (long)ranks * ranks + (long)ranks * (ranks - 1) / 2;

	return (int)(total * before / all);
}

static void deal(struct matrix *a, int total)
{
	MPI_Comm_rank(MPI_COMM_WORLD, &a->rank);
	MPI_Comm_size(MPI_COMM_WORLD, &a->ranks);
	a->total = total;
	a->first = first_row(total, a->ranks, a->rank);
	a->rows = first_row(total, a->ranks, a->rank + 1) - a->first;
	a->start = allocate((size_t)a->rows + 1, sizeof *a->start);
}

static void room_for(struct matrix *a, long entries)
{
	a->column = allocate((size_t)entries, sizeof *a->column);
	a->value = allocate((size_t)entries, sizeof *a->value);
}

/* How many entries of a sorted list belong to each rank, and where they begin. */
static void count_by_rank(const struct matrix *a, const struct list *list, int *counts, int *first)
{
	int at = 0;

	for (int rank = 0; rank < a->ranks; rank++) {
		int end = first_row(a->total, a->ranks, rank + 1);

		first[rank] = at;
		while (at < list->count && list->entry[at].row < end)
			at++;
		counts[rank] = at - first[rank];
	}
}

/* Sorted entries become compressed rows. */
static void compress(struct matrix *a, const struct entry *entry, int count)
{
	room_for(a, count);
	for (int i = 0; i < count; i++) {
		a->start[entry[i].row - a->first + 1]++;
		a->column[i] = entry[i].column;
		a->value[i] = entry[i].value;
	}
	for (int i = 0; i < a->rows; i++)
		a->start[i + 1] += a->start[i];
}

/* Rank 0 deals the entries out; list is empty on the others. */
static void scatter(struct matrix *a, const struct list *list)
{
	int *counts = allocate((size_t)a->ranks, sizeof *counts), *first = allocate((size_t)a->ranks, sizeof *first);
	struct entry *part;
	MPI_Datatype type;
	int count;

	count_by_rank(a, list, counts, first);
	MPI_Scatter(counts, 1, MPI_INT, &count, 1, MPI_INT, 0, MPI_COMM_WORLD);
	part = allocate((size_t)count, sizeof *part);
	/* Not MPI_BYTE: bytes would reach the limit of an int sixteen times earlier. */
	MPI_Type_contiguous(sizeof *part, MPI_BYTE, &type);
	MPI_Type_commit(&type);
	MPI_Scatterv(list->entry, counts, first, type, part, count, type, 0, MPI_COMM_WORLD);
	MPI_Type_free(&type);
	compress(a, part, count);
	free(part);
	free(first);
	free(counts);
}

/* Everybody learns whether rank 0 could read the file before anything else is done. */
int matrix_from_file(const char *path, struct matrix *a)
{
	struct list list = { 0 };
	int rank, rows = 0;

	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	if (rank == 0 && !read_matrix_market(path, &list))
		rows = list.rows;
	MPI_Bcast(&rows, 1, MPI_INT, 0, MPI_COMM_WORLD);
	if (rows) {
		deal(a, rows);
		scatter(a, &list);
		halo_plan(a);
	}
	free(list.entry);
	return rows ? 0 : -1;
}

static void put(struct matrix *a, long *at, int column, double value)
{
	a->column[*at] = column;
	a->value[(*at)++] = value;
}

/* The 7-point stencil on n x n x n points; columns rise within a row, as they do in a sorted list. */
void matrix_poisson(int n, struct matrix *a)
{
	long at = 0;

	deal(a, n * n * n);
	room_for(a, 7L * a->rows);
	for (int i = 0; i < a->rows; i++) {
		int row = a->first + i, x = row % n, y = row / n % n, z = row / n / n;

		if (z > 0)
			put(a, &at, row - n * n, -1);
		if (y > 0)
			put(a, &at, row - n, -1);
		if (x > 0)
			put(a, &at, row - 1, -1);
		put(a, &at, row, 6);
		if (x < n - 1)
			put(a, &at, row + 1, -1);
		if (y < n - 1)
			put(a, &at, row + n, -1);
		if (z < n - 1)
			put(a, &at, row + n * n, -1);
		a->start[i + 1] = at;
	}
	halo_plan(a);
}

void matrix_multiply(const struct matrix *a, double *x, double *y)
{
	halo_exchange(a, x);
	for (int i = 0; i < a->rows; i++) {
		double sum = 0;

		for (long j = a->start[i]; j < a->start[i + 1]; j++)
			sum += a->value[j] * x[a->column[j]];
		y[i] = sum;
	}
}

void matrix_free(struct matrix *a)
{
	halo_free(&a->halo);
	free(a->value);
	free(a->column);
	free(a->start);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EXAMPLE_MATRIX_H
#define EXAMPLE_MATRIX_H

/*
 * A sparse matrix whose rows are dealt out over the ranks of MPI_COMM_WORLD.
 *
 * Rows and columns are counted from 0.  Functions that return int return 0, or -1 after one sentence
 * on stderr; those that all ranks call return the same on all of them.  Only a lack of memory ends
 * the program, through MPI_Abort.
 */

#include <stddef.h>

#include <mpi.h>

struct entry {
	int row, column;
	double value;
};

/* A whole matrix as a list of entries; list_sort puts them in the order of rows, and of columns within. */
struct list {
	int rows, count;
	struct entry *entry;
};

/* The part of an exchange that concerns one other rank: count numbers from first on. */
struct piece {
	int rank, first, count;
};

/*
 * The elements of a vector that this rank's rows need of other ranks, and those that others need of
 * this one.
 */
struct halo {
	int count, sources, targets;
	struct piece *source;  /* where the count elements come from, in their order */
	struct piece *target;  /* pieces of give */
	int *give;             /* own rows, by number on this rank */
	double *packed;        /* their elements, on the way out */
	MPI_Request *request;  /* one for each piece */
	MPI_Status *status;    /* never read; MPICH's prototypes make gcc warn of MPI_STATUSES_IGNORE */
};

/*
 * This rank's rows, compressed.  While the matrix is assembled a column has its number in the whole matrix;
 * halo_plan numbers the own columns 0 to rows - 1, and behind them the halo.
 */
struct matrix {
	int rank, ranks;
	int total;       /* rows of all ranks together */
	int first, rows; /* of this rank */
	long *start;     /* rows + 1 of them: where each row begins in column and value */
	int *column;
	double *value;
	struct halo halo;
};

/* Memory set to 0, never NULL; the program ends where there is none. */
void *allocate(size_t count, size_t size);

/*
 * Reads a symmetric matrix with a positive diagonal from a Matrix Market file.  Called by one rank.
 * Where it fails, list is empty.  The caller frees list->entry.
 */
int read_matrix_market(const char *path, struct list *list);

/* Sorts a list; entries for the same place add up, because a file may hold a matrix as a sum of parts. */
void list_sort(struct list *list);

/* Whether a sorted list is symmetric, with a positive diagonal in all rows. */
int list_check(const char *path, const struct list *list);

/* All ranks together; matrix_free releases what they fill. */
int matrix_from_file(const char *path, struct matrix *a);
void matrix_poisson(int n, struct matrix *a);
void matrix_free(struct matrix *a);

/* y = A x.  x has room for the halo behind this rank's elements, and gets it from the neighbours. */
void matrix_multiply(const struct matrix *a, double *x, double *y);

/* The first row of a rank; that of rank `ranks` is the number of rows. */
int first_row(int total, int ranks, int rank);

void halo_plan(struct matrix *a);
void halo_exchange(const struct matrix *a, double *x);
void halo_free(struct halo *halo);

#endif

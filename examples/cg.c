/* SPDX-License-Identifier: BSD-3-Clause */

/*
 * Conjugate gradient, the example program of this project.
 *
 *	cg [-n GRID] [-i ITERATIONS] [MATRIX.mtx]
 *
 * Solves A x = 1 for the matrix of a Matrix Market file, or for the 3-D Poisson equation on
 * GRID x GRID x GRID points (7-point stencil).  matrix.h deals the rows out over the ranks.
 *
 * What it prints depends on the matrix and the number of ranks only: no times, and sums are formed in
 * rank order, so that two runs print the same bytes.
 */

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <mpi.h>
#include <pm_phase.h>

#include "matrix.h"

/* With four ranks about 5 ms of computing in each iteration of each, 0.6 s in all, and less than 300 MB together. */
#define DEFAULT_GRID 124
#define DEFAULT_ITERATIONS 100
#define MOST_GRID 1024 /* its rows still fit in an int */
#define PRINT_EVERY 20

/*
 * Of the residual squared, a part so small that it is gone: far below what rounding left of it, and
 * further iterations would end in numbers too small for a double.
 */
#define GONE 1e-200

struct solver {
	const struct matrix *a;
	double *x, *r, *p, *q; /* solution, residual, direction and A times direction */
	double *part;          /* room for a sum's part of each rank */
};

static int rank;

/* One sentence, by rank 0 only. */
static int complain(const char *where, const char *what)
{
	if (rank == 0)
		fprintf(stderr, "cg: %s: %s\n", where, what);
	return -1;
}

/* Parts are added in rank order on every rank: the same bits everywhere, every time. */
static double dot(const struct solver *s, const double *a, const double *b)
{
	double own = 0, sum = 0;

	pm_phase_begin("reduce");
	for (int i = 0; i < s->a->rows; i++)
		own += a[i] * b[i];
	MPI_Allgather(&own, 1, MPI_DOUBLE, s->part, 1, MPI_DOUBLE, MPI_COMM_WORLD);
	for (int i = 0; i < s->a->ranks; i++)
		sum += s->part[i];
	pm_phase_end();
	return sum;
}

static void multiply(const struct solver *s)
{
	pm_phase_begin("spmv");
	matrix_multiply(s->a, s->p, s->q);
	pm_phase_end();
}

static void print_residual(long iteration, double rr)
{
	if (rank == 0)
		printf("iteration %4ld  residual %a\n", iteration, sqrt(rr));
}

/* One step along p.  *rr is the residual squared, before and after. */
static int step(const struct solver *s, double *rr)
{
	double before = *rr, pq, alpha;

	multiply(s);
	pq = dot(s, s->p, s->q);
	if (pq <= 0)
		return complain("matrix", "it is not positive definite, which this method needs");
	alpha = before / pq;
	for (int i = 0; i < s->a->rows; i++) {
		s->x[i] += alpha * s->p[i];
		s->r[i] -= alpha * s->q[i];
	}
	*rr = dot(s, s->r, s->r);
	if (!isfinite(pq) || !isfinite(*rr))
		return complain("matrix", "its numbers are too large or too small to compute with");
	for (int i = 0; i < s->a->rows; i++)
		s->p[i] = s->r[i] + *rr / before * s->p[i];
	return 0;
}

static int iterate(const struct solver *s, int iterations)
{
	double rr = dot(s, s->r, s->r), gone = GONE * rr;

	print_residual(0, rr);
	for (long k = 1; k <= iterations && rr > gone; k++) {
		if (step(s, &rr))
			return -1;
		pm_phase_iteration();
		if (k % PRINT_EVERY == 0 || k == iterations || rr <= gone)
			print_residual(k, rr);
	}
	return 0;
}

/* From x = 0, so that the first residual and direction are the right-hand side. */
static int solve(const struct matrix *a, int iterations)
{
	size_t rows = (size_t)a->rows, with_halo = rows + (size_t)a->halo.count;
	struct solver s = {
		.a = a,
		.x = allocate(rows, sizeof *s.x), .r = allocate(rows, sizeof *s.r),
		.p = allocate(with_halo, sizeof *s.p), .q = allocate(rows, sizeof *s.q),
		.part = allocate((size_t)a->ranks, sizeof *s.part),
	};
	int result;
	double xx;

	for (size_t i = 0; i < rows; i++)
		s.r[i] = s.p[i] = 1;
	result = iterate(&s, iterations);
	xx = dot(&s, s.x, s.x);
	if (rank == 0 && !result)
		printf("solution norm %a\n", sqrt(xx));
	free(s.part);
	free(s.q);
	free(s.p);
	free(s.r);
	free(s.x);
	return result;
}

static int number(const char *option, const char *text, int most, int *value)
{
	char what[128];
	char *end;
	long got;

	errno = 0;
	got = strtol(text, &end, 10);
	if (!errno && end != text && !*end && got >= 1 && got <= most) {
		*value = (int)got;
		return 0;
	}
	snprintf(what, sizeof what, "\"%.40s\" is no whole number from 1 to %d", text, most);
	return complain(option, what);
}

static int parse(int argc, char **argv, int *grid, int *iterations)
{
	static const char usage[] = "usage: cg [-n GRID] [-i ITERATIONS] [MATRIX.mtx]";
	int option;

	opterr = 0;
	while ((option = getopt(argc, argv, "n:i:")) != -1) {
		if (option == 'n' && number("-n", optarg, MOST_GRID, grid))
			return -1;
		if (option == 'i' && number("-i", optarg, INT_MAX, iterations))
			return -1;
		if (option == '?')
			return complain("unknown option or a missing value", usage);
	}
	return argc - optind > 1 ? complain("more than one file", usage) : 0;
}

static int assemble(const char *path, int grid, struct matrix *a)
{
	int result = 0;

	pm_phase_begin("assemble");
	if (path)
		result = matrix_from_file(path, a);
	else
		matrix_poisson(grid, a);
	pm_phase_end();
	return result;
}

static int run(int argc, char **argv)
{
	int grid = DEFAULT_GRID, iterations = DEFAULT_ITERATIONS, result;
	struct matrix a = { 0 };

	if (parse(argc, argv, &grid, &iterations))
		return 2;
	result = assemble(argv[optind], grid, &a);
	if (!result) {
		if (rank == 0)
			printf("%d rows on %d ranks, %d iterations\n", a.total, a.ranks, iterations);
		result = solve(&a, iterations);
	}
	matrix_free(&a);
	return result ? 1 : 0;
}

int main(int argc, char **argv)
{
	int status;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	status = run(argc, argv);
	MPI_Finalize();
	return status;
}

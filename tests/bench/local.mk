# SPDX-License-Identifier: BSD-3-Clause
# `make bench`: each program (built here) and script prints BENCH lines, see tests/bench/run.
benches = tests/bench/batch tests/bench/boundary
bench_scripts = tests/rig/bench.sh
EXTRA_DIST += tests/bench/run
EXTRA_PROGRAMS += $(benches)
bench: all $(benches)
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
		bash $(top_srcdir)/tests/bench/run bench.json $(benches:%=./%) $(bench_scripts:%=$(top_srcdir)/%)
.PHONY: bench

tests_bench_batch_SOURCES = tests/bench/batch.c
tests_bench_batch_LDADD = libphasecap.la

tests_bench_boundary_SOURCES = tests/bench/boundary.c
tests_bench_boundary_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/runtime
tests_bench_boundary_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_bench_boundary_LDADD = libpm_phase.la libphasecap.la

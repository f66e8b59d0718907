# SPDX-License-Identifier: BSD-3-Clause
# `make bench`: each program (built here) and script prints BENCH lines, see tests/bench/run.
benches =
bench_scripts =
EXTRA_DIST += tests/bench/run
EXTRA_PROGRAMS += $(benches)
bench: all $(benches)
	top_srcdir='$(abs_top_srcdir)' top_builddir='$(abs_top_builddir)' \
		bash $(top_srcdir)/tests/bench/run bench.json $(benches:%=./%) $(bench_scripts:%=$(top_srcdir)/%)
.PHONY: bench

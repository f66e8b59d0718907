# SPDX-License-Identifier: BSD-3-Clause
# The kernel's own drivers under QEMU: tests/rig/README.md.
RIG_TESTS = tests/rig/rig.sh
check_PROGRAMS += tests/rig/due
tests_rig_due_SOURCES = tests/rig/due.c
tests_rig_due_LDADD = libphasecap.la
TESTS += $(RIG_TESTS)
dist_noinst_SCRIPTS += $(RIG_TESTS) tests/rig/run tests/rig/bench.sh
EXTRA_DIST += tests/rig/README.md tests/rig/init tests/rig/expect.tsv tests/rig/probe.c \
	tests/rig/guest tests/rig/module
check-rig: all $(check_PROGRAMS)
	$(MAKE) check TESTS='$(RIG_TESTS)'
.PHONY: check-rig

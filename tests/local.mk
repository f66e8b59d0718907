# SPDX-License-Identifier: BSD-3-Clause
# Rings: unit (cmocka, no root, no device), system (simulated node, MPI, Slurm), rig
# (kernel drivers under QEMU), fuzz.  Each runs on its own: make check-unit, ...
AM_TESTS_ENVIRONMENT = CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	top_builddir='$(abs_top_builddir)'; export top_builddir;
LOG_DRIVER = $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
TEST_EXTENSIONS = .sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = bash

include tests/unit/local.mk
include tests/system/local.mk
include tests/rig/local.mk
include tests/fuzz/local.mk
include tests/bench/local.mk

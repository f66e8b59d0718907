# SPDX-License-Identifier: BSD-3-Clause
# One program for each part of lib/: tests/unit/test_PART.c.
UNIT_TESTS = \
	tests/unit/test_error
UNIT_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
UNIT_LIBS = libphasecap.la $(CMOCKA_LIBS)

tests_unit_test_error_SOURCES = tests/unit/test_error.c
tests_unit_test_error_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_error_LDADD = $(UNIT_LIBS)

if CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
check-unit: $(UNIT_TESTS)
	$(MAKE) check TESTS='$(UNIT_TESTS)'
.PHONY: check-unit

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_FUZZ_H
#define PHASECAP_FUZZ_H

/*
 * What the fuzz targets share.  A target is one file, tests/fuzz/NAME.c, with its corpus in
 * tests/fuzz/corpus/NAME.  Its lines "covers: FILE..." name the parser whose lines the
 * corpus must reach, "FILE:FUNCTION" where a file holds more than that.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* One input; returns 0.  Called by libFuzzer, and by replay.c for each file of a corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property of the parser; it holds for every input, or the input is a finding. */
#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

#endif

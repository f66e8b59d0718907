/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_FUZZ_SEALED_H
#define PHASECAP_FUZZ_SEALED_H

/* Records for the fuzzer, which would never guess a checksum. */

#include "fuzz.h"
#include "record.h"

/* The input with its last line, or what stands in its place, made right; the caller frees it. */
char *sealed(const uint8_t *data, size_t size, size_t *length);

/* Whether a writer's text is this text; finishes and discards the writer. */
int is_text(struct pc_record_writer *writer, const char *text, size_t length);

/* Whether two records have the same lines, in whatever order, but for the last. */
int has_same_lines(const char *a, size_t a_length, const char *b, size_t b_length);

/* What a writer holds, finished: the caller frees it, the writer is discarded. */
char *text_of(struct pc_record_writer *writer, size_t *length);

#endif

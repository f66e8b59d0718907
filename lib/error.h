/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_ERROR_H
#define PHASECAP_ERROR_H

/*
 * How every fallible function of lib/ reports: it returns 0 (or a count) on
 * success and -1 on failure, with errno set and one sentence in the caller's
 * struct pc_error.  The leaf that met the trouble writes the sentence
 * ("where: what: why, and what to do"); callers pass -1 upward and add nothing
 * unless they know a better "where".  Nothing in lib/ prints.
 */

#define PC_WARN_UNUSED __attribute__((warn_unused_result))

struct pc_error {
	char text[1024];
};

/* Sets errno to code, writes the sentence (error may be NULL), returns -1. */
int pc_fail(struct pc_error *error, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "where: " before the sentence that is there; keeps errno; returns -1. */
int pc_fail_within(struct pc_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif

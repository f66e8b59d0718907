/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_ALLOWLIST_H
#define PHASECAP_ALLOWLIST_H

/*
 * Lists of registers and their writable bits, as msr-safe takes them.  Pure: no
 * device is touched here.  A list in memory is always canonical: sorted by
 * address, no duplicates, addresses of 32 bits, and short enough that its text
 * goes into one write(2).
 *
 * Any thread; a list that is being changed belongs to one thread.
 */

#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define PC_ALLOWLIST_TEXT_MAX 131072     /* what the kernel takes in one write(2) */
#define PC_ALLOWLIST_LINE 30             /* bytes of "0x%08X 0x%016X\n" */
/* One line is left free for the header that the kernel puts before its own list. */
#define PC_ALLOWLIST_ENTRIES_MAX (PC_ALLOWLIST_TEXT_MAX / PC_ALLOWLIST_LINE - 1)

struct pc_allow_entry {
	uint32_t msr;
	uint64_t mask;
};

struct pc_allowlist {
	unsigned count;
	unsigned room;
	struct pc_allow_entry *entry;
};

#define PC_ALLOWLIST_EMPTY ((struct pc_allowlist){ 0, 0, NULL })

void pc_allowlist_free(struct pc_allowlist *list); /* leaves it empty and usable; keeps errno */

/* Adds one entry; an address that is there already gets the union of masks.
 * E2BIG: PC_ALLOWLIST_ENTRIES_MAX are there already.  ENOMEM.  Neither changes the list. */
int pc_allowlist_add(struct pc_allowlist *list, uint32_t msr, uint64_t mask,
		     struct pc_error *error) PC_WARN_UNUSED;

/* Mask of an address; -1 and ENOENT where it is not listed. */
int pc_allowlist_find(const struct pc_allowlist *list, uint32_t msr, uint64_t *mask);

/*
 * Parses text (need not end in NUL) strictly: "NAME:LINE:COLUMN: what" (the column
 * counts bytes from 1).  One entry a line: an address and a mask, decimal or 0x.  A file is
 * refused for what the kernel would refuse or misread: a duplicate (which empties
 * the kernel's list), a leading zero (octal), an address over 32 bits, an
 * unpaired number, a third number on a line (it would be the next entry's address), a
 * comment that does not start an entry, a missing last newline, a NUL (it ends the
 * kernel's reading), a carriage return inside a line.
 * An empty list is legal here.  What the kernel itself prints is always accepted.
 * EINVAL: malformed.  ERANGE: a number over 64 bits, or an address over 32.  ENOTUNIQ: a duplicate.
 * E2BIG: too long for the kernel.  On failure *list is empty.  *list is overwritten, not
 * freed, by this and by the next three: give one that is new or empty, and none of the inputs.
 */
int pc_allowlist_parse(struct pc_allowlist *list, const char *name, const char *text,
		       size_t length, struct pc_error *error) PC_WARN_UNUSED;

/* The canonical text, one "0x%08X 0x%016X" a line, behind it a NUL that length does
 * not count; the caller frees it.  The empty list is "\n", which clears the kernel's.
 * NULL and ENOMEM. */
char *pc_allowlist_print(const struct pc_allowlist *list, size_t *length);

int pc_allowlist_copy(struct pc_allowlist *to, const struct pc_allowlist *from, struct pc_error *error) PC_WARN_UNUSED;
int pc_allowlist_union(struct pc_allowlist *out, const struct pc_allowlist *a,
		       const struct pc_allowlist *b, struct pc_error *error) PC_WARN_UNUSED;
/* What a allows and b does not, bit by bit (a register without bits stays where b lacks it). */
int pc_allowlist_difference(struct pc_allowlist *out, const struct pc_allowlist *a,
			    const struct pc_allowlist *b, struct pc_error *error) PC_WARN_UNUSED;
/* 1 where everything that a allows b allows too, else 0. */
int pc_allowlist_subset(const struct pc_allowlist *a, const struct pc_allowlist *b);
int pc_allowlist_equal(const struct pc_allowlist *a, const struct pc_allowlist *b);

/* What an errno means that writing a list met, and what to do; never NULL. */
const char *pc_allowlist_errno_text(int code);

#endif

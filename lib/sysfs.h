/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_SYSFS_H
#define PHASECAP_SYSFS_H

/*
 * Small files below one root descriptor: "/" or a recorded root.  Paths are
 * relative to it ("sys/class/powercap").  All return -1 with the kernel's errno, and
 * leave the sentence to the caller, who knows what the file means.
 */

#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* Opens root (NULL: "/") as a place to start from.  A sentence is written. */
int pc_sysfs_root(const char *root, struct pc_error *error) PC_WARN_UNUSED;

/* The file's first line, without its end.  EMSGSIZE: longer than size. */
int pc_sysfs_read_text(int root, const char *path, char *text, size_t size) PC_WARN_UNUSED;

/* A decimal number on the first line.  EINVAL: it is none. */
int pc_sysfs_read_number(int root, const char *path, uint64_t *number) PC_WARN_UNUSED;

/* The same from a file that is kept open: sysfs makes its text anew for each
 * read from its start. */
int pc_sysfs_reread_number(int fd, uint64_t *number) PC_WARN_UNUSED;

/* Writes a decimal number in one write(2).  EIO: the kernel took a part of it. */
int pc_sysfs_write_number(int root, const char *path, uint64_t number) PC_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_FUZZ_MEMORY_ROOT_H
#define PHASECAP_FUZZ_MEMORY_ROOT_H

/*
 * A recorded root in memory, for parsers that open files: the system calls of the code
 * under test come here (ld's --wrap, see local.mk) and nothing touches a disk.
 */

#include "fuzz.h"

/* One line for each file, "PATH TEXT"; the file holds TEXT and a newline.  The path has no
 * leading slash.  Forgets what was there before. */
void memory_root_lines(const uint8_t *data, size_t size);

/* One file with any bytes.  Forgets what was there before. */
void memory_root_file(const char *path, const uint8_t *data, size_t size);

/* How many files and directories are open. */
int memory_root_open_count(void);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_PMCTL_ARCHIVE_H
#define PHASECAP_PMCTL_ARCHIVE_H

/* A new directory, or a new tar file (ustar, POSIX.1-1988) where the name ends in ".tar". */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "error.h"

struct archive {
	FILE *tar;               /* NULL: a directory */
	int directory;
	const char *path;
};

/* EEXIST: there is one, and it is left alone. */
int archive_open(struct archive *archive, const char *path, struct pc_error *error) PC_WARN_UNUSED;
/* One file, with the directories above it; name is relative. */
int archive_add(struct archive *archive, const char *name, mode_t mode, const void *bytes, size_t length,
		struct pc_error *error) PC_WARN_UNUSED;
/* The last blocks; -1 where not everything is on disk. */
int archive_close(struct archive *archive, struct pc_error *error) PC_WARN_UNUSED;

#endif

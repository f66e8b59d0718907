/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_MSR_DRIVER_H
#define PHASECAP_MSR_DRIVER_H

/*
 * The drivers behind the MSR back ends: msr-safe's batch device, msr-safe and
 * the stock msr driver register by register, and msr-safe's list.  Moves bytes and
 * knows errnos; knows no field of any register.
 *
 * Every path lies below a root directory, "/" for this machine.  A recorded root has
 * a version and a list to look at; registers it has not, and nothing below it is ever
 * written.  Every system call goes through a table, so that a
 * test can stand where the kernel is.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "allowlist.h"
#include "backend.h"
#include "error.h"
#include "msr.h"

struct pc_msr_calls {
	int (*open)(const char *path, int flags);
	int (*close)(int fd);
	int (*ioctl)(int fd, unsigned long request, void *argument);
	ssize_t (*read)(int fd, void *data, size_t size);
	ssize_t (*write)(int fd, const void *data, size_t size);
	ssize_t (*pread)(int fd, void *data, size_t size, off_t offset);
	ssize_t (*pwrite)(int fd, const void *data, size_t size, off_t offset);
	bool (*has_rawio)(void);         /* CAP_SYS_RAWIO is effective */
};

extern const struct pc_msr_calls pc_msr_kernel;

#define PC_MSR_PATH 256

/* A driver's place: the calls and the root directory. */
struct pc_msr_place {
	const struct pc_msr_calls *calls;
	char root[PC_MSR_PATH - 64];     /* without its last slash: "" is this machine */
	bool read_only;
};

/* root NULL or "/": this machine.  ENAMETOOLONG. */
int pc_msr_place(struct pc_msr_place *place, const char *root, const struct pc_msr_calls *calls,
		 struct pc_error *error) PC_WARN_UNUSED;
void pc_msr_path(const struct pc_msr_place *place, char path[PC_MSR_PATH], const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Reads a small file into text, without its last newline or NUL.  -1 and errno; no sentence. */
int pc_msr_text(const struct pc_msr_place *place, const char *file, char *text, size_t size);

/* --- msr-safe's version and list (msrsafe_list.c) --------------------------- */

/* 0, or -1 and EPROTONOSUPPORT where its major version is not 1: the batch's
 * layout is another there.  A module that tells no version is 1.0 or 1.1. */
int pc_msrsafe_check_version(const struct pc_msr_place *place, struct pc_error *error) PC_WARN_UNUSED;
/* Before 1.7 a holder of CAP_SYS_RAWIO is past the list altogether. */
bool pc_msrsafe_bypasses_list(const struct pc_msr_place *place);

int pc_msrsafe_list_read(const struct pc_msr_place *place, struct pc_allowlist *list,
			 struct pc_error *error) PC_WARN_UNUSED;
/* One write(2), then read back and compared (EIO). */
int pc_msrsafe_list_write(const struct pc_msr_place *place, const struct pc_allowlist *list,
			  struct pc_error *error) PC_WARN_UNUSED;
bool pc_msrsafe_list_writable(const struct pc_msr_place *place);
/* The list device that can be opened for reading; false where there is none. */
bool pc_msrsafe_list_device(const struct pc_msr_place *place, char path[PC_MSR_PATH]);

/* --- transports ------------------------------------------------------------- */

enum pc_msr_node { PC_MSR_NODE_SAFE, PC_MSR_NODE_STOCK };

/* -1 with the sentence why this driver cannot be used here. */
int pc_msrsafe_batch_transport(struct pc_msr_transport *transport, const char *root,
			       const struct pc_msr_calls *calls, struct pc_error *error) PC_WARN_UNUSED;
int pc_msr_files_transport(struct pc_msr_transport *transport, enum pc_msr_node node, const char *root,
			   const struct pc_msr_calls *calls, struct pc_error *error) PC_WARN_UNUSED;

/* The rest of a back end's open: CPU model and topology below the root, then the
 * register node.  Takes ownership of the transport. */
int pc_msr_driver_open(struct pc_power *power, const char *root, struct pc_msr_transport transport,
		       struct pc_error *error) PC_WARN_UNUSED;

#endif

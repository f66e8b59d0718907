/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_JOURNAL_H
#define PHASECAP_JOURNAL_H

/*
 * What a job may change on a node, as it was before (I6), keyed by job; and
 * the way back (I2).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "allowlist.h"
#include "error.h"
#include "power.h"
#include "record.h"

#define PC_JOURNAL_SETTINGS_MAX 4096
#define PC_JOURNAL_ACCESS_MAX 4096

struct pc_journal_setting {
	struct pc_setting captured;
	bool has_written;
	uint64_t written;        /* the value the prolog was about to write */
};

struct pc_journal_access {
	char path[256];
	bool by_owner;
	mode_t mode;
	uid_t uid;
	gid_t gid;
	char acl[1024];          /* acl_to_text(), empty where there is none */
};

struct pc_journal {
	uint64_t job;
	unsigned restart;        /* requeues so far: a job id can come back */
	uid_t uid;
	char boot_id[37];
	char backend[256];       /* as given to pc_power_open() */
	bool has_list;
	struct pc_allowlist list;        /* the site's own */
	unsigned package_count;
	char package[PC_MAX_PACKAGES][PC_PACKAGE_NAME];  /* as the node numbered them, for setting.captured */
	unsigned setting_count;
	struct pc_journal_setting *setting;
	unsigned access_count;
	struct pc_journal_access *access;
};

void pc_journal_free(struct pc_journal *journal); /* leaves it all zero; keeps errno */

/*
 * The files are "JOB.journal" below directory (a descriptor open for reading), mode 0600.
 * A journal is whole or refused: every scalar once, a boot id, a back end, a name
 * for every setting's package and none for two, no (package, key) and no path twice,
 * list entries only where has_list.
 */

/* When this returns 0 the journal is on disk, and has been seen to be readable; before that
 * nothing may be written to hardware (I6).  EINVAL: no reader would take it; else as
 * pc_record_save(). */
int pc_journal_save(int directory, const struct pc_journal *journal, struct pc_error *error) PC_WARN_UNUSED;
/* ENOENT: the job has none.  EPERM: not root's and not the caller's own.  EBADMSG, EPROTOTYPE,
 * EPROTONOSUPPORT as record.h; EBADMSG too for another job's.  *journal is overwritten, and all zero
 * on failure; else the caller frees it. */
int pc_journal_load(int directory, uint64_t job, struct pc_journal *journal, struct pc_error *error) PC_WARN_UNUSED;
int pc_journal_parse(struct pc_journal *journal, const char *name, const char *text, size_t length,
		     struct pc_error *error) PC_WARN_UNUSED;
/* One that is not there is fine. */
int pc_journal_remove(int directory, uint64_t job, struct pc_error *error) PC_WARN_UNUSED;

/* One "setting" line: "PACKAGE 0xVALUE 0xMASK 0xWRITTEN|- KEY".  -1 and EBADMSG: value is none. */
void pc_journal_put_setting(struct pc_record_writer *writer, const struct pc_journal_setting *setting);
int pc_journal_scan_setting(const char *value, struct pc_journal_setting *setting) PC_WARN_UNUSED;

/* The whole text of a journal into a writer, which is begun here. */
void pc_journal_put(struct pc_record_writer *writer, const struct pc_journal *journal);

enum pc_restored {
	PC_RESTORE_SAME,         /* held its captured value already */
	PC_RESTORE_DONE,         /* written and verified */
	PC_RESTORE_LEFT,         /* earlier boot, and not a value of ours: left alone */
	PC_RESTORE_LOCKED,
	PC_RESTORE_MASKED,
	PC_RESTORE_FAILED
};

/* "same", "restored", "left alone", "locked", "masked", "failed". */
const char *pc_restored_name(enum pc_restored result);

struct pc_restore_line {
	const char *package;     /* its name, in the journal */
	struct pc_setting setting;       /* the captured value; package as the node numbers it now */
	uint64_t found;          /* as the first read said, 0 where it failed */
	uint64_t now;            /* as the last read said */
	enum pc_restored result;
	char reason[320];        /* for the last three */
};

/*
 * Puts back what differs, verified: first what lowers a package's power, then the rest, each in
 * the order of capture.  Idempotent.  lines
 * (room for journal->setting_count) tells what became of each.  Packages are known by
 * name; one that is not there is PC_RESTORE_FAILED.  Same boot: every
 * setting; another boot (boot_id differs from this one): only those that
 * still hold `written`.  Needs a list that covers the settings, where the back end has lists.
 * One setting that fails does not keep the others from being restored.
 * dry_run: nothing is written, lines say what would be (PC_RESTORE_DONE, with the old value in `now`).
 * Returns how many settings do not hold their captured value and should (0 is full success; after a
 * dry run that includes what would be written).  -1 and EINVAL: a boot id that is none; nothing was done.
 */
int pc_journal_restore(struct pc_power *power, const struct pc_journal *journal, const char *boot_id,
		       bool dry_run, struct pc_restore_line *lines, struct pc_error *error) PC_WARN_UNUSED;

/* This boot's id, out of /proc/sys/kernel/random/boot_id.  EIO. */
int pc_boot_id(char boot_id[37], struct pc_error *error) PC_WARN_UNUSED;
/* 8-4-4-4-12 lower-case hexadecimal digits. */
bool pc_boot_id_is_valid(const char *boot_id) PC_WARN_UNUSED;

#endif

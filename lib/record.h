/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_RECORD_H
#define PHASECAP_RECORD_H

/*
 * Small root-owned files that must never be half believed: the job's journal
 * and its decision.  A record is text, one "key value" a line, between a first
 * line "phasecap-KIND FORMAT" and a last line "end CRC32".  A file that is torn,
 * of another kind or of a newer format is refused, each with its own errno.
 *
 * The text part (record.c) is pure; record_file.c moves it to disk and back.  Any
 * thread; a writer belongs to one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#define PC_RECORD_MAX (1u << 20)         /* bytes of a whole record */

struct pc_record_writer {
	char *text;
	size_t length, room;
	int failed;              /* ENOMEM or EINVAL happened; pc_record_save() says so */
	bool finished;
};

void pc_record_begin(struct pc_record_writer *writer, const char *kind, unsigned format);
/* key: [a-z0-9_-]+, not "end"; the value may hold any byte but NUL: newline, backslash and what
 * is not printable ASCII are escaped. */
void pc_record_add(struct pc_record_writer *writer, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Puts the last line behind the text; nothing can be added after it, and calling it again
 * gives the same.  The text stays the writer's.
 * NULL with ENOMEM, EINVAL, or EFBIG (over PC_RECORD_MAX) where the record is not whole. */
const char *pc_record_finish(struct pc_record_writer *writer, size_t *length, struct pc_error *error);
/* Finishes the record and writes directory/name: a temporary (".NAME.new"), fsync, rename, fsync of the
 * directory (a descriptor open for reading); mode as given, whatever the umask.  One saver of a name at a
 * time: the caller's lock.  On any failure what was there before stays and the temporary is removed;
 * only where the directory's own fsync failed is the new record in place, perhaps not for good.
 * Frees the writer either way. */
int pc_record_save(struct pc_record_writer *writer, int directory, const char *name, unsigned mode,
		   struct pc_error *error) PC_WARN_UNUSED;
void pc_record_discard(struct pc_record_writer *writer); /* keeps errno */
/* Removes directory/name and syncs the directory; a file that is not there is fine. */
int pc_record_remove(int directory, const char *name, struct pc_error *error) PC_WARN_UNUSED;

/* Called for each line between the first and the last.  Non-zero with errno and a sentence
 * refuses the record; "NAME:LINE: " is put before the sentence. */
typedef int pc_record_each(const char *key, const char *value, unsigned line, void *arg,
			   struct pc_error *error);

/* Checks first line and CRC, then calls each(key, value, line, arg) for every line; stops at the first
 * non-zero and returns -1.  EBADMSG: torn or altered; EPROTOTYPE: another kind; EPROTONOSUPPORT: a newer
 * format than `format`.  What was called before a failure is to be thrown away. */
int pc_record_parse(const char *name, const char *text, size_t length, const char *kind, unsigned format,
		    pc_record_each *each, void *arg, struct pc_error *error) PC_WARN_UNUSED;
/* The bytes of a file, which the caller frees; nothing is said of what they are.  Opened O_NOFOLLOW below
 * directory (ELOOP), must be a regular file with one name and at most PC_RECORD_MAX bytes (EFBIG), owned
 * by `owner` or root and writable by nobody else (EPERM).  NULL; ENOENT: there is none. */
char *pc_record_read(int directory, const char *name, unsigned owner, size_t *length, struct pc_error *error);
/* Both in one. */
int pc_record_load(int directory, const char *name, unsigned owner, const char *kind, unsigned format,
		   pc_record_each *each, void *arg, struct pc_error *error) PC_WARN_UNUSED;

/* CRC-32 as in IEEE 802.3, of the bytes behind those that `crc` covers (0 at first). */
uint32_t pc_record_crc(uint32_t crc, const void *bytes, size_t length);

/* A value's words, strictly: unsigned decimal without sign or leading zero, at most max; 0x and 16 lower-case
 * hexadecimal digits; "yes" or "no".  -1 and EBADMSG where it is not that, or does not fit. */
int pc_record_number(const char *word, uint64_t max, uint64_t *number) PC_WARN_UNUSED;
int pc_record_hex(const char *word, uint64_t *number) PC_WARN_UNUSED;
int pc_record_flag(const char *word, bool *flag) PC_WARN_UNUSED;

#define PC_RECORD_WORD 24                /* holds the longest number */
/* Cuts the next word, which ends at one blank, off *rest (NULL behind the last one) into word, and returns
 * it: "" where there is none or it is too long. */
const char *pc_record_word(const char **rest, char word[PC_RECORD_WORD]);

/*
 * A record's scalar lines as a table: each key stands exactly once, and names a
 * member of one struct.  The same table writes and reads.
 */
enum pc_record_type {
	PC_RECORD_U64,           /* uint64_t, at most max */
	PC_RECORD_U32,           /* uint32_t or unsigned, at most max */
	PC_RECORD_FLAG,          /* bool */
	PC_RECORD_TEXT           /* char[max], with its NUL */
};

struct pc_record_field {
	const char *key;
	enum pc_record_type type;
	size_t offset;
	uint64_t max;
};

/* Adds every field of *object. */
void pc_record_put(struct pc_record_writer *writer, const struct pc_record_field *field, unsigned count,
		   const void *object);
/* Stores one line's value in *object and marks it in *seen: 1; a key that is not in the table: 0.
 * -1 and EBADMSG: it stands twice, or the value cannot be. */
int pc_record_take(const struct pc_record_field *field, unsigned count, void *object, uint32_t *seen,
		   const char *key, const char *value, struct pc_error *error) PC_WARN_UNUSED;
/* -1 and EBADMSG where a field of the table was not seen. */
int pc_record_complete(const struct pc_record_field *field, unsigned count, uint32_t seen, const char *name,
		       struct pc_error *error) PC_WARN_UNUSED;
/* EBADMSG and "KEY: why", the key made printable; returns -1. */
int pc_record_refuse(const char *key, const char *why, struct pc_error *error);

#endif

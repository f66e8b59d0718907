/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_CEILING_H
#define PHASECAP_CEILING_H

/*
 * The operator's emergency ceiling: watts that a node's packages and their DRAM may
 * not exceed together from now until it is cleared, whatever jobs run.  It is a
 * root-owned record, "ceiling" in the run directory, that everybody may read, so
 * that who writes limits later (leaders, prolog, epilog) can stay below it.
 *
 * The watts are split evenly over the packages, less each one's DRAM reserve,
 * like a cap.  A limit that is lower already stays; nothing is ever raised.
 *
 *   pc_ceiling_plan()   reads and decides; nothing is written
 *   pc_ceiling_save()   the record is on disk before a register changes (I6)
 *   pc_ceiling_apply()  lowers; then save again, with what was written
 *   pc_ceiling_lift()   puts back what still is as it was written; then remove
 *
 * Not for two processes at a time: the caller holds the run directory's lock.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "journal.h"
#include "power.h"

struct pc_ceiling {
	uint64_t ceiling_uw;     /* of the node */
	bool applied;            /* pc_ceiling_apply() has noted what it wrote */
	uint64_t set_at_s;       /* CLOCK_REALTIME */
	uid_t uid;               /* who set it */
	char boot_id[37];
	char backend[256];       /* as given to pc_power_open() */
	unsigned package_count;
	char package[PC_MAX_PACKAGES][PC_PACKAGE_NAME];  /* as the node numbered them, for all that follows */
	uint64_t limit_uw[PC_MAX_PACKAGES];      /* the most that limit 1 of a package may be */
	uint64_t before_uw[PC_MAX_PACKAGES];     /* limit 1 before the ceiling; 0: it was off */
	unsigned setting_count;
	struct pc_journal_setting *setting;      /* the node before the ceiling, and what became of it */
};

/* What became of one package. */
struct pc_ceiling_line {
	uint64_t found_uw;       /* limit 1; 0: off */
	uint64_t now_uw;
	char reason[256];        /* why it could not be done; empty where it was */
};

void pc_ceiling_free(struct pc_ceiling *ceiling); /* leaves it empty; keeps errno */

/*
 * Decides what a ceiling of `watts` means for this node.  old: the ceiling that is
 * in force, or NULL; where a register still holds what that one wrote, it is its value
 * before the old ceiling that is remembered.  reserve_uw: the site's figure for one
 * package's DRAM, 0: its thermal specification power.
 * ERANGE: below what the packages can be held to, with the least in the sentence.
 * ENODEV, EROFS: a package has no limit, or a locked one.  ENXIO: a package that the old
 * ceiling was set on is not there, so what it had before could not be remembered.
 */
int pc_ceiling_plan(struct pc_power *power, uint64_t ceiling_uw, uint64_t reserve_uw,
		    const struct pc_ceiling *old, struct pc_ceiling *ceiling,
		    struct pc_error *error) PC_WARN_UNUSED;

/*
 * Lowers each package's limit 1 to the ceiling's where it is above (and raises it again,
 * at most to what it was before any ceiling, where the old ceiling was lower), and notes what was
 * written.  Follows a plan closely: that has captured what is replaced.  In an emergency half is
 * better than nothing: every package is tried.  line (room for package_count; may be NULL) says what
 * became of each.  Returns how many packages could not be brought down.
 */
int pc_ceiling_apply(struct pc_power *power, struct pc_ceiling *ceiling, struct pc_ceiling_line *line) PC_WARN_UNUSED;

/*
 * Puts back each setting that still holds what the ceiling wrote; what somebody else
 * changed since is left, and so is everything after a reset.  Packages are known by name.  Returns
 * how many settings should be back and are not, those of a package that is not there included, or -1.
 */
int pc_ceiling_lift(struct pc_power *power, const struct pc_ceiling *ceiling,
		    struct pc_ceiling_line *line, struct pc_error *error) PC_WARN_UNUSED;

/*
 * The value that a captured setting had before the ceiling: what a job that begins under
 * a ceiling must journal, or its end would bring the ceiling's limit back.  package: the
 * name of the setting's.  1 and *value where the setting holds what the ceiling wrote, else 0.
 */
int pc_ceiling_before(const struct pc_ceiling *ceiling, const char *package, const struct pc_setting *captured,
		      uint64_t *value);

/* ENOENT: no ceiling is in force.  EBADMSG, EPROTOTYPE, EPROTONOSUPPORT, EPERM as record.h. */
int pc_ceiling_load(int directory, uid_t owner, struct pc_ceiling *ceiling, struct pc_error *error) PC_WARN_UNUSED;
int pc_ceiling_parse(struct pc_ceiling *ceiling, const char *name, const char *text, size_t length,
		     struct pc_error *error) PC_WARN_UNUSED;
int pc_ceiling_save(int directory, const struct pc_ceiling *ceiling, struct pc_error *error) PC_WARN_UNUSED;
int pc_ceiling_remove(int directory, struct pc_error *error) PC_WARN_UNUSED;

#endif

/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SAFE_H
#define SAFE_H

/*
 * A stand-in for msr-safe's kernel module, written from the documented behaviour
 * of its releases 1.0 to 1.8 and of the unreleased 2.0's refusal: the same
 * device nodes, permissions, errnos and rules, none of its code.
 */

#include <linux/fs.h>
#include <linux/types.h>

/* When CAP_SYS_RAWIO goes past the list. */
enum safe_bypass {
	BYPASS_AT_OPEN,         /* the opener's capability, for the descriptor's life */
	BYPASS_EACH_CALL,
	BYPASS_NEVER
};

struct safe_release {
	const char *name;       /* the parameter "release" */
	const char *version;    /* /sys/module/msr_safe/version, or NULL: none */
	const char *list_node;
	const char *list_header;
	enum safe_bypass bypass;
	bool modern;            /* from 1.7: finer errnos, exact counts, version node */
	u32 major;
};

extern const struct safe_release *safe_release;

/* The descriptor may go past the list now. */
bool safe_bypasses(struct file *file);
int safe_open(struct inode *inode, struct file *file);

/* The finer errno from 1.7 on, before that the coarser one. */
int safe_errno(int modern, int older);

/* -ENOENT where the register is not listed. */
int safe_list_find(u32 msr, u64 *mask);
void safe_list_free(void);

extern const struct file_operations safe_list_fops;
extern const struct file_operations safe_batch_fops;
extern const struct file_operations safe_cpu_fops;
extern const struct file_operations safe_version_fops;

int safe_nodes_init(void);
void safe_nodes_exit(void);

#endif

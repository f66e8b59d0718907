// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "safe.h"

#define HEADER_TABS "# MSR\t\tWrite Mask\t\t# Comment\n"
#define HEADER_OLD "# MSR # Write Mask # Comment\n"
#define HEADER_NEW "#MSR       Write mask        \n"

/* 1.2 to 1.4 all say "1.2": their sources never moved the string. */
static const struct safe_release releases[] = {
	{ "1.0", NULL, "msr_whitelist", HEADER_TABS, BYPASS_AT_OPEN, false, 1 },
	{ "1.1", NULL, "msr_whitelist", HEADER_OLD, BYPASS_AT_OPEN, false, 1 },
	{ "1.4", "1.2", "msr_whitelist", HEADER_OLD, BYPASS_EACH_CALL, false, 1 },
	{ "1.5", "1.5", "msr_allowlist", HEADER_OLD, BYPASS_EACH_CALL, false, 1 },
	{ "1.6", "1.6", "msr_allowlist", HEADER_OLD, BYPASS_EACH_CALL, false, 1 },
	{ "1.7", "1.7", "msr_allowlist", HEADER_NEW, BYPASS_NEVER, true, 1 },
	{ "1.8", "1.8.0", "msr_allowlist", HEADER_NEW, BYPASS_NEVER, true, 1 },
	{ "2.0", "2.0.0", "msr_allowlist", HEADER_NEW, BYPASS_NEVER, true, 2 },
};

const struct safe_release *safe_release;

static char *release = "1.8";
module_param(release, charp, 0444);
MODULE_PARM_DESC(release, "which release to behave like: 1.0, 1.1, 1.4, 1.5, 1.6, 1.7, 1.8, 2.0");

static const struct safe_release *find_release(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(releases); i++)
		if (!strcmp(releases[i].name, name))
			return &releases[i];
	return NULL;
}

bool safe_bypasses(struct file *file)
{
	switch (safe_release->bypass) {
	case BYPASS_AT_OPEN:
		return file->private_data != NULL;
	case BYPASS_EACH_CALL:
		return capable(CAP_SYS_RAWIO);
	default:
		return false;
	}
}

int safe_open(struct inode *inode, struct file *file)
{
	/* Any pointer will do: it only says that the opener had the capability. */
	file->private_data = capable(CAP_SYS_RAWIO) ? file : NULL;
	return 0;
}

int safe_errno(int modern, int older)
{
	return safe_release->modern ? modern : older;
}

/* The node's text ends in NUL and has no newline. */
static ssize_t version_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	const char *text = safe_release->version;

	return simple_read_from_buffer(to, count, pos, text, strlen(text) + 1);
}

const struct file_operations safe_version_fops = {
	.owner = THIS_MODULE,
	.open = safe_open,
	.read = version_read,
};

/* MODULE_VERSION() would fix one string for every release. */
static ssize_t module_version_show(struct module_attribute *attribute,
				   struct module_kobject *kobject, char *to)
{
	return sysfs_emit(to, "%s\n", safe_release->version);
}

static struct module_attribute module_version = {
	.attr = { .name = "version", .mode = 0444 },
	.show = module_version_show,
};

static int __init safe_init(void)
{
	int rc = 0;

	safe_release = find_release(release);
	if (!safe_release)
		return -EINVAL;
	if (safe_release->version)
		rc = sysfs_create_file(&THIS_MODULE->mkobj.kobj, &module_version.attr);
	return rc ? rc : safe_nodes_init();
}

static void __exit safe_exit(void)
{
	safe_nodes_exit();
	safe_list_free();
	if (safe_release->version)
		sysfs_remove_file(&THIS_MODULE->mkobj.kobj, &module_version.attr);
}

module_init(safe_init);
module_exit(safe_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Behaves like msr-safe, for tests of its clients");

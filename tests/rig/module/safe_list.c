// SPDX-License-Identifier: GPL-2.0
/*
 * The list device: one write(2) is one whole list, one read(2) is one line of it.
 */
#include <linux/bsearch.h>
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "safe.h"

#define LIST_BYTES 131072
#define LINE_BYTES 30           /* "0x%08llX 0x%016llX\n" */
#define HEADER_BYTES 40

struct entry {
	u64 msr;
	u64 mask;
};

struct list {
	unsigned int count;
	struct entry *entry;    /* in the order of the text */
	struct entry *sorted;
};

static DEFINE_MUTEX(lock);      /* of the list in force */
static struct list in_force;

static void list_free(struct list *list)
{
	kvfree(list->entry);
	kvfree(list->sorted);
	*list = (struct list){ };
}

void safe_list_free(void)
{
	mutex_lock(&lock);
	list_free(&in_force);
	mutex_unlock(&lock);
}

static int compare(const void *left, const void *right)
{
	u64 a = ((const struct entry *)left)->msr;
	u64 b = ((const struct entry *)right)->msr;

	return a < b ? -1 : a > b;
}

int safe_list_find(u32 msr, u64 *mask)
{
	struct entry wanted = { .msr = msr };
	struct entry *found = NULL;

	mutex_lock(&lock);
	if (in_force.count)
		found = bsearch(&wanted, in_force.sorted, in_force.count, sizeof(wanted), compare);
	if (found)
		*mask = found->mask;
	mutex_unlock(&lock);
	return found ? 0 : -ENOENT;
}

/* A comment may stand only where an entry may begin. */
static char *next_entry(char *text)
{
	for (;;) {
		text = skip_spaces(text);
		if (*text != '#')
			return text;
		text += strcspn(text, "\n");
	}
}

/* Takes one number and the white space that must follow it. */
static int take_number(char **text, u64 *value)
{
	char *word = skip_spaces(*text);
	char *end = word;

	while (*end && !isspace(*end))
		end++;
	if (!*end)
		return safe_errno(-EILSEQ, -EINVAL);
	*end = '\0';
	*text = end + 1;
	return kstrtoull(word, 0, value);
}

static int take_entry(char **text, struct entry *entry)
{
	int rc = take_number(text, &entry->msr);

	return rc ? rc : take_number(text, &entry->mask);
}

/* room entries always suffice: the shortest takes four bytes. */
static int parse(char *text, struct list *list, unsigned int room)
{
	int rc;

	list->entry = kvmalloc_array(room, sizeof(*list->entry), GFP_KERNEL);
	if (!list->entry)
		return -ENOMEM;
	for (text = next_entry(text); *text; text = next_entry(text)) {
		rc = take_entry(&text, &list->entry[list->count]);
		if (rc)
			return rc;
		list->count++;
	}
	return list->count ? 0 : safe_errno(-ENOMSG, -EINVAL);
}

static int sort_unique(struct list *list)
{
	size_t bytes = list->count * sizeof(*list->entry);
	unsigned int i;

	list->sorted = kvmalloc(bytes, GFP_KERNEL);
	if (!list->sorted)
		return -ENOMEM;
	memcpy(list->sorted, list->entry, bytes);
	sort(list->sorted, list->count, sizeof(*list->sorted), compare, NULL);
	for (i = 1; i < list->count; i++)
		if (list->sorted[i].msr == list->sorted[i - 1].msr)
			return safe_errno(-ENOTUNIQ, -EINVAL);
	return 0;
}

/* From here the old list is gone, whatever comes: a duplicate leaves none. */
static int put_in_force(struct list *list)
{
	int rc;

	mutex_lock(&lock);
	list_free(&in_force);
	rc = sort_unique(list);
	if (!rc) {
		in_force = *list;
		*list = (struct list){ };
	}
	mutex_unlock(&lock);
	return rc;
}

static ssize_t list_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	struct list list = { };
	char *text;
	int rc;

	if (count <= 2) {
		safe_list_free();
		return count;
	}
	if (count > LIST_BYTES)
		return safe_errno(-E2BIG, -EINVAL);
	text = memdup_user_nul(from, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	rc = parse(text, &list, count / 4 + 1);
	if (!rc)
		rc = put_in_force(&list);
	list_free(&list);
	kfree(text);
	return rc ? rc : count;
}

/* Line number at of the list, the first with the header; 0 at the end. */
static int print_line(char *line, size_t room, loff_t at)
{
	int length = 0;

	mutex_lock(&lock);
	if (at < in_force.count)
		length = scnprintf(line, room, "%s0x%08llX 0x%016llX\n",
				   at ? "" : safe_release->list_header,
				   in_force.entry[at].msr, in_force.entry[at].mask);
	mutex_unlock(&lock);
	return length;
}

static ssize_t list_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	char line[HEADER_BYTES + 2 * LINE_BYTES];
	int length = print_line(line, sizeof(line), *pos);

	if (!length) {
		*pos = 0;
		return 0;
	}
	if (length > count)
		return safe_errno(-E2BIG, -EFAULT);
	if (copy_to_user(to, line, length))
		return -EFAULT;
	++*pos;
	return length;
}

const struct file_operations safe_list_fops = {
	.owner = THIS_MODULE,
	.open = safe_open,
	.read = list_read,
	.write = list_write,
};

/* SPDX-License-Identifier: BSD-3-Clause */
#include "allowlist.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pc_allowlist_free(struct pc_allowlist *list)
{
	int code = errno;

	free(list->entry);
	*list = PC_ALLOWLIST_EMPTY;
	errno = code;
}

/* Index of the first entry whose address is msr or more. */
static unsigned lower_bound(const struct pc_allowlist *list, uint32_t msr)
{
	unsigned low = 0, high = list->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (list->entry[middle].msr < msr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int out_of_memory(struct pc_error *error)
{
	return pc_fail(error, ENOMEM, "allowlist: out of memory");
}

static int reserve(struct pc_allowlist *list, unsigned count, struct pc_error *error)
{
	unsigned room = list->room ? list->room : 16;
	struct pc_allow_entry *entry;

	if (count > PC_ALLOWLIST_ENTRIES_MAX)
		return pc_fail(error, E2BIG, "allowlist: more than %d entries: msr-safe takes %d bytes "
			       "in one write; leave out registers that nobody needs",
			       PC_ALLOWLIST_ENTRIES_MAX, PC_ALLOWLIST_TEXT_MAX);
	if (count <= list->room)
		return 0;
	while (room < count)
		room *= 2;
	entry = reallocarray(list->entry, room, sizeof *entry);
	if (!entry)
		return out_of_memory(error);
	list->entry = entry;
	list->room = room;
	return 0;
}

int pc_allowlist_add(struct pc_allowlist *list, uint32_t msr, uint64_t mask, struct pc_error *error)
{
	unsigned at = lower_bound(list, msr);

	if (at < list->count && list->entry[at].msr == msr) {
		list->entry[at].mask |= mask;
		return 0;
	}
	if (reserve(list, list->count + 1, error) < 0)
		return -1;
	memmove(&list->entry[at + 1], &list->entry[at], (list->count - at) * sizeof *list->entry);
	list->entry[at] = (struct pc_allow_entry){ msr, mask };
	list->count++;
	return 0;
}

int pc_allowlist_find(const struct pc_allowlist *list, uint32_t msr, uint64_t *mask)
{
	unsigned at = lower_bound(list, msr);

	if (at == list->count || list->entry[at].msr != msr) {
		errno = ENOENT;
		return -1;
	}
	*mask = list->entry[at].mask;
	return 0;
}

char *pc_allowlist_print(const struct pc_allowlist *list, size_t *length)
{
	char *text = malloc((size_t)list->count * PC_ALLOWLIST_LINE + 2);
	size_t used = 0;

	if (!text)
		return NULL;
	for (unsigned i = 0; i < list->count; i++)
		used += (size_t)sprintf(text + used, "0x%08" PRIX32 " 0x%016" PRIX64 "\n",
					list->entry[i].msr, list->entry[i].mask);
	if (!used)
		text[used++] = '\n';
	text[used] = '\0';
	*length = used;
	return text;
}

int pc_allowlist_copy(struct pc_allowlist *to, const struct pc_allowlist *from, struct pc_error *error)
{
	*to = PC_ALLOWLIST_EMPTY;
	if (!from->count)
		return 0;
	if (reserve(to, from->count, error) < 0)
		return -1;
	memcpy(to->entry, from->entry, from->count * sizeof *to->entry);
	to->count = from->count;
	return 0;
}

int pc_allowlist_union(struct pc_allowlist *out, const struct pc_allowlist *a,
		       const struct pc_allowlist *b, struct pc_error *error)
{
	if (pc_allowlist_copy(out, a, error) < 0)
		return -1;
	for (unsigned i = 0; i < b->count; i++)
		if (pc_allowlist_add(out, b->entry[i].msr, b->entry[i].mask, error) < 0) {
			pc_allowlist_free(out);
			return -1;
		}
	return 0;
}

/* Whether b leaves something of one entry of a over; *mask is that. */
static int left_over(const struct pc_allow_entry *entry, const struct pc_allowlist *b, uint64_t *mask)
{
	uint64_t other;

	*mask = entry->mask;
	if (pc_allowlist_find(b, entry->msr, &other) < 0)
		return 1;
	*mask &= ~other;
	return *mask != 0;
}

int pc_allowlist_difference(struct pc_allowlist *out, const struct pc_allowlist *a,
			    const struct pc_allowlist *b, struct pc_error *error)
{
	*out = PC_ALLOWLIST_EMPTY;
	for (unsigned i = 0; i < a->count; i++) {
		uint64_t mask;

		if (!left_over(&a->entry[i], b, &mask))
			continue;
		if (pc_allowlist_add(out, a->entry[i].msr, mask, error) < 0) {
			pc_allowlist_free(out);
			return -1;
		}
	}
	return 0;
}

int pc_allowlist_subset(const struct pc_allowlist *a, const struct pc_allowlist *b)
{
	uint64_t mask;

	for (unsigned i = 0; i < a->count; i++)
		if (left_over(&a->entry[i], b, &mask))
			return 0;
	return 1;
}

int pc_allowlist_equal(const struct pc_allowlist *a, const struct pc_allowlist *b)
{
	if (a->count != b->count)
		return 0;
	for (unsigned i = 0; i < a->count; i++)
		if (a->entry[i].msr != b->entry[i].msr || a->entry[i].mask != b->entry[i].mask)
			return 0;
	return 1;
}

static const struct {
	int code;
	const char *text;
} sentences[] = {
	{ EILSEQ, "the list does not end in white space; end its last line with a newline" },
	{ ENOMSG, "the list holds no entry (comments only), so the old one stays; "
		  "take out the # before the registers that the site grants" },
	{ ENOTUNIQ, "an address stands in the list twice, and msr-safe has emptied its list; "
		    "install one without duplicates" },
	{ E2BIG, "the list is longer than the 128 KiB that msr-safe takes; leave out comments or entries" },
	{ EINVAL, "msr-safe does not understand the list: not two numbers an entry, over 128 KiB, no entry, "
		  "or (up to 1.6) a duplicate, which empties its list; check it with pmctl allowlist check" },
	{ ERANGE, "a number in the list is over 64 bits" },
	{ ENOMEM, "the kernel had no memory for the list, and msr-safe's is empty now; install it again" },
	{ EFAULT, "the kernel could not read the list from this process, and the old one stays" },
	{ EACCES, "no permission on msr-safe's list device: installing a list is for root" },
	{ EPERM, "no permission on msr-safe's list device: installing a list is for root" },
	{ ENOENT, "there is no list device: the msr-safe module is not loaded; run modprobe msr-safe" },
	{ ENXIO, "the list device is left from a module that is gone; remove it and load msr-safe again" },
	{ ENODEV, "the list device is left from a module that is gone; remove it and load msr-safe again" },
	{ EIO, "what msr-safe holds now is not what was written; another process writes the list too" },
};

const char *pc_allowlist_errno_text(int code)
{
	for (unsigned i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
		if (sentences[i].code == code)
			return sentences[i].text;
	return "an error that msr-safe is not known to give; its reason stands in dmesg";
}

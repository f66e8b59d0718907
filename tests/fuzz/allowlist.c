/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: allowlist_parse.c */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "allowlist.h"
#include "fuzz.h"

/*
 * The kernel's reading of a list, as msr-safe documents and does it: pairs of numbers between
 * white space (0xa0 is white space to the kernel), comments where an entry may begin, the
 * text up to the first NUL.
 */
struct kernel {
	const uint8_t *at, *end;
};

static bool kernel_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0;
}

static void kernel_skip(struct kernel *kernel)
{
	for (; kernel->at < kernel->end && *kernel->at; kernel->at++) {
		if (*kernel->at == '#')
			while (kernel->at + 1 < kernel->end && kernel->at[1] && *kernel->at != '\n')
				kernel->at++;
		else if (!kernel_space(*kernel->at))
			return;
	}
}

/* Base 0, as kstrtoull(): 0 where the token is a number. */
static int kernel_number(struct kernel *kernel, uint64_t *number)
{
	const uint8_t *start;
	char *token, *end;
	int result;

	while (kernel->at < kernel->end && kernel_space(*kernel->at))
		kernel->at++;
	for (start = kernel->at; kernel->at < kernel->end && *kernel->at && !kernel_space(*kernel->at);)
		kernel->at++;
	if (kernel->at == kernel->end || !*kernel->at)
		return -1;               /* EILSEQ: nothing ends the token */
	token = strndup((const char *)start, (size_t)(kernel->at - start));
	errno = 0;
	*number = strtoull(token, &end, 0);
	result = errno || end == token || *end || token[0] == '-' ? -1 : 0;
	free(token);
	return result;
}

/* Whatever is taken here the kernel takes too, and reads as the same list. */
static void check_kernel_agrees(const struct pc_allowlist *list, const uint8_t *data, size_t size)
{
	struct kernel kernel = { data, data + size };
	unsigned entries = 0;

	for (kernel_skip(&kernel); kernel.at < kernel.end && *kernel.at; kernel_skip(&kernel), entries++) {
		uint64_t msr, mask, listed;

		MUST(kernel_number(&kernel, &msr) == 0 && kernel_number(&kernel, &mask) == 0);
		MUST(msr <= UINT32_MAX);
		MUST(pc_allowlist_find(list, (uint32_t)msr, &listed) == 0 && listed == mask);
	}
	MUST(entries == list->count);
}

static void check_round_trip(const struct pc_allowlist *list)
{
	struct pc_allowlist again;
	size_t length, length_again;
	char *text = pc_allowlist_print(list, &length), *text_again;

	MUST(text && length == (list->count ? list->count * PC_ALLOWLIST_LINE : 1));
	MUST(pc_allowlist_parse(&again, "again", text, length, NULL) == 0);
	MUST(pc_allowlist_equal(list, &again));
	text_again = pc_allowlist_print(&again, &length_again);
	MUST(text_again && length_again == length && !memcmp(text, text_again, length));
	free(text);
	free(text_again);
	pc_allowlist_free(&again);
}

/* A second list out of the first: every other entry, with some bits changed, and one more. */
static struct pc_allowlist relative(const struct pc_allowlist *list)
{
	struct pc_allowlist other = PC_ALLOWLIST_EMPTY;

	for (unsigned i = 0; i < list->count; i += 2)
		MUST(pc_allowlist_add(&other, list->entry[i].msr, list->entry[i].mask ^ UINT64_C(0xff) << i % 32, NULL) == 0);
	MUST(pc_allowlist_add(&other, 0x610, 0xf0, NULL) == 0);
	return other;
}

static void check_laws(const struct pc_allowlist *a)
{
	struct pc_allowlist b = relative(a), both, only_a, rebuilt;

	if (pc_allowlist_union(&both, a, &b, NULL) == 0) {
		MUST(pc_allowlist_difference(&only_a, a, &b, NULL) == 0);
		MUST(pc_allowlist_union(&rebuilt, &b, &only_a, NULL) == 0);
		MUST(pc_allowlist_equal(&rebuilt, &both));
		MUST(pc_allowlist_subset(a, &both) && pc_allowlist_subset(&b, &both));
		MUST(pc_allowlist_subset(a, &b) == (only_a.count == 0));
		pc_allowlist_free(&only_a);
		pc_allowlist_free(&rebuilt);
		pc_allowlist_free(&both);
	} else {
		MUST(errno == E2BIG);
	}
	pc_allowlist_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pc_allowlist list = { 1, 1, NULL };
	struct pc_error error = { "" };

	if (pc_allowlist_parse(&list, "list", (const char *)data, size, &error) < 0) {
		MUST(errno == EINVAL || errno == ERANGE || errno == ENOTUNIQ || errno == E2BIG);
		MUST(!strncmp(error.text, "list:", 5));
		MUST(list.count == 0 && !list.entry);
		return 0;
	}
	for (unsigned i = 1; i < list.count; i++)
		MUST(list.entry[i - 1].msr < list.entry[i].msr);
	check_kernel_agrees(&list, data, size);
	check_round_trip(&list);
	check_laws(&list);
	pc_allowlist_free(&list);
	return 0;
}

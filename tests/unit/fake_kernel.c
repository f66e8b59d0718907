/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FDS = 160, FIRST_FD = 1000 };

struct open_file {
	bool used;
	enum fake_file file;
	int flags;
	unsigned cpu;
	bool dead;
	const char *text;
	unsigned at;             /* the next list entry; or 1 after a text was read */
};

struct fake_kernel fake_kernel;
static struct open_file open_files[FDS];

static int fail(int code)
{
	errno = code;
	return -1;
}

static bool interrupted(void)
{
	if (!fake_kernel.interrupts)
		return false;
	fake_kernel.interrupts--;
	errno = EINTR;
	return true;
}

static struct open_file *file_of(int fd)
{
	return &open_files[fd - FIRST_FD];
}

/* --- opening ---------------------------------------------------------------- */

static const char *text_of(const char *path)
{
	if (!strcmp(path, "/dev/cpu/msr_safe_version"))
		return fake_kernel.version_device;
	if (!strcmp(path, "/sys/module/msr_safe/version"))
		return fake_kernel.module_version;
	if (!strcmp(path, "/sys/module/msr/parameters/allow_writes"))
		return fake_kernel.allow_writes;
	if (!strcmp(path, "/sys/kernel/security/lockdown"))
		return fake_kernel.lockdown;
	if (!strcmp(path, "/sys/devices/system/cpu/online"))
		return fake_kernel.online;
	return NULL;
}

static bool is_device(const char *path, const char *name)
{
	return name && !strncmp(path, "/dev/cpu/", 9) && !strcmp(path + 9, name);
}

/* What a path is; -1 and errno where there is nothing. */
static int find(const char *path, struct open_file *file)
{
	char name[16];

	if (is_device(path, fake_kernel.stale_name))
		return fail(ENXIO);
	file->file = FAKE_TEXT;
	if (is_device(path, "msr_batch"))
		file->file = FAKE_BATCH;
	else if (is_device(path, fake_kernel.list_name))
		file->file = FAKE_LIST;
	else if (sscanf(path, "/dev/cpu/%u/%15s", &file->cpu, name) == 2)
		file->file = strcmp(name, "msr") ? FAKE_NODE_SAFE : FAKE_NODE_STOCK;
	else if (!(file->text = text_of(path)))
		return fail(ENOENT);
	if (file->text)
		return 0;
	if ((file->file == FAKE_NODE_SAFE || file->file == FAKE_NODE_STOCK) &&
	    (file->cpu >= FAKE_CPUS || fake_kernel.msr.offline[file->cpu]))
		return fail(ENOENT);
	return 0;
}

static int fake_open(const char *path, int flags)
{
	struct open_file file = { .used = true, .flags = flags };
	int code;

	fake_kernel.last_flags = flags;
	if (find(path, &file) < 0)
		return -1;
	code = (flags & O_ACCMODE) == O_RDONLY ? fake_kernel.open_read[file.file]
					       : fake_kernel.open_write[file.file];
	if (code)
		return fail(code);
	for (int i = 0; i < FDS; i++) {
		if (open_files[i].used)
			continue;
		open_files[i] = file;
		fake_kernel.opens++;
		if (file.file == FAKE_NODE_SAFE || file.file == FAKE_NODE_STOCK)
			fake_kernel.renewed[file.cpu] = false;
		return FIRST_FD + i;
	}
	return fail(EMFILE);
}

static int fake_close(int fd)
{
	file_of(fd)->used = false;
	fake_kernel.closes++;
	return 0;
}

/* --- batch and registers ---------------------------------------------------- */

static int fake_ioctl(int fd, unsigned long request, void *argument)
{
	struct pc_msr_batch *batch = argument;

	if (interrupted())
		return -1;
	fake_kernel.last_request = request;
	if (file_of(fd)->file != FAKE_BATCH || request != PC_MSR_BATCH_IOCTL)
		return fail(ENOTTY);
	if ((file_of(fd)->flags & O_ACCMODE) == O_WRONLY)
		return fail(EBADF);
	fake_kernel.last_version = batch->version;
	return fake_msr_batch(&fake_kernel.msr, batch->ops, batch->numops);
}

static ssize_t move(int fd, bool read, void *data, size_t size, off_t offset)
{
	const struct open_file *file = file_of(fd);
	int err;

	if (interrupted())
		return -1;
	if (fake_kernel.renewed[file->cpu])
		return fail(ENXIO);
	if (size != 8)
		return fail(EINVAL);
	err = fake_msr_one(&fake_kernel.msr, file->cpu, read, (uint32_t)offset, data,
			   file->file == FAKE_NODE_SAFE);
	if (err)
		return fail(-err);
	return (ssize_t)(size - fake_kernel.short_by);
}

static ssize_t fake_pread(int fd, void *data, size_t size, off_t offset)
{
	return move(fd, true, data, size, offset);
}

static ssize_t fake_pwrite(int fd, const void *data, size_t size, off_t offset)
{
	uint64_t value;

	if ((file_of(fd)->flags & O_ACCMODE) == O_RDONLY)
		return fail(EBADF);
	if (fake_kernel.pwrite_errno)
		return fail(fake_kernel.pwrite_errno);
	memcpy(&value, data, sizeof value);
	return move(fd, false, &value, size, offset);
}

/* --- the list --------------------------------------------------------------- */

static const char *header(void)
{
	if (fake_kernel.msr.minor >= 7)
		return "#MSR       Write mask        \n";
	return fake_kernel.msr.minor ? "# MSR # Write Mask # Comment\n" : "# MSR\t\tWrite Mask\t\t# Comment\n";
}

static int print_entry(char *text, size_t size, const struct pc_allow_entry *entry)
{
	unsigned long long msr = entry->msr, mask = entry->mask;

	if (fake_kernel.msr.minor)
		return snprintf(text, size, "0x%08llX 0x%016llX\n", msr, mask);
	return snprintf(text, size, "0x%08llx\t\t0x%016llx\n", msr, mask);
}

static ssize_t read_list(struct open_file *file, char *data, size_t size)
{
	const struct pc_allowlist *list = &fake_kernel.msr.list;
	char line[80];
	int length;

	if (file->at >= list->count) {
		file->at = 0;
		return 0;
	}
	length = snprintf(line, sizeof line, "%s", file->at ? "" : header());
	length += print_entry(line + length, sizeof line - (size_t)length, &list->entry[file->at]);
	if (size < (size_t)length)
		return fail(fake_kernel.msr.minor >= 7 ? E2BIG : EFAULT);
	file->at++;
	memcpy(data, line, (size_t)length);
	return length;
}

static ssize_t fake_read(int fd, void *data, size_t size)
{
	struct open_file *file = file_of(fd);
	size_t length;

	if (interrupted())
		return -1;
	if (file->file == FAKE_LIST)
		return read_list(file, data, size);
	length = file->text && !file->at ? strlen(file->text) : 0;
	file->at = 1;
	/* The version device's answer ends in NUL; the others' in a newline. */
	length = length && size > length ? length + 1 : length;
	if (length)
		memcpy(data, file->text, length);
	return (ssize_t)length;
}

/* The driver's two passes: syntax first, then a list that a duplicate leaves empty. */
static int take_list(const char *text, size_t size)
{
	struct pc_allowlist *list = &fake_kernel.msr.list;
	bool is_new = fake_kernel.msr.minor >= 7;
	unsigned long long msr, mask;
	const char *at = text;
	int used = 0;
	uint64_t old;

	if (size > PC_ALLOWLIST_TEXT_MAX)
		return fail(is_new ? E2BIG : EINVAL);
	pc_allowlist_free(list);
	for (; size > 2 && sscanf(at, "0x%llx 0x%llx\n%n", &msr, &mask, &used) == 2; at += used) {
		if (pc_allowlist_find(list, (uint32_t)msr, &old) == 0) {
			pc_allowlist_free(list);
			return fail(is_new ? ENOTUNIQ : EINVAL);
		}
		if (pc_allowlist_add(list, (uint32_t)msr, mask, NULL) < 0)
			return -1;
	}
	return 0;
}

static ssize_t fake_write(int fd, const void *data, size_t size)
{
	char *text;
	int status;

	if (interrupted())
		return -1;
	fake_kernel.writes++;
	if (file_of(fd)->file != FAKE_LIST)
		return fail(EBADF);
	if (fake_kernel.write_errno)
		return fail(fake_kernel.write_errno);
	if (fake_kernel.forgets_list)
		return (ssize_t)size;
	text = strndup(data, size - fake_kernel.short_by);
	status = take_list(text, size - fake_kernel.short_by);
	free(text);
	return status < 0 ? -1 : (ssize_t)(size - fake_kernel.short_by);
}

static bool fake_has_rawio(void)
{
	return fake_kernel.msr.rawio;
}

const struct pc_msr_calls fake_calls = {
	.open = fake_open,
	.close = fake_close,
	.ioctl = fake_ioctl,
	.read = fake_read,
	.write = fake_write,
	.pread = fake_pread,
	.pwrite = fake_pwrite,
	.has_rawio = fake_has_rawio,
};

/* --- power-on --------------------------------------------------------------- */

void fake_kernel_be(unsigned minor)
{
	static const char *const version[] = {
		NULL, NULL, "1.2\n", "1.2\n", "1.2\n", "1.5\n", "1.6\n", "1.7\n", "1.8.0\n"
	};

	fake_kernel.msr.minor = minor;
	fake_kernel.list_name = minor >= 5 ? "msr_allowlist" : "msr_whitelist";
	fake_kernel.version_device = minor >= 7 ? (minor == 7 ? "1.7" : "1.8.0") : NULL;
	fake_kernel.module_version = version[minor];
}

void fake_kernel_boot(void)
{
	memset(&fake_kernel, 0, sizeof fake_kernel);
	memset(open_files, 0, sizeof open_files);
	fake_msr_init(&fake_kernel.msr);
	fake_kernel.online = "0-3\n";
	fake_kernel_be(8);
}

unsigned fake_kernel_halt(void)
{
	unsigned left = 0;

	for (int i = 0; i < FDS; i++)
		left += open_files[i].used;
	fake_msr_clear(&fake_kernel.msr);
	return left;
}

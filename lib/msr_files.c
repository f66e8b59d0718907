/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Register by register through one device file per CPU: /dev/cpu/N/msr_safe, or
 * /dev/cpu/N/msr of the stock driver; 8 bytes at the offset of the MSR's address.
 *
 * How near this comes to the batch device's rules: before a batch that
 * writes anything is begun, each of its registers is read once, and nothing is
 * executed where one is refused or its CPU is gone; and the mask of a write is looked up in
 * the list where this process may read that.  A list that changes in between, or one that
 * cannot be read, is met only by the write itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msr_driver.h"

/* One open file per package's CPU; a table, so that a batch allocates nothing. */
struct slot {
	int cpu;
	int fd;
	bool writable;
};

enum { SLOTS = PC_MAX_PACKAGES };

struct files {
	struct pc_msr_place place;
	enum pc_msr_node node;
	bool bypass;             /* msr-safe up to 1.6, and this process holds CAP_SYS_RAWIO */
	bool list_known;
	struct pc_allowlist list;
	struct slot slot[SLOTS];
	unsigned next;           /* the slot to use next */
};

static const char *node_name(const struct files *files)
{
	return files->node == PC_MSR_NODE_SAFE ? "msr_safe" : "msr";
}

static void node_path(const struct files *files, unsigned cpu, char path[PC_MSR_PATH])
{
	pc_msr_path(&files->place, path, "/dev/cpu/%u/%s", cpu, node_name(files));
}

/* --- one device file -------------------------------------------------------- */

static int open_path(const struct files *files, const char *path, bool *writable)
{
	const struct pc_msr_calls *calls = files->place.calls;
	int fd = calls->open(path, O_RDWR | O_CLOEXEC);

	*writable = fd >= 0;
	if (fd < 0 && (errno == EACCES || errno == EROFS))
		fd = calls->open(path, O_RDONLY | O_CLOEXEC);
	return fd;
}

static void drop(struct files *files, struct slot *slot)
{
	if (slot->fd >= 0)
		files->place.calls->close(slot->fd);
	slot->fd = -1;
	slot->cpu = -1;
}

static struct slot *find_slot(struct files *files, unsigned cpu)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		if (files->slot[i].cpu == (int)cpu)
			return &files->slot[i];
	}
	return NULL;
}

static struct slot *open_cpu(struct files *files, unsigned cpu)
{
	struct slot *slot = find_slot(files, cpu);
	char path[PC_MSR_PATH];

	if (slot)
		return slot;
	slot = &files->slot[files->next];
	drop(files, slot);
	node_path(files, cpu, path);
	slot->fd = open_path(files, path, &slot->writable);
	if (slot->fd < 0)
		return NULL;
	slot->cpu = (int)cpu;
	files->next = (files->next + 1) % SLOTS;
	return slot;
}

/* --- one register ----------------------------------------------------------- */

static ssize_t move(const struct pc_msr_calls *calls, int fd, bool read, uint32_t msr, uint64_t *value)
{
	ssize_t moved;

	do
		moved = read ? calls->pread(fd, value, sizeof *value, msr)
			     : calls->pwrite(fd, value, sizeof *value, msr);
	while (moved < 0 && errno == EINTR);
	return moved;
}

/* 0 or a negative errno.  A register is 8 bytes or nothing. */
static int try_move(struct files *files, unsigned cpu, bool read, uint32_t msr, uint64_t *value)
{
	struct slot *slot = open_cpu(files, cpu);
	ssize_t moved;

	if (!slot)               /* EACCES would say that the register is not listed */
		return errno == EACCES ? -EPERM : -errno;
	moved = move(files->place.calls, slot->fd, read, msr, value);
	if (moved < 0)
		return -errno;
	return moved == sizeof *value ? 0 : -EIO;
}

static bool is_gone(int err)
{
	return err == -ENXIO || err == -ENODEV || err == -ENOENT;
}

/* A CPU that went offline takes its node along, and comes back with a fresh one. */
static int move_register(struct files *files, unsigned cpu, bool read, uint32_t msr, uint64_t *value)
{
	int err = try_move(files, cpu, read, msr, value);
	struct slot *slot;

	if (!is_gone(err))
		return err;
	slot = find_slot(files, cpu);
	if (slot) {
		drop(files, slot);
		err = try_move(files, cpu, read, msr, value);
	}
	return is_gone(err) ? -ENXIO : err;
}

/* --- a batch ---------------------------------------------------------------- */

static uint64_t writable_bits(struct files *files, const struct pc_msr_op *op)
{
	const struct slot *slot = find_slot(files, op->cpu);
	uint64_t mask = 0;

	if (!slot || !slot->writable)
		return 0;
	if (files->node == PC_MSR_NODE_STOCK || files->bypass || !files->list_known)
		return UINT64_MAX;
	return pc_allowlist_find(&files->list, op->msr, &mask) < 0 ? 0 : mask;
}

static int refusal(struct files *files, struct pc_msr_op *op)
{
	uint64_t unused;
	int err = move_register(files, op->cpu, true, op->msr, &unused);

	op->wmask = writable_bits(files, op);
	if (err == -EIO)         /* a fault is met in execution */
		return 0;
	return !err && !op->isrdmsr && !op->wmask ? -EROFS : err;
}

static bool validate(struct files *files, struct pc_msr_op *ops, unsigned count)
{
	bool refused = false;

	for (unsigned i = 0; i < count; i++) {
		ops[i].err = refusal(files, &ops[i]);
		refused |= ops[i].err != 0;
	}
	return !refused;
}

static void execute(struct files *files, struct pc_msr_op *ops, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct pc_msr_op *op = &ops[i];

		op->err = move_register(files, op->cpu, op->isrdmsr, op->msr, &op->msrdata);
		op->wmask = writable_bits(files, op);
	}
}

static bool has_write(const struct pc_msr_op *ops, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (!ops[i].isrdmsr)
			return true;
	}
	return false;
}

/* Why the stock driver denies a write to root (Linux 5.9 a7e1f67ed29f, 5.4 95f5e95f41df). */
static const char *why_denied(const struct files *files)
{
	char text[64];

	if (files->node == PC_MSR_NODE_SAFE)
		return "the kernel denies this process the device: its job was not granted it, or has ended";
	if (pc_msr_text(&files->place, "/sys/module/msr/parameters/allow_writes", text, sizeof text) == 0 &&
	    !strcmp(text, "off"))
		return "the msr module was loaded with allow_writes=off; "
		       "echo on > /sys/module/msr/parameters/allow_writes";
	if (pc_msr_text(&files->place, "/sys/kernel/security/lockdown", text, sizeof text) == 0 &&
	    (strstr(text, "[integrity]") || strstr(text, "[confidentiality]")))
		return "the kernel is locked down (Secure Boot), which forbids writing MSRs; "
		       "msr-safe or powercap may still do it";
	return "the stock msr driver asks for CAP_SYS_RAWIO";
}

static int explain(struct files *files, const struct pc_msr_op *op, struct pc_error *error)
{
	char path[PC_MSR_PATH];
	int code = -op->err;

	node_path(files, op->cpu, path);
	if (code == EPERM && files->node == PC_MSR_NODE_SAFE && !find_slot(files, op->cpu))
		return pc_fail(error, code, "%s: this process may not open it: its job was not granted it or has "
			       "ended, or the CPU was offline and has come back with a new file", path);
	return pc_fail(error, code, "%s: MSR 0x%" PRIx32 ": %s", path, op->msr,
		       code == EPERM ? why_denied(files) : strerror(code));
}

static int files_run(void *self, struct pc_msr_op *ops, unsigned count, struct pc_error *error)
{
	struct files *files = self;

	if (!has_write(ops, count) || validate(files, ops, count))
		execute(files, ops, count);
	for (unsigned i = 0; i < count; i++) {
		if (ops[i].err)
			return explain(files, &ops[i], error);
	}
	return 0;
}

/* --- the list --------------------------------------------------------------- */

/* Keeps what was read for the masks of later writes. */
static void keep_list(struct files *files)
{
	struct pc_allowlist list;

	files->list_known = pc_msrsafe_list_read(&files->place, &list, NULL) == 0;
	pc_allowlist_free(&files->list);
	files->list = list;
}

static int files_list_read(void *self, struct pc_allowlist *list, struct pc_error *error)
{
	struct files *files = self;

	keep_list(files);
	return pc_msrsafe_list_read(&files->place, list, error);
}

static int files_list_write(void *self, const struct pc_allowlist *list, struct pc_error *error)
{
	struct files *files = self;
	int status = pc_msrsafe_list_write(&files->place, list, error);
	int code = errno;

	keep_list(files);
	errno = code;
	return status;
}

/* --- the transport ---------------------------------------------------------- */

/* The numbers of the kernel's list "0-3,8"; visits them until visit() says stop. */
static int each_online(const struct files *files, bool (*visit)(unsigned cpu, void *arg), void *arg)
{
	char text[4096];
	char *at = text;

	if (pc_msr_text(&files->place, "/sys/devices/system/cpu/online", text, sizeof text) < 0)
		return -1;
	while (*at >= '0' && *at <= '9') {
		unsigned long cpu = strtoul(at, &at, 10);
		unsigned long last = *at == '-' ? strtoul(at + 1, &at, 10) : cpu;

		for (; cpu <= last && cpu <= UINT16_MAX; cpu++) {
			if (!visit((unsigned)cpu, arg))
				return 0;
		}
		at += *at == ',';
	}
	return 0;
}

struct device_list {
	const struct files *files;
	char (*path)[PC_MSR_PATH];
	unsigned max;
	unsigned count;
};

static bool add_device(unsigned cpu, void *arg)
{
	struct device_list *list = arg;

	if (list->count < list->max)
		node_path(list->files, cpu, list->path[list->count]);
	list->count++;
	return true;
}

/* Every online CPU's, because any of a package's can become the one to reach it from. */
static unsigned files_devices(void *self, char (*path)[PC_MSR_PATH], unsigned max)
{
	struct device_list list = { self, path, max, 0 };

	return each_online(self, add_device, &list) < 0 ? 0 : list.count;
}

static bool files_list_device(void *self, char path[PC_MSR_PATH])
{
	const struct files *files = self;

	return pc_msrsafe_list_device(&files->place, path);
}

static void files_close(void *self)
{
	struct files *files = self;

	for (unsigned i = 0; i < SLOTS; i++)
		drop(files, &files->slot[i]);
	pc_allowlist_free(&files->list);
	free(files);
}

static int explain_open(const struct files *files, unsigned cpu, struct pc_error *error)
{
	char path[PC_MSR_PATH];
	int code = errno;
	bool stock = files->node == PC_MSR_NODE_STOCK;

	node_path(files, cpu, path);
	switch (code) {
	case ENOENT:
		return pc_fail(error, code, "%s: not there: the %s module is not loaded; run modprobe %s",
			       path, stock ? "msr" : "msr-safe", stock ? "msr" : "msr-safe");
	case EPERM:
		return pc_fail(error, code, "%s: %s", path, stock ? "the stock msr driver is for root: it asks "
			       "for CAP_SYS_RAWIO, whatever the file's permissions say" : why_denied(files));
	case EACCES:
		return pc_fail(error, code, "%s: no permission%s", path, stock ? ": the stock msr driver is for "
			       "root" : ": a job's user gets it from the prolog, others from a udev rule");
	case ENXIO:
	case ENODEV:
		return pc_fail(error, code, "%s: left from a module that is gone, or its CPU is offline; load "
			       "the module again", path);
	case EIO:
		return pc_fail(error, code, "%s: this CPU has no MSRs", path);
	default:
		return pc_fail(error, code, "%s: %s", path, strerror(code));
	}
}

static bool first_cpu(unsigned cpu, void *arg)
{
	*(int *)arg = (int)cpu;
	return false;
}

/* Opens the first online CPU's file, to know at once whether there is any way in. */
static int try_first(struct files *files, struct pc_error *error)
{
	int cpu = -1;

	if (each_online(files, first_cpu, &cpu) < 0 || cpu < 0)
		return pc_fail(error, ENODEV, "/sys/devices/system/cpu/online: no list of CPUs there");
	return open_cpu(files, (unsigned)cpu) ? 0 : explain_open(files, (unsigned)cpu, error);
}

static int start(struct files *files, enum pc_msr_node node, const char *root,
		 const struct pc_msr_calls *calls, struct pc_error *error)
{
	files->node = node;
	for (unsigned i = 0; i < SLOTS; i++)
		files->slot[i] = (struct slot){ .cpu = -1, .fd = -1 };
	if (pc_msr_place(&files->place, root, calls, error) < 0)
		return -1;
	if (files->place.read_only)
		return pc_fail(error, ENOTSUP, "%s: a recorded root holds no registers", root);
	if (try_first(files, error) < 0)
		return -1;
	if (node == PC_MSR_NODE_STOCK)
		return 0;
	files->bypass = pc_msrsafe_bypasses_list(&files->place);
	keep_list(files);
	return pc_msrsafe_check_version(&files->place, error);
}

int pc_msr_files_transport(struct pc_msr_transport *transport, enum pc_msr_node node, const char *root,
			   const struct pc_msr_calls *calls, struct pc_error *error)
{
	struct files *files = calloc(1, sizeof *files);
	bool safe = node == PC_MSR_NODE_SAFE;

	if (!files)
		return pc_fail(error, ENOMEM, "msr: no memory");
	if (start(files, node, root, calls, error) < 0) {
		int code = errno;

		files_close(files);
		errno = code;
		return -1;
	}
	*transport = (struct pc_msr_transport){
		.name = safe ? pc_backend_msrsafe.name : pc_backend_msr.name,
		.self = files,
		.batch = files_run,
		.list_read = safe ? files_list_read : NULL,
		.list_write = safe && pc_msrsafe_list_writable(&files->place) ? files_list_write : NULL,
		.devices = files_devices,
		.list_device = safe ? files_list_device : NULL,
		.close = files_close,
	};
	return 0;
}

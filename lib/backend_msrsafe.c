/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * msr-safe: the batch device (rung 50: one ioctl for a whole batch) and, where that
 * cannot be had, register by register (rung 40).  ABI: LLNL/msr-safe, README and
 * msr_batch.h of 1.x.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msr_driver.h"
#include "register_node.h"

struct batch {
	struct pc_msr_place place;
	char path[PC_MSR_PATH];
	int fd;
};

static int explain_open(const char *path, struct pc_error *error)
{
	int code = errno;

	switch (code) {
	case ENOENT:
		return pc_fail(error, code, "%s: not there: the msr-safe module is not loaded; "
			       "run modprobe msr-safe", path);
	case EACCES:
	case EPERM:
		return pc_fail(error, code, "%s: no permission: a job's user gets it from the prolog, "
			       "others from a udev rule", path);
	case ENXIO:
	case ENODEV:
		return pc_fail(error, code, "%s: left from a module that is gone; load msr-safe again", path);
	default:
		return pc_fail(error, code, "%s: %s", path, strerror(code));
	}
}

/* The driver asks for read permission only, also to write registers. */
static int open_batch(struct batch *batch, struct pc_error *error)
{
	pc_msr_path(&batch->place, batch->path, "/dev/cpu/msr_batch");
	batch->fd = batch->place.calls->open(batch->path, O_RDONLY | O_CLOEXEC);
	return batch->fd < 0 ? explain_open(batch->path, error) : 0;
}

static void close_batch(struct batch *batch)
{
	if (batch->fd >= 0)
		batch->place.calls->close(batch->fd);
	batch->fd = -1;
}

/* --- one batch -------------------------------------------------------------- */

static int submit(struct batch *batch, struct pc_msr_op *ops, unsigned count)
{
	struct pc_msr_batch array = { count, PC_MSR_BATCH_VERSION, ops };
	int status;

	do
		status = batch->place.calls->ioctl(batch->fd, PC_MSR_BATCH_IOCTL, &array);
	while (status < 0 && errno == EINTR);
	return status;
}

/*
 * errno names the last failing operation where validation refused the batch,
 * and the first where execution met a fault; so it is left alone and the
 * operations are asked.  Their errors are negative.
 */
static const struct pc_msr_op *first_failed(const struct pc_msr_op *ops, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (ops[i].err)
			return &ops[i];
	}
	return NULL;
}

static int explain_call(const struct batch *batch, unsigned count, struct pc_error *error)
{
	int code = errno;

	switch (code) {
	case E2BIG:      /* since 1.7 */
	case ENOMEM:     /* up to 1.6 */
		return pc_fail(error, code, "%s: the kernel had no memory for a batch of %u operations; "
			       "try again", batch->path, count);
	case ENOPROTOOPT:
		return pc_fail(error, code, "%s: this msr-safe has another major version than 1; "
			       "load a 1.x module", batch->path);
	case ENOTTY:
		return pc_fail(error, code, "%s: not msr-safe's batch device (its ioctl is unknown there); "
			       "a 32-bit program cannot use it either", batch->path);
	case EACCES:
	case EPERM:
		return pc_fail(error, code, "%s: the kernel denies this process the device: its job was not "
			       "granted it, or has ended", batch->path);
	default:
		return pc_fail(error, code, "%s: %s", batch->path, strerror(code));
	}
}

static bool is_gone(int code)
{
	return code == ENXIO || code == ENODEV;
}

static int batch_run(void *self, struct pc_msr_op *ops, unsigned count, struct pc_error *error)
{
	struct batch *batch = self;
	const struct pc_msr_op *failed;
	int status;

	if (batch->fd < 0 && open_batch(batch, error) < 0)
		return -1;
	status = submit(batch, ops, count);
	failed = first_failed(ops, count);
	/* The module was loaded again: its device is a new one. */
	if (status < 0 && !failed && is_gone(errno)) {
		close_batch(batch);
		if (open_batch(batch, error) < 0)
			return -1;
		status = submit(batch, ops, count);
		failed = first_failed(ops, count);
	}
	if (failed)
		return pc_fail(error, -failed->err, "%s: MSR 0x%x on CPU %u: %s", batch->path,
			       failed->msr, failed->cpu, strerror(-failed->err));
	return status < 0 ? explain_call(batch, count, error) : 0;
}

/* --- the transport ---------------------------------------------------------- */

static int batch_list_read(void *self, struct pc_allowlist *list, struct pc_error *error)
{
	const struct batch *batch = self;

	return pc_msrsafe_list_read(&batch->place, list, error);
}

static int batch_list_write(void *self, const struct pc_allowlist *list, struct pc_error *error)
{
	const struct batch *batch = self;

	return pc_msrsafe_list_write(&batch->place, list, error);
}

static unsigned batch_devices(void *self, char (*path)[PC_MSR_PATH], unsigned max)
{
	const struct batch *batch = self;

	if (max)
		memcpy(path[0], batch->path, sizeof path[0]);
	return 1;
}

static bool batch_list_device(void *self, char path[PC_MSR_PATH])
{
	const struct batch *batch = self;

	return pc_msrsafe_list_device(&batch->place, path);
}

static void batch_close(void *self)
{
	close_batch(self);
	free(self);
}

static int start(struct batch *batch, const char *root, const struct pc_msr_calls *calls,
		 struct pc_error *error)
{
	batch->fd = -1;
	if (pc_msr_place(&batch->place, root, calls, error) < 0)
		return -1;
	if (batch->place.read_only)
		return pc_fail(error, ENOTSUP, "%s: a recorded root has no batch device", root);
	if (open_batch(batch, error) < 0)
		return -1;
	return pc_msrsafe_check_version(&batch->place, error);
}

int pc_msrsafe_batch_transport(struct pc_msr_transport *transport, const char *root,
			       const struct pc_msr_calls *calls, struct pc_error *error)
{
	struct batch *batch = calloc(1, sizeof *batch);

	if (!batch)
		return pc_fail(error, ENOMEM, "msr-safe: no memory");
	if (start(batch, root, calls, error) < 0) {
		int code = errno;

		batch_close(batch);
		errno = code;
		return -1;
	}
	*transport = (struct pc_msr_transport){
		.name = pc_backend_msrsafe_batch.name,
		.self = batch,
		.batch = batch_run,
		.list_read = batch_list_read,
		.list_write = pc_msrsafe_list_writable(&batch->place) ? batch_list_write : NULL,
		.devices = batch_devices,
		.list_device = batch_list_device,
		.read_is_enough = true,
		.close = batch_close,
	};
	return 0;
}

/* --- back ends -------------------------------------------------------------- */

static int msrsafe_batch_open(struct pc_power *power, const struct pc_power_config *config,
			      const char *argument, struct pc_error *error)
{
	struct pc_msr_transport transport;

	(void)argument;
	if (pc_msrsafe_batch_transport(&transport, config->root, &pc_msr_kernel, error) < 0)
		return -1;
	return pc_msr_driver_open(power, config->root, transport, error);
}

static int msrsafe_open(struct pc_power *power, const struct pc_power_config *config,
			const char *argument, struct pc_error *error)
{
	struct pc_msr_transport transport;

	(void)argument;
	if (pc_msr_files_transport(&transport, PC_MSR_NODE_SAFE, config->root, &pc_msr_kernel, error) < 0)
		return -1;
	return pc_msr_driver_open(power, config->root, transport, error);
}

#define MSRSAFE_METHODS \
	.close = pc_register_node_close, \
	.run = pc_register_node_run, \
	.capture = pc_register_node_capture, \
	.setting_read = pc_register_node_setting_read, \
	.setting_write = pc_register_node_setting_write, \
	.setting_lowers = pc_register_node_setting_lowers, \
	.list_read = pc_register_node_list_read, \
	.list_install = pc_register_node_list_install, \
	.list_for = pc_register_node_list_for, \
	.access_paths = pc_register_node_access_paths

const struct pc_backend pc_backend_msrsafe_batch = {
	.name = "msr-safe-batch",
	.rung = 50,
	.open = msrsafe_batch_open,
	MSRSAFE_METHODS
};

const struct pc_backend pc_backend_msrsafe = {
	.name = "msr-safe",
	.rung = 40,
	.open = msrsafe_open,
	MSRSAFE_METHODS
};

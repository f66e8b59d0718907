/* SPDX-License-Identifier: BSD-3-Clause */
#include "msr_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "register_node.h"

/* --- the kernel ------------------------------------------------------------- */

static int kernel_open(const char *path, int flags)
{
	return open(path, flags);
}

static int kernel_ioctl(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument);
}

static bool kernel_has_rawio(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	return data[CAP_TO_INDEX(CAP_SYS_RAWIO)].effective & CAP_TO_MASK(CAP_SYS_RAWIO);
}

const struct pc_msr_calls pc_msr_kernel = {
	.open = kernel_open,
	.close = close,
	.ioctl = kernel_ioctl,
	.read = read,
	.write = write,
	.pread = pread,
	.pwrite = pwrite,
	.has_rawio = kernel_has_rawio,
};

/* --- paths and small files -------------------------------------------------- */

int pc_msr_place(struct pc_msr_place *place, const char *root, const struct pc_msr_calls *calls,
		 struct pc_error *error)
{
	size_t length = root ? strlen(root) : 0;

	while (length && root[length - 1] == '/')
		length--;
	if (length >= sizeof place->root)
		return pc_fail(error, ENAMETOOLONG, "root \"%.64s...\": the path is longer than %zu bytes",
			       root, sizeof place->root - 1);
	place->calls = calls;
	place->read_only = length != 0;
	memcpy(place->root, root ? root : "", length);
	place->root[length] = '\0';
	return 0;
}

void pc_msr_path(const struct pc_msr_place *place, char path[PC_MSR_PATH], const char *format, ...)
{
	int used = snprintf(path, PC_MSR_PATH, "%s", place->root);
	va_list args;

	va_start(args, format);
	vsnprintf(path + used, PC_MSR_PATH - (size_t)used, format, args);
	va_end(args);
}

int pc_msr_text(const struct pc_msr_place *place, const char *file, char *text, size_t size)
{
	char path[PC_MSR_PATH];
	ssize_t length;
	int fd;

	pc_msr_path(place, path, "%s", file);
	fd = place->calls->open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	do
		length = place->calls->read(fd, text, size - 1);
	while (length < 0 && errno == EINTR);
	place->calls->close(fd);
	if (length < 0)
		return -1;
	text[length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return 0;
}

/* --- opening a node --------------------------------------------------------- */

int pc_msr_driver_open(struct pc_power *power, const char *root, struct pc_msr_transport transport,
		       struct pc_error *error)
{
	enum pc_topology_kind kind = power->read_only ? PC_TOPOLOGY_ROOT : PC_TOPOLOGY_SYSTEM;
	const struct pc_cpu_model *model;
	struct pc_topology *topology;

	if (pc_cpu_model_detect(root, &model, error) < 0 ||
	    pc_topology_load(&topology, kind, root, error) < 0) {
		int code = errno;

		transport.close(transport.self);
		errno = code;
		return -1;
	}
	return pc_register_node_open(power, topology, model, transport, error);
}

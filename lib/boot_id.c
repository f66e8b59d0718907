/* SPDX-License-Identifier: BSD-3-Clause */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

bool pc_boot_id_is_valid(const char *boot_id)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	for (unsigned i = 0; i < sizeof form; i++) {
		if (form[i] != 'x' ? boot_id[i] != form[i]
				   : !boot_id[i] || !strchr("0123456789abcdef", boot_id[i]))
			return false;
	}
	return true;
}

int pc_boot_id(char boot_id[37], struct pc_error *error)
{
	ssize_t length = -1;
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		length = read(fd, boot_id, 36);
		close(fd);
	}
	boot_id[length < 0 ? 0 : length] = '\0';
	if (pc_boot_id_is_valid(boot_id))
		return 0;
	return pc_fail(error, EIO, BOOT_ID ": this boot's id cannot be read; is /proc mounted?");
}

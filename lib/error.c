/* SPDX-License-Identifier: BSD-3-Clause */
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int pc_fail(struct pc_error *error, int code, const char *format, ...)
{
	if (error) {
		va_list args;

		va_start(args, format);
		vsnprintf(error->text, sizeof error->text, format, args);
		va_end(args);
	}
	errno = code;
	return -1;
}

int pc_fail_within(struct pc_error *error, const char *format, ...)
{
	int code = errno;

	if (error) {
		struct pc_error inner = *error;
		va_list args;
		int used;

		va_start(args, format);
		used = vsnprintf(error->text, sizeof error->text, format, args);
		va_end(args);
		if (used >= 0 && (size_t)used < sizeof error->text)
			snprintf(error->text + used, sizeof error->text - (size_t)used,
				 ": %.*s", (int)(sizeof error->text - (size_t)used - 1), inner.text);
	}
	errno = code;
	return -1;
}

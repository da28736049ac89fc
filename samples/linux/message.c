/* SPDX-License-Identifier: BSD-3-Clause */
/* One line on standard error that says what is wrong. */
#include "samples/linux/message.h"

#include <stdarg.h>
#include <stdio.h>

int fail(int status, const char *fmt, ...)
{
	va_list ap;

	fputs("ivshmem-access: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The line of text that goes with an errno. */
#include "lib/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, int code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return code;
}

int error_prefix(struct error *err, int code, const char *fmt, ...)
{
	char prefix[ERROR_TEXT_MAX];
	struct error inner;
	va_list args;
	int room;

	if (!err)
		return code;
	inner = *err;
	va_start(args, fmt);
	vsnprintf(prefix, sizeof(prefix), fmt, args);
	va_end(args);
	/* The reason says more than the words that a user knows anyway. */
	room = (int)(sizeof(err->text) - strlen(": ") - 1 - strlen(inner.text));
	if ((int)strlen(prefix) > room)
		return error_set(err, code, "%.*s...: %s", room > 3 ? room - 3 : 0, prefix,
				 inner.text);
	return error_set(err, code, "%s: %s", prefix, inner.text);
}

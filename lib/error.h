/* SPDX-License-Identifier: BSD-3-Clause */
/* A failure on its way up: the errno is the return value, beside it travels the user's line. */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

#define ERROR_TEXT_MAX 512

/* One line, without a newline: the object, the value and the remedy. Empty: nothing was said. */
struct error {
	char text[ERROR_TEXT_MAX];
};

/*
 * Write the line into @err (which may be NULL: then nobody wants to know) and return @code, a
 * negative errno, so that a function can end with "return error_set(err, -EINVAL, ...)".
 * A line that does not fit is cut.
 */
int error_set(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Put "@fmt: " in front of the line that is there already; where both are too long, @fmt is cut.
 * Returns @code.
 */
int error_prefix(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines on standard error. */
#include "lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static atomic_int log_threshold = LOG_LEVEL_WARNING;

void log_set_level(enum log_level level)
{
	atomic_store(&log_threshold, (int)level);
}

/* Control characters of a guest's or a user's making must not reach a terminal. */
static void replace_control_characters(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static void __attribute__((format(printf, 3, 0)))
log_vline(enum log_level level, const char *tag, const char *fmt, va_list args)
{
	static const char *const names[] = { "", "warning: ", "", "debug: " };
	char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES + 128];
	int saved_errno = errno, length;

	if ((int)level > atomic_load(&log_threshold))
		return;
	vsnprintf(text, sizeof(text), fmt, args);
	replace_control_characters(text);
	length = snprintf(line, sizeof(line), "%s: %s%s%s%s\n", program_invocation_short_name,
			  tag ? tag : "", tag ? ": " : "", names[level], text);
	if (length >= (int)sizeof(line)) {
		length = sizeof(line) - 1;
		line[length - 1] = '\n';
	}
	/* One write per line: threads and processes that share a terminal do not mix letters. */
	if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0) {
		/* Nobody is left who could be told. */
	}
	errno = saved_errno;
}

void log_line(enum log_level level, const char *tag, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_vline(level, tag, fmt, args);
	va_end(args);
}

void log_limited(struct log_limit *limit, enum log_level level, const char *tag, const char *fmt,
		 ...)
{
	va_list args;

	if (limit->count >= LOG_LIMIT_BURST)
		return;
	limit->count++;
	va_start(args, fmt);
	log_vline(level, tag, fmt, args);
	va_end(args);
	if (limit->count == LOG_LIMIT_BURST)
		log_line(level, tag, "more of the same is not logged");
}

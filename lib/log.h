/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The log: one line per event on standard error, "program: tag: text". Used by devicemodel/, hw/
 * and main files; lib/ and ivshmem/ return codes instead. Any thread may log; a line is never torn.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/* Lines above @level are dropped. The default is LOG_LEVEL_WARNING. */
void log_set_level(enum log_level level);

/* @tag names the object ("00:06.0 ivshmem", "vcpu 1", ...); NULL stands for the program itself. */
void log_line(enum log_level level, const char *tag, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(tag, ...) log_line(LOG_LEVEL_ERROR, tag, __VA_ARGS__)
#define log_warning(tag, ...) log_line(LOG_LEVEL_WARNING, tag, __VA_ARGS__)
#define log_info(tag, ...) log_line(LOG_LEVEL_INFO, tag, __VA_ARGS__)
#define log_debug(tag, ...) log_line(LOG_LEVEL_DEBUG, tag, __VA_ARGS__)

/*
 * A brake for what a guest or a peer can trigger: owned by the object that logs, zero-initialised,
 * used under that object's lock. After LOG_LIMIT_BURST lines it falls silent and says so once.
 */
struct log_limit {
	uint32_t count;
};

#define LOG_LIMIT_BURST 8

void log_limited(struct log_limit *limit, enum log_level level, const char *tag, const char *fmt,
		 ...) __attribute__((format(printf, 4, 5)));

#endif

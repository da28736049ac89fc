/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the guest prints, on its way to a file descriptor that may be slow, blocked or closed.
 *
 * The first byte after a pause is written at once by the thread that brings it; what follows within
 * CONSOLE_FLUSH_NS is written together by the event loop, since a system call for each byte would
 * cost more than the byte. Bytes that find the buffer full are dropped and counted.
 *
 * Guarded by the I/O bus lock, which callers of console_output_byte() hold and the event loop's
 * callbacks take. The rest belongs to the event loop's thread.
 */
#ifndef HW_ISA_CONSOLE_OUTPUT_H
#define HW_ISA_CONSOLE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/isa/borrowed_fd.h"

struct event_loop;
struct event_source;
struct io_bus;

#define CONSOLE_FLUSH_NS 2000000
#define CONSOLE_OUTPUT_SIZE 65536 /* bytes that wait for a slow reader */
#define CONSOLE_DRAIN_MS 1000

struct console_output {
	struct io_bus *bus;
	struct event_loop *loop;
	struct borrowed_fd out;
	uint8_t *buffer;
	size_t first, end; /* what waits, as offsets into the buffer */
	bool is_blocked;   /* the last write found no room */
	bool timer_armed;
	int timer_fd;
	struct event_source *timer_source;
	struct event_source *ready_source; /* while is_blocked */
	uint64_t dropped; /* bytes; the first loss is logged, and the sum at the end */
};

/* @fd stays the caller's. Returns 0 or -errno, and leaves nothing then. */
int console_output_init(struct console_output *output, struct io_bus *bus, struct event_loop *loop,
			int fd);

/*
 * Write what waits, and give up on it after CONSOLE_DRAIN_MS without progress; log how much the
 * operator has not seen. Blocks for that. Nothing else may use @output any more.
 */
void console_output_fini(struct console_output *output);

/* With the bus locked. Does not block. */
void console_output_byte(struct console_output *output, uint8_t byte);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator types (or a file or pipe holds), on its way to the guest.
 *
 * No more is read than the receiver takes; the end of input only stops it. On a terminal Ctrl-A is
 * the escape key: Ctrl-A x ends the VM, Ctrl-A Ctrl-A sends one Ctrl-A, Ctrl-A and anything else is
 * dropped. So that this works while the guest hangs, a terminal is always read, and keys that find
 * CONSOLE_INPUT_SIZE others waiting are dropped.
 *
 * Guarded by the I/O bus lock, which callers of console_input_ready() hold and the event loop's
 * callbacks take. The rest belongs to the event loop's thread.
 */
#ifndef HW_ISA_CONSOLE_INPUT_H
#define HW_ISA_CONSOLE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/isa/borrowed_fd.h"

struct event_loop;
struct event_source;
struct io_bus;
struct vm_request;

#define CONSOLE_INPUT_SIZE 256

/*
 * Take some of @count bytes and return how many; after fewer than @count, console_input_ready() is
 * to be called when there is room again. Called with the bus locked.
 */
typedef size_t console_receiver(void *ctx, const uint8_t *bytes, size_t count);

struct console_input {
	struct io_bus *bus;
	struct event_loop *loop;
	struct vm_request *request;
	console_receiver *receive;
	void *ctx;

	struct borrowed_fd in;
	bool is_terminal;
	bool always_ready; /* a regular file: epoll does not take it */
	bool ended;
	bool escaped; /* the last key was Ctrl-A */
	uint8_t buffer[CONSOLE_INPUT_SIZE];
	size_t first, end;	     /* what waits, as offsets into the buffer */
	struct event_source *source; /* NULL while the input rests */
	int kick_fd;
	struct event_source *kick_source;
};

/*
 * Read from @fd, which stays the caller's. Returns 0 or -errno, and leaves nothing then. The first
 * delivery happens once the loop runs.
 */
int console_input_init(struct console_input *input, struct io_bus *bus, struct event_loop *loop,
		       struct vm_request *request, int fd, console_receiver *receive, void *ctx);
void console_input_fini(struct console_input *input);

/* The receiver has room again. Any thread; does not block and does not call the receiver. */
void console_input_ready(struct console_input *input);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Standard input and output as the other end of a serial line. */
#ifndef HW_ISA_CONSOLE_H
#define HW_ISA_CONSOLE_H

#include <stdint.h>

#include "hw/isa/console_input.h"
#include "lib/error.h"

struct console;

struct console_params {
	struct io_bus *bus; /* whose lock guards the console */
	struct event_loop *loop;
	struct vm_request *request; /* where Ctrl-A x goes */
	int in_fd, out_fd;	    /* stay the caller's */
	console_receiver *receive;
	void *ctx; /* of receive */
};

/*
 * If @params->in_fd is a terminal, it is in raw mode until console_free().
 * Returns 0 or -errno with @err: -EBUSY (another console has the terminal), -ENOMEM, -EMFILE, ...
 */
int console_new(const struct console_params *params, struct console **ret_console,
		struct error *err);

/*
 * Write what is left, restore the terminal. Blocks while output makes progress, and at most
 * CONSOLE_DRAIN_MS without. No processor may run any more; the bus is not locked. NULL is fine.
 */
void console_free(struct console *console);

/* The guest sent @byte. With the bus locked; does not block. */
void console_output(struct console *console, uint8_t byte);

/* The receiver, which took less than it was offered, has room again. */
void console_ready(struct console *console);

#endif

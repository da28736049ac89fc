/* SPDX-License-Identifier: BSD-3-Clause */
/* COM1 of the machine: the serial port, its interrupt line, and the console behind it if any. */
#ifndef HW_ISA_COM1_H
#define HW_ISA_COM1_H

#include <stdbool.h>

#include "lib/error.h"

struct com1;
struct event_loop;
struct io_bus;
struct irq;
struct vm_request;

struct com1_params {
	struct io_bus *bus;
	struct irq *irq;
	struct event_loop *loop;
	struct vm_request *request;
	/* Else output is discarded and nothing comes in. */
	bool has_console;
	int in_fd, out_fd; /* of the console; stay the caller's */
};

/*
 * All that @params points to must outlive the device.
 * Returns 0 or -errno with @err, as uart_new() and console_new().
 */
int com1_new(const struct com1_params *params, struct com1 **ret_com1, struct error *err);

/* As console_free(): no processor runs, the bus is not locked; may take a second. NULL is fine. */
void com1_free(struct com1 *com1);

/* Guest reset. What the guest printed still goes out, input that it has not taken waits for it. */
void com1_reset(struct com1 *com1);

#endif

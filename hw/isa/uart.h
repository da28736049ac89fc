/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A 16550A serial port (National Semiconductor PC16550D): registers, 16-byte FIFOs and interrupts,
 * and no idea of what is on the other end of the line.
 *
 * Differences from the chip, all of them in time: a byte leaves the moment it is written, so the
 * transmitter is always empty; bytes that wait below the trigger level raise the timeout interrupt
 * at once; and the other end sends only to a guest that listens (see uart_receive()). There are no
 * framing or parity errors and no breaks.
 *
 * Everything here runs under the I/O bus lock: the bus holds it for register accesses, other
 * callers take it themselves. Callbacks are called with it held, also from uart_reset() and
 * uart_receive().
 */
#ifndef HW_ISA_UART_H
#define HW_ISA_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

struct io_bus;
struct uart;

struct uart_ops {
	/* The guest sent @byte. */
	void (*output)(void *ctx, uint8_t byte);
	/* The interrupt line changes to @level; it starts low. */
	void (*irq)(void *ctx, bool level);
	/* uart_receive() refused bytes and would now take some. Must not call back. */
	void (*ready)(void *ctx);
};

/*
 * Put a serial port at @port .. @port + 7 of @bus. @ops and @ctx must outlive it.
 * Returns 0 or -errno with @err: -EEXIST (the ports are taken), -ENOMEM.
 */
int uart_new(struct io_bus *bus, uint16_t port, const struct uart_ops *ops, void *ctx,
	     struct uart **ret_uart, struct error *err);
void uart_free(struct uart *uart);

/* Master reset: registers to their defaults, both FIFOs empty, the interrupt line low. */
void uart_reset(struct uart *uart);

/*
 * Bytes arrive on the line. Returns how many of @count were taken; after fewer than @count there
 * will be a ready() callback.
 *
 * None is taken while the guest does not listen, that is until it enables the receive interrupt
 * (with OUT2, or it would not get it) or polls LSR in a loop: drivers clear the FIFO when they
 * start, and with it the first bytes of input prepared for the guest (a script on stdin).
 */
size_t uart_receive(struct uart *uart, const uint8_t *bytes, size_t count);

#endif

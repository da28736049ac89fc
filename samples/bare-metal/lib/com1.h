/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first serial port (16550 at 0x3f8), polled.
 */
#ifndef SAMPLES_BARE_METAL_LIB_COM1_H
#define SAMPLES_BARE_METAL_LIB_COM1_H

/* Sends one byte; waits a bounded time for the transmitter, then sends it anyway. */
void com1_write(char byte);

/* A byte that has been received (0 to 255), or -1 if there is none. Does not wait. */
int com1_read(void);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Speed and line format are left as they are: in a virtual machine they mean nothing.
 */
#include "samples/bare-metal/lib/com1.h"

#include <stdint.h>

#include "samples/bare-metal/lib/port.h"
#include "samples/bare-metal/lib/tsc.h"

#define COM1_DATA 0x3f8
#define COM1_LINE_STATUS 0x3fd
#define LINE_STATUS_DATA_READY 0x01
#define LINE_STATUS_TRANSMIT_EMPTY 0x20

#define TRANSMIT_TRIES 100000

void com1_write(char byte)
{
	unsigned int tries;

	for (tries = 0; tries < TRANSMIT_TRIES; tries++) {
		if (port_read8(COM1_LINE_STATUS) & LINE_STATUS_TRANSMIT_EMPTY)
			break;
		tsc_pause();
	}
	port_write8(COM1_DATA, (uint8_t)byte);
}

int com1_read(void)
{
	uint8_t status = port_read8(COM1_LINE_STATUS);

	/* All ones: there is no port at all. */
	if (status == 0xff || !(status & LINE_STATUS_DATA_READY))
		return -1;
	return port_read8(COM1_DATA);
}

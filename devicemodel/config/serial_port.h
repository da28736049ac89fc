/* SPDX-License-Identifier: BSD-3-Clause */
/* A serial port as -l names it. */
#ifndef DEVICEMODEL_CONFIG_SERIAL_PORT_H
#define DEVICEMODEL_CONFIG_SERIAL_PORT_H

#include "lib/error.h"

#define SERIAL_PORTS 5

struct serial_port {
	unsigned int number; /* 1 to SERIAL_PORTS */
	const char *backend; /* inside of the word; NULL: not connected to anything */
};

/*
 * The grammar of -l: "comN[,BACKEND]", where the backend of com5 is "TTY[,IOBASE,IRQ]" and must be
 * there; COM in either case. Returns 0 or -EINVAL with @err.
 */
int serial_port_parse(const char *word, struct serial_port *ret_port, struct error *err);

#endif

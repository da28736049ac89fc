/* SPDX-License-Identifier: BSD-3-Clause */
/* The grammar of -l. */
#include "devicemodel/config/serial_port.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/parse.h"

#define IOBASE_MAX 0xfff8 /* eight registers up to the last port */
#define IRQ_MAX 23	  /* the IOAPIC has so many inputs and one more */
#define PLACE_MAX 32	  /* bytes of ",IOBASE,IRQ" */

/* "TTY[,IOBASE,IRQ]" */
static int check_com5(const char *word, const char *backend, struct error *err)
{
	const char *comma = backend ? strchr(backend, ',') : NULL;
	char place[PLACE_MAX], *rest = place, *base, *irq;
	uint64_t value;

	if (!backend || comma == backend)
		return error_set(err, -EINVAL, "-l %s: write com5,TTY or com5,TTY,IOBASE,IRQ",
				 word);
	if (!comma)
		return 0;
	snprintf(place, sizeof(place), "%s", comma + 1);
	base = strsep(&rest, ",");
	irq = strsep(&rest, ",");
	if (strlen(comma + 1) >= sizeof(place) || rest || !irq ||
	    parse_number(base, IOBASE_MAX, &value) < 0 || parse_number(irq, IRQ_MAX, &value) < 0)
		return error_set(err, -EINVAL,
				 "-l %s: what follows the TTY is an I/O port up to 0x%x and an "
				 "interrupt up to %d, like com5,/dev/ttyS8,0x9000,5",
				 word, IOBASE_MAX, IRQ_MAX);
	return 0;
}

int serial_port_parse(const char *word, struct serial_port *ret_port, struct error *err)
{
	static const char name[] = "com";
	const char *number = word + strlen(name), *backend = NULL;
	int ret;

	if (strncasecmp(word, name, strlen(name)) != 0 || *number < '1' ||
	    *number > '0' + SERIAL_PORTS || (number[1] && number[1] != ','))
		return error_set(err, -EINVAL,
				 "-l %s: write com1 to com%d and, after a comma, what it is "
				 "connected to: com1,stdio",
				 word, SERIAL_PORTS);
	if (number[1]) {
		backend = number + 2;
		if (!*backend)
			return error_set(err, -EINVAL,
					 "-l %s: nothing stands after the comma; write com1,stdio",
					 word);
	}
	if (*number == '0' + SERIAL_PORTS) {
		ret = check_com5(word, backend, err);
		if (ret < 0)
			return ret;
	}
	*ret_port = (struct serial_port){ (unsigned int)(*number - '0'), backend };
	return 0;
}

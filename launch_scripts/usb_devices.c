/* SPDX-License-Identifier: BSD-3-Clause */
/* USB ports of the host that a VM gets. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/device_readers.h"

/* Behind the "1-2" that @p starts with, or NULL. */
static const char *skip_port(const char *p)
{
	size_t bus = strspn(p, "0123456789"), port;

	if (bus == 0 || p[bus] != '-')
		return NULL;
	port = strspn(p + bus + 1, "0123456789");
	return port ? p + bus + 1 + port : NULL;
}

/* "1-2:2-4", or with commas, becomes "1-2,2-4". */
static void read_ports_as_text(struct xml_reader *reader, const xmlNode *node, char *text,
			       FILE *ports)
{
	char quote[XML_QUOTE_MAX], *rest = text, *port;
	const char *end;

	xml_quote(text, quote);
	while ((port = strsep(&rest, ":,"))) {
		end = skip_port(port);
		if (!end || *end) {
			xml_complain(reader, node, "usb_xhci \"%s\": write bus-port, more of them "
				     "behind colons (1-2:2-4)", quote);
			return;
		}
		fprintf(ports, "%s%s", ftell(ports) > 0 ? "," : "", port);
	}
}

/* <usb_dev>1-2 Name of the product</usb_dev> */
static void read_port(struct xml_reader *reader, const xmlNode *node, FILE *ports)
{
	char quote[XML_QUOTE_MAX], *text;
	const char *end;

	if (xml_is_blank(node))
		return;
	text = xml_value(reader, node);
	if (!text)
		return;
	end = skip_port(text);
	if (end && (!*end || *end == ' '))
		fprintf(ports, "%s%.*s", ftell(ports) > 0 ? "," : "", (int)(end - text), text);
	else
		xml_complain(reader, node, "usb_dev \"%s\": start it with bus-port, as in 1-2",
			     xml_quote(text, quote));
	free(text);
}

static void read_ports(struct xml_reader *reader, const xmlNode *usb_xhci, FILE *ports)
{
	const xmlNode *node;
	char *text;

	if (xml_child(usb_xhci, NULL)) {
		xml_for_each(node, usb_xhci, "usb_dev")
			read_port(reader, node, ports);
		return;
	}
	text = xml_value(reader, usb_xhci);
	if (text)
		read_ports_as_text(reader, usb_xhci, text, ports);
	free(text);
}

void devices_read_usb(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *usb_xhci)
{
	char *list = NULL;
	size_t size = 0;
	FILE *ports;

	if (xml_is_blank(usb_xhci))
		return;
	ports = open_memstream(&list, &size);
	if (!ports) {
		reader->ret = -ENOMEM;
		return;
	}
	read_ports(reader, usb_xhci, ports);
	if (fclose(ports) != 0)
		reader->ret = -ENOMEM;
	else if (size > 0)
		device_add(reader, vm, usb_xhci, PLAN_XHCI, "%s", list);
	free(list);
}

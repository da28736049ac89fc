/* SPDX-License-Identifier: BSD-3-Clause */
/* Devices of the host that a VM gets. */
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/bdf.h"
#include "launch_scripts/device_readers.h"
#include "lib/util.h"

/* Where a display controller of the host must be, and is never placed twice. */
#define DISPLAY_DEVICE 2

/* Classes of PCI devices (PCI Code and ID Assignment), by their first digits. */
#define CLASS_DISPLAY 0x0300 /* VGA compatible controller */
#define CLASS_ETHERNET 0x0200
#define CLASS_XHCI 0x0c0330

/* The host devices of a board that board_read() has read are in the order of their addresses. */
static int compare_slots(const void *key, const void *element)
{
	const struct pci_slot *slot = key;
	const struct plan_host_device *device = element;

	return memcmp(slot, &device->slot, sizeof(*slot));
}

/* The class that the board file knows; else what lspci's words say; 0: neither. */
static uint32_t find_class(const struct plan_board *board, struct pci_slot slot, const char *words)
{
	static const struct {
		const char *words;
		uint32_t class_code;
	} classes[] = {
		{ "VGA compatible controller", CLASS_DISPLAY << 8 },
		{ "Ethernet controller", CLASS_ETHERNET << 8 },
		{ "USB controller", CLASS_XHCI },
	};
	const struct plan_host_device *device = NULL;
	size_t i;

	if (board->device_count > 0)
		device = bsearch(&slot, board->devices, board->device_count,
				 sizeof(*board->devices), compare_slots);
	if (device && device->class_code)
		return device->class_code;
	words += strspn(words, " \t");
	for (i = 0; i < ARRAY_SIZE(classes); i++)
		if (strncmp(words, classes[i].words, strlen(classes[i].words)) == 0)
			return classes[i].class_code;
	return 0;
}

static bool has_display(const struct plan_vm *vm)
{
	size_t i;

	for (i = 0; i < vm->device_count; i++)
		if (vm->devices[i].kind == PLAN_PASSTHROUGH && vm->devices[i].slot.placed)
			return true;
	return false;
}

static void add_passthrough(struct xml_reader *reader, const struct plan_board *board,
			    struct plan_vm *vm, const xmlNode *node, struct pci_slot slot,
			    const char *words)
{
	uint32_t class_code = find_class(board, slot, words);
	struct plan_device *device;
	const char *options = NULL;
	bool is_display = class_code >> 8 == CLASS_DISPLAY && !has_display(vm);

	if (class_code >> 8 == CLASS_ETHERNET && vm->ptm)
		options = "enable_ptm";
	else if (class_code == CLASS_XHCI && vm->windows)
		options = "d3hot_reset";
	device = options ? device_add(reader, vm, node, PLAN_PASSTHROUGH, "%s", options) :
			   device_add(reader, vm, node, PLAN_PASSTHROUGH, NULL);
	if (!device)
		return;
	device->host_slot = slot;
	if (is_display) {
		device->slot.placed = true;
		device->slot.slot.device = DISPLAY_DEVICE;
	}
}

void device_read_passthrough(struct xml_reader *reader, const struct plan_board *board,
			     struct plan_vm *vm, const xmlNode *node)
{
	char quote[XML_QUOTE_MAX], *text;
	struct pci_slot slot;
	const char *words;

	if (xml_is_blank(node))
		return;
	text = xml_value(reader, node);
	if (!text)
		return;
	words = bdf_parse(text, &slot);
	if (words && (!*words || strchr(" \t\r\n", *words)))
		add_passthrough(reader, board, vm, node, slot, words);
	else
		xml_complain(reader, node, "VM %s: %s \"%s\": start it with the device's address "
			     "on the host, as lspci prints it (00:14.0)", plan_vm_name(vm),
			     (const char *)node->name, xml_quote(text, quote));
	free(text);
}

void devices_read_passthrough(struct xml_reader *reader, const struct plan_board *board,
			      struct plan_vm *vm, const xmlNode *parent)
{
	const xmlNode *node;

	xml_for_each(node, parent, NULL)
		device_read_passthrough(reader, board, vm, node);
}


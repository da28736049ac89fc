/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the devices of a post-launched VM, as scenario and launch files have them. */
#ifndef LAUNCH_SCRIPTS_DEVICE_READERS_H
#define LAUNCH_SCRIPTS_DEVICE_READERS_H

#include "launch_scripts/plan.h"
#include "launch_scripts/xml_value.h"

/*
 * Append a device that stands at @node, with options in the way of printf (NULL: none). Returns
 * NULL if that is not possible, with a problem, or with reader->ret.
 */
struct plan_device *device_add(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node,
			       enum plan_device_kind kind, const char *options, ...)
	__attribute__((format(printf, 5, 6)));

/* The PCI UART number @index of a VM; 0 is the console. */
struct plan_device *device_add_uart(struct xml_reader *reader, struct plan_vm *vm,
				    const xmlNode *node, uint64_t index);

/* Ports that <usb_xhci> gives to the VM, as elements or as text. */
void devices_read_usb(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *usb_xhci);

/*
 * What is in <virtio_devices>, each device as elements or as text; NULL: nothing. TAP interfaces
 * are called @tap_prefix and what the file says.
 */
void devices_read_virtio(struct xml_reader *reader, struct plan_vm *vm,
			 const xmlNode *virtio_devices, const char *tap_prefix);

/* One of them: a <console> and a <gpu> that are not blank. */
void device_read_console(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node);
void device_read_gpu(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node);

/* The PCI devices that the children of @parent name ("00:14.0 USB controller: ..."); NULL: none. */
void devices_read_passthrough(struct xml_reader *reader, const struct plan_board *board,
			      struct plan_vm *vm, const xmlNode *parent);
void device_read_passthrough(struct xml_reader *reader, const struct plan_board *board,
			     struct plan_vm *vm, const xmlNode *node);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A device found in a file, on its way into the plan. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "launch_scripts/device_readers.h"

/* As many as a PCI bus has functions. */
#define DEVICES_MAX 256

static struct plan_device *append(struct xml_reader *reader, struct plan_vm *vm,
				  const xmlNode *node)
{
	struct plan_device *device;

	if (vm->device_count == DEVICES_MAX) {
		xml_complain(reader, node, "VM %s has more than %d devices, which no PCI bus has "
			     "room for: take this one out", plan_vm_name(vm), DEVICES_MAX);
		return NULL;
	}
	device = plan_vm_add_device(vm);
	if (!device)
		reader->ret = -ENOMEM;
	return device;
}

struct plan_device *device_add(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node,
			       enum plan_device_kind kind, const char *options, ...)
{
	struct plan_device *device = append(reader, vm, node);
	va_list args;
	int length;

	if (!device)
		return NULL;
	device->kind = kind;
	device->place = device->slot.place = xml_place(reader->file, node);
	if (!options)
		return device;
	va_start(args, options);
	length = vasprintf(&device->options, options, args);
	va_end(args);
	if (length >= 0)
		return device;
	device->options = NULL;
	reader->ret = -ENOMEM;
	return NULL;
}

struct plan_device *device_add_uart(struct xml_reader *reader, struct plan_vm *vm,
				    const xmlNode *node, uint64_t index)
{
	return device_add(reader, vm, node, PLAN_UART, "vuart_idx:%" PRIu64, index);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of device classes that are known by name only. */
#include "devicemodel/config/absent_class.h"

#include <string.h>

#include "lib/util.h"

#define NO_VIRTIO "there are no virtio devices; leave it out"
#define NO_DISK "there are no disks; give the guest a RAM disk with -r"
#define NO_PASSTHROUGH "there is no device passthrough; leave it out"
#define OBSOLETE "it is obsolete on ACRN too; leave it out"

static const struct device_class classes[] = {
	{ .name = "ahci", .absent = NO_DISK },
	{ .name = "ahci-cd", .absent = NO_DISK },
	{ .name = "ahci-hd", .absent = NO_DISK },
	{ .name = "amd_hostbridge", .absent = "put a hostbridge there" },
	{ .name = "dummy", .absent = "it only tests ACRN's device model; leave it out" },
	{ .name = "igd-lpc", .absent = "put an lpc there" },
	{ .name = "npk", .absent = OBSOLETE },
	{ .name = "passthru", .absent = NO_PASSTHROUGH },
	{ .name = "pci-gvt", .absent = OBSOLETE },
	{ .name = "uart", .absent = "the only serial port is COM1; connect it with -l com1,stdio" },
	{ .name = "vhost-vsock", .absent = NO_VIRTIO },
	{ .name = "virtio-audio", .absent = NO_VIRTIO },
	{ .name = "virtio-blk", .absent = NO_DISK },
	{ .name = "virtio-console",
	  .absent = "the console is COM1; connect it with -l com1,stdio" },
	{ .name = "virtio-coreu", .absent = OBSOLETE },
	{ .name = "virtio-gpio", .absent = NO_VIRTIO },
	{ .name = "virtio-gpu", .absent = NO_VIRTIO },
	{ .name = "virtio-hdcp", .absent = OBSOLETE },
	{ .name = "virtio-heci", .absent = NO_VIRTIO },
	{ .name = "virtio-hyper_dmabuf", .absent = NO_VIRTIO },
	{ .name = "virtio-i2c", .absent = NO_VIRTIO },
	{ .name = "virtio-input", .absent = NO_VIRTIO },
	{ .name = "virtio-ipu", .absent = NO_VIRTIO },
	{ .name = "virtio-net", .absent = "there is no network card; use an ivshmem region" },
	{ .name = "virtio-rnd", .absent = NO_VIRTIO },
	{ .name = "virtio-rpmb", .absent = NO_VIRTIO },
	{ .name = "wdt-i6300esb", .absent = "there is no watchdog; leave it out" },
	{ .name = "xhci", .absent = "there is no USB; leave it out" },
};

const struct device_class *absent_class_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(classes); i++)
		if (strcmp(classes[i].name, name) == 0)
			return &classes[i];
	return NULL;
}

void absent_class_help(FILE *out)
{
	size_t i;
	int column = 0;

	fprintf(out, "\nKnown from ACRN, but not in this version:");
	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		if (column == 0 || column + strlen(classes[i].name) > 90)
			column = fprintf(out, "\n   ") - 1;
		column += fprintf(out, " %s", classes[i].name);
	}
	fputc('\n', out);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ELF images with a PVH entry point, as uncompressed Linux kernels have it (Xen documentation:
 * "x86/HVM direct boot ABI"): the guest starts in 32-bit protected mode with the address of a
 * start-info structure in EBX.
 */
#ifndef DEVICEMODEL_BOOT_PVH_H
#define DEVICEMODEL_BOOT_PVH_H

#include <stdbool.h>
#include <stdint.h>

#include "devicemodel/boot/image.h"
#include "lib/error.h"

struct guest_memory;
struct hv_vcpu_start;

/* Whether this is an ELF file with the note that names a PVH entry point. */
bool pvh_probe(const struct image *image);

/*
 * Put the image, its one module (@ramdisk, NULL: none), the command line and the start info into
 * zeroed RAM. @rsdp is the guest address of the ACPI tables' root.
 * Returns 0 or a negative errno as elf_load() and ramdisk_load() do, or -ENOSPC; @err has the line.
 */
int pvh_load(const struct image *image, const struct image *ramdisk, const char *bootargs,
	     struct guest_memory *memory, uint64_t rsdp, struct hv_vcpu_start *ret_start,
	     struct error *err);

#endif

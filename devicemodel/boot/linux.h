/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linux bzImage by the 64-bit boot protocol (Linux Documentation/arch/x86/boot.rst): protocol 2.12
 * or later, entered in long mode with the address of the zero page in RSI.
 */
#ifndef DEVICEMODEL_BOOT_LINUX_H
#define DEVICEMODEL_BOOT_LINUX_H

#include <stdbool.h>
#include <stdint.h>

#include "devicemodel/boot/image.h"
#include "lib/error.h"

struct guest_memory;
struct hv_vcpu_start;

/* Whether the file carries the boot sector mark and the setup header's magic. */
bool linux_probe(const struct image *image);

/*
 * Put kernel, ramdisk (@ramdisk, NULL: none), command line and tables into zeroed RAM and tell how
 * the first processor starts. @rsdp is the guest address of the ACPI tables' root.
 * Returns 0; -ENODATA: truncated; -EINVAL: a header that makes no sense; -ENOTSUP: a kernel too old
 * or of 32 bits; -E2BIG: the command line is too long; -EFAULT, -ENOSPC: does not fit in RAM;
 * -errno. @err has the line.
 */
int linux_load(const struct image *kernel, const struct image *ramdisk, const char *bootargs,
	       struct guest_memory *memory, uint64_t rsdp, struct hv_vcpu_start *ret_start,
	       struct error *err);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Multiboot images (Multiboot Specification 0.6.96), as ELF files or with the addresses in the
 * header itself. The guest starts in 32-bit protected mode with the magic number in EAX and the
 * address of the information structure in EBX.
 */
#ifndef DEVICEMODEL_BOOT_MULTIBOOT_H
#define DEVICEMODEL_BOOT_MULTIBOOT_H

#include <stdbool.h>

#include "devicemodel/boot/image.h"
#include "lib/error.h"

struct guest_memory;
struct hv_vcpu_start;

#define MULTIBOOT_BOOT_MAGIC 0x2badb002

/* Whether there is a multiboot header in the first 8192 bytes of the file. */
bool multiboot_probe(const struct image *image);

/*
 * Put the image, its one module (@module, NULL: none) and the information structure into zeroed
 * RAM. The command line is the image's path and then @bootargs, as other loaders have it.
 * Returns 0; -ENODATA: truncated; -EINVAL, -ENOTSUP, -E2BIG: a header that makes no sense, or
 * demands what this machine has not; -EFAULT, -EEXIST, -ENOSPC: does not fit in RAM; -errno. @err
 * has the line.
 */
int multiboot_load(const struct image *image, const struct image *module, const char *bootargs,
		   struct guest_memory *memory, struct hv_vcpu_start *ret_start, struct error *err);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ELF images for x86 (System V ABI, chapters 4 and 5): the loadable segments at their physical
 * addresses. How the guest then starts is the business of who calls.
 */
#ifndef DEVICEMODEL_BOOT_ELF_H
#define DEVICEMODEL_BOOT_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devicemodel/boot/image.h"
#include "lib/error.h"

struct guest_memory;
struct hv_vcpu_start;
struct layout;

/* Whether the file begins as every ELF file does. */
bool elf_probe(const struct image *image);

/*
 * Load an ELF32 (EM_386) or ELF64 (EM_X86_64) file into zeroed RAM, claiming every segment in
 * @layout. What a segment has in memory beyond its part of the file stays zero.
 * *ret_entry is the physical address of the entry point, which lies in a segment below 4 GiB.
 * Returns 0; -ENODATA: truncated; -EINVAL, -ENOTSUP, -E2BIG: no image that can be loaded; -EFAULT,
 * -EEXIST: segments outside RAM or on each other; -errno. @err has the line. RAM may have been
 * written in part when it fails.
 */
int elf_load(const struct image *image, struct layout *layout, uint64_t *ret_entry,
	     struct error *err);

/*
 * Copy the first @size bytes of the contents of the first note of @owner and @type to @buffer.
 * Returns 0; -ENOENT: there is none, or it is shorter, or the file is damaged; -errno.
 */
int elf_find_note(const struct image *image, const char *owner, uint32_t type, void *buffer,
		  size_t size);

/*
 * Load a file that follows no boot protocol: 32-bit protected mode at the entry point, flat
 * segments, no paging, EAX and EBX 0. Errors as above, and -ENOSPC.
 */
int elf_boot(const struct image *image, struct guest_memory *memory,
	     struct hv_vcpu_start *ret_start, struct error *err);

#endif

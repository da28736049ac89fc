/* SPDX-License-Identifier: BSD-3-Clause */
/* One load of an image into guest memory, and what all loaders have to keep to. */
#ifndef TESTS_UNIT_LOAD_H
#define TESTS_UNIT_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "devicemodel/boot/image.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "lib/error.h"

struct guest_memory;

struct load {
	struct guest_memory *memory;
	struct image image, ramdisk;
	const struct image *ramdisk_or_none; /* as loaders take it: NULL if there is none */
	struct hv_vcpu_start start;
	struct error err;
	int result; /* what the loader returned; set by the test */
};

/*
 * Make guarded memory of @low_size and @high_size bytes with marked ACPI tables, an image of the
 * @size bytes at @file, and a ramdisk of @ramdisk_size bytes 0x77 (0: none).
 */
void load_init(struct load *load, uint64_t low_size, uint64_t high_size, const void *file,
	       size_t size, size_t ramdisk_size);

/*
 * Check that the ACPI tables are intact, that there is a line exactly for a failure, and that a
 * failure has left the start alone; then free everything.
 */
void load_fini(struct load *load);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest memory for tests of the loaders, in place of devicemodel/vm/memory.c: RAM has pages without
 * access on both sides, so that a byte written outside of it ends the test program; and images that
 * are not files on any disk.
 */
#ifndef TESTS_UNIT_GUARDED_MEMORY_H
#define TESTS_UNIT_GUARDED_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devicemodel/boot/image.h"
#include "devicemodel/vm/memory.h"

/* As memory_new(), with @low_size bytes below 2 GiB and @high_size at 4 GiB, multiples of 4096. */
struct guest_memory *guarded_memory_new(uint64_t low_size, uint64_t high_size);
void guarded_memory_free(struct guest_memory *memory);

/* Fill the area of the ACPI tables with a pattern, and see whether it is still all there. */
void guarded_memory_mark_acpi(struct guest_memory *memory);
bool guarded_memory_acpi_is_intact(const struct guest_memory *memory);

/* Whether @length bytes of RAM from @gpa are zero. */
bool guarded_memory_is_zero(const struct guest_memory *memory, uint64_t gpa, uint64_t length);

/* Make an image of @size bytes (a memfd). Ends the program on failure. image_fini() undoes it. */
void test_image_init(struct image *image, const void *data, size_t size);

#endif

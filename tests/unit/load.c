/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes before and after each load. */
#include "tests/unit/load.h"

#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/guarded_memory.h"

#define UNTOUCHED_RIP 77

static void make_ramdisk(struct load *load, size_t size)
{
	char *bytes = malloc(size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
	memset(bytes, 0x77, size);
	test_image_init(&load->ramdisk, bytes, size);
	load->ramdisk_or_none = &load->ramdisk;
	free(bytes);
}

void load_init(struct load *load, uint64_t low_size, uint64_t high_size, const void *file,
	       size_t size, size_t ramdisk_size)
{
	*load = (struct load){ .ramdisk = IMAGE_NONE, .start.rip = UNTOUCHED_RIP };
	load->memory = guarded_memory_new(low_size, high_size);
	guarded_memory_mark_acpi(load->memory);
	test_image_init(&load->image, file, size);
	if (ramdisk_size)
		make_ramdisk(load, ramdisk_size);
}

void load_fini(struct load *load)
{
	CU_ASSERT(guarded_memory_acpi_is_intact(load->memory));
	CU_ASSERT_EQUAL(load->result == 0, load->err.text[0] == '\0');
	if (load->result < 0)
		CU_ASSERT_EQUAL(load->start.rip, UNTOUCHED_RIP);
	image_fini(&load->image);
	image_fini(&load->ramdisk);
	guarded_memory_free(load->memory);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Small good images of every kind that the loaders know, for tests that load or damage them. */
#ifndef TESTS_UNIT_FAKE_IMAGES_H
#define TESTS_UNIT_FAKE_IMAGES_H

#include <stdint.h>

#define FAKE_IMAGE_SIZE 8192

enum fake_image_kind {
	FAKE_LINUX, /* runs at 16 MiB, needs 1 MiB there */
	FAKE_ELF32, /* one segment at 1 MiB with the whole file; it is also the entry point */
	FAKE_ELF64, /* the same */
	FAKE_MULTIBOOT_ELF, /* the same, with a multiboot header */
	FAKE_MULTIBOOT_ADDRESSES, /* the same by the addresses of the header, and no ELF file */
	FAKE_PVH, /* as FAKE_ELF64, with a PVH entry point at 1 MiB + 0x10 */
	FAKE_IMAGE_KINDS
};

/* Where FAKE_PVH has its notes: one of another owner, then that of the entry point. */
#define FAKE_PVH_NOTES 0x200
#define FAKE_PVH_NOTES_SIZE 40

void fake_image_make(enum fake_image_kind kind, uint8_t file[FAKE_IMAGE_SIZE]);

#endif

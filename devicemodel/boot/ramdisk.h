/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of -r for boot protocols that do not say where it should lie. */
#ifndef DEVICEMODEL_BOOT_RAMDISK_H
#define DEVICEMODEL_BOOT_RAMDISK_H

#include <stdint.h>

#include "devicemodel/boot/image.h"
#include "lib/error.h"

struct layout;

/*
 * Load @ramdisk right behind all that @layout has, page-aligned and below 2 GiB, where guests with
 * small page tables can still reach it.
 * Returns 0; -EFAULT: does not fit; -errno of reading. @err has the line.
 */
int ramdisk_load(const struct image *ramdisk, struct layout *layout, uint64_t *ret_gpa,
		 struct error *err);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the boot loader said about the machine (Multiboot Specification 0.6.96, 3.3).
 */
#ifndef SAMPLES_BARE_METAL_LIB_MULTIBOOT_H
#define SAMPLES_BARE_METAL_LIB_MULTIBOOT_H

#include <stdint.h>

/* Bytes of memory the guest may use, holes not counted; 0 if the loader does not say. */
uint64_t multiboot_memory_size(void);

/* The command line, its first word usually being the image; "" if there is none. */
const char *multiboot_command_line(void);

#endif

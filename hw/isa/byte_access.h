/* SPDX-License-Identifier: BSD-3-Clause */
/* 8-bit devices on the ISA bus: a wider access is one cycle per byte, lowest port first. */
#ifndef HW_ISA_BYTE_ACCESS_H
#define HW_ISA_BYTE_ACCESS_H

#include <stdint.h>

#include "devicemodel/hypervisor/io_access.h"

/* @offset counts ports from the base of the device's range. */
typedef uint8_t byte_read(void *ctx, unsigned int offset);
typedef void byte_write(void *ctx, unsigned int offset, uint8_t value);

/* Serve @access, whose address is relative to the device's range, by one call per byte. */
void byte_access_split(struct io_access *access, byte_read *read, byte_write *write, void *ctx);

#endif

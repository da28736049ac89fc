/* SPDX-License-Identifier: BSD-3-Clause */
/* Wide accesses to 8-bit devices. */
#include "hw/isa/byte_access.h"

void byte_access_split(struct io_access *access, byte_read *read, byte_write *write, void *ctx)
{
	unsigned int i, offset;
	uint64_t data = 0;

	for (i = 0; i < access->size; i++) {
		offset = (unsigned int)access->addr + i;
		if (access->is_write)
			write(ctx, offset, (uint8_t)(access->data >> (8 * i)));
		else
			data |= (uint64_t)read(ctx, offset) << (8 * i);
	}
	if (!access->is_write)
		access->data = data;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* One access of a guest to something that is not memory, on its way from a back end to a device. */
#ifndef DEVICEMODEL_HYPERVISOR_IO_ACCESS_H
#define DEVICEMODEL_HYPERVISOR_IO_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

enum io_space {
	IO_SPACE_PORT, /* x86 I/O ports; addr is the port, size 1, 2 or 4 */
	IO_SPACE_MMIO, /* guest-physical address, size 1, 2, 4 or 8 */
	/* addr is bus << 20 | device << 15 | function << 12 | register, size 1, 2 or 4. */
	IO_SPACE_PCI_CONFIG,
	IO_SPACES
};

struct io_access {
	enum io_space space;
	bool is_write;
	uint8_t size; /* bytes */
	uint64_t addr;
	/* Little-endian value in the low @size bytes; what a read leaves above them is ignored. */
	uint64_t data;
};

/* What a read gives where nothing answers, as on the real bus. */
#define IO_READ_NONE UINT64_MAX

static inline uint64_t io_size_mask(unsigned int size)
{
	return size >= 8 ? UINT64_MAX : (UINT64_C(1) << (size * 8)) - 1;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What "-s SLOT,ivshmem,..." says, as plain data. */
#ifndef HW_PCI_IVSHMEM_OPTIONS_H
#define HW_PCI_IVSHMEM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "ivshmem/name.h"

struct device_class;

struct ivshmem_region_id {
	bool given;
	uint16_t value;
};

struct ivshmem_options {
	struct ivshmem_name name;
	uint64_t size; /* bytes, 2 to 512 MiB, a power of two */
	struct ivshmem_region_id region_id;
	uint64_t vectors; /* 0: no doorbell */
	const char *server, *group, *shm_object; /* NULL where not given */
	uint64_t hugepage_size;			 /* bytes; 0: ordinary pages */
	bool keep, prefault, lock;
};

/* The class that the command line knows; its options fill a struct ivshmem_options. */
extern const struct device_class ivshmem_class;

#endif

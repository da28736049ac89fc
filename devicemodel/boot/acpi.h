/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ACPI tables (ACPI 4.0, PCI Firmware 3.0): RSDP, RSDT and XSDT, FADT with FACS, MADT, MCFG,
 * the DSDT of dsdt.asl and an SSDT with what only this VM knows. They lie in the first half of the
 * machine's BIOS area; the RSDP comes first, where guests search for it.
 */
#ifndef DEVICEMODEL_BOOT_ACPI_H
#define DEVICEMODEL_BOOT_ACPI_H

#include <stdint.h>

#include "devicemodel/machine_map.h"
#include "lib/error.h"

struct guest_memory;

#define ACPI_VCPUS_MAX 255 /* local APIC ids of 8 bits, one of which means all */

#define ACPI_AREA_END (MACHINE_BIOS_BASE + MACHINE_BIOS_SIZE / 2)

struct acpi_params {
	unsigned int vcpus;	/* 1 to ACPI_VCPUS_MAX; their local APIC ids count from 0 */
	uint64_t pci64_base;	/* the window for 64-bit BARs, not empty */
	uint64_t pci64_end;	/* one past its last byte */
};

/*
 * Write the tables into RAM; again after each memory_clear(). *ret_rsdp is the guest address of the
 * RSDP.
 * Returns 0; -EINVAL: parameters outside of the bounds above; -EFAULT: the VM has too little memory
 * for a BIOS area; -ENOSPC: the tables do not fit there. @err has the line.
 */
int acpi_build(struct guest_memory *memory, const struct acpi_params *params, uint64_t *ret_rsdp,
	       struct error *err);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fixed places of the machine: what the chipset decodes, the ACPI tables declare and guests
 * expect. The PCI windows follow the ACRN device model; the PM block sits where QEMU's pc and q35
 * have it, so that simple guests power off on all of them.
 */
#ifndef DEVICEMODEL_MACHINE_MAP_H
#define DEVICEMODEL_MACHINE_MAP_H

#include <stdint.h>

#define MACHINE_PCI32_BASE UINT64_C(0x80000000) /* 32-bit BARs */
#define MACHINE_PCI32_END UINT64_C(0xe0000000)
#define MACHINE_ECAM_BASE UINT64_C(0xe0000000) /* 1 MiB for each of 256 buses */
#define MACHINE_ECAM_SIZE UINT64_C(0x10000000)
#define MACHINE_IOAPIC_BASE UINT64_C(0xfec00000)
#define MACHINE_IOAPIC_SIZE UINT64_C(0x1000)
#define MACHINE_LAPIC_BASE UINT64_C(0xfee00000)
#define MACHINE_LAPIC_SIZE UINT64_C(0x100000) /* with the range that messages are written to */

/* The 64-bit window lies above RAM; the SSDT tells the DSDT where (dsdt.asl). */
#define MACHINE_PCI64_SIZE UINT64_C(0x1000000000)
/* The same for a hypervisor with devices of its own: ACRN maps no 64-bit BAR of them below this. */
#define MACHINE_PCI64_VDEV_BASE UINT64_C(0x4000000000)

#define MACHINE_PCI_IO_BASE 0x1000 /* I/O ports that the host bridge passes on */
#define MACHINE_PCI_IO_END 0x10000

#define MACHINE_PM_BASE 0x600 /* ACPI PM1a: event block at +0, control at +4, timer at +8 */
#define MACHINE_PM_SIZE 16
#define MACHINE_SCI_IRQ 9
#define MACHINE_RESET_PORT 0xcf9
#define MACHINE_RESET_VALUE 0x0e
#define MACHINE_DEBUG_EXIT_PORT 0xf4
#define MACHINE_COM1_PORT 0x3f8
#define MACHINE_COM1_IRQ 4
#define MACHINE_PIT_PORT 0x40
#define MACHINE_PIT_IRQ 0
#define MACHINE_PIT_GSI 2 /* where the MADT says that IRQ 0 is; the other lines keep their number */
#define MACHINE_PORT_B 0x61
#define MACHINE_RTC_PORT 0x70
#define MACHINE_RTC_IRQ 8

/* Low memory that images may not use: ACPI tables and what stands for a BIOS area. */
#define MACHINE_BIOS_BASE UINT64_C(0xe0000)
#define MACHINE_BIOS_SIZE UINT64_C(0x20000)
#define MACHINE_LOW_RAM_END UINT64_C(0x9fc00)

#endif

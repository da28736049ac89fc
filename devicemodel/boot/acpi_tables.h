/* SPDX-License-Identifier: BSD-3-Clause */
/* Layout of the ACPI tables that this machine has: ACPI 4.0 chapter 5, PCI Firmware 3.0 4.1.2. */
#ifndef DEVICEMODEL_BOOT_ACPI_TABLES_H
#define DEVICEMODEL_BOOT_ACPI_TABLES_H

#include <stdint.h>

#define ACPI_PACKED __attribute__((packed))

/* 5.2.5.3 */
struct acpi_rsdp {
	char signature[8];
	uint8_t checksum; /* over the first 20 bytes */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt_address;
	uint32_t length;
	uint64_t xsdt_address;
	uint8_t extended_checksum; /* over all */
	uint8_t reserved[3];
} ACPI_PACKED;
#define ACPI_RSDP_V1_SIZE 20

/* 5.2.6 */
struct acpi_header {
	char signature[4];
	uint32_t length; /* with the header */
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} ACPI_PACKED;

/* 5.2.3.1 */
struct acpi_gas {
	uint8_t space; /* 1: I/O ports */
	uint8_t bit_width, bit_offset;
	uint8_t access_size; /* 1, 2, 3: byte, word, dword */
	uint64_t address;
} ACPI_PACKED;
#define ACPI_SPACE_IO 1

/* 5.2.9 */
struct acpi_fadt {
	struct acpi_header header;
	uint32_t facs, dsdt;
	uint8_t reserved_44;
	uint8_t pm_profile;
	uint16_t sci_irq;
	uint32_t smi_command;
	uint8_t acpi_enable, acpi_disable, s4bios_request, pstate_control;
	uint32_t pm1a_event, pm1b_event;
	uint32_t pm1a_control, pm1b_control;
	uint32_t pm2_control, pm_timer;
	uint32_t gpe0, gpe1;
	uint8_t pm1_event_length, pm1_control_length, pm2_control_length, pm_timer_length;
	uint8_t gpe0_length, gpe1_length, gpe1_base, cst_control;
	uint16_t c2_latency, c3_latency;
	uint16_t flush_size, flush_stride;
	uint8_t duty_offset, duty_width;
	uint8_t day_alarm, month_alarm, century;
	uint16_t boot_architecture;
	uint8_t reserved_111;
	uint32_t flags;
	struct acpi_gas reset_register;
	uint8_t reset_value;
	uint8_t reserved_129[3];
	uint64_t x_facs, x_dsdt;
	struct acpi_gas x_pm1a_event, x_pm1b_event;
	struct acpi_gas x_pm1a_control, x_pm1b_control;
	struct acpi_gas x_pm2_control, x_pm_timer;
	struct acpi_gas x_gpe0, x_gpe1;
} ACPI_PACKED;
_Static_assert(sizeof(struct acpi_fadt) == 244, "ACPI 4.0 table 5-9");

#define ACPI_BOOT_LEGACY_DEVICES (1U << 0)
#define ACPI_BOOT_NO_VGA (1U << 2)

#define ACPI_FADT_WBINVD (1U << 0)
#define ACPI_FADT_PROC_C1 (1U << 2)
#define ACPI_FADT_NO_POWER_BUTTON (1U << 4) /* none in the fixed registers */
#define ACPI_FADT_NO_SLEEP_BUTTON (1U << 5)
#define ACPI_FADT_NO_FIXED_RTC (1U << 6) /* the RTC cannot wake the machine */
#define ACPI_FADT_RESET_REGISTER (1U << 10)

/* 5.2.10 */
struct acpi_facs {
	char signature[4];
	uint32_t length;
	uint32_t hardware_signature;
	uint32_t waking_vector;
	uint32_t global_lock;
	uint32_t flags;
	uint64_t x_waking_vector;
	uint8_t version;
	uint8_t reserved_33[3];
	uint32_t ospm_flags;
	uint8_t reserved_40[24];
} ACPI_PACKED;
_Static_assert(sizeof(struct acpi_facs) == 64, "ACPI 4.0 table 5-12");
#define ACPI_FACS_ALIGNMENT 64

/* 5.2.12, followed by the structures below */
struct acpi_madt {
	struct acpi_header header;
	uint32_t lapic_address;
	uint32_t flags;
} ACPI_PACKED;
#define ACPI_MADT_PCAT_COMPAT (1U << 0) /* there are 8259s too */

struct acpi_madt_lapic {
	uint8_t type, length; /* 0, 8 */
	uint8_t processor_id, apic_id;
	uint32_t flags; /* 1: enabled */
} ACPI_PACKED;

struct acpi_madt_ioapic {
	uint8_t type, length; /* 1, 12 */
	uint8_t id;
	uint8_t reserved;
	uint32_t address;
	uint32_t gsi_base;
} ACPI_PACKED;

struct acpi_madt_override {
	uint8_t type, length; /* 2, 10 */
	uint8_t bus, source;  /* bus 0: ISA */
	uint32_t gsi;
	uint16_t flags;
} ACPI_PACKED;
#define ACPI_MADT_HIGH_LEVEL 0xd /* polarity 1, trigger mode 3 */

struct acpi_madt_lapic_nmi {
	uint8_t type, length; /* 4, 6 */
	uint8_t processor_id; /* 0xff: all */
	uint16_t flags;
	uint8_t lint;
} ACPI_PACKED;

/* PCI Firmware 3.0, table 4-2 and 4-3; one segment group */
struct acpi_mcfg {
	struct acpi_header header;
	uint64_t reserved;
	uint64_t base;
	uint16_t segment;
	uint8_t bus_first, bus_last;
	uint32_t reserved_end;
} ACPI_PACKED;

/* ACPI Machine Language, 19.2.5.1 and 19.2.3: Name (NAME, value), twice */
struct acpi_aml_name {
	uint8_t name_op; /* 0x08 */
	char name[4];
	uint8_t qword_prefix; /* 0x0e */
	uint64_t value;
} ACPI_PACKED;

struct acpi_ssdt {
	struct acpi_header header;
	struct acpi_aml_name pci64_base, pci64_end;
} ACPI_PACKED;

#endif

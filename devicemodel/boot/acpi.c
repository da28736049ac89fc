/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes the ACPI tables into guest memory. */
#include "devicemodel/boot/acpi.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "devicemodel/boot/acpi_tables.h"
#include "devicemodel/machine_map.h"
#include "devicemodel/vm/memory.h"
#include "lib/util.h"

/* The AML of dsdt.asl, as the build has compiled it. */
static const uint8_t dsdt_aml[] = {
#include "devicemodel/boot/dsdt.inc"
};

#define TABLE_ALIGNMENT 16
#define ROOT_TABLES 4 /* that the RSDT and the XSDT list: FADT, MADT, MCFG, SSDT */

/* The part of the BIOS area that is still free, and what the root tables have to list. */
struct acpi_area {
	struct guest_memory *memory;
	uint64_t next, end;
	uint64_t listed[ROOT_TABLES];
	unsigned int listed_count;
};

struct acpi_rsdt {
	struct acpi_header header;
	uint32_t tables[ROOT_TABLES];
} ACPI_PACKED;

struct acpi_xsdt {
	struct acpi_header header;
	uint64_t tables[ROOT_TABLES];
} ACPI_PACKED;

struct acpi_madt_all {
	struct acpi_madt madt;
	struct acpi_madt_ioapic ioapic;
	struct acpi_madt_override timer, sci;
	struct acpi_madt_lapic_nmi nmi;
	struct acpi_madt_lapic lapics[ACPI_VCPUS_MAX];
} ACPI_PACKED;

/* What makes all bytes add up to 0. */
static uint8_t checksum(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint8_t sum = 0;
	size_t i;

	for (i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return (uint8_t)-sum;
}

static struct acpi_header header_make(const char signature[4], size_t length, uint8_t revision)
{
	struct acpi_header header = {
		.length = (uint32_t)length,
		.revision = revision,
		.oem_id = { 'A', 'C', 'R', 'N', 'D', 'M' },
		.oem_table_id = { 'A', 'C', 'R', 'N', 'D', 'M', ' ', ' ' },
		.oem_revision = 1,
		.creator_id = { 'A', 'C', 'R', 'N' },
		.creator_revision = 1,
	};

	memcpy(header.signature, signature, sizeof(header.signature));
	return header;
}

/* Copies @table to the next free place. Returns 0 or -ENOSPC. */
static int area_put(struct acpi_area *area, const void *table, size_t size, uint64_t alignment,
		    uint64_t *ret_gpa)
{
	uint64_t gpa = align_up(area->next, alignment);

	if (gpa > area->end || size > area->end - gpa ||
	    memory_write(area->memory, gpa, table, size) < 0)
		return -ENOSPC;
	area->next = gpa + size;
	*ret_gpa = gpa;
	return 0;
}

/* The same for a table that begins with @header, which gets its checksum first. */
static int area_put_table(struct acpi_area *area, struct acpi_header *header, uint64_t *ret_gpa)
{
	header->checksum = 0;
	header->checksum = checksum(header, header->length);
	return area_put(area, header, header->length, TABLE_ALIGNMENT, ret_gpa);
}

static int area_put_listed(struct acpi_area *area, struct acpi_header *header)
{
	int ret = area_put_table(area, header, &area->listed[area->listed_count]);

	if (ret == 0)
		area->listed_count++;
	return ret;
}

static struct acpi_gas io_register(uint16_t port, uint8_t bit_width, uint8_t access_size)
{
	return (struct acpi_gas){
		.space = ACPI_SPACE_IO,
		.bit_width = bit_width,
		.access_size = access_size,
		.address = port,
	};
}

/* Without an SMI command port the machine is in ACPI mode from the start (4.8.10.1). */
static struct acpi_fadt fadt_make(uint64_t facs, uint64_t dsdt)
{
	return (struct acpi_fadt){
		.header = header_make("FACP", sizeof(struct acpi_fadt), 4),
		.facs = (uint32_t)facs,
		.dsdt = (uint32_t)dsdt,
		.sci_irq = MACHINE_SCI_IRQ,
		.pm1a_event = MACHINE_PM_BASE,
		.pm1a_control = MACHINE_PM_BASE + 4,
		.pm_timer = MACHINE_PM_BASE + 8,
		.pm1_event_length = 4,
		.pm1_control_length = 2,
		.pm_timer_length = 4,
		.c2_latency = 0xffff, /* there is no C2 and no C3 */
		.c3_latency = 0xffff,
		.century = 0x32,
		.boot_architecture = ACPI_BOOT_LEGACY_DEVICES | ACPI_BOOT_NO_VGA,
		.flags = ACPI_FADT_WBINVD | ACPI_FADT_PROC_C1 | ACPI_FADT_NO_POWER_BUTTON |
			 ACPI_FADT_NO_SLEEP_BUTTON | ACPI_FADT_NO_FIXED_RTC |
			 ACPI_FADT_RESET_REGISTER,
		.reset_register = io_register(MACHINE_RESET_PORT, 8, 1),
		.reset_value = MACHINE_RESET_VALUE,
		.x_dsdt = dsdt,
		.x_pm1a_event = io_register(MACHINE_PM_BASE, 32, 2),
		.x_pm1a_control = io_register(MACHINE_PM_BASE + 4, 16, 2),
		.x_pm_timer = io_register(MACHINE_PM_BASE + 8, 32, 3),
	};
}

static int put_fadt(struct acpi_area *area)
{
	const struct acpi_facs facs = {
		.signature = { 'F', 'A', 'C', 'S' },
		.length = sizeof(facs),
		.version = 2,
	};
	struct {
		struct acpi_header header;
		uint8_t rest[sizeof(dsdt_aml) - sizeof(struct acpi_header)];
	} dsdt;
	struct acpi_fadt fadt;
	uint64_t facs_gpa, dsdt_gpa;
	int ret;

	memcpy(&dsdt, dsdt_aml, sizeof(dsdt));
	ret = area_put(area, &facs, sizeof(facs), ACPI_FACS_ALIGNMENT, &facs_gpa);
	if (ret == 0)
		ret = area_put_table(area, &dsdt.header, &dsdt_gpa);
	if (ret < 0)
		return ret;
	fadt = fadt_make(facs_gpa, dsdt_gpa);
	return area_put_listed(area, &fadt.header);
}

/* The 8254's timer arrives at input 2 of the IOAPIC, as on every PC. */
static int put_madt(struct acpi_area *area, unsigned int vcpus)
{
	struct acpi_madt_all all = {
		.madt = {
			.lapic_address = MACHINE_LAPIC_BASE,
			.flags = ACPI_MADT_PCAT_COMPAT,
		},
		.ioapic = { .type = 1, .length = 12, .address = MACHINE_IOAPIC_BASE },
		.timer = {
			.type = 2,
			.length = 10,
			.source = MACHINE_PIT_IRQ,
			.gsi = MACHINE_PIT_GSI,
		},
		.sci = {
			.type = 2,
			.length = 10,
			.source = MACHINE_SCI_IRQ,
			.gsi = MACHINE_SCI_IRQ,
			.flags = ACPI_MADT_HIGH_LEVEL,
		},
		.nmi = { .type = 4, .length = 6, .processor_id = 0xff, .lint = 1 },
	};
	unsigned int i;

	for (i = 0; i < vcpus; i++)
		all.lapics[i] = (struct acpi_madt_lapic){
			.type = 0,
			.length = 8,
			.processor_id = (uint8_t)i,
			.apic_id = (uint8_t)i,
			.flags = 1,
		};
	all.madt.header = header_make("APIC", offsetof(struct acpi_madt_all, lapics) +
				      vcpus * sizeof(all.lapics[0]), 3);
	return area_put_listed(area, &all.madt.header);
}

/*
 * Only the bus that there is, though all 256 can be accessed: Linux looks for devices on each bus
 * that is named here, and each look is an exit.
 */
static int put_mcfg(struct acpi_area *area)
{
	struct acpi_mcfg mcfg = {
		.header = header_make("MCFG", sizeof(mcfg), 1),
		.base = MACHINE_ECAM_BASE,
		.bus_last = 0,
	};

	return area_put_listed(area, &mcfg.header);
}

static int put_ssdt(struct acpi_area *area, const struct acpi_params *params)
{
	struct acpi_ssdt ssdt = {
		.header = header_make("SSDT", sizeof(ssdt), 2),
		.pci64_base = { 0x08, { 'P', '6', '4', 'B' }, 0x0e, params->pci64_base },
		.pci64_end = { 0x08, { 'P', '6', '4', 'E' }, 0x0e, params->pci64_end },
	};

	return area_put_listed(area, &ssdt.header);
}

static int put_roots(struct acpi_area *area, uint64_t rsdp_gpa)
{
	struct acpi_rsdp rsdp = {
		.signature = { 'R', 'S', 'D', ' ', 'P', 'T', 'R', ' ' },
		.oem_id = { 'A', 'C', 'R', 'N', 'D', 'M' },
		.revision = 2,
		.length = sizeof(rsdp),
	};
	struct acpi_rsdt rsdt = { .header = header_make("RSDT", sizeof(rsdt), 1) };
	struct acpi_xsdt xsdt = { .header = header_make("XSDT", sizeof(xsdt), 1) };
	uint64_t rsdt_gpa, xsdt_gpa;
	unsigned int i;
	int ret;

	for (i = 0; i < ROOT_TABLES; i++) {
		rsdt.tables[i] = (uint32_t)area->listed[i];
		xsdt.tables[i] = area->listed[i];
	}
	ret = area_put_table(area, &rsdt.header, &rsdt_gpa);
	if (ret == 0)
		ret = area_put_table(area, &xsdt.header, &xsdt_gpa);
	if (ret < 0)
		return ret;
	rsdp.rsdt_address = (uint32_t)rsdt_gpa;
	rsdp.xsdt_address = xsdt_gpa;
	rsdp.checksum = checksum(&rsdp, ACPI_RSDP_V1_SIZE);
	rsdp.extended_checksum = checksum(&rsdp, sizeof(rsdp));
	return memory_write(area->memory, rsdp_gpa, &rsdp, sizeof(rsdp));
}

static int check_params(const struct guest_memory *memory, const struct acpi_params *params,
			struct error *err)
{
	if (params->vcpus == 0 || params->vcpus > ACPI_VCPUS_MAX)
		return error_set(err, -EINVAL,
				 "the ACPI tables cannot list %u virtual CPUs: give 1 to %d with "
				 "--cpus",
				 params->vcpus, ACPI_VCPUS_MAX);
	if (params->pci64_end <= params->pci64_base)
		return error_set(err, -EINVAL, "the window for 64-bit BARs is empty");
	if (!memory_ram(memory, MACHINE_BIOS_BASE, MACHINE_BIOS_SIZE))
		return error_set(err, -EFAULT,
				 "the VM has %llu bytes of memory, the ACPI tables need 1 MiB: "
				 "raise -m",
				 (unsigned long long)memory_size(memory));
	return 0;
}

int acpi_build(struct guest_memory *memory, const struct acpi_params *params, uint64_t *ret_rsdp,
	       struct error *err)
{
	struct acpi_area area = {
		.memory = memory,
		.next = MACHINE_BIOS_BASE + sizeof(struct acpi_rsdp),
		.end = ACPI_AREA_END,
	};
	int ret;

	ret = check_params(memory, params, err);
	if (ret < 0)
		return ret;
	ret = put_fadt(&area);
	if (ret == 0)
		ret = put_madt(&area, params->vcpus);
	if (ret == 0)
		ret = put_mcfg(&area);
	if (ret == 0)
		ret = put_ssdt(&area, params);
	if (ret == 0)
		ret = put_roots(&area, MACHINE_BIOS_BASE);
	if (ret < 0)
		return error_set(err, ret, "the ACPI tables do not fit in their %llu KiB",
				 (unsigned long long)((ACPI_AREA_END - MACHINE_BIOS_BASE) / KIB));
	*ret_rsdp = MACHINE_BIOS_BASE;
	return 0;
}

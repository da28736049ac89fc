/* SPDX-License-Identifier: BSD-3-Clause */
/* The ACPI tables, walked as a guest does, and read by another program: iasl's disassembler. */
#include "devicemodel/boot/acpi.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "devicemodel/boot/acpi_tables.h"
#include "devicemodel/machine_map.h"
#include "lib/util.h"
#include "tests/unit/guarded_memory.h"
#include "tests/unit/unit.h"

#define LOW (4 * MIB)
#define PCI64_BASE UINT64_C(0x123400000000)
#define PCI64_END (PCI64_BASE + MACHINE_PCI64_SIZE)

extern char **environ;

static struct guest_memory *build(unsigned int vcpus, uint64_t *ret_rsdp)
{
	const struct acpi_params params = {
		.vcpus = vcpus, .pci64_base = PCI64_BASE, .pci64_end = PCI64_END,
	};
	struct guest_memory *memory = guarded_memory_new(LOW, 0);
	struct error err = { "" };

	CU_ASSERT_EQUAL_FATAL(acpi_build(memory, &params, ret_rsdp, &err), 0);
	return memory;
}

static bool sum_is_zero(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint8_t sum = 0;

	while (size--)
		sum = (uint8_t)(sum + *bytes++);
	return sum == 0;
}

/* The table at @gpa, which lies where tables may lie and adds up. */
static const struct acpi_header *table_at(const struct guest_memory *memory, uint64_t gpa,
					  const char *signature)
{
	const struct acpi_header *header = memory_ram(memory, gpa, sizeof(*header));

	CU_ASSERT_FATAL(gpa >= MACHINE_BIOS_BASE && gpa < ACPI_AREA_END);
	CU_ASSERT_FATAL(header->length >= sizeof(*header) && header->length <= ACPI_AREA_END - gpa);
	CU_ASSERT(sum_is_zero(header, header->length));
	CU_ASSERT_EQUAL_FATAL(memcmp(header->signature, signature, 4), 0);
	return header;
}

/* By the way of the XSDT; the RSDT must agree. */
static const struct acpi_header *find_table(const struct guest_memory *memory, uint64_t rsdp_gpa,
					    const char *signature)
{
	const struct acpi_rsdp *rsdp = memory_ram(memory, rsdp_gpa, sizeof(*rsdp));
	const struct acpi_header *xsdt = table_at(memory, rsdp->xsdt_address, "XSDT");
	const struct acpi_header *rsdt = table_at(memory, rsdp->rsdt_address, "RSDT");
	uint32_t count = (xsdt->length - (uint32_t)sizeof(*xsdt)) / 8, i, narrow;
	uint64_t wide;

	CU_ASSERT_EQUAL((rsdt->length - sizeof(*rsdt)) / 4, count);
	for (i = 0; i < count; i++) {
		memcpy(&wide, (const char *)(xsdt + 1) + i * 8, 8);
		memcpy(&narrow, (const char *)(rsdt + 1) + i * 4, 4);
		CU_ASSERT_EQUAL(wide, narrow);
		if (memcmp(memory_ram(memory, wide, 4), signature, 4) == 0)
			return table_at(memory, wide, signature);
	}
	CU_FAIL_FATAL("table is not listed");
	return NULL;
}

/* The search that guests make (ACPI 4.0, 5.2.5.1). */
static void test_rsdp(void)
{
	const struct acpi_rsdp *rsdp;
	struct guest_memory *memory;
	uint64_t reported, gpa;

	memory = build(1, &reported);
	for (gpa = 0xe0000; gpa < 0x100000; gpa += 16)
		if (memcmp(memory_ram(memory, gpa, 8), "RSD PTR ", 8) == 0)
			break;
	CU_ASSERT_EQUAL(gpa, reported);
	rsdp = memory_ram(memory, reported, sizeof(*rsdp));
	CU_ASSERT(sum_is_zero(rsdp, 20));
	CU_ASSERT(sum_is_zero(rsdp, sizeof(*rsdp)));
	CU_ASSERT_EQUAL(rsdp->revision, 2);
	CU_ASSERT_EQUAL(rsdp->length, 36);
	CU_ASSERT(guarded_memory_is_zero(memory, ACPI_AREA_END, LOW - ACPI_AREA_END));
	CU_ASSERT(guarded_memory_is_zero(memory, 0, MACHINE_BIOS_BASE));
	guarded_memory_free(memory);
}

static void test_fadt(void)
{
	const struct acpi_fadt *fadt;
	const struct acpi_facs *facs;
	struct guest_memory *memory;
	uint64_t rsdp;

	memory = build(1, &rsdp);
	fadt = (const void *)find_table(memory, rsdp, "FACP");
	CU_ASSERT_EQUAL(fadt->header.length, 244);
	CU_ASSERT_EQUAL(fadt->sci_irq, 9);
	CU_ASSERT_EQUAL(fadt->smi_command, 0);
	CU_ASSERT_EQUAL(fadt->pm1a_event, 0x600);
	CU_ASSERT_EQUAL(fadt->pm1a_control, 0x604);
	CU_ASSERT_EQUAL(fadt->pm_timer, 0x608);
	CU_ASSERT_EQUAL(fadt->x_pm1a_control.address, 0x604);
	CU_ASSERT_EQUAL(fadt->x_pm1a_control.bit_width, 16);
	CU_ASSERT_EQUAL(fadt->reset_register.space, 1);
	CU_ASSERT_EQUAL(fadt->reset_register.bit_width, 8);
	CU_ASSERT_EQUAL(fadt->reset_register.address, 0xcf9);
	CU_ASSERT_EQUAL(fadt->reset_value, 0x0e);
	CU_ASSERT(fadt->flags & 1 << 10);
	CU_ASSERT(!(fadt->flags & 1 << 8));  /* timer of 24 bits */
	CU_ASSERT(!(fadt->flags & 1 << 20)); /* not hardware-reduced */
	CU_ASSERT_EQUAL(fadt->boot_architecture, 0x5);
	CU_ASSERT_EQUAL(fadt->century, 0x32);
	CU_ASSERT_EQUAL(fadt->dsdt, fadt->x_dsdt);
	table_at(memory, fadt->dsdt, "DSDT");
	facs = memory_ram(memory, fadt->facs, sizeof(*facs));
	CU_ASSERT_EQUAL(fadt->facs % 64, 0);
	CU_ASSERT_EQUAL(memcmp(facs->signature, "FACS", 4), 0);
	CU_ASSERT_EQUAL(facs->length, 64);
	guarded_memory_free(memory);
}

/* What a MADT lists, and how often. */
struct madt_counts {
	unsigned int lapics, ioapics, overrides, nmis, others;
	bool timer_to_2, sci_level_high, ids_ascend;
};

static void count_entry(struct madt_counts *counts, const uint8_t *entry)
{
	static const uint8_t timer[] = { 2, 10, 0, 0, 2, 0, 0, 0, 0, 0 };
	static const uint8_t sci[] = { 2, 10, 0, 9, 9, 0, 0, 0, 0xd, 0 };

	switch (entry[0]) {
	case 0:
		counts->ids_ascend &= entry[2] == counts->lapics && entry[3] == counts->lapics &&
				      entry[4] == 1;
		counts->lapics++;
		break;
	case 1:
		counts->ioapics++;
		break;
	case 2:
		counts->timer_to_2 |= memcmp(entry, timer, sizeof(timer)) == 0;
		counts->sci_level_high |= memcmp(entry, sci, sizeof(sci)) == 0;
		counts->overrides++;
		break;
	case 4:
		counts->nmis++;
		break;
	default:
		counts->others++;
	}
}

static void check_madt(unsigned int vcpus)
{
	struct madt_counts counts = { .ids_ascend = true };
	const struct acpi_madt *madt;
	struct guest_memory *memory;
	const uint8_t *entry, *end;
	uint64_t rsdp;

	memory = build(vcpus, &rsdp);
	madt = (const void *)find_table(memory, rsdp, "APIC");
	CU_ASSERT_EQUAL(madt->lapic_address, 0xfee00000);
	end = (const uint8_t *)madt + madt->header.length;
	for (entry = (const uint8_t *)(madt + 1); entry < end; entry += entry[1]) {
		CU_ASSERT_FATAL(entry[1] >= 6 && entry[1] <= end - entry);
		count_entry(&counts, entry);
	}
	CU_ASSERT_EQUAL(counts.lapics, vcpus);
	CU_ASSERT(counts.ids_ascend);
	CU_ASSERT_EQUAL(counts.ioapics, 1);
	CU_ASSERT_EQUAL(counts.overrides, 2);
	CU_ASSERT(counts.timer_to_2);
	CU_ASSERT(counts.sci_level_high);
	CU_ASSERT_EQUAL(counts.nmis, 1);
	CU_ASSERT_EQUAL(counts.others, 0);
	guarded_memory_free(memory);
}

static void test_madt(void)
{
	check_madt(1);
	check_madt(2);
	check_madt(ACPI_VCPUS_MAX);
}

static void test_mcfg(void)
{
	const struct acpi_mcfg *mcfg;
	struct guest_memory *memory;
	uint64_t rsdp;

	memory = build(1, &rsdp);
	mcfg = (const void *)find_table(memory, rsdp, "MCFG");
	CU_ASSERT_EQUAL(mcfg->header.length, 60);
	CU_ASSERT_EQUAL(mcfg->base, MACHINE_ECAM_BASE);
	CU_ASSERT_EQUAL(mcfg->segment, 0);
	CU_ASSERT_EQUAL(mcfg->bus_first, 0);
	CU_ASSERT_EQUAL(mcfg->bus_last, 0);
	guarded_memory_free(memory);
}

static bool contains(const struct acpi_header *table, const void *bytes, size_t size)
{
	return memmem(table, table->length, bytes, size) != NULL;
}

/* A resource descriptor for I/O ports (ACPI 4.0, 6.4.2.5). */
static bool has_ports(const struct acpi_header *dsdt, uint16_t base, uint8_t count)
{
	const uint8_t descriptor[] = {
		0x47, 1, base & 0xff, base >> 8, base & 0xff, base >> 8, 1, count,
	};

	return contains(dsdt, descriptor, sizeof(descriptor));
}

/* dsdt.asl cannot include machine_map.h: the numbers must agree all the same. */
static void test_dsdt_agrees(void)
{
	const uint32_t ecam[] = { MACHINE_ECAM_BASE, MACHINE_ECAM_SIZE };
	const uint32_t window[] = {
		0, MACHINE_PCI32_BASE, MACHINE_PCI32_END - 1, 0,
		MACHINE_PCI32_END - MACHINE_PCI32_BASE,
	};
	const uint16_t ports[] = {
		0, MACHINE_PCI_IO_BASE, MACHINE_PCI_IO_END - 1, 0,
		MACHINE_PCI_IO_END - MACHINE_PCI_IO_BASE,
	};
	const uint16_t buses[] = { 0, 0, 0, 0, 1 };
	const uint8_t pit_irq[] = { 0x23, 1 << MACHINE_PIT_IRQ, 0, 1 };
	const uint8_t com1_irq[] = { 0x23, (1 << MACHINE_COM1_IRQ) & 0xff, 0, 1 };
	const uint8_t rtc_irq[] = { 0x23, 0, 1 << (MACHINE_RTC_IRQ - 8), 1 };
	const struct acpi_header *dsdt;
	const struct acpi_fadt *fadt;
	struct guest_memory *memory;
	uint64_t rsdp;

	memory = build(1, &rsdp);
	fadt = (const void *)find_table(memory, rsdp, "FACP");
	dsdt = table_at(memory, fadt->dsdt, "DSDT");
	CU_ASSERT(contains(dsdt, ecam, sizeof(ecam)));
	CU_ASSERT(contains(dsdt, window, sizeof(window)));
	CU_ASSERT(contains(dsdt, ports, sizeof(ports)));
	CU_ASSERT(contains(dsdt, buses, sizeof(buses)));
	CU_ASSERT(has_ports(dsdt, 0xcf8, 8));
	CU_ASSERT(has_ports(dsdt, MACHINE_PM_BASE, MACHINE_PM_SIZE));
	CU_ASSERT(has_ports(dsdt, MACHINE_COM1_PORT, 8));
	CU_ASSERT(has_ports(dsdt, MACHINE_PIT_PORT, 4));
	CU_ASSERT(has_ports(dsdt, MACHINE_PORT_B, 1));
	CU_ASSERT(has_ports(dsdt, MACHINE_RTC_PORT, 2));
	CU_ASSERT(contains(dsdt, pit_irq, sizeof(pit_irq)));
	CU_ASSERT(contains(dsdt, com1_irq, sizeof(com1_irq)));
	CU_ASSERT(!contains(dsdt, rtc_irq, sizeof(rtc_irq))); /* there are no alarms */
	CU_ASSERT(contains(dsdt, "P64B", 4));
	CU_ASSERT(contains(dsdt, "P64E", 4));
	guarded_memory_free(memory);
}

static void test_parameters(void)
{
	static const struct {
		struct acpi_params params;
		uint64_t low_size;
		int result;
		const char *message;
	} cases[] = {
		{ { 0, PCI64_BASE, PCI64_END }, LOW, -EINVAL, "give 1 to 255 with --cpus" },
		{ { 256, PCI64_BASE, PCI64_END }, LOW, -EINVAL, "256 virtual CPUs" },
		{ { UINT32_MAX, PCI64_BASE, PCI64_END }, LOW, -EINVAL, "virtual CPUs" },
		{ { 1, PCI64_BASE, PCI64_BASE }, LOW, -EINVAL, "is empty" },
		{ { 1, PCI64_END, PCI64_BASE }, LOW, -EINVAL, "is empty" },
		{ { 1, PCI64_BASE, PCI64_END }, 0xff000, -EFAULT, "raise -m" },
		{ { 1, PCI64_BASE, PCI64_END }, MIB, 0, "" },
	};
	struct guest_memory *memory;
	struct error err;
	uint64_t rsdp;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rsdp = 77;
		err.text[0] = '\0';
		memory = guarded_memory_new(cases[i].low_size, 0);
		CU_ASSERT_EQUAL(acpi_build(memory, &cases[i].params, &rsdp, &err), cases[i].result);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].message));
		CU_ASSERT_EQUAL(rsdp, cases[i].result < 0 ? 77 : MACHINE_BIOS_BASE);
		guarded_memory_free(memory);
	}
}

/* The tables are the same after a reset, whatever the guest did to them. */
static void test_rebuild(void)
{
	const struct acpi_params params = { 2, PCI64_BASE, PCI64_END };
	size_t size = ACPI_AREA_END - MACHINE_BIOS_BASE;
	struct guest_memory *memory;
	uint64_t rsdp;
	char *before;

	memory = build(2, &rsdp);
	before = malloc(size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(before);
	memcpy(before, memory_ram(memory, MACHINE_BIOS_BASE, size), size);
	memory_clear(memory);
	CU_ASSERT_EQUAL(acpi_build(memory, &params, &rsdp, NULL), 0);
	CU_ASSERT_EQUAL(memcmp(before, memory_ram(memory, MACHINE_BIOS_BASE, size), size), 0);
	free(before);
	guarded_memory_free(memory);
}

static char directory[] = "/tmp/test_acpi.XXXXXX";

/*
 * Disassembles NAME.dat in the directory to NAME.dsl; with the names that SSDT.dat defines if
 * @with_ssdt. Returns the exit status of iasl.
 */
static int run_iasl(const char *name, bool with_ssdt)
{
	char program[] = "iasl", resolve[] = "-e", ssdt[] = "SSDT.dat", disassemble[] = "-d",
	     file[16];
	char *const plain[] = { program, disassemble, file, NULL };
	char *const resolved[] = { program, resolve, ssdt, disassemble, file, NULL };
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	snprintf(file, sizeof(file), "%s.dat", name);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addchdir_np(&actions, directory);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, 1, 2);
	if (posix_spawnp(&pid, "iasl", &actions, NULL, with_ssdt ? resolved : plain, environ) == 0)
		waitpid(pid, &status, 0);
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

static void dump_table(const struct acpi_header *table, const char *name)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.dat", directory, name);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_EQUAL(fwrite(table, 1, table->length, file), table->length);
	fclose(file);
}

/* The text that came out; the caller frees it. */
static char *read_text(const char *name)
{
	char path[64], *text = calloc(1, 65536);
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s.dsl", directory, name);
	file = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

static void check_text(const char *name, const char *expected)
{
	static const char *const complaints[] = { "ncorrect", "nvalid", "nknown", "rror", "WARN" };
	char *text = read_text(name);
	size_t i;

	CU_ASSERT_PTR_NOT_NULL(strstr(text, expected));
	for (i = 0; i < ARRAY_SIZE(complaints); i++)
		CU_ASSERT_PTR_NULL(strstr(text, complaints[i]));
	free(text);
}

static void remove_files(const char *name)
{
	static const char *const suffixes[] = { "dat", "dsl" };
	char path[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(suffixes); i++) {
		snprintf(path, sizeof(path), "%s/%s.%s", directory, name, suffixes[i]);
		unlink(path);
	}
}

static void test_disassembly(void)
{
	static const struct {
		const char *signature, *expected;
	} tables[] = {
		{ "APIC", "Local Apic ID : 02" },
		{ "FACP", "Reset Register Supported (V2) : 1" },
		{ "MCFG", "Base Address : 00000000E0000000" },
		{ "SSDT", "Name (P64E, 0x0000124400000000)" },
	};
	const struct acpi_fadt *fadt;
	struct guest_memory *memory;
	uint64_t rsdp;
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	memory = build(3, &rsdp);
	fadt = (const void *)find_table(memory, rsdp, "FACP");
	dump_table(table_at(memory, fadt->dsdt, "DSDT"), "DSDT");
	for (i = 0; i < ARRAY_SIZE(tables); i++) {
		dump_table(find_table(memory, rsdp, tables[i].signature), tables[i].signature);
		CU_ASSERT_EQUAL(run_iasl(tables[i].signature, false), 0);
		check_text(tables[i].signature, tables[i].expected);
	}
	CU_ASSERT_EQUAL(run_iasl("DSDT", true), 0);
	check_text("DSDT", "WMAX = (P64E - One)");
	remove_files("DSDT");
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		remove_files(tables[i].signature);
	CU_ASSERT_EQUAL(rmdir(directory), 0);
	guarded_memory_free(memory);
}

static const struct unit_test tests[] = {
	{ "RSDP", test_rsdp },
	{ "FADT and FACS", test_fadt },
	{ "MADT", test_madt },
	{ "MCFG", test_mcfg },
	{ "DSDT agrees with machine_map.h", test_dsdt_agrees },
	{ "parameters", test_parameters },
	{ "the same after a reset", test_rebuild },
	{ "iasl can read them", test_disassembly },
};

UNIT_MAIN("acpi", tests)

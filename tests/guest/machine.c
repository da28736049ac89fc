/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a PC has besides PCI: ACPI tables, clock, timers and interrupts; and the other processors.
 * Command line: cpus=N, memory= (bytes).
 */
#include <stddef.h>

#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/deadline.h"
#include "samples/bare-metal/lib/interrupts.h"
#include "samples/bare-metal/lib/multiboot.h"
#include "samples/bare-metal/lib/port.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"
#include "samples/bare-metal/lib/tsc.h"
#include "tests/guest/check.h"
#include "tests/guest/ioapic.h"
#include "tests/guest/mmio.h"

#define LAPIC 0xfee00000UL
#define LAPIC_ID 0x20
#define LAPIC_ICR_LOW 0x300
#define LAPIC_ICR_HIGH 0x310
#define LAPIC_ICR_PENDING 0x1000
#define LAPIC_ICR_SELF 0x40000
#define LAPIC_ICR_INIT 0x4500
#define LAPIC_ICR_STARTUP 0x4600
#define LAPIC_LVT_TIMER 0x320
#define LAPIC_MASKED 0x10000
#define LAPIC_PERIODIC 0x20000
#define LAPIC_TIMER_COUNT 0x380
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE 0x3e0
#define PIT_PIN 2 /* the MADT says that the PIT's line 0 is there */
#define COM1_PIN 4

#define PIT_CHANNEL0 0x40
#define PIT_COMMAND 0x43
#define PIT_MODE2 0x34
#define PIT_DIVISOR 11932 /* 100 Hz */
#define COM1_IER 0x3f9
#define COM1_IIR 0x3fa
#define COM1_MCR 0x3fc
#define PM_TIMER 0x608
#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71

#define VECTOR_LAPIC 40
#define VECTOR_PIT 41
#define VECTOR_COM1 42
#define VECTOR_SELF 43
#define WAIT_SECONDS 20

/* ACPI 6.4, 5.2. */
struct acpi_rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __attribute__((packed));

struct acpi_table {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem[6], oem_table[8];
	uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));

static uint8_t sum_of(uint64_t address, uint32_t length)
{
	const uint8_t *bytes = (const uint8_t *)address;
	uint8_t sum = 0;

	while (length--)
		sum = (uint8_t)(sum + *bytes++);
	return sum;
}

static uint64_t field(const struct acpi_table *table, unsigned int offset, unsigned int size)
{
	return mmio_read((uint64_t)table + offset, size);
}

static const struct acpi_rsdp *find_rsdp(void)
{
	uint64_t address;

	for (address = 0xe0000; address < 0x100000; address += 16)
		if (!memcmp((const void *)address, "RSD PTR ", 8))
			return (const struct acpi_rsdp *)address;
	return NULL;
}

static void check_madt(const struct acpi_table *madt)
{
	uint64_t cpus = cmdline_number("cpus", 1, 255, 1), found = 0;
	uint32_t offset = 44;
	bool has_ioapic = false, has_pit = false;

	check_is("address of the local APICs", 36, field(madt, 36, 4), LAPIC);
	while (offset + 2 <= madt->length) {
		uint64_t type = field(madt, offset, 1), size = field(madt, offset + 1, 1);

		if (size < 2) {
			check_that("MADT entries have a size", false);
			return;
		}
		if (type == 0 && field(madt, offset + 4, 4) & 1) {
			check_is("APIC id", found, field(madt, offset + 3, 1), found);
			found++;
		}
		if (type == 1 && field(madt, offset + 4, 4) == IOAPIC)
			has_ioapic = true;
		if (type == 2 && field(madt, offset + 3, 1) == 0)
			has_pit = field(madt, offset + 4, 4) == PIT_PIN;
		offset += (uint32_t)size;
	}
	check_is("end of the MADT", 0, offset, madt->length);
	check_is("processors", 0, found, cpus);
	check_that("the MADT has the I/O APIC", has_ioapic);
	check_that("the MADT has the PIT at pin 2", has_pit);
}

static void check_fadt(const struct acpi_table *fadt)
{
	const struct acpi_table *dsdt = (const struct acpi_table *)field(fadt, 40, 4);

	check_is("PM1a control block", 64, field(fadt, 64, 4), 0x604);
	check_is("PM timer block", 76, field(fadt, 76, 4), PM_TIMER);
	check_that("the reset register is supported", field(fadt, 112, 4) & 0x400);
	check_is("reset register", 120, field(fadt, 120, 8), 0xcf9);
	check_that("the DSDT is there", !memcmp(dsdt->signature, "DSDT", 4));
	check_is("checksum of the DSDT", (uint64_t)dsdt, sum_of((uint64_t)dsdt, dsdt->length), 0);
	if (field(fadt, 140, 8))
		check_is("X_DSDT", 140, field(fadt, 140, 8), (uint64_t)dsdt);
}

static void test_acpi(void)
{
	const struct acpi_rsdp *rsdp = find_rsdp();
	const struct acpi_table *xsdt, *table;
	unsigned int i, count, seen = 0;

	check_begin("ACPI: tables are found by the scan and have good checksums");
	check_that("there is an RSDP", rsdp != NULL);
	if (!rsdp)
		return;
	check_is("checksum of the RSDP", 20, sum_of((uint64_t)rsdp, 20), 0);
	check_that("revision 2 or later", rsdp->revision >= 2);
	check_is("checksum of the RSDP", 36, sum_of((uint64_t)rsdp, rsdp->length), 0);
	xsdt = (const struct acpi_table *)rsdp->xsdt;
	check_is("checksum of the XSDT", rsdp->xsdt, sum_of(rsdp->xsdt, xsdt->length), 0);
	count = (xsdt->length - 36) / 8;
	for (i = 0; i < count; i++) {
		table = (const struct acpi_table *)field(xsdt, 36 + 8 * i, 8);
		check_is("checksum of a table", i, sum_of((uint64_t)table, table->length), 0);
		if (!memcmp(table->signature, "APIC", 4)) {
			check_madt(table);
			seen |= 1;
		} else if (!memcmp(table->signature, "FACP", 4)) {
			check_fadt(table);
			seen |= 2;
		} else if (!memcmp(table->signature, "MCFG", 4)) {
			check_is("ECAM", 44, field(table, 44, 8), 0xe0000000);
			check_is("buses", 54, field(table, 54, 2), 0);
			seen |= 4;
		}
	}
	check_is("MADT, FADT and MCFG", 0, seen, 7);
}

static void test_memory(void)
{
	uint64_t memory = cmdline_number("memory", 0, UINT64_MAX, 0), size;

	if (!memory)
		return;
	check_begin("memory: the loader tells its size, but for the holes below 1 MiB");
	size = multiboot_memory_size();
	check_that("not more than there is", size <= memory);
	check_that("nearly all", size + (1 << 20) > memory);
}

static unsigned int cmos(uint8_t index)
{
	uint8_t value;

	port_write8(CMOS_INDEX, index);
	value = port_read8(CMOS_DATA);
	return (value >> 4) * 10U + (value & 15);
}

/* For the script to compare with its own clock. */
static void print_clock(void)
{
	unsigned int now[7], then[7], i;
	static const uint8_t registers[] = { 0x32, 9, 8, 7, 4, 2, 0 };

	for (i = 0; i < 7; i++)
		now[i] = cmos(registers[i]);
	do {
		memcpy(then, now, sizeof(now));
		for (i = 0; i < 7; i++)
			now[i] = cmos(registers[i]);
	} while (memcmp(then, now, sizeof(now)));
	print("clock %02u%02u-%02u-%02u %02u:%02u:%02u\n", now[0], now[1], now[2], now[3], now[4],
	      now[5], now[6]);
}

static void test_clocks(void)
{
	uint32_t first, last, i, steps = 0;
	struct deadline deadline;

	check_begin("PM timer: counts in 24 bits");
	first = last = port_read32(PM_TIMER);
	deadline_start(&deadline, WAIT_SECONDS);
	while (steps < 100 && !deadline_passed(&deadline)) {
		uint32_t now = port_read32(PM_TIMER);

		check_is("bits beyond 24", now, now >> 24, 0);
		if (now != last)
			steps++;
		last = now;
	}
	check_is("steps", first, steps, 100);
	check_begin("time-stamp counter: never goes back");
	for (i = 0; i < 1000; i++) {
		uint64_t before = tsc_read();

		check_that("forward", tsc_read() >= before);
	}
}

static void lapic_write(unsigned int reg, uint32_t value)
{
	mmio_write(LAPIC + reg, 4, value);
}

static uint32_t lapic_read(unsigned int reg)
{
	return (uint32_t)mmio_read(LAPIC + reg, 4);
}

/* Interrupts are let in all the time, so polling the count is enough. */
static void await(unsigned int vector, uint64_t count)
{
	struct deadline deadline;

	deadline_start(&deadline, WAIT_SECONDS);
	while (interrupts_count(vector) < count && !deadline_passed(&deadline))
		tsc_pause();
	check_that("the interrupt arrives", interrupts_count(vector) >= count);
}

static void test_interrupts(void)
{
	uint64_t seen;

	interrupts_enable();
	check_begin("local APIC timer: interrupts, once and again and again");
	lapic_write(LAPIC_TIMER_DIVIDE, 3);
	lapic_write(LAPIC_LVT_TIMER, VECTOR_LAPIC);
	lapic_write(LAPIC_TIMER_COUNT, 100000);
	await(VECTOR_LAPIC, 1);
	check_is("count after one shot", 0, lapic_read(LAPIC_TIMER_CURRENT), 0);
	lapic_write(LAPIC_LVT_TIMER, LAPIC_PERIODIC | VECTOR_LAPIC);
	lapic_write(LAPIC_TIMER_COUNT, 100000);
	await(VECTOR_LAPIC, 5);
	lapic_write(LAPIC_LVT_TIMER, LAPIC_MASKED);
	lapic_write(LAPIC_TIMER_COUNT, 0);

	check_begin("PIT: interrupts by pin 2 of the I/O APIC");
	ioapic_route(PIT_PIN, VECTOR_PIT);
	port_write8(PIT_COMMAND, PIT_MODE2);
	port_write8(PIT_CHANNEL0, PIT_DIVISOR & 0xff);
	port_write8(PIT_CHANNEL0, PIT_DIVISOR >> 8);
	await(VECTOR_PIT, 3);
	ioapic_route(PIT_PIN, LAPIC_MASKED | VECTOR_PIT);

	check_begin("COM1: the transmitter interrupts by pin 4 of the I/O APIC");
	ioapic_route(COM1_PIN, VECTOR_COM1);
	port_write8(COM1_MCR, 0x0b);
	port_write8(COM1_IER, 0x02);
	await(VECTOR_COM1, 1);
	check_is("IIR", COM1_IIR, port_read8(COM1_IIR) & 0x0f, 0x02);
	seen = interrupts_count(VECTOR_COM1);
	print("# a line that raises it again\n");
	await(VECTOR_COM1, seen + 1);
	port_write8(COM1_IER, 0);
	ioapic_route(COM1_PIN, LAPIC_MASKED | VECTOR_COM1);

	check_begin("local APIC: an interrupt to oneself");
	lapic_write(LAPIC_ICR_LOW, LAPIC_ICR_SELF | VECTOR_SELF);
	await(VECTOR_SELF, 1);
	check_is("count", VECTOR_SELF, interrupts_count(VECTOR_SELF), 1);
}

#define AP_PAGE 8
#define AP_CODE (AP_PAGE * 4096UL)
#define AP_FLAGS 0x9000UL

/*
 * Real mode: note in the byte at 0x9000 + APIC id that this processor has come by, and halt. Only
 * instructions that a hypervisor which emulates real mode can be expected to know.
 */
static const uint8_t ap_code[] = {
	0xb8, 0x00, 0x09,	      /* mov $0x900, %ax */
	0x8e, 0xd8,		      /* mov %ax, %ds */
	0x66, 0xb8, 0x01, 0, 0, 0,    /* mov $1, %eax */
	0x0f, 0xa2,		      /* cpuid */
	0x66, 0xc1, 0xeb, 0x18,	      /* shr $24, %ebx */
	0xfe, 0x07,		      /* incb (%bx) */
	0xfa, 0xf4, 0xeb, 0xfc,	      /* cli; 1: hlt; jmp */
};

static void ipi(uint64_t target, uint32_t command)
{
	lapic_write(LAPIC_ICR_HIGH, (uint32_t)target << 24);
	lapic_write(LAPIC_ICR_LOW, command);
	while (lapic_read(LAPIC_ICR_LOW) & LAPIC_ICR_PENDING)
		tsc_pause();
}

/* INIT, then two start-up messages (Intel SDM vol. 3, 9.4.4); no waiting between is needed. */
static void test_processors(void)
{
	uint64_t cpus = cmdline_number("cpus", 1, 255, 1), i;
	struct deadline deadline;

	check_begin("processors: this one is number 0");
	check_is("APIC id", 0, lapic_read(LAPIC_ID) >> 24, 0);
	if (cpus == 1)
		return;
	check_begin("processors: each one starts once, with its own APIC id");
	memcpy((void *)AP_CODE, ap_code, sizeof(ap_code));
	for (i = 1; i < cpus; i++)
		ipi(i, LAPIC_ICR_INIT);
	for (i = 1; i < cpus; i++)
		ipi(i, LAPIC_ICR_STARTUP | AP_PAGE);
	for (i = 1; i < cpus; i++)
		ipi(i, LAPIC_ICR_STARTUP | AP_PAGE);
	deadline_start(&deadline, WAIT_SECONDS);
	for (i = 1; i < cpus; i++)
		while (!mmio_read(AP_FLAGS + i, 1) && !deadline_passed(&deadline))
			tsc_pause();
	for (i = 0; i <= cpus; i++)
		check_is("has started", i, mmio_read(AP_FLAGS + i, 1), i > 0 && i < cpus);
}

int main(void)
{
	print_clock();
	test_acpi();
	test_memory();
	test_clocks();
	test_interrupts();
	test_processors();
	return check_end();
}

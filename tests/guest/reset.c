/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that resets its machine again and again and looks at what it wakes up in. The region is
 * its memory from one life to the next. Command line: resets=N, quick=1 to look at less,
 * idle=1 to stay after the last one, cpus=N to have the others busy meanwhile.
 */
#include <stddef.h>

#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/deadline.h"
#include "samples/bare-metal/lib/interrupts.h"
#include "samples/bare-metal/lib/ivshmem.h"
#include "samples/bare-metal/lib/multiboot.h"
#include "samples/bare-metal/lib/port.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"
#include "samples/bare-metal/lib/tsc.h"
#include "tests/guest/check.h"
#include "tests/guest/mmio.h"

#define MAGIC 0x7465736572207369UL
#define WORDS 1024 /* of the region, filled in the first life */

#define LAPIC 0xfee00000UL
#define LAPIC_SPURIOUS 0xf0
#define LAPIC_ICR_LOW 0x300
#define LAPIC_ICR_HIGH 0x310
#define LAPIC_ICR_INIT 0x4500
#define LAPIC_ICR_STARTUP 0x4600
#define LAPIC_LVT_TIMER 0x320
#define LAPIC_MASKED 0x10000
#define IOAPIC 0xfec00000UL
#define IOAPIC_PINS 24
#define REG_BAR0 0x10
#define REG_BAR2 0x18
#define REG_INTERRUPT_LINE 0x3c
#define CONFIG_ADDRESS 0xcf8
#define SCRATCH_REGISTER 0x3ff
#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_FREE 0x40
#define PM1_ENABLE 0x602

#define BUSY_CODE 0x8000UL
#define BUSY_COUNT 0x9100UL

/* Free memory: below the multiboot information, and above the image up to the end of 64 MiB. */
#define LOW_FROM 0x1000UL
#define LOW_TO 0x90000UL
#define HIGH_FROM 0x400000UL
#define HIGH_TO 0x4000000UL
#define STEP_QUICK 0x40000UL

static const struct reset_way {
	const char *name;
	uint16_t port;
	uint8_t value;
} ways[] = {
	{ "the ACPI reset register", 0xcf9, 0x0e },
	{ "0x06 at port 0xcf9", 0xcf9, 0x06 },
	{ "port 0x64", 0x64, 0xfe },
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

struct memory {
	uint64_t magic, life, bar0, bar2;
	uint64_t good;
	uint64_t pattern[WORDS];
};

static struct ivshmem device;
static volatile struct memory *memory;
static uint64_t registers;

static uint32_t ioapic_read(unsigned int reg)
{
	mmio_write(IOAPIC, 4, reg);
	return (uint32_t)mmio_read(IOAPIC + 0x10, 4);
}

static uint8_t cmos_read(uint8_t index)
{
	port_write8(CMOS_INDEX, index);
	return port_read8(CMOS_DATA);
}

static void check_device(void)
{
	const struct pci_function *function = &device.function;

	check_is("command", 0, pci_read16(function, PCI_COMMAND), PCI_COMMAND_MEMORY);
	check_is("interrupt line", 0, pci_read8(function, REG_INTERRUPT_LINE), 0xff);
	check_is("BAR0", 0, pci_read32(function, REG_BAR0), memory->bar0);
	check_is("BAR2", 0, pci_read32(function, REG_BAR2), memory->bar2);
	check_is("IntrMask", 0, mmio_read(registers, 4), 0);
	check_is("IntrStatus", 4, mmio_read(registers + 4, 4), 0);
}

static void check_chipset(void)
{
	unsigned int pin;

	check_is("spurious vector", 0, mmio_read(LAPIC + LAPIC_SPURIOUS, 4) & 0x100, 0);
	check_is("timer", 0, mmio_read(LAPIC + LAPIC_LVT_TIMER, 4) & LAPIC_MASKED, LAPIC_MASKED);
	for (pin = 0; pin < IOAPIC_PINS; pin++)
		check_is("I/O APIC pin", pin, ioapic_read(0x10 + 2 * pin) & LAPIC_MASKED,
			 LAPIC_MASKED);
	check_is("UART scratch register", 0, port_read8(SCRATCH_REGISTER), 0);
	check_is("PM1 enable", 0, port_read16(PM1_ENABLE), 0);
}

static void check_region(void)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		check_is("word of the region", i, memory->pattern[i], MAGIC * (i + 1));
}

/* One word of each page, or of each 256 KiB. */
static void check_ram(uint64_t from, uint64_t to, uint64_t step)
{
	uint64_t address;

	for (address = from; address < to; address += step)
		check_is("RAM", address, mmio_read(address, 8), 0);
}

static void spoil_ram(uint64_t from, uint64_t to, uint64_t step)
{
	uint64_t address;

	for (address = from; address < to; address += step)
		mmio_write(address, 8, MAGIC);
}

/*
 * The other processors run in real mode at the moment of the reset, in and out of the machine's
 * ports, and count in the word at 0x9100; none of them may be running afterwards.
 */
static const uint8_t busy_code[] = {
	0xb8, 0x10, 0x09, /* mov $0x910, %ax */
	0x8e, 0xd8,	  /* mov %ax, %ds */
	0x31, 0xdb,	  /* xor %bx, %bx */
	0xba, 0xfd, 0x03, /* mov $0x3fd, %dx */
	0xfe, 0x07,	  /* 1: incb (%bx) */
	0xec,		  /* in %dx, %al */
	0xeb, 0xfb,	  /* jmp 1b */
};

static void start_others(unsigned int cpus)
{
	struct deadline deadline;
	unsigned int i;

	memcpy((void *)BUSY_CODE, busy_code, sizeof(busy_code));
	for (i = 1; i < cpus; i++) {
		mmio_write(LAPIC + LAPIC_ICR_HIGH, 4, (uint64_t)i << 24);
		mmio_write(LAPIC + LAPIC_ICR_LOW, 4, LAPIC_ICR_INIT);
		mmio_write(LAPIC + LAPIC_ICR_LOW, 4, LAPIC_ICR_STARTUP | BUSY_CODE >> 12);
	}
	deadline_start(&deadline, 20);
	while (cpus > 1 && !mmio_read(BUSY_COUNT, 1) && !deadline_passed(&deadline))
		tsc_pause();
}

/* Leave everything in a state in which it must not be found again. */
static void spoil(uint64_t step)
{
	const struct pci_function *function = &device.function;
	unsigned int pin;

	mmio_write(registers, 4, 0xffffffff);
	mmio_write(registers + 4, 4, 0xffffffff);
	pci_write32(function, REG_INTERRUPT_LINE, 0x0b);
	mmio_write(LAPIC + LAPIC_SPURIOUS, 4, 0x1ff);
	mmio_write(LAPIC + LAPIC_LVT_TIMER, 4, 0x20030);
	for (pin = 0; pin < IOAPIC_PINS; pin++) {
		mmio_write(IOAPIC, 4, 0x10 + 2 * pin);
		mmio_write(IOAPIC + 0x10, 4, 0x30 + pin);
	}
	port_write8(SCRATCH_REGISTER, 0x77);
	port_write16(PM1_ENABLE, 0x0120);
	spoil_ram(LOW_FROM, LOW_TO, 4096);
	spoil_ram(HIGH_FROM, HIGH_TO, step);
	/* The BARs away, and one life in two with decode off. */
	pci_write32(function, REG_BAR2, 0xc0000000);
	pci_write32(function, REG_BAR0, 0xd0000000);
	pci_write16(function, PCI_COMMAND, 0x0507);
	port_write32(CONFIG_ADDRESS, 0x80003004);
}

static void reset(uint64_t life)
{
	const struct reset_way *way = &ways[life % WAYS];

	if (life % 2)
		pci_write16(&device.function, PCI_COMMAND, 0);
	port_write8(way->port, way->value);
	interrupts_idle();
}

static void first_life(void)
{
	unsigned int i;

	memory->bar0 = pci_read32(&device.function, REG_BAR0);
	memory->bar2 = pci_read32(&device.function, REG_BAR2);
	for (i = 0; i < WORDS; i++)
		memory->pattern[i] = MAGIC * (i + 1);
	memory->magic = MAGIC;
}

int main(void)
{
	uint64_t resets = cmdline_number("resets", 0, 1000000, 6);
	bool quick = cmdline_number("quick", 0, 1, 0);
	uint64_t step = quick ? STEP_QUICK : 4096, life;
	uint64_t size = multiboot_memory_size();
	uint32_t first_address = port_read32(CONFIG_ADDRESS);
	struct pci_bar bar = { 0 };

	ivshmem_init(&device, 0);
	pci_bar_read(&device.function, 0, &bar);
	registers = bar.address;
	memory = device.memory;
	if (memory->magic != MAGIC)
		first_life();
	life = memory->life++;
	if (!quick || life == 0 || life == resets) {
		check_begin(life == 0	     ? "reset: the state at power-on"
			    : life == resets ? "reset: the state after the last reset"
					     : "reset: the state after a reset");
		check_is("0xcf8", 0, first_address, 0);
		check_is("memory size", 0, size, memory->good ? memory->good : size);
		check_device();
		check_chipset();
		check_region();
		check_ram(LOW_FROM, LOW_TO, 4096);
		check_ram(HIGH_FROM, HIGH_TO, step);
		check_is("CMOS is alive", 0, cmos_read(0x0d) & 0x80, 0x80);
	}
	memory->good = size;
	if (life == resets) {
		if (!cmdline_number("idle", 0, 1, 0))
			return check_end();
		check_end();
		interrupts_idle();
	}
	check_finish();
	if (!quick)
		print("# next: %s\n", ways[life % WAYS].name);
	spoil(step);
	start_others((unsigned int)cmdline_number("cpus", 1, 64, 1));
	reset(life);
	return 1;
}

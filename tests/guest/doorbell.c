/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The doorbell device, rung by itself or as the console says. Command line: do=WORD, one of the
 * table at the end; vectors=, pba=, bar1= and position= say what is to be found; monitor=qemu
 * leaves out what QEMU does in another way.
 */
#include <stddef.h>

#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/port.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"
#include "samples/bare-metal/lib/tsc.h"
#include "tests/guest/check.h"
#include "tests/guest/doorbell_device.h"
#include "tests/guest/doorbell_random.h"
#include "tests/guest/doorbell_serve.h"
#include "tests/guest/mmio.h"

#define CAPABILITY 0x40
#define CAPABILITY_BIT 0x0010
#define CONTROL_FREE 0xc0000000 /* enable and function mask */
#define OTHER_VECTOR (INTERRUPTS_FIRST + 50)
#define ROUNDS 200

static struct doorbell_device device;
static unsigned int self;
static bool is_qemu;

static uint32_t config(unsigned int reg)
{
	return pci_read32(&device.ivshmem.function, reg);
}

/* --- what a guest finds ----------------------------------------------------------------------- */

static void test_capability(void)
{
	uint32_t control;

	check_begin("one capability at 0x40: MSI-X, off, with the right table and pending bits");
	check_is("status", 6, config(4) >> 16 & CAPABILITY_BIT, CAPABILITY_BIT);
	check_is("first capability", 0x34, config(0x34) & 0xff, CAPABILITY);
	check_is("id, next, control", CAPABILITY, config(CAPABILITY),
		 0x11 | (uint32_t)(device.vectors - 1) << 16);
	check_is("vectors", CAPABILITY, device.vectors, cmdline_number("vectors", 0, 2048, 1));
	check_is("table", CAPABILITY + 4, config(CAPABILITY + 4), 1);
	check_is("pending bits", CAPABILITY + 8, config(CAPABILITY + 8),
		 cmdline_number("pba", 0, UINT32_MAX, 0x800) | 1);
	check_is("BAR1", 0x14, device.bar1_size, cmdline_number("bar1", 0, UINT32_MAX, 0x1000));
	check_is("interrupt pin", 0x3d, config(0x3c) >> 8 & 0xff, 0);

	check_begin("only two bits of the capability can be written");
	control = config(CAPABILITY);
	pci_write32(&device.ivshmem.function, CAPABILITY, 0xffffffff);
	check_is("control", CAPABILITY, config(CAPABILITY), control | CONTROL_FREE);
	pci_write32(&device.ivshmem.function, CAPABILITY, 0);
	check_is("control", CAPABILITY, config(CAPABILITY), control);
	pci_write32(&device.ivshmem.function, CAPABILITY + 4, 0xffffffff);
	pci_write32(&device.ivshmem.function, CAPABILITY + 8, 0xffffffff);
	check_is("table", CAPABILITY + 4, config(CAPABILITY + 4), 1);
	check_is("pending bits", CAPABILITY + 8, config(CAPABILITY + 8), device.pba_offset | 1);
}

static uint64_t entry_word(unsigned int entry, unsigned int offset)
{
	return device.table + DOORBELL_ENTRY_SIZE * entry + offset;
}

static void check_fresh_table(void)
{
	unsigned int entry, offset;

	for (entry = 0; entry < device.vectors; entry++) {
		check_is("address", entry, mmio_read(entry_word(entry, 0), 8), 0);
		check_is("data", entry, mmio_read(entry_word(entry, 8), 4), 0);
		check_is("control", entry, mmio_read(entry_word(entry, 12), 4), 1);
	}
	for (offset = 0; offset < (device.vectors + 63) / 64 * 8; offset += 4)
		check_is("pending bits", offset, mmio_read(device.pba + offset, 4), 0);
}

/* First, last, and some between. */
static void test_table(void)
{
	unsigned int entry, step = device.vectors / 5 + 1;
	uint64_t last = entry_word(device.vectors - 1, 0);

	check_begin("the table is all masked and empty, nothing is pending");
	check_fresh_table();

	check_begin("each entry keeps its own words, by 4 and by 8 bytes");
	for (entry = 0; entry < device.vectors; entry += step) {
		mmio_write(entry_word(entry, 0), 4, 0xfee01000 + entry * 4);
		mmio_write(entry_word(entry, 4), 4, entry);
		mmio_write(entry_word(entry, 8), 8, 0xffffffff00000000 | entry);
	}
	for (entry = 0; entry < device.vectors; entry += step) {
		check_is("address", entry, mmio_read(entry_word(entry, 0), 8),
			 (uint64_t)entry << 32 | (0xfee01000 + entry * 4));
		check_is("data", entry, mmio_read(entry_word(entry, 8), 4), entry);
		check_is("control", entry, mmio_read(entry_word(entry, 12), 4), 0xffffffff);
		mmio_write(entry_word(entry, 0), 8, 0);
		mmio_write(entry_word(entry, 8), 8, 0x100000000);
	}

	check_begin("bytes and words change nothing, nor do writes to pending bits or between");
	mmio_write(last, 1, 0xff);
	mmio_write(last + 12, 1, 0);
	mmio_write(last + 12, 2, 0);
	mmio_write(device.pba, 4, 0xffffffff);
	mmio_write(device.pba, 8, UINT64_MAX);
	for (entry = 0; device.bar1_size - 4 * entry > 0 && entry < 8; entry++) {
		mmio_write(device.bar1 + device.bar1_size - 4 * (entry + 1), 4, 0xffffffff);
		check_is("end of BAR1", entry,
			 mmio_read(device.bar1 + device.bar1_size - 4 * (entry + 1), 4), 0);
	}
	if (DOORBELL_ENTRY_SIZE * device.vectors < device.pba_offset) {
		mmio_write(last + DOORBELL_ENTRY_SIZE, 4, 0xffffffff);
		check_is("behind the table", 0, mmio_read(last + DOORBELL_ENTRY_SIZE, 4), 0);
	}
	check_fresh_table();
}

static void run_layout(void)
{
	test_capability();
	if (device.vectors)
		test_table();
}

/* A plain device: none of it. */
static void run_plain(void)
{
	unsigned int vector;

	check_begin("a device without vectors: no capability, no BAR1, a deaf doorbell");
	check_is("status", 6, config(4) >> 16 & CAPABILITY_BIT, 0);
	check_is("first capability", 0x34, config(0x34) & 0xff, 0);
	check_is("BAR1", 0x14, config(0x14), 0);
	check_is("IVPosition", DOORBELL_POSITION, doorbell_position(&device), 0);
	for (vector = 0; vector < 3; vector++)
		doorbell_ring(&device, vector, vector);
	doorbell_settle();
	check_is("interrupts", 0, doorbell_total(), 0);
}

/* --- registers -------------------------------------------------------------------------------- */

/* One interrupt by that entry, and by no other. */
static void check_one(const char *what, uint64_t where, unsigned int entry, uint64_t before,
		      uint64_t total)
{
	check_is(what, where, doorbell_await(entry, before + 1), before + 1);
	doorbell_settle();
	check_is(what, where, doorbell_count(entry), before + 1);
	check_is("interrupts in all", where, doorbell_total(), total + 1);
}

static void check_write_rings(uint64_t offset, unsigned int size, uint64_t value,
			      unsigned int entry)
{
	uint64_t before = doorbell_count(entry), total = doorbell_total();

	/* QEMU drops what is not aligned where it emulates the processor, splits it up on KVM. */
	if (is_qemu && offset % size)
		return;
	mmio_write(device.registers + offset, size, value);
	check_one("write", (uint64_t)size << 32 | offset, entry, before, total);
}

static void test_ring_sizes(void)
{
	unsigned int offset, i;

	check_begin("a ring is one interrupt, also when it is quick");
	for (i = 0; i < 10; i++)
		check_write_rings(DOORBELL_RING, 4, self << 16 | 1, 1);

	check_begin("a write of 8 bytes rings as its half at the doorbell says");
	check_write_rings(DOORBELL_RING, 8, 0xffffffff00000000 | self << 16 | 1, 1);
	check_write_rings(DOORBELL_POSITION, 8, (uint64_t)(self << 16 | 1) << 32 | 0xabcd, 1);

	check_begin("shorter writes are extended with zeros, and ring wherever they touch it");
	for (offset = DOORBELL_RING; offset < DOORBELL_RING + 4; offset++) {
		check_write_rings(offset, 4, self << 16 | 1, 1);
		/* Those can only mean peer 0. */
		if (self)
			continue;
		check_write_rings(offset, 1, 1, 1);
		check_write_rings(offset, 2, 1, 1);
		check_write_rings(offset, 1, 0, 0);
	}
}

static void test_deaf(void)
{
	static const uint32_t values[] = { 0x00070000, 0x7fff0000, 0xffff0000, 0xffffffff,
					   0x00000000, 0x00010000, 0x01000000 };
	uint64_t total = doorbell_total();
	unsigned int i;

	check_begin("unknown peers and vectors: nothing happens");
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (values[i] >> 16 != self)
			mmio_write(device.registers + DOORBELL_RING, 4, values[i]);
	doorbell_ring(&device, self, device.vectors);
	doorbell_ring(&device, self, 0x7fff);
	/* 0x0100 and the like: QEMU without ioeventfd looks at the lowest byte only. */
	if (!is_qemu) {
		doorbell_ring(&device, self, 0x100);
		doorbell_ring(&device, self, 0xff00);
		doorbell_ring(&device, self, 0xff01);
	}
	doorbell_settle();
	check_is("interrupts", 0, doorbell_total(), total);
}

static void test_plain_registers(void)
{
	check_begin("IVPosition cannot be written, Doorbell reads as 0, the others are storage");
	mmio_write(device.registers + DOORBELL_POSITION, 4, 1 - self);
	check_is("IVPosition", DOORBELL_POSITION, doorbell_position(&device), self);
	mmio_write(device.registers + DOORBELL_POSITION, 4, 0xffffffff);
	check_is("IVPosition", DOORBELL_POSITION, doorbell_position(&device), self);
	check_is("Doorbell", DOORBELL_RING, mmio_read(device.registers + DOORBELL_RING, 4), 0);
	check_is("Doorbell", DOORBELL_RING, mmio_read(device.registers + DOORBELL_POSITION, 8),
		 self);
	mmio_write(device.registers + DOORBELL_INTR_MASK, 4, 0xffffffff);
	check_is("IntrMask", 0, mmio_read(device.registers + DOORBELL_INTR_MASK, 4), 0xffffffff);
	doorbell_ring(&device, self, 0);
	doorbell_settle();
	check_is("IntrStatus after a ring", 4,
		 mmio_read(device.registers + DOORBELL_INTR_STATUS, 4), 0);
	mmio_write(device.registers + DOORBELL_INTR_STATUS, 4, 1);
	check_is("IntrStatus", 4, mmio_read(device.registers + DOORBELL_INTR_STATUS, 4), 1);
	check_is("IntrStatus again", 4, mmio_read(device.registers + DOORBELL_INTR_STATUS, 4), 0);
	mmio_write(device.registers + DOORBELL_INTR_MASK, 4, 0);
	check_is("status", 6, config(4) >> 16 & 8, 0);
}

static void run_registers(void)
{
	doorbell_open_all(&device);
	test_plain_registers();
	test_ring_sizes();
	test_deaf();
}

/* --- MSI-X ------------------------------------------------------------------------------------ */

static void ring_self(unsigned int entry)
{
	doorbell_ring(&device, self, entry);
}

static void check_pending(unsigned int entry, bool wanted)
{
	check_is("pending", entry,
		 wanted ? doorbell_await_pending(&device, entry) : doorbell_pending(&device, entry),
		 wanted);
}

/* Rings come, none is delivered; then release() lets exactly one through. */
static void check_held(unsigned int entry, unsigned int rings, void (*release)(unsigned int))
{
	uint64_t before = doorbell_count(entry), total = doorbell_total();
	unsigned int i;

	for (i = 0; i < rings; i++)
		ring_self(entry);
	doorbell_settle();
	check_is("interrupts while it is held", entry, doorbell_total(), total);
	release(entry);
	check_one("interrupts when it is free", entry, entry, before, total);
	check_pending(entry, false);
	check_is("pending bits", 0, mmio_read(device.pba, 4), 0);
}

static void release_mask(unsigned int entry)
{
	check_pending(entry, true);
	/* Looking at it takes nothing away. */
	check_pending(entry, true);
	check_is("pending bits", entry, mmio_read(device.pba, 4), 1U << entry);
	doorbell_unmask(&device, entry);
}

static void test_masked(void)
{
	unsigned int times;

	check_begin("a masked entry: the pending bit, then one interrupt");
	for (times = 1; times <= 3; times++) {
		doorbell_mask(&device, 1);
		check_held(1, times, release_mask);
	}
	check_begin("all of them masked: each has its own pending bit");
	doorbell_mask(&device, 0);
	doorbell_mask(&device, 1);
	ring_self(0);
	check_pending(0, true);
	check_pending(1, false);
	ring_self(1);
	check_pending(1, true);
	times = (unsigned int)doorbell_count(0);
	doorbell_unmask(&device, 0);
	check_is("interrupts", 0, doorbell_await(0, times + 1), times + 1);
	check_pending(0, false);
	check_pending(1, true);
	times = (unsigned int)doorbell_count(1);
	doorbell_unmask(&device, 1);
	check_is("interrupts", 1, doorbell_await(1, times + 1), times + 1);
}

static void release_function(unsigned int entry)
{
	check_pending(entry, true);
	doorbell_mask_function(&device, false);
}

static void test_function_mask(void)
{
	check_begin("the whole function masked: the same");
	doorbell_mask_function(&device, true);
	check_held(0, 1, release_function);
	doorbell_mask_function(&device, true);
	check_held(1, 3, release_function);
}

static void release_byte(unsigned int entry)
{
	const struct pci_function *function = &device.ivshmem.function;

	check_pending(entry, true);
	port_write32(0xcf8, 0x80000000 | (uint32_t)function->slot << 11 | CAPABILITY);
	port_write8(0xcff, 0x80);
}

static void release_dword(unsigned int entry)
{
	check_pending(entry, true);
	pci_write32(&device.ivshmem.function, CAPABILITY, 0x80000000);
}

static void test_control_sizes(void)
{
	check_begin("the control word by writes of 1 and 4 bytes: the same");
	doorbell_mask_function(&device, true);
	check_held(0, 1, release_byte);
	doorbell_mask_function(&device, true);
	check_held(1, 2, release_dword);
}

static void release_data(unsigned int entry)
{
	uint64_t before = doorbell_count(entry);

	check_pending(entry, true);
	mmio_write(entry_word(entry, DOORBELL_ENTRY_DATA), 4, OTHER_VECTOR);
	doorbell_unmask(&device, entry);
	check_is("interrupts", OTHER_VECTOR, doorbell_await(50, 1), 1);
	doorbell_settle();
	check_is("interrupts at the old vector", entry, doorbell_count(entry), before);
	/* The next one is back at home, so that the caller sees its one. */
	doorbell_route(&device, entry);
	doorbell_unmask(&device, entry);
	ring_self(entry);
}

static void test_message(void)
{
	uint64_t before = doorbell_count(1), total = doorbell_total();

	check_begin("a message that is changed while masked takes effect");
	doorbell_mask(&device, 1);
	ring_self(1);
	release_data(1);
	check_is("interrupts at home", 1, doorbell_await(1, before + 1), before + 1);
	doorbell_settle();
	check_is("interrupts in all", 1, doorbell_total(), total + 2);
	check_is("interrupts elsewhere", OTHER_VECTOR, interrupts_count(OTHER_VECTOR), 1);
}

static void release_enable(unsigned int entry)
{
	(void)entry;
	doorbell_enable(&device, true);
}

static void release_master(unsigned int entry)
{
	(void)entry;
	doorbell_master(&device, true);
}

/* Nothing comes while it is off, and nothing is made up later. */
static void check_off(void (*off_and_on)(const struct doorbell_device *, bool))
{
	uint64_t total = doorbell_total();

	off_and_on(&device, false);
	ring_self(0);
	ring_self(1);
	doorbell_settle();
	check_is("interrupts while off", 0, doorbell_total(), total);
	off_and_on(&device, true);
	doorbell_settle();
	check_that("at most one interrupt for each ring", doorbell_total() - total <= 2);
}

static void test_off(void)
{
	uint64_t count, total;

	check_begin("MSI-X or bus mastering off: no interrupt");
	check_off(doorbell_enable);
	check_off(doorbell_master);
	if (is_qemu)
		return;
	check_begin("MSI-X off: what came meanwhile is delivered when it is on");
	doorbell_enable(&device, false);
	check_held(0, 1, release_enable);
	doorbell_enable(&device, false);
	check_held(1, 3, release_enable);
	check_begin("bus mastering off: the same");
	doorbell_master(&device, false);
	check_held(0, 1, release_master);
	doorbell_master(&device, false);
	check_held(1, 3, release_master);
	check_begin("both off and the entry masked: the last one to go lets it through");
	count = doorbell_count(1);
	total = doorbell_total();
	doorbell_mask(&device, 1);
	doorbell_enable(&device, false);
	doorbell_master(&device, false);
	ring_self(1);
	doorbell_unmask(&device, 1);
	doorbell_master(&device, true);
	doorbell_settle();
	check_is("interrupts", 1, doorbell_total(), total);
	doorbell_enable(&device, true);
	check_one("interrupts", 1, 1, count, total);
}

/* A ring while open, while masked, and with the mask set right behind it; none may get lost. */
static void test_switching(void)
{
	uint64_t count = doorbell_count(1), total = doorbell_total();
	unsigned int i;

	check_begin("rings amid masking and unmasking: each comes once");
	for (i = 0; i < ROUNDS; i++) {
		if (i % 3 == 1)
			doorbell_mask(&device, 1);
		if (i % 7 == 3)
			doorbell_mask_function(&device, true);
		ring_self(1);
		if (i % 3 == 2)
			doorbell_mask(&device, 1);
		if (i % 5 == 4)
			doorbell_mask_function(&device, true);
		doorbell_unmask(&device, 1);
		doorbell_mask_function(&device, false);
		check_is("interrupts after round", i, doorbell_await(1, count + i + 1),
			 count + i + 1);
	}
	doorbell_settle();
	check_is("interrupts in all", 0, doorbell_total(), total + ROUNDS);
}

static void test_every_vector(void)
{
	uint64_t count, total;
	unsigned int entry, round;

	check_begin("ringing oneself: each vector, one interrupt for one ring");
	for (round = 0; round < (device.vectors > 100 ? 2 : 10); round++) {
		for (entry = 0; entry < device.vectors; entry++) {
			count = doorbell_count(entry);
			total = doorbell_total();
			ring_self(entry);
			check_is("interrupts", entry, doorbell_await(entry, count + 1), count + 1);
			check_is("interrupts in all", entry, doorbell_total(), total + 1);
		}
	}
	total = doorbell_total();
	doorbell_settle();
	check_is("interrupts", 0, doorbell_total(), total);
}

static void test_awake(void)
{
	uint64_t count = doorbell_count(0), end;
	unsigned int i;

	check_begin("interrupts reach a processor that does not sleep");
	for (i = 1; i <= ROUNDS; i++) {
		ring_self(0);
		end = tsc_read() + TSC_HZ_MAX;
		while (doorbell_count(0) < count + i && tsc_read() < end)
			tsc_pause();
		check_is("interrupts", i, doorbell_count(0), count + i);
	}
}

static void run_msix(void)
{
	doorbell_open_all(&device);
	test_every_vector();
	test_awake();
	test_masked();
	test_function_mask();
	test_control_sizes();
	test_message();
	test_off();
	test_switching();
}

static void run_every_vector(void)
{
	doorbell_open_all(&device);
	test_every_vector();
}

/* --- BAR0 elsewhere --------------------------------------------------------------------------- */

static void check_rings(unsigned int times)
{
	uint64_t count, total;
	unsigned int i;

	for (i = 0; i < times; i++) {
		count = doorbell_count(1);
		total = doorbell_total();
		ring_self(1);
		check_is("interrupts", i, doorbell_await(1, count + 1), count + 1);
		check_is("interrupts in all", i, doorbell_total(), total + 1);
	}
}

static void check_deaf_at(uint64_t address)
{
	uint64_t total = doorbell_total();

	mmio_write(address + DOORBELL_RING, 4, self << 16 | 1);
	doorbell_settle();
	check_is("interrupts", address, doorbell_total(), total);
}

static void move_bar1(uint64_t address)
{
	uint64_t pba = device.pba - device.table;

	pci_write32(&device.ivshmem.function, 0x14, (uint32_t)address);
	device.table = address;
	device.pba = address + pba;
}

static void test_bar1_moves(void)
{
	uint64_t home = device.table;
	unsigned int i;

	check_begin("BAR1 moves: interrupts go on, table and pending bits are at the new address");
	for (i = 0; i < 5; i++) {
		move_bar1(DOORBELL_OTHER_PLACE + 0x100000);
		check_rings(3);
		check_is("data", i, mmio_read(entry_word(1, DOORBELL_ENTRY_DATA), 4),
			 doorbell_vector(1));
		doorbell_mask(&device, 1);
		check_held(1, 2, release_mask);
		mmio_write(home + DOORBELL_ENTRY_SIZE + DOORBELL_ENTRY_CONTROL, 4, 1);
		check_rings(3);
		move_bar1(home);
		check_rings(3);
	}
}

/* Where the region is, nobody rings. */
static void test_inside_memory(void)
{
	uint64_t total, inside = device.ivshmem.address + 0x10000;

	check_begin("BAR0 inside of BAR2: writes go to the memory, until BAR0 leaves");
	check_rings(20);
	total = doorbell_total();
	doorbell_move(&device, inside);
	ring_self(1);
	doorbell_settle();
	check_is("interrupts", 0, doorbell_total(), total);
	check_is("memory", inside, mmio_read(inside + DOORBELL_RING, 4), self << 16 | 1);
	mmio_write(inside + DOORBELL_RING, 4, 0);
	doorbell_move(&device, 0);
	check_rings(20);
}

static void run_move(void)
{
	uint16_t command;
	unsigned int i;

	doorbell_open_all(&device);
	check_begin("BAR0 moves while a pair is hot: rings arrive, at the new address only");
	for (i = 0; i < 10; i++) {
		check_rings(20);
		doorbell_move(&device, DOORBELL_OTHER_PLACE + 0x1000 * (i % 3));
		check_rings(3);
		check_deaf_at(device.home);
		check_rings(20);
		check_is("IVPosition", i, doorbell_position(&device), self);
		doorbell_move(&device, 0);
		check_rings(3);
		check_deaf_at(DOORBELL_OTHER_PLACE + 0x1000 * (i % 3));
	}
	check_begin("memory decode off: no doorbell; on: it is back");
	command = pci_read16(&device.ivshmem.function, PCI_COMMAND);
	for (i = 0; i < 10; i++) {
		check_rings(10);
		pci_write16(&device.ivshmem.function, PCI_COMMAND,
			    command & (uint16_t)~PCI_COMMAND_MEMORY);
		check_deaf_at(device.registers);
		pci_write16(&device.ivshmem.function, PCI_COMMAND, command);
		check_rings(3);
	}
	test_bar1_moves();
	if (!is_qemu)
		test_inside_memory();
	check_begin("BAR0 is sized while a pair is hot");
	check_rings(20);
	pci_write32(&device.ivshmem.function, 0x10, 0xffffffff);
	check_is("size", 0x10, config(0x10), 0xffffff00);
	pci_write32(&device.ivshmem.function, 0x10, (uint32_t)device.home);
	check_rings(20);
}

static void run_random(void)
{
	doorbell_random(&device);
}

static void run_serve(void)
{
	doorbell_serve(&device);
}

static const struct action {
	const char *name;
	void (*run)(void);
} actions[] = {
	{ "layout", run_layout },
	{ "plain", run_plain },
	{ "registers", run_registers },
	{ "msix", run_msix },
	{ "every-vector", run_every_vector },
	{ "random", run_random },
	{ "move", run_move },
	{ "serve", run_serve },
};

int main(void)
{
	char name[16] = "serve", monitor[8] = "";
	size_t i;

	cmdline_text("do", name, sizeof(name));
	is_qemu = cmdline_text("monitor", monitor, sizeof(monitor)) && !strcmp(monitor, "qemu");
	doorbell_init(&device);
	self = doorbell_position(&device);
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(name, actions[i].name)) {
			actions[i].run();
			return check_end();
		}
	print("no action %s\n", name);
	return 1;
}

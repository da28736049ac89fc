/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * BARs on the move: sized with decode on, put over everything there is, out of reach, over each
 * other, and thousands of times at random. What the guest must see then follows from few rules,
 * which the model below restates. Command line: test=one (a device in slot 6) or test=two (another
 * in slot 5), moves=N, seed=N, stride=N (of a region that was moved at random each N-th word is
 * checked).
 */
#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/paging.h"
#include "samples/bare-metal/lib/pci.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"
#include "tests/guest/check.h"
#include "tests/guest/mmio.h"

#define REGION_SIZE (2UL << 20)
#define REGION_WORDS (REGION_SIZE / 8)
#define REGISTERS_SIZE 256UL

#define REG_BAR0 0x10
#define REG_BAR2 0x18
#define REG_BAR3 0x1c

#define PCI32_BASE 0x80000000UL
#define PCI32_SIZE 0x60000000UL
#define HIGH_WINDOW 0x140000000UL
#define HIGH_WINDOW_SIZE 0x40000000UL
#define ECAM 0xe0000000UL
#define ECAM_SIZE 0x10000000UL
#define IOAPIC 0xfec00000UL
#define LAPIC 0xfee00000UL
#define LAPIC_VERSION 0x30
#define TOP 0x100000000UL
/* Memory of this guest that it uses for nothing else: 16 to 18 MiB. */
#define RAM_SPOT 0x1000000UL
#define UNPLACED UINT64_MAX

struct device {
	struct pci_function function;
	uint64_t seed;
	uint64_t home0, home2; /* where the BARs were at the start */
};

static struct device devices[2];
static unsigned int device_count;
static unsigned int physical_width;

/* xorshift64*; never 0. */
static uint64_t random_state;

static uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1d;
}

static uint64_t pattern(const struct device *device, uint64_t word)
{
	return (word + 1) * (device->seed | 1) ^ device->seed;
}

static void region_fill(const struct device *device, uint64_t address)
{
	volatile uint64_t *words = (volatile uint64_t *)address;
	uint64_t i;

	for (i = 0; i < REGION_WORDS; i++)
		words[i] = pattern(device, i);
}

static void check_words(const struct device *device, uint64_t address, uint64_t stride)
{
	volatile uint64_t *words = (volatile uint64_t *)address;
	uint64_t i;

	for (i = 0; i < REGION_WORDS; i += stride)
		check_is("word of the region", address + 8 * i, words[i], pattern(device, i));
}

static void check_region(const struct device *device, uint64_t address)
{
	check_words(device, address, 1);
}

static void check_nobody(uint64_t address)
{
	check_is("where nobody is", address, mmio_read(address, 8), UINT64_MAX);
	check_is("where nobody is", address + REGION_SIZE - 8,
		 mmio_read(address + REGION_SIZE - 8, 8), UINT64_MAX);
}

static void bar2_set(const struct device *device, uint64_t address)
{
	pci_write32(&device->function, REG_BAR2, (uint32_t)address);
	pci_write32(&device->function, REG_BAR3, (uint32_t)(address >> 32));
}

static uint64_t bar2_get(const struct device *device)
{
	return (pci_read32(&device->function, REG_BAR2) & ~15U) |
	       (uint64_t)pci_read32(&device->function, REG_BAR3) << 32;
}

static void bar0_set(const struct device *device, uint64_t address)
{
	pci_write32(&device->function, REG_BAR0, (uint32_t)address);
}

static void decode_set(const struct device *device, bool on)
{
	pci_write16(&device->function, PCI_COMMAND, on ? PCI_COMMAND_MEMORY : 0);
}

/* Interrupt controllers, RAM, the start of ECAM and BAR0 answer as they should. */
static void check_neighbours(void)
{
	const struct device *device = &devices[0];

	check_is("RAM", RAM_SPOT, mmio_read(RAM_SPOT, 8), 0x1122334455667788);
	check_is("RAM", RAM_SPOT + REGION_SIZE - 8, mmio_read(RAM_SPOT + REGION_SIZE - 8, 8),
		 0x8877665544332211);
	/* An integrated local APIC is version 0x10 to 0x15 (Intel SDM vol. 3, 11.4.8). */
	check_is("local APIC", LAPIC, mmio_read(LAPIC + LAPIC_VERSION, 4) & 0xf0, 0x10);
	mmio_write(IOAPIC, 4, 1);
	check_is("I/O APIC", IOAPIC, mmio_read(IOAPIC + 0x10, 4) & 0xff0000, 0x170000);
	check_is("ECAM", ECAM, mmio_read(ECAM + (6 << 15), 4), 0x11101af4);
	check_is("BAR0", device->home0, mmio_read(device->home0, 4), 0x5aa5c33c);
}

static void neighbours_init(void)
{
	mmio_write(RAM_SPOT, 8, 0x1122334455667788);
	mmio_write(RAM_SPOT + REGION_SIZE - 8, 8, 0x8877665544332211);
	mmio_write(devices[0].home0, 4, 0x5aa5c33c);
}

/* As Zephyr does, and Linux users through sysfs: each dword on its own, memory decode on. */
static void test_sizing(void)
{
	const struct device *device = &devices[0];
	uint32_t low = pci_read32(&device->function, REG_BAR2);
	uint32_t high = pci_read32(&device->function, REG_BAR3);

	check_begin("BARs: sizing with decode on, one dword after the other");
	pci_write32(&device->function, REG_BAR2, 0xffffffff);
	check_is("low dword", REG_BAR2, pci_read32(&device->function, REG_BAR2),
		 (uint32_t)-REGION_SIZE | 0xc);
	check_nobody(device->home2);
	check_neighbours();
	pci_write32(&device->function, REG_BAR2, low);
	check_region(device, device->home2);
	pci_write32(&device->function, REG_BAR3, 0xffffffff);
	check_is("high dword", REG_BAR3, pci_read32(&device->function, REG_BAR3), 0xffffffff);
	check_nobody(device->home2);
	check_neighbours();
	pci_write32(&device->function, REG_BAR3, high);
	check_region(device, device->home2);
	/* Both at once: 0xffffffffffe00000. */
	pci_write32(&device->function, REG_BAR2, 0xffffffff);
	pci_write32(&device->function, REG_BAR3, 0xffffffff);
	check_nobody(device->home2);
	check_neighbours();
	bar2_set(device, device->home2);
	check_region(device, device->home2);

	check_begin("BARs: sizing BAR0 with decode on");
	pci_write32(&device->function, REG_BAR0, 0xffffffff);
	check_is("BAR0", REG_BAR0, pci_read32(&device->function, REG_BAR0), 0xffffff00);
	check_is("its old place", device->home0, mmio_read(device->home0, 4), 0xffffffff);
	bar0_set(device, device->home0);
	check_neighbours();
}

/* The region must be at @address, and nowhere else; then it goes home. */
static void visit(const char *name, uint64_t address)
{
	const struct device *device = &devices[0];

	check_begin(name);
	bar2_set(device, address);
	check_is("BAR2", address, bar2_get(device), address);
	check_nobody(device->home2);
	check_neighbours();
	if (!paging_map(address, REGION_SIZE)) {
		print("# 0x%lx is beyond what this guest can map\n", address);
	} else {
		check_region(device, address);
		mmio_write(address + 8, 8, ~pattern(device, 1));
	}
	bar2_set(device, device->home2);
	if (address < 1UL << 47) {
		check_nobody(address);
		check_is("written there, read here", address, mmio_read(device->home2 + 8, 8),
			 ~pattern(device, 1));
	}
	mmio_write(device->home2 + 8, 8, pattern(device, 1));
	check_region(device, device->home2);
}

/* There the region must not be seen, and nothing else may suffer. */
static void visit_in_vain(const char *name, uint64_t address)
{
	const struct device *device = &devices[0];

	check_begin(name);
	bar2_set(device, address);
	check_is("BAR2", address, bar2_get(device), address);
	check_nobody(device->home2);
	check_neighbours();
	/* Decode off and on may not change that. */
	decode_set(device, false);
	decode_set(device, true);
	check_nobody(device->home2);
	check_neighbours();
	bar2_set(device, device->home2);
	check_neighbours();
	check_region(device, device->home2);
}

static void test_places(void)
{
	const struct device *device = &devices[0];

	/* Not quite at the ends, where it is at home and where BAR0 lies. */
	visit("BARs: BAR2 near the bottom of the 32-bit window", PCI32_BASE + REGION_SIZE);
	visit("BARs: BAR2 near the top of the 32-bit window",
	      PCI32_BASE + PCI32_SIZE - 2 * REGION_SIZE);
	visit("BARs: BAR2 between ECAM and the I/O APIC", ECAM + ECAM_SIZE);
	visit("BARs: BAR2 just below the I/O APIC", IOAPIC - REGION_SIZE);
	visit("BARs: BAR2 to 4 GiB", TOP);
	visit("BARs: BAR2 into the 64-bit window", HIGH_WINDOW);
	visit("BARs: BAR2 to the end of the physical address space",
	      (1UL << physical_width) - REGION_SIZE);
	visit_in_vain("BARs: BAR2 over RAM at 0", 0);
	visit_in_vain("BARs: BAR2 over RAM", RAM_SPOT);
	visit_in_vain("BARs: BAR2 over the end of RAM", (64UL << 20) - REGION_SIZE);
	visit_in_vain("BARs: BAR2 over the I/O APIC", IOAPIC);
	visit_in_vain("BARs: BAR2 over the local APIC", LAPIC);
	visit_in_vain("BARs: BAR2 over ECAM", ECAM);
	visit_in_vain("BARs: BAR2 over the end of ECAM", ECAM + ECAM_SIZE - REGION_SIZE);
	visit_in_vain("BARs: BAR2 over its own BAR0", device->home0 & ~(REGION_SIZE - 1));
	visit_in_vain("BARs: BAR2 to 0xfff00000", 0xffe00000);
	visit_in_vain("BARs: BAR2 to 0xfffffffffe000000", 0xfffffffffe000000);
	visit_in_vain("BARs: BAR2 to the last address", -REGION_SIZE);
	visit_in_vain("BARs: BAR2 beyond the physical width", 1UL << physical_width);
	visit_in_vain("BARs: BAR2 far beyond the physical width", 1UL << 62);
}

static void test_decode(void)
{
	const struct device *device = &devices[0];
	unsigned int i;

	check_begin("BARs: decode off takes them away, decode on brings them back");
	for (i = 0; i < 20; i++) {
		decode_set(device, false);
		check_nobody(device->home2);
		check_is("BAR0", device->home0, mmio_read(device->home0, 4), 0xffffffff);
		mmio_write(device->home2, 8, 0);
		mmio_write(device->home0, 4, 0);
		decode_set(device, true);
		check_neighbours();
	}
	check_region(device, device->home2);

	check_begin("BARs: moved while decode is off");
	decode_set(device, false);
	bar2_set(device, HIGH_WINDOW);
	bar0_set(device, PCI32_BASE);
	check_nobody(HIGH_WINDOW);
	check_nobody(device->home2);
	decode_set(device, true);
	check_region(device, HIGH_WINDOW);
	check_is("BAR0", PCI32_BASE, mmio_read(PCI32_BASE, 4), 0x5aa5c33c);
	decode_set(device, false);
	bar2_set(device, device->home2);
	bar0_set(device, device->home0);
	decode_set(device, true);
	check_neighbours();
	check_region(device, device->home2);

	check_begin("BARs: BAR0 inside of BAR2 waits until BAR2 leaves");
	bar0_set(device, device->home2 + 0x1000);
	check_region(device, device->home2);
	bar2_set(device, HIGH_WINDOW);
	check_is("BAR0", device->home2 + 0x1000, mmio_read(device->home2 + 0x1000, 4), 0x5aa5c33c);
	check_region(device, HIGH_WINDOW);
	bar0_set(device, device->home0);
	bar2_set(device, device->home2);
	check_neighbours();
	check_region(device, device->home2);
}

static void test_swap(void)
{
	const struct device *a = &devices[0], *b = &devices[1];

	check_begin("two devices: they swap addresses, overlapping for a moment");
	bar2_set(a, b->home2);
	check_region(b, b->home2);
	check_nobody(a->home2);
	bar2_set(b, a->home2);
	check_region(a, b->home2);
	check_region(b, a->home2);
	bar2_set(b, b->home2);
	check_region(a, b->home2);
	check_nobody(a->home2);
	bar2_set(a, a->home2);
	check_region(a, a->home2);
	check_region(b, b->home2);

	check_begin("two devices: overlapping ones come up when one leaves");
	bar2_set(a, b->home2);
	decode_set(b, false);
	check_region(a, b->home2);
	decode_set(b, true);
	check_region(a, b->home2);
	bar2_set(a, a->home2);
	check_region(a, a->home2);
	check_region(b, b->home2);

	check_begin("two devices: BAR0 of one over BAR0 of the other");
	bar0_set(a, b->home0);
	check_is("IntrMask", b->home0, mmio_read(b->home0, 4), 0xb0b0b0b0);
	bar0_set(b, a->home0);
	check_is("IntrMask", b->home0, mmio_read(b->home0, 4), 0x5aa5c33c);
	check_is("IntrMask", a->home0, mmio_read(a->home0, 4), 0xb0b0b0b0);
	bar0_set(b, b->home0);
	bar0_set(a, a->home0);
	check_is("IntrMask", b->home0, mmio_read(b->home0, 4), 0xb0b0b0b0);
	check_neighbours();
}

/*
 * The model. A BAR is placed when decode is on and its range is free; it stays until its address or
 * decode changes; whenever something has left, the others get their chance, by device and index.
 */
struct model_bar {
	const struct device *device;
	bool is_memory; /* BAR2 */
	bool decoded;
	uint64_t address, placed;
};

static struct model_bar model[4];
static unsigned int model_count;

static uint64_t model_size(const struct model_bar *bar)
{
	return bar->is_memory ? REGION_SIZE : REGISTERS_SIZE;
}

static bool overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

static bool model_is_free(const struct model_bar *bar)
{
	uint64_t address = bar->address, size = model_size(bar);
	const struct model_bar *other;

	if (overlaps(address, size, 0, 64UL << 20) || overlaps(address, size, ECAM, ECAM_SIZE) ||
	    overlaps(address, size, IOAPIC, TOP - IOAPIC))
		return false;
	for (other = model; other < model + model_count; other++)
		if (other->placed != UNPLACED &&
		    overlaps(address, size, other->placed, model_size(other)))
			return false;
	return true;
}

static void model_update(void)
{
	struct model_bar *bar;

	for (bar = model; bar < model + model_count; bar++)
		if (!bar->decoded || bar->address != bar->placed)
			bar->placed = UNPLACED;
	for (bar = model; bar < model + model_count; bar++)
		if (bar->decoded && bar->placed == UNPLACED && model_is_free(bar))
			bar->placed = bar->address;
}

static void model_init(void)
{
	unsigned int i;

	model_count = 2 * device_count;
	for (i = 0; i < model_count; i++) {
		/* devices[1] is in the lower slot. */
		const struct device *device = &devices[device_count - 1 - i / 2];

		model[i] = (struct model_bar){
			.device = device,
			.is_memory = i % 2,
			.decoded = true,
			.address = i % 2 ? device->home2 : device->home0,
			.placed = UNPLACED,
		};
	}
	model_update();
}

static uint64_t random_place(uint64_t size)
{
	uint64_t random = random_next(), choice = random >> 60;

	random &= ~(size - 1);
	if (choice < 6) /* few enough places to meet there */
		return PCI32_BASE + (random & 0x3f00000);
	if (choice < 9)
		return PCI32_BASE + random % PCI32_SIZE;
	if (choice < 12)
		return HIGH_WINDOW + random % HIGH_WINDOW_SIZE;
	if (choice < 13)
		return random % TOP;
	if (choice < 14)
		return RAM_SPOT;
	return 0xf0000000 + random % 0x10000000;
}

static void model_write(struct model_bar *bar, uint64_t address)
{
	if (bar->is_memory) {
		/* The model takes the moment between the dwords as well. */
		pci_write32(&bar->device->function, REG_BAR2, (uint32_t)address);
		bar->address = (bar->address & ~0xffffffffUL) | (uint32_t)address;
		model_update();
		pci_write32(&bar->device->function, REG_BAR3, (uint32_t)(address >> 32));
	} else {
		address = (uint32_t)address;
		bar0_set(bar->device, address);
	}
	bar->address = address;
	model_update();
}

static void model_step(void)
{
	struct model_bar *bar = &model[random_next() >> 32 & (model_count - 1)];
	struct model_bar *both = model + ((bar - model) & ~1);

	if (random_next() >> 60 == 0) {
		both[0].decoded = both[1].decoded = !both[0].decoded;
		decode_set(bar->device, both[0].decoded);
		model_update();
	} else {
		model_write(bar, random_place(model_size(bar)));
	}
}

static void model_check(unsigned int step)
{
	const struct model_bar *bar;
	uint64_t word;

	for (bar = model; bar < model + model_count; bar++) {
		if (bar->placed == UNPLACED)
			continue;
		if (!bar->is_memory) {
			check_is("IntrMask after step", step, mmio_read(bar->placed, 4),
				 bar->device == &devices[0] ? 0x5aa5c33c : 0xb0b0b0b0);
			continue;
		}
		word = random_next() % REGION_WORDS;
		check_is("word of a region after step", step, mmio_read(bar->placed + 8 * word, 8),
			 pattern(bar->device, word));
		mmio_write(bar->placed + 8 * word, 8, pattern(bar->device, word));
	}
}

static void test_random(void)
{
	unsigned int moves = (unsigned int)cmdline_number("moves", 0, 1000000, 1000), i;
	uint64_t stride = cmdline_number("stride", 1, REGION_WORDS, 1);

	check_begin("BARs: random moves");
	print("# %u moves, seed 0x%lx\n", moves, random_state);
	paging_map(HIGH_WINDOW, HIGH_WINDOW_SIZE);
	model_init();
	for (i = 0; i < moves; i++) {
		model_step();
		model_check(i);
		if (i % 64 == 0)
			check_is("RAM", i, mmio_read(RAM_SPOT, 8), 0x1122334455667788);
	}
	/* Out of each other's way first. */
	for (i = 0; i < device_count; i++)
		decode_set(&devices[i], false);
	for (i = 0; i < device_count; i++) {
		bar0_set(&devices[i], devices[i].home0);
		bar2_set(&devices[i], devices[i].home2);
		decode_set(&devices[i], true);
		check_words(&devices[i], devices[i].home2, stride);
	}
	check_neighbours();
}

static unsigned int read_physical_width(void)
{
	uint32_t eax = 0x80000008, ebx, ecx = 0, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return eax & 0xff;
}

static bool device_init(struct device *device, uint8_t slot, uint64_t seed)
{
	device->function.slot = slot;
	device->seed = seed;
	if (pci_read32(&device->function, 0) != 0x11101af4)
		return false;
	device->home0 = pci_read32(&device->function, REG_BAR0) & ~15U;
	device->home2 = bar2_get(device);
	region_fill(device, device->home2);
	return true;
}

int main(void)
{
	char test[8] = "one";

	cmdline_text("test", test, sizeof(test));
	random_state = cmdline_number("seed", 1, UINT64_MAX, 1);
	physical_width = read_physical_width();
	if (!device_init(&devices[0], 6, 0x9e3779b97f4a7c15))
		return 1;
	device_count = 1;
	neighbours_init();
	if (!strcmp(test, "two")) {
		if (!device_init(&devices[1], 5, 0xc2b2ae3d27d4eb4f))
			return 1;
		device_count = 2;
		mmio_write(devices[1].home0, 4, 0xb0b0b0b0);
		test_swap();
	} else {
		test_sizing();
		test_places();
		test_decode();
	}
	test_random();
	return check_end();
}

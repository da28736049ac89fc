/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers, table, pending bits (PCI 3.0, 6.8.2) and counts of a doorbell device. */
#include "tests/guest/doorbell_device.h"

#include "samples/bare-metal/lib/deadline.h"
#include "samples/bare-metal/lib/machine.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/tsc.h"
#include "tests/guest/mmio.h"

#define REG_BAR0 0x10
#define CAPABILITY_MSIX 0x11
#define MSIX_CONTROL 2
#define MSIX_TABLE 4
#define MSIX_PBA 8
#define CONTROL_SIZE 0x07ff
#define CONTROL_MASK 0x4000
#define CONTROL_ENABLE 0x8000
#define MSIX_BAR 1
#define SETTLE_CYCLES (TSC_HZ_MAX / 200)

static uint64_t entry_address(const struct doorbell_device *device, unsigned int entry)
{
	return device->table + DOORBELL_ENTRY_SIZE * entry;
}

static void find_vectors(struct doorbell_device *device)
{
	const struct pci_function *function = &device->ivshmem.function;
	struct pci_bar bar;

	device->capability = pci_capability_find(function, CAPABILITY_MSIX);
	if (!device->capability || !pci_bar_read(function, MSIX_BAR, &bar))
		return;
	device->vectors = (pci_read16(function, device->capability + MSIX_CONTROL) & CONTROL_SIZE)
			  + 1;
	device->bar1 = bar.address;
	device->bar1_size = bar.size;
	device->table = bar.address +
			(pci_read32(function, device->capability + MSIX_TABLE) & ~7U);
	device->pba_offset = pci_read32(function, device->capability + MSIX_PBA) & ~7U;
	device->pba = bar.address + device->pba_offset;
}

void doorbell_init(struct doorbell_device *device)
{
	struct pci_bar bar;

	*device = (struct doorbell_device){ 0 };
	ivshmem_init(&device->ivshmem, 0);
	if (!pci_bar_read(&device->ivshmem.function, 0, &bar)) {
		print("there is no BAR0\n");
		machine_exit(1);
	}
	device->registers = device->home = bar.address;
	find_vectors(device);
	interrupts_enable();
}

uint32_t doorbell_position(const struct doorbell_device *device)
{
	return (uint32_t)mmio_read(device->registers + DOORBELL_POSITION, 4);
}

void doorbell_ring(const struct doorbell_device *device, unsigned int peer, unsigned int vector)
{
	mmio_write(device->registers + DOORBELL_RING, 4, peer << 16 | vector);
}

static void change_word(const struct pci_function *function, unsigned int reg, uint16_t bits,
			bool set)
{
	uint16_t value = pci_read16(function, reg);

	pci_write16(function, reg, (uint16_t)(set ? value | bits : value & ~bits));
}

void doorbell_enable(const struct doorbell_device *device, bool enable)
{
	change_word(&device->ivshmem.function, device->capability + MSIX_CONTROL, CONTROL_ENABLE,
		    enable);
}

void doorbell_mask_function(const struct doorbell_device *device, bool mask)
{
	change_word(&device->ivshmem.function, device->capability + MSIX_CONTROL, CONTROL_MASK,
		    mask);
}

void doorbell_master(const struct doorbell_device *device, bool on)
{
	change_word(&device->ivshmem.function, PCI_COMMAND, PCI_COMMAND_MASTER, on);
}

void doorbell_mask(const struct doorbell_device *device, unsigned int entry)
{
	mmio_write(entry_address(device, entry) + DOORBELL_ENTRY_CONTROL, 4, 1);
}

void doorbell_unmask(const struct doorbell_device *device, unsigned int entry)
{
	mmio_write(entry_address(device, entry) + DOORBELL_ENTRY_CONTROL, 4, 0);
}

void doorbell_route(const struct doorbell_device *device, unsigned int entry)
{
	doorbell_mask(device, entry);
	mmio_write(entry_address(device, entry), 4, interrupts_msi_address());
	mmio_write(entry_address(device, entry) + 4, 4, 0);
	mmio_write(entry_address(device, entry) + DOORBELL_ENTRY_DATA, 4, doorbell_vector(entry));
}

void doorbell_open_all(const struct doorbell_device *device)
{
	unsigned int entry;

	doorbell_master(device, true);
	doorbell_enable(device, true);
	for (entry = 0; entry < device->vectors; entry++) {
		doorbell_route(device, entry);
		doorbell_unmask(device, entry);
	}
}

bool doorbell_pending(const struct doorbell_device *device, unsigned int entry)
{
	return mmio_read(device->pba + entry / 32 * 4, 4) >> entry % 32 & 1;
}

void doorbell_move(struct doorbell_device *device, uint64_t address)
{
	device->registers = address ? address : device->home;
	pci_write32(&device->ivshmem.function, REG_BAR0, (uint32_t)device->registers);
}

unsigned int doorbell_vector(unsigned int entry)
{
	return INTERRUPTS_FIRST + entry % DOORBELL_COUNTED;
}

uint64_t doorbell_count(unsigned int entry)
{
	return interrupts_count(doorbell_vector(entry));
}

uint64_t doorbell_total(void)
{
	uint64_t total = 0;
	unsigned int i;

	for (i = 0; i < DOORBELL_COUNTED; i++)
		total += doorbell_count(i);
	return total;
}

uint64_t doorbell_await(unsigned int entry, uint64_t count)
{
	struct deadline deadline;
	uint64_t seen;

	deadline_start(&deadline, DOORBELL_PATIENCE);
	while ((seen = doorbell_count(entry)) < count &&
	       interrupts_wait(doorbell_vector(entry), seen, &deadline))
		;
	return doorbell_count(entry);
}

bool doorbell_await_pending(const struct doorbell_device *device, unsigned int entry)
{
	struct deadline deadline;

	deadline_start(&deadline, DOORBELL_PATIENCE);
	while (!doorbell_pending(device, entry))
		if (deadline_passed(&deadline))
			return false;
	return true;
}

void doorbell_settle(void)
{
	uint64_t end = tsc_read() + SETTLE_CYCLES;

	while (tsc_read() < end)
		tsc_pause();
}

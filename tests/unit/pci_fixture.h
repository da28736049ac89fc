/* SPDX-License-Identifier: BSD-3-Clause */
/* For the tests of the PCI core: a bus on a fake hypervisor, a device that can be anything. */
#ifndef TESTS_UNIT_PCI_FIXTURE_H
#define TESTS_UNIT_PCI_FIXTURE_H

#include "devicemodel/pci/pci.h"
#include "devicemodel/vm/irq.h"
#include "devicemodel/vm/vdev.h"

#define FIXTURE_RAM_SIZE UINT64_C(0x1000000)
#define FIXTURE_ECAM UINT64_C(0xe0000000)

struct pci_fixture {
	struct io_bus *io;
	struct guest_memory *memory;
	struct hv_vm *vm;
	struct irq irq;
	struct vdevs vdevs; /* of a VM named "test" */
	struct event_loop *loop;
	struct pci_bus *bus;
};

void pci_fixture_begin(struct pci_fixture *fixture);
/* On a hypervisor that makes hv:/ devices, see fake_hv.h. */
void pci_fixture_begin_acrn(struct pci_fixture *fixture);
/* Fails the test if the hypervisor has a complaint. */
void pci_fixture_end(struct pci_fixture *fixture);

struct probe_bar {
	enum pci_bar_kind kind;
	uint64_t size;
	bool prefetchable;
};

/* Options of the probe device. */
struct probe_options {
	struct probe_bar bars[PCI_BARS];
	unsigned int vectors; /* in BAR 1 */
	int failure;	      /* of init, after everything is made */
	int start_failure;
	unsigned int *finis;  /* counted up, may be NULL */
};

/* A device that writes down what happens to it. Reads give (bar + 1) << 24 | offset. */
struct probe {
	struct pci_dev pci;
	const struct probe_options *options;
	uint64_t addr[PCI_BARS]; /* as bar_moved() said last */
	unsigned int moves[PCI_BARS];
	unsigned int resets, starts, cfg_writes, writes;
	uint64_t last_offset, last_value;
	unsigned int last_size;
	int last_bar;
};

extern const struct pci_dev_ops probe_ops;

/* Adds a probe at @device.0, which must succeed. */
struct probe *probe_add(struct pci_fixture *fixture, unsigned int device,
			const struct probe_options *options);

/* The guest's side: configuration space by ECAM, and memory. */
uint32_t cfg_read(struct pci_fixture *fixture, unsigned int device, unsigned int reg,
		  unsigned int size);
void cfg_write(struct pci_fixture *fixture, unsigned int device, unsigned int reg,
	       unsigned int size, uint32_t value);
uint64_t bus_read(struct pci_fixture *fixture, enum io_space space, uint64_t addr,
		  unsigned int size);
void bus_write(struct pci_fixture *fixture, enum io_space space, uint64_t addr, unsigned int size,
	       uint64_t value);

/* Writes both dwords of a 64-bit BAR, the low one first. */
void cfg_write_bar(struct pci_fixture *fixture, unsigned int device, int bar, uint64_t addr);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PCI configuration space (PCI 3.0; mechanism 1, ports 0xcf8 and 0xcfc): finding functions, BARs
 * and capabilities.
 */
#ifndef SAMPLES_BARE_METAL_LIB_PCI_H
#define SAMPLES_BARE_METAL_LIB_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_COMMAND 0x04
#define PCI_COMMAND_MEMORY 0x2
#define PCI_COMMAND_MASTER 0x4
#define PCI_SUBSYSTEM_VENDOR 0x2c
#define PCI_SUBSYSTEM_ID 0x2e

#define PCI_BAR_COUNT 6

struct pci_function {
	uint8_t bus;
	uint8_t slot;
	uint8_t function;
	uint8_t header_type;
	uint16_t vendor;
	uint16_t device;
};

struct pci_bar {
	uint64_t address;
	uint64_t size;
	bool is_io;
	bool is_64bit;
	bool is_prefetchable;
};

/* A walk over all functions: bus 0 and the buses that bridges found on the way lead to. */
struct pci_scan {
	uint32_t next;
	uint8_t bus_known[256];
};

void pci_scan_init(struct pci_scan *scan);

/* The next function in ascending order. Returns whether there is one. */
bool pci_scan_next(struct pci_scan *scan, struct pci_function *ret_function);

/* The index-th (from 0) function with these ids. Returns whether there is one. */
bool pci_find(uint16_t vendor, uint16_t device, unsigned int index,
	      struct pci_function *ret_function);

/* Configuration registers; offset below 256, aligned to the size of the access. */
uint8_t pci_read8(const struct pci_function *function, unsigned int offset);
uint16_t pci_read16(const struct pci_function *function, unsigned int offset);
uint32_t pci_read32(const struct pci_function *function, unsigned int offset);
void pci_write16(const struct pci_function *function, unsigned int offset, uint16_t value);
void pci_write32(const struct pci_function *function, unsigned int offset, uint32_t value);

/*
 * Address and size of a BAR (index below PCI_BAR_COUNT; for bridges below 2). Decoding is off
 * while the size is probed (PCI 3.0, 6.2.5.1), and BAR and command register are put back. A 64-bit
 * BAR also takes the next index. Returns false if there is no such BAR.
 */
bool pci_bar_read(const struct pci_function *function, unsigned int index, struct pci_bar *ret_bar);

/*
 * Offset of the capability after this one (0: of the first), 0 at the end of the list. A list that
 * leads out of its range ends there; the caller bounds the number of steps against loops.
 */
uint8_t pci_capability_next(const struct pci_function *function, uint8_t offset);

/* Offset of the first capability with this id, or 0. */
uint8_t pci_capability_find(const struct pci_function *function, uint8_t id);

/* More capabilities than fit into configuration space would be a loop. */
#define PCI_CAPABILITY_MAX 48

#endif

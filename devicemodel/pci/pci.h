/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The PCI core: one conventional PCI bus, reached by configuration mechanism 1 (PCI 3.0 3.2.2.3.2),
 * by ECAM (PCI Express 3.0 7.2.2) and by back ends that decode configuration accesses themselves.
 *
 * Threads: everything here needs the I/O bus's lock, or that no processor runs. The operations of a
 * device are called with it held.
 */
#ifndef DEVICEMODEL_PCI_PCI_H
#define DEVICEMODEL_PCI_PCI_H

#include <linux/pci_regs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devicemodel/config/device_class.h"
#include "devicemodel/config/pci_slot.h"
#include "devicemodel/vm/io_bus.h"
#include "lib/error.h"
#include "lib/log.h"

struct event_loop;
struct guest_memory;
struct irq;
struct pci_bus;
struct pci_dev;
struct vdevs;

#define PCI_BARS 6
#define PCI_CONFIG_SIZE 256
#define PCI_DEVICES 32
#define PCI_FUNCTIONS 8
#define PCI_TAG_MAX 48

/* What bar_read() gives for an offset that holds nothing. */
#define PCI_READ_NONE IO_READ_NONE
/* The address of a BAR that the guest does not see. */
#define PCI_BAR_UNPLACED UINT64_MAX

/*
 * A device's operations; a const table in its file, listed in hw/pci/devices.c. Only init and the
 * first two members are needed.
 */
struct pci_dev_ops {
	const struct device_class *class; /* name, help and options for the command line */
	size_t instance_size; /* of the device's struct, which begins with struct pci_dev */
	/*
	 * May the device be made with these options on a back end with these capabilities (enum
	 * hv_capability)? Called before anything is made. Returns 0 or -ENOTSUP with @err.
	 */
	int (*check)(const void *options, uint32_t capabilities, struct error *err);
	/* The table to make the device by with these options; without it, this one. */
	const struct pci_dev_ops *(*choose)(const void *options);
	/*
	 * Fill the zeroed instance: identity, BARs, capabilities, what it attaches to. @options is
	 * the class's parsed struct and outlives the device. Returns 0 or -errno with @err; then
	 * fini is called on what there is.
	 */
	int (*init)(struct pci_dev *dev, const void *options, struct error *err);
	/*
	 * All BARs have addresses and processors are about to run, after power-on and each reset.
	 * Returns 0 or -errno with @err, and then none runs. Taken back by reset or fini.
	 */
	int (*start)(struct pci_dev *dev, struct error *err);
	/* Back to the state after init; configuration space and MSI-X are reset already. */
	void (*reset)(struct pci_dev *dev);
	/* A guest's access inside the BAR, @size 1, 2, 4 or 8 bytes at any alignment. */
	uint64_t (*bar_read)(struct pci_dev *dev, int bar, uint64_t offset, unsigned int size);
	void (*bar_write)(struct pci_dev *dev, int bar, uint64_t offset, unsigned int size,
			  uint64_t value);
	/*
	 * The guest sees the BAR at @addr from now on, or (PCI_BAR_UNPLACED) no longer; then what
	 * pci_bar_signal_on_write() did can still be taken back. Between two places it is nowhere.
	 */
	void (*bar_moved)(struct pci_dev *dev, int bar, uint64_t addr);
	/* The guest wrote configuration registers; they have their new values. */
	void (*cfg_write)(struct pci_dev *dev, unsigned int reg, unsigned int size);
	/* Give back everything; the instance itself belongs to the core. */
	void (*fini)(struct pci_dev *dev);
};

enum pci_bar_kind {
	PCI_BAR_NONE,
	PCI_BAR_MEM32,
	PCI_BAR_MEM64,
	PCI_BAR_UPPER, /* the upper half of the one before */
};

struct pci_bar {
	struct pci_dev *dev;
	int index;
	enum pci_bar_kind kind;
	bool prefetchable;
	uint64_t size;
	uint64_t placed;     /* where the guest sees it, or PCI_BAR_UNPLACED */
	io_handler *handler; /* of accesses inside it; its ctx is this struct */
};

struct pci_msix_entry {
	uint32_t address_low, address_high, data, control; /* PCI 3.0 6.8.2 */
};

/* An eventfd that raises a vector. */
struct pci_msix_line {
	int fd; /* -1: none */
	/* While the hypervisor takes the signals: with this message. */
	bool routed;
	uint64_t address;
	uint32_t data;
};

struct pci_msix {
	unsigned int capability; /* its register; 0: the device has no MSI-X */
	int bar;
	unsigned int vectors;
	uint64_t pba_offset;
	struct pci_msix_entry *table;
	uint32_t *pending; /* the PBA */
	struct pci_msix_line *lines;
	struct log_limit unroutable;
};

struct pci_dev {
	const struct pci_dev_ops *ops;
	struct pci_bus *bus;
	struct pci_slot slot;
	char tag[PCI_TAG_MAX]; /* "00:06.0 ivshmem", for the log */
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE]; /* a set bit can be written by the guest */
	uint8_t defaults[PCI_CONFIG_SIZE]; /* what a reset brings back */
	unsigned int capability_end;	   /* first register after the capabilities; 0: none */
	bool delegated;			   /* pci_dev_delegate() */
	struct pci_bar bars[PCI_BARS];
	struct pci_msix msix;
};

struct pci_bus {
	struct io_bus *io;
	struct guest_memory *memory;
	struct irq *irq;
	const struct vdevs *vdevs;
	struct event_loop *loop; /* of the thread that makes the devices */
	uint64_t ecam_base;
	/* Byte accesses to port 0xcf9, which lies among those of mechanism 1. */
	io_handler *reset_port;
	void *reset_port_ctx;
	uint32_t config_address; /* port 0xcf8 */
	struct pci_dev *devices[PCI_DEVICES][PCI_FUNCTIONS];
};

/* --- the bus: pci_bus.c --- */

/* What the bus and its devices stand on; all of it outlives the bus. */
struct pci_bus_params {
	struct io_bus *io;
	struct guest_memory *memory;
	struct irq *irq;
	const struct vdevs *vdevs; /* may be NULL if the hypervisor shall emulate no device */
	struct event_loop *loop;   /* may be NULL if no device needs one */
	uint64_t ecam_base;	   /* of an area for 256 buses */
};

/* Make the bus and claim its ports and its ECAM area. Returns 0 or -errno with @err. */
int pci_bus_new(const struct pci_bus_params *params, struct pci_bus **ret_bus, struct error *err);
/* Frees the devices too, last slot first. NULL is fine. */
void pci_bus_free(struct pci_bus *bus);

void pci_bus_set_reset_port(struct pci_bus *bus, io_handler *handler, void *ctx);

/* Make a device. Returns 0; -EEXIST: the slot is taken; -errno of its init; all with @err. */
int pci_bus_add(struct pci_bus *bus, struct pci_slot slot, const struct pci_dev_ops *ops,
		const void *options, struct error *err);

/* NULL: the slot is empty. */
struct pci_dev *pci_bus_device(const struct pci_bus *bus, struct pci_slot slot);

/* Reset every device as RST# does: decode off, BARs 0. */
void pci_bus_reset(struct pci_bus *bus);

/*
 * After pci_bus_assign(), before processors run: have each device do what it does then. Returns 0
 * or -errno with @err; then some have, which pci_bus_reset() and pci_bus_free() take back.
 */
int pci_bus_start(struct pci_bus *bus, struct error *err);

/*
 * For start: the guest finds a device of the hypervisor in this one's place, until the next reset.
 * The BARs leave the I/O bus; configuration accesses that arrive here all the same read all ones
 * and write nothing.
 */
void pci_dev_delegate(struct pci_dev *dev);

struct pci_windows {
	uint64_t mem32_base, mem32_end;
	uint64_t mem64_base, mem64_end;
};

/*
 * What firmware does: give every BAR an address and turn memory decode on. 64-bit BARs go below
 * 4 GiB too where they fit, so that 32-bit guests reach them. Returns 0; -ENOSPC with @err.
 */
int pci_bus_assign(struct pci_bus *bus, const struct pci_windows *windows, struct error *err);

/* --- configuration space: pci_config.c --- */

struct pci_identity {
	uint16_t vendor, device;
	uint16_t subsystem_vendor, subsystem;
	uint8_t revision;
	uint32_t class_code; /* base class << 16 | sub-class << 8 | interface */
};

/* For init: the read-only header of a type 0 device, its command register and interrupt line. */
void pci_config_identify(struct pci_dev *dev, const struct pci_identity *identity);

/* @reg is aligned to @size, 1, 2 or 4 bytes. */
uint32_t pci_config_get(const struct pci_dev *dev, unsigned int reg, unsigned int size);
void pci_config_set(struct pci_dev *dev, unsigned int reg, unsigned int size, uint32_t value);
/* Let the guest write the bits of @mask. */
void pci_config_allow(struct pci_dev *dev, unsigned int reg, unsigned int size, uint32_t mask);

/* Append a capability of @size bytes with this @id, else zero. Returns its register or -ENOSPC. */
int pci_config_add_capability(struct pci_dev *dev, uint8_t id, unsigned int size);

/* Change only what the guest may write. */
void pci_config_merge(struct pci_dev *dev, unsigned int reg, unsigned int size, uint32_t value);

/* --- configuration accesses of a guest: pci_access.c --- */

/* Accesses that are not aligned or leave the 256 bytes read all ones and write nothing. */
uint32_t pci_access_read(const struct pci_dev *dev, unsigned int reg, unsigned int size);
void pci_access_write(struct pci_dev *dev, unsigned int reg, unsigned int size, uint32_t value);

/* --- BARs: pci_bar.c --- */

/*
 * For init: declare BAR @index of @size bytes, a power of two of at least 16 (PCI 3.0 6.2.5.1).
 * Accesses reach bar_read and bar_write except where the device has mapped memory over it.
 * PCI_BAR_MEM64 takes the next index as well.
 */
void pci_bar_add(struct pci_dev *dev, int index, enum pci_bar_kind kind, bool prefetchable,
		 uint64_t size);

/* For init: let @handler have the accesses instead of the device's bar_read and bar_write. */
void pci_bar_set_handler(struct pci_dev *dev, int index, io_handler *handler);

/*
 * While the BAR is where it is, a write of @value (@size bytes) at @offset signals the eventfd @fd
 * and goes no further, without a user-space exit; or (@on false) no longer. To be taken back before
 * the BAR moves, from bar_moved at the latest. Returns 0, -ENODEV: the guest does not see the BAR;
 * -EOPNOTSUPP or another -errno of io_bus_signal_on_write().
 */
int pci_bar_signal_on_write(struct pci_dev *dev, int bar, uint64_t offset, unsigned int size,
			    uint64_t value, int fd, bool on);

/* The address that the guest has written, decoded or not. */
uint64_t pci_bar_address(const struct pci_dev *dev, int index);
void pci_bar_set_address(struct pci_dev *dev, int index, uint64_t addr);

/* Bring what the guest sees in line with BARs and command register. Called by the core. */
void pci_bars_update(struct pci_dev *dev);
/* Try again to place the BARs of all devices that stood in each other's way. */
void pci_bars_update_all(struct pci_bus *bus);

/* --- MSI-X: pci_msix.c, PCI 3.0 6.8.2 --- */

/*
 * For init: a capability with @vectors (1 to 2048) table entries, and BAR @bar for table and PBA,
 * sized as QEMU's ivshmem-doorbell has them: table at 0, PBA at max(0x800, 16 * @vectors).
 * Returns 0, -EINVAL, -ENOSPC or -ENOMEM.
 */
int pci_msix_init(struct pci_dev *dev, int bar, unsigned int vectors);
void pci_msix_fini(struct pci_dev *dev);

/*
 * Raise @vector. If it is masked, MSI-X disabled or bus mastering off, it becomes pending and fires
 * once when the last of that ends.
 */
void pci_msix_fire(struct pci_dev *dev, unsigned int vector);

/*
 * Have each signal of the eventfd @fd raise @vector from now on, what it holds already included;
 * with -1 nothing does any more. While the vector is open the hypervisor takes the signals, without
 * a user-space wakeup; while it is not, @fd keeps them and the PBA shows them. @fd is non-blocking
 * and stays the caller's, open until it is unbound or the device's fini was called.
 */
void pci_msix_bind_fd(struct pci_dev *dev, unsigned int vector, int fd);

/* Called by the core: after a reset, and when what holds vectors back may have changed. */
void pci_msix_reset(struct pci_dev *dev);
void pci_msix_update(struct pci_dev *dev);

#endif

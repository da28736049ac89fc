/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What shall run on a board, as plain data: its virtual machines, their devices and the regions
 * that they share. Readers of the input formats fill one, checks judge it, the allocator completes
 * it, and writers turn it into command lines and scripts. It knows no XML and no shell.
 */
#ifndef LAUNCH_SCRIPTS_PLAN_H
#define LAUNCH_SCRIPTS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devicemodel/config/pci_slot.h"
#include "ivshmem/name.h"
#include "launch_scripts/problems.h"

/* A device's place on its VM's PCI bus: as the input has it, or found by the allocator. */
struct plan_slot {
	bool given;	      /* the input names it */
	bool placed;	      /* @slot is valid: given, or allocated */
	struct pci_slot slot;
	struct plan_place place; /* of the input's word, or of the element that lacks it */
};

/* --- regions ---------------------------------------------------------------------------------- */

struct plan_region_user {
	char *vm_name;
	size_t vm; /* index in the plan's VMs; PLAN_NO_VM: there is none of that name */
	struct plan_slot slot;
	struct plan_place place;
};

#define PLAN_NO_VM SIZE_MAX

struct plan_region {
	char *name; /* without dm:/ or hv:/; NULL: there is none, and a problem says so */
	enum ivshmem_land land;
	uint64_t size_mb;
	bool has_id;
	uint64_t id;	  /* PCI subsystem id */
	uint64_t vectors; /* doorbells, dm:/ only; 0: none */
	struct plan_region_user *users;
	size_t user_count;
	struct plan_place place;
};

/* --- virtual machines ------------------------------------------------------------------------- */

enum plan_load_order {
	PLAN_SERVICE_VM,
	PLAN_PRE_LAUNCHED_VM,
	PLAN_POST_LAUNCHED_VM,
};

enum plan_vm_type {
	PLAN_STANDARD_VM,
	PLAN_RTVM,
	PLAN_TEE_VM,
	PLAN_REE_VM,
};

enum plan_console_vuart {
	PLAN_CONSOLE_NONE,
	PLAN_CONSOLE_COM, /* "COM Port 1" to "4" of the hypervisor */
	PLAN_CONSOLE_PCI,
};

enum plan_device_kind {
	PLAN_UART,	/* pci vuart: "uart,vuart_idx:N" */
	PLAN_XHCI,
	PLAN_VIRTIO_INPUT,
	PLAN_VIRTIO_CONSOLE,
	PLAN_VIRTIO_NET,
	PLAN_VIRTIO_BLK,
	PLAN_VIRTIO_GPU,
	PLAN_VHOST_VSOCK,
	PLAN_PASSTHROUGH,
};

/* A device that is no ivshmem. */
struct plan_device {
	enum plan_device_kind kind;
	char *options;	 /* what stands behind "slot,class," on the command line; NULL: nothing */
	char *host_name; /* what is prepared on the host: the tap of a net device, the partition
			    that a block device's image lies on, the name of an input device */
	char *image;	 /* path of a block device's image, inside host_name if that is given */
	struct pci_slot host_slot; /* PLAN_PASSTHROUGH: bus, device, function on the host */
	struct plan_slot slot;
	struct plan_place place;
};

/* A place among a region's users, as plan_resolve() finds it. */
struct plan_use {
	size_t region, user;
};

struct plan_vm {
	unsigned int id;     /* attribute of the element; or the position in older files */
	unsigned int number; /* of its launch script, from 1: id less the service VM's */
	char *name;
	enum plan_load_order load_order;
	enum plan_vm_type type;
	bool windows;
	uint64_t memory_mb;
	unsigned int *cpus; /* physical ones, as the input numbers them */
	size_t cpu_count;
	bool own_cpus;		/* nobody else runs on them */
	bool lapic_passthrough; /* RTVM: --lapic_pt */
	bool io_polling;	/* I/O completion polling */
	bool ovmf;		/* boots by the virtual boot loader */
	bool com1_stdio;
	bool secure_world, ptm;
	enum plan_console_vuart console;
	char **parameters; /* further words for the device model, in order */
	size_t parameter_count;
	struct plan_device *devices; /* in the order of the command line */
	size_t device_count;
	struct plan_use *uses; /* of regions, in the order of the input; by plan_resolve() */
	size_t use_count;
	struct plan_place place;
};

/* --- the board -------------------------------------------------------------------------------- */

struct plan_cpu {
	unsigned int id;      /* as virtual machines name it */
	unsigned int apic_id; /* as --cpu_affinity names it */
};

struct plan_host_device {
	struct pci_slot slot;
	uint16_t vendor, device;
	uint32_t class_code; /* class, subclass, interface: 0x030000; 0: not known */
};

struct plan_board {
	char *name;	      /* NULL: no board file was given */
	uint64_t memory_size; /* bytes; 0: not known */
	struct plan_cpu *cpus;
	size_t cpu_count;
	struct plan_host_device *devices;
	size_t device_count;
};

struct plan {
	char *scenario; /* its name */
	char *scheduler; /* "SCHED_BVT", ...; NULL: not said */
	bool ssram;	 /* software SRAM is on: --ssram for RTVMs */
	struct plan_board board;
	struct plan_vm *vms;
	size_t vm_count;
	struct plan_region *regions;
	size_t region_count;
	char **files; /* the names that places point to */
	size_t file_count;
};

/* All zero is an empty plan. Frees everything that hangs off it. */
void plan_fini(struct plan *plan);

/*
 * Append a zeroed element. Returns it, valid until the next of its kind is appended, or NULL: out
 * of memory.
 */
struct plan_vm *plan_add_vm(struct plan *plan);
struct plan_region *plan_add_region(struct plan *plan);
struct plan_region_user *plan_region_add_user(struct plan_region *region);
struct plan_device *plan_vm_add_device(struct plan_vm *vm);

/* Append a copy of a word, or a number. Returns 0 or -ENOMEM. */
int plan_vm_add_parameter(struct plan_vm *vm, const char *word);
int plan_vm_add_cpu(struct plan_vm *vm, unsigned int cpu);

/* Their names for messages: never NULL. */
const char *plan_vm_name(const struct plan_vm *vm);
const char *plan_region_name(const struct plan_region *region);

/* Keep a copy of a file's name for places. NULL: out of memory. */
const char *plan_add_file(struct plan *plan, const char *name);

/*
 * Fill in the VMs of all region users by their names, and the VMs' uses. May be called again after
 * a change. Returns 0 or -ENOMEM.
 */
int plan_resolve(struct plan *plan);

/* As -s names it: "virtio-blk". */
const char *plan_device_class(enum plan_device_kind kind);

#endif

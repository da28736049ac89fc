/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a VM starts from: finds out what kind of image the user gave and puts it into guest memory,
 * on each start of the guest again. Its functions belong to the thread that runs the VM.
 */
#ifndef DEVICEMODEL_BOOT_BOOT_H
#define DEVICEMODEL_BOOT_BOOT_H

#include <stdint.h>

#include "lib/error.h"

struct boot;
struct guest_memory;
struct hv_vcpu_start;

/* Options of the command line, NULL where not given; borrowed during boot_open() only. */
struct boot_params {
	const char *kernel;   /* -k: a bzImage, or what @elf takes */
	const char *ramdisk;  /* -r: initrd of Linux, the one module of others */
	const char *bootargs; /* -B: kernel command line */
	const char *elf;      /* -E: a multiboot or ELF image, with or without PVH note */
};

/*
 * Open the files, see of what kind they are and that the options go together. The files stay open
 * until boot_free().
 * Returns 0; -EINVAL: nothing to boot, options that contradict, no image of a known kind, or not a
 * regular file; -ENOMEM; -errno of open(2). @err has the line.
 */
int boot_open(const struct boot_params *params, struct boot **ret_boot, struct error *err);
void boot_free(struct boot *boot);

/*
 * Put everything into @memory, which reads as zeros but for the ACPI tables in the BIOS area (@rsdp
 * is where they begin), and tell how the first processor starts. Reads files, so it may block.
 * Returns 0 or a negative errno as linux_load(), multiboot_load(), pvh_load() and elf_boot() do;
 * @err has the line.
 */
int boot_load(struct boot *boot, struct guest_memory *memory, uint64_t rsdp,
	      struct hv_vcpu_start *ret_start, struct error *err);

#endif

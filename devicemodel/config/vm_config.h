/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a VM shall be, as plain data. Whoever describes a VM (the command line, a test) and whoever
 * builds it meet here; nothing is opened or allocated for the guest while one is made.
 *
 * Property: vm_config_argv() of a configuration, parsed again, gives the same configuration.
 */
#ifndef DEVICEMODEL_CONFIG_VM_CONFIG_H
#define DEVICEMODEL_CONFIG_VM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "devicemodel/config/absent_option.h"
#include "devicemodel/config/device_class.h"
#include "devicemodel/config/pci_slot.h"
#include "devicemodel/config/serial_port.h"
#include "lib/error.h"

#define VM_NAME_MAX 15 /* bytes; the ACRN hypervisor holds 16 with the terminator */
#define VM_VCPUS_MAX 64
#define VM_BOOTARGS_MAX 2047 /* bytes, as upstream */
#define VM_MEMORY_DEFAULT (UINT64_C(256) << 20)
#define VM_MEMORY_MIN (UINT64_C(2) << 20)
#define VM_MEMORY_MAX (UINT64_C(1) << 40)
#define VM_MEMORY_UNIT (UINT64_C(2) << 20) /* -m counts in these, so that huge pages fit */

struct device_config {
	struct pci_slot slot;
	const struct device_class *class;
	char *text;    /* what stood after the class and its comma; NULL if nothing did */
	void *options; /* class->options_size bytes, filled by device_options_parse() */
	char *words;   /* the strings that options points into */
};

enum vm_console {
	VM_CONSOLE_NONE,
	VM_CONSOLE_STDIO,
};

/* An option that this version only knows. */
struct absent_option_config {
	const struct absent_option *option;
	char *value; /* NULL if it takes none */
};

struct vm_config {
	char *name;
	uint64_t memory_size;	/* bytes */
	uint64_t hugepage_size; /* bytes; 0: ordinary pages */
	unsigned int vcpus; /* 0: not given, see vm_config_vcpus() */
	char *hypervisor; /* a back end's name or "auto"; NULL: not given, the same as "auto" */
	enum vm_console com1;
	char *serial[SERIAL_PORTS]; /* "comN[,BACKEND]" where it cannot be had; else NULL */
	char *kernel, *ramdisk, *bootargs, *elf; /* NULL where not given */
	bool debug_exit;			 /* port 0xf4 ends the VM */
	bool no_reboot;				 /* a reset asked for by the guest ends the VM */
	struct device_config *devices;		 /* in the order of the command line */
	size_t device_count;
	char *iasl; /* known, and not needed: ACPI tables are made without a compiler */
	struct absent_option_config *absent; /* in the order of the command line */
	size_t absent_count;
};

void vm_config_init(struct vm_config *config);
/* Frees what hangs off it; a half-filled one too. */
void vm_config_fini(struct vm_config *config);

/*
 * Add the device "slot,class[,options]" of @classes (ended by NULL), or of a class that is known
 * by name only, whose options stay text. Returns 0; -EINVAL: bad word, unknown class, bad option or
 * occupied slot, @err says which; -ENOMEM.
 */
int vm_config_add_device(struct vm_config *config, const struct device_class *const *classes,
			 const char *text, struct error *err);

/*
 * Add an option that is only known, or replace its value. Returns 0, -EINVAL with @err (a bad
 * value) or -ENOMEM.
 */
int vm_config_add_absent(struct vm_config *config, const struct absent_option *option,
			 const char *value, struct error *err);

/* Connect a serial port as -l says. Returns 0, -EINVAL with @err (bad word) or -ENOMEM. */
int vm_config_set_serial(struct vm_config *config, const char *word, struct error *err);

/* How many virtual processors it has: as given, or one for each CPU of --cpu_affinity, or one. */
unsigned int vm_config_vcpus(const struct vm_config *config);

/* What only shows once everything is known. Returns 0 or -EINVAL with @err. */
int vm_config_validate(const struct vm_config *config, struct error *err);

/*
 * Is all there that it asks for? Returns 0, or -ENOTSUP with @err naming the first thing that is
 * only known by name, and what to do.
 */
int vm_config_check_present(const struct vm_config *config, struct error *err);

/* A line "not in this version: WHAT: REMEDY" for each of these things. */
void vm_config_dump_absent(const struct vm_config *config, FILE *out);

/*
 * The command line, without the program's name, that gives this configuration: a NULL-terminated
 * array in one allocation, which the caller frees; NULL when out of memory.
 */
char **vm_config_argv(const struct vm_config *config);

/*
 * Print it as "key: value" lines, what vm_config_dump_absent() prints, and the command line quoted
 * for a shell.
 */
void vm_config_dump(const struct vm_config *config, FILE *out);

#endif

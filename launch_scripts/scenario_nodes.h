/* SPDX-License-Identifier: BSD-3-Clause */
/* The elements of a scenario that are changed: where they are, and how they are written. */
#ifndef LAUNCH_SCRIPTS_SCENARIO_NODES_H
#define LAUNCH_SCRIPTS_SCENARIO_NODES_H

#include <stdbool.h>
#include <stdint.h>

#include <libxml/tree.h>

#include "devicemodel/config/pci_slot.h"
#include "ivshmem/name.h"
#include "launch_scripts/xml_writer.h"

/* The element that has the regions in it; NULL: there is none. */
xmlNode *scenario_regions(const xmlNode *root);

/* Whether the element @node's text, without blanks around it, is @text. */
bool node_has_text(const xmlNode *node, const char *text);

/* What PROVIDED_BY says; what is neither of the two counts as dm, as for the reader. */
enum ivshmem_land region_node_land(const xmlNode *region);

/*
 * The name of a region: that of its element NAME, else of its attribute. "": it has none. The
 * caller frees it. NULL: out of memory.
 */
char *region_node_name(const xmlNode *region);

/* "Hypervisor" or "Device Model". */
const char *land_element_text(enum ivshmem_land land);

/* Who is meant by a name on the command line: "demo", or "dm:/demo" where there are two. */
struct region_key {
	const char *name; /* without the prefix */
	bool has_land;
	enum ivshmem_land land;
};

struct region_key region_key_of(const char *word);

/* A region to be. */
struct region_user_text {
	const char *vm_name;
	bool has_slot; /* else the place is left blank */
	struct pci_slot slot;
};

struct region_text {
	const char *name; /* without the prefix */
	enum ivshmem_land land;
	uint64_t size_mb, vectors;
	bool has_id; /* else hv:/ regions get 0, which they must have, and dm:/ ones none */
	uint64_t id;
	const struct region_user_text *users;
	size_t user_count;
};

void region_write(struct xml_writer *writer, const struct region_text *region);
void region_user_write(struct xml_writer *writer, const struct region_user_text *user);

/* The texts of elements. */
#define NUMBER_TEXT_MAX 24
const char *id_text(uint64_t id, char text[NUMBER_TEXT_MAX]);
const char *number_text(uint64_t number, char text[NUMBER_TEXT_MAX]);

/* A post-launched standard VM to be, with one CPU and COM1 on standard input and output. */
struct vm_text {
	unsigned int id;
	const char *name;
	uint64_t memory_mb;
	const char *parameters; /* further ones for the device model; NULL: none */
};

#define VM_TEXT_MEMORY_MB 256

void vm_write(struct xml_writer *writer, const struct vm_text *vm);

/*
 * The text of a scenario with a service VM, @vms and no regions. The caller frees it.
 * NULL: out of memory.
 */
char *scenario_text(const struct vm_text *vms, size_t count);

#endif

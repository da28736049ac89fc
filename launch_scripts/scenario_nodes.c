/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and texts of a scenario's elements. */
#include "launch_scripts/scenario_nodes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/bdf.h"
#include "launch_scripts/xml_file.h"
#include "lib/util.h"

xmlNode *scenario_regions(const xmlNode *root)
{
	return xml_find(root, "hv/FEATURES/IVSHMEM");
}

bool node_has_text(const xmlNode *node, const char *text)
{
	char *own = xml_text(node);
	bool equal = own && !strcmp(own, text);

	free(own);
	return equal;
}

static const char *const land_texts[] = {
	[IVSHMEM_LAND_DM] = "Device Model",
	[IVSHMEM_LAND_HV] = "Hypervisor",
};

enum ivshmem_land region_node_land(const xmlNode *region)
{
	bool is_hv = node_has_text(xml_child(region, "PROVIDED_BY"), land_texts[IVSHMEM_LAND_HV]);

	return is_hv ? IVSHMEM_LAND_HV : IVSHMEM_LAND_DM;
}

char *region_node_name(const xmlNode *region)
{
	char *name = xml_text(xml_child(region, "NAME"));

	if (!name || *name)
		return name;
	free(name);
	if (xml_attribute(region, "name", &name) < 0)
		return NULL;
	return name ? name : strdup("");
}

const char *land_element_text(enum ivshmem_land land)
{
	return land_texts[land];
}

struct region_key region_key_of(const char *word)
{
	struct region_key key = { .name = word };

	if (!strncmp(word, "dm:/", 4) || !strncmp(word, "hv:/", 4)) {
		key.has_land = true;
		key.land = *word == 'd' ? IVSHMEM_LAND_DM : IVSHMEM_LAND_HV;
		key.name = word + 4;
	}
	return key;
}

const char *id_text(uint64_t id, char text[NUMBER_TEXT_MAX])
{
	snprintf(text, NUMBER_TEXT_MAX, id ? "0x%" PRIx64 : "%" PRIu64, id);
	return text;
}

const char *number_text(uint64_t number, char text[NUMBER_TEXT_MAX])
{
	snprintf(text, NUMBER_TEXT_MAX, "%" PRIu64, number);
	return text;
}

void region_user_write(struct xml_writer *writer, const struct region_user_text *user)
{
	char vbdf[BDF_TEXT_MAX];

	xml_writer_open(writer, "IVSHMEM_VM", "");
	xml_writer_leaf(writer, "VM_NAME", user->vm_name);
	xml_writer_leaf(writer, "VBDF", user->has_slot ? bdf_text(user->slot, vbdf) : "");
	xml_writer_close(writer, "IVSHMEM_VM");
}

void region_write(struct xml_writer *writer, const struct region_text *region)
{
	char number[NUMBER_TEXT_MAX];
	size_t i;

	xml_writer_open(writer, "IVSHMEM_REGION", "");
	xml_writer_leaf(writer, "NAME", region->name);
	xml_writer_leaf(writer, "PROVIDED_BY", land_texts[region->land]);
	xml_writer_leaf(writer, "IVSHMEM_SIZE", number_text(region->size_mb, number));
	if (region->has_id || region->land == IVSHMEM_LAND_HV)
		xml_writer_leaf(writer, "IVSHMEM_REGION_ID", id_text(region->id, number));
	if (region->vectors)
		xml_writer_leaf(writer, "IVSHMEM_VECTORS", number_text(region->vectors, number));
	xml_writer_open(writer, "IVSHMEM_VMS", "");
	for (i = 0; i < region->user_count; i++)
		region_user_write(writer, &region->users[i]);
	xml_writer_close(writer, "IVSHMEM_VMS");
	xml_writer_close(writer, "IVSHMEM_REGION");
}

/* CPU 0 is there on every board, and shared: a board file is needed to do better. */
static void write_affinity(struct xml_writer *writer)
{
	xml_writer_open(writer, "cpu_affinity", "");
	xml_writer_open(writer, "pcpu", "");
	xml_writer_leaf(writer, "pcpu_id", "0");
	xml_writer_leaf(writer, "real_time_vcpu", "n");
	xml_writer_close(writer, "pcpu");
	xml_writer_close(writer, "cpu_affinity");
}

static void open_vm(struct xml_writer *writer, unsigned int id)
{
	char attribute[32];

	snprintf(attribute, sizeof(attribute), " id=\"%u\"", id);
	xml_writer_open(writer, "vm", attribute);
}

void vm_write(struct xml_writer *writer, const struct vm_text *vm)
{
	char number[NUMBER_TEXT_MAX];

	open_vm(writer, vm->id);
	xml_writer_leaf(writer, "load_order", "POST_LAUNCHED_VM");
	xml_writer_leaf(writer, "vm_type", "STANDARD_VM");
	xml_writer_leaf(writer, "name", vm->name);
	xml_writer_leaf(writer, "console_vuart", "None");
	xml_writer_leaf(writer, "os_type", "Non-Windows OS");
	xml_writer_leaf(writer, "vuart0", "y");
	xml_writer_leaf(writer, "vbootloader", "n");
	xml_writer_open(writer, "memory", "");
	xml_writer_leaf(writer, "size", number_text(vm->memory_mb, number));
	xml_writer_close(writer, "memory");
	write_affinity(writer);
	if (vm->parameters && *vm->parameters)
		xml_writer_leaf(writer, "customized_parameters", vm->parameters);
	xml_writer_close(writer, "vm");
}

char *scenario_text(const struct vm_text *vms, size_t count)
{
	static const struct xml_layout layout = { .eol = "\n", .unit = "  " };
	struct xml_writer writer;
	size_t i;

	if (xml_writer_init(&writer, &layout) < 0)
		return NULL;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", writer.out);
	xml_writer_open(&writer, "acrn-config", "");
	xml_writer_open(&writer, "hv", "");
	xml_writer_open(&writer, "FEATURES", "");
	xml_writer_leaf(&writer, "SCHEDULER", "SCHED_BVT");
	xml_writer_leaf(&writer, "IVSHMEM", "");
	xml_writer_close(&writer, "FEATURES");
	xml_writer_close(&writer, "hv");
	open_vm(&writer, 0);
	xml_writer_leaf(&writer, "load_order", "SERVICE_VM");
	xml_writer_leaf(&writer, "vm_type", "STANDARD_VM");
	xml_writer_leaf(&writer, "name", "Service_VM");
	xml_writer_close(&writer, "vm");
	for (i = 0; i < count; i++)
		vm_write(&writer, &vms[i]);
	xml_writer_close(&writer, "acrn-config");
	fputs("\n", writer.out);
	return xml_writer_finish(&writer);
}

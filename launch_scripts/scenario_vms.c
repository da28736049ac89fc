/* SPDX-License-Identifier: BSD-3-Clause */
/* What VMs of all versions of scenario files have in common. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "launch_scripts/scenario_reading.h"
#include "lib/parse.h"
#include "lib/util.h"

/* The hypervisor counts VMs in 16 bits; no machine has as many CPUs. */
#define ID_MAX 65535
#define CPUS_MAX 65536

/* --- identity --------------------------------------------------------------------------------- */

/* A VM whose id does not hold gets one that no other VM has, above all that do. */
static void read_id(struct xml_reader *reader, struct plan_vm *vm, size_t position,
		    const xmlNode *node)
{
	char quote[XML_QUOTE_MAX], *text = NULL;
	uint64_t id = ID_MAX + 1 + position;

	if (xml_attribute(node, "id", &text) < 0)
		reader->ret = -ENOMEM;
	else if (!text)
		xml_complain(reader, node, "vm lacks the attribute id: number the VMs from 0");
	else if (parse_decimal(text, ID_MAX, &id) < 0)
		xml_complain(reader, node, "vm id \"%s\": write a decimal number from 0 to %d",
			     xml_quote(text, quote), ID_MAX);
	vm->id = (unsigned int)id;
	free(text);
}

void scenario_read_vm_identity(struct scenario_reading *reading, struct plan_vm *vm,
			       const xmlNode *node)
{
	struct xml_reader *reader = &reading->scenario;
	const xmlNode *name = xml_child(node, "name");

	vm->place = xml_place(reader->file, node);
	read_id(reader, vm, (size_t)(vm - reading->plan->vms), node);
	if (!xml_is_blank(name))
		vm->name = xml_value(reader, name);
}

/* --- CPUs ------------------------------------------------------------------------------------- */

struct cpu_set {
	uint8_t bits[CPUS_MAX / 8];
};

static void read_cpu(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node,
		     struct cpu_set *seen)
{
	uint8_t bit;
	uint64_t id;

	if (!xml_number(reader, node, false, 0, CPUS_MAX - 1, &id))
		return;
	bit = (uint8_t)(1u << (id % 8));
	if (seen->bits[id / 8] & bit)
		xml_complain(reader, node, "VM %s: CPU %" PRIu64 " is listed twice: take it out "
			     "once", plan_vm_name(vm), id);
	else if (plan_vm_add_cpu(vm, (unsigned int)id) < 0)
		reader->ret = -ENOMEM;
	seen->bits[id / 8] |= bit;
}

void scenario_read_cpus(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *affinity)
{
	struct cpu_set seen = { { 0 } };
	const xmlNode *node;

	xml_for_each(node, affinity, NULL)
		if (xml_is(node, "pcpu_id")) {
			read_cpu(reader, vm, node, &seen);
		} else if (xml_is(node, "pcpu")) {
			read_cpu(reader, vm, xml_child(node, "pcpu_id"), &seen);
			xml_yes(reader, node, "real_time_vcpu");
		}
}

/* --- memory ----------------------------------------------------------------------------------- */

#define MEMORY_MAX_MB (UINT64_MAX / MIB)

/* Megabytes in decimal, or bytes in hexadecimal. Returns whether the element is there. */
static bool add_memory(struct xml_reader *reader, const xmlNode *node, uint64_t *total_mb)
{
	char *text = xml_is_blank(node) ? NULL : xml_value(reader, node);
	uint64_t size = 0;
	bool holds;

	if (!text)
		return false;
	if (strncasecmp(text, "0x", 2) == 0) {
		holds = xml_number(reader, node, true, 0, UINT64_MAX, &size);
		size /= MIB;
	} else {
		holds = xml_number(reader, node, false, 0, MEMORY_MAX_MB, &size);
	}
	if (holds && (__builtin_add_overflow(*total_mb, size, total_mb) ||
		      *total_mb > MEMORY_MAX_MB)) {
		xml_complain(reader, node, "more memory than can be counted");
		*total_mb = 0;
	}
	free(text);
	return true;
}

/* What the hypervisor sets aside for a VM that it starts itself. */
static void read_fixed_memory(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *memory)
{
	const xmlNode *region;

	if (add_memory(reader, xml_child(memory, "size"), &vm->memory_mb)) {
		add_memory(reader, xml_child(memory, "size_hpa2"), &vm->memory_mb);
		return;
	}
	xml_for_each(region, memory, "hpa_region")
		add_memory(reader, xml_child(region, "size_hpa"), &vm->memory_mb);
}

void scenario_read_memory(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	const xmlNode *memory = xml_child(node, "memory"), *size;

	if (vm->load_order == PLAN_SERVICE_VM)
		return;
	if (vm->load_order == PLAN_PRE_LAUNCHED_VM) {
		read_fixed_memory(reader, vm, memory);
		return;
	}
	size = xml_child(memory, "size");
	if (!size)
		size = xml_child(memory, "whole");
	if (xml_number(reader, size, false, 1, MEMORY_MAX_MB, &vm->memory_mb))
		return;
	if (xml_is_blank(size))
		xml_complain(reader, memory ? memory : node, "VM %s lacks its memory's size: add "
			     "<memory><size>MEGABYTES</size></memory>", plan_vm_name(vm));
	vm->memory_mb = SCENARIO_MEMORY_MB;
}

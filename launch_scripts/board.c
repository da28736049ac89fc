/* SPDX-License-Identifier: BSD-3-Clause */
/* Board files: newer ones describe the board by elements, older ones quote what tools print. */
#include "launch_scripts/board.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/bdf.h"
#include "launch_scripts/xml_value.h"
#include "lib/parse.h"
#include "lib/util.h"

/* Local APIC ids of x2APIC have 32 bits; 4096 CPUs are more than the hypervisor takes. */
#define CPU_ID_MAX 65535

struct board_reading {
	struct plan_board *board;
	struct xml_reader reader;
	size_t cpu_room, device_room;
};

/* @list with room for @count + 1 elements, or NULL: out of memory; @list is as it was then. */
static void *make_room(void *list, size_t count, size_t *room, size_t size)
{
	void *grown;

	if (count < *room)
		return list;
	grown = reallocarray(list, *room ? 2 * *room : 16, size);
	if (grown)
		*room = *room ? 2 * *room : 16;
	return grown;
}

/* --- CPUs ------------------------------------------------------------------------------------- */

static void add_cpu(struct board_reading *reading, uint64_t id, uint64_t apic_id)
{
	struct plan_board *board = reading->board;
	struct plan_cpu *cpus = make_room(board->cpus, board->cpu_count, &reading->cpu_room,
					  sizeof(*cpus));

	if (!cpus) {
		reading->reader.ret = -ENOMEM;
		return;
	}
	board->cpus = cpus;
	cpus[board->cpu_count++] = (struct plan_cpu){ (unsigned int)id, (unsigned int)apic_id };
}

static void read_thread(struct board_reading *reading, const xmlNode *node)
{
	const xmlNode *cpu = xml_child(node, "cpu_id"), *apic = xml_child(node, "apic_id");
	uint64_t id, apic_id;

	if (xml_is_blank(cpu) || xml_is_blank(apic)) {
		xml_complain(&reading->reader, node,
			     "thread lacks %s: let the board inspector make "
			     "the file again",
			     xml_is_blank(cpu) ? "cpu_id" : "apic_id");
		return;
	}
	if (xml_number(&reading->reader, cpu, false, 0, CPU_ID_MAX, &id) &&
	    xml_number(&reading->reader, apic, true, 0, UINT32_MAX, &apic_id))
		add_cpu(reading, id, apic_id);
}

/* Threads are in cores, dies, modules and so on. The file's depth is bounded. */
static void read_processors(struct board_reading *reading, const xmlNode *parent)
{
	const xmlNode *node;

	xml_for_each(node, parent, NULL) {
		if (reading->reader.ret < 0)
			return;
		if (xml_is(node, "thread"))
			read_thread(reading, node);
		else
			read_processors(reading, node);
	}
}

static int compare_cpus(const void *a, const void *b)
{
	const struct plan_cpu *first = a, *second = b;

	return (first->id > second->id) - (first->id < second->id);
}

static void check_cpus(struct board_reading *reading, const xmlNode *processors)
{
	const struct plan_board *board = reading->board;
	size_t i;

	if (board->cpu_count > 0)
		qsort(board->cpus, board->cpu_count, sizeof(*board->cpus), compare_cpus);
	for (i = 1; i < board->cpu_count; i++)
		if (board->cpus[i].id == board->cpus[i - 1].id)
			xml_complain(&reading->reader, processors, "cpu_id %u is there twice: let "
				     "the board inspector make the file again", board->cpus[i].id);
}

/* --- memory ----------------------------------------------------------------------------------- */

static bool read_range(struct board_reading *reading, const xmlNode *node, uint64_t *ret_size)
{
	char quote[XML_QUOTE_MAX], *text;
	bool holds;

	if (xml_attribute(node, "size", &text) < 0) {
		reading->reader.ret = -ENOMEM;
		return false;
	}
	holds = text && parse_number(text, UINT64_MAX, ret_size) == 0;
	if (!holds)
		xml_complain(&reading->reader, node,
			     "memory range of size \"%s\": write a number of "
			     "bytes",
			     xml_quote(text ? text : "", quote));
	free(text);
	return holds;
}

/* "7960904 kB", as /proc/meminfo has it. */
static void read_total(struct board_reading *reading, const xmlNode *node)
{
	char quote[XML_QUOTE_MAX], *text = xml_value(&reading->reader, node), *unit;
	uint64_t kib;

	if (!text)
		return;
	xml_quote(text, quote);
	unit = strchr(text, ' ');
	if (unit)
		*unit++ = '\0';
	if (unit && strcmp(unit, "kB") == 0 && parse_decimal(text, UINT64_MAX / KIB, &kib) == 0)
		reading->board->memory_size = kib * KIB;
	else
		xml_complain(&reading->reader, node, "TOTAL_MEM_INFO \"%s\": write a number and kB",
			     quote);
	free(text);
}

static void read_memory(struct board_reading *reading, const xmlNode *root)
{
	const xmlNode *total = xml_child(root, "TOTAL_MEM_INFO"), *node;
	uint64_t *sum = &reading->board->memory_size, size;

	xml_for_each(node, xml_child(root, "memory"), "range")
		if (read_range(reading, node, &size) && __builtin_add_overflow(*sum, size, sum)) {
			xml_complain(&reading->reader, node, "more memory than can be counted");
			*sum = 0;
			return;
		}
	if (*sum == 0 && !xml_is_blank(total))
		read_total(reading, total);
}

/* --- PCI functions ---------------------------------------------------------------------------- */

static void add_device(struct board_reading *reading, const struct plan_host_device *device)
{
	struct plan_board *board = reading->board;
	struct plan_host_device *devices = make_room(board->devices, board->device_count,
						     &reading->device_room, sizeof(*devices));

	if (!devices) {
		reading->reader.ret = -ENOMEM;
		return;
	}
	board->devices = devices;
	devices[board->device_count++] = *device;
}

/* Attribute "address"; false: it is missing, or larger than @max. */
static bool read_address(struct board_reading *reading, const xmlNode *node, uint64_t max,
			 uint64_t *ret_address)
{
	char *text = NULL;
	bool holds;

	if (xml_attribute(node, "address", &text) < 0)
		reading->reader.ret = -ENOMEM;
	holds = text && parse_number(text, max, ret_address) == 0;
	free(text);
	return holds;
}

/* A device's address holds its number on the bus and that of the function, 16 bits each. */
static void read_device(struct board_reading *reading, const xmlNode *node, uint8_t bus)
{
	struct plan_host_device device = { { .bus = bus }, 0, 0, 0 };
	uint64_t address, vendor = 0, identifier = 0, class_code = 0;

	if (!read_address(reading, node, UINT32_MAX, &address))
		return;
	if (address >> 16 > 31 || (address & 0xffff) > 7) {
		xml_complain(&reading->reader, node,
			     "PCI device at 0x%" PRIx64 ": there is no such "
			     "place on a bus",
			     address);
		return;
	}
	device.slot.device = (uint8_t)(address >> 16);
	device.slot.function = (uint8_t)(address & 7);
	xml_number(&reading->reader, xml_child(node, "vendor"), true, 0, 0xffff, &vendor);
	xml_number(&reading->reader, xml_child(node, "identifier"), true, 0, 0xffff, &identifier);
	xml_number(&reading->reader, xml_child(node, "class"), true, 0, 0xffffff, &class_code);
	device.vendor = (uint16_t)vendor;
	device.device = (uint16_t)identifier;
	device.class_code = (uint32_t)class_code;
	add_device(reading, &device);
}

/* Buses are in buses and in bridges. @bus: the PCI bus that @parent is, or -1. */
static void read_bus(struct board_reading *reading, const xmlNode *parent, int bus)
{
	const xmlNode *node;
	uint64_t number;
	char *type;

	xml_for_each(node, parent, NULL) {
		type = NULL;
		if (reading->reader.ret < 0)
			return;
		if (xml_is(node, "device") && bus >= 0)
			read_device(reading, node, (uint8_t)bus);
		if (xml_is(node, "device"))
			read_bus(reading, node, -1);
		if (!xml_is(node, "bus"))
			continue;
		if (xml_attribute(node, "type", &type) < 0)
			reading->reader.ret = -ENOMEM;
		else if (type && strcmp(type, "pci") == 0 &&
			 read_address(reading, node, 255, &number))
			read_bus(reading, node, (int)number);
		else
			read_bus(reading, node, -1);
		free(type);
	}
}

/* "00:14.0 0c03: 8086:4b7d (rev 03)", as lspci -n prints it. */
static bool parse_line(const char *line, struct plan_host_device *device)
{
	unsigned int class_code, vendor, identifier;
	const char *rest = bdf_parse(line, &device->slot);

	if (!rest || sscanf(rest, " %4x: %4x:%4x", &class_code, &vendor, &identifier) != 3)
		return false;
	device->class_code = (class_code & 0xffff) << 8;
	device->vendor = (uint16_t)vendor;
	device->device = (uint16_t)identifier;
	return true;
}

static void read_lines(struct board_reading *reading, const xmlNode *node)
{
	char quote[XML_QUOTE_MAX], *text = xml_value(&reading->reader, node), *rest = text, *line;
	struct plan_host_device device;

	while (rest && (line = strsep(&rest, "\r\n"))) {
		line += strspn(line, " \t");
		if (!*line)
			continue;
		if (parse_line(line, &device))
			add_device(reading, &device);
		else
			xml_complain(&reading->reader, node,
				     "PCI_VID_PID has the line \"%s\": write "
				     "it as \"00:14.0 0c03: 8086:4b7d\"",
				     xml_quote(line, quote));
	}
	free(text);
}

static int compare_devices(const void *a, const void *b)
{
	const struct plan_host_device *first = a, *second = b;

	return memcmp(&first->slot, &second->slot, sizeof(first->slot));
}

static void read_devices(struct board_reading *reading, const xmlNode *root)
{
	struct plan_board *board = reading->board;

	read_bus(reading, xml_child(root, "devices"), -1);
	if (board->device_count == 0)
		read_lines(reading, xml_child(root, "PCI_VID_PID"));
	if (board->device_count > 0)
		qsort(board->devices, board->device_count, sizeof(*board->devices),
		      compare_devices);
}

/* --- the file --------------------------------------------------------------------------------- */

static int check_board(const struct xml_reader *reader)
{
	const xmlNode *root = reader->file->root;

	if (xml_is(root, "acrn-config") && !xml_child(root, "vm") && !xml_child(root, "hv") &&
	    !xml_child(root, "user_vm") && !xml_child(root, "uos"))
		return 0;
	xml_complain(reader, root, "is no board file: it should be an <acrn-config> that describes "
		     "a board, as the board inspector writes it");
	return -EINVAL;
}

static void read_name(struct board_reading *reading, const xmlNode *root)
{
	struct plan_board *board = reading->board;

	if (xml_attribute(root, "board", &board->name) < 0)
		reading->reader.ret = -ENOMEM;
	if (board->name && *board->name)
		return;
	/* A name says that there is a board file, so that there must be one. */
	free(board->name);
	board->name = strdup("unnamed");
	if (!board->name)
		reading->reader.ret = -ENOMEM;
	xml_complain(&reading->reader, root, "acrn-config lacks the attribute board, its name");
}

int board_read_xml(struct plan *plan, const struct xml_file *file, struct problems *problems)
{
	struct board_reading reading = {
		.board = &plan->board,
		.reader = { .file = file, .problems = problems },
	};
	const xmlNode *root = file->root;
	int ret;

	ret = check_board(&reading.reader);
	if (ret < 0)
		return ret;
	read_name(&reading, root);
	read_processors(&reading, xml_child(root, "processors"));
	check_cpus(&reading, xml_child(root, "processors"));
	read_memory(&reading, root);
	read_devices(&reading, root);
	return reading.reader.ret;
}

int board_read(struct plan *plan, const char *path, struct problems *problems)
{
	const char *name = plan_add_file(plan, path);
	struct xml_file file = { 0 };
	int ret;

	if (!name)
		return -ENOMEM;
	ret = xml_file_read(&file, name, problems);
	if (ret == 0)
		ret = board_read_xml(plan, &file, problems);
	xml_file_fini(&file);
	return ret;
}

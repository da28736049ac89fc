/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In version 2 each end of a line is in its VM and names the other end's VM and number; in version
 * 3 the line is one element, with two ends.
 */
#include "launch_scripts/upgrade_vuarts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/scenario_nodes.h"
#include "lib/parse.h"
#include "lib/util.h"

struct end {
	const xmlNode *node;
	const struct plan_vm *vm;
	bool is_pci, is_paired;
	uint64_t id, target_vm, target_id;
};

struct ends {
	struct end *list;
	size_t count;
};

/* --- one UART --------------------------------------------------------------------------------- */

bool vuart_is_off(const xmlNode *uart)
{
	char *base = xml_text(xml_child(uart, "base"));
	bool off = !base || !*base || !strncmp(base, "INVALID_", 8);

	free(base);
	return off;
}

unsigned int vuart_com_number(const xmlNode *uart)
{
	static const char *const bases[] = { "COM1_BASE", "COM2_BASE", "COM3_BASE", "COM4_BASE" };
	const size_t length = strlen(bases[0]);
	char *base = xml_text(xml_child(uart, "base"));
	size_t base_length = base ? strlen(base) : 0;
	unsigned int i, number = 0;

	for (i = 0; base_length >= length && i < ARRAY_SIZE(bases); i++)
		if (!strcmp(base + base_length - length, bases[i]))
			number = i + 1;
	free(base);
	return number;
}

/* The number in an element's text. Returns whether there is one. */
static bool number_in(const xmlNode *node, uint64_t *number)
{
	char *text = xml_text(node);
	bool holds = text && parse_decimal(text, UINT16_MAX, number) == 0;

	free(text);
	return holds;
}

static bool read_id(const xmlNode *node, uint64_t *id)
{
	char *text = NULL;
	bool holds = xml_attribute(node, "id", &text) == 0 && text &&
		     parse_decimal(text, UINT16_MAX, id) == 0;

	free(text);
	return holds;
}

/* Legacy UART 0 is the console, and so is no end of a line. */
static bool read_end(const xmlNode *node, const struct plan_vm *vm, struct end *end)
{
	*end = (struct end){ .node = node, .vm = vm };
	end->is_pci = xml_is(node, "communication_vuart");
	return (end->is_pci || xml_is(node, "legacy_vuart")) && !vuart_is_off(node) &&
	       read_id(node, &end->id) && end->id > 0 &&
	       (end->is_pci || vuart_com_number(node) > 0) &&
	       number_in(xml_child(node, "target_vm_id"), &end->target_vm) &&
	       number_in(xml_child(node, "target_uart_id"), &end->target_id);
}

/* --- all of them ------------------------------------------------------------------------------ */

static int add_end(struct ends *ends, const struct end *end)
{
	struct end *list = reallocarray(ends->list, ends->count + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	ends->list = list;
	list[ends->count++] = *end;
	return 0;
}

static int find_ends(const xmlNode *root, const struct plan *plan, struct ends *ends)
{
	const struct plan_vm *vm = plan->vms;
	const xmlNode *node, *uart;
	struct end end;
	int ret = 0;

	xml_for_each(node, root, "vm") {
		if (vm == plan->vms + plan->vm_count)
			return 0;
		xml_for_each(uart, node, NULL)
			if (ret == 0 && read_end(uart, vm, &end))
				ret = add_end(ends, &end);
		vm++;
	}
	return ret;
}

static bool leads_to(const struct end *from, const struct end *to)
{
	return from->is_pci == to->is_pci && from->target_vm == to->vm->id &&
	       from->target_id == to->id;
}

/* The other end of end number @index, behind it in the list; NULL: there is none. */
static struct end *find_other(struct ends *ends, size_t index)
{
	struct end *end = &ends->list[index];
	size_t i;

	for (i = index + 1; i < ends->count; i++)
		if (!ends->list[i].is_paired && ends->list[i].vm != end->vm &&
		    leads_to(end, &ends->list[i]) && leads_to(&ends->list[i], end))
			return &ends->list[i];
	return NULL;
}

static void write_end(struct xml_writer *writer, const struct end *end)
{
	static const char *const ports[] = { "0x3F8", "0x2F8", "0x3E8", "0x2E8" };

	xml_writer_open(writer, "endpoint", "");
	xml_writer_leaf(writer, "vm_name", plan_vm_name(end->vm));
	if (end->is_pci)
		xml_writer_leaf(writer, "vbdf", "");
	else
		xml_writer_leaf(writer, "io_port", ports[vuart_com_number(end->node) - 1]);
	xml_writer_close(writer, "endpoint");
}

static void write_connection(struct xml_writer *writer, size_t number, const struct end *first,
			     const struct end *second)
{
	char name[48];

	snprintf(name, sizeof(name), "vUART connection %zu", number);
	xml_writer_open(writer, "vuart_connection", "");
	xml_writer_leaf(writer, "name", name);
	xml_writer_leaf(writer, "type", first->is_pci ? "pci" : "legacy");
	write_end(writer, first);
	write_end(writer, second);
	xml_writer_close(writer, "vuart_connection");
}

/* Pair all that can be; room for all of them is there. */
static void write_pairs(struct xml_writer *writer, struct ends *ends, struct vuart_pairs *pairs)
{
	struct end *other;
	size_t i;

	for (i = 0; i < ends->count; i++) {
		if (ends->list[i].is_paired)
			continue;
		other = find_other(ends, i);
		if (!other)
			continue;
		other->is_paired = true;
		pairs->nodes[pairs->count++] = ends->list[i].node;
		pairs->nodes[pairs->count++] = other->node;
		write_connection(writer, pairs->count / 2, &ends->list[i], other);
	}
}

/* Into the list of connections that is there, or a new one behind what <hv> has. */
static int write_connections(struct xml_edit *xml, struct ends *ends, struct vuart_pairs *pairs)
{
	const xmlNode *hv = xml_child(xml->file.root, "hv"), *last = NULL, *node;
	const xmlNode *list = xml_child(hv, "vuart_connections");
	struct xml_layout layout;
	struct xml_writer writer;
	char *text;
	int ret = 0;

	if (!hv)
		return 0;
	xml_edit_layout(xml, list ? list : hv, &layout);
	if (xml_writer_init(&writer, &layout) < 0)
		return -ENOMEM;
	if (!list)
		xml_writer_open(&writer, "vuart_connections", "");
	write_pairs(&writer, ends, pairs);
	if (!list)
		xml_writer_close(&writer, "vuart_connections");
	text = xml_writer_finish(&writer);
	xml_for_each(node, hv, NULL)
		last = node;
	if (!text)
		ret = -ENOMEM;
	else if (pairs->count > 0 && (list || !last))
		ret = xml_edit_append(xml, list ? list : hv, text);
	else if (pairs->count > 0)
		ret = xml_edit_insert_after(xml, last, text);
	free(text);
	return ret;
}

int upgrade_vuarts(struct xml_edit *xml, const struct plan *plan, struct vuart_pairs *ret_pairs)
{
	struct vuart_pairs pairs = { 0 };
	struct ends ends = { 0 };
	int ret;

	ret = find_ends(xml->file.root, plan, &ends);
	if (ret == 0 && ends.count > 0) {
		pairs.nodes = calloc(ends.count, sizeof(*pairs.nodes));
		ret = pairs.nodes ? write_connections(xml, &ends, &pairs) : -ENOMEM;
	}
	free(ends.list);
	if (ret < 0)
		vuart_pairs_fini(&pairs);
	else
		*ret_pairs = pairs;
	return ret;
}

bool vuart_pairs_have(const struct vuart_pairs *pairs, const xmlNode *node)
{
	size_t i;

	for (i = 0; i < pairs->count; i++)
		if (pairs->nodes[i] == node)
			return true;
	return false;
}

void vuart_pairs_fini(struct vuart_pairs *pairs)
{
	free(pairs->nodes);
	*pairs = (struct vuart_pairs){ 0 };
}

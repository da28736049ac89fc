/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM of version 2 has its load order in its type, its flags in a list, its serial ports as
 * elements and, if a script starts it, its devices in another file.
 */
#include "launch_scripts/upgrade_vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/scenario_nodes.h"
#include "launch_scripts/shell_word.h"
#include "lib/util.h"

void upgrade_note(struct upgrade *upgrade, const struct xml_file *file, const xmlNode *node,
		  const char *reason)
{
	char *text = xml_text(node);

	problems_add(upgrade->notes, xml_place(file, node), "%s%s%.60s%s is not carried over: %s",
		     (const char *)node->name, text && *text ? " \"" : "", text ? text : "",
		     text && *text ? "\"" : "", reason);
	free(text);
}

static void note_here(struct upgrade *upgrade, const xmlNode *node, const char *reason)
{
	upgrade_note(upgrade, &upgrade->xml.file, node, reason);
}

/* Those of a file that has more than one, too: only the first one counts, and that is gone. */
static int remove_children(struct upgrade *upgrade, const xmlNode *parent, const char *name)
{
	const xmlNode *node;
	int ret = 0;

	xml_for_each(node, parent, name)
		if (ret == 0)
			ret = xml_edit_remove(&upgrade->xml, node);
	return ret;
}

/* --- type and name ---------------------------------------------------------------------------- */

static const char *const load_orders[] = {
	[PLAN_SERVICE_VM] = "SERVICE_VM",
	[PLAN_PRE_LAUNCHED_VM] = "PRE_LAUNCHED_VM",
	[PLAN_POST_LAUNCHED_VM] = "POST_LAUNCHED_VM",
};

static const char *const types[] = {
	[PLAN_STANDARD_VM] = "STANDARD_VM",
	[PLAN_RTVM] = "RTVM",
	[PLAN_TEE_VM] = "TEE_VM",
	[PLAN_REE_VM] = "REE_VM",
};

/* Set the text of a child that is there; else write it with the new ones. */
static int set_child(struct upgrade *upgrade, struct xml_writer *writer, const xmlNode *parent,
		     const char *name, const char *text)
{
	const xmlNode *child = xml_child(parent, name);

	if (!child)
		xml_writer_leaf(writer, name, text);
	else if (!node_has_text(child, text))
		return xml_edit_set_text(&upgrade->xml, child, text);
	return 0;
}

static int upgrade_identity(struct upgrade *upgrade, struct xml_writer *writer,
			    const xmlNode *node, const struct plan_vm *vm)
{
	int ret;

	ret = set_child(upgrade, writer, node, "load_order", load_orders[vm->load_order]);
	if (ret == 0)
		ret = set_child(upgrade, writer, node, "vm_type", types[vm->type]);
	if (ret == 0 && vm->name)
		ret = set_child(upgrade, writer, node, "name", vm->name);
	return ret;
}

/* --- flags ------------------------------------------------------------------------------------ */

static const struct {
	const char *flag, *element; /* NULL: said elsewhere, or nothing to say */
} flags[] = {
	{ "0", NULL },
	{ "GUEST_FLAG_RT", NULL },
	{ "GUEST_FLAG_LAPIC_PASSTHROUGH", NULL },
	{ "GUEST_FLAG_IO_COMPLETION_POLLING", NULL },
	{ "GUEST_FLAG_SECURE_WORLD_ENABLED", NULL },
	{ "GUEST_FLAG_NVMX_ENABLED", "nested_virtualization_support" },
	{ "GUEST_FLAG_VCAT_ENABLED", "virtual_cat_support" },
	{ "GUEST_FLAG_HIDE_MTRR", "hide_mtrr_support" },
	{ "GUEST_FLAG_SECURITY_VM", "security_vm" },
};

static void upgrade_flag(struct upgrade *upgrade, struct xml_writer *writer, const xmlNode *vm,
			 const xmlNode *node)
{
	char *text = xml_text(node);
	size_t i;

	for (i = 0; text && i < ARRAY_SIZE(flags); i++) {
		if (strcmp(text, flags[i].flag))
			continue;
		if (flags[i].element && !xml_child(vm, flags[i].element))
			xml_writer_leaf(writer, flags[i].element, "y");
		break;
	}
	if (i == ARRAY_SIZE(flags) && *text)
		note_here(upgrade, node, "it has no element in version 3");
	free(text);
}

/* These ones a launch file can set too. */
static int write_known_flags(struct upgrade *upgrade, struct xml_writer *writer,
			     const xmlNode *node, const struct plan_vm *vm)
{
	int ret = 0;

	if (vm->lapic_passthrough)
		ret = set_child(upgrade, writer, node, "lapic_passthrough", "y");
	if (ret == 0 && vm->io_polling)
		ret = set_child(upgrade, writer, node, "io_completion_polling", "y");
	if (ret == 0 && vm->secure_world)
		ret = set_child(upgrade, writer, node, "secure_world_support", "y");
	return ret;
}

static int upgrade_flags(struct upgrade *upgrade, struct xml_writer *writer, const xmlNode *node,
			 const struct plan_vm *vm)
{
	const xmlNode *list = xml_child(node, "guest_flags"), *flag;
	int ret = write_known_flags(upgrade, writer, node, vm);

	xml_for_each(flag, list, "guest_flag")
		upgrade_flag(upgrade, writer, node, flag);
	return ret < 0 ? ret : remove_children(upgrade, node, "guest_flags");
}

/* --- CPUs and memory -------------------------------------------------------------------------- */

/* Pinned ones are elements with elements in them; those of the Service VM are the others'. */
static int upgrade_cpus(struct upgrade *upgrade, struct xml_writer *writer, const xmlNode *node,
			const struct plan_vm *vm)
{
	const char *realtime = vm->type == PLAN_RTVM ? "y" : "n";
	char number[NUMBER_TEXT_MAX];
	size_t i;

	if (vm->load_order != PLAN_SERVICE_VM && vm->cpu_count > 0) {
		xml_writer_open(writer, "cpu_affinity", "");
		for (i = 0; i < vm->cpu_count; i++) {
			xml_writer_open(writer, "pcpu", "");
			xml_writer_leaf(writer, "pcpu_id", number_text(vm->cpus[i], number));
			xml_writer_leaf(writer, "real_time_vcpu", realtime);
			xml_writer_close(writer, "pcpu");
		}
		xml_writer_close(writer, "cpu_affinity");
	}
	return remove_children(upgrade, node, "cpu_affinity");
}

/* That of VMs which the hypervisor starts is the same in both versions. */
static int upgrade_memory(struct upgrade *upgrade, struct xml_writer *writer, const xmlNode *node,
			  const struct plan_vm *vm)
{
	char number[NUMBER_TEXT_MAX];

	if (vm->load_order != PLAN_POST_LAUNCHED_VM)
		return 0;
	xml_writer_open(writer, "memory", "");
	xml_writer_leaf(writer, "size", number_text(vm->memory_mb, number));
	xml_writer_close(writer, "memory");
	return remove_children(upgrade, node, "memory");
}

/* --- serial ports ----------------------------------------------------------------------------- */

static bool is_number_0(const xmlNode *uart)
{
	char *id = NULL;
	bool is_0;

	xml_attribute(uart, "id", &id);
	is_0 = id && !strcmp(id, "0");
	free(id);
	return is_0;
}

/* Number 0 is the console, the others are wires between two VMs. Returns 0 or -errno. */
static int upgrade_uart(struct upgrade *upgrade, const xmlNode *uart, unsigned int *com)
{
	if (is_number_0(uart))
		*com = vuart_is_off(uart) ? *com : vuart_com_number(uart);
	else if (!vuart_is_off(uart) && !vuart_pairs_have(&upgrade->pairs, uart))
		note_here(upgrade, uart, "its target does not lead back to it");
	return xml_edit_remove(&upgrade->xml, uart);
}

static int upgrade_uarts(struct upgrade *upgrade, struct xml_writer *writer, const xmlNode *node,
			 const struct plan_vm *vm)
{
	const xmlNode *uart;
	unsigned int com = 0;
	char text[32] = "None";
	int ret = 0;

	xml_for_each(uart, node, NULL) {
		if (ret < 0)
			break;
		if (xml_is(uart, "legacy_vuart"))
			ret = upgrade_uart(upgrade, uart, &com);
		else if (xml_is(uart, "communication_vuart"))
			ret = upgrade_uart(upgrade, uart, &(unsigned int){ 0 });
		else if (xml_is(uart, "console_vuart"))
			ret = xml_edit_remove(&upgrade->xml, uart);
	}
	if (vm->console == PLAN_CONSOLE_PCI)
		strcpy(text, "PCI");
	else if (com > 0)
		snprintf(text, sizeof(text), "COM Port %u", com);
	xml_writer_leaf(writer, "console_vuart", text);
	return ret;
}

/* --- what a script starts --------------------------------------------------------------------- */

static const char *yes_no(bool yes)
{
	return yes ? "y" : "n";
}

/* Either with the name on the host in front, or alone. */
static void write_pair(struct xml_writer *writer, const char *name, const char *first,
		       const char *separator, const char *second)
{
	char *text;

	if (first && second && *second) {
		if (asprintf(&text, "%s%s%s", first, separator, second) < 0)
			return;
		xml_writer_leaf(writer, name, text);
		free(text);
	} else if (first || second) {
		xml_writer_leaf(writer, name, first ? first : second);
	}
}

static void write_input(struct xml_writer *writer, const struct plan_device *device)
{
	char *text;

	if (!device->host_name) {
		xml_writer_leaf(writer, "input", device->options ? device->options : "");
		return;
	}
	if (asprintf(&text, "Device name: %s%s%s", device->host_name,
		     device->image ? ", Device physical path: " : "",
		     device->image ? device->image : "") < 0)
		return;
	xml_writer_leaf(writer, "input", text);
	free(text);
}

static void write_virtio(struct xml_writer *writer, const struct plan_device *device)
{
	switch (device->kind) {
	case PLAN_VIRTIO_INPUT:
		write_input(writer, device);
		break;
	case PLAN_VIRTIO_CONSOLE:
		xml_writer_leaf(writer, "console", device->options ? device->options : "");
		break;
	case PLAN_VIRTIO_NET:
		write_pair(writer, "network", device->host_name, ",", device->options);
		break;
	case PLAN_VIRTIO_BLK:
		write_pair(writer, "block", device->host_name, ":", device->image);
		break;
	default:
		break;
	}
}

static bool has_kind(const struct plan_vm *vm, enum plan_device_kind first,
		     enum plan_device_kind last)
{
	size_t i;

	for (i = 0; i < vm->device_count; i++)
		if (vm->devices[i].kind >= first && vm->devices[i].kind <= last)
			return true;
	return false;
}

static void write_devices(struct xml_writer *writer, const struct plan_vm *vm)
{
	size_t i;

	for (i = 0; i < vm->device_count; i++)
		if (vm->devices[i].kind == PLAN_XHCI && vm->devices[i].options)
			xml_writer_leaf(writer, "usb_xhci", vm->devices[i].options);
	if (!has_kind(vm, PLAN_VIRTIO_INPUT, PLAN_VIRTIO_BLK))
		return;
	xml_writer_open(writer, "virtio_devices", "");
	for (i = 0; i < vm->device_count; i++)
		write_virtio(writer, &vm->devices[i]);
	xml_writer_close(writer, "virtio_devices");
}

/* As the launch file writes them: the words behind the address tell what they are. */
static void write_pci_dev(struct xml_writer *writer, const xmlNode *node, bool *is_open)
{
	char *text = xml_text(node);

	if (text && *text) {
		if (!*is_open)
			xml_writer_open(writer, "pci_devs", "");
		*is_open = true;
		xml_writer_leaf(writer, "pci_dev", text);
	}
	free(text);
}

static void write_passthrough(struct xml_writer *writer, const xmlNode *user_vm)
{
	const xmlNode *node;
	bool is_open = false;

	xml_for_each(node, xml_child(user_vm, "passthrough_devices"), NULL)
		write_pci_dev(writer, node, &is_open);
	write_pci_dev(writer, xml_find(user_vm, "sriov/gpu"), &is_open);
	if (is_open)
		xml_writer_close(writer, "pci_devs");
}

/* As a line that is taken apart like a shell's. */
static int write_parameters(struct xml_writer *writer, const struct plan_vm *vm)
{
	char *text = NULL;
	size_t i, size;
	FILE *out;

	if (vm->parameter_count == 0)
		return 0;
	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	for (i = 0; i < vm->parameter_count; i++) {
		fputs(i ? " " : "", out);
		shell_word_print(out, vm->parameters[i]);
	}
	if (fclose(out) != 0) {
		free(text);
		return -ENOMEM;
	}
	xml_writer_leaf(writer, "customized_parameters", text);
	free(text);
	return 0;
}

static int upgrade_launch(struct upgrade *upgrade, struct xml_writer *writer, const xmlNode *node,
			  const struct plan_vm *vm, const xmlNode *user_vm)
{
	int ret;

	xml_writer_leaf(writer, "os_type", vm->windows ? "Windows OS" : "Non-Windows OS");
	xml_writer_leaf(writer, "vuart0", yes_no(vm->com1_stdio));
	xml_writer_leaf(writer, "vbootloader", yes_no(vm->ovmf));
	ret = set_child(upgrade, writer, node, "PTM", yes_no(vm->ptm));
	if (ret == 0 && user_vm)
		ret = remove_children(upgrade, node, "pci_devs");
	write_devices(writer, vm);
	write_passthrough(writer, user_vm);
	return ret < 0 ? ret : write_parameters(writer, vm);
}

/* --- what has no place ------------------------------------------------------------------------ */

/* Something is said in it, somewhere. */
static bool says_something(const xmlNode *node)
{
	const xmlNode *child;

	if (!node_has_text(node, ""))
		return true;
	xml_for_each(child, node, NULL)
		if (says_something(child))
			return true;
	return false;
}

/* Whether the VM has a line of that number which is carried over. */
static bool has_line(const struct upgrade *upgrade, const xmlNode *vm, const char *number)
{
	const xmlNode *uart;
	bool found = false;
	char *id;

	xml_for_each(uart, vm, "communication_vuart") {
		id = NULL;
		xml_attribute(uart, "id", &id);
		found |= id && !strcmp(id, number) && vuart_pairs_have(&upgrade->pairs, uart);
		free(id);
	}
	return found;
}

static void note_lines(struct upgrade *upgrade, const xmlNode *vm, const xmlNode *user_vm)
{
	const xmlNode *uart;
	char *number;

	xml_for_each(uart, xml_child(user_vm, "communication_vuarts"), "communication_vuart") {
		number = xml_text(uart);
		if (number && *number && !has_line(upgrade, vm, number))
			upgrade_note(upgrade, upgrade->launch, uart,
				     "the scenario has no such line to another VM");
		free(number);
	}
}

static void note_leftovers(struct upgrade *upgrade, const xmlNode *user_vm)
{
	static const char *const known[] = {
		"user_vm_type", "uos_type", "vm_name", "rtos_type", "mem_size", "vbootloader",
		"vuart0", "enable_ptm", "usb_xhci", "cpu_affinity", "shm_regions", "console_vuart",
		"passthrough_devices", "virtio_devices", "poweroff_channel", "gvt_args", "sriov",
		"communication_vuarts",
	};
	const xmlNode *node;
	size_t i;

	xml_for_each(node, user_vm, NULL) {
		for (i = 0; i < ARRAY_SIZE(known) && !xml_is(node, known[i]); i++)
			;
		if (i == ARRAY_SIZE(known) && says_something(node) && !node_has_text(node, "n"))
			upgrade_note(upgrade, upgrade->launch, node,
				     "version 3 has no element for it that is known here");
	}
}

static int write_new(struct upgrade *upgrade, struct xml_writer *writer, const xmlNode *node,
		     const struct plan_vm *vm, const xmlNode *user_vm)
{
	int ret;

	ret = upgrade_identity(upgrade, writer, node, vm);
	if (ret == 0)
		ret = upgrade_flags(upgrade, writer, node, vm);
	if (ret == 0)
		ret = upgrade_uarts(upgrade, writer, node, vm);
	if (ret == 0)
		ret = upgrade_memory(upgrade, writer, node, vm);
	if (ret == 0)
		ret = upgrade_cpus(upgrade, writer, node, vm);
	if (ret == 0 && vm->load_order == PLAN_POST_LAUNCHED_VM)
		ret = upgrade_launch(upgrade, writer, node, vm, user_vm);
	return ret;
}

int upgrade_vm(struct upgrade *upgrade, xmlNode *node, const struct plan_vm *vm,
	       const xmlNode *user_vm)
{
	struct xml_layout layout;
	struct xml_writer writer;
	char *text;
	int ret;

	xml_edit_layout(&upgrade->xml, node, &layout);
	if (xml_writer_init(&writer, &layout) < 0)
		return -ENOMEM;
	ret = write_new(upgrade, &writer, node, vm, user_vm);
	text = xml_writer_finish(&writer);
	if (ret == 0)
		ret = text ? xml_edit_append(&upgrade->xml, node, text) : -ENOMEM;
	free(text);
	if (ret == 0) {
		note_lines(upgrade, node, user_vm);
		note_leftovers(upgrade, user_vm);
	}
	return ret;
}

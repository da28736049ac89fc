/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtio devices, as newer files (elements) and older ones (a line of text) describe them. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/device_readers.h"
#include "lib/util.h"

/* A network interface's name, without its NUL (<linux/if.h>). */
#define INTERFACE_NAME_MAX 15

static bool copy(struct xml_reader *reader, char **ret_text, const char *text, size_t length)
{
	*ret_text = strndup(text, length);
	if (!*ret_text)
		reader->ret = -ENOMEM;
	return *ret_text != NULL;
}

/* --- input ------------------------------------------------------------------------------------ */

static bool check_input_id(struct xml_reader *reader, const xmlNode *node, const char *id)
{
	char quote[XML_QUOTE_MAX];
	const char *p;

	for (p = id; isalnum((unsigned char)*p) || *p == '_' || *p == '-'; p++)
		;
	if (!*p)
		return true;
	xml_complain(reader, node, "virtio input id \"%s\": write letters, digits, '_' and '-'",
		     xml_quote(id, quote));
	return false;
}

/* "Device name: NAME, Device physical path: PATH": the event node is found when the VM starts. */
static void add_input_by_name(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node,
			      const char *text, const char *id)
{
	static const char path_words[] = ", Device physical path: ";
	const char *name = text + strlen("Device name: ");
	const char *path = strstr(name, path_words);
	struct plan_device *device;

	if (!*name || path == name) {
		xml_complain(reader, node, "VM %s: the virtio input device has no name: write "
			     "\"Device name: NAME, Device physical path: PATH\" or /dev/input/...",
			     plan_vm_name(vm));
		return;
	}
	device = id ? device_add(reader, vm, node, PLAN_VIRTIO_INPUT, "%s", id) :
		      device_add(reader, vm, node, PLAN_VIRTIO_INPUT, NULL);
	if (!device)
		return;
	copy(reader, &device->host_name, name, path ? (size_t)(path - name) : strlen(name));
	if (path)
		copy(reader, &device->image, path + sizeof(path_words) - 1,
		     strlen(path + sizeof(path_words) - 1));
}

static void add_input(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node,
		      const char *text, const char *id)
{
	if (strncmp(text, "Device name: ", strlen("Device name: ")) == 0)
		add_input_by_name(reader, vm, node, text, id);
	else if (id)
		device_add(reader, vm, node, PLAN_VIRTIO_INPUT, "%s,%s", text, id);
	else
		device_add(reader, vm, node, PLAN_VIRTIO_INPUT, "%s", text);
}

static void read_input(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	char *file, *id = NULL;

	if (!xml_child(node, NULL)) {
		file = xml_value(reader, node);
	} else {
		file = xml_child_value(reader, node, "backend_device_file");
		id = xml_child_value(reader, node, "id");
		if (!file && id)
			xml_complain(reader, node, "VM %s: virtio input device \"%.60s\" lacks "
				     "backend_device_file", plan_vm_name(vm), id);
	}
	if (file && (!id || check_input_id(reader, node, id)))
		add_input(reader, vm, node, file, id);
	free(file);
	free(id);
}

/* --- network ---------------------------------------------------------------------------------- */

static bool check_tap(struct xml_reader *reader, const xmlNode *node, const char *name)
{
	char quote[XML_QUOTE_MAX];
	const char *p;

	for (p = name; isalnum((unsigned char)*p) || (*p && strchr("_-.", *p)); p++)
		;
	if (!*p && p > name && p - name <= INTERFACE_NAME_MAX)
		return true;
	xml_complain(reader, node, "network interface \"%s\": write 1 to %d letters, digits, '_', "
		     "'-' and '.'", xml_quote(name, quote), INTERFACE_NAME_MAX);
	return false;
}

/* "NAME[,vhost][,mac=...]" */
static void add_network(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node,
			const char *tap_prefix, const char *text, bool vhost)
{
	const char *name = strncmp(text, "tap=", 4) == 0 ? text + 4 : text;
	const char *comma = strchr(name, ','), *more = comma ? comma + 1 : "";
	struct plan_device *device;
	char *tap = NULL;

	if (asprintf(&tap, "%s%.*s", tap_prefix, (int)strcspn(name, ","), name) < 0) {
		reader->ret = -ENOMEM;
		return;
	}
	if (check_tap(reader, node, tap)) {
		device = vhost || *more ? device_add(reader, vm, node, PLAN_VIRTIO_NET, "%s%s%s",
						     more, vhost && *more ? "," : "",
						     vhost ? "vhost" : "") :
					  device_add(reader, vm, node, PLAN_VIRTIO_NET, NULL);
		if (device) {
			device->host_name = tap;
			return;
		}
	}
	free(tap);
}

static void read_network(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node,
			 const char *tap_prefix)
{
	static const struct xml_choice frameworks[] = {
		{ "Kernel based (Virtual Host)", true },
		{ "User space based (VBSU)", false },
		{ NULL, 0 },
	};
	bool vhost = false;
	char *name;

	if (xml_child(node, NULL)) {
		vhost = xml_choose(reader, xml_child(node, "virtio_framework"), frameworks, false);
		name = xml_child_value(reader, node, "interface_name");
		if (!name && reader->ret == 0)
			xml_complain(reader, node, "VM %s: the virtio network device lacks "
				     "interface_name", plan_vm_name(vm));
	} else {
		name = xml_value(reader, node);
	}
	if (name)
		add_network(reader, vm, node, tap_prefix, name, vhost);
	free(name);
}

/* --- block ------------------------------------------------------------------------------------ */

/* "[partition:]image": the image lies on the partition, else it is a path on the host. */
static void read_block(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	char quote[XML_QUOTE_MAX], *text = xml_value(reader, node), *colon;
	struct plan_device *device;

	if (!text)
		return;
	colon = strchr(text, ':');
	if (colon && (colon == text || !colon[1])) {
		xml_complain(reader, node, "VM %s: block \"%s\": write an image's path, or "
			     "partition:path of an image on it", plan_vm_name(vm),
			     xml_quote(text, quote));
		free(text);
		return;
	}
	device = device_add(reader, vm, node, PLAN_VIRTIO_BLK, NULL);
	if (device && colon)
		copy(reader, &device->host_name, text, (size_t)(colon - text));
	if (device)
		copy(reader, &device->image, colon ? colon + 1 : text,
		     strlen(colon ? colon + 1 : text));
	free(text);
}

/* --- vsock, and all --------------------------------------------------------------------------- */

/* Context ids 0 to 2 are taken, the highest means any (vsock(7)). */
static void read_vsock(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	uint64_t cid;

	if (xml_number(reader, node, false, 3, UINT32_MAX - 1, &cid))
		device_add(reader, vm, node, PLAN_VHOST_VSOCK, "cid=%u", (unsigned int)cid);
}

/* An element that is there, but says nothing: editors leave such ones behind. */
static bool is_hollow(const xmlNode *node)
{
	const xmlNode *child;

	if (!xml_child(node, NULL))
		return xml_is_blank(node);
	xml_for_each(child, node, NULL)
		if (!is_hollow(child))
			return false;
	return true;
}

void devices_read_virtio(struct xml_reader *reader, struct plan_vm *vm,
			 const xmlNode *virtio_devices, const char *tap_prefix)
{
	static const struct {
		const char *name;
		void (*read)(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node);
	} kinds[] = {
		{ "input", read_input },    { "console", device_read_console },
		{ "network", NULL },	    { "block", read_block },
		{ "gpu", device_read_gpu }, { "vsock", read_vsock },
	};
	const xmlNode *node;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		xml_for_each(node, virtio_devices, kinds[i].name) {
			if (is_hollow(node))
				continue;
			if (kinds[i].read)
				kinds[i].read(reader, vm, node);
			else
				read_network(reader, vm, node, tap_prefix);
		}
}

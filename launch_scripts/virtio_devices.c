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

/* The text of child @name of @node; NULL if it is missing or blank, or memory has run out. */
static char *value_of(struct xml_reader *reader, const xmlNode *node, const char *name)
{
	const xmlNode *child = xml_child(node, name);

	return xml_is_blank(child) ? NULL : xml_value(reader, child);
}

/* The device model takes options apart at commas. */
static bool check_no_comma(struct xml_reader *reader, const xmlNode *node, const char *value)
{
	char quote[XML_QUOTE_MAX];

	if (!strchr(value, ','))
		return true;
	xml_complain(reader, node, "%s \"%s\": take out the comma, which separates options",
		     (const char *)node->name, xml_quote(value, quote));
	return false;
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
		file = value_of(reader, node, "backend_device_file");
		id = value_of(reader, node, "id");
		if (!file && id)
			xml_complain(reader, node, "VM %s: virtio input device \"%.60s\" lacks "
				     "backend_device_file", plan_vm_name(vm), id);
	}
	if (file && (!id || check_input_id(reader, node, id)))
		add_input(reader, vm, node, file, id);
	free(file);
	free(id);
}

/* --- console ---------------------------------------------------------------------------------- */

enum console_backend {
	CONSOLE_STDIO,
	CONSOLE_PTY,
	CONSOLE_FILE,
	CONSOLE_TTY,
	CONSOLE_CLIENT,
	CONSOLE_SERVER,
};

static const struct xml_choice console_backends[] = {
	{ "stdio", CONSOLE_STDIO },	    { "pty", CONSOLE_PTY },
	{ "file", CONSOLE_FILE },	    { "tty", CONSOLE_TTY },
	{ "sock client", CONSOLE_CLIENT },  { "sock server", CONSOLE_SERVER },
	{ NULL, 0 },
};

/* The path that a back end needs; NULL, with a problem or reader->ret: there is none. */
static char *read_console_path(struct xml_reader *reader, const xmlNode *node, const char *name)
{
	char *path = value_of(reader, node, name);

	if (!path && reader->ret == 0)
		xml_complain(reader, node, "the virtio console lacks %s, which its backend_type "
			     "needs", name);
	if (path && check_no_comma(reader, xml_child(node, name), path))
		return path;
	free(path);
	return NULL;
}

/* The port is called like the socket's file, up to the first dot. */
static void add_console_socket(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node,
			       const char *side)
{
	char *path = read_console_path(reader, node, "sock_file_path");
	const char *file;

	if (!path)
		return;
	file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	device_add(reader, vm, node, PLAN_VIRTIO_CONSOLE, "socket:%.*s=%s:%s",
		   (int)strcspn(file, "."), file, path, side);
	free(path);
}

static void add_console_file(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node,
			     const char *mark, const char *backend, const char *element)
{
	char *path = read_console_path(reader, node, element);

	if (path)
		device_add(reader, vm, node, PLAN_VIRTIO_CONSOLE, "%s%s:%s_port=%s", mark, backend,
			   backend, path);
	free(path);
}

static void read_console_elements(struct xml_reader *reader, struct plan_vm *vm,
				  const xmlNode *node)
{
	static const struct xml_choice uses[] = {
		{ "Virtio console", true }, { "Virtio serial port", false }, { NULL, 0 },
	};
	const xmlNode *backend = xml_child(node, "backend_type");
	const char *mark =
		xml_choose(reader, xml_child(node, "use_type"), uses, true) ? "@" : "";

	if (xml_is_blank(backend))
		xml_complain(reader, node, "the virtio console lacks backend_type");
	switch (xml_choose(reader, backend, console_backends, CONSOLE_STDIO)) {
	case CONSOLE_STDIO:
		device_add(reader, vm, node, PLAN_VIRTIO_CONSOLE, "%sstdio:stdio_port", mark);
		break;
	case CONSOLE_PTY:
		device_add(reader, vm, node, PLAN_VIRTIO_CONSOLE, "%spty:pty_port", mark);
		break;
	case CONSOLE_FILE:
		add_console_file(reader, vm, node, mark, "file", "output_file_path");
		break;
	case CONSOLE_TTY:
		add_console_file(reader, vm, node, mark, "tty", "tty_device_path");
		break;
	case CONSOLE_CLIENT:
		add_console_socket(reader, vm, node, "client");
		break;
	case CONSOLE_SERVER:
		add_console_socket(reader, vm, node, "server");
		break;
	}
}

static void read_console(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	char *text;

	if (xml_child(node, NULL)) {
		read_console_elements(reader, vm, node);
		return;
	}
	text = xml_value(reader, node);
	if (text)
		device_add(reader, vm, node, PLAN_VIRTIO_CONSOLE, "%s", text);
	free(text);
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
		name = value_of(reader, node, "interface_name");
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

/* --- GPU -------------------------------------------------------------------------------------- */

enum gpu_display {
	GPU_NONE,
	GPU_WINDOW,
	GPU_FULL_SCREEN,
};

static const struct xml_choice gpu_displays[] = {
	{ "Window", GPU_WINDOW }, { "Full screen", GPU_FULL_SCREEN }, { NULL, 0 },
};

static const struct xml_choice resolutions[] = {
	{ "1920x1080", 1 }, { "1680x1050", 2 },  { "1600x900", 3 },   { "1440x900", 4 },
	{ "1400x1050", 5 }, { "1366x768", 6 },	 { "1360x768", 7 },   { "1280x1024", 8 },
	{ "1280x960", 9 },  { "1280x800", 10 },  { "1280x768", 11 },  { "1280x720", 12 },
	{ "1280x600", 13 }, { "1152x864", 14 },  { "1024x768", 15 },  { "800x600", 16 },
	{ NULL, 0 },
};

static void print_window(struct xml_reader *reader, const xmlNode *node, FILE *options)
{
	const xmlNode *size = xml_child(node, "window_resolutions");
	uint64_t x = 0, y = 0;
	int choice = xml_choose(reader, size, resolutions, 0);

	xml_number(reader, xml_child(node, "horizontal_offset"), false, 0, 65535, &x);
	xml_number(reader, xml_child(node, "vertical_offset"), false, 0, 65535, &y);
	if (choice > 0)
		fprintf(options, "geometry=%s+%u+%u", resolutions[choice - 1].word,
			(unsigned int)x, (unsigned int)y);
	else if (xml_is_blank(size))
		xml_complain(reader, node, "the display lacks window_resolutions");
}

static void print_full_screen(struct xml_reader *reader, const xmlNode *node, FILE *options)
{
	const xmlNode *monitor = xml_child(node, "monitor_id");
	uint64_t id;

	if (xml_number(reader, monitor, false, 0, 255, &id))
		fprintf(options, "geometry=fullscreen:%u", (unsigned int)id);
	else if (xml_is_blank(monitor))
		xml_complain(reader, node, "the display lacks monitor_id");
}

static void print_displays(struct xml_reader *reader, const xmlNode *gpu, enum gpu_display display,
			   FILE *options)
{
	const xmlNode *node;
	bool first = true;

	xml_for_each(node, xml_child(gpu, "displays"), "display") {
		if (!first)
			fputc(',', options);
		first = false;
		if (display == GPU_WINDOW)
			print_window(reader, node, options);
		else
			print_full_screen(reader, node, options);
	}
	if (first)
		xml_complain(reader, gpu, "the virtio GPU lacks displays with a display in it");
}

static void read_gpu(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
{
	const xmlNode *type = xml_child(node, "display_type");
	enum gpu_display display =
		(enum gpu_display)xml_choose(reader, type, gpu_displays, GPU_NONE);
	char *list = NULL;
	size_t size = 0;
	FILE *options;

	if (display == GPU_NONE) {
		if (xml_is_blank(type))
			xml_complain(reader, node, "VM %s: the virtio GPU lacks display_type: "
				     "Window or Full screen", plan_vm_name(vm));
		return;
	}
	options = open_memstream(&list, &size);
	if (!options) {
		reader->ret = -ENOMEM;
		return;
	}
	print_displays(reader, node, display, options);
	if (fclose(options) != 0)
		reader->ret = -ENOMEM;
	else
		device_add(reader, vm, node, PLAN_VIRTIO_GPU, "%s", list);
	free(list);
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
		{ "input", read_input }, { "console", read_console }, { "network", NULL },
		{ "block", read_block }, { "gpu", read_gpu },	      { "vsock", read_vsock },
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

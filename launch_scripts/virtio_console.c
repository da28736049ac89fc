/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtio consoles. */
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/device_readers.h"

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
	char *path = xml_child_value(reader, node, name);

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

void device_read_console(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
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

/* SPDX-License-Identifier: BSD-3-Clause */
/* Virtio GPUs and their displays. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "launch_scripts/device_readers.h"

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

void device_read_gpu(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node)
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

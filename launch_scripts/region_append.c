/* SPDX-License-Identifier: BSD-3-Clause */
/* The way down to the regions, and new ones at its end. */
#include "launch_scripts/region_append.h"

#include <errno.h>
#include <stdlib.h>

#include "launch_scripts/xml_file.h"
#include "lib/util.h"

static const char *const path[] = { "hv", "FEATURES", "IVSHMEM" };

/* The deepest element of the path that is there; *@ret_depth: how many of them are. */
static xmlNode *find_deepest(xmlNode *root, size_t *ret_depth)
{
	xmlNode *node = root, *child;
	size_t depth;

	for (depth = 0; depth < ARRAY_SIZE(path); depth++) {
		child = xml_child(node, path[depth]);
		if (!child)
			break;
		node = child;
	}
	*ret_depth = depth;
	return node;
}

int regions_append(struct xml_edit *xml, const struct region_text *regions, size_t count)
{
	struct xml_layout layout;
	struct xml_writer writer;
	xmlNode *parent;
	size_t depth, i;
	char *text;
	int ret;

	parent = find_deepest(xml->file.root, &depth);
	xml_edit_layout(xml, parent, &layout);
	if (xml_writer_init(&writer, &layout) < 0)
		return -ENOMEM;
	for (i = depth; i < ARRAY_SIZE(path); i++)
		xml_writer_open(&writer, path[i], "");
	for (i = 0; i < count; i++)
		region_write(&writer, &regions[i]);
	for (i = ARRAY_SIZE(path); i > depth; i--)
		xml_writer_close(&writer, path[i - 1]);
	text = xml_writer_finish(&writer);
	ret = text ? xml_edit_append(xml, parent, text) : -ENOMEM;
	free(text);
	return ret;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading an XML file of unknown origin with libxml2. Nothing is fetched, a document type
 * declaration (with it all entities) is refused, size and depth are bounded, and what is wrong
 * becomes problems with their lines. The tree is complete, with comments, white space and all, so
 * that it can be written back.
 */
#ifndef LAUNCH_SCRIPTS_XML_FILE_H
#define LAUNCH_SCRIPTS_XML_FILE_H

#include <stddef.h>

#include <libxml/tree.h>

#include "launch_scripts/problems.h"
#include "launch_scripts/xml_node.h"

#define XML_FILE_SIZE_MAX ((size_t)16 << 20)
#define XML_FILE_DEPTH_MAX 64
#define XML_FILE_ATTRIBUTES_MAX 256 /* of one element */

struct xml_file {
	const char *name; /* for places; the caller's, outlives them all */
	xmlDoc *doc;
	xmlNode *root;
};

/*
 * Read the regular file @path, or the text @data of a file called @name. The name is kept, not
 * copied: plan_add_file() makes one that lives long enough. Blocks as long as the disk does.
 * Returns 0, -EINVAL (no well-formed XML within the limits), -ENOMEM, or -errno of opening and
 * reading; each failure has added a problem, and @ret_file is as it was.
 */
int xml_file_read(struct xml_file *ret_file, const char *path, struct problems *problems);
int xml_file_parse(struct xml_file *ret_file, const char *name, const char *data, size_t size,
		   struct problems *problems);

/* All zero is fine. */
void xml_file_fini(struct xml_file *file);

/* Where an element stands; a line beyond 65535 is right too. No @node: the file as a whole. */
struct plan_place xml_place(const struct xml_file *file, const xmlNode *node);

#endif

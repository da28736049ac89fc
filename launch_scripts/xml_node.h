/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking around in a parsed XML file. */
#ifndef LAUNCH_SCRIPTS_XML_NODE_H
#define LAUNCH_SCRIPTS_XML_NODE_H

#include <stdbool.h>

#include <libxml/tree.h>

/* Elements only, by their local names. @name NULL: any element. NULL: there is none. */
bool xml_is(const xmlNode *node, const char *name);
xmlNode *xml_child(const xmlNode *parent, const char *name); /* the first; @parent may be NULL */
xmlNode *xml_next(const xmlNode *node, const char *name);    /* the next sibling */

/* "a/b/c" below @parent: the first of each. */
xmlNode *xml_find(const xmlNode *parent, const char *path);

#define xml_for_each(node, parent, name) \
	for ((node) = xml_child((parent), (name)); (node); (node) = xml_next((node), (name)))

/*
 * An element's own text, not that of elements and comments in it, without white space around; ""
 * if there is none or @node is NULL. The caller frees it. NULL: out of memory.
 */
char *xml_text(const xmlNode *node);

/* An attribute's value, without white space around. 0 (@ret_value NULL: no such one) or -ENOMEM. */
int xml_attribute(const xmlNode *node, const char *name, char **ret_value);

#endif

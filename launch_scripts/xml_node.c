/* SPDX-License-Identifier: BSD-3-Clause */
/* Elements, their texts and attributes. */
#include "launch_scripts/xml_node.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool xml_is(const xmlNode *node, const char *name)
{
	return node && node->type == XML_ELEMENT_NODE &&
	       (!name || strcmp((const char *)node->name, name) == 0);
}

static xmlNode *first_of(xmlNode *node, const char *name)
{
	while (node && !xml_is(node, name))
		node = node->next;
	return node;
}

xmlNode *xml_child(const xmlNode *parent, const char *name)
{
	return parent ? first_of(parent->children, name) : NULL;
}

xmlNode *xml_next(const xmlNode *node, const char *name)
{
	return first_of(node->next, name);
}

xmlNode *xml_find(const xmlNode *parent, const char *path)
{
	const char *slash = strchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : strlen(path);
	xmlNode *node;

	xml_for_each(node, parent, NULL)
		if (strlen((const char *)node->name) == length &&
		    memcmp(node->name, path, length) == 0)
			return slash ? xml_find(node, slash + 1) : node;
	return NULL;
}

/* Move what is between white space to the front of @text. */
static void trim(char *text)
{
	static const char blanks[] = " \t\r\n";
	const char *start = text + strspn(text, blanks);
	size_t length = strlen(start);

	while (length > 0 && strchr(blanks, start[length - 1]))
		length--;
	memmove(text, start, length);
	text[length] = '\0';
}

static bool has_text(const xmlNode *node)
{
	return (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) &&
	       node->content;
}

char *xml_text(const xmlNode *node)
{
	const xmlNode *child;
	size_t length = 0;
	char *text, *end;

	for (child = node ? node->children : NULL; child; child = child->next)
		if (has_text(child))
			length += strlen((const char *)child->content);
	text = end = malloc(length + 1);
	if (!text)
		return NULL;
	*end = '\0';
	for (child = node ? node->children : NULL; child; child = child->next)
		if (has_text(child))
			end = stpcpy(end, (const char *)child->content);
	trim(text);
	return text;
}

int xml_attribute(const xmlNode *node, const char *name, char **ret_value)
{
	xmlChar *value;
	char *copy;

	if (!xmlHasNsProp(node, (const xmlChar *)name, NULL)) {
		*ret_value = NULL;
		return 0;
	}
	value = xmlGetNoNsProp(node, (const xmlChar *)name);
	copy = value ? strdup((const char *)value) : NULL;
	xmlFree(value);
	if (!copy)
		return -ENOMEM;
	trim(copy);
	*ret_value = copy;
	return 0;
}

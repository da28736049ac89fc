/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * XML texts of unknown origin that are changed: whatever is well-formed can be, and what comes out
 * is well-formed, with that change and no other.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/xml_edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is to be done, and to which element in document order. */
struct deed {
	enum { SET, REMOVE, APPEND } kind;
	unsigned int element;
};

static unsigned int count_elements(const xmlNode *node)
{
	const xmlNode *child;
	unsigned int count = 1;

	xml_for_each(child, node, NULL)
		count += count_elements(child);
	return count;
}

/* Element number *@left from @node on; NULL: there are fewer. */
static xmlNode *find_element(xmlNode *node, unsigned int *left)
{
	xmlNode *child, *found;

	if ((*left)-- == 0)
		return node;
	xml_for_each(child, node, NULL) {
		found = find_element(child, left);
		if (found)
			return found;
	}
	return NULL;
}

static void must(int condition)
{
	if (!condition)
		abort();
}

static int append(struct xml_edit *edit, const xmlNode *node)
{
	struct xml_layout layout;
	struct xml_writer writer;
	char *text;
	int ret;

	xml_edit_layout(edit, node, &layout);
	must(xml_writer_init(&writer, &layout) == 0);
	xml_writer_open(&writer, "new", "");
	xml_writer_leaf(&writer, "leaf", "<&>\xc3\xa4");
	xml_writer_close(&writer, "new");
	text = xml_writer_finish(&writer);
	must(text != NULL);
	ret = xml_edit_append(edit, node, text);
	free(text);
	return ret;
}

static int change(struct xml_edit *edit, const xmlNode *node, struct deed deed)
{
	switch (deed.kind) {
	case SET:
		return xml_edit_set_text(edit, node, "a <&> b");
	case REMOVE:
		return xml_edit_remove(edit, node);
	default:
		return append(edit, node);
	}
}

/* How many elements there are after it. */
static unsigned int expected_count(unsigned int before, const xmlNode *node, struct deed deed)
{
	if (deed.kind == REMOVE)
		return before - count_elements(node);
	return deed.kind == APPEND ? before + 2 : before;
}

static void check_result(const char *text, size_t size, unsigned int count, struct deed deed)
{
	struct problems problems = { 0 };
	struct xml_edit edit;
	unsigned int left = deed.element;
	xmlNode *node;
	char *own;

	/* Elements of the deepest that may be can get no more in them. */
	if (xml_edit_init(&edit, "new", text, size, &problems) == 0) {
		must(count_elements(edit.file.root) == count);
		if (deed.kind == SET) {
			node = find_element(edit.file.root, &left);
			own = xml_text(node);
			must(own && strcmp(own, "a <&> b") == 0);
			free(own);
		}
		xml_edit_fini(&edit);
	} else {
		must(deed.kind == APPEND || size > XML_FILE_SIZE_MAX);
	}
	problems_fini(&problems);
}

static void try_deed(const char *text, size_t size, struct deed deed)
{
	struct problems problems = { 0 };
	unsigned int left, count;
	struct xml_edit edit;
	size_t result_size;
	xmlNode *node;
	char *result;

	if (xml_edit_init(&edit, "f", text, size, &problems) < 0) {
		must(problems.count > 0);
		problems_fini(&problems);
		return;
	}
	count = count_elements(edit.file.root);
	deed.element %= count;
	left = deed.element;
	node = find_element(edit.file.root, &left);
	must(node != NULL);
	if ((deed.kind == SET && xml_child(node, NULL)) ||
	    (deed.kind == REMOVE && node == edit.file.root)) {
		xml_edit_fini(&edit);
		return;
	}
	count = expected_count(count, node, deed);
	must(change(&edit, node, deed) == 0);
	must(xml_edit_apply(&edit, &result, &result_size) == 0);
	xml_edit_fini(&edit);
	check_result(result, result_size, count, deed);
	free(result);
}

/* The first two bytes are the deed, the rest is the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct deed deed;

	if (size < 2)
		return 0;
	deed.kind = data[0] % 3;
	deed.element = data[1];
	try_deed((const char *)data + 2, size - 2, deed);
	return 0;
}

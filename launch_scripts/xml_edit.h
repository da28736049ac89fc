/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changing an XML text by its elements. Nodes are found in the parsed tree, which stays as it was
 * read; changes are made in the text, so that comments, blanks, quotes and line ends everywhere
 * else stay as their author wrote them.
 */
#ifndef LAUNCH_SCRIPTS_XML_EDIT_H
#define LAUNCH_SCRIPTS_XML_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "launch_scripts/problems.h"
#include "launch_scripts/text_edit.h"
#include "launch_scripts/xml_file.h"
#include "launch_scripts/xml_span.h"
#include "launch_scripts/xml_writer.h"

struct xml_edit {
	const char *text;
	size_t size;
	struct xml_file file;
	struct xml_span *spans;
	struct text_edit changes;
	const char *eol;
	bool ascii;
};

/*
 * Parse @text of a file called @name; both stay the caller's and outlive the edit. Returns 0,
 * -ENOMEM or -EINVAL (no such XML, or an encoding that cannot be edited), with a problem added.
 */
int xml_edit_init(struct xml_edit *edit, const char *name, const char *text, size_t size,
		  struct problems *problems);

/* The text with all changes made; as text_edit_apply(). */
int xml_edit_apply(struct xml_edit *edit, char **ret_text, size_t *ret_size);

/* All zero is fine. */
void xml_edit_fini(struct xml_edit *edit);

/* How a child of @parent is to be laid out, like its siblings to be. */
void xml_edit_layout(const struct xml_edit *edit, const xmlNode *parent,
		     struct xml_layout *ret_layout);

/* All of these return 0 or -ENOMEM, and take nodes of the tree as it was read. */

/* Put elements, which an xml_writer has written, behind what is in @parent. Once per @parent. */
int xml_edit_append(struct xml_edit *edit, const xmlNode *parent, const char *elements);

/* The same right behind the element @sibling. */
int xml_edit_insert_after(struct xml_edit *edit, const xmlNode *sibling, const char *elements);

/* Give an element without elements in it another text. Comments in it stay. */
int xml_edit_set_text(struct xml_edit *edit, const xmlNode *node, const char *text);

/* Take an element out, with its line if it is alone there. */
int xml_edit_remove(struct xml_edit *edit, const xmlNode *node);

#endif

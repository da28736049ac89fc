/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing new elements in the manner of those around them. */
#ifndef LAUNCH_SCRIPTS_XML_WRITER_H
#define LAUNCH_SCRIPTS_XML_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define XML_INDENT_MAX 128

/* How elements are laid out: each begins with @eol, @indent and one @unit per level. */
struct xml_layout {
	const char *eol; /* "\n", "\r\n", or "": all on one line, without blanks */
	char indent[XML_INDENT_MAX];
	char unit[XML_INDENT_MAX];
	bool ascii; /* other characters are written as references: the encoding may not have them */
};

struct xml_writer {
	const struct xml_layout *layout;
	FILE *out;
	char *text;
	size_t size;
	unsigned int depth;
};

/* The layout outlives the writer. Returns 0 or -ENOMEM. */
int xml_writer_init(struct xml_writer *writer, const struct xml_layout *layout);

/* An element with others in it; @attributes: as they are written, "" or " id=\"1\"". */
void xml_writer_open(struct xml_writer *writer, const char *name, const char *attributes);
void xml_writer_close(struct xml_writer *writer, const char *name);

/* An element with a text in it, which is escaped; "" makes an empty one. */
void xml_writer_leaf(struct xml_writer *writer, const char *name, const char *text);

/* Returns the text, which the caller frees, or NULL: out of memory. The writer is gone. */
char *xml_writer_finish(struct xml_writer *writer);

/* Whether XML can hold @text: UTF-8 without control characters other than tab and newline. */
bool xml_text_is_valid(const char *text);

/* @text as it stands between tags. The caller frees it. NULL: out of memory. */
char *xml_escape(const char *text, bool ascii);

#endif

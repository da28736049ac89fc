/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where in an XML text its elements stand, in bytes: what changes a file by cutting and inserting
 * text keeps all the rest of it, which writing a parsed tree does not.
 */
#ifndef LAUNCH_SCRIPTS_XML_SPAN_H
#define LAUNCH_SCRIPTS_XML_SPAN_H

#include <stddef.h>

#include <libxml/tree.h>

/* Offsets. For <a/>, with nothing inside, @inside and @inside_end are that of "/>". */
struct xml_span {
	size_t start;	   /* of its start tag */
	size_t inside;	   /* behind its start tag */
	size_t inside_end; /* of its end tag */
	size_t end;	   /* behind its end tag */
};

/*
 * Find the elements of @doc in @text, from which it was parsed and which has no document type
 * declaration and an encoding in which ASCII characters are themselves. Every element's _private
 * then points to its span. The caller frees *@ret_spans, and no sooner than the tree goes.
 * Returns 0, -ENOMEM, or -EILSEQ: the text is not that of the tree.
 */
int xml_spans_find(struct xml_span **ret_spans, xmlDoc *doc, const char *text, size_t size);

static inline const struct xml_span *xml_span_of(const xmlNode *node)
{
	return node->psvi;
}

#endif

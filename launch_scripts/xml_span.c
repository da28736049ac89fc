/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scanner of tags that follows the parsed tree: it says only where things are, what they are is
 * known already. Each tag has to be the tree's next one, so that the two cannot drift apart.
 */
#include "launch_scripts/xml_span.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	const char *text;
	size_t size, at;
	struct xml_span *spans;
	xmlNode *open; /* element whose end tag has not come; NULL: none */
	xmlNode *next; /* element whose start tag comes next, in document order; NULL: none */
};

static xmlNode *element_from(xmlNode *node)
{
	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

static xmlNode *parent_element(const xmlNode *node)
{
	return node->parent && node->parent->type == XML_ELEMENT_NODE ? node->parent : NULL;
}

/* In document order. */
static xmlNode *following(xmlNode *node)
{
	xmlNode *found = element_from(node->children);

	for (; node && !found; node = parent_element(node))
		found = element_from(node->next);
	return found;
}

static size_t count_elements(xmlNode *node)
{
	size_t count = 0;

	for (; node; node = following(node))
		count++;
	return count;
}

static bool starts_with(const struct scan *scan, const char *word)
{
	size_t length = strlen(word);

	return scan->size - scan->at >= length && !memcmp(scan->text + scan->at, word, length);
}

/* To behind the next @word @from bytes ahead: "<!-->" does not end the comment it begins. */
static int skip_past(struct scan *scan, size_t from, const char *word)
{
	const char *start = scan->text + scan->at + from;
	const char *found = NULL;

	if (scan->size - scan->at >= from)
		found = memmem(start, scan->size - scan->at - from, word, strlen(word));
	if (!found)
		return -EILSEQ;
	scan->at = (size_t)(found - scan->text) + strlen(word);
	return 0;
}

/* The name with its prefix, as the tree has it, stands at @at. */
static bool is_name_at(const struct scan *scan, size_t at, const xmlNode *node)
{
	const char *prefix = node->ns ? (const char *)node->ns->prefix : NULL;
	const char *name = (const char *)node->name;
	size_t length;

	if (prefix) {
		length = strlen(prefix);
		if (scan->size - at <= length || memcmp(scan->text + at, prefix, length) ||
		    scan->text[at + length] != ':')
			return false;
		at += length + 1;
	}
	length = strlen(name);
	return scan->size - at > length && !memcmp(scan->text + at, name, length) &&
	       strchr(" \t\r\n/>", scan->text[at + length]);
}

static int scan_end_tag(struct scan *scan)
{
	struct xml_span *span = scan->open ? scan->open->psvi : NULL;

	if (!span || !is_name_at(scan, scan->at + 2, scan->open))
		return -EILSEQ;
	span->inside_end = scan->at;
	if (skip_past(scan, 2, ">") < 0)
		return -EILSEQ;
	span->end = scan->at;
	scan->open = parent_element(scan->open);
	return 0;
}

/* To behind the tag; a '>' in an attribute's value does not end it. */
static int skip_tag(struct scan *scan)
{
	char quote = 0;

	for (; scan->at < scan->size; scan->at++) {
		char c = scan->text[scan->at];

		if (quote) {
			quote = c == quote ? 0 : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '>') {
			scan->at++;
			return 0;
		}
	}
	return -EILSEQ;
}

static int scan_start_tag(struct scan *scan)
{
	struct xml_span *span = scan->spans++;
	xmlNode *node = scan->next;

	if (!node || parent_element(node) != scan->open || !is_name_at(scan, scan->at + 1, node))
		return -EILSEQ;
	node->psvi = span;
	scan->next = following(node);
	span->start = scan->at;
	if (skip_tag(scan) < 0)
		return -EILSEQ;
	span->inside = scan->at;
	scan->open = node;
	if (scan->text[scan->at - 2] == '/') {
		span->inside = span->inside_end = scan->at - 2;
		span->end = scan->at;
		scan->open = parent_element(node);
	}
	return 0;
}

static int scan_markup(struct scan *scan)
{
	if (starts_with(scan, "<!--"))
		return skip_past(scan, 4, "-->");
	if (starts_with(scan, "<![CDATA["))
		return skip_past(scan, 9, "]]>");
	if (starts_with(scan, "<?"))
		return skip_past(scan, 2, "?>");
	if (starts_with(scan, "</"))
		return scan_end_tag(scan);
	return scan_start_tag(scan);
}

static int scan_all(struct scan *scan)
{
	const char *found;
	int ret = 0;

	while (ret == 0) {
		found = memchr(scan->text + scan->at, '<', scan->size - scan->at);
		if (!found)
			return scan->next || scan->open ? -EILSEQ : 0;
		scan->at = (size_t)(found - scan->text);
		ret = scan_markup(scan);
	}
	return ret;
}

int xml_spans_find(struct xml_span **ret_spans, xmlDoc *doc, const char *text, size_t size)
{
	struct scan scan = { .text = text, .size = size };
	struct xml_span *spans;
	int ret;

	scan.next = xmlDocGetRootElement(doc);
	spans = calloc(count_elements(scan.next) + 1, sizeof(*spans));
	if (!spans)
		return -ENOMEM;
	scan.spans = spans;
	ret = scan_all(&scan);
	if (ret == 0)
		*ret_spans = spans;
	else
		free(spans);
	return ret;
}

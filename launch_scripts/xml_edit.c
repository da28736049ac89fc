/* SPDX-License-Identifier: BSD-3-Clause */
/* From nodes to bytes: where a change to an element cuts the text, and what blanks go with it. */
#include "launch_scripts/xml_edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/util.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* --- begin and end ---------------------------------------------------------------------------- */

/* Whether ASCII characters are themselves in it, whatever else it has. */
static bool is_like_ascii(const char *encoding)
{
	static const char *const prefixes[] = { "UTF-8", "US-ASCII", "ASCII", "ISO-8859-",
						"WINDOWS-125", "LATIN" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncasecmp(encoding, prefixes[i], strlen(prefixes[i])))
			return true;
	return false;
}

static const char *find_eol(const char *text, size_t size)
{
	const char *newline = memchr(text, '\n', size);

	return newline && newline > text && newline[-1] == '\r' ? "\r\n" : "\n";
}

int xml_edit_init(struct xml_edit *edit, const char *name, const char *text, size_t size,
		  struct problems *problems)
{
	struct plan_place place = { .file = name };
	const char *encoding;
	int ret;

	*edit = (struct xml_edit){ .text = text, .size = size, .eol = find_eol(text, size) };
	ret = xml_file_parse(&edit->file, name, text, size, problems);
	if (ret < 0)
		return ret;
	encoding = (const char *)edit->file.doc->encoding;
	edit->ascii = encoding && strncasecmp(encoding, "UTF-8", 5);
	if (encoding && !is_like_ascii(encoding)) {
		problems_add(problems, place,
			     "the encoding %s cannot be edited: convert the file to UTF-8 first",
			     encoding);
		ret = -EINVAL;
		goto out_file;
	}
	ret = xml_spans_find(&edit->spans, edit->file.doc, text, size);
	if (ret == -EILSEQ) {
		problems_add(problems, place,
			     "the elements are not where they should be: convert the file to UTF-8"
			     " first");
		ret = -EINVAL;
	}
	if (ret < 0)
		goto out_file;
	return 0;

out_file:
	xml_file_fini(&edit->file);
	return ret;
}

int xml_edit_apply(struct xml_edit *edit, char **ret_text, size_t *ret_size)
{
	return text_edit_apply(&edit->changes, edit->text, edit->size, ret_text, ret_size);
}

void xml_edit_fini(struct xml_edit *edit)
{
	text_edit_fini(&edit->changes);
	xml_file_fini(&edit->file);
	free(edit->spans);
	*edit = (struct xml_edit){ 0 };
}

/* --- layout ----------------------------------------------------------------------------------- */

/* The blanks before @at on its line; false: something else stands there, or they are too many. */
static bool indent_of(const struct xml_edit *edit, size_t at, char indent[XML_INDENT_MAX])
{
	size_t start = at;

	while (start > 0 && (edit->text[start - 1] == ' ' || edit->text[start - 1] == '\t'))
		start--;
	if (start == 0 || edit->text[start - 1] != '\n' || at - start >= XML_INDENT_MAX)
		return false;
	memcpy(indent, edit->text + start, at - start);
	indent[at - start] = '\0';
	return true;
}

static bool node_indent(const struct xml_edit *edit, const xmlNode *node,
			char indent[XML_INDENT_MAX])
{
	return node && node->type == XML_ELEMENT_NODE &&
	       indent_of(edit, xml_span_of(node)->start, indent);
}

/* The blanks that the line begins with where @node begins, whatever else is before it there. */
static void line_indent(const struct xml_edit *edit, const xmlNode *node,
			char indent[XML_INDENT_MAX])
{
	const char *text = edit->text;
	size_t start, length;

	indent[0] = '\0';
	if (!node || node->type != XML_ELEMENT_NODE)
		return;
	for (start = xml_span_of(node)->start; start > 0 && text[start - 1] != '\n';)
		start--;
	length = strspn(text + start, " \t");
	if (length >= XML_INDENT_MAX)
		return;
	memcpy(indent, text + start, length);
	indent[length] = '\0';
}

/* What @inner has more than @outer. */
static bool indent_step(const char *outer, const char *inner, char unit[XML_INDENT_MAX])
{
	size_t length = strlen(outer);

	if (strncmp(outer, inner, length) || !inner[length])
		return false;
	strcpy(unit, inner + length);
	return true;
}

/* One level of indentation around @node: its own, else that of the root's first child. */
static void find_unit(const struct xml_edit *edit, const xmlNode *node, char unit[XML_INDENT_MAX])
{
	char inner[XML_INDENT_MAX], outer[XML_INDENT_MAX];

	for (; node && node->parent; node = node->parent) {
		if (!node_indent(edit, node, inner))
			continue;
		line_indent(edit, node->parent, outer);
		if (indent_step(outer, inner, unit))
			return;
	}
	if (!node_indent(edit, xml_child(edit->file.root, NULL), inner) ||
	    !indent_step("", inner, unit))
		strcpy(unit, "  ");
}

void xml_edit_layout(const struct xml_edit *edit, const xmlNode *parent,
		     struct xml_layout *ret_layout)
{
	const xmlNode *child = xml_child(parent, NULL), *next;
	char outer[XML_INDENT_MAX];

	*ret_layout = (struct xml_layout){ .eol = edit->eol, .ascii = edit->ascii };
	for (next = child; next; next = xml_next(next, NULL))
		child = next;
	if (child) {
		find_unit(edit, child, ret_layout->unit);
		if (!node_indent(edit, child, ret_layout->indent))
			ret_layout->eol = "";
		goto out;
	}
	find_unit(edit, parent, ret_layout->unit);
	/* The root needs no line of its own before it. */
	if (parent == edit->file.root)
		outer[0] = '\0';
	else if (!node_indent(edit, parent, outer))
		ret_layout->eol = "";
	if (*ret_layout->eol && strlen(outer) + strlen(ret_layout->unit) < XML_INDENT_MAX)
		stpcpy(stpcpy(ret_layout->indent, outer), ret_layout->unit);
out:
	if (!*ret_layout->eol)
		ret_layout->indent[0] = ret_layout->unit[0] = '\0';
}

/* --- changes ---------------------------------------------------------------------------------- */

/* Before the blanks that end at @end, but not before @start. */
static size_t trim_end(const char *text, size_t start, size_t end)
{
	while (end > start && is_blank(text[end - 1]))
		end--;
	return end;
}

/* Replace the "/>" of an empty element by a content and an end tag. */
static int fill_empty(struct xml_edit *edit, const xmlNode *node, const char *content)
{
	const struct xml_span *span = xml_span_of(node);
	size_t at = trim_end(edit->text, span->start, span->inside);
	size_t length = strcspn(edit->text + span->start + 1, " \t\r\n/>");
	char *text;
	int ret;

	if (asprintf(&text, ">%s</%.*s>", content, (int)length, edit->text + span->start + 1) < 0)
		return -ENOMEM;
	ret = text_edit_replace(&edit->changes, at, span->end, text);
	free(text);
	return ret;
}

static bool is_empty_tag(const struct xml_edit *edit, const struct xml_span *span)
{
	return span->inside == span->inside_end && edit->text[span->inside] == '/';
}

/*
 * Where the next child goes: behind what there is, and on its line behind blanks that end it, which
 * go if that child does.
 */
static size_t content_end(const struct xml_edit *edit, const struct xml_span *span)
{
	size_t end = trim_end(edit->text, span->inside, span->inside_end), at = end;

	while (at < span->inside_end && (edit->text[at] == ' ' || edit->text[at] == '\t'))
		at++;
	return at < span->inside_end && strchr("\r\n", edit->text[at]) ? at : end;
}

int xml_edit_append(struct xml_edit *edit, const xmlNode *parent, const char *elements)
{
	const struct xml_span *span = xml_span_of(parent);
	size_t end = content_end(edit, span);
	char indent[XML_INDENT_MAX] = "", *text;
	struct xml_layout layout;
	bool broken;
	int ret;

	xml_edit_layout(edit, parent, &layout);
	node_indent(edit, parent, indent);
	/* The end tag goes to a line of its own, if it is not there already. */
	broken = memchr(edit->text + end, '\n', span->inside_end - end) || !*layout.eol;
	if (asprintf(&text, "%s%s%s", elements, broken ? "" : layout.eol, broken ? "" : indent) < 0)
		return -ENOMEM;
	if (is_empty_tag(edit, span))
		ret = fill_empty(edit, parent, text);
	else
		ret = text_edit_replace(&edit->changes, end, end, text);
	free(text);
	return ret;
}

int xml_edit_insert_after(struct xml_edit *edit, const xmlNode *sibling, const char *elements)
{
	size_t end = xml_span_of(sibling)->end;

	return text_edit_replace(&edit->changes, end, end, elements);
}

/* The end of the comment or processing instruction at @at, or of the text before the next one. */
static size_t piece_end(const struct xml_edit *edit, size_t at, size_t end, bool *ret_is_text)
{
	static const struct {
		const char *begin, *end;
		bool is_text;
	} kinds[] = {
		{ "<!--", "-->", false },
		{ "<?", "?>", false },
		{ "<![CDATA[", "]]>", true },
	};
	const char *text = edit->text + at, *found;
	size_t i, skipped, length = end - at;

	*ret_is_text = true;
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		skipped = strlen(kinds[i].begin);
		if (length < skipped || memcmp(text, kinds[i].begin, skipped))
			continue;
		*ret_is_text = kinds[i].is_text;
		found = memmem(text + skipped, length - skipped, kinds[i].end,
			       strlen(kinds[i].end));
		return found ? (size_t)(found - edit->text) + strlen(kinds[i].end) : end;
	}
	found = memchr(text + 1, '<', length - 1);
	return found ? (size_t)(found - edit->text) : end;
}

/* The first text between @start and @end gives way to @text, others to nothing. */
static int replace_pieces(struct xml_edit *edit, size_t start, size_t end, const char *text)
{
	size_t at, next, first, last;
	bool is_text;
	int ret = 0;

	for (at = start; at < end && ret == 0; at = next) {
		next = piece_end(edit, at, end, &is_text);
		last = trim_end(edit->text, at, next);
		if (!is_text || last == at)
			continue;
		for (first = at; is_blank(edit->text[first]);)
			first++;
		ret = text_edit_replace(&edit->changes, first, last, text);
		text = "";
	}
	if (ret == 0 && *text)
		ret = text_edit_replace(&edit->changes, start, start, text);
	return ret;
}

int xml_edit_set_text(struct xml_edit *edit, const xmlNode *node, const char *text)
{
	const struct xml_span *span = xml_span_of(node);
	char *escaped = xml_escape(text, edit->ascii);
	int ret;

	if (!escaped)
		return -ENOMEM;
	if (is_empty_tag(edit, span))
		ret = *text ? fill_empty(edit, node, escaped) : 0;
	else
		ret = replace_pieces(edit, span->inside, span->inside_end, escaped);
	free(escaped);
	return ret;
}

int xml_edit_remove(struct xml_edit *edit, const xmlNode *node)
{
	const struct xml_span *span = xml_span_of(node);
	size_t start = span->start, end = span->end;
	char indent[XML_INDENT_MAX];

	while (end < edit->size && (edit->text[end] == ' ' || edit->text[end] == '\t'))
		end++;
	/* With the newline before it, so that the one behind it ends the line before. */
	if (end < edit->size && strchr("\r\n", edit->text[end]) &&
	    indent_of(edit, start, indent)) {
		start -= strlen(indent) + 1;
		if (start > 0 && edit->text[start - 1] == '\r')
			start--;
	} else {
		end = span->end;
	}
	return text_edit_replace(&edit->changes, start, end, "");
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of elements. */
#include "launch_scripts/xml_value.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"

void xml_complain(const struct xml_reader *reader, const xmlNode *node, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	problems_add(reader->problems, xml_place(reader->file, node), "%s",
		     text ? text : "does not hold (and memory ran out)");
	free(text);
}

const char *xml_quote(const char *value, char quote[XML_QUOTE_MAX])
{
	size_t length = strlen(value);

	if (length < XML_QUOTE_MAX) {
		memcpy(quote, value, length + 1);
		return quote;
	}
	/* Not in the middle of a character. */
	for (length = XML_QUOTE_MAX - 4; length > 0 && (value[length] & 0xc0) == 0x80; length--)
		;
	memcpy(quote, value, length);
	strcpy(quote + length, "...");
	return quote;
}

char *xml_value(struct xml_reader *reader, const xmlNode *node)
{
	char *text = xml_text(node);

	if (!text)
		reader->ret = -ENOMEM;
	return text;
}

char *xml_child_value(struct xml_reader *reader, const xmlNode *node, const char *name)
{
	const xmlNode *child = xml_child(node, name);

	return xml_is_blank(child) ? NULL : xml_value(reader, child);
}

bool xml_is_blank(const xmlNode *node)
{
	const xmlNode *child;
	const char *text;

	for (child = node ? node->children : NULL; child; child = child->next) {
		if (child->type == XML_ELEMENT_NODE)
			return false;
		text = (const char *)child->content;
		if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) &&
		    text && text[strspn(text, " \t\r\n")])
			return false;
	}
	return true;
}

/* "y, n, Enable or Disable", cut where it does not fit. */
static const char *list_choices(const struct xml_choice *choices, char *text, size_t size)
{
	size_t used = 0;
	int length;

	text[0] = '\0';
	for (; choices->word && used < size; choices++) {
		length = snprintf(text + used, size - used, "%s%s", choices->word,
				  !choices[1].word ? "" : choices[2].word ? ", " : " or ");
		used += length > 0 ? (size_t)length : 0;
	}
	return text;
}

int xml_choose(struct xml_reader *reader, const xmlNode *node, const struct xml_choice *choices,
	       int fallback)
{
	char quote[XML_QUOTE_MAX], list[400], *text;
	const struct xml_choice *choice;

	if (xml_is_blank(node))
		return fallback;
	text = xml_value(reader, node);
	if (!text)
		return fallback;
	for (choice = choices; choice->word && strcmp(choice->word, text) != 0; choice++)
		;
	if (!choice->word)
		xml_complain(reader, node, "%s \"%s\": write %s", (const char *)node->name,
			     xml_quote(text, quote), list_choices(choices, list, sizeof(list)));
	free(text);
	return choice->word ? choice->value : fallback;
}

bool xml_yes(struct xml_reader *reader, const xmlNode *parent, const char *name)
{
	static const struct xml_choice choices[] = {
		{ "y", true },	      { "n", false }, { "Enable", true },
		{ "Disable", false }, { NULL, 0 },
	};

	return xml_choose(reader, xml_child(parent, name), choices, false);
}

bool xml_number(struct xml_reader *reader, const xmlNode *node, bool hex, uint64_t min,
		uint64_t max, uint64_t *ret_value)
{
	char quote[XML_QUOTE_MAX], *text;
	uint64_t value = 0;
	int ret;

	if (xml_is_blank(node))
		return false;
	text = xml_value(reader, node);
	if (!text)
		return false;
	ret = hex ? parse_number(text, max, &value) : parse_decimal(text, max, &value);
	if (ret == 0 && value < min)
		ret = -ERANGE;
	if (ret == 0)
		*ret_value = value;
	else if (max == UINT64_MAX && ret == -EINVAL)
		xml_complain(reader, node, "%s \"%s\" is no number: write a %s one",
			     (const char *)node->name, xml_quote(text, quote),
			     hex ? "decimal or hexadecimal (0x...)" : "decimal");
	else
		xml_complain(reader, node,
			     "%s \"%s\": write a %s number from %" PRIu64 " to %" PRIu64,
			     (const char *)node->name, xml_quote(text, quote),
			     hex ? "decimal or hexadecimal (0x...)" : "decimal", min, max);
	free(text);
	return ret == 0;
}

void xml_check_single(struct xml_reader *reader, const xmlNode *parent, const char *const *names)
{
	const xmlNode *child;
	uint32_t seen = 0, bit;
	size_t i;

	xml_for_each(child, parent, NULL) {
		for (i = 0; names[i] && !xml_is(child, names[i]); i++)
			;
		bit = names[i] ? UINT32_C(1) << i : 0;
		if (seen & bit)
			xml_complain(reader, child, "%s is there a second time: take one out",
				     names[i]);
		seen |= bit;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Elements and characters, as XML 1.0 wants them (clauses 2.2 and 2.4). */
#include "launch_scripts/xml_writer.h"

#include <errno.h>
#include <stdlib.h>

#include <libxml/chvalid.h>
#include <libxml/xmlstring.h>

int xml_writer_init(struct xml_writer *writer, const struct xml_layout *layout)
{
	*writer = (struct xml_writer){ .layout = layout };
	writer->out = open_memstream(&writer->text, &writer->size);
	return writer->out ? 0 : -ENOMEM;
}

static void begin_line(struct xml_writer *writer)
{
	unsigned int i;

	fputs(writer->layout->eol, writer->out);
	fputs(writer->layout->indent, writer->out);
	for (i = 0; i < writer->depth; i++)
		fputs(writer->layout->unit, writer->out);
}

static void put_character(FILE *out, int character)
{
	switch (character) {
	case '&':
		fputs("&amp;", out);
		break;
	case '<':
		fputs("&lt;", out);
		break;
	case '>':
		fputs("&gt;", out);
		break;
	case '\r':
		fputs("&#13;", out);
		break;
	default:
		fputc(character, out);
	}
}

static void put_text(FILE *out, const char *text, bool ascii)
{
	const unsigned char *at = (const unsigned char *)text;
	int length, character;

	for (; *at; at += length) {
		length = 4;
		character = xmlGetUTF8Char(at, &length);
		if (character < 0)
			length = 1;
		if (character < 0x80)
			put_character(out, character < 0 ? '?' : character);
		else if (ascii)
			fprintf(out, "&#x%X;", (unsigned int)character);
		else
			fwrite(at, 1, (size_t)length, out);
	}
}

void xml_writer_open(struct xml_writer *writer, const char *name, const char *attributes)
{
	begin_line(writer);
	fprintf(writer->out, "<%s%s>", name, attributes);
	writer->depth++;
}

void xml_writer_close(struct xml_writer *writer, const char *name)
{
	writer->depth--;
	begin_line(writer);
	fprintf(writer->out, "</%s>", name);
}

void xml_writer_leaf(struct xml_writer *writer, const char *name, const char *text)
{
	begin_line(writer);
	if (!*text) {
		fprintf(writer->out, "<%s/>", name);
		return;
	}
	fprintf(writer->out, "<%s>", name);
	put_text(writer->out, text, writer->layout->ascii);
	fprintf(writer->out, "</%s>", name);
}

char *xml_writer_finish(struct xml_writer *writer)
{
	bool failed = ferror(writer->out);

	failed |= fclose(writer->out) != 0;
	if (failed) {
		free(writer->text);
		return NULL;
	}
	return writer->text;
}

bool xml_text_is_valid(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	int length, character;

	if (!xmlCheckUTF8(at))
		return false;
	for (; *at; at += length) {
		length = 4;
		character = xmlGetUTF8Char(at, &length);
		if (character < 0 || !xmlIsCharQ((unsigned int)character))
			return false;
	}
	return true;
}

char *xml_escape(const char *text, bool ascii)
{
	char *escaped = NULL;
	size_t size;
	FILE *out = open_memstream(&escaped, &size);
	bool failed;

	if (!out)
		return NULL;
	put_text(out, text, ascii);
	failed = ferror(out);
	if (fclose(out) == 0 && !failed)
		return escaped;
	free(escaped);
	return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* XML files through libxml2, with its teeth drawn. */
#include "launch_scripts/xml_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the bytes -------------------------------------------------------------------------------- */

static int open_regular(const char *path, struct problems *problems)
{
	const struct plan_place place = { path, 0 };
	struct stat status;
	int fd, ret;

	/* Opening a FIFO would wait for somebody to write. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &status) < 0) {
		ret = -errno;
		problems_add(problems, place, "cannot be read: %s", strerror(-ret));
	} else if (!S_ISREG(status.st_mode)) {
		ret = S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
		problems_add(problems, place, "is no regular file: name an XML file");
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

/* All of @fd into @data, but no more than @max bytes. Returns their count or -errno. */
static ssize_t read_all(int fd, char *data, size_t max)
{
	size_t count = 0;
	ssize_t done;

	while (count < max) {
		done = read(fd, data + count, max - count);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (done == 0)
			break;
		count += (size_t)done;
	}
	return (ssize_t)count;
}

int xml_file_read(struct xml_file *ret_file, const char *path, struct problems *problems)
{
	const struct plan_place place = { path, 0 };
	int fd = open_regular(path, problems);
	ssize_t size;
	char *data;
	int ret;

	if (fd < 0)
		return fd;
	/* The pages of it that stay untouched cost nothing. */
	data = malloc(XML_FILE_SIZE_MAX + 1);
	size = data ? read_all(fd, data, XML_FILE_SIZE_MAX + 1) : -ENOMEM;
	close(fd);
	if (size < 0) {
		ret = (int)size;
		problems_add(problems, place, "cannot be read: %s", strerror(-ret));
	} else {
		ret = xml_file_parse(ret_file, path, data, (size_t)size, problems);
	}
	free(data);
	return ret;
}

/* --- what is refused before libxml2 sees it --------------------------------------------------- */

static unsigned int line_of(const char *data, const char *at)
{
	unsigned int line = 1;

	for (; (data = memchr(data, '\n', (size_t)(at - data))); data++)
		line++;
	return line;
}

/* Behind the next @mark in [@p, @end); @end: there is none. */
static const char *skip_past(const char *p, const char *end, const char *mark)
{
	const char *found = memmem(p, (size_t)(end - p), mark, strlen(mark));

	return found ? found + strlen(mark) : end;
}

static bool starts_with(const char *p, const char *end, const char *word)
{
	return (size_t)(end - p) >= strlen(word) && memcmp(p, word, strlen(word)) == 0;
}

/* Behind the tag at @p; the number of its attributes into @ret_count. */
static const char *skip_tag(const char *p, const char *end, size_t *ret_count)
{
	const char *close;
	size_t count = 0;

	for (; p < end && *p != '>'; p++)
		if (*p == '"' || *p == '\'') {
			close = memchr(p + 1, *p, (size_t)(end - p - 1));
			if (!close)
				break;
			p = close;
			count++;
		}
	*ret_count = count;
	return p < end ? p + 1 : end;
}

/*
 * The first start tag with more attributes than any has, or NULL. libxml2 compares each attribute
 * with all others of its element, which can take hours.
 */
static const char *find_crowded_tag(const char *p, const char *end)
{
	const char *tag;
	size_t count;

	while ((tag = memchr(p, '<', (size_t)(end - p)))) {
		count = 0;
		if (starts_with(tag, end, "<!--"))
			p = skip_past(tag + 4, end, "-->");
		else if (starts_with(tag, end, "<![CDATA["))
			p = skip_past(tag, end, "]]>");
		else if (starts_with(tag, end, "<?"))
			p = skip_past(tag, end, "?>");
		else
			p = skip_tag(tag, end, &count);
		if (count > XML_FILE_ATTRIBUTES_MAX)
			return tag;
	}
	return NULL;
}

static int check_bytes(const char *name, const char *data, size_t size, struct problems *problems)
{
	struct plan_place place = { name, 0 };
	const char *at;

	if (size == 0) {
		problems_add(problems, place, "is empty: an XML file was expected");
		return -EINVAL;
	}
	if (size > XML_FILE_SIZE_MAX) {
		problems_add(problems, place, "is larger than %zu MiB: such files are not read",
			     XML_FILE_SIZE_MAX >> 20);
		return -EINVAL;
	}
	at = memchr(data, '\0', size);
	if (at) {
		place.line = line_of(data, at);
		problems_add(problems, place,
			     "holds a NUL byte: save it as XML text in UTF-8, not UTF-16");
		return -EINVAL;
	}
	at = find_crowded_tag(data, data + size);
	if (at) {
		place.line = line_of(data, at);
		problems_add(problems, place, "the element has more than %d attributes",
			     XML_FILE_ATTRIBUTES_MAX);
		return -EINVAL;
	}
	return 0;
}

/* --- parsing ---------------------------------------------------------------------------------- */

/* What a parser's callbacks know, by its _private. */
struct reading {
	const char *name;
	struct problems *problems;
	bool failed;	/* a problem was added */
	bool no_memory;
};

#if LIBXML_VERSION >= 21200
typedef const xmlError *error_of_libxml;
#else
typedef xmlError *error_of_libxml;
#endif

static void hear_error(void *data, error_of_libxml error)
{
	struct reading *reading = data;
	const char *text = error->message ? error->message : "";
	struct plan_place place = { reading->name, 0 };

	/* What stopped the parser has been said, and better. */
	if (error->level < XML_ERR_ERROR || error->code == XML_ERR_USER_STOP)
		return;
	if (error->code == XML_ERR_NO_MEMORY)
		reading->no_memory = true;
	if (error->line > 0)
		place.line = (unsigned int)error->line;
	problems_add(reading->problems, place, "is not well-formed XML: %.*s",
		     (int)strcspn(text, "\n"), text);
	reading->failed = true;
}

static void refuse(xmlParserCtxt *parser, const char *why)
{
	struct reading *reading = parser->_private;
	struct plan_place place = { reading->name, 0 };

	if (parser->input && parser->input->line > 0)
		place.line = (unsigned int)parser->input->line;
	problems_add(reading->problems, place, "%s", why);
	reading->failed = true;
	xmlStopParser(parser);
}

/* Others, UTF-7 say, hide tags from the look at the bytes above. */
static void start_document(void *data)
{
	static const char *const known[] = { "UTF-8", "US-ASCII", "ASCII", "ISO-8859-",
					     "windows-125" };
	xmlParserCtxt *parser = data;
	const xmlChar *declared = parser->encoding;
	size_t i;

	xmlSAX2StartDocument(parser);
	if (!declared && parser->input)
		declared = parser->input->encoding;
	if (!declared)
		return;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncasecmp((const char *)declared, known[i], strlen(known[i])) == 0)
			return;
	refuse(parser, "its encoding is not known here: save it in UTF-8");
}

static void start_doctype(void *data, const xmlChar *name, const xmlChar *external_id,
			  const xmlChar *system_id)
{
	(void)name;
	(void)external_id;
	(void)system_id;
	refuse(data, "has a document type declaration (<!DOCTYPE): remove it, entities are "
		     "not expanded");
}

static void start_element(void *data, const xmlChar *name, const xmlChar *prefix,
			  const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
			  int attribute_count, int default_count, const xmlChar **attributes)
{
	xmlParserCtxt *parser = data;
	xmlNode *parent = parser->node;
	char why[64];

	if (parser->nodeNr >= XML_FILE_DEPTH_MAX) {
		snprintf(why, sizeof(why), "elements are nested deeper than %d",
			 XML_FILE_DEPTH_MAX);
		refuse(parser, why);
		return;
	}
	xmlSAX2StartElementNs(parser, name, prefix, uri, namespace_count, namespaces,
			      attribute_count, default_count, attributes);
	/* The field for it saturates at 65535. */
	if (parser->node && parser->node != parent && parser->input)
		parser->node->_private = (void *)(intptr_t)parser->input->line;
}

static xmlDoc *parse(struct reading *reading, const char *data, size_t size)
{
	xmlParserCtxt *parser = xmlNewParserCtxt();
	xmlDoc *doc;

	if (!parser) {
		reading->no_memory = true;
		return NULL;
	}
	parser->_private = reading;
	parser->sax->startDocument = start_document;
	parser->sax->internalSubset = start_doctype;
	parser->sax->startElementNs = start_element;
	xmlSetStructuredErrorFunc(reading, hear_error);
	/*
	 * HUGE lifts libxml2's own limits, which are worse than ours: 2.9.14 may loop for ever when
	 * it meets one in a comment. What they protect from cannot happen in a small text without
	 * entities.
	 */
	doc = xmlCtxtReadMemory(parser, data, (int)size, NULL, NULL,
				XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_HUGE);
	xmlSetStructuredErrorFunc(NULL, NULL);
	xmlFreeParserCtxt(parser);
	return doc;
}

int xml_file_parse(struct xml_file *ret_file, const char *name, const char *data, size_t size,
		   struct problems *problems)
{
	struct reading reading = { .name = name, .problems = problems };
	const struct plan_place place = { name, 0 };
	xmlDoc *doc;
	int ret;

	ret = check_bytes(name, data, size, problems);
	if (ret < 0)
		return ret;
	doc = parse(&reading, data, size);
	if (doc && !reading.failed && xmlDocGetRootElement(doc)) {
		*ret_file = (struct xml_file){ name, doc, xmlDocGetRootElement(doc) };
		return 0;
	}
	xmlFreeDoc(doc);
	if (!reading.failed)
		problems_add(problems, place, reading.no_memory ? "cannot be read: out of memory" :
			     "is not well-formed XML");
	return reading.no_memory ? -ENOMEM : -EINVAL;
}

void xml_file_fini(struct xml_file *file)
{
	xmlFreeDoc(file->doc);
	*file = (struct xml_file){ 0 };
}

/* --- places ----------------------------------------------------------------------------------- */

struct plan_place xml_place(const struct xml_file *file, const xmlNode *node)
{
	struct plan_place place = { file->name, 0 };
	long line = 0;

	if (node)
		line = node->_private ? (long)(intptr_t)node->_private : xmlGetLineNo(node);
	if (line > 0)
		place.line = (unsigned int)line;
	return place;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* XML files: what is read, what is refused, and where the refusal points to. */
#include "launch_scripts/xml_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

/* A file that holds; it must be given back with xml_file_fini(). */
static struct xml_file parse_good(const char *text)
{
	struct problems problems = { 0 };
	struct xml_file file = { 0 };

	CU_ASSERT_EQUAL_FATAL(xml_file_parse(&file, "f", text, strlen(text), &problems), 0);
	CU_ASSERT_EQUAL(problems.count, 0);
	problems_fini(&problems);
	return file;
}

/* A file that is refused at @line (0: any) with @words in the problem. */
static void expect_bad(const char *data, size_t size, unsigned int line, const char *words)
{
	struct xml_file file = { .name = "as it was" };
	struct problems problems = { 0 };

	CU_ASSERT_EQUAL(xml_file_parse(&file, "bad.xml", data, size, &problems), -EINVAL);
	CU_ASSERT_STRING_EQUAL(file.name, "as it was");
	CU_ASSERT_FATAL(problems.count > 0);
	CU_ASSERT_STRING_EQUAL(problems.list[0].place.file, "bad.xml");
	if (line)
		CU_ASSERT_EQUAL(problems.list[0].place.line, line);
	if (!strstr(problems.list[0].text, words))
		printf("# \"%s\" lacks \"%s\"\n", problems.list[0].text, words);
	CU_ASSERT_PTR_NOT_NULL(strstr(problems.list[0].text, words));
	CU_ASSERT_PTR_NULL(strchr(problems.list[0].text, '\n'));
	problems_fini(&problems);
}

static void test_refusals(void)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *words;
	} rows[] = {
		{ "", 0, "is empty" },
		{ " \n", 0, "not well-formed XML" },
		{ "hello", 1, "not well-formed XML" },
		{ "<a>\n<b>\n</a>\n", 3, "not well-formed XML: " },
		{ "<a>\n\n<b x=1/></a>", 3, "not well-formed XML" },
		{ "<a/>\n<b/>", 2, "not well-formed XML" },
		{ "<a>&nothing;</a>", 1, "not well-formed XML" },
		{ "<a>\n&#0;</a>", 2, "not well-formed XML" },
		{ "<a>\n\x01</a>", 2, "not well-formed XML" },
		{ "<a>\n\xff\xfe</a>", 0, "not well-formed XML" },
		{ "<a x='1' x='2'/>", 1, "not well-formed XML" },
		{ "<!DOCTYPE a>\n<a/>", 1, "<!DOCTYPE" },
		{ "<!DOCTYPE a [\n<!ENTITY b SYSTEM \"/etc/passwd\">\n]>\n<a>&b;</a>", 1,
		  "<!DOCTYPE" },
		{ "<!DOCTYPE a SYSTEM \"http://127.0.0.1/a.dtd\">\n<a/>", 1, "<!DOCTYPE" },
		{ "\n<!DOCTYPE a [<!ENTITY b \"xx\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>", 2,
		  "<!DOCTYPE" },
		{ "<?xml version='1.0' encoding='UTF-7'?>\n<a/>", 0, "UTF-8" },
		{ "<?xml version='1.0' encoding='UTF-16'?>\n<a/>", 0, "" },
		{ "<?xml version='1.0' encoding='nonsense'?>\n<a/>", 0, "" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		expect_bad(rows[i].text, strlen(rows[i].text), rows[i].line, rows[i].words);
	expect_bad("<a>\n\n\0</a>", 10, 3, "NUL byte");
	expect_bad("\xff\xfe<\0a\0/\0>\0", 10, 1, "NUL byte");
}

static void test_size(void)
{
	size_t size = XML_FILE_SIZE_MAX + 1;
	struct problems problems = { 0 };
	char *text = malloc(size);
	struct xml_file file;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	memset(text, ' ', size);
	memcpy(text, "<a/>", 4);
	expect_bad(text, size, 0, "larger than 16 MiB");
	CU_ASSERT_EQUAL_FATAL(xml_file_parse(&file, "f", text, size - 1, &problems), 0);
	xml_file_fini(&file);
	free(text);
}

/* <d> in <d>, @depth of them, a line each. */
static char *make_deep(int depth)
{
	char *text, *end;
	int i;

	text = end = malloc((size_t)depth * 9 + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (i = 0; i < depth; i++)
		end = stpcpy(end, "<d>\n");
	for (i = 0; i < depth; i++)
		end = stpcpy(end, "</d>\n");
	return text;
}

static void test_depth(void)
{
	struct xml_file file;
	char *text;

	text = make_deep(XML_FILE_DEPTH_MAX);
	file = parse_good(text);
	xml_file_fini(&file);
	free(text);
	text = make_deep(XML_FILE_DEPTH_MAX + 1);
	expect_bad(text, strlen(text), XML_FILE_DEPTH_MAX + 1, "deeper than 64");
	free(text);
	text = make_deep(100000);
	expect_bad(text, strlen(text), XML_FILE_DEPTH_MAX + 1, "deeper than 64");
	free(text);
}

/* An element with @count attributes behind what looks like more of them in @before. */
static char *make_wide(const char *before, size_t count)
{
	char *text, *end;
	size_t i;

	text = malloc(strlen(before) + count * 16 + 64);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	end = stpcpy(text, before);
	end = stpcpy(end, "<a");
	for (i = 0; i < count; i++)
		end += sprintf(end, " a%zu='>'", i);
	strcpy(end, "/>");
	return text;
}

static void test_attribute_count(void)
{
	char *text = make_wide("", XML_FILE_ATTRIBUTES_MAX);
	struct xml_file file = parse_good(text);
	char *comment;

	xml_file_fini(&file);
	free(text);
	text = make_wide("<?xml version=\"1.0\"?>\n<!-- it's -->\n", XML_FILE_ATTRIBUTES_MAX + 1);
	expect_bad(text, strlen(text), 3, "more than 256 attributes");
	free(text);
	text = make_wide("", 1000000);
	expect_bad(text, strlen(text), 1, "more than 256 attributes");
	/* In a comment they are text. */
	comment = malloc(strlen(text) + 32);
	CU_ASSERT_PTR_NOT_NULL_FATAL(comment);
	sprintf(comment, "<!--%s--><b/>", text);
	file = parse_good(comment);
	CU_ASSERT(xml_is(file.root, "b"));
	xml_file_fini(&file);
	free(comment);
	free(text);
}

static void test_lines(void)
{
	enum { LINES = 70000 };
	struct xml_file file;
	char *text, *end;
	int i;

	text = end = malloc(LINES * 16);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	end = stpcpy(end, "<a>\n");
	for (i = 2; i < LINES; i++)
		end = stpcpy(end, "<b/>\n");
	strcpy(end, "<c/>\n</a>");
	file = parse_good(text);
	CU_ASSERT_EQUAL(xml_place(&file, xml_child(file.root, "b")).line, 2);
	CU_ASSERT_EQUAL(xml_place(&file, xml_child(file.root, "c")).line, LINES);
	CU_ASSERT_EQUAL(xml_place(&file, NULL).line, 0);
	CU_ASSERT_STRING_EQUAL(xml_place(&file, NULL).file, "f");
	xml_file_fini(&file);
	strcpy(end, "<c>\n</a>");
	expect_bad(text, strlen(text), LINES + 1, "not well-formed XML");
	free(text);
}

static void test_looking_around(void)
{
	struct xml_file file = parse_good("<r>\n <!-- <b>0</b> -->\n <b>1</b><?b 2?><x:b "
					  "xmlns:x='u'>3</x:b><c><d><e>4</e></d></c></r>");
	const xmlNode *node;
	int count = 0;

	CU_ASSERT(xml_is(file.root, "r"));
	CU_ASSERT(!xml_is(file.root, "R"));
	CU_ASSERT(!xml_is(NULL, NULL));
	xml_for_each(node, file.root, "b")
		count++;
	CU_ASSERT_EQUAL(count, 2);
	count = 0;
	xml_for_each(node, file.root, NULL)
		count++;
	CU_ASSERT_EQUAL(count, 3);
	CU_ASSERT(xml_is(xml_find(file.root, "c/d/e"), "e"));
	CU_ASSERT_PTR_NULL(xml_find(file.root, "c/d/e/f"));
	CU_ASSERT_PTR_NULL(xml_find(file.root, "cc/d"));
	CU_ASSERT_PTR_NULL(xml_find(NULL, "c"));
	CU_ASSERT_PTR_NULL(xml_child(NULL, "c"));
	xml_file_fini(&file);
}

static void test_text(void)
{
	static const struct {
		const char *xml, *text;
	} rows[] = {
		{ "<a/>", "" },
		{ "<a> \t\n </a>", "" },
		{ "<a>\n b  c\t</a>", "b  c" },
		{ "<a>b<!-- c --> d<e>f</e>g</a>", "b dg" },
		{ "<a>&lt;&amp;&#65;&quot;</a>", "<&A\"" },
		{ "<a> <![CDATA[ <b> ]]> </a>", "<b>" },
		{ "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe4</a>", "\xc3\xa4" },
	};
	struct xml_file file;
	char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		file = parse_good(rows[i].xml);
		text = xml_text(file.root);
		CU_ASSERT_PTR_NOT_NULL_FATAL(text);
		CU_ASSERT_STRING_EQUAL(text, rows[i].text);
		free(text);
		xml_file_fini(&file);
	}
	text = xml_text(NULL);
	CU_ASSERT_STRING_EQUAL(text, "");
	free(text);
}

static void test_attributes(void)
{
	struct xml_file file = parse_good("<a id=' 3 ' empty='' x:y='z' xmlns:x='u'/>");
	char *value;

	CU_ASSERT_EQUAL(xml_attribute(file.root, "id", &value), 0);
	CU_ASSERT_STRING_EQUAL(value, "3");
	free(value);
	CU_ASSERT_EQUAL(xml_attribute(file.root, "empty", &value), 0);
	CU_ASSERT_STRING_EQUAL(value, "");
	free(value);
	CU_ASSERT_EQUAL(xml_attribute(file.root, "y", &value), 0);
	CU_ASSERT_PTR_NULL(value);
	xml_file_fini(&file);
}

/* What a file on the disk can be. */
static void expect_unreadable(const char *path, int code, const char *words)
{
	struct problems problems = { 0 };
	struct xml_file file;

	CU_ASSERT_EQUAL(xml_file_read(&file, path, &problems), code);
	CU_ASSERT_EQUAL_FATAL(problems.count, 1);
	CU_ASSERT_STRING_EQUAL(problems.list[0].place.file, path);
	CU_ASSERT_PTR_NOT_NULL(strstr(problems.list[0].text, words));
	problems_fini(&problems);
}

static void test_reading(void)
{
	char directory[] = "/tmp/test_xml_file.XXXXXX", path[64];
	struct problems problems = { 0 };
	struct xml_file file;
	FILE *out;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/file", directory);
	expect_unreadable(directory, -EISDIR, "no regular file");
	expect_unreadable(path, -ENOENT, "No such file");
	CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
	expect_unreadable(path, -EINVAL, "no regular file");
	unlink(path);
	out = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fclose(out);
	expect_unreadable(path, -EINVAL, "is empty");
	if (geteuid() != 0) {
		chmod(path, 0);
		expect_unreadable(path, -EACCES, "Permission denied");
	}
	unlink(path);
	out = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	fputs("<?xml version=\"1.0\"?>\n<a>\n</a>\n", out);
	fclose(out);
	CU_ASSERT_EQUAL_FATAL(xml_file_read(&file, path, &problems), 0);
	CU_ASSERT(xml_is(file.root, "a"));
	CU_ASSERT_EQUAL(xml_place(&file, file.root).line, 2);
	CU_ASSERT_PTR_EQUAL(file.name, path);
	xml_file_fini(&file);
	unlink(path);
	rmdir(directory);
}

static const struct unit_test tests[] = {
	{ "refusals", test_refusals },
	{ "size", test_size },
	{ "depth", test_depth },
	{ "attribute count", test_attribute_count },
	{ "lines", test_lines },
	{ "looking around", test_looking_around },
	{ "text", test_text },
	{ "attributes", test_attributes },
	{ "reading", test_reading },
};

UNIT_MAIN("xml_file", tests)

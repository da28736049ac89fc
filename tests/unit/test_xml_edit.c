/* SPDX-License-Identifier: BSD-3-Clause */
/* Changing an XML text: what is changed looks like its neighbours, all the rest stays. */
#include "launch_scripts/xml_edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

enum deed { SET, REMOVE, APPEND };

/* Do @deed to the element @path of @text ("": the root), and compare. */
static void expect(const char *text, enum deed deed, const char *path, const char *value,
		   const char *wanted)
{
	struct problems problems = { 0 };
	struct xml_layout layout;
	struct xml_writer writer;
	struct xml_edit edit;
	char *written, *result = NULL;
	xmlNode *node;
	size_t size;
	int ret;

	CU_ASSERT_EQUAL_FATAL(xml_edit_init(&edit, "t.xml", text, strlen(text), &problems), 0);
	node = *path ? xml_find(edit.file.root, path) : edit.file.root;
	CU_ASSERT_PTR_NOT_NULL_FATAL(node);
	if (deed == SET) {
		ret = xml_edit_set_text(&edit, node, value);
	} else if (deed == REMOVE) {
		ret = xml_edit_remove(&edit, node);
	} else {
		xml_edit_layout(&edit, node, &layout);
		CU_ASSERT_EQUAL_FATAL(xml_writer_init(&writer, &layout), 0);
		xml_writer_open(&writer, "n", "");
		xml_writer_leaf(&writer, "m", value);
		xml_writer_close(&writer, "n");
		written = xml_writer_finish(&writer);
		CU_ASSERT_PTR_NOT_NULL_FATAL(written);
		ret = xml_edit_append(&edit, node, written);
		free(written);
	}
	CU_ASSERT_EQUAL(ret, 0);
	CU_ASSERT_EQUAL_FATAL(xml_edit_apply(&edit, &result, &size), 0);
	CU_ASSERT_STRING_EQUAL(result, wanted);
	if (strcmp(result, wanted))
		printf("# got:    %s\n# wanted: %s\n", result, wanted);
	CU_ASSERT_EQUAL(problems.count, 0);
	free(result);
	xml_edit_fini(&edit);
	problems_fini(&problems);
}

static void test_set(void)
{
	expect("<a><b>1</b></a>", SET, "b", "2", "<a><b>2</b></a>");
	expect("<a><b> 1\n</b></a>", SET, "b", "2", "<a><b> 2\n</b></a>");
	expect("<a><b></b></a>", SET, "b", "2", "<a><b>2</b></a>");
	expect("<a><b/></a>", SET, "b", "2", "<a><b>2</b></a>");
	expect("<a><b x='>' /></a>", SET, "b", "2", "<a><b x='>'>2</b></a>");
	expect("<a><b/></a>", SET, "b", "", "<a><b/></a>");
	expect("<a><b>1</b></a>", SET, "b", "", "<a><b></b></a>");
	expect("<a><b>1</b></a>", SET, "b", "<&>\"'", "<a><b>&lt;&amp;&gt;\"'</b></a>");
	expect("<a><b>1&lt;2</b></a>", SET, "b", "2", "<a><b>2</b></a>");
	expect("<a><b><![CDATA[1<2]]></b></a>", SET, "b", "2", "<a><b>2</b></a>");
	expect("<a><b><!-- c --> 1 <?p i?> 3</b></a>", SET, "b", "2",
	       "<a><b><!-- c --> 2 <?p i?> </b></a>");
	expect("<a><b><!--> --><!-->--> 1 </b></a>", SET, "b", "2",
	       "<a><b><!--> --><!-->--> 2 </b></a>");
	expect("<a><b>/ 1</b></a>", SET, "b", "2", "<a><b>2</b></a>");
	expect("<a><b><!-- 1 --></b></a>", SET, "b", "2", "<a><b>2<!-- 1 --></b></a>");
	expect("<a>\r\n<!-- <b>0</b> --><b>1</b>\r\n</a>\r\n", SET, "b", "2",
	       "<a>\r\n<!-- <b>0</b> --><b>2</b>\r\n</a>\r\n");
}

static void test_removed(void)
{
	expect("<a>\n  <b>1</b>\n  <c/>\n</a>\n", REMOVE, "b", "", "<a>\n  <c/>\n</a>\n");
	expect("<a>\n  <b>1</b>  \n  <c/>\n</a>\n", REMOVE, "b", "", "<a>\n  <c/>\n</a>\n");
	expect("<a>\r\n\t<b>1</b>\r\n</a>\n", REMOVE, "b", "", "<a>\r\n</a>\n");
	expect("<a>\n  <b>1</b> <!-- c -->\n</a>\n", REMOVE, "b", "",
	       "<a>\n   <!-- c -->\n</a>\n");
	expect("<a> <b/> <c/> </a>", REMOVE, "b", "", "<a>  <c/> </a>");
	expect("<a><b/></a>", REMOVE, "b", "", "<a></a>");
	expect("<a><c/>\n<b/></a>", REMOVE, "b", "", "<a><c/>\n</a>");
}

static void test_appended(void)
{
	expect("<a>\n\t<b><c>\n\t\t<d/>\n\t</c></b>\n</a>\n", APPEND, "b/c", "1",
	       "<a>\n\t<b><c>\n\t\t<d/>\n\t\t<n>\n\t\t\t<m>1</m>\n\t\t</n>\n\t</c></b>\n</a>\n");
	expect("<a>\n  <b/>\n</a>\n", APPEND, "", "1",
	       "<a>\n  <b/>\n  <n>\n    <m>1</m>\n  </n>\n</a>\n");
	expect("<a>\n\t<b>\n\t\t<c/>\n\t</b>\n</a>\n", APPEND, "b", "1",
	       "<a>\n\t<b>\n\t\t<c/>\n\t\t<n>\n\t\t\t<m>1</m>\n\t\t</n>\n\t</b>\n</a>\n");
	expect("<a>\n    <b/>\n</a>\n", APPEND, "b", "1",
	       "<a>\n    <b>\n        <n>\n            <m>1</m>\n        </n>\n    </b>\n</a>\n");
	expect("<a>\n    <b></b>\n</a>\n", APPEND, "b", "1",
	       "<a>\n    <b>\n        <n>\n            <m>1</m>\n        </n>\n    </b>\n</a>\n");
	expect("<a>\n  <b>\n  </b>\n</a>\n", APPEND, "b", "1",
	       "<a>\n  <b>\n    <n>\n      <m>1</m>\n    </n>\n  </b>\n</a>\n");
	expect("<a>\n  <b><!-- none --></b>\n</a>\n", APPEND, "b", "1",
	       "<a>\n  <b><!-- none -->\n    <n>\n      <m>1</m>\n    </n>\n  </b>\n</a>\n");
	expect("<a>\r\n  <b/>\r\n</a>\r\n", APPEND, "", "1",
	       "<a>\r\n  <b/>\r\n  <n>\r\n    <m>1</m>\r\n  </n>\r\n</a>\r\n");
	expect("<a><b/></a>", APPEND, "", "1", "<a><b/><n><m>1</m></n></a>");
	expect("<a><b/></a>", APPEND, "b", "1", "<a><b><n><m>1</m></n></b></a>");
	expect("<a/>", APPEND, "", "1", "<a>\n  <n>\n    <m>1</m>\n  </n>\n</a>");
	expect("<a>\n  <b/> <!-- first -->\n</a>\n", APPEND, "", "",
	       "<a>\n  <b/> <!-- first -->\n  <n>\n    <m/>\n  </n>\n</a>\n");
	expect("<x:a xmlns:x='u'>\n  <x:b/>\n</x:a>\n", APPEND, "b", "1",
	       "<x:a xmlns:x='u'>\n  <x:b>\n    <n>\n      <m>1</m>\n    </n>\n  </x:b>\n"
	       "</x:a>\n");
}

/* The last child gives way to another one, though both are at the same place. */
static void test_replaced(void)
{
	static const char text[] = "<a>\n  <b/>  \n</a>\n";
	struct problems problems = { 0 };
	struct xml_edit edit;
	char *result = NULL;
	size_t size;

	CU_ASSERT_EQUAL_FATAL(xml_edit_init(&edit, "t.xml", text, strlen(text), &problems), 0);
	CU_ASSERT_EQUAL(xml_edit_remove(&edit, xml_child(edit.file.root, "b")), 0);
	CU_ASSERT_EQUAL(xml_edit_append(&edit, edit.file.root, "\n  <c/>"), 0);
	CU_ASSERT_EQUAL_FATAL(xml_edit_apply(&edit, &result, &size), 0);
	CU_ASSERT_STRING_EQUAL(result, "<a>\n  <c/>\n</a>\n");
	free(result);
	xml_edit_fini(&edit);
}

static void test_encodings(void)
{
	static const struct {
		const char *text, *value, *wanted;
	} rows[] = {
		{ "<?xml version='1.0' encoding='utf-8'?><a><b>\xc3\xa4</b><c/></a>", "\xc3\xb6",
		  "<?xml version='1.0' encoding='utf-8'?><a><b>\xc3\xa4</b><c>\xc3\xb6</c></a>" },
		{ "<?xml version='1.0' encoding='iso-8859-1'?><a><b>\xe4</b><c/></a>", "\xc3\xb6",
		  "<?xml version='1.0' encoding='iso-8859-1'?><a><b>\xe4</b><c>&#xF6;</c></a>" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		expect(rows[i].text, SET, "c", rows[i].value, rows[i].wanted);
}

static void test_refused(void)
{
	static const char utf16[] = "\xff\xfe<\0a\0/\0>\0";
	static const char lie[] = "<?xml version='1.0' encoding='UTF-16'?><a/>";
	struct problems problems = { 0 };
	struct xml_edit edit;

	CU_ASSERT_EQUAL(xml_edit_init(&edit, "t.xml", utf16, sizeof(utf16) - 1, &problems),
			-EINVAL);
	CU_ASSERT_EQUAL(problems.count, 1);
	CU_ASSERT(xml_edit_init(&edit, "t.xml", lie, sizeof(lie) - 1, &problems) < 0);
	CU_ASSERT(xml_edit_init(&edit, "t.xml", "<a>", 3, &problems) < 0);
	CU_ASSERT(problems.count >= 3);
	problems_fini(&problems);
}

/* Every element is where its tags are, whatever surrounds it. */
static void test_spans(void)
{
	static const char text[] =
		"\xef\xbb\xbf<?xml version='1.0'?><!-- <a> --><?p <b> ?>\n"
		"<a x=\"='>\" y='\">'>&lt;b&gt;<![CDATA[<b></a>]]>\n"
		"<b\n/><ab><b>1</b ></ab><c><!-- </c> --></c></a><!-- </a> -->\n";
	static const struct {
		const char *path, *wanted, *inside;
	} rows[] = {
		{ "b", "<b\n/>", "" },
		{ "ab", "<ab><b>1</b ></ab>", "<b>1</b >" },
		{ "ab/b", "<b>1</b >", "1" },
		{ "c", "<c><!-- </c> --></c>", "<!-- </c> -->" },
	};
	struct problems problems = { 0 };
	const struct xml_span *span;
	struct xml_edit edit;
	size_t i;

	CU_ASSERT_EQUAL_FATAL(xml_edit_init(&edit, "t.xml", text, strlen(text), &problems), 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		span = xml_span_of(xml_find(edit.file.root, rows[i].path));
		CU_ASSERT_EQUAL(span->end - span->start, strlen(rows[i].wanted));
		CU_ASSERT_NSTRING_EQUAL(text + span->start, rows[i].wanted,
					strlen(rows[i].wanted));
		CU_ASSERT_EQUAL(span->inside_end - span->inside, strlen(rows[i].inside));
		CU_ASSERT_NSTRING_EQUAL(text + span->inside, rows[i].inside,
					strlen(rows[i].inside));
	}
	xml_edit_fini(&edit);
}

static void test_valid_text(void)
{
	CU_ASSERT(xml_text_is_valid(""));
	CU_ASSERT(xml_text_is_valid("-B \"a\tb\"\n\xc3\xa4\xf0\x9f\x98\x80"));
	CU_ASSERT_FALSE(xml_text_is_valid("\x01"));
	CU_ASSERT_FALSE(xml_text_is_valid("a\x1b[0m"));
	CU_ASSERT_FALSE(xml_text_is_valid("\xff"));
	CU_ASSERT_FALSE(xml_text_is_valid("\xc3"));
	CU_ASSERT_FALSE(xml_text_is_valid("\xef\xbf\xbf"));
	CU_ASSERT_FALSE(xml_text_is_valid("\xed\xa0\x80"));
}

static const struct unit_test tests[] = {
	{ "an element gets another text", test_set },
	{ "an element goes, with its line", test_removed },
	{ "new elements look like their neighbours", test_appended },
	{ "the last element gives way to another", test_replaced },
	{ "texts are written in the file's encoding", test_encodings },
	{ "what cannot be edited is refused", test_refused },
	{ "elements are found in the text", test_spans },
	{ "texts that XML cannot hold are known", test_valid_text },
};

UNIT_MAIN("xml_edit", tests)

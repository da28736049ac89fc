/* SPDX-License-Identifier: BSD-3-Clause */
/* Word splitting: rows of texts and their words. */
#include "launch_scripts/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

static void test_splitting(void)
{
	static const struct {
		const char *text;
		const char *words[5];
	} rows[] = {
		{ "", { NULL } },
		{ " \t\r\n", { NULL } },
		{ "a", { "a" } },
		{ "  -k  /boot/image\n-B x ", { "-k", "/boot/image", "-B", "x" } },
		{ "-B 'root=/dev/vda rw'", { "-B", "root=/dev/vda rw" } },
		{ "-B \"a 'b' c\" d", { "-B", "a 'b' c", "d" } },
		{ "'' \"\" x''y", { "", "", "xy" } },
		{ "a'b c'd\"e f\"g", { "ab cde fg" } },
		{ "a\\ b \\' \\\" \\\\", { "a b", "'", "\"", "\\" } },
		{ "'a\\b' \"a\\b\" \"a\\\\b\" \"\\\"\\$\\`\"",
		  { "a\\b", "a\\b", "a\\b", "\"$`" } },
		{ "a\\\nb \\\n c", { "ab", "c" } },
		{ "\"a\\\nb\" 'a\\\nb'", { "ab", "a\\\nb" } },
		{ "$HOME `id` $(id) *", { "$HOME", "`id`", "$(id)", "*" } },
		{ "~ ;& #|", { "~", ";&", "#|" } },
		{ "\xc3\xa4 b", { "\xc3\xa4", "b" } },
	};
	struct error err;
	size_t i, j, count;
	char **words;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CU_ASSERT_EQUAL_FATAL(words_split(rows[i].text, &words, &count, &err), 0);
		for (j = 0; j < count && rows[i].words[j]; j++)
			CU_ASSERT_STRING_EQUAL(words[j], rows[i].words[j]);
		if (j != count || rows[i].words[j])
			printf("# %s: %zu words\n", rows[i].text, count);
		CU_ASSERT_EQUAL(j, count);
		CU_ASSERT_PTR_NULL(rows[i].words[j]);
		CU_ASSERT_PTR_NULL(words[count]);
		words_free(words);
	}
	words_free(NULL);
}

static void test_refusals(void)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{ "a 'b", "' quote is never closed" },
		{ "\"a b", "\" quote is never closed" },
		{ "\"a\\\"", "\" quote is never closed" },
		{ "it's", "' quote is never closed" },
		{ "a\\", "backslash stands at the end" },
		{ "\"a\\", "backslash stands at the end" },
	};
	struct error err;
	size_t i, count;
	char **words;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CU_ASSERT_EQUAL(words_split(rows[i].text, &words, &count, &err), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].said));
	}
}

/* As many words, and as short ones, as a text can have: the room for them must do. */
static void test_many(void)
{
	enum { COUNT = 100000 };
	char *text = malloc(2 * COUNT + 1), **words;
	struct error err;
	size_t i, count;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (i = 0; i < COUNT; i++)
		memcpy(text + 2 * i, "w ", 2);
	text[2 * COUNT - 1] = '\0';
	CU_ASSERT_EQUAL_FATAL(words_split(text, &words, &count, &err), 0);
	CU_ASSERT_EQUAL(count, COUNT);
	CU_ASSERT_STRING_EQUAL(words[COUNT - 1], "w");
	words_free(words);
	free(text);
}

static const struct unit_test tests[] = {
	{ "splitting", test_splitting },
	{ "refusals", test_refusals },
	{ "many", test_many },
};

UNIT_MAIN("words", tests)

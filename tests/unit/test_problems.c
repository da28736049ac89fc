/* SPDX-License-Identifier: BSD-3-Clause */
/* Problems: in order of the lines, one line each, and not without end. */
#include "launch_scripts/problems.h"

#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

/* What is printed; the caller frees it. */
static char *print(struct problems *problems)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	problems_print(problems, out);
	fclose(out);
	return text;
}

static void test_order(void)
{
	struct problems problems = { 0 };
	char *text;

	problems_add(&problems, (struct plan_place){ "b", 1 }, "b1");
	problems_add(&problems, (struct plan_place){ "a", 10 }, "a10 %d", 1);
	problems_add(&problems, (struct plan_place){ "a", 10 }, "a10 %d", 2);
	problems_add(&problems, (struct plan_place){ "a", 9 }, "a9");
	problems_add(&problems, (struct plan_place){ "a", 0 }, "a");
	problems_add(&problems, (struct plan_place){ NULL, 0 }, "nowhere");
	text = print(&problems);
	CU_ASSERT_STRING_EQUAL(text, "nowhere\na: a\na:9: a9\na:10: a10 1\na:10: a10 2\nb:1: b1\n");
	free(text);
	problems_fini(&problems);
	CU_ASSERT_EQUAL(problems.count, 0);
}

static void test_cleaning(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "a\nb\tc\r", "a?b?c?" },
		{ "\x1b[31m\x7f", "?[31m?" },
		{ "\xc2\x9b" "1m \xc2\xa0 \xc3\xa4", "??1m \xc2\xa0 \xc3\xa4" },
		{ "\xc2", "\xc2" },
		{ "%s", "%s" },
	};
	struct problems problems = { 0 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		problems_add(&problems, (struct plan_place){ NULL, 0 }, "%s", rows[i].in);
		CU_ASSERT_STRING_EQUAL(problems.list[i].text, rows[i].out);
	}
	problems_fini(&problems);
}

static void test_limits(void)
{
	struct problems problems = { 0 };
	char *text, value[4001];
	size_t i;

	/* Nothing is cut in the middle of a character. */
	for (i = 0; i < 2000; i++)
		memcpy(value + 2 * i, "\xc3\xa4", 2);
	value[4000] = '\0';
	problems_add(&problems, (struct plan_place){ NULL, 0 }, "%s", value);
	CU_ASSERT_EQUAL(strlen(problems.list[0].text), 999);
	CU_ASSERT_STRING_EQUAL(problems.list[0].text + 994, "\xc3\xa4...");
	for (i = 0; i < PROBLEMS_MAX + 10; i++)
		problems_add(&problems, (struct plan_place){ "f", 1 }, "x");
	CU_ASSERT_EQUAL(problems.count, PROBLEMS_MAX);
	CU_ASSERT_EQUAL(problems.dropped, 11);
	text = print(&problems);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nand 11 more problems\n"));
	free(text);
	problems_fini(&problems);
}

static const struct unit_test tests[] = {
	{ "order", test_order },
	{ "cleaning", test_cleaning },
	{ "limits", test_limits },
};

UNIT_MAIN("problems", tests)

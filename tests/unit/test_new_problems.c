/* SPDX-License-Identifier: BSD-3-Clause */
/* What is worse after a change than before. */
#include "launch_scripts/new_problems.h"

#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

#define TEXTS 4

static void fill(struct problems *problems, const char *const texts[TEXTS])
{
	size_t i;

	for (i = 0; i < TEXTS && texts[i]; i++)
		problems_add(problems, (struct plan_place){ "f", (unsigned int)i }, "%s", texts[i]);
}

static void test_new(void)
{
	static const struct {
		const char *before[TEXTS], *after[TEXTS], *wanted[TEXTS];
		struct name_change change;
	} rows[] = {
		{ { NULL }, { NULL }, { NULL }, { NULL, NULL } },
		{ { "a" }, { NULL }, { NULL }, { NULL, NULL } },
		{ { NULL }, { "a" }, { "a" }, { NULL, NULL } },
		{ { "a", "b" }, { "b", "a" }, { NULL }, { NULL, NULL } },
		{ { "a" }, { "a", "a" }, { "a" }, { NULL, NULL } },
		{ { "a", "a" }, { "a" }, { NULL }, { NULL, NULL } },
		{ { "a" }, { "ab" }, { "ab" }, { NULL, NULL } },
		{ { "ab" }, { "a" }, { "a" }, { NULL, NULL } },
		/* Lines move, other numbers do not. */
		{ { "as (f:12)" }, { "as (f:9)" }, { NULL }, { NULL, NULL } },
		{ { "at 00:12" }, { "at 00:9" }, { "at 00:9" }, { NULL, NULL } },
		{ { "(f:12) 3" }, { "(f:9) 4" }, { "(f:9) 4" }, { NULL, NULL } },
		/* Something has another name. */
		{ { "VM old has" }, { "VM new has" }, { NULL }, { "old", "new" } },
		{ { "VM old has" }, { "VM new has" }, { "VM new has" }, { NULL, NULL } },
		{ { "VM old" }, { "VM older" }, { NULL }, { "old", "older" } },
		{ { "VM a: no b" }, { "VM a: no c" }, { NULL }, { "b", "c" } },
		{ { "VM new has" }, { "VM new has" }, { NULL }, { "old", "new" } },
	};
	struct problems before, after, added;
	size_t i, j, count;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		before = after = added = (struct problems){ 0 };
		fill(&before, rows[i].before);
		fill(&after, rows[i].after);
		for (count = 0; count < TEXTS && rows[i].wanted[count];)
			count++;
		CU_ASSERT_EQUAL(new_problems_add(&added, "g", &before, &after, &rows[i].change),
				count);
		CU_ASSERT_EQUAL_FATAL(added.count, count);
		for (j = 0; j < count; j++) {
			CU_ASSERT_STRING_EQUAL(added.list[j].text, rows[i].wanted[j]);
			CU_ASSERT_STRING_EQUAL(added.list[j].place.file, "g");
			CU_ASSERT_EQUAL(added.list[j].place.line, 0);
		}
		problems_fini(&before);
		problems_fini(&after);
		problems_fini(&added);
	}
}

/* Where there are more than are kept nobody knows which are new. */
static void test_too_many(void)
{
	struct problems before = { .dropped = 3 }, after = { .dropped = 4 }, added = { 0 };
	struct name_change change = { NULL, NULL };

	CU_ASSERT_EQUAL(new_problems_add(&added, "g", &before, &before, &change), 0);
	CU_ASSERT_EQUAL(new_problems_add(&added, "g", &before, &after, &change), 1);
	problems_fini(&added);
}

static const struct unit_test tests[] = {
	{ "only what is worse counts", test_new },
	{ "also among too many", test_too_many },
};

UNIT_MAIN("new_problems", tests)

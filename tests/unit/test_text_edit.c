/* SPDX-License-Identifier: BSD-3-Clause */
/* Changes to a text: their order, and those that cannot be made. */
#include "launch_scripts/text_edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

struct change {
	size_t start, end;
	const char *text;
};

static int apply(const struct change *changes, size_t count, const char *text, char **ret_text)
{
	struct text_edit edit = { 0 };
	size_t i, size = 0;
	int ret = 0;

	for (i = 0; i < count && ret == 0; i++)
		ret = text_edit_replace(&edit, changes[i].start, changes[i].end, changes[i].text);
	if (ret == 0)
		ret = text_edit_apply(&edit, text, strlen(text), ret_text, &size);
	if (ret == 0)
		CU_ASSERT_EQUAL(size, strlen(*ret_text));
	text_edit_fini(&edit);
	return ret;
}

static void test_applied(void)
{
	static const struct {
		struct change changes[3];
		size_t count;
		const char *wanted;
	} rows[] = {
		{ { { 0, 0, "" } }, 0, "0123456789" },
		{ { { 0, 0, "a" } }, 1, "a0123456789" },
		{ { { 10, 10, "a" } }, 1, "0123456789a" },
		{ { { 0, 10, "" } }, 1, "" },
		{ { { 2, 4, "abc" } }, 1, "01abc456789" },
		{ { { 8, 9, "y" }, { 1, 2, "x" } }, 2, "0x234567y9" },
		{ { { 3, 3, "a" }, { 3, 3, "b" }, { 3, 3, "c" } }, 3, "012abc3456789" },
		{ { { 3, 5, "r" }, { 3, 3, "i" } }, 2, "012ir56789" },
		{ { { 1, 3, "r" }, { 3, 3, "i" }, { 3, 5, "s" } }, 3, "0ris56789" },
	};
	char *text;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		text = NULL;
		CU_ASSERT_EQUAL(apply(rows[i].changes, rows[i].count, "0123456789", &text), 0);
		CU_ASSERT_STRING_EQUAL(text, rows[i].wanted);
		free(text);
	}
}

static void test_refused(void)
{
	static const struct {
		struct change changes[2];
		size_t count;
	} rows[] = {
		{ { { 2, 4, "a" }, { 3, 5, "b" } }, 2 },
		{ { { 2, 4, "a" }, { 2, 4, "b" } }, 2 },
		{ { { 2, 6, "a" }, { 3, 3, "b" } }, 2 },
		{ { { 4, 2, "a" } }, 1 },
		{ { { 9, 11, "a" } }, 1 },
		{ { { 11, 11, "a" } }, 1 },
	};
	char *text = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		CU_ASSERT_EQUAL(apply(rows[i].changes, rows[i].count, "0123456789", &text),
				-EINVAL);
		CU_ASSERT_PTR_NULL(text);
	}
}

static const struct unit_test tests[] = {
	{ "changes are made, wherever and in whatever order", test_applied },
	{ "changes that overlap or are outside are refused", test_refused },
};

UNIT_MAIN("text_edit", tests)

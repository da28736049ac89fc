/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON strings: whatever goes in, valid JSON comes out. */
#include "lib/json.h"

#include <stdlib.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

static void test_strings(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ NULL, "null" },
		{ "", "\"\"" },
		{ "dm:/a.b", "\"dm:/a.b\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\n\t\x1b\x7f", "\"\\u000a\\u0009\\u001b\\u007f\"" },
		{ "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
		  "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"" },
		{ "\xff", "\"\\ufffd\"" },
		{ "\xc3", "\"\\ufffd\"" },
		{ "\xc3x", "\"\\ufffdx\"" },
		{ "\xe2\x82", "\"\\ufffd\\ufffd\"" },
		{ "\xc0\x80", "\"\\ufffd\\ufffd\"" },
		{ "\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
	};
	char *text;
	size_t i, size;
	FILE *out;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		out = open_memstream(&text, &size);
		CU_ASSERT_PTR_NOT_NULL_FATAL(out);
		json_put_string(out, rows[i].in);
		fclose(out);
		CU_ASSERT_STRING_EQUAL(text, rows[i].out);
		free(text);
	}
}

static const struct unit_test tests[] = {
	{ "strings", test_strings },
};

UNIT_MAIN("json", tests)

/* SPDX-License-Identifier: BSD-3-Clause */
/* Error lines: set, prefixed, cut. */
#include "lib/error.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

static void test_set(void)
{
	struct error err = { "old" };

	CU_ASSERT_EQUAL(error_set(&err, -EPERM, "%s is %d", "x", 7), -EPERM);
	CU_ASSERT_STRING_EQUAL(err.text, "x is 7");
	CU_ASSERT_EQUAL(error_set(NULL, -ENOENT, "%s", "nobody listens"), -ENOENT);
	CU_ASSERT_EQUAL(error_prefix(NULL, -ENOENT, "%s", "nobody listens"), -ENOENT);
}

static void test_prefix(void)
{
	struct error err = { "reason" };

	CU_ASSERT_EQUAL(error_prefix(&err, -EIO, "object %d", 1), -EIO);
	CU_ASSERT_STRING_EQUAL(err.text, "object 1: reason");
	error_prefix(&err, -EIO, "program");
	CU_ASSERT_STRING_EQUAL(err.text, "program: object 1: reason");
	/* The line itself may be among the arguments. */
	error_set(&err, -EIO, "a");
	error_prefix(&err, -EIO, "<%s>", err.text);
	CU_ASSERT_STRING_EQUAL(err.text, "<a>: a");
}

/* Of what is too long the reason survives: it is what the user does not know yet. */
static void test_too_long(void)
{
	char word[2 * ERROR_TEXT_MAX];
	struct error err;
	size_t length;

	memset(word, 'w', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	error_set(&err, -EINVAL, "%s", word);
	CU_ASSERT_EQUAL(strlen(err.text), ERROR_TEXT_MAX - 1);
	error_prefix(&err, -EINVAL, "more");
	CU_ASSERT(strlen(err.text) < ERROR_TEXT_MAX);
	for (length = 0; length < sizeof(word); length++) {
		error_set(&err, -EINVAL, "the reason");
		error_prefix(&err, -EINVAL, "%.*s", (int)length, word);
		CU_ASSERT(strlen(err.text) < ERROR_TEXT_MAX);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, ": the reason"));
		CU_ASSERT_STRING_EQUAL(strstr(err.text, ": the reason"), ": the reason");
	}
}

static const struct unit_test tests[] = {
	{ "set", test_set },
	{ "prefix", test_prefix },
	{ "too long", test_too_long },
};

UNIT_MAIN("error", tests)

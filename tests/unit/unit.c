/* SPDX-License-Identifier: BSD-3-Clause */
/* CUnit with TAP as its output. */
#include "tests/unit/unit.h"

#include <stdio.h>

static unsigned int test_number;
static const char *skip_reason;

void unit_skip(const char *reason)
{
	skip_reason = reason;
}

static void test_complete(const CU_pTest test, const CU_pSuite suite,
			  const CU_pFailureRecord failures)
{
	CU_pFailureRecord failure;

	printf("%s %u - %s: %s", failures ? "not ok" : "ok", ++test_number, suite->pName,
	       test->pName);
	if (skip_reason && !failures)
		printf(" # SKIP %s", skip_reason);
	putchar('\n');
	for (failure = failures; failure; failure = failure->pNext)
		printf("# %s:%u: %s\n", failure->strFileName, failure->uiLineNumber,
		       failure->strCondition);
	skip_reason = NULL;
	fflush(stdout);
}

int unit_run(const char *suite_name, const struct unit_test *tests, size_t count)
{
	unsigned int failures;
	CU_pSuite suite;
	size_t i;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	suite = CU_add_suite(suite_name, NULL, NULL);
	for (i = 0; suite && i < count; i++)
		if (!CU_add_test(suite, tests[i].name, tests[i].run))
			suite = NULL;
	if (!suite) {
		fprintf(stderr, "%s: CUnit does not take the tests: %s\n", suite_name,
			CU_get_error_msg());
		return 1;
	}
	CU_set_test_complete_handler(test_complete);
	CU_run_all_tests();
	failures = CU_get_number_of_tests_failed();
	printf("1..%u\n", test_number);
	CU_cleanup_registry();
	return failures || test_number != count;
}

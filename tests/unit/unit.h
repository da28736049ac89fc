/* SPDX-License-Identifier: BSD-3-Clause */
/* A unit test program: a CUnit suite that prints its results as TAP (testanything.org). */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <CUnit/CUnit.h>
#include <stddef.h>

struct unit_test {
	const char *name;
	void (*run)(void);
};

/* Run them in order, each whatever became of the others. Returns main()'s exit status. */
int unit_run(const char *suite, const struct unit_test *tests, size_t count);

/* The test that runs now cannot be done on this machine, for this reason; it should return then. */
void unit_skip(const char *reason);

#define UNIT_MAIN(suite, tests) \
	int main(void) \
	{ \
		return unit_run(suite, tests, sizeof(tests) / sizeof((tests)[0])); \
	}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts what was wrong, and prints the first few of it. */
#include "tests/guest/check.h"

#include <stddef.h>

#include "samples/bare-metal/lib/print.h"

#define SHOWN_MAX 8

static const char *current;
static unsigned int wrong;
static bool failed;

void check_finish(void)
{
	if (!current)
		return;
	if (wrong > SHOWN_MAX)
		print("# and %u more\n", wrong - SHOWN_MAX);
	print("%s - %s\n", wrong ? "not ok" : "ok", current);
	failed |= wrong;
	current = NULL;
	wrong = 0;
}

void check_begin(const char *name)
{
	check_finish();
	current = name;
}

void check_is(const char *what, uint64_t where, uint64_t got, uint64_t wanted)
{
	if (got == wanted)
		return;
	if (wrong++ < SHOWN_MAX)
		print("# %s (0x%lx): got 0x%lx, wanted 0x%lx\n", what, where, got, wanted);
}

void check_that(const char *what, bool good)
{
	if (good)
		return;
	if (wrong++ < SHOWN_MAX)
		print("# not so: %s\n", what);
}

int check_end(void)
{
	check_finish();
	print("done\n");
	return failed;
}

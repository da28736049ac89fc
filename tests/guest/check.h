/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Results of a test guest, on COM1: a line "ok - NAME" or "not ok - NAME" for each test, before it
 * a line "# ..." for each thing that was not as it should be, and "done" at the end, so that a
 * guest that has died on the way can be told. tests/guest/vm.sh turns that into TAP.
 */
#ifndef TESTS_GUEST_CHECK_H
#define TESTS_GUEST_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* Begins a test; the one before ends. */
void check_begin(const char *name);

/* Within a test. @what names the value; @where (an offset, an address, a number) says which. */
void check_is(const char *what, uint64_t where, uint64_t got, uint64_t wanted);
void check_that(const char *what, bool good);

/* Ends the last test, before something that main() does not return from. */
void check_finish(void);

/* The same, and says "done". Returns 0 if all were good, for main() to return. */
int check_end(void);

#endif

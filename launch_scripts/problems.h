/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is wrong with the input, all of it: a user mends a file once, not once per mistake. Readers
 * and checks add; nothing is written as long as there are any.
 */
#ifndef LAUNCH_SCRIPTS_PROBLEMS_H
#define LAUNCH_SCRIPTS_PROBLEMS_H

#include <stddef.h>
#include <stdio.h>

/* Where in the input something stands. */
struct plan_place {
	const char *file;  /* as the user named it; outlives who has the place. NULL: nowhere */
	unsigned int line; /* from 1; 0: the file as a whole */
};

struct problem {
	struct plan_place place;
	char *text;
};

/* All zero: none. More than PROBLEMS_MAX are counted only. */
struct problems {
	struct problem *list;
	size_t count;
	size_t dropped;
};

#define PROBLEMS_MAX 1000

/*
 * The line names the element or object, the value and what is allowed. Control characters, as
 * quoted values may hold them, become question marks.
 */
void problems_add(struct problems *problems, struct plan_place place, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "file:line: text" for each, by file and line, those of one line in the order they were added. */
void problems_print(struct problems *problems, FILE *out);

void problems_fini(struct problems *problems);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Collecting complaints. */
#include "launch_scripts/problems.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/*
 * What files hold is quoted in texts and may be anything; a text stays one line, without codes that
 * a terminal obeys (C0, DEL, and C1 in UTF-8), and not longer than TEXT_MAX.
 */
#define TEXT_MAX 1000

static void clean_text(char *text)
{
	size_t length = strlen(text);
	unsigned char *p;

	if (length > TEXT_MAX) {
		for (length = TEXT_MAX - 3; length > 0 && (text[length] & 0xc0) == 0x80; length--)
			;
		strcpy(text + length, "...");
	}
	for (p = (unsigned char *)text; *p; p++)
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?';
}

void problems_add(struct problems *problems, struct plan_place place, const char *fmt, ...)
{
	struct problem *list;
	char *text = NULL;
	va_list args;

	if (problems->count < PROBLEMS_MAX) {
		va_start(args, fmt);
		if (vasprintf(&text, fmt, args) < 0)
			text = NULL;
		va_end(args);
		if (text)
			clean_text(text);
	}
	list = text ? reallocarray(problems->list, problems->count + 1, sizeof(*list)) : NULL;
	if (!list) {
		free(text);
		problems->dropped++;
		return;
	}
	problems->list = list;
	list[problems->count++] = (struct problem){ place, text };
}

static int compare(const void *a, const void *b)
{
	const struct problem *first = *(const struct problem *const *)a;
	const struct problem *second = *(const struct problem *const *)b;
	int order = strcmp(first->place.file ? first->place.file : "",
			   second->place.file ? second->place.file : "");

	if (order == 0)
		order = (first->place.line > second->place.line) -
			(first->place.line < second->place.line);
	return order ? order : (first > second) - (first < second);
}

static void print_one(const struct problem *problem, FILE *out)
{
	if (problem->place.file && problem->place.line)
		fprintf(out, "%s:%u: %s\n", problem->place.file, problem->place.line,
			problem->text);
	else if (problem->place.file)
		fprintf(out, "%s: %s\n", problem->place.file, problem->text);
	else
		fprintf(out, "%s\n", problem->text);
}

void problems_print(struct problems *problems, FILE *out)
{
	const struct problem **order = calloc(problems->count + 1, sizeof(const void *));
	size_t i;

	for (i = 0; order && i < problems->count; i++)
		order[i] = &problems->list[i];
	if (order)
		qsort(order, problems->count, sizeof(const void *), compare);
	for (i = 0; i < problems->count; i++)
		print_one(order ? order[i] : &problems->list[i], out);
	if (problems->dropped)
		fprintf(out, "and %zu more problems\n", problems->dropped);
	free(order);
}

void problems_fini(struct problems *problems)
{
	size_t i;

	for (i = 0; i < problems->count; i++)
		free(problems->list[i].text);
	free(problems->list);
	*problems = (struct problems){ 0 };
}

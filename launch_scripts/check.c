/* SPDX-License-Identifier: BSD-3-Clause */
/* All checks in a row, and what they share. */
#include "launch_scripts/check.h"

#include <stdio.h>
#include <stdlib.h>

#include "launch_scripts/checks.h"
#include "lib/util.h"

void plan_check(const struct plan *plan, struct problems *problems)
{
	static int (*const checks[])(const struct plan *plan, struct problems *problems) = {
		check_vms,
		check_regions,
		check_slots,
		check_resources,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(checks); i++)
		if (checks[i](plan, problems) < 0)
			problems_add(problems, (struct plan_place){ 0 },
				     "out of memory while checking");
}

const void **checks_sort(const void *list, size_t count, size_t size,
			 int (*compare)(const void *a, const void *b))
{
	const void **sorted = calloc(count + 1, sizeof(*sorted));
	size_t i;

	if (!sorted)
		return NULL;
	for (i = 0; i < count; i++)
		sorted[i] = (const char *)list + i * size;
	qsort(sorted, count, sizeof(*sorted), compare);
	return sorted;
}

const char *checks_place_text(struct plan_place place, char text[CHECKS_PLACE_TEXT_MAX])
{
	text[0] = '\0';
	if (place.file && place.line)
		snprintf(text, CHECKS_PLACE_TEXT_MAX, " (%.*s:%u)", CHECKS_PLACE_TEXT_MAX - 20,
			 place.file, place.line);
	return text;
}

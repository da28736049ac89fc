/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers with a unit. */
#include "samples/linux/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "samples/linux/message.h"

/* A byte count: 4096, 0x1000, 4K. */
static int parse_size(const char *word, uint64_t *ret_value)
{
	int base = word[0] == '0' && (word[1] | 0x20) == 'x' ? 16 : 10;
	uint64_t unit = 1;
	unsigned long long value;
	char *end;

	if (!strchr("0123456789", word[0]) || word[0] == '\0')
		return -EINVAL;
	errno = 0;
	value = strtoull(word, &end, base);
	if (errno)
		return -errno;
	if (*end != '\0' && strchr("KMG", *end)) {
		unit = *end == 'K' ? 1ull << 10 : *end == 'M' ? 1ull << 20 : 1ull << 30;
		end++;
	}
	if (*end != '\0' || __builtin_mul_overflow((uint64_t)value, unit, ret_value))
		return -EINVAL;
	return 0;
}

int number_parse(const char *what, const char *word, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (parse_size(word, &value) < 0 || value > max)
		return fail(EXIT_USAGE, "%s '%s' is not a number from 0 to %#" PRIx64, what, word,
			    max);
	*ret_value = value;
	return 0;
}

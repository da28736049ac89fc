/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers and sizes from words. */
#include "lib/parse.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Reads digits up to the first other character; at least one digit is needed. */
static int parse_digits(const char *word, int base, uint64_t *ret_value, const char **ret_end)
{
	uint64_t value = 0;
	const char *p;

	for (p = word; digit_value(*p) < base; p++)
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit_value(*p), &value))
			return -ERANGE;
	if (p == word)
		return -EINVAL;
	*ret_value = value;
	*ret_end = p;
	return 0;
}

/* A number out of range is still a number only if nothing but digits follows. */
static int parse_whole(const char *word, int base, uint64_t max, uint64_t *ret_value)
{
	const char *end;
	uint64_t value;
	int ret;

	for (end = word; digit_value(*end) < base; end++)
		;
	if (end == word || *end)
		return -EINVAL;
	ret = parse_digits(word, base, &value, &end);
	if (ret < 0)
		return ret;
	if (value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int parse_decimal(const char *word, uint64_t max, uint64_t *ret_value)
{
	return parse_whole(word, 10, max, ret_value);
}

int parse_number(const char *word, uint64_t max, uint64_t *ret_value)
{
	if (word[0] == '0' && (word[1] == 'x' || word[1] == 'X'))
		return parse_whole(word + 2, 16, max, ret_value);
	return parse_whole(word, 10, max, ret_value);
}

static const char suffixes[] = "KMGT";

int parse_size(const char *word, uint64_t unit, uint64_t *ret_bytes)
{
	const char *end, *suffix;
	uint64_t value;
	int ret;

	ret = parse_digits(word, 10, &value, &end);
	if (ret < 0)
		return ret;
	if (*end) {
		suffix = strchr(suffixes, toupper((unsigned char)*end));
		if (!suffix)
			return -EINVAL;
		unit = UINT64_C(1) << (10 * (suffix - suffixes + 1));
		end++;
		if (*end == 'b' || *end == 'B')
			end++;
		if (*end)
			return -EINVAL;
	}
	if (__builtin_mul_overflow(value, unit, &value))
		return -ERANGE;
	*ret_bytes = value;
	return 0;
}

int parse_hugepage_size(const char *word, uint64_t *ret_bytes)
{
	uint64_t bytes;

	if (parse_size(word, 1, &bytes) < 0 || (bytes != 2 * MIB && bytes != GIB))
		return -EINVAL;
	*ret_bytes = bytes;
	return 0;
}

const char *size_text(uint64_t bytes, char text[SIZE_TEXT_MAX])
{
	int power = 0;

	while (power < 4 && bytes && bytes % 1024 == 0) {
		bytes /= 1024;
		power++;
	}
	if (power == 0)
		snprintf(text, SIZE_TEXT_MAX, "%" PRIu64, bytes);
	else
		snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 "%c", bytes, suffixes[power - 1]);
	return text;
}

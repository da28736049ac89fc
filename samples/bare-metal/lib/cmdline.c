/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words are separated by blanks; there is no quoting.
 */
#include "samples/bare-metal/lib/cmdline.h"

#include "samples/bare-metal/lib/machine.h"
#include "samples/bare-metal/lib/multiboot.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"

static const char *word_end(const char *word)
{
	while (*word && *word != ' ')
		word++;
	return word;
}

static const char *word_next(const char *word)
{
	word = word_end(word);
	while (*word == ' ')
		word++;
	return word;
}

/* The value of the key, ending at a blank or the end, or NULL. */
static const char *value_find(const char *key)
{
	size_t size = strlen(key);
	const char *word = multiboot_command_line();
	const char *value = NULL;

	while (*(word = word_next(word))) {
		if (!strncmp(word, key, size) && word[size] == '=')
			value = word + size + 1;
	}
	return value;
}

bool cmdline_text(const char *key, char *ret_value, size_t size)
{
	const char *value = value_find(key);
	size_t used;

	if (!value || !size)
		return false;
	used = (size_t)(word_end(value) - value);
	if (used > size - 1)
		used = size - 1;
	memcpy(ret_value, value, used);
	ret_value[used] = '\0';
	return true;
}

static int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool number_parse(const char *text, uint64_t *ret_number)
{
	unsigned int base = 10;
	uint64_t number = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (!*text)
		return false;
	for (; *text; text++) {
		int digit = digit_value(*text);

		if (digit < 0 || (unsigned int)digit >= base ||
		    __builtin_mul_overflow(number, base, &number) ||
		    __builtin_add_overflow(number, (unsigned int)digit, &number))
			return false;
	}
	*ret_number = number;
	return true;
}

uint64_t cmdline_number(const char *key, uint64_t min, uint64_t max, uint64_t fallback)
{
	char text[32];
	uint64_t number;

	if (!cmdline_text(key, text, sizeof(text)))
		return fallback;
	if (number_parse(text, &number) && number >= min && number <= max)
		return number;
	print("command line: %s=%s is not a number from %lu to %lu\n", key, text, min, max);
	machine_exit(1);
}

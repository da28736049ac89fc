/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first and the last message are for people to read, those between are filled with characters
 * that depend on number and position, so that a byte out of place shows.
 */
#include "samples/bare-metal/pair/message.h"

#include "samples/bare-metal/lib/string.h"

#define CHECKSUM_PRIME 16777619U

/* Two primes: lengths and contents repeat only after many messages. */
#define LENGTH_STEP 37U
#define PATTERN_STEP 13U

uint32_t checksum_add(uint32_t checksum, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (; size; size--, bytes++)
		checksum = (checksum ^ *bytes) * CHECKSUM_PRIME;
	return checksum;
}

static size_t message_greet(char *buffer, const char *greeting, const char *name)
{
	size_t greeting_size = strlen(greeting);
	size_t name_size = strlen(name);

	memcpy(buffer, greeting, greeting_size);
	memcpy(buffer + greeting_size, name, name_size);
	return greeting_size + name_size;
}

size_t message_make(char *buffer, size_t size, uint32_t number, uint32_t count, const char *name)
{
	size_t length, i;

	if (number == 1)
		return message_greet(buffer, "hello from ", name);
	if (number == count)
		return message_greet(buffer, "that was all from ", name);
	length = 1 + number * LENGTH_STEP % size;
	for (i = 0; i < length; i++)
		buffer[i] = (char)(' ' + (number + i * PATTERN_STEP) % ('~' - ' ' + 1));
	return length;
}

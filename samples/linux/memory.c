/* SPDX-License-Identifier: BSD-3-Clause */
/* What ivshmem-access does with the memory, a chunk at a time. */
#include "samples/linux/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "samples/linux/message.h"
#include "samples/linux/number.h"

#define CHUNK			4096u

/* The range OFFSET LENGTH must lie in the window. */
static int parse_range(const struct window *win, const char *offset_word, const char *length_word,
		       uint64_t *ret_offset, uint64_t *ret_length)
{
	int status;

	status = number_parse("offset", offset_word, UINT64_MAX, ret_offset);
	if (!status && length_word)
		status = number_parse("length", length_word, UINT64_MAX, ret_length);
	if (status)
		return status;
	if (*ret_offset > win->size || *ret_length > win->size - *ret_offset)
		return fail(1, "%" PRIu64 " bytes at offset %#" PRIx64
			    " reach beyond the end of the memory, which has %" PRIu64 " bytes",
			    *ret_length, *ret_offset, win->size);
	return 0;
}

static void print_hex(uint64_t offset, const uint8_t *data, size_t length)
{
	for (size_t row = 0; row < length; row += 16) {
		size_t n = length - row < 16 ? length - row : 16;

		printf("%08" PRIx64 " ", offset + row);
		for (size_t i = 0; i < 16; i++)
			i < n ? printf(" %02x", data[row + i]) : printf("   ");
		printf("  |");
		for (size_t i = 0; i < n; i++)
			putchar(data[row + i] >= 0x20 && data[row + i] < 0x7f ? data[row + i]
									      : '.');
		printf("|\n");
	}
}

/* Returns false when the text has ended. */
static bool print_chunk(enum format format, uint64_t offset, const uint8_t *data, size_t length)
{
	size_t text;

	switch (format) {
	case FORMAT_HEX:
		print_hex(offset, data, length);
		return true;
	case FORMAT_RAW:
		fwrite(data, 1, length, stdout);
		return true;
	case FORMAT_TEXT:
		text = strnlen((const char *)data, length);
		fwrite(data, 1, text, stdout);
		return text == length;
	}
	return false;
}

int memory_read(const struct window *win, const struct access_options *opts, char **args)
{
	uint64_t offset, length;
	uint8_t chunk[CHUNK];
	int status;

	status = parse_range(win, args[0], args[1], &offset, &length);
	if (status)
		return status;
	while (length > 0) {
		size_t n = length < CHUNK ? length : CHUNK;

		memcpy(chunk, win->base + offset, n);
		if (!print_chunk(opts->format, offset, chunk, n))
			break;
		offset += n;
		length -= n;
	}
	if (opts->format == FORMAT_TEXT)
		putchar('\n');
	return 0;
}

static int write_stdin(const struct window *win, uint64_t offset)
{
	uint8_t chunk[CHUNK];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), stdin)) > 0) {
		if (n > win->size - offset)
			return fail(1, "standard input does not fit: the memory has %" PRIu64
				    " bytes; what fitted has been stored", win->size);
		memcpy(win->base + offset, chunk, n);
		offset += n;
	}
	return ferror(stdin) ? fail(1, "cannot read standard input: %s", strerror(errno)) : 0;
}

int memory_write(const struct window *win, const struct access_options *opts, char **args)
{
	bool from_stdin = strcmp(args[1], "-") == 0;
	uint64_t offset, length = from_stdin ? 0 : strlen(args[1]) + 1;
	int status;

	(void)opts;
	status = parse_range(win, args[0], NULL, &offset, &length);
	if (status)
		return status;
	if (from_stdin)
		return write_stdin(win, offset);
	memcpy(win->base + offset, args[1], length);
	return 0;
}

int memory_fill(const struct window *win, const struct access_options *opts, char **args)
{
	uint64_t offset, length, byte;
	int status;

	(void)opts;
	status = parse_range(win, args[0], args[1], &offset, &length);
	if (!status)
		status = number_parse("byte", args[2], 0xff, &byte);
	if (status)
		return status;
	memset(win->base + offset, (int)byte, length);
	return 0;
}

/* CRC-32 of IEEE 802.3, bit-reversed polynomial; @crc carries the state between chunks. */
static uint32_t crc32_update(uint32_t crc, const uint8_t *data, size_t length)
{
	crc = ~crc;
	for (size_t i = 0; i < length; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

int memory_checksum(const struct window *win, const struct access_options *opts, char **args)
{
	uint64_t offset, length;
	uint8_t chunk[CHUNK];
	uint32_t crc = 0;
	int status;

	(void)opts;
	status = parse_range(win, args[0], args[1], &offset, &length);
	if (status)
		return status;
	while (length > 0) {
		size_t n = length < CHUNK ? length : CHUNK;

		memcpy(chunk, win->base + offset, n);
		crc = crc32_update(crc, chunk, n);
		offset += n;
		length -= n;
	}
	printf("%08" PRIx32 "\n", crc);
	return 0;
}

static bool memory_begins_with(const uint8_t *memory, const char *text, size_t length)
{
	char chunk[CHUNK];

	for (size_t done = 0, n; done < length; done += n) {
		n = length - done < CHUNK ? length - done : CHUNK;
		memcpy(chunk, memory + done, n);
		if (memcmp(chunk, text + done, n) != 0)
			return false;
	}
	return true;
}

int memory_wait(const struct window *win, const struct access_options *opts, char **args)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	uint64_t offset, length = strlen(args[1]);
	struct timespec start, now;
	int status;

	status = parse_range(win, args[0], NULL, &offset, &length);
	if (status)
		return status;
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!memory_begins_with(win->base + offset, args[1], length)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (opts->timeout_s >= 0 && now.tv_sec - start.tv_sec >= opts->timeout_s)
			return fail(1,
				    "'%s' has not appeared at offset %#" PRIx64 " in %ld seconds",
				    args[1], offset, opts->timeout_s);
		nanosleep(&pause, NULL);
	}
	return 0;
}

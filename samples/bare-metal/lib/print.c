/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A printf of what the guests need. Line ends become CR LF only on the wire of a real terminal, so
 * '\n' is sent as it is: the other end is a file or a terminal driver.
 */
#include "samples/bare-metal/lib/print.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "samples/bare-metal/lib/com1.h"
#include "samples/bare-metal/lib/string.h"

struct field {
	unsigned int width;
	bool left;
	bool zero;
	/* Number of l's; z counts as one, size_t being as long as a long. */
	unsigned int length;
};

static void print_text(const char *text, size_t size)
{
	while (size--)
		com1_write(*text++);
}

static void print_fill(char fill, size_t used, unsigned int width)
{
	for (; used < width; used++)
		com1_write(fill);
}

static void print_field(const struct field *field, const char *text, size_t size)
{
	if (!field->left)
		print_fill(' ', size, field->width);
	print_text(text, size);
	if (field->left)
		print_fill(' ', size, field->width);
}

static void print_number(const struct field *field, uint64_t value, unsigned int base,
			 bool negative)
{
	char digits[21];
	char *text = digits + sizeof(digits);
	size_t size;

	do {
		*--text = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (field->zero && !field->left) {
		size = (size_t)(digits + sizeof(digits) - text);
		if (negative)
			com1_write('-');
		print_fill('0', size + negative, field->width);
		print_text(text, size);
		return;
	}
	if (negative)
		*--text = '-';
	print_field(field, text, (size_t)(digits + sizeof(digits) - text));
}

static const char *parse_field(const char *format, struct field *ret_field)
{
	*ret_field = (struct field){ 0 };
	for (; *format == '0' || *format == '-'; format++) {
		if (*format == '0')
			ret_field->zero = true;
		else
			ret_field->left = true;
	}
	for (; *format >= '0' && *format <= '9'; format++)
		ret_field->width = ret_field->width * 10 + (unsigned int)(*format - '0');
	for (; *format == 'l' || *format == 'z'; format++)
		ret_field->length++;
	return format;
}

static void print_signed(const struct field *field, int64_t value)
{
	print_number(field, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0);
}

void print(const char *format, ...)
{
	struct field field;
	const char *text;
	va_list args;
	char byte;

	va_start(args, format);
	for (; *format; format++) {
		if (*format != '%') {
			com1_write(*format);
			continue;
		}
		format = parse_field(format + 1, &field);
		switch (*format) {
		case 'c':
			byte = (char)va_arg(args, int);
			print_field(&field, &byte, 1);
			break;
		case 's':
			text = va_arg(args, const char *);
			print_field(&field, text, strlen(text));
			break;
		case 'd':
			print_signed(&field, field.length ? va_arg(args, long) : va_arg(args, int));
			break;
		case 'u':
		case 'x':
			print_number(&field, field.length ? va_arg(args, unsigned long) :
				     va_arg(args, unsigned int), *format == 'x' ? 16 : 10, false);
			break;
		case '\0':
			format--;
			break;
		default:
			com1_write(*format);
		}
	}
	va_end(args);
}

void print_untrusted(const char *text, size_t size)
{
	for (; size; size--, text++)
		com1_write(*text >= ' ' && *text <= '~' ? *text : '.');
}

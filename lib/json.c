/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON strings. */
#include "lib/json.h"

/* Bytes of the UTF-8 sequence at @text, or 0 if there is none: RFC 3629, section 4. */
static int utf8_length(const unsigned char *text)
{
	unsigned char low = 0x80, high = 0xbf;
	int i, length;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	/* No longer forms than needed, no surrogates, nothing above U+10FFFF. */
	if (text[0] == 0xe0)
		low = 0xa0;
	else if (text[0] == 0xed)
		high = 0x9f;
	else if (text[0] == 0xf0)
		low = 0x90;
	else if (text[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < length; i++) {
		if (text[i] < low || text[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

void json_put_string(FILE *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	int length;

	if (!text) {
		fputs("null", out);
		return;
	}
	putc('"', out);
	for (; *p; p += length) {
		length = utf8_length(p);
		if (length == 0) {
			fputs("\\ufffd", out);
			length = 1;
		} else if (*p == '"' || *p == '\\') {
			fprintf(out, "\\%c", *p);
		} else if (*p < 0x20 || *p == 0x7f) {
			fprintf(out, "\\u%04x", *p);
		} else {
			fwrite(p, 1, (size_t)length, out);
		}
	}
	putc('"', out);
}

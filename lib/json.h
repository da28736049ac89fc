/* SPDX-License-Identifier: BSD-3-Clause */
/* The one part of writing JSON (RFC 8259) that printf() cannot do. */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdio.h>

/* Write @text as a string, quoted and escaped; null for NULL. What is no UTF-8 becomes U+FFFD. */
void json_put_string(FILE *out, const char *text);

#endif

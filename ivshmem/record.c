/* SPDX-License-Identifier: BSD-3-Clause */
/* The text form of a region record, driven by one table of its fields. */
#include "ivshmem/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/parse.h"
#include "lib/util.h"

#define FORMAT_LINE "format=1"

enum field_type {
	FIELD_TEXT,
	FIELD_NUMBER,
	FIELD_FLAG,
};

struct field {
	const char *key;
	enum field_type type;
	size_t offset;
	uint64_t max; /* bytes of a text with its NUL, or the greatest number */
};

#define TEXT(member) \
	{ #member, FIELD_TEXT, offsetof(struct ivshmem_record, member), \
	  sizeof(((struct ivshmem_record *)0)->member) }
#define NUMBER(member, max) { #member, FIELD_NUMBER, offsetof(struct ivshmem_record, member), max }
#define FLAG(member) { #member, FIELD_FLAG, offsetof(struct ivshmem_record, member), 1 }

static const struct field fields[] = {
	TEXT(name),
	TEXT(path),
	NUMBER(inode, UINT64_MAX),
	NUMBER(size, UINT64_MAX),
	NUMBER(hugepage_size, UINT64_MAX),
	TEXT(uuid),
	TEXT(program),
	NUMBER(pid, INT32_MAX),
	NUMBER(created, INT64_MAX),
	FLAG(owned),
	FLAG(keep),
};

static const void *field_of(const struct ivshmem_record *record, const struct field *field)
{
	return (const char *)record + field->offset;
}

static void *field_in(struct ivshmem_record *record, const struct field *field)
{
	return (char *)record + field->offset;
}

static size_t field_format(const struct ivshmem_record *record, const struct field *field,
			   char *text, size_t size)
{
	const void *value = field_of(record, field);
	int n = 0;

	switch (field->type) {
	case FIELD_TEXT:
		n = snprintf(text, size, "%s=%s\n", field->key, (const char *)value);
		break;
	case FIELD_NUMBER:
		n = snprintf(text, size, "%s=%" PRIu64 "\n", field->key, *(const uint64_t *)value);
		break;
	case FIELD_FLAG:
		n = snprintf(text, size, "%s=%d\n", field->key, *(const bool *)value);
		break;
	}
	return (size_t)n;
}

/* All texts and numbers of full length, their keys and the format line take about 1200 bytes. */
_Static_assert(IVSHMEM_NAME_TEXT_MAX + IVSHMEM_PATH_MAX + IVSHMEM_UUID_MAX + IVSHMEM_PROGRAM_MAX +
	       12 * 40 < IVSHMEM_RECORD_MAX, "a record must fit");

size_t ivshmem_record_format(const struct ivshmem_record *record, char text[IVSHMEM_RECORD_MAX])
{
	size_t i, length;

	length = (size_t)snprintf(text, IVSHMEM_RECORD_MAX, FORMAT_LINE "\n");
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		length += field_format(record, &fields[i], text + length,
				       IVSHMEM_RECORD_MAX - length);
	return length;
}

static int field_parse(struct ivshmem_record *record, const struct field *field, const char *value)
{
	size_t length = strlen(value);
	uint64_t number;

	if (field->type == FIELD_TEXT) {
		if (length == 0 || length >= field->max)
			return -EBADMSG;
		memcpy(field_in(record, field), value, length + 1);
		return 0;
	}
	if (parse_decimal(value, field->max, &number) < 0)
		return -EBADMSG;
	if (field->type == FIELD_NUMBER)
		*(uint64_t *)field_in(record, field) = number;
	else
		*(bool *)field_in(record, field) = number != 0;
	return 0;
}

/* @seen has a bit for each field that had its line, and one above them for the format line. */
static int line_parse(struct ivshmem_record *record, char *line, unsigned int *seen)
{
	char *equals = strchr(line, '=');
	unsigned int bit;
	size_t i;

	if (!equals)
		return -EBADMSG;
	*equals = '\0';
	for (i = 0; i < ARRAY_SIZE(fields) && strcmp(line, fields[i].key); i++)
		;
	*equals = '=';
	if (i == ARRAY_SIZE(fields) && strcmp(line, FORMAT_LINE))
		return strncmp(line, "format=", strlen("format=")) ? 0 : -EBADMSG;
	bit = 1u << i;
	if (*seen & bit)
		return -EBADMSG;
	*seen |= bit;
	return i == ARRAY_SIZE(fields) ? 0 : field_parse(record, &fields[i], equals + 1);
}

static bool all_printable(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (text[i] != '\n' && (text[i] < 0x20 || text[i] > 0x7e))
			return false;
	return true;
}

/* What the rest of the library relies on, whoever wrote the file. */
static bool record_valid(const struct ivshmem_record *record)
{
	struct ivshmem_name name;

	return ivshmem_name_parse(&name, record->name, NULL) == 0 && name.land == IVSHMEM_LAND_DM &&
	       record->path[0] == '/' && is_power_of_two(record->size);
}

int ivshmem_record_parse(struct ivshmem_record *ret_record, const char *text, size_t length)
{
	char copy[IVSHMEM_RECORD_MAX + 1], *line, *end;
	struct ivshmem_record record = { 0 };
	unsigned int seen = 0;

	if (length == 0 || length > IVSHMEM_RECORD_MAX || text[length - 1] != '\n' ||
	    !all_printable(text, length))
		return -EBADMSG;
	memcpy(copy, text, length);
	copy[length] = '\0';
	for (line = copy; *line; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		if (line_parse(&record, line, &seen) < 0)
			return -EBADMSG;
	}
	if (seen != (2u << ARRAY_SIZE(fields)) - 1 || !record_valid(&record))
		return -EBADMSG;
	*ret_record = record;
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The text of region records: what is written is read back, nothing else is taken for a record. */
#include "ivshmem/record.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

static const struct ivshmem_record sample = {
	.name = "dm:/demo",
	.path = "/dev/shm/ivshmem-0432f696d054e2727fe2ba3a9332f235",
	.inode = 17,
	.size = 2 << 20,
	.hugepage_size = 0,
	.uuid = "699a6e56-e51a-4592-8261-9469d68102e4",
	.program = "acrn-dm",
	.pid = 4711,
	.created = 1700000000,
	.owned = true,
	.keep = false,
};

static const char sample_text[] =
	"format=1\n"
	"name=dm:/demo\n"
	"path=/dev/shm/ivshmem-0432f696d054e2727fe2ba3a9332f235\n"
	"inode=17\n"
	"size=2097152\n"
	"hugepage_size=0\n"
	"uuid=699a6e56-e51a-4592-8261-9469d68102e4\n"
	"program=acrn-dm\n"
	"pid=4711\n"
	"created=1700000000\n"
	"owned=1\n"
	"keep=0\n";

static void check_same(const struct ivshmem_record *a, const struct ivshmem_record *b)
{
	char text_a[IVSHMEM_RECORD_MAX], text_b[IVSHMEM_RECORD_MAX];
	size_t length = ivshmem_record_format(a, text_a);

	CU_ASSERT_EQUAL_FATAL(ivshmem_record_format(b, text_b), length);
	CU_ASSERT_EQUAL(memcmp(text_a, text_b, length), 0);
}

static void test_text(void)
{
	char text[IVSHMEM_RECORD_MAX];
	struct ivshmem_record record;

	CU_ASSERT_EQUAL_FATAL(ivshmem_record_format(&sample, text), sizeof(sample_text) - 1);
	CU_ASSERT_STRING_EQUAL(text, sample_text);
	CU_ASSERT_EQUAL_FATAL(ivshmem_record_parse(&record, text, strlen(text)), 0);
	CU_ASSERT_STRING_EQUAL(record.name, sample.name);
	CU_ASSERT_STRING_EQUAL(record.path, sample.path);
	CU_ASSERT_STRING_EQUAL(record.uuid, sample.uuid);
	CU_ASSERT_STRING_EQUAL(record.program, sample.program);
	CU_ASSERT_EQUAL(record.inode, 17);
	CU_ASSERT_EQUAL(record.size, 2 << 20);
	CU_ASSERT_EQUAL(record.pid, 4711);
	CU_ASSERT_EQUAL(record.created, 1700000000);
	CU_ASSERT_TRUE(record.owned);
	CU_ASSERT_FALSE(record.keep);
}

/* Everything at its longest and greatest still fits and comes back. */
static void test_largest(void)
{
	struct ivshmem_record record = {
		.name = "dm:/",
		.path = "/",
		.inode = UINT64_MAX,
		.size = UINT64_C(1) << 63,
		.hugepage_size = UINT64_MAX,
		.pid = INT32_MAX,
		.created = INT64_MAX,
		.owned = true,
		.keep = true,
	}, read;
	char text[IVSHMEM_RECORD_MAX];
	size_t length;

	memset(record.name + 4, 'n', sizeof(record.name) - 5);
	memset(record.path + 1, 'p', sizeof(record.path) - 2);
	memset(record.uuid, 'u', sizeof(record.uuid) - 1);
	memset(record.program, '~', sizeof(record.program) - 1);
	length = ivshmem_record_format(&record, text);
	CU_ASSERT_TRUE_FATAL(length < IVSHMEM_RECORD_MAX);
	CU_ASSERT_EQUAL_FATAL(ivshmem_record_parse(&read, text, length), 0);
	check_same(&record, &read);
}

static void test_flags_change_bytes_in_place(void)
{
	struct ivshmem_record other = sample;
	char a[IVSHMEM_RECORD_MAX], b[IVSHMEM_RECORD_MAX];
	size_t i, length, differing = 0;

	other.keep = true;
	length = ivshmem_record_format(&sample, a);
	CU_ASSERT_EQUAL_FATAL(ivshmem_record_format(&other, b), length);
	for (i = 0; i < length; i++)
		differing += a[i] != b[i];
	CU_ASSERT_EQUAL(differing, 1);
}

static void test_cut(void)
{
	struct ivshmem_record record = { .size = 99 };
	size_t i;

	for (i = 0; i < sizeof(sample_text) - 1; i++)
		CU_ASSERT_EQUAL(ivshmem_record_parse(&record, sample_text, i), -EBADMSG);
	CU_ASSERT_EQUAL(record.size, 99);
}

/* The sample with one line replaced. */
static int parse_with(const char *old, const char *new, struct ivshmem_record *record)
{
	char text[2 * IVSHMEM_RECORD_MAX];
	const char *at = strstr(sample_text, old);

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	memcpy(text, sample_text, (size_t)(at - sample_text));
	strcpy(text + (at - sample_text), new);
	strcat(text, at + strlen(old));
	return ivshmem_record_parse(record, text, strlen(text));
}

static void test_refused(void)
{
	static const struct {
		const char *old, *new;
	} rows[] = {
		{ "format=1\n", "" },
		{ "format=1\n", "format=2\n" },
		{ "format=1\n", "format=1\nformat=1\n" },
		{ "format=1\n", "format=1\nformat=2\n" },
		{ "name=dm:/demo\n", "" },
		{ "name=dm:/demo\n", "name=dm:/demo\nname=dm:/demo\n" },
		{ "name=dm:/demo\n", "name=\n" },
		{ "name=dm:/demo\n", "name=demo\n" },
		{ "name=dm:/demo\n", "name=hv:/demo\n" },
		{ "name=dm:/demo\n", "name=dm:/../demo\n" },
		{ "path=/dev", "path=dev" },
		{ "inode=17\n", "inode=-17\n" },
		{ "inode=17\n", "inode=0x11\n" },
		{ "inode=17\n", "inode=18446744073709551616\n" },
		{ "size=2097152\n", "size=0\n" },
		{ "size=2097152\n", "size=2097153\n" },
		{ "size=2097152\n", "size= 2097152\n" },
		{ "size=2097152\n", "size=2097152 \n" },
		{ "pid=4711\n", "pid=2147483648\n" },
		{ "uuid=6", "uuid=66" },
		{ "program=acrn-dm\n", "program=12345678901234567890123456789012\n" },
		{ "program=acrn-dm\n", "program=\x1b[1m\n" },
		{ "program=acrn-dm\n", "program=\xc3\xa4\n" },
		{ "program=acrn-dm\n", "program=a\rb\n" },
		{ "owned=1\n", "owned=2\n" },
		{ "owned=1\n", "owned=yes\n" },
		{ "keep=0\n", "keep=0" },
		{ "keep=0\n", "keep\n" },
		{ "keep=0\n", "keep=0\n\n" },
		{ "keep=0\n", "keep=0\nnoise\n" },
	};
	struct ivshmem_record record = { .size = 99 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		CU_ASSERT_EQUAL(parse_with(rows[i].old, rows[i].new, &record), -EBADMSG);
	CU_ASSERT_EQUAL(record.size, 99);
}

/* A later version may write down more. */
static void test_unknown_keys(void)
{
	struct ivshmem_record record;

	CU_ASSERT_EQUAL_FATAL(parse_with("keep=0\n", "keep=0\nvectors=8\n", &record), 0);
	check_same(&record, &sample);
	CU_ASSERT_EQUAL_FATAL(parse_with("format=1\n", "format=1\ncolour=\n", &record), 0);
	check_same(&record, &sample);
}

static void test_garbage(void)
{
	char text[IVSHMEM_RECORD_MAX + 1];
	struct ivshmem_record record;

	memset(text, 0, sizeof(text));
	CU_ASSERT_EQUAL(ivshmem_record_parse(&record, text, IVSHMEM_RECORD_MAX), -EBADMSG);
	memset(text, '\n', sizeof(text));
	CU_ASSERT_EQUAL(ivshmem_record_parse(&record, text, IVSHMEM_RECORD_MAX), -EBADMSG);
	CU_ASSERT_EQUAL(ivshmem_record_parse(&record, text, sizeof(text)), -EBADMSG);
	memset(text, '=', sizeof(text));
	text[IVSHMEM_RECORD_MAX - 1] = '\n';
	CU_ASSERT_EQUAL(ivshmem_record_parse(&record, text, IVSHMEM_RECORD_MAX), -EBADMSG);
	CU_ASSERT_EQUAL(ivshmem_record_parse(&record, text, 0), -EBADMSG);
}

static const struct unit_test tests[] = {
	{ "text", test_text },
	{ "largest", test_largest },
	{ "flags change bytes in place", test_flags_change_bytes_in_place },
	{ "cut", test_cut },
	{ "refused", test_refused },
	{ "unknown keys", test_unknown_keys },
	{ "garbage", test_garbage },
};

UNIT_MAIN("record", tests)

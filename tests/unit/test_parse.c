/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers and sizes, and everything that is none. */
#include "lib/parse.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

#define UNTOUCHED UINT64_C(0xdeadbeefdeadbeef)

static void test_decimal(void)
{
	static const struct {
		const char *word;
		uint64_t max;
		int ret;
		uint64_t value;
	} rows[] = {
		{ "0", 0, 0, 0 },
		{ "7", 7, 0, 7 },
		{ "8", 7, -ERANGE, 0 },
		{ "007", 7, 0, 7 },
		{ "010", 100, 0, 10 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "18446744073709551617", 5, -ERANGE, 0 },
		{ "4294967298", UINT32_MAX, -ERANGE, 0 },
		{ "99999999999999999999999999999999", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999999999999x", UINT64_MAX, -EINVAL, 0 },
		{ "", UINT64_MAX, -EINVAL, 0 },
		{ " 1", UINT64_MAX, -EINVAL, 0 },
		{ "1 ", UINT64_MAX, -EINVAL, 0 },
		{ "\t1", UINT64_MAX, -EINVAL, 0 },
		{ "1\n", UINT64_MAX, -EINVAL, 0 },
		{ "+1", UINT64_MAX, -EINVAL, 0 },
		{ "-1", UINT64_MAX, -EINVAL, 0 },
		{ "-0", UINT64_MAX, -EINVAL, 0 },
		{ "0x1", UINT64_MAX, -EINVAL, 0 },
		{ "1x", UINT64_MAX, -EINVAL, 0 },
		{ "1.0", UINT64_MAX, -EINVAL, 0 },
		{ "1e3", UINT64_MAX, -EINVAL, 0 },
		{ "a", UINT64_MAX, -EINVAL, 0 },
		{ "\xb2", UINT64_MAX, -EINVAL, 0 },
	};
	uint64_t value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		value = UNTOUCHED;
		CU_ASSERT_EQUAL(parse_decimal(rows[i].word, rows[i].max, &value), rows[i].ret);
		CU_ASSERT_EQUAL(value, rows[i].ret ? UNTOUCHED : rows[i].value);
	}
}

static void test_number(void)
{
	static const struct {
		const char *word;
		uint64_t max;
		int ret;
		uint64_t value;
	} rows[] = {
		{ "10", 16, 0, 10 },
		{ "0x10", 16, 0, 16 },
		{ "0X10", 16, 0, 16 },
		{ "0xfF", 255, 0, 255 },
		{ "0x000000000000000000001", 1, 0, 1 },
		{ "0x11", 16, -ERANGE, 0 },
		{ "0xffffffffffffffff", UINT64_MAX, 0, UINT64_MAX },
		{ "0x10000000000000000", UINT64_MAX, -ERANGE, 0 },
		{ "0x", UINT64_MAX, -EINVAL, 0 },
		{ "0xg", UINT64_MAX, -EINVAL, 0 },
		{ "0x1g", UINT64_MAX, -EINVAL, 0 },
		{ "0x 1", UINT64_MAX, -EINVAL, 0 },
		{ "0x-1", UINT64_MAX, -EINVAL, 0 },
		{ "0x0x1", UINT64_MAX, -EINVAL, 0 },
		{ "x10", UINT64_MAX, -EINVAL, 0 },
		{ "ff", UINT64_MAX, -EINVAL, 0 },
		{ "00x1", UINT64_MAX, -EINVAL, 0 },
		{ "", UINT64_MAX, -EINVAL, 0 },
		{ "-0x1", UINT64_MAX, -EINVAL, 0 },
	};
	uint64_t value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		value = UNTOUCHED;
		CU_ASSERT_EQUAL(parse_number(rows[i].word, rows[i].max, &value), rows[i].ret);
		CU_ASSERT_EQUAL(value, rows[i].ret ? UNTOUCHED : rows[i].value);
	}
}

static void test_size(void)
{
	static const struct {
		const char *word;
		uint64_t unit;
		int ret;
		uint64_t bytes;
	} rows[] = {
		{ "1", 1, 0, 1 },
		{ "256", MIB, 0, 256 * MIB },
		{ "256M", MIB, 0, 256 * MIB },
		{ "1k", MIB, 0, KIB },
		{ "1K", 1, 0, KIB },
		{ "1KB", 1, 0, KIB },
		{ "1mb", 1, 0, MIB },
		{ "3gB", 1, 0, 3 * GIB },
		{ "2T", 1, 0, 2 * TIB },
		{ "0", MIB, 0, 0 },
		{ "16777215T", 1, 0, UINT64_C(16777215) << 40 },
		{ "16777216T", 1, -ERANGE, 0 },
		{ "17592186044416", MIB, -ERANGE, 0 },
		{ "18446744073709551616", 1, -ERANGE, 0 },
		{ "", 1, -EINVAL, 0 },
		{ "M", 1, -EINVAL, 0 },
		{ "1B", 1, -EINVAL, 0 },
		{ "1P", 1, -EINVAL, 0 },
		{ "1 M", 1, -EINVAL, 0 },
		{ "1M ", 1, -EINVAL, 0 },
		{ "1MBs", 1, -EINVAL, 0 },
		{ "1MM", 1, -EINVAL, 0 },
		{ "1MiB", 1, -EINVAL, 0 },
		{ "-1M", 1, -EINVAL, 0 },
		{ "+1M", 1, -EINVAL, 0 },
		{ "0x1M", 1, -EINVAL, 0 },
		{ "1.5G", 1, -EINVAL, 0 },
	};
	uint64_t bytes;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		bytes = UNTOUCHED;
		CU_ASSERT_EQUAL(parse_size(rows[i].word, rows[i].unit, &bytes), rows[i].ret);
		CU_ASSERT_EQUAL(bytes, rows[i].ret ? UNTOUCHED : rows[i].bytes);
	}
}

static void test_size_text(void)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{ 0, "0" },		{ 1, "1" },		{ 1023, "1023" },
		{ KIB, "1K" },		{ 1025, "1025" },	{ 1536, "1536" },
		{ 1536 * KIB, "1536K" }, { 256 * MIB, "256M" }, { 3 * GIB, "3G" },
		{ 2048 * TIB, "2048T" }, { UINT64_MAX, "18446744073709551615" },
	};
	char text[SIZE_TEXT_MAX];
	uint64_t bytes;
	int shift;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		CU_ASSERT_STRING_EQUAL(size_text(rows[i].bytes, text), rows[i].text);
	/* Whatever it prints reads back. */
	for (shift = 0; shift < 64; shift++)
		for (i = 0; i < 3; i++) {
			CU_ASSERT_EQUAL(parse_size(size_text((UINT64_C(1) << shift) - 1 + i, text),
						   1, &bytes),
					0);
			CU_ASSERT_EQUAL(bytes, (UINT64_C(1) << shift) - 1 + i);
		}
}

static void test_hugepage_size(void)
{
	static const char *const bad[] = { "", "2", "1", "4K", "2G", "1M", "0", "2Mx", "-2M" };
	uint64_t bytes = UNTOUCHED;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		CU_ASSERT_EQUAL(parse_hugepage_size(bad[i], &bytes), -EINVAL);
		CU_ASSERT_EQUAL(bytes, UNTOUCHED);
	}
	CU_ASSERT_EQUAL(parse_hugepage_size("2M", &bytes), 0);
	CU_ASSERT_EQUAL(bytes, 2 * MIB);
	CU_ASSERT_EQUAL(parse_hugepage_size("1048576K", &bytes), 0);
	CU_ASSERT_EQUAL(bytes, GIB);
}

static const struct unit_test tests[] = {
	{ "decimal", test_decimal },
	{ "number", test_number },
	{ "size", test_size },
	{ "huge page size", test_hugepage_size },
	{ "size as text", test_size_text },
};

UNIT_MAIN("parse", tests)

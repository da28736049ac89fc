/* SPDX-License-Identifier: BSD-3-Clause */
/* PCI addresses in lspci's notation. */
#include "launch_scripts/bdf.h"

#include "lib/util.h"
#include "tests/unit/unit.h"

static void test_good(void)
{
	static const struct {
		const char *text;
		struct pci_slot slot;
		const char *rest, *again;
	} rows[] = {
		{ "00:08.0", { 0, 8, 0 }, "", "00:08.0" },
		{ "0:8.1", { 0, 8, 1 }, "", "00:08.1" },
		{ "00:0A.7", { 0, 10, 7 }, "", "00:0a.7" },
		{ "ff:1F.3 Audio device: x", { 255, 31, 3 }, " Audio device: x", "ff:1f.3" },
		{ "0000:03:00.0", { 3, 0, 0 }, "", "03:00.0" },
		{ "00:1e.0:", { 0, 30, 0 }, ":", "00:1e.0" },
	};
	char text[BDF_TEXT_MAX];
	struct pci_slot slot;
	const char *rest;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		rest = bdf_parse(rows[i].text, &slot);
		CU_ASSERT_PTR_NOT_NULL_FATAL(rest);
		CU_ASSERT_STRING_EQUAL(rest, rows[i].rest);
		CU_ASSERT(pci_slot_equal(slot, rows[i].slot));
		CU_ASSERT_STRING_EQUAL(bdf_text(slot, text), rows[i].again);
	}
}

static void test_bad(void)
{
	static const char *const rows[] = {
		"", "00", "00:", "00:08", "00:08.", "00:08.8", "00:20.0", "000:08.0", "00:008.0",
		":08.0", "00:.0", "g0:08.0", "00:08.00", "00:08.0x", "0001:00:08.0", " 00:08.0",
		"00-08.0", "00:08:0", "0000:0000:08.0", "0000:", "-1:08.0",
	};
	struct pci_slot slot = { 1, 2, 3 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		CU_ASSERT_PTR_NULL(bdf_parse(rows[i], &slot));
	CU_ASSERT(pci_slot_equal(slot, (struct pci_slot){ 1, 2, 3 }));
}

static const struct unit_test tests[] = {
	{ "good", test_good },
	{ "bad", test_bad },
};

UNIT_MAIN("bdf", tests)

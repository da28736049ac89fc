/* SPDX-License-Identifier: BSD-3-Clause */
/* The slot grammar of -s. */
#include "devicemodel/config/pci_slot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/unit.h"

static void test_words(void)
{
	static const struct {
		const char *word;
		int ret;
		struct pci_slot slot;
	} rows[] = {
		{ "6", 0, { 0, 6, 0 } },	 { "6:1", 0, { 0, 6, 1 } },
		{ "6.1", 0, { 0, 6, 1 } },	 { "6/1", 0, { 0, 6, 1 } },
		{ "0:6", 0, { 0, 0, 6 } },	 { "0:6:0", 0, { 0, 6, 0 } },
		{ "0:6.0", 0, { 0, 6, 0 } },	 { "0/6/1", 0, { 0, 6, 1 } },
		{ "0.6:1", 0, { 0, 6, 1 } },	 { "010", 0, { 0, 10, 0 } },
		{ "31", 0, { 0, 31, 0 } },	 { "0:31:7", 0, { 0, 31, 7 } },
		{ "0", 0, { 0, 0, 0 } },	 { "32", -EINVAL, { 0, 0, 0 } },
		{ "0:32:0", -EINVAL, { 0, 0, 0 } }, { "6:8", -EINVAL, { 0, 0, 0 } },
		{ "256:0:0", -EINVAL, { 0, 0, 0 } }, { "1:6:0", -EINVAL, { 0, 0, 0 } },
		{ "-1", -EINVAL, { 0, 0, 0 } },	 { "", -EINVAL, { 0, 0, 0 } },
		{ "x6", -EINVAL, { 0, 0, 0 } },	 { "6x", -EINVAL, { 0, 0, 0 } },
		{ " 6", -EINVAL, { 0, 0, 0 } },	 { "6 ", -EINVAL, { 0, 0, 0 } },
		{ "0x6", -EINVAL, { 0, 0, 0 } }, { "6:", -EINVAL, { 0, 0, 0 } },
		{ ":6", -EINVAL, { 0, 0, 0 } },	 { "6::", -EINVAL, { 0, 0, 0 } },
		{ "6::0", -EINVAL, { 0, 0, 0 } }, { "0:6:0:7", -EINVAL, { 0, 0, 0 } },
		{ "0:6:0:", -EINVAL, { 0, 0, 0 } }, { ":", -EINVAL, { 0, 0, 0 } },
		{ "6,0", -EINVAL, { 0, 0, 0 } }, { "6-0", -EINVAL, { 0, 0, 0 } },
		{ "0:262", -EINVAL, { 0, 0, 0 } }, { "4294967302", -EINVAL, { 0, 0, 0 } },
		{ "00000000000000000000000000000006", -EINVAL, { 0, 0, 0 } },
	};
	struct pci_slot slot;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		slot = (struct pci_slot){ 1, 2, 3 };
		err.text[0] = '\0';
		CU_ASSERT_EQUAL(pci_slot_parse(rows[i].word, &slot, &err), rows[i].ret);
		if (rows[i].ret == 0) {
			CU_ASSERT(pci_slot_equal(slot, rows[i].slot));
		} else {
			CU_ASSERT(pci_slot_equal(slot, (struct pci_slot){ 1, 2, 3 }));
			CU_ASSERT_PTR_NOT_NULL(strstr(err.text, rows[i].word));
		}
	}
}

static void test_text(void)
{
	char text[PCI_SLOT_TEXT_MAX];
	unsigned int device, function;
	struct pci_slot slot, again;

	for (device = 0; device < 32; device++)
		for (function = 0; function < 8; function++) {
			slot = (struct pci_slot){ 0, (uint8_t)device, (uint8_t)function };
			CU_ASSERT_EQUAL(pci_slot_parse(pci_slot_text(slot, text), &again, NULL), 0);
			CU_ASSERT(pci_slot_equal(slot, again));
		}
	CU_ASSERT_STRING_EQUAL(pci_slot_text((struct pci_slot){ 255, 255, 255 }, text),
			       "255:255.255");
}

static const struct unit_test tests[] = {
	{ "words", test_words },
	{ "text", test_text },
};

UNIT_MAIN("pci slot", tests)

/* SPDX-License-Identifier: BSD-3-Clause */
/* The slot grammar. */
#include "devicemodel/config/pci_slot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/parse.h"

#define SEPARATORS ":/."
#define NUMBERS_MAX 3
#define WORD_MAX 16

const char *pci_slot_text(struct pci_slot slot, char text[PCI_SLOT_TEXT_MAX])
{
	snprintf(text, PCI_SLOT_TEXT_MAX, "%u:%u.%u", slot.bus, slot.device, slot.function);
	return text;
}

/* Splits into one to three numbers; their count, or -EINVAL. */
static int split_numbers(const char *word, uint64_t numbers[NUMBERS_MAX])
{
	char copy[WORD_MAX], *rest = copy, *part;
	int count = 0;

	if (strlen(word) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, word);
	while ((part = strsep(&rest, SEPARATORS))) {
		if (count == NUMBERS_MAX || parse_decimal(part, 255, &numbers[count]) < 0)
			return -EINVAL;
		count++;
	}
	return count;
}

int pci_slot_parse(const char *word, struct pci_slot *ret_slot, struct error *err)
{
	uint64_t numbers[NUMBERS_MAX] = { 0 }, bus = 0, device, function = 0;
	int count = split_numbers(word, numbers);

	if (count < 0)
		return error_set(err, -EINVAL, "bad slot \"%s\": write DEVICE, DEVICE:FUNCTION or "
				 "BUS:DEVICE:FUNCTION in decimal", word);
	device = numbers[count == 3 ? 1 : 0];
	if (count == 3)
		bus = numbers[0];
	if (count > 1)
		function = numbers[count - 1];
	if (bus > 0)
		return error_set(err, -EINVAL, "bad slot \"%s\": there is only bus 0", word);
	if (device > 31 || function > 7)
		return error_set(err, -EINVAL,
				 "bad slot \"%s\": devices are 0 to 31, functions 0 to 7", word);
	*ret_slot = (struct pci_slot){ (uint8_t)bus, (uint8_t)device, (uint8_t)function };
	return 0;
}

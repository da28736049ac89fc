/* SPDX-License-Identifier: BSD-3-Clause */
/* The notation of PCI addresses. */
#include "launch_scripts/bdf.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* At most @digits digits and the character behind them; NULL: it is not so. */
static const char *parse_part(const char *text, int digits, char behind, unsigned int *value)
{
	int i;

	*value = 0;
	for (i = 0; i < digits && isxdigit((unsigned char)text[i]); i++)
		*value = *value * 16 + (unsigned int)(isdigit((unsigned char)text[i]) ?
						      text[i] - '0' :
						      tolower((unsigned char)text[i]) - 'a' + 10);
	if (i == 0 || (behind && text[i] != behind))
		return NULL;
	return text + i + (behind != '\0');
}

const char *bdf_parse(const char *text, struct pci_slot *ret_slot)
{
	unsigned int bus, device, function;
	const char *p = text;

	if (strncmp(p, "0000:", 5) == 0)
		p += 5;
	p = parse_part(p, 2, ':', &bus);
	p = p ? parse_part(p, 2, '.', &device) : NULL;
	p = p ? parse_part(p, 1, '\0', &function) : NULL;
	if (!p || device > 31 || function > 7 || isalnum((unsigned char)*p))
		return NULL;
	*ret_slot = (struct pci_slot){ (uint8_t)bus, (uint8_t)device, (uint8_t)function };
	return p;
}

const char *bdf_text(struct pci_slot slot, char text[BDF_TEXT_MAX])
{
	snprintf(text, BDF_TEXT_MAX, "%02x:%02x.%x", slot.bus, slot.device & 0x1fu,
		 slot.function & 7u);
	return text;
}

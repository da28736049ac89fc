/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a device sits on the PCI bus, and how that is written. */
#ifndef DEVICEMODEL_CONFIG_PCI_SLOT_H
#define DEVICEMODEL_CONFIG_PCI_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

/* Bus 0 is the only one; the field is there because the grammar has it. */
struct pci_slot {
	uint8_t bus, device, function;
};

static inline bool pci_slot_equal(struct pci_slot a, struct pci_slot b)
{
	return a.bus == b.bus && a.device == b.device && a.function == b.function;
}

/* As -s takes it: "0:6.0". Returns @text. */
#define PCI_SLOT_TEXT_MAX 12
const char *pci_slot_text(struct pci_slot slot, char text[PCI_SLOT_TEXT_MAX]);

/*
 * The grammar of -s, in decimal: "6", "6:1" (function 1), "0:6:1" (bus, device, function); instead
 * of ':' also '/' and '.' separate. Returns 0 or -EINVAL with @err.
 */
int pci_slot_parse(const char *word, struct pci_slot *ret_slot, struct error *err);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses of PCI functions as lspci(8) and ACRN's files write them: "00:1f.3", in hexadecimal. */
#ifndef LAUNCH_SCRIPTS_BDF_H
#define LAUNCH_SCRIPTS_BDF_H

#include "devicemodel/config/pci_slot.h"

/*
 * The address that @text starts with: one or two digits of the bus, one or two of the device (to
 * 1f), one of the function (to 7), of either case; a domain of zeros may stand in front ("0000:").
 * Returns what stands behind it, or NULL: it starts with no address.
 */
const char *bdf_parse(const char *text, struct pci_slot *ret_slot);

/* As ACRN's files have it: "00:08.1". Returns @text. */
#define BDF_TEXT_MAX 8
const char *bdf_text(struct pci_slot slot, char text[BDF_TEXT_MAX]);

#endif

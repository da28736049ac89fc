/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading ACRN board files, which its board inspector makes. */
#ifndef LAUNCH_SCRIPTS_BOARD_H
#define LAUNCH_SCRIPTS_BOARD_H

#include "launch_scripts/plan.h"
#include "launch_scripts/xml_file.h"

/*
 * Fill @plan's board, which is empty yet, from file @path: its name, its CPUs in the order of their
 * ids (none if the file is of an inspector that did not tell local APIC ids), its memory, and its
 * PCI functions in the order of their addresses.
 *
 * Returns 0, also if there are problems with the contents. Returns -errno, and has added a problem,
 * for a file that cannot be read at all or is no board file; -ENOMEM.
 */
int board_read(struct plan *plan, const char *path, struct problems *problems);

/* The same of a file that is parsed already. */
int board_read_xml(struct plan *plan, const struct xml_file *file, struct problems *problems);

#endif

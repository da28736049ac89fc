/* SPDX-License-Identifier: BSD-3-Clause */
/* Serial lines between VMs, in an upgrade. */
#ifndef LAUNCH_SCRIPTS_UPGRADE_VUARTS_H
#define LAUNCH_SCRIPTS_UPGRADE_VUARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "launch_scripts/plan.h"
#include "launch_scripts/xml_edit.h"

/* The UARTs that found their other end, in pairs. All zero: none. */
struct vuart_pairs {
	const xmlNode **nodes;
	size_t count;
};

/*
 * Write a connection for each two UARTs of VMs that name each other as their targets. @plan has a
 * VM for each <vm>, in order. The pairs are to be given back with vuart_pairs_fini(). Returns 0 or
 * -ENOMEM.
 */
int upgrade_vuarts(struct xml_edit *xml, const struct plan *plan, struct vuart_pairs *ret_pairs);

bool vuart_pairs_have(const struct vuart_pairs *pairs, const xmlNode *node);
void vuart_pairs_fini(struct vuart_pairs *pairs);

/* It says by its base that it is not there. */
bool vuart_is_off(const xmlNode *uart);

/* "COM1_BASE", "SERVICE_VM_COM2_BASE": its number; 0: none of these. */
unsigned int vuart_com_number(const xmlNode *uart);

#endif

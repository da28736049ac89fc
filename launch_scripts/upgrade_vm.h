/* SPDX-License-Identifier: BSD-3-Clause */
/* One VM's part of an upgrade. */
#ifndef LAUNCH_SCRIPTS_UPGRADE_VM_H
#define LAUNCH_SCRIPTS_UPGRADE_VM_H

#include "launch_scripts/plan.h"
#include "launch_scripts/problems.h"
#include "launch_scripts/upgrade_vuarts.h"
#include "launch_scripts/xml_edit.h"

struct upgrade {
	struct xml_edit xml;
	const struct xml_file *launch; /* NULL: none */
	const struct plan *plan;
	struct problems *notes;
	struct vuart_pairs pairs;
};

/*
 * Make the <vm> element @node of version 2 one of version 3. @vm is what was read from it and from
 * @user_vm, its element of the launch file (NULL: it has none). Returns 0 or -errno.
 */
int upgrade_vm(struct upgrade *upgrade, xmlNode *node, const struct plan_vm *vm,
	       const xmlNode *user_vm);

/* A note about @node, which nothing in the new file stands for. */
void upgrade_note(struct upgrade *upgrade, const struct xml_file *file, const xmlNode *node,
		  const char *reason);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the scenario reader share. Others include launch_scripts/scenario.h. */
#ifndef LAUNCH_SCRIPTS_SCENARIO_READING_H
#define LAUNCH_SCRIPTS_SCENARIO_READING_H

#include "launch_scripts/plan.h"
#include "launch_scripts/vm_index.h"
#include "launch_scripts/xml_value.h"

struct scenario_reading {
	struct plan *plan;
	struct xml_reader scenario;
	struct xml_reader launch; /* its file is NULL: there is none */
	struct vm_index vms;	  /* once they are all read */
};

/* --- VMs: each <vm> element makes one, in order ----------------------------------------------- */

void scenario_v3_read_vms(struct scenario_reading *reading);
void scenario_v2_read_vms(struct scenario_reading *reading);

/* What both versions have in common: id, name, and what is here. */
void scenario_read_vm_identity(struct scenario_reading *reading, struct plan_vm *vm,
			       const xmlNode *node);
void scenario_read_cpus(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *affinity);
void scenario_read_memory(struct xml_reader *reader, struct plan_vm *vm, const xmlNode *node);

/* A post-launched VM whose memory nobody tells gets this, so that checks go on. */
#define SCENARIO_MEMORY_MB 256

/* --- what VMs share, and their devices -------------------------------------------------------- */

/* Regions of both versions. */
void scenario_read_regions(struct scenario_reading *reading);

/*
 * A region as text, "hv:/name, 2": what it is, without users, into @ret_region, which the caller
 * frees like a plan's; @ret_rest: what follows a second comma, or NULL. Returns false with a
 * problem.
 */
bool scenario_parse_region(struct xml_reader *reader, const xmlNode *node, char *text,
			   struct plan_region *ret_region, char **ret_rest);

/* The PCI ones of the virtual UARTs that connect VMs. */
void scenario_read_vuarts(struct scenario_reading *reading);

/* Devices of the post-launched VMs, but for UARTs. */
void scenario_v3_read_devices(struct scenario_reading *reading);

/* --- launch file of version 2 ----------------------------------------------------------------- */

/* What a post-launched VM is; before regions are read, since they use names. */
void launch_xml_read_vms(struct scenario_reading *reading);

/* Complain about post-launched VMs that nobody has told how they are launched. */
void launch_xml_check_vms(struct scenario_reading *reading);

/* Which regions it uses. */
void launch_xml_read_regions(struct scenario_reading *reading);

#endif

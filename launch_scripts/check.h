/* SPDX-License-Identifier: BSD-3-Clause */
/* Does a plan hold? What no reader of a file can see, since it takes the whole to see it. */
#ifndef LAUNCH_SCRIPTS_CHECK_H
#define LAUNCH_SCRIPTS_CHECK_H

#include "launch_scripts/launch_target.h"
#include "launch_scripts/plan.h"
#include "launch_scripts/problems.h"

/*
 * Add a problem for everything that is wrong with the VMs, the regions, and the slots that the
 * input gives. @plan is resolved (plan_resolve()) and not yet given slots of ours, or it is: the
 * same problems are found. Takes O(n log n).
 */
void plan_check(const struct plan *plan, struct problems *problems);

/*
 * Add a problem for everything that cannot be had on @target: on KVM what needs the ACRN hypervisor
 * or devices that acrn-dm does not have there; on ACRN virtual machines whose CPUs cannot be named
 * since there is no board file.
 */
void plan_check_target(const struct plan *plan, enum launch_target target,
		       struct problems *problems);

#endif

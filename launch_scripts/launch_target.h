/* SPDX-License-Identifier: BSD-3-Clause */
/* What the launch scripts are to run on. */
#ifndef LAUNCH_SCRIPTS_LAUNCH_TARGET_H
#define LAUNCH_SCRIPTS_LAUNCH_TARGET_H

enum launch_target {
	LAUNCH_ACRN, /* the ACRN hypervisor, started from its Service VM */
	LAUNCH_KVM,  /* acrn-dm on a Linux host with KVM */
};

#endif

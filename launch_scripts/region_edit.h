/* SPDX-License-Identifier: BSD-3-Clause */
/* "acrn-launch-gen region list|add|remove|set". */
#ifndef LAUNCH_SCRIPTS_REGION_EDIT_H
#define LAUNCH_SCRIPTS_REGION_EDIT_H

/* @argv[0] is "region". Returns an exit status. */
int region_main(int argc, char **argv);

#endif

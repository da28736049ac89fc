/* SPDX-License-Identifier: BSD-3-Clause */
/* "acrn-launch-gen vm add|set|rename". */
#ifndef LAUNCH_SCRIPTS_VM_EDIT_H
#define LAUNCH_SCRIPTS_VM_EDIT_H

/* @argv[0] is "vm". Returns an exit status. */
int vm_main(int argc, char **argv);

#endif

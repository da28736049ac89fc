/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine inside a VM: chipset and configured devices, and what its firmware would do. It also
 * is the VM's life from power-on to the end, guest resets included.
 */
#ifndef DEVICEMODEL_MACHINE_H
#define DEVICEMODEL_MACHINE_H

#include "devicemodel/vm/request.h"
#include "lib/error.h"

struct boot;
struct device_class;
struct hv_ops;
struct machine;
struct vm;
struct vm_config;

/* The classes of PCI devices that a machine can have, ended by NULL. */
const struct device_class *const *machine_device_classes(void);

/*
 * Is all there that @config asks for, and can its devices be had on this back end? Nothing is made
 * or opened.
 * Returns 0 or -ENOTSUP with @err.
 */
int machine_check(const struct vm_config *config, const struct hv_ops *ops, struct error *err);

/*
 * Build the machine of @vm's configuration; @boot loads its image. Both must outlive it.
 * Returns 0 or -errno with @err, and leaves nothing.
 */
int machine_new(struct vm *vm, struct boot *boot, struct machine **ret_machine, struct error *err);
/* NULL is fine. */
void machine_free(struct machine *machine);

/*
 * Power on and run until the machine ends for good; with no_reboot a reset counts as that.
 * *ret_end says how, *ret_status is the status of VM_REQUEST_EXIT; @err has a line if the guest
 * crashed or the back end gave up. Returns 0, or -errno with @err if it cannot be (re)started.
 */
int machine_run(struct machine *machine, enum vm_request_kind *ret_end, unsigned char *ret_status,
		struct error *err);

#endif

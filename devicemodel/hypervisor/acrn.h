/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the ACRN back end share. Kernel interface: <linux/acrn.h>, of the driver
 * drivers/virt/acrn (the hypervisor service module, HSM), which passes most calls on to ACRN.
 */
#ifndef DEVICEMODEL_HYPERVISOR_ACRN_H
#define DEVICEMODEL_HYPERVISOR_ACRN_H

#include <linux/acrn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devicemodel/hypervisor/hypervisor.h"

#define ACRN_NODE "/dev/acrn_hsm"
#define ACRN_NODE_OLD "/dev/acrn_vhm" /* as kernels before 5.12 had it */
#define ACRN_TAG "acrn"

/* Mappings of RAM that the driver has room for in the life of a VM; it gives none back. */
#define ACRN_MAP_SLOTS 256

struct acrn_map {
	uint64_t gpa, size; /* size 0: free */
	const void *host;
	bool writable;
	bool clings; /* the guest still sees it, for the hypervisor did not take it out */
};

struct hv_vm {
	struct hv_vm_params params;
	int fd; /* of the driver; one VM each */
	uint16_t id;
	atomic_bool is_created; /* the driver knows no call but CREATE_VM otherwise */

	/* Shared with the hypervisor: a slot for each vCPU. */
	struct acrn_io_request_buffer *requests;

	/* These three arrays: only by one thread at a time, as the operations demand. */
	struct acrn_map maps[ACRN_MAP_SLOTS];
	unsigned int slots_used; /* of the driver's */
	uint64_t piece_max;	 /* of a mapping, in bytes; the driver has refused larger ones */
	struct hv_ioeventfd *ioeventfds;
	size_t ioeventfd_count;
	struct acrn_vdev *vdevs;
	size_t vdev_count;

	atomic_bool said_severity, said_lost; /* the one warning is out */
	atomic_bool is_stopping; /* acrn_ioreq_stop() has begun; set with the lock held */

	struct hv_vcpu **vcpus; /* params.vcpus pointers, NULL where not created */
	pthread_mutex_t lock;	/* guards what follows and the vCPUs' flags */
	pthread_cond_t stopping;
	bool has_client, is_paused;
	bool runs_on; /* the hypervisor did not pause it */
};

struct hv_vcpu {
	struct hv_vm *vm;
	unsigned int index;
	bool is_stopped;
};

/* acrn_vm.c */
unsigned int acrn_physical_width(const struct hv_vm *vm);
/* Destroy the driver's VM, if it is there; what it held is gone then, the memory of ours not. */
void acrn_vm_end(struct hv_vm *vm);
/*
 * The hypervisor refuses calls that act on a VM of higher severity than the service VM's (real-time
 * and safety VMs): say so once per VM, if @code is that refusal. Any thread. Returns @code.
 */
int acrn_explain(struct hv_vm *vm, int code);

/* acrn_memory.c */
int acrn_mem_map(struct hv_vm *vm, uint64_t gpa, uint64_t size, void *host, bool writable);
int acrn_mem_unmap(struct hv_vm *vm, uint64_t gpa, uint64_t size);
const char *acrn_mem_error_text(int code);

/* acrn_vcpu.c */
int acrn_vcpu_create(struct hv_vm *vm, unsigned int index, const struct hv_vcpu_start *start,
		     struct hv_vcpu **ret_vcpu, struct error *err);
enum hv_exit acrn_vcpu_run(struct hv_vcpu *vcpu, struct error *err);
void acrn_vcpu_stop(struct hv_vcpu *vcpu);

/* acrn_ioreq.c: from vCPUs' requests to params.io */
/* Let the guest run. 0 or -errno with @err, and then it does not. With vm->lock held. */
int acrn_ioreq_start(struct hv_vm *vm, struct error *err);
/*
 * Pause the VM, for ever, and have acrn_ioreq_serve() return; nothing if that was done. With
 * vm->lock held.
 */
void acrn_ioreq_stop(struct hv_vm *vm);
/* Serves requests until acrn_ioreq_stop(), or until the guest or the driver gives up. */
enum hv_exit acrn_ioreq_serve(struct hv_vm *vm, struct error *err);

/* acrn_irq.c */
/* Does it stand above the service VM (real-time and safety VMs)? Then it ends only by itself. */
bool acrn_is_above_service_vm(const struct hv_vm *vm);
int acrn_irq_line(struct hv_vm *vm, unsigned int gsi, bool level);
int acrn_msi_send(struct hv_vm *vm, uint64_t address, uint32_t data);
int acrn_irqfd(struct hv_vm *vm, int fd, uint64_t address, uint32_t data, bool assign);
int acrn_ioeventfd(struct hv_vm *vm, const struct hv_ioeventfd *ioeventfd, bool assign);

/* acrn_vdev.c */
int acrn_vdev_create(struct hv_vm *vm, const struct hv_vdev *vdev);
int acrn_vdev_destroy(struct hv_vm *vm, const struct hv_vdev *vdev);
/* Take out all that are left. */
void acrn_vdevs_clear(struct hv_vm *vm);

#endif

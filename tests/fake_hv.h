/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hypervisor back end without a hypervisor: it writes down what it is asked, fails its n-th call
 * if told to, plays guests that are functions, and complains about a caller that breaks the
 * contract of devicemodel/hypervisor/hypervisor.h. A test program has one of them.
 */
#ifndef TESTS_FAKE_HV_H
#define TESTS_FAKE_HV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devicemodel/hypervisor/hypervisor.h"

/* HV_CAP_IOEVENTFD_PASSES_UNMATCHED and HV_CAP_MAP_SLOTS_RETURN, as KVM. */
extern const struct hv_ops hv_fake;
/* The same with the capabilities of ACRN: HV_CAP_VDEV and no other. */
extern const struct hv_ops hv_fake_acrn;

#define FAKE_HV_WIDTH_DEFAULT 40
#define FAKE_HV_VCPUS_MAX 8

/* All of them can fail but vm_destroy and vcpu_stop. */
enum fake_hv_call {
	FAKE_VM_CREATE,
	FAKE_VM_DESTROY,
	FAKE_MEM_MAP,
	FAKE_MEM_UNMAP,
	FAKE_VCPU_CREATE,
	FAKE_VCPU_RUN,
	FAKE_VCPU_STOP,
	FAKE_IRQ_LINE,
	FAKE_MSI_SEND,
	FAKE_IRQFD,
	FAKE_IOEVENTFD,
	FAKE_VDEV_CREATE,
	FAKE_VDEV_DESTROY,
	FAKE_CALLS
};

struct fake_hv_msi {
	uint64_t address;
	uint32_t data;
};

struct fake_hv_mapping {
	uint64_t gpa, size;
	const void *host;
	bool writable;
};

/* Forget everything. All VMs must be destroyed. */
void fake_hv_reset(void);

/* From now on the @nth call that can fail returns @code (vcpu_run: HV_EXIT_FAILURE); 0: none. */
void fake_hv_fail_nth(unsigned int nth, int code);
/* Whether that has happened, and to whom. */
bool fake_hv_has_failed(enum fake_hv_call *ret_call);

void fake_hv_set_width(unsigned int bits);

/*
 * What vcpu_run() does, NULL: it waits for vcpu_stop(). @index is the processor's number. Threads:
 * that of the processor.
 */
typedef enum hv_exit fake_guest(struct hv_vcpu *vcpu, unsigned int index, void *ctx);
void fake_hv_set_guest(fake_guest *guest, void *ctx);

/* For guests: an access as from an instruction; reads return the value. */
void fake_guest_write(struct hv_vcpu *vcpu, enum io_space space, uint64_t addr, unsigned int size,
		      uint64_t value);
uint64_t fake_guest_read(struct hv_vcpu *vcpu, enum io_space space, uint64_t addr,
			 unsigned int size);
/* Blocks until vcpu_stop(), and returns HV_EXIT_STOPPED. */
enum hv_exit fake_guest_wait(struct hv_vcpu *vcpu);
const struct hv_vcpu_start *fake_guest_start(const struct hv_vcpu *vcpu);

/* How often it was called since fake_hv_reset(), failures included. */
unsigned int fake_hv_count(enum fake_hv_call call);
/* VMs that are not destroyed. */
unsigned int fake_hv_vms(void);

/* What the guest of the one VM sees: how many mappings, and the one that holds @gpa or NULL. */
size_t fake_hv_mappings(void);
const struct fake_hv_mapping *fake_hv_mapping(uint64_t gpa);

/* Writes that are caught; and one of a guest: was it caught and its descriptor signalled? */
size_t fake_hv_ioeventfds(void);
bool fake_hv_write(uint64_t addr, unsigned int size, uint64_t value);

/* The hypervisor's devices in the one VM: how many, and the one called @name or NULL. */
size_t fake_hv_vdevs(void);
const struct hv_vdev *fake_hv_vdev(const char *name);

/*
 * Messages since the last call, sent or by descriptors that were signalled (the signals of one
 * between two calls are one message); the last goes to *@ret_last if there was any.
 */
unsigned int fake_hv_take_msis(struct fake_hv_msi *ret_last);

/* What a caller did wrong first, or NULL. */
const char *fake_hv_complaint(void);

#endif

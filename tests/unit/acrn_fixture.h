/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM of the ACRN back end on a driver that is part of the program (tests/fake_hsm.h). */
#ifndef TESTS_UNIT_ACRN_FIXTURE_H
#define TESTS_UNIT_ACRN_FIXTURE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "devicemodel/hypervisor/hypervisor.h"

#define RAM_SIZE UINT64_C(0x10000)
#define BAR UINT64_C(0x80000000) /* of a device */
#define MSI_ADDRESS UINT64_C(0xfee01000)
#define MSI_DATA 0x41

struct acrn_fixture {
	struct hv_vm *vm;
	struct hv_vcpu *vcpu;
	char *ram; /* MAP_FAILED, or what acrn_end() unmaps */
	struct io_access last; /* as it came */
	unsigned int accesses;
	uint64_t reply;
	bool stops; /* the device that is asked ends the VM */
	pthread_t thread;
	enum hv_exit reason;
	struct error err;
};

/* As vm_create() gives it. */
int acrn_create(struct acrn_fixture *machine, const char *name, unsigned int vcpus);

/* A new driver and "vm1" with one processor, which is there, or runs in a thread of its own. */
void acrn_begin(struct acrn_fixture *machine);
void acrn_start(struct acrn_fixture *machine);

/* What the thread of its processor does; @machine is a struct acrn_fixture. */
void *acrn_run(void *machine);

/* The VM ends, and nothing may be left of it. Of one that runs: for @reason. */
void acrn_end(struct acrn_fixture *machine);
void acrn_stop(struct acrn_fixture *machine, enum hv_exit reason);

#endif

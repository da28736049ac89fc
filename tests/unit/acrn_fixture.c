/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM of the ACRN back end on a driver that is part of the program. */
#include "tests/unit/acrn_fixture.h"

#include <sys/mman.h>

#include "tests/fake_hsm.h"
#include "tests/unit/unit.h"

static void serve(void *ctx, struct io_access *access)
{
	struct acrn_fixture *machine = ctx;

	machine->last = *access;
	machine->accesses++;
	if (!access->is_write)
		access->data = machine->reply;
	if (machine->stops)
		hv_acrn.vcpu_stop(machine->vcpu);
}

int acrn_create(struct acrn_fixture *machine, const char *name, unsigned int vcpus)
{
	const struct hv_vm_params params = {
		.name = name, .vcpus = vcpus, .io = serve, .ctx = machine,
	};

	*machine = (struct acrn_fixture){ .ram = MAP_FAILED };
	return hv_acrn.vm_create(&params, &machine->vm, &machine->err);
}

void acrn_begin(struct acrn_fixture *machine)
{
	fake_hsm_reset();
	CU_ASSERT_EQUAL_FATAL(acrn_create(machine, "vm1", 1), 0);
}

void acrn_end(struct acrn_fixture *machine)
{
	hv_acrn.vm_destroy(machine->vm);
	CU_ASSERT_EQUAL(fake_hsm_objects(), 0);
	CU_ASSERT_PTR_NULL(fake_hsm_complaint());
	if (machine->ram != MAP_FAILED)
		munmap(machine->ram, RAM_SIZE);
}

void *acrn_run(void *ctx)
{
	struct acrn_fixture *machine = ctx;

	machine->reason = hv_acrn.vcpu_run(machine->vcpu, &machine->err);
	return NULL;
}

void acrn_start(struct acrn_fixture *machine)
{
	const struct hv_vcpu_start boot = { .rip = 0x1000 };

	acrn_begin(machine);
	CU_ASSERT_EQUAL_FATAL(
		hv_acrn.vcpu_create(machine->vm, 0, &boot, &machine->vcpu, &machine->err), 0);
	pthread_create(&machine->thread, NULL, acrn_run, machine);
	fake_hsm_wait_started();
}

void acrn_stop(struct acrn_fixture *machine, enum hv_exit reason)
{
	hv_acrn.vcpu_stop(machine->vcpu);
	pthread_join(machine->thread, NULL);
	CU_ASSERT_EQUAL(machine->reason, reason);
	acrn_end(machine);
}

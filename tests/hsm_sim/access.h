/* SPDX-License-Identifier: BSD-3-Clause */
/* One access of a guest's that is not to its memory, on its way to whoever answers it. */
#ifndef TESTS_HSM_SIM_ACCESS_H
#define TESTS_HSM_SIM_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/hsm_sim/hsm_vm.h"

struct access {
	uint32_t type; /* ACRN_IOREQ_TYPE_* */
	bool is_write;
	uint64_t size, addr, value; /* the address is a register's number in configuration space */
	uint32_t bdf;		    /* of configuration space */
};

/*
 * Is it answered without the device model? Then @access->value has the answer. Else it is as the
 * device model is to get it, which may be as another type than before.
 */
bool access_answered(struct hsm_vm *vm, struct access *access);

/* Ask the device model. 0 or -EFAULT: its page is not there. */
int access_ask(struct hsm_vm *vm, unsigned int vcpu, const struct access *access);

/* True once it has answered, into @access->value. @access as it was asked with. */
bool access_take(struct hsm_vm *vm, unsigned int vcpu, struct access *access);

#endif

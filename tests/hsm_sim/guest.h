/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A guest that follows a script instead of running code. Lines of a script, "#" begins a comment:
 *
 *   in|out SIZE PORT VALUE               a port, SIZE 1, 2 or 4
 *   read|write SIZE ADDR VALUE           memory, or what answers there; 8 too
 *   cfgread|cfgwrite SIZE DEV.FN REG VALUE
 *   vcpu N                               those below are this vCPU's
 *   repeat N                             the access below N times; stdout gets what each took
 *   msi ADDR DATA                        wait for this message
 *   nomsi ADDR DATA                      it must not have come
 *   until SIZE ADDR VALUE                wait until memory has VALUE, the VM's or a region's
 *   anew                                 wait until the VM was destroyed and runs again
 *   stop                                 SIGTERM to the program under test
 *
 * VALUE, and others where they are not to be known before, is a number or $NAME or $NAME+NUMBER.
 * What is read must be VALUE, or anything for "any"; "=NAME&MASK" keeps it, without the bits
 * outside of MASK, which may be left out.
 */
#ifndef TESTS_HSM_SIM_GUEST_H
#define TESTS_HSM_SIM_GUEST_H

#include "tests/hsm_sim/access.h"
#include "tests/hsm_sim/hsm_vm.h"

#define GUEST_STEPS_MAX 256
#define GUEST_NAMES_MAX 16
#define GUEST_WORDS 5
#define GUEST_WORD_BYTES 32

struct guest_step {
	unsigned int line, vcpu, repeat;
	char words[GUEST_WORDS][GUEST_WORD_BYTES];
};

struct guest {
	struct report *report;
	const char *vm_name; /* whose guest it is; NULL: of all VMs that have none of their own */
	struct guest_step steps[GUEST_STEPS_MAX];
	unsigned int count, next;
	bool waits; /* for the device model's answer to steps[next] */
	struct access access; /* what waits */
	unsigned int asked; /* the serial number of the VM that was asked last */
	bool wants_stop;
	bool polls; /* waits for memory, which nobody tells of */
	unsigned int rounds; /* of steps[next], that are done */
	uint64_t begun_ns;   /* when the first of them began */
	struct {
		char name[GUEST_WORD_BYTES];
		uint64_t value;
	} names[GUEST_NAMES_MAX];
	unsigned int name_count;
};

/* Returns 0 or -errno and prints why. */
int guest_read(struct guest *guest, const char *path);

/* Go on as far as that is possible now. True if that was anywhere at all. */
bool guest_run(struct guest *guest, struct hsm_vm *vm);

/* Nothing will happen any more: what was not done is a failure. */
void guest_end(struct guest *guest);

#endif

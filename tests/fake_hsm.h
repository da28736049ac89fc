/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ACRN driver without ACRN: takes the place of open(2), stat(2), ioctl(2) and nanosleep(2) for
 * programs linked with --wrap of these. It writes down each call, fails those it is told to, plays
 * a guest by I/O requests, and complains about what the driver would refuse or misunderstand.
 */
#ifndef TESTS_FAKE_HSM_H
#define TESTS_FAKE_HSM_H

#include <linux/acrn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h> /* <linux/acrn.h> needs it to make up its numbers */

#define FAKE_HSM_VM_ID 3

/* Forget everything; there is a node /dev/acrn_hsm that can be opened. */
void fake_hsm_reset(void);

/* What open() of /dev/acrn_hsm and of /dev/acrn_vhm gives: 0 or -errno; stat() follows. */
void fake_hsm_set_nodes(int hsm, int vhm);
/* How many processors ACRN_IOCTL_CREATE_VM says the VM has. */
void fake_hsm_set_vcpus(uint16_t count);
/* ACRN_IOCTL_SET_MEMSEG gives -ENOMEM for more bytes at once. */
void fake_hsm_set_map_max(uint64_t size);
/* The next @times calls of @request return @code. */
void fake_hsm_fail(unsigned long request, unsigned int times, int code);
/* From now on the @nth call of the driver returns @code; 0: none. */
void fake_hsm_fail_nth(unsigned int nth, int code);
bool fake_hsm_has_failed(void);

/* How often it was called since fake_hsm_reset(), failures included; and its last argument. */
unsigned int fake_hsm_count(unsigned long request);
const void *fake_hsm_last(unsigned long request);
/* When it was last called: the number of the call; 0: never. */
unsigned int fake_hsm_when(unsigned long request);
/* Milliseconds slept. */
unsigned int fake_hsm_slept(void);
/* VMs, clients and devices that are there. */
unsigned int fake_hsm_objects(void);
/* Interrupts that eventfds made by being assigned while their counter was not 0. */
unsigned int fake_hsm_fired(void);

/*
 * For guests: put @request into the slot of @vcpu and wait until it is done. False: the VM ended
 * before. What was read is in *@request.
 */
bool fake_hsm_io(unsigned int vcpu, struct acrn_io_request *request);
/*
 * Wait until a VM was started for the @nth time. False: fake_hsm_end_lives() was called, and it
 * will not be.
 */
bool fake_hsm_wait_life(unsigned int nth);
void fake_hsm_end_lives(void);
/* Only put it there, in any state; the waiting thread wakes up. */
void fake_hsm_put(unsigned int vcpu, const struct acrn_io_request *request);
struct acrn_io_request *fake_hsm_slot(unsigned int vcpu);
/* Wait until the VM was started. */
void fake_hsm_wait_started(void);

/* What the caller did wrong first, or NULL. */
const char *fake_hsm_complaint(void);

#endif

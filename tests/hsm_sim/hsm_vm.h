/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An open file of the HSM: the VM that it stands for, and what each call does to it. Every call is
 * answered as the driver and the hypervisor answer it, and what a device model must not do is
 * reported as a violation, also where driver and hypervisor let it pass. The places that say so are
 * named at the rules: "hsm.c" and other files without a path are in Linux's drivers/virt/acrn/,
 * "hypercall.c" is ACRN's hypervisor/common/hypercall.c.
 */
#ifndef TESTS_HSM_SIM_HSM_VM_H
#define TESTS_HSM_SIM_HSM_VM_H

#include <linux/acrn.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/hsm_sim/hsm_host.h"
#include "tests/hsm_sim/hsm_vdev.h"
#include "tests/hsm_sim/report.h"
#include "tests/hsm_sim/scenario.h"

#define MAP_SLOTS 256 /* acrn_drv.h: ACRN_MEM_MAPPING_MAX */
#define EVENTS_MAX 4096 /* the driver knows no limit */
#define MSIS_MAX 256
#define VDEVS_MAX 8
#define WAITERS_MAX 16

/* What may be left behind after a call was made to fail, without a fault of the caller's. */
enum excuse {
	EXCUSE_VM = 1 << 0,
	EXCUSE_CLIENT = 1 << 1,
	EXCUSE_VDEVS = 1 << 2,
	EXCUSE_EVENTS = 1 << 3,
};

enum vm_state { VM_NONE, VM_CREATED, VM_RUNNING, VM_PAUSED, VM_DESTROYED };

/* A piece of guest memory as the guest sees it now. */
struct mapping {
	uint64_t gpa, size, host;
};

struct ioevent {
	uint64_t eventfd; /* its id */
	struct acrn_ioeventfd entry;
	int fd;
};

struct irqevent {
	uint64_t eventfd;
	struct acrn_msi_entry msi;
	int fd; /* watched by the simulator's loop */
};

struct hsm_vm {
	struct report *report;
	struct hsm_host *host;
	int signals_fd; /* an epoll set for eventfds, each with its number */
	pid_t pid;    /* whose memory it is */
	unsigned int serial; /* how many files were opened before */
	enum vm_state state;
	struct scenario_vm config;
	bool has_regs;
	struct acrn_regs regs; /* of vCPU 0 */
	bool on_kvm; /* the guest is to run, instead of following a script */
	struct machine *machine; /* in which it runs now */
	unsigned int excuses;

	uint64_t page; /* of io requests, in the process */
	uint32_t states[ACRN_IO_REQUEST_MAX]; /* as the page should have them */
	struct acrn_io_request requests[ACRN_IO_REQUEST_MAX]; /* as they were put there */
	bool has_client, had_client;
	uint16_t outstanding; /* bit per vCPU whose request waits for NOTIFY_REQUEST_FINISH */
	uint64_t waiters[WAITERS_MAX]; /* notifications of threads in ATTACH_IOREQ_CLIENT */
	unsigned int waiter_count;
	bool wake; /* these are to be answered now */
	uint32_t config_address; /* what the guest wrote last to port 0xcf8 */

	struct mapping mappings[MAP_SLOTS * 2];
	unsigned int mapping_count, slots_used;
	struct ioevent ioevents[EVENTS_MAX];
	unsigned int ioevent_count;
	struct irqevent irqevents[EVENTS_MAX];
	unsigned int irqevent_count;
	struct vdev vdevs[VDEVS_MAX];
	unsigned int vdev_count;

	/* Messages that the guest got, the last ones. */
	struct acrn_msi_entry msis[MSIS_MAX];
	unsigned int msi_count;
};

/* Answers of calls beside 0 and -errno: the caller waits until vm->wake. */
#define CALL_WAITS 1

struct hsm_call {
	const char *name;
	unsigned int request;
	unsigned int excuses; /* what it leaves behind if it is made to fail */
	/* @data: the argument's structure, copied back if the call reads; NULL if none. */
	int (*run)(struct hsm_vm *vm, void *data, uint64_t argument);
};

/* NULL: none that mainline Linux or this simulator knows. */
const struct hsm_call *hsm_call_find(unsigned int request);

/* hsm_life.c */
int vm_create(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_start(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_pause(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_reset(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_destroy(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_set_regs(struct hsm_vm *vm, void *data, uint64_t argument);
/* The last descriptor is closed. */
void vm_closed(struct hsm_vm *vm);
/* May the service VM do to this VM what severity decides about? */
bool vm_severity_allows(const struct hsm_vm *vm);

/* hsm_memory.c */
int vm_set_memseg(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_unset_memseg(struct hsm_vm *vm, void *data, uint64_t argument);
bool vm_memory_overlaps(const struct hsm_vm *vm, uint64_t gpa, uint64_t size);
/* Where the guest's byte at @gpa is in the process, if @size bytes are. */
bool vm_memory_find(const struct hsm_vm *vm, uint64_t gpa, uint64_t size, uint64_t *ret_host);

/* hsm_requests.c */
int vm_client_create(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_client_attach(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_client_destroy(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_notify_finish(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_clear_requests(struct hsm_vm *vm, void *data, uint64_t argument);
/* All slots FREE. -EFAULT: there is no page. */
int vm_requests_init(struct hsm_vm *vm);
/* The guest's request goes to the device model. */
int vm_request_put(struct hsm_vm *vm, unsigned int vcpu, const struct acrn_io_request *request);
/* True once it is completed: *ret_request has the answer, and the slot is free. */
bool vm_request_take(struct hsm_vm *vm, unsigned int vcpu, struct acrn_io_request *ret_request);

/* hsm_events.c */
int vm_ioeventfd(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_irqfd(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_inject_msi(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_set_irqline(struct hsm_vm *vm, void *data, uint64_t argument);
void vm_events_drop(struct hsm_vm *vm);
/* The guest gets the message, whoever sent it: severity was looked at before. */
void vm_msi_deliver(struct hsm_vm *vm, const struct acrn_msi_entry *msi);
/* Eventfd @fd was signalled. */
void vm_irqevent_fire(struct hsm_vm *vm, int fd);
/*
 * Does an ioeventfd cover the access? If so it is answered here: @*value becomes 0 for reads, and
 * whoever matches is signalled.
 */
bool vm_ioevent_covers(struct hsm_vm *vm, bool is_port, bool is_write, uint64_t addr,
		       uint64_t size, uint64_t *value);

/* hsm_vdev.c */
int vm_create_vdev(struct hsm_vm *vm, void *data, uint64_t argument);
int vm_destroy_vdev(struct hsm_vm *vm, void *data, uint64_t argument);
void vm_vdevs_drop(struct hsm_vm *vm);
/* NULL: none at that place, bus << 8 | device << 3 | function. */
struct vdev *vm_vdev_find(struct hsm_vm *vm, uint64_t slot);

/* hsm_vdev_config.c: is the access one of a device of the hypervisor's? If so it is answered. */
bool vm_vdev_config(struct hsm_vm *vm, bool is_write, uint32_t bdf, uint32_t reg, uint64_t size,
		    uint64_t *value);

/* hsm_vdev_memory.c: the same for all that is behind BARs which the guest sees now. */
bool vm_vdev_memory(struct hsm_vm *vm, bool is_write, uint64_t addr, uint64_t size,
		    uint64_t *value);

/* A region where the guest sees it now. Changes with config writes and when devices go. */
struct vdev_window {
	uint64_t gpa, size;
	uint8_t *memory;
};

/* How many there are, in @windows. */
unsigned int vm_vdev_windows(const struct hsm_vm *vm, struct vdev_window windows[VDEVS_MAX]);

#endif

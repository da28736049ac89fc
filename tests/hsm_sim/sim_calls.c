/* SPDX-License-Identifier: BSD-3-Clause */
/* System calls of the program that concern the driver, from notification to answer. */
#include "tests/hsm_sim/sim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/hsm_sim/tracee.h"

#define PATH_BYTES 32
#define ARGUMENT_BYTES 512
#define NODE_MAJOR 10
#define NODE_MINOR 124

static void answer(struct sim *sim, uint64_t id, int error, bool go_on)
{
	struct seccomp_notif_resp response = { .id = id, .error = error };

	if (go_on)
		response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	/* ENOENT: a signal has interrupted the call, or the thread is gone. */
	if (ioctl(sim->notify_fd, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0 && errno != ENOENT)
		perror("hsm-sim: answer");
}

/* --- the device node ------------------------------------------------------------------------- */

/* A file for the program: the end of a socket pair, whose hang-up tells that nobody has it open. */
static int open_node(struct sim *sim, const struct seccomp_notif *notif, uint64_t flags)
{
	struct seccomp_notif_addfd add = {
		.id = notif->id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.newfd_flags = flags & O_CLOEXEC,
	};
	unsigned int i = 0;
	struct stat end;
	int pair[2], error;

	error = faults_count(&sim->faults, "open");
	if (error) {
		report_note(&sim->report, "fault: open");
		return -error;
	}
	sim->report.call = "open";
	if ((flags & O_ACCMODE) != O_RDWR || !(flags & O_CLOEXEC))
		report_violation(&sim->report, "without O_RDWR or without O_CLOEXEC");
	while (i < SIM_FILES_MAX && sim->files[i].fd >= 0)
		i++;
	if (i == SIM_FILES_MAX ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -EMFILE;
	sim->files[i].vm = calloc(1, sizeof(*sim->files[i].vm));
	if (!sim->files[i].vm || fstat(pair[1], &end) < 0 ||
	    sim_watch(sim, pair[0], EPOLLIN | EPOLLRDHUP) < 0)
		goto out_close;
	sim->files[i].fd = pair[0];
	sim->files[i].inode = end.st_ino;
	sim->files[i].vm->report = &sim->report;
	sim->files[i].vm->serial = sim->opened++;
	sim->files[i].vm->on_kvm = sim->on_kvm;
	sim->files[i].vm->host = &sim->host;
	sim->files[i].vm->signals_fd = sim->signals_fd;
	add.srcfd = (uint32_t)pair[1];
	if (ioctl(sim->notify_fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 && errno != ENOENT)
		perror("hsm-sim: descriptor");
	close(pair[1]); /* if it could not be given, this is its last close */
	report_note(&sim->report, "open");
	return 0;

out_close:
	free(sim->files[i].vm);
	sim->files[i].vm = NULL;
	close(pair[0]);
	close(pair[1]);
	return -ENOMEM;
}

static int stat_node(const struct seccomp_notif *notif, uint64_t addr)
{
	struct stat node = {
		.st_mode = S_IFCHR | 0600,
		.st_nlink = 1,
		.st_rdev = makedev(NODE_MAJOR, NODE_MINOR),
		.st_blksize = 4096,
	};

	return tracee_write((pid_t)notif->pid, addr, &node, sizeof(node));
}

/* Calls with a path: where it is among the arguments, and what comes behind it. */
static void path_call(struct sim *sim, const struct seccomp_notif *notif)
{
	bool is_at = notif->data.nr == SYS_openat || notif->data.nr == SYS_newfstatat ||
		     notif->data.nr == SYS_faccessat || notif->data.nr == SYS_faccessat2;
	const __u64 *args = &notif->data.args[is_at ? 1 : 0];
	bool is_open = notif->data.nr == SYS_open || notif->data.nr == SYS_openat;
	char path[PATH_BYTES];
	int ret;

	if (tracee_string((pid_t)notif->pid, args[0], path, sizeof(path)) < 0 ||
	    (strcmp(path, "/dev/acrn_hsm") != 0 && strcmp(path, "/dev/acrn_vhm") != 0)) {
		answer(sim, notif->id, 0, true);
		return;
	}
	if (!sim->node || strcmp(path, sim->node) != 0)
		ret = -ENOENT;
	else if (is_open)
		ret = open_node(sim, notif, args[1]);
	else if (notif->data.nr == SYS_stat || notif->data.nr == SYS_newfstatat)
		ret = stat_node(notif, args[1]);
	else
		ret = 0; /* whoever asks has access */
	if (ret < 0 || !is_open)
		answer(sim, notif->id, ret, false);
}

/* --- calls ----------------------------------------------------------------------------------- */

static struct hsm_vm *find_vm(struct sim *sim, const struct seccomp_notif *notif)
{
	struct stat end;
	unsigned int i;

	if (tracee_fstat((pid_t)notif->pid, (int)notif->data.args[0], &end) < 0 ||
	    !S_ISSOCK(end.st_mode))
		return NULL;
	for (i = 0; i < SIM_FILES_MAX; i++)
		if (sim->files[i].fd >= 0 && sim->files[i].inode == end.st_ino)
			return sim->files[i].vm;
	return NULL;
}

static int run_call(struct sim *sim, struct hsm_vm *vm, const struct hsm_call *call, pid_t pid,
		    uint64_t argument)
{
	uint8_t data[ARGUMENT_BYTES] __attribute__((aligned(16)));
	/* SET_IRQLINE's argument is a number, whatever its code says. */
	bool by_value = call->request == ACRN_IOCTL_SET_IRQLINE;
	size_t size = by_value ? 0 : _IOC_SIZE(call->request);
	int error = faults_count(&sim->faults, call->name), ret;

	sim->report.call = call->name;
	if (error) {
		vm->excuses |= call->excuses;
		report_note(&sim->report, "fault: %s", call->name);
		return -error;
	}
	if (call->request == ACRN_IOCTL_CREATE_VM) {
		if (vm->state == VM_NONE)
			vm->pid = pid;
	} else if (vm->state == VM_NONE || vm->state == VM_DESTROYED) {
		/* hsm.c: nothing else goes without a VM. */
		report_violation(&sim->report, "there is no VM");
		return -EINVAL;
	}
	if (size > 0 && tracee_read(pid, argument, data, size) < 0) {
		report_violation(&sim->report, "the argument is not mapped");
		return -EFAULT;
	}
	ret = call->run(vm, size > 0 ? data : NULL, argument);
	if (ret == 0 && (_IOC_DIR(call->request) & _IOC_READ) &&
	    tracee_write(pid, argument, data, size) < 0)
		ret = -EFAULT;
	return ret;
}

/* Waiters that a signal has taken away would fill the table. */
static void forget_waiters(struct sim *sim, struct hsm_vm *vm)
{
	unsigned int i;

	for (i = vm->waiter_count; i-- > 0;)
		if (ioctl(sim->notify_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &vm->waiters[i]) < 0)
			vm->waiters[i] = vm->waiters[--vm->waiter_count];
}

static void ioctl_call(struct sim *sim, const struct seccomp_notif *notif)
{
	struct hsm_vm *vm = find_vm(sim, notif);
	unsigned int request = (unsigned int)notif->data.args[1];
	const struct hsm_call *call = hsm_call_find(request);
	int ret;

	if (!vm) {
		answer(sim, notif->id, 0, true);
		return;
	}
	if (!call) {
		/* ACRN's own kernel has these; whoever tries them must do without elsewhere. */
		report_note(&sim->report, "ioctl 0x%x: not known", request);
		faults_count(&sim->faults, "unknown");
		answer(sim, notif->id, -ENOTTY, false);
		return;
	}
	ret = run_call(sim, vm, call, (pid_t)notif->pid, notif->data.args[2]);
	report_note(&sim->report, "%s: %s", call->name,
		    ret < 0 ? strerror(-ret) : ret == CALL_WAITS ? "waits" : "0");
	if (ret == CALL_WAITS)
		forget_waiters(sim, vm);
	if (ret == CALL_WAITS && vm->waiter_count < WAITERS_MAX)
		vm->waiters[vm->waiter_count++] = notif->id;
	else
		answer(sim, notif->id, ret < 0 ? ret : 0, false);
}

void sim_answer_waiters(struct sim *sim, struct hsm_vm *vm)
{
	if (!vm->wake)
		return;
	vm->wake = false;
	/* ioreq.c: all wake up; a client that is being destroyed says so. */
	while (vm->waiter_count > 0)
		answer(sim, vm->waiters[--vm->waiter_count], vm->has_client ? 0 : -ENODEV, false);
}

void sim_answer(struct sim *sim, const struct seccomp_notif *notif)
{
	if (notif->data.nr == SYS_read)
		answer(sim, notif->id, 0, true);
	else if (notif->data.nr == SYS_ioctl)
		ioctl_call(sim, notif);
	else
		path_call(sim, notif);
}

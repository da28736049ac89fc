/* SPDX-License-Identifier: BSD-3-Clause */
/* The loop that answers the program under the filter. */
#include "tests/hsm_sim/sim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/hsm_sim/filter.h"
#include "tests/hsm_sim/machine.h"
#include "tests/hsm_sim/tracee.h"

#define PATH_BYTES 32
#define ARGUMENT_BYTES 512
#define POLL_MS 10
#define PATIENCE_S 5 /* with a program that was asked to end */
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

static int watch(struct sim *sim, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(sim->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
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
	    watch(sim, pair[0], EPOLLIN | EPOLLRDHUP) < 0)
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

static void answer_waiters(struct sim *sim, struct hsm_vm *vm)
{
	if (!vm->wake)
		return;
	vm->wake = false;
	/* ioreq.c: all wake up; a client that is being destroyed says so. */
	while (vm->waiter_count > 0)
		answer(sim, vm->waiters[--vm->waiter_count], vm->has_client ? 0 : -ENODEV, false);
}

/* The VM's own guest, else the one for all, else NULL. */
static struct guest *find_guest(struct sim *sim, const struct hsm_vm *vm)
{
	struct guest *guest = NULL;
	unsigned int i;

	for (i = 0; i < sim->guest_count; i++) {
		if (!sim->guests[i].vm_name)
			guest = &sim->guests[i];
		else if (strcmp(sim->guests[i].vm_name, vm->config.name) == 0)
			return &sim->guests[i];
	}
	return guest;
}

static void advance_guests(struct sim *sim)
{
	struct guest *guest;
	unsigned int i;
	bool going = true;

	/* What one guest does may be what another one waits for. */
	while (going) {
		going = false;
		for (i = 0; i < SIM_FILES_MAX; i++) {
			if (sim->files[i].fd < 0 || sim->files[i].vm->on_kvm)
				continue;
			guest = find_guest(sim, sim->files[i].vm);
			if (guest && guest_run(guest, sim->files[i].vm))
				going = true;
		}
	}
	for (i = 0; i < sim->guest_count; i++) {
		if (sim->guests[i].wants_stop && sim->child > 0)
			kill(sim->child, SIGTERM);
		sim->guests[i].wants_stop = false;
	}
}

static void advance(struct sim *sim)
{
	unsigned int i;

	for (i = 0; i < SIM_FILES_MAX; i++)
		if (sim->files[i].fd >= 0)
			machine_serve(sim->files[i].vm);
	advance_guests(sim);
	for (i = 0; i < SIM_FILES_MAX; i++)
		if (sim->files[i].fd >= 0)
			answer_waiters(sim, sim->files[i].vm);
}

/* Does a guest wait for what nobody tells of? */
static bool any_polls(const struct sim *sim)
{
	unsigned int i;

	for (i = 0; i < sim->guest_count; i++)
		if (sim->guests[i].polls)
			return true;
	return false;
}

/*
 * The driver hears of an eventfd while it is being signalled. So whatever else happened since comes
 * later, above all reading the counter: it would take the signal away.
 */
static void deliver_signals(struct sim *sim)
{
	struct epoll_event events[16];
	int count, k;
	unsigned int i;

	do {
		count = epoll_wait(sim->signals_fd, events, 16, 0);
		for (k = 0; k < count; k++)
			for (i = 0; i < SIM_FILES_MAX; i++)
				if (sim->files[i].fd >= 0)
					vm_irqevent_fire(sim->files[i].vm, events[k].data.fd);
	} while (count == 16);
}

static void notified(struct sim *sim)
{
	struct seccomp_notif notif = { .id = 0 };

	/* ENOENT: it was interrupted before it could be received. */
	if (ioctl(sim->notify_fd, SECCOMP_IOCTL_NOTIF_RECV, &notif) < 0)
		return;
	deliver_signals(sim);
	if (notif.data.nr == SYS_read)
		answer(sim, notif.id, 0, true);
	else if (notif.data.nr == SYS_ioctl)
		ioctl_call(sim, &notif);
	else
		path_call(sim, &notif);
}

/* --- the loop -------------------------------------------------------------------------------- */

static void closed(struct sim *sim, unsigned int i)
{
	if (sim->kills)
		sim->files[i].vm->excuses |= EXCUSE_VM;
	vm_closed(sim->files[i].vm);
	report_note(&sim->report, "close");
	answer_waiters(sim, sim->files[i].vm);
	free(sim->files[i].vm);
	close(sim->files[i].fd);
	sim->files[i].vm = NULL;
	sim->files[i].fd = -1;
}

/* The program, and what it left to us; what these leave will be ours as well. */
static void kill_children(void)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	pid_t pid;

	while (proc && (entry = readdir(proc))) {
		pid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (pid > 0 && tracee_parent(pid) == getpid())
			kill(pid, SIGKILL);
	}
	if (proc)
		closedir(proc);
}

/* A program that hangs must not have us wait for ever. */
static void pass_on(struct sim *sim, int number)
{
	if (number == SIGALRM || (number == SIGTERM && sim->was_asked)) {
		fprintf(stderr, "hsm-sim: the program does not end, it is killed\n");
		sim->ends_all = true;
		kill_children();
		return;
	}
	if (number == SIGTERM) {
		sim->was_asked = true;
		alarm(PATIENCE_S);
	}
	if (sim->child > 0)
		kill(sim->child, number);
}

static void signalled(struct sim *sim)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	if (read(sim->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo != SIGCHLD) {
		pass_on(sim, (int)info.ssi_signo);
		return;
	}
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != sim->child)
			continue;
		sim->status = status;
		sim->child = -1;
	}
	if (sim->ends_all)
		kill_children();
}

/* False: nobody is left to be answered. */
static bool handle(struct sim *sim, const struct epoll_event *event)
{
	unsigned int i;

	if (event->data.fd == sim->notify_fd) {
		if (event->events & EPOLLIN)
			notified(sim);
		return (event->events & EPOLLIN) || !(event->events & EPOLLHUP);
	}
	if (event->data.fd == sim->signal_fd) {
		signalled(sim);
		return true;
	}
	if (event->data.fd == sim->signals_fd) {
		deliver_signals(sim);
		return true;
	}
	for (i = 0; i < SIM_FILES_MAX; i++) {
		if (sim->files[i].fd == event->data.fd) {
			closed(sim, i);
			return true;
		}
	}
	return true;
}

static void serve(struct sim *sim)
{
	struct epoll_event event;
	unsigned int i;
	bool going = true;
	int count;

	while (going) {
		count = epoll_wait(sim->epoll_fd, &event, 1, any_polls(sim) ? POLL_MS : -1);
		if (count < 0 && errno != EINTR) {
			perror("hsm-sim: epoll_wait");
			return;
		}
		if (count > 0)
			going = handle(sim, &event);
		advance(sim);
	}
	/* Their hang-ups came with the last process's end, but after the filter's. */
	for (i = 0; i < SIM_FILES_MAX; i++)
		if (sim->files[i].fd >= 0)
			closed(sim, i);
}

/* In the child: tell the number of the listener, and go on when the parent has it. */
static void child_run(int channel, const sigset_t *signals, char **argv)
{
	int fd;

	/* Without the simulator all of these calls would fail. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigprocmask(SIG_UNBLOCK, signals, NULL);
	fd = filter_install();
	if (write(channel, &fd, sizeof(fd)) != sizeof(fd) || fd < 0)
		_exit(127);
	if (read(channel, &fd, 1) != 1)
		_exit(127);
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

/* Start the program; its listener becomes ours. Returns 0 or -errno. */
static int start(struct sim *sim, const sigset_t *signals, char **argv)
{
	int channel[2], fd, ret = -EIO;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
		return -errno;
	sim->child = fork();
	if (sim->child == 0) {
		close(channel[0]);
		child_run(channel[1], signals, argv);
	}
	close(channel[1]);
	if (sim->child < 0 || read(channel[0], &fd, sizeof(fd)) != sizeof(fd))
		goto out_close;
	ret = fd < 0 ? fd : tracee_fd(sim->child, fd);
	if (ret < 0)
		goto out_close;
	sim->notify_fd = ret;
	ret = watch(sim, sim->notify_fd, EPOLLIN);
	if (ret == 0 && write(channel[0], "", 1) != 1)
		ret = -EIO;
out_close:
	close(channel[0]);
	return ret;
}

int sim_run(struct sim *sim, char **argv)
{
	sigset_t signals;
	unsigned int i;
	int ret;

	for (i = 0; i < SIM_FILES_MAX; i++)
		sim->files[i].fd = -1;
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGALRM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* Daemons that the program starts are ours to wait for. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	sim->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	sim->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	sim->signals_fd = epoll_create1(EPOLL_CLOEXEC);
	if (sim->epoll_fd < 0 || sim->signal_fd < 0 || watch(sim, sim->signal_fd, EPOLLIN) < 0 ||
	    sim->signals_fd < 0 || watch(sim, sim->signals_fd, EPOLLIN) < 0)
		return -EMFILE;
	ret = start(sim, &signals, argv);
	if (ret < 0)
		return ret;
	serve(sim);
	if (sim->child > 0)
		waitpid(sim->child, &sim->status, 0);
	for (i = 0; i < sim->guest_count; i++)
		guest_end(&sim->guests[i]);
	return WIFEXITED(sim->status) ? WEXITSTATUS(sim->status) : 128 + WTERMSIG(sim->status);
}

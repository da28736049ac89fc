/* SPDX-License-Identifier: BSD-3-Clause */
/* The loop that answers the program under the filter. */
#include "tests/hsm_sim/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/hsm_sim/machine.h"

#define POLL_MS 10

int sim_watch(struct sim *sim, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(sim->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
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
			sim_answer_waiters(sim, sim->files[i].vm);
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
	sim_answer(sim, &notif);
}

static void closed(struct sim *sim, unsigned int i)
{
	if (sim->kills)
		sim->files[i].vm->excuses |= EXCUSE_VM;
	vm_closed(sim->files[i].vm);
	report_note(&sim->report, "close");
	sim_answer_waiters(sim, sim->files[i].vm);
	free(sim->files[i].vm);
	close(sim->files[i].fd);
	sim->files[i].vm = NULL;
	sim->files[i].fd = -1;
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
		sim_signalled(sim);
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
	if (sim->epoll_fd < 0 || sim->signal_fd < 0 || sim->signals_fd < 0 ||
	    sim_watch(sim, sim->signal_fd, EPOLLIN) < 0 ||
	    sim_watch(sim, sim->signals_fd, EPOLLIN) < 0)
		return -EMFILE;
	ret = sim_program_start(sim, &signals, argv);
	if (ret < 0)
		return ret;
	serve(sim);
	if (sim->child > 0)
		waitpid(sim->child, &sim->status, 0);
	for (i = 0; i < sim->guest_count; i++)
		guest_end(&sim->guests[i]);
	return WIFEXITED(sim->status) ? WEXITSTATUS(sim->status) : 128 + WTERMSIG(sim->status);
}

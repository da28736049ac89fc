/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulator: a program under the filter, and the loop that answers it. */
#ifndef TESTS_HSM_SIM_SIM_H
#define TESTS_HSM_SIM_SIM_H

#include <linux/seccomp.h>
#include <signal.h>

#include "tests/hsm_sim/faults.h"
#include "tests/hsm_sim/guest.h"
#include "tests/hsm_sim/hsm_vm.h"

#define SIM_FILES_MAX 64
#define SIM_GUESTS_MAX 4

struct sim {
	const char *node; /* the path of the device node; NULL: there is none */
	bool on_kvm;	  /* guests run */
	bool kills;	  /* a process that ends without a word is no fault */
	struct report report;
	struct hsm_host host;
	struct faults faults;
	struct guest guests[SIM_GUESTS_MAX];
	unsigned int guest_count;

	int epoll_fd, notify_fd, signal_fd;
	int signals_fd; /* an epoll set of eventfds, in the other one */
	unsigned int opened; /* files so far */
	pid_t child;
	int status; /* of the child, as waitpid(2) gives it */
	bool was_asked, ends_all; /* to end, by SIGTERM; all are killed */
	/* Ends of socket pairs; the program has the others as its open files of the HSM. */
	struct {
		int fd; /* -1: not open */
		uint64_t inode; /* of the other end */
		struct hsm_vm *vm;
	} files[SIM_FILES_MAX];
};

/*
 * Run the program until it and all its children are gone. Returns its exit status, 128 and the
 * signal's number if one ended it, or -errno. What else there is to say is in @sim->report.
 */
int sim_run(struct sim *sim, char **argv);

/* What follows is for the simulator's own parts. */

/* sim.c: have the loop look at @fd, too. 0 or -errno. */
int sim_watch(struct sim *sim, int fd, uint32_t events);

/* sim_calls.c: what the driver, or the kernel, says to a call; it may have to wait for that. */
void sim_answer(struct sim *sim, const struct seccomp_notif *notif);
/* Those that wait for the VM's requests, if there are any or will be none. */
void sim_answer_waiters(struct sim *sim, struct hsm_vm *vm);

/*
 * sim_program.c: start it; its listener becomes ours. @signals are blocked here, but not there.
 * Returns 0 or -errno.
 */
int sim_program_start(struct sim *sim, const sigset_t *signals, char **argv);
/* The signal descriptor has something. */
void sim_signalled(struct sim *sim);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The program under the filter: its start, its end, and signals on the way. */
#include "tests/hsm_sim/sim.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/hsm_sim/filter.h"
#include "tests/hsm_sim/tracee.h"

#define PATIENCE_S 5 /* with a program that was asked to end */

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

void sim_signalled(struct sim *sim)
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

int sim_program_start(struct sim *sim, const sigset_t *signals, char **argv)
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
	ret = sim_watch(sim, sim->notify_fd, EPOLLIN);
	if (ret == 0 && write(channel[0], "", 1) != 1)
		ret = -EIO;
out_close:
	close(channel[0]);
	return ret;
}

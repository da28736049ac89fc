/* SPDX-License-Identifier: BSD-3-Clause */
/* Starting, reading and ending processes, with a deadline on every wait. */
#include "bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/fds.h"

#define OUTPUT_TIMEOUT_MS 60000
#define END_TIMEOUT_MS 10000
#define TERM_TIMEOUT_MS 5000

#define EXIT_CANNOT_START 127

static volatile sig_atomic_t stop_requested;

static void request_stop(int signal_number)
{
	(void)signal_number;
	stop_requested = 1;
}

void child_stop_on_signals(void)
{
	const struct sigaction action = { .sa_handler = request_stop };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

uint64_t clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool confine(int cpu)
{
	cpu_set_t set;

	if (cpu == CHILD_ANY_CPU)
		return true;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

/* In the child. */
static _Noreturn void child_run(const struct child_params *params, uint64_t *exec_ns, pid_t parent,
				int input, int output)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	/* It may have died before the signal was asked for. */
	if (getppid() != parent || !confine(params->cpu))
		_exit(EXIT_CANNOT_START);
	if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    dup2(params->log_fd, STDERR_FILENO) < 0)
		_exit(EXIT_CANNOT_START);
	*exec_ns = clock_now_ns();
	if (params->function) {
		int status = params->function(params->ctx);

		_exit(fflush(stdout) == 0 ? status : EXIT_CANNOT_START);
	}
	execvp(params->argv[0], (char *const *)(uintptr_t)params->argv);
	fprintf(stderr, "%s: %s\n", params->argv[0], strerror(errno));
	_exit(EXIT_CANNOT_START);
}

static int child_fork(struct child *child, const struct child_params *params, int input, int output)
{
	pid_t parent = getpid();

	/* What is buffered would be printed twice. */
	fflush(NULL);
	child->pid = fork();
	if (child->pid < 0)
		return -errno;
	if (child->pid == 0)
		child_run(params, child->exec_ns, parent, input, output);
	child->pidfd = pidfd_open(child->pid, 0);
	if (child->pidfd < 0) {
		int code = -errno;

		kill(child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
		return code;
	}
	return 0;
}

int child_start(struct child *ret_child, const struct child_params *params, struct error *err)
{
	struct child child = { .pid = 0 };
	int input, pipe_fds[2], ret;

	snprintf(child.name, sizeof(child.name), "%s",
		 params->argv ? params->argv[0] : "the process on the host");
	if (stop_requested)
		return error_set(err, -ECANCELED, "stopped by a signal");
	child.exec_ns = mmap(NULL, sizeof(*child.exec_ns), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (child.exec_ns == MAP_FAILED)
		return error_set(err, -errno, "cannot start %s: %s", child.name, strerror(errno));
	/* Nobody types: input is at its end at once. */
	input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (input < 0) {
		ret = -errno;
		goto out_unmap;
	}
	if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
		ret = -errno;
		goto out_input;
	}
	child.output = pipe_fds[0];
	ret = child_fork(&child, params, input, pipe_fds[1]);
	fd_close(&pipe_fds[1]);
	fd_close(&input);
	if (ret < 0) {
		fd_close(&pipe_fds[0]);
		goto out_unmap;
	}
	*ret_child = child;
	return 0;

out_input:
	fd_close(&input);
out_unmap:
	munmap(child.exec_ns, sizeof(*child.exec_ns));
	return error_set(err, ret, "cannot start %s: %s", child.name, strerror(-ret));
}

/* Whether there is something to read, or the end of it, before @deadline. */
static bool output_wait(const struct child *child, uint64_t deadline)
{
	struct pollfd poll_fd = { .fd = child->output, .events = POLLIN };
	uint64_t now = clock_now_ns();
	int ret;

	do {
		int left = now < deadline ? (int)((deadline - now) / 1000000) : 0;

		ret = poll(&poll_fd, 1, left);
		now = clock_now_ns();
	} while (ret < 0 && errno == EINTR);
	return ret > 0;
}

/* Returns how many bytes were read, 0 at the end, or -errno. */
static ssize_t output_read(struct child *child, char *buffer, size_t size, uint64_t deadline,
			   struct error *err)
{
	ssize_t got;

	if (!output_wait(child, deadline))
		return error_set(err, -ETIMEDOUT, "%s did not print what it should in time",
				 child->name);
	got = read(child->output, buffer, size);
	if (got < 0)
		return error_set(err, -errno, "the output of %s: %s", child->name, strerror(errno));
	return got;
}

int child_expect_byte(struct child *child, char byte, unsigned int timeout_ms, uint64_t *ret_ns,
		      struct error *err)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * UINT64_C(1000000);
	char buffer[256];

	for (;;) {
		ssize_t got = output_read(child, buffer, sizeof(buffer), deadline, err);
		uint64_t now = clock_now_ns();

		if (got < 0)
			return (int)got;
		if (got == 0)
			return error_set(err, -ENODATA,
					 "%s ended before it was ready; the log may say why",
					 child->name);
		if (memchr(buffer, byte, (size_t)got)) {
			*ret_ns = now - *child->exec_ns;
			return 0;
		}
	}
}

int child_read_all(struct child *child, char *text, size_t size, struct error *err)
{
	uint64_t deadline = clock_now_ns() + OUTPUT_TIMEOUT_MS * UINT64_C(1000000);
	size_t used = 0;

	while (used < size) {
		ssize_t got = output_read(child, text + used, size - used, deadline, err);

		if (got < 0)
			return (int)got;
		if (got == 0) {
			text[used] = '\0';
			return 0;
		}
		used += (size_t)got;
	}
	return error_set(err, -E2BIG, "%s printed more than %zu bytes", child->name, size);
}

/* Whether it has ended within @timeout_ms; then it is reaped and *ret_info says how. */
static bool reap(struct child *child, int timeout_ms, siginfo_t *ret_info)
{
	struct pollfd poll_fd = { .fd = child->pidfd, .events = POLLIN };
	int ready;

	do {
		ready = poll(&poll_fd, 1, timeout_ms);
	} while (ready < 0 && errno == EINTR);
	if (ready <= 0)
		return false;
	ret_info->si_pid = 0;
	if (waitid(P_PID, (id_t)child->pid, ret_info, WEXITED | WNOHANG) < 0 || !ret_info->si_pid)
		return false;
	fd_close(&child->pidfd);
	fd_close(&child->output);
	munmap(child->exec_ns, sizeof(*child->exec_ns));
	child->pid = 0;
	return true;
}

int child_wait(struct child *child, int wanted, struct error *err)
{
	siginfo_t info;

	if (!reap(child, END_TIMEOUT_MS, &info)) {
		child_end(child);
		return error_set(err, -ECHILD, "%s did not end by itself", child->name);
	}
	if (info.si_code != CLD_EXITED)
		return error_set(err, -ECHILD, "%s was ended by signal %d", child->name,
				 info.si_status);
	if (info.si_status != wanted)
		return error_set(err, -ECHILD, "%s ended with status %d instead of %d", child->name,
				 info.si_status, wanted);
	return 0;
}

int child_finish(struct child *child, int wanted, char *text, size_t size, struct error *err)
{
	int ret;

	ret = child_read_all(child, text, size, err);
	if (ret < 0) {
		child_end(child);
		return ret;
	}
	ret = child_wait(child, wanted, err);
	return ret < 0 ? error_prefix(err, ret, "%.100s", text) : 0;
}

void child_end(struct child *child)
{
	siginfo_t info;

	if (child->pid <= 0)
		return;
	kill(child->pid, SIGTERM);
	if (reap(child, TERM_TIMEOUT_MS, &info))
		return;
	kill(child->pid, SIGKILL);
	while (child->pid > 0)
		reap(child, -1, &info);
}

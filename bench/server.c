/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs ivshmem-server as a user would, and finds it by its pid file. */
#include "bench/server.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>

#include "bench/child.h"
#include "lib/fds.h"

#define LEAVE_TIMEOUT_MS 1000
#define END_TIMEOUT_MS 5000

static int read_pid(const char *path, pid_t *ret_pid, struct error *err)
{
	FILE *file = fopen(path, "re");
	int pid = 0;

	if (!file || fscanf(file, "%d", &pid) != 1 || pid <= 0) {
		int code = file ? -EPROTO : -errno;

		if (file)
			fclose(file);
		return error_set(err, code, "%s has no process id of a server", path);
	}
	fclose(file);
	*ret_pid = pid;
	return 0;
}

/* The program ends as soon as the server, its child, can be connected to. */
static int run_program(const struct bench *bench, const struct server *server, const char *pid_file,
		       unsigned int size_mib, unsigned int vectors, struct error *err)
{
	char program[4096], region[64], size[16], count[16];
	const char *const argv[] = {
		program, "-S", server->socket, "-p", pid_file, "-l", size, "-n", count,
		"--region", region, "--exit-when-empty", NULL,
	};
	const struct child_params params = {
		.argv = argv,
		.cpu = CHILD_ANY_CPU,
		.log_fd = bench->log_fd,
	};
	struct child child;
	int ret;

	snprintf(program, sizeof(program), "%s/ivshmem-server", bench->build);
	snprintf(region, sizeof(region), "dm:/%s", server->region);
	snprintf(size, sizeof(size), "%uM", size_mib);
	snprintf(count, sizeof(count), "%u", vectors);
	ret = child_start(&child, &params, err);
	return ret < 0 ? ret : child_wait(&child, 0, err);
}

int server_start(struct server *ret_server, const struct bench *bench, const char *name,
		 unsigned int size_mib, unsigned int vectors, struct error *err)
{
	struct server server = SERVER_NONE;
	char pid_file[SERVER_TEXT_MAX + 8];
	int ret;

	snprintf(server.region, sizeof(server.region), "%s-%s", bench->region, name);
	snprintf(server.socket, sizeof(server.socket), "%s/%s.socket", bench->scratch, name);
	snprintf(pid_file, sizeof(pid_file), "%s.pid", server.socket);
	ret = run_program(bench, &server, pid_file, size_mib, vectors, err);
	if (ret == 0)
		ret = read_pid(pid_file, &server.pid, err);
	if (ret < 0)
		return ret;
	server.pidfd = pidfd_open(server.pid, 0);
	if (server.pidfd < 0)
		return error_set(err, -errno, "the server has ended: %s", strerror(errno));
	*ret_server = server;
	return 0;
}

static int wait_for_end(const struct server *server, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = server->pidfd, .events = POLLIN };
	int ret;

	do {
		ret = poll(&poll_fd, 1, timeout_ms);
	} while (ret < 0 && errno == EINTR);
	return ret;
}

void server_stop(struct server *server)
{
	if (server->pidfd < 0)
		return;
	if (wait_for_end(server, LEAVE_TIMEOUT_MS) <= 0 &&
	    pidfd_send_signal(server->pidfd, SIGTERM, NULL, 0) == 0 &&
	    wait_for_end(server, END_TIMEOUT_MS) <= 0)
		pidfd_send_signal(server->pidfd, SIGKILL, NULL, 0);
	fd_close(&server->pidfd);
}

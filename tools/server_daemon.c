/* SPDX-License-Identifier: BSD-3-Clause */
/* Forking before anything is set up: locks and descriptors are the child's own from the start. */
#include "tools/server_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fds.h"

/* A byte through the pipe: the child is ready. Its end: the child has failed and said why. */
static void wait_and_exit(pid_t child, int pipe_fd)
{
	int status = 0;
	ssize_t n;
	char byte;

	do {
		n = read(pipe_fd, &byte, sizeof(byte));
	} while (n < 0 && errno == EINTR);
	if (n == 1)
		_exit(0);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	_exit(WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 1);
}

int server_daemon_start(int *ret_ready, struct error *err)
{
	int fds[2];
	pid_t child;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set(err, -errno, "cannot go to the background: %s", strerror(errno));
	child = fork();
	if (child < 0) {
		close(fds[0]);
		close(fds[1]);
		return error_set(err, -errno, "cannot go to the background: %s", strerror(errno));
	}
	if (child > 0) {
		close(fds[1]);
		wait_and_exit(child, fds[0]);
	}
	close(fds[0]);
	setsid();
	*ret_ready = fds[1];
	return 0;
}

void server_daemon_ready(int ready)
{
	int fd, null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char byte = 0;

	for (fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	fd_close(&null);
	/* A parent that was killed meanwhile is no reason to end. */
	if (write(ready, &byte, sizeof(byte)) < 0)
		errno = 0;
	close(ready);
}

int server_pid_file_write(const char *path, struct error *err)
{
	char text[16];
	int fd, length, ret;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_set(err, -errno, "pid file %s: %s; -p names another", path,
				 strerror(errno));
	length = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	ret = fd_write_all(fd, text, (size_t)length, 0);
	close(fd);
	if (ret < 0)
		return error_set(err, ret, "pid file %s: %s", path, strerror(-ret));
	return 0;
}

void server_pid_file_remove(const char *path)
{
	FILE *file = fopen(path, "re");
	int pid = 0;

	if (!file)
		return;
	if (fscanf(file, "%d", &pid) == 1 && pid == (int)getpid())
		unlink(path);
	fclose(file);
}

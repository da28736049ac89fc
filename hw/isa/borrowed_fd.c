/* SPDX-License-Identifier: BSD-3-Clause */
/* Non-blocking use of descriptors that others share. */
#include "hw/isa/borrowed_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "lib/fds.h"

/* A pipe that is ready takes PIPE_BUF bytes for sure; of a terminal no more is known than this. */
#define TERMINAL_BYTES 1

/* Opening the master side of a pseudo-terminal once more would make another pseudo-terminal. */
static bool is_pty_master(int fd)
{
	unsigned int number;

	return ioctl(fd, TIOCGPTN, &number) == 0;
}

/* The same pipe or terminal by an open file of our own; -errno if that cannot be had. */
static int open_again(int fd, int access)
{
	char path[32];
	int own;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return own < 0 ? -errno : own;
}

void borrowed_fd_init(struct borrowed_fd *borrowed, int fd, int access)
{
	struct stat st;
	int own;

	*borrowed = (struct borrowed_fd){ .fd = fd };
	if (fstat(fd, &st) < 0)
		return;
	borrowed->is_socket = S_ISSOCK(st.st_mode);
	borrowed->is_terminal = isatty(fd);
	if (!S_ISFIFO(st.st_mode) && (!borrowed->is_terminal || is_pty_master(fd)))
		return;
	own = open_again(fd, access);
	if (own < 0)
		return;
	borrowed->fd = own;
	borrowed->is_own = true;
}

void borrowed_fd_fini(struct borrowed_fd *borrowed)
{
	if (borrowed->is_own)
		fd_close(&borrowed->fd);
	borrowed->fd = -1;
	borrowed->is_own = false;
}

/* 0 when a read or write would not block, -EAGAIN when it would, -EBADF where there is nothing. */
static int shared_ready(const struct borrowed_fd *borrowed, short events)
{
	struct pollfd poll_fd = { .fd = borrowed->fd, .events = events };
	int n;

	if (borrowed->is_own)
		return 0;
	if (borrowed->fd < 0) /* poll() would only skip it */
		return -EBADF;
	do {
		n = poll(&poll_fd, 1, 0);
	} while (n < 0 && errno == EINTR);
	return n == 0 ? -EAGAIN : 0;
}

ssize_t borrowed_fd_read(const struct borrowed_fd *borrowed, void *buffer, size_t length)
{
	ssize_t n;
	int ret;

	if (!borrowed->is_socket) {
		ret = shared_ready(borrowed, POLLIN);
		if (ret < 0)
			return ret;
	}
	do {
		if (borrowed->is_socket)
			n = recv(borrowed->fd, buffer, length, MSG_DONTWAIT);
		else
			n = read(borrowed->fd, buffer, length);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/*
 * SIGPIPE can only be avoided for a write() by holding it back and collecting it. Ignoring it is
 * the whole process's choice, not this file's.
 */
static ssize_t write_without_signal(int fd, const void *buffer, size_t length)
{
	const struct timespec at_once = { 0 };
	sigset_t pipe_signal, old;
	ssize_t ret;

	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe_signal, &old);
	do {
		ret = write(fd, buffer, length);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		ret = -errno;
	if (ret == -EPIPE && !sigismember(&old, SIGPIPE))
		sigtimedwait(&pipe_signal, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

ssize_t borrowed_fd_write(const struct borrowed_fd *borrowed, const void *buffer, size_t length)
{
	size_t most;
	ssize_t n;
	int ret;

	if (borrowed->is_socket) {
		do {
			n = send(borrowed->fd, buffer, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		} while (n < 0 && errno == EINTR);
		return n < 0 ? -errno : n;
	}
	ret = shared_ready(borrowed, POLLOUT);
	if (ret < 0)
		return ret;
	most = borrowed->is_terminal ? TERMINAL_BYTES : PIPE_BUF;
	if (!borrowed->is_own && length > most)
		length = most;
	return write_without_signal(borrowed->fd, buffer, length);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* A socket by inheritance, and datagrams that tell how it goes. */
#include "tools/server_systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/fds.h"
#include "lib/parse.h"

/* SD_LISTEN_FDS_START of sd_listen_fds(3). */
#define FIRST_FD 3
#define FDS_MAX 1024
#define PIDS_MAX INT32_MAX
#define TEXT_MAX 512
#define PATIENCE_S 2

static bool has_option(int fd, int option, int wanted)
{
	socklen_t length = sizeof(int);
	int value;

	return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 && value == wanted;
}

static int check_socket(int fd, struct error *err)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_set(err, -EBADF,
				 "LISTEN_FDS promises a socket as descriptor %d: there is none",
				 fd);
	if (!has_option(fd, SO_DOMAIN, AF_UNIX) || !has_option(fd, SO_TYPE, SOCK_STREAM) ||
	    !has_option(fd, SO_ACCEPTCONN, 1))
		return error_set(err, -EINVAL,
				 "descriptor %d, passed with LISTEN_FDS, is no listening AF_UNIX"
				 " stream socket: give the socket unit ListenStream= with a path",
				 fd);
	return 0;
}

static int find_socket(int *ret_fd, struct error *err)
{
	const char *for_pid = getenv("LISTEN_PID"), *count_word = getenv("LISTEN_FDS");
	uint64_t pid, count;
	int ret;

	*ret_fd = -1;
	if (!for_pid || !count_word)
		return 0;
	if (parse_decimal(for_pid, PIDS_MAX, &pid) < 0)
		return error_set(err, -EINVAL, "LISTEN_PID \"%.40s\": a process id is needed",
				 for_pid);
	/* Sockets for a process further up. */
	if (pid != (uint64_t)getpid())
		return 0;
	if (parse_decimal(count_word, FDS_MAX, &count) < 0)
		return error_set(err, -EINVAL, "LISTEN_FDS \"%.40s\": a number is needed",
				 count_word);
	if (count > 1)
		return error_set(err, -EINVAL,
				 "LISTEN_FDS: %d sockets were passed, but there is one to listen"
				 " at: leave one ListenStream= in the socket unit",
				 (int)count);
	ret = count == 1 ? check_socket(FIRST_FD, err) : 0;
	if (ret == 0 && count == 1)
		*ret_fd = FIRST_FD;
	return ret;
}

/* Returns a connected socket or -1. */
static int find_notify(void)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *word = getenv("NOTIFY_SOCKET");
	size_t length = word ? strlen(word) : 0;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	int fd;

	if (length < 2 || length >= sizeof(address.sun_path) || (word[0] != '/' && word[0] != '@'))
		return -1;
	memcpy(address.sun_path, word, length);
	/* An abstract address, which has no NUL at its end. */
	if (word[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, size) < 0)
		fd_close(&fd);
	return fd;
}

int server_systemd_init(struct server_systemd *ret_systemd, struct error *err)
{
	struct server_systemd systemd;
	int ret;

	ret = find_socket(&systemd.listening, err);
	if (ret < 0)
		return ret;
	systemd.notify = find_notify();
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	unsetenv("NOTIFY_SOCKET");
	*ret_systemd = systemd;
	return 0;
}

void server_systemd_fini(struct server_systemd *systemd)
{
	fd_close(&systemd->listening);
	fd_close(&systemd->notify);
}

void server_systemd_notify(const struct server_systemd *systemd, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list args;
	int length;

	if (systemd->notify < 0)
		return;
	va_start(args, fmt);
	length = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (length < 0)
		return;
	if (length >= (int)sizeof(text))
		length = (int)sizeof(text) - 1;
	/* A manager that does not listen is its own problem. */
	if (send(systemd->notify, text, (size_t)length, MSG_NOSIGNAL) < 0)
		errno = 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is around a server that runs as a service, for tests:
 *
 *   service_fake activate KIND PATH PROGRAM ARG...
 *       become PROGRAM with a socket at PATH as a service manager passes one. KIND: stream; two;
 *       datagram; deaf (it does not listen); closed (no socket at all); other (it is for another
 *       process); junk (the variables are no numbers)
 *   service_fake notified ADDRESS COUNT   print so many notifications, their lines parted by "|"
 *   service_fake read PATH                print what is read from the socket until it ends
 *   service_fake race PATH                come and go until nobody is there any more: whoever can
 *                                         connect must be greeted
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_MS 20000
#define FIRST_FD 3

static int fail(const char *what)
{
	printf("failed: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_un address_of(const char *path, socklen_t *ret_length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strnlen(path, sizeof(address.sun_path) - 1);

	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	*ret_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return address;
}

static int bind_at(const char *path, int type, int fd_wanted)
{
	socklen_t length;
	struct sockaddr_un address = address_of(path, &length);
	int fd = socket(AF_UNIX, type, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0)
		fail("bind");
	if (fd_wanted >= 0 && fd != fd_wanted && dup2(fd, fd_wanted) < 0)
		fail("dup2");
	return fd_wanted >= 0 ? fd_wanted : fd;
}

static int connect_to(const char *path)
{
	socklen_t length;
	struct sockaddr_un address = address_of(path, &length);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		fail("socket");
	if (connect(fd, (struct sockaddr *)&address, length) == 0)
		return fd;
	if (errno != ENOENT && errno != ECONNREFUSED)
		fail("connect");
	close(fd);
	return -1;
}

static int activate(const char *kind, const char *path, char **command)
{
	char pid[16];

	if (!strcmp(kind, "closed"))
		close(FIRST_FD);
	else
		bind_at(path, strcmp(kind, "datagram") ? SOCK_STREAM : SOCK_DGRAM, FIRST_FD);
	if (strcmp(kind, "deaf") && listen(FIRST_FD, 8) < 0 && !strcmp(kind, "stream"))
		fail("listen");
	snprintf(pid, sizeof(pid), "%d", (int)(strcmp(kind, "other") ? getpid() : getppid()));
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", !strcmp(kind, "junk") ? "x" : !strcmp(kind, "two") ? "2" : "1", 1);
	execv(command[0], command);
	return fail(command[0]);
}

static int notified(const char *path, int count)
{
	int fd = bind_at(path, SOCK_DGRAM, -1);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	char text[4096], *p;
	ssize_t n;

	for (; count > 0; count--) {
		if (poll(&poll_fd, 1, PATIENCE_MS) <= 0)
			fail("no notification came");
		n = recv(fd, text, sizeof(text) - 1, 0);
		if (n < 0)
			fail("recv");
		text[n] = '\0';
		for (p = text; (p = strchr(p, '\n')); p++)
			*p = '|';
		puts(text);
		fflush(stdout);
	}
	return 0;
}

static int read_all(const char *path)
{
	int fd = connect_to(path);
	char text[4096];
	ssize_t n;

	if (fd < 0)
		fail("connect");
	while ((n = read(fd, text, sizeof(text))) > 0)
		fwrite(text, 1, (size_t)n, stdout);
	if (n < 0)
		fail("read");
	return 0;
}

static int race(const char *path)
{
	struct pollfd poll_fd = { .events = POLLIN };
	unsigned int greeted = 0;
	char message[8];

	while ((poll_fd.fd = connect_to(path)) >= 0) {
		if (poll(&poll_fd, 1, PATIENCE_MS) <= 0)
			fail("no greeting came");
		if (recv(poll_fd.fd, message, sizeof(message), 0) != sizeof(message))
			fail("cut off before the greeting");
		close(poll_fd.fd);
		greeted++;
	}
	printf("done: greeted %u times\n", greeted);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	if (!strcmp(what, "activate") && argc > 4)
		return activate(argv[2], argv[3], argv + 4);
	if (!strcmp(what, "notified") && argc == 4)
		return notified(argv[2], atoi(argv[3]));
	if (!strcmp(what, "read"))
		return read_all(argv[2]);
	if (!strcmp(what, "race"))
		return race(argv[2]);
	fprintf(stderr, "usage: service_fake activate|notified|read|race PATH...\n");
	return 1;
}

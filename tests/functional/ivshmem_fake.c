/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A server for one client that says what its words say, for tests of clients:
 *
 *   ivshmem_fake SOCKET WORD...
 *
 *   N   the message N; N+ with a new eventfd, Nm with memory of 64 KiB that starts with "Hello"
 *   ^K  rings the eventfd that was sent as the K-th, from 0
 *   =K  waits until it is rung, and prints "rung K"
 *   ~   waits until the client has left
 *   /   cuts the memory down to 4 KiB
 *
 * Every wait ends after a minute, with exit status 1. It prints "listening" when it does.
 */
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ivshmem/wire.h"
#include "lib/fds.h"

#define FDS_MAX 64
#define PATIENCE_MS 60000
#define SIZE 65536

struct fake {
	int client, memory;
	int fds[FDS_MAX];
	size_t count;
};

static void wait_for(int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	if (poll(&poll_fd, 1, PATIENCE_MS) <= 0)
		errx(1, "nothing has come");
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		errx(1, "%s: too long", path);
	memcpy(address.sun_path, path, strlen(path));
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0)
		err(1, "%s", path);
	return fd;
}

static int new_memory(void)
{
	int fd = memfd_create("ivshmem_fake", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, SIZE) < 0 || write(fd, "Hello", 5) != 5)
		err(1, "memory");
	return fd;
}

static void send_message(struct fake *fake, const char *word)
{
	struct ivshmem_wire_out out = { .message = { .fd = -1 } };
	char *rest;

	out.message.value = strtoll(word, &rest, 10);
	if (*rest == '+') {
		if (fake->count == FDS_MAX)
			errx(1, "too many eventfds");
		out.message.fd = fake->fds[fake->count++] = eventfd_new();
	} else if (*rest == 'm') {
		out.message.fd = fake->memory = new_memory();
	}
	if (ivshmem_wire_send(fake->client, &out) < 0)
		errx(1, "cannot send %s", word);
}

static int fd_of(const struct fake *fake, const char *word)
{
	size_t index = strtoul(word, NULL, 10);

	if (index >= fake->count)
		errx(1, "there is no eventfd %s", word);
	return fake->fds[index];
}

static void run_word(struct fake *fake, const char *word)
{
	switch (word[0]) {
	case '^':
		eventfd_signal(fd_of(fake, word + 1));
		break;
	case '=':
		wait_for(fd_of(fake, word + 1), POLLIN);
		eventfd_drain(fd_of(fake, word + 1));
		printf("rung %s\n", word + 1);
		break;
	case '~':
		wait_for(fake->client, POLLIN);
		break;
	case '/':
		if (ftruncate(fake->memory, SIZE / 16) < 0)
			err(1, "memory");
		break;
	default:
		send_message(fake, word);
	}
}

int main(int argc, char **argv)
{
	struct fake fake = { .memory = -1 };
	int i, listener;

	if (argc < 2)
		errx(1, "usage: ivshmem_fake SOCKET WORD...");
	setvbuf(stdout, NULL, _IOLBF, 0);
	listener = listen_at(argv[1]);
	puts("listening");
	wait_for(listener, POLLIN);
	fake.client = accept(listener, NULL, NULL);
	for (i = 2; i < argc; i++)
		run_word(&fake, argv[i]);
	return 0;
}

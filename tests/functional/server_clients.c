/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clients of an ivshmem server for tests, many in one process:
 *
 *   server_clients tables SOCKET CLIENTS VECTORS  each checks all it is told, its order and, for
 *                                                 some, that each eventfd is the right one; half
 *                                                 of them leave, then "done" and a line of figures
 *   server_clients churn SOCKET COUNT             connect and close at once
 *   server_clients silent SOCKET COUNT            connect, read nothing, stay until input ends
 *   server_clients stay SOCKET MESSAGES           print what is told, that many messages
 *   server_clients talk SOCKET                    say something, and see the connection end
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ivshmem/wire.h"
#include "lib/fds.h"

#define PATIENCE_MS 20000
#define CHECK_EVERY 16 /* of the clients, this one checks the eventfds it is given */

struct client {
	int socket;
	int64_t id;
	struct ivshmem_wire_in in;
	int *own; /* eventfds */
};

static void fail(const char *what, long long a, long long b)
{
	printf("failed: %s (%lld, %lld)\n", what, a, b);
	exit(1);
}

static int try_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail("connect", errno, fd);
	return fd;
}

static int receive(struct client *client, struct ivshmem_message *message)
{
	struct pollfd poll_fd = { .fd = client->socket, .events = POLLIN };
	int ret;

	while ((ret = ivshmem_wire_receive(client->socket, &client->in, message)) == -EAGAIN)
		if (poll(&poll_fd, 1, PATIENCE_MS) <= 0)
			fail("no message came to client", client->id, 0);
	return ret;
}

static int expect(struct client *client, int64_t value, bool with_fd)
{
	struct ivshmem_message message;
	int ret = receive(client, &message);

	if (ret < 0)
		fail("the connection ended early", ret, client->id);
	if (message.value != value || (message.fd >= 0) != with_fd)
		fail("another message was expected", message.value, value);
	return message.fd;
}

static void expect_silence(struct client *client)
{
	struct ivshmem_message message;

	if (ivshmem_wire_receive(client->socket, &client->in, &message) != -EAGAIN)
		fail("a message too many", client->id, 0);
}

static void start(struct client *client, const char *path)
{
	struct ivshmem_message message;
	struct stat st;
	int fd;

	*client = (struct client){ .socket = try_connect(path), .in = IVSHMEM_WIRE_IN_NONE };
	expect(client, IVSHMEM_WIRE_VERSION, false);
	if (receive(client, &message) < 0 || message.fd >= 0 || message.value < 0 ||
	    message.value > IVSHMEM_ID_MAX)
		fail("no id", 0, 0);
	client->id = message.value;
	fd = expect(client, IVSHMEM_WIRE_MEMORY, true);
	if (fstat(fd, &st) < 0 || st.st_size < 4096 || (st.st_size & (st.st_size - 1)))
		fail("size of the memory", st.st_size, 0);
	close(fd);
}

/* Reads what @client is told of @peer's eventfds. */
static void expect_peer(struct client *client, const struct client *peer, unsigned int vectors,
			bool check)
{
	const uint64_t one = 1;
	uint64_t got;
	unsigned int v;
	int fd;

	for (v = 0; v < vectors; v++) {
		fd = expect(client, peer->id, true);
		if (check && (write(fd, &one, sizeof(one)) < 0 ||
			      read(peer->own[v], &got, sizeof(got)) < 0 || got != one))
			fail("a vector is not the right one", peer->id, v);
		close(fd);
	}
}

static void join(struct client *clients, unsigned int index, unsigned int vectors,
		 const char *path)
{
	struct client *client = &clients[index];
	int *early;
	unsigned int i, v;

	start(client, path);
	early = calloc(vectors + 1, sizeof(*early));
	for (i = 0; i < index; i++)
		expect_peer(client, &clients[i], vectors, index % CHECK_EVERY == 0);
	for (v = 0; v < vectors; v++)
		early[v] = expect(client, client->id, true);
	client->own = early;
	for (i = 0; i < index; i++)
		expect_peer(&clients[i], client, vectors, i % CHECK_EVERY == 0);
}

static void end(struct client *client, unsigned int vectors)
{
	unsigned int v;

	for (v = 0; v < vectors; v++)
		close(client->own[v]);
	free(client->own);
	ivshmem_wire_in_fini(&client->in);
	close(client->socket);
}

static int run_tables(const char *path, unsigned int count, unsigned int vectors)
{
	struct client *clients = calloc(count, sizeof(*clients));
	struct timespec begin, now;
	unsigned int i, j;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (i = 0; i < count; i++)
		join(clients, i, vectors, path);
	clock_gettime(CLOCK_MONOTONIC, &now);
	for (i = count / 2; i < count; i++) {
		end(&clients[i], vectors);
		for (j = 0; j < count / 2 && vectors > 0; j++)
			expect(&clients[j], clients[i].id, false);
	}
	for (j = 0; j < count / 2; j++)
		expect_silence(&clients[j]);
	printf("done: %u joins of %u vectors in %.2f s\n", count, vectors,
	       (double)(now.tv_sec - begin.tv_sec) +
		       (double)(now.tv_nsec - begin.tv_nsec) / 1e9);
	for (j = 0; j < count / 2; j++)
		end(&clients[j], vectors);
	free(clients);
	return 0;
}

static int run_churn(const char *path, unsigned int count)
{
	while (count-- > 0)
		close(try_connect(path));
	puts("done");
	return 0;
}

static int run_silent(const char *path, unsigned int count)
{
	char byte;

	while (count-- > 0)
		try_connect(path);
	puts("connected");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}

static int run_stay(const char *path, unsigned int count)
{
	struct client client = { .socket = try_connect(path), .in = IVSHMEM_WIRE_IN_NONE };
	struct ivshmem_message message;

	while (count-- > 0) {
		if (receive(&client, &message) < 0) {
			puts("end");
			return 0;
		}
		printf("%lld%s\n", (long long)message.value, message.fd >= 0 ? " fd" : "");
		fflush(stdout);
		fd_close(&message.fd);
	}
	close(client.socket);
	return 0;
}

static int run_talk(const char *path)
{
	struct ivshmem_message message;
	struct client client;

	start(&client, path);
	if (write(client.socket, "x", 1) != 1)
		fail("write", errno, 0);
	while (receive(&client, &message) == 0)
		fd_close(&message.fd);
	puts("done");
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned int count = argc > 3 ? (unsigned int)atoi(argv[3]) : 0;

	fds_raise_limit();
	if (!strcmp(what, "tables") && argc == 5)
		return run_tables(argv[2], count, (unsigned int)atoi(argv[4]));
	if (!strcmp(what, "churn") && argc == 4)
		return run_churn(argv[2], count);
	if (!strcmp(what, "silent") && argc == 4)
		return run_silent(argv[2], count);
	if (!strcmp(what, "stay") && argc == 4)
		return run_stay(argv[2], count);
	if (!strcmp(what, "talk") && argc == 3)
		return run_talk(argv[2]);
	fprintf(stderr, "usage: server_clients tables|churn|silent|stay|talk SOCKET [NUMBER...]\n");
	return 1;
}

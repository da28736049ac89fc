/* SPDX-License-Identifier: BSD-3-Clause */
/* Accepting connections, and turning them away. */
#include "ivshmem/server_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fds.h"

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int server_listen_init(struct server_listen *listen, int socket)
{
	int flags = fcntl(socket, F_GETFL);

	if (flags < 0 || fcntl(socket, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	listen->spare = open_spare();
	if (listen->spare < 0)
		return -errno;
	listen->socket = socket;
	return 0;
}

void server_listen_fini(struct server_listen *listen)
{
	fd_close(&listen->spare);
}

static int accept_any(const struct server_listen *listen)
{
	int socket;

	do {
		socket = accept4(listen->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	} while (socket < 0 && (errno == EINTR || errno == ECONNABORTED));
	return socket < 0 ? -errno : socket;
}

/* Left in the queue, it would wake the loop for ever and hang its owner. */
static int turn_away(struct server_listen *listen)
{
	int socket;

	fd_close(&listen->spare);
	socket = accept_any(listen);
	if (socket >= 0)
		close(socket);
	listen->spare = open_spare();
	return socket >= 0 ? -EMFILE : socket == -EMFILE ? -EBUSY : socket;
}

int server_listen_accept(struct server_listen *listen, int *ret_socket)
{
	int socket = accept_any(listen);

	if (socket == -EMFILE)
		return turn_away(listen);
	if (socket < 0)
		return socket;
	*ret_socket = socket;
	return 0;
}

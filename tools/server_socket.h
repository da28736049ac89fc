/* SPDX-License-Identifier: BSD-3-Clause */
/* A listening socket of the server, and its file. */
#ifndef TOOLS_SERVER_SOCKET_H
#define TOOLS_SERVER_SOCKET_H

#include <sys/types.h>

#include "lib/error.h"

struct server_socket {
	int fd; /* -1: none */
	const char *path; /* NULL: the file, if there is one, is somebody else's */
	dev_t device;
	ino_t inode;
};

#define SERVER_SOCKET_NONE { .fd = -1, .path = NULL }

/* The file's mode is what the umask leaves, its group that of the process. */
#define SERVER_SOCKET_NO_MODE (-1)
#define SERVER_SOCKET_NO_GROUP ((gid_t)-1)

/*
 * Listen at @path, which must stay as long as the socket, with the file's @mode and @group. A
 * socket file that nobody listens at any more is replaced. May wait SERVER_SOCKET_WAIT_MS for a
 * server that is just ending.
 * Returns 0, -EADDRINUSE (a server answers there), -EEXIST (something that is no socket),
 * -ENAMETOOLONG, -EPERM (the group) or another -errno, with a line.
 */
#define SERVER_SOCKET_WAIT_MS 500
int server_socket_open(struct server_socket *ret_socket, const char *path, int mode, gid_t group,
		       struct error *err);

/*
 * Remove the file, if it is still this socket's. Whoever is connecting from now on is refused;
 * those who are connected still wait to be accepted. Does nothing if fd is -1 or the file somebody
 * else's.
 */
void server_socket_shut(struct server_socket *server_socket);

/* Shut and close it. Does nothing if fd is -1. */
void server_socket_close(struct server_socket *server_socket);

#endif

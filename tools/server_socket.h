/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket file of a server. */
#ifndef TOOLS_SERVER_SOCKET_H
#define TOOLS_SERVER_SOCKET_H

#include <sys/types.h>

#include "lib/error.h"

struct server_socket {
	int fd; /* -1: none */
	const char *path;
	dev_t device;
	ino_t inode;
};

/* The file's mode is what the umask leaves. */
#define SERVER_SOCKET_NO_MODE (-1)

/*
 * Listen at @path, which must stay as long as the socket, with the file's @mode. A socket file that
 * nobody listens at any more is replaced. Returns 0, -EADDRINUSE (a server answers there), -EEXIST
 * (something that is no socket), -ENAMETOOLONG or another -errno, with a line.
 */
int server_socket_open(struct server_socket *ret_socket, const char *path, int mode,
		       struct error *err);

/* Close it and remove the file, if that is still this socket's. Does nothing if fd is -1. */
void server_socket_close(struct server_socket *server_socket);

#endif

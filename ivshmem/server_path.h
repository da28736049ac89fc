/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the users of a region look for its own server. */
#ifndef IVSHMEM_SERVER_PATH_H
#define IVSHMEM_SERVER_PATH_H

#include "ivshmem/name.h"
#include "lib/error.h"

/* The longest path of an AF_UNIX socket, with its NUL (unix(7)). */
#define IVSHMEM_SERVER_PATH_MAX 108

/*
 * The socket of the region's own server: "<runtime directory>/<key>.sock". Makes the runtime
 * directory if it is missing, as ivshmem_runtime_dir_open() does, but not the socket.
 * Returns 0 or, with a line, -EINVAL (a hv:/ region has no server), -ENAMETOOLONG (no socket can
 * have so long a path), -EIO (libcrypto refuses SHA-256) or what ivshmem_runtime_dir_open() says.
 */
int ivshmem_server_path(const struct ivshmem_name *name, char ret_path[IVSHMEM_SERVER_PATH_MAX],
			struct error *err);

/*
 * Does somebody listen at @path? Whoever does hears nothing of it: becoming a client and leaving
 * again would be told to all others. Returns 0: yes; -ECONNREFUSED: there is a socket that nobody
 * listens at; -ENOENT; -ENAMETOOLONG; or another -errno of connect(2).
 */
int ivshmem_server_probe(const char *path);

#endif

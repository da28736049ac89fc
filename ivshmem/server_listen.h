/* SPDX-License-Identifier: BSD-3-Clause */
/* A listening socket that can turn clients away even when there is no descriptor left for that. */
#ifndef IVSHMEM_SERVER_LISTEN_H
#define IVSHMEM_SERVER_LISTEN_H

struct server_listen {
	int socket; /* the caller's */
	int spare;  /* a descriptor to give up when there is no other */
};

/* @socket is made non-blocking and stays the caller's. Returns 0 or -errno. */
int server_listen_init(struct server_listen *listen, int socket);
void server_listen_fini(struct server_listen *listen);

/*
 * Accept a connection without blocking. Returns 0 and a socket that is close-on-exec; -EAGAIN:
 * nobody is there; -EMFILE: somebody was turned away for want of descriptors; another -errno: it is
 * of no use to try again at once.
 */
int server_listen_accept(struct server_listen *listen, int *ret_socket);

#endif

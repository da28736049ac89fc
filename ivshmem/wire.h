/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages between an ivshmem server and its clients, version 0 of the protocol in QEMU's
 * ivshmem specification ("Client-Server protocol"). They go from the server to the client only.
 * Each is a signed 64-bit number in little-endian order, with at most one file descriptor beside
 * it:
 *
 *   0 (the version), then the client's own id, then -1 with the memory; then for each peer that is
 *   there an id with an eventfd per vector, in the order of vectors; then the client's own id with
 *   its own eventfds likewise. Later an id with an eventfd per vector for who joins, and an id
 *   alone for who leaves.
 */
#ifndef IVSHMEM_WIRE_H
#define IVSHMEM_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define IVSHMEM_WIRE_BYTES 8
#define IVSHMEM_WIRE_VERSION 0
#define IVSHMEM_WIRE_MEMORY (-1) /* the message that carries the memory */
#define IVSHMEM_ID_MAX 65535
#define IVSHMEM_VECTORS_MAX 2048

struct ivshmem_message {
	int64_t value;
	int fd; /* -1: none */
};

/* A message on its way out; start with { .message = ..., .sent = 0 }. */
struct ivshmem_wire_out {
	struct ivshmem_message message; /* the descriptor stays the caller's */
	size_t sent;			/* bytes that are out already */
};

/*
 * Send what is left of @out without blocking. Returns 0 when all of it is out; -EAGAIN: call again
 * when the socket can be written to; another -errno of fd_passing_send(): the peer is lost.
 */
int ivshmem_wire_send(int socket, struct ivshmem_wire_out *out);

/* A message on its way in; start with IVSHMEM_WIRE_IN_NONE. */
struct ivshmem_wire_in {
	uint8_t bytes[IVSHMEM_WIRE_BYTES];
	size_t have;
	int fd;
};

#define IVSHMEM_WIRE_IN_NONE { .have = 0, .fd = -1 }

/*
 * Receive, without blocking, until a message is whole. A second descriptor with the bytes of one
 * message is closed. Returns 0 and the message, whose descriptor is the caller's from now on;
 * -EAGAIN: not whole yet; -ENODATA: the stream ended between two messages; -EPROTO: it ended
 * inside one; another -errno of fd_passing_receive().
 */
int ivshmem_wire_receive(int socket, struct ivshmem_wire_in *in,
			 struct ivshmem_message *ret_message);

/* Close a descriptor that is waiting in @in for the rest of its message. */
void ivshmem_wire_in_fini(struct ivshmem_wire_in *in);

#endif

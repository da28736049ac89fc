/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a client asks a new server for the id it had from the one before. A client has nothing to say
 * in this protocol, but it has an address, which accept(2) tells the server before any message: the
 * abstract (unix(7)) name "ivshmem-peer/<id>/<sixteen hexadecimal digits>", where the digits only
 * keep names of different clients apart. docs/doorbells.md has the whole of it.
 */
#ifndef IVSHMEM_PEER_CLAIM_H
#define IVSHMEM_PEER_CLAIM_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The address that claims @id, with @digits behind it. Returns its length for bind(2). */
socklen_t ivshmem_claim_address(struct sockaddr_un *ret_address, uint16_t id, uint64_t digits);

/* Bind @socket, which is not connected yet, to such an address. Returns 0 or -errno. */
int ivshmem_claim_bind(int socket, uint16_t id);

/*
 * The id that the address of @length bytes, as getpeername(2) tells it, claims. Anything but what
 * ivshmem_claim_address() makes, byte by byte, is no claim. Returns 0, or -EINVAL for no claim.
 */
int ivshmem_claim_parse(const struct sockaddr_un *address, socklen_t length, uint16_t *ret_id);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the guest is rung: the device's own eventfds, one per vector.
 *
 * A server that takes the place of one that died hands out new eventfds, but peers that knew the
 * device before may go on ringing the former ones. So these are listened to as well, in the event
 * loop, for a few such changes.
 *
 * All functions belong to the event loop's thread, with the lock held or while no guest runs.
 */
#ifndef HW_PCI_IVSHMEM_VECTORS_H
#define HW_PCI_IVSHMEM_VECTORS_H

struct event_loop;
struct ivshmem_host;
struct ivshmem_vectors;

/* Of how many former servers the eventfds are kept. */
#define IVSHMEM_VECTORS_FORMER_MAX 4

/*
 * For a device of @count vectors. @host, @ctx and @loop outlive it. Returns 0 or -ENOMEM.
 */
int ivshmem_vectors_new(const struct ivshmem_host *host, void *ctx, struct event_loop *loop,
			unsigned int count, struct ivshmem_vectors **ret_vectors);
/* Unbinds and closes everything. NULL is fine. */
void ivshmem_vectors_free(struct ivshmem_vectors *vectors);

/* @fd, which becomes this object's, is rung for @vector; the device may have no such vector. */
void ivshmem_vectors_set(struct ivshmem_vectors *vectors, unsigned int vector, int fd);

/* The next server is about to give new eventfds; those there are become former ones. */
void ivshmem_vectors_retire(struct ivshmem_vectors *vectors);

/* How many vectors have an eventfd of the present server. */
unsigned int ivshmem_vectors_count(const struct ivshmem_vectors *vectors);

#endif

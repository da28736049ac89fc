/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whom the guest can ring: the eventfds of all peers. A ring is a guest access that ends in a write
 * to an eventfd; the pairs of peer and vector that are rung most are handed to the carrier,
 * whose hypervisor then signals them itself. It looks through such entries one by one, so there are
 * only a few, and a ring costs the same with two peers as with a thousand.
 *
 * Not thread-safe: the carrier's lock is held.
 */
#ifndef HW_PCI_IVSHMEM_DOORBELL_H
#define HW_PCI_IVSHMEM_DOORBELL_H

#include <stdint.h>

struct ivshmem_doorbell;
struct ivshmem_host;

/*
 * How many pairs have the fast way at most. KVM takes some 20 ns to pass over one: all of them take
 * about as long as one exit to user space where the processor helps with virtualisation, and a
 * fifth of that where it does not (bench/README.md has the measurement, "ring").
 */
#define IVSHMEM_DOORBELL_HOT_MAX 256

/* @host and @ctx outlive it. Returns 0 or -ENOMEM. */
int ivshmem_doorbell_new(const struct ivshmem_host *host, void *ctx,
			 struct ivshmem_doorbell **ret_doorbell);
/* Closes all eventfds. NULL is fine. */
void ivshmem_doorbell_free(struct ivshmem_doorbell *doorbell);

/*
 * From now on @fd, which becomes the doorbell's in any case, rings @vector of the peer @id. Vectors
 * of one peer come in order, from 0; one that was there already is replaced. Returns 0, -EINVAL
 * (out of order) or -ENOMEM.
 */
int ivshmem_doorbell_add(struct ivshmem_doorbell *doorbell, uint16_t id, unsigned int vector,
			 int fd);
/* The peer can be rung no longer; nothing happens if it is not known. */
void ivshmem_doorbell_remove(struct ivshmem_doorbell *doorbell, uint16_t id);
/* All but @id. */
void ivshmem_doorbell_remove_others(struct ivshmem_doorbell *doorbell, uint16_t id);

/*
 * The guest has written @value, peer << 16 | vector, to its doorbell register. A pair that is not
 * there is counted and else ignored.
 */
void ivshmem_doorbell_ring(struct ivshmem_doorbell *doorbell, uint32_t value);

/* Take back everything from the carrier; pairs find their way there again by being rung. */
void ivshmem_doorbell_cool(struct ivshmem_doorbell *doorbell);

/* Rings that reached nobody. */
uint64_t ivshmem_doorbell_missed(const struct ivshmem_doorbell *doorbell);

#endif

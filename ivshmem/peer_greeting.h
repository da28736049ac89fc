/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first three messages of a server: version, own id, memory. Strict, since whoever lets a wrong
 * one pass works with the wrong memory or waits for ever. No sockets here.
 */
#ifndef IVSHMEM_PEER_GREETING_H
#define IVSHMEM_PEER_GREETING_H

#include <stdint.h>

#include "ivshmem/wire.h"
#include "lib/error.h"

enum ivshmem_greeting_step {
	IVSHMEM_GREETING_VERSION, /* what comes next */
	IVSHMEM_GREETING_ID,
	IVSHMEM_GREETING_MEMORY,
	IVSHMEM_GREETING_DONE,
};

/* Start with IVSHMEM_GREETING_START. */
struct ivshmem_greeting {
	enum ivshmem_greeting_step step;
	uint16_t id;	/* after IVSHMEM_GREETING_ID */
	int memory_fd;	/* when it is done; whoever takes it sets it to -1 */
	uint64_t size;	/* of the memory, in bytes */
};

#define IVSHMEM_GREETING_START { .step = IVSHMEM_GREETING_VERSION, .memory_fd = -1 }

/*
 * Take the next message, to be called until the step is IVSHMEM_GREETING_DONE. The memory's
 * descriptor is moved from @message, which has -1 then; any other one stays the caller's.
 * Returns 0, or with a line -EPROTONOSUPPORT (another version), -EPROTO (not the message that
 * belongs here), -EINVAL (memory whose size is no power of two or below a page) or an -errno of
 * fstat(2).
 */
int ivshmem_greeting_take(struct ivshmem_greeting *greeting, struct ivshmem_message *message,
			  struct error *err);

/* Closes the memory's descriptor if nobody took it. */
void ivshmem_greeting_fini(struct ivshmem_greeting *greeting);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The shared memory of a client, with no access outside of it. */
#ifndef TOOLS_CLIENT_MEMORY_H
#define TOOLS_CLIENT_MEMORY_H

#include <stdint.h>

#include "lib/error.h"

struct client_memory {
	int fd; /* -1: none */
	uint8_t *bytes;
	uint64_t size;
};

#define CLIENT_MEMORY_NONE { .fd = -1 }

/* Map all of @fd, which is the memory's if this succeeds. Returns 0 or -errno, with a line. */
int client_memory_map(struct client_memory *memory, int fd, uint64_t size, struct error *err);
void client_memory_unmap(struct client_memory *memory);

/*
 * The bytes [@offset, @offset + @length), or NULL with a line if not all of them are there. The
 * object is asked each time, since touching what was cut off in the meantime would end the program.
 */
uint8_t *client_memory_at(const struct client_memory *memory, uint64_t offset, uint64_t length,
			  struct error *err);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory that a server shares out: a region, a POSIX object, or a file without a name. */
#ifndef TOOLS_SERVER_MEMORY_H
#define TOOLS_SERVER_MEMORY_H

#include "ivshmem/object.h"
#include "ivshmem/region.h"
#include "lib/error.h"
#include "tools/server_options.h"

struct server_memory {
	int fd;	  /* for clients: nothing that they do with it touches the locks */
	int lock; /* what keeps a second server away; -1: the memory has no name */
	struct ivshmem_region *region;
	struct ivshmem_object object;
};

#define SERVER_MEMORY_NONE { .fd = -1, .lock = -1, .region = NULL, .object = { .fd = -1 } }

/*
 * Make the memory that @options ask for, or use what is there already, with its contents. May wait
 * SERVER_MEMORY_WAIT_MS for a server that is just ending.
 * Returns 0 or with a line -EBUSY (another server has it), -EINVAL (it has another size) or another
 * -errno. On failure too the caller ends it with server_memory_close(); @memory starts as
 * SERVER_MEMORY_NONE.
 */
#define SERVER_MEMORY_WAIT_MS 2000
int server_memory_open(struct server_memory *memory, const struct server_options *options,
		       struct error *err);

/* The absolute path of the object; NULL: it has no name. */
const char *server_memory_path(const struct server_memory *memory);

/* Give it back; an object is removed unless somebody else uses it. */
void server_memory_close(struct server_memory *memory);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Mapping the memory of a client, and finding bytes in it. */
#include "tools/client_memory.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lib/fds.h"

int client_memory_map(struct client_memory *memory, int fd, uint64_t size, struct error *err)
{
	void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (bytes == MAP_FAILED)
		return error_set(err, -errno, "cannot map the memory of %" PRIu64 " bytes: %s",
				 size, strerror(errno));
	memory->fd = fd;
	memory->bytes = bytes;
	memory->size = size;
	return 0;
}

void client_memory_unmap(struct client_memory *memory)
{
	if (memory->bytes)
		munmap(memory->bytes, memory->size);
	memory->bytes = NULL;
	fd_close(&memory->fd);
}

uint8_t *client_memory_at(const struct client_memory *memory, uint64_t offset, uint64_t length,
			  struct error *err)
{
	uint64_t end, size = memory->size;
	struct stat st;

	if (fstat(memory->fd, &st) < 0) {
		error_set(err, -errno, "the memory: %s", strerror(errno));
		return NULL;
	}
	if ((uint64_t)st.st_size < size)
		size = (uint64_t)st.st_size;
	if (__builtin_add_overflow(offset, length, &end) || end > size) {
		error_set(err, -ERANGE, "offset %" PRIu64 " and length %" PRIu64
			  " go beyond the end of the memory at %" PRIu64, offset, length, size);
		return NULL;
	}
	return memory->bytes + offset;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Where memory comes from decides on its page size, so it comes from where acrn-dm takes it. */
#include "bench/host_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/fds.h"

/* Takes @fd, which may be the -1 of a failure. */
static void *map(int fd, size_t size)
{
	void *memory = MAP_FAILED;

	if (fd >= 0 && fallocate(fd, 0, 0, (off_t)size) == 0)
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		fprintf(stderr, "%zu bytes of shared memory on the host: %s\n", size,
			strerror(errno));
	fd_close(&fd);
	return memory == MAP_FAILED ? NULL : memory;
}

void *host_memory_region(size_t size)
{
	return map(open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), size);
}

void *host_memory_ram(size_t size)
{
	return map(memfd_create("bench", MFD_CLOEXEC), size);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory of the process under the simulator, mapped here as well. As the driver pins what it was
 * given until the VM is destroyed, views stay until they are dropped together.
 */
#ifndef TESTS_HSM_SIM_VIEW_H
#define TESTS_HSM_SIM_VIEW_H

#include <stdint.h>
#include <sys/types.h>

#define VIEWS_MAX 256 /* as many as the driver maps for a VM */

struct view {
	uint64_t host, size; /* there */
	uint8_t *here;
};

struct views {
	struct view views[VIEWS_MAX];
	unsigned int count;
};

/*
 * Where the @size bytes at @host of process @pid are here; mapped if they are not yet. They must be
 * of one file, in order, that the process has open (for memory of its own there is no other way).
 * Returns NULL with errno set.
 */
uint8_t *views_map(struct views *views, pid_t pid, uint64_t host, uint64_t size);

void views_drop(struct views *views);

#endif

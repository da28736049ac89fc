/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which processes hold a lock. The kernel does not tell the owner of an open file description lock,
 * but /proc/PID/fdinfo lists the locks of each descriptor.
 */
#ifndef IVSHMEM_USERS_H
#define IVSHMEM_USERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ivshmem/record.h"

struct ivshmem_users {
	pid_t *pids; /* ascending */
	size_t count;
	bool locked; /* somebody holds the lock, even if no pid is known */
};

/*
 * The processes that hold an open file description lock on @byte of the file that is open as @fd,
 * other than through @fd itself. What one may not look into (processes of others, another PID
 * namespace) is missing from the list, which is a snapshot in any case. Never fails: at worst the
 * list is empty. The caller ends it with ivshmem_users_fini().
 */
void ivshmem_users_find(struct ivshmem_users *ret_users, int fd, int byte);
void ivshmem_users_fini(struct ivshmem_users *users);

/*
 * The same as text for a message: "pid 12 (acrn-dm), pid 34 (acrn-dm)", cut with "and N more", or
 * "nobody", or "an unknown process".
 */
#define IVSHMEM_USERS_TEXT_MAX 160
const char *ivshmem_users_text(int fd, int byte, char text[IVSHMEM_USERS_TEXT_MAX]);

/* The command name of a process, printable, "?" if it is gone. */
const char *ivshmem_program_name(pid_t pid, char text[IVSHMEM_PROGRAM_MAX]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The process under the simulator: its memory and its descriptors. All return 0 or -errno. */
#ifndef TESTS_HSM_SIM_TRACEE_H
#define TESTS_HSM_SIM_TRACEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* @pid may be any thread's. -EFAULT: not all of it is there. */
int tracee_read(pid_t pid, uint64_t addr, void *data, size_t size);
int tracee_write(pid_t pid, uint64_t addr, const void *data, size_t size);

/* A string of less than @size bytes; what does not fit is cut off. */
int tracee_string(pid_t pid, uint64_t addr, char *string, size_t size);

/* Is [addr, addr + size) mapped for reading and writing throughout? */
bool tracee_maps_writable(pid_t pid, uint64_t addr, uint64_t size);

/* The size of the pages that back @addr: of the mapping, so 4096 for transparent huge pages. */
uint64_t tracee_page_size(pid_t pid, uint64_t addr);

/* Its parent, or -1: it is gone. */
pid_t tracee_parent(pid_t pid);

/* A duplicate of its descriptor @fd, or -errno. */
int tracee_fd(pid_t pid, int fd);

/* What its descriptor @fd is open on, as fstat(2) has it. */
int tracee_fstat(pid_t pid, int fd, struct stat *ret);

/* The number that the kernel knows the eventfd @fd of this process by. -EINVAL: not an eventfd. */
int eventfd_id(int fd, uint64_t *ret_id);

#endif

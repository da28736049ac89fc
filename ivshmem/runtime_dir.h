/* SPDX-License-Identifier: BSD-3-Clause */
/* The directory where the regions of one user keep their records. */
#ifndef IVSHMEM_RUNTIME_DIR_H
#define IVSHMEM_RUNTIME_DIR_H

#include "lib/error.h"

#define IVSHMEM_RUNTIME_DIR_MAX 4096

struct ivshmem_runtime_dir {
	int fd;
	char path[IVSHMEM_RUNTIME_DIR_MAX];
};

/*
 * $IVSHMEM_RUNTIME_DIR, else /run/acrn-ivshmem for root, else $XDG_RUNTIME_DIR/acrn-ivshmem. The
 * last component is made with mode 0700 if it is missing. Whoever can write there decides which
 * memory a VM gets, so one that belongs to somebody else, that others may write to, or that is a
 * symbolic link is refused.
 * Returns 0, -EINVAL (no usable path), -EPERM (refused), -ENOTDIR, -ELOOP or another -errno, with a
 * line. The caller ends it with ivshmem_runtime_dir_close().
 */
int ivshmem_runtime_dir_open(struct ivshmem_runtime_dir *ret_dir, struct error *err);

/* Does nothing on one whose fd is -1. */
void ivshmem_runtime_dir_close(struct ivshmem_runtime_dir *dir);

#endif

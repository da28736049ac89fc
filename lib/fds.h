/* SPDX-License-Identifier: BSD-3-Clause */
/* File descriptors and eventfds. Every descriptor that is made here is close-on-exec. */
#ifndef LIB_FDS_H
#define LIB_FDS_H

#include <stdbool.h>
#include <stddef.h>

/* Close *@fd if it is open (>= 0) and set it to -1. errno is kept. */
void fd_close(int *fd);

/*
 * Open /dev/null on those of 0, 1 and 2 that are closed, or the next file opened would take the
 * place of standard input or output. To be called first in main(). Returns 0 or -errno.
 */
int fds_fill_standard(void);

/* Let the process have as many descriptors as it may (RLIMIT_NOFILE), or leave it as it is. */
void fds_raise_limit(void);

/*
 * Open the file behind @fd once more, for reading and writing: another open file description, with
 * locks of its own. Needs /proc. The caller closes it. Returns a descriptor or -errno.
 */
int fd_reopen(int fd);

/* Another descriptor of the same open file description, or -errno. The caller closes it. */
int fd_duplicate(int fd);

/* A non-blocking eventfd with counter 0, or -errno. The caller closes it. */
int eventfd_new(void);

/* Whether @fd, which somebody else has sent, is an eventfd. Without /proc any descriptor is. */
bool fd_is_eventfd(int fd);

/*
 * Whether the eventfd @fd gives its counter away one by one (EFD_SEMAPHORE), so that it may be
 * ready for years. Kernels before 6.5 and systems without /proc do not tell; then false.
 */
bool eventfd_is_semaphore(int fd);

/* Add 1 to the counter. A counter that is full stays full. */
void eventfd_signal(int fd);

/*
 * Set the counter to 0; true if it was not. Never blocks, even if somebody else who has the eventfd
 * has made it blocking.
 */
bool eventfd_drain(int fd);

/*
 * Read or write all @length bytes at @offset, across short transfers and EINTR.
 * Returns 0 or -errno; -ENODATA if the file ends first.
 */
int fd_read_all(int fd, void *buffer, size_t length, long long offset);
int fd_write_all(int fd, const void *buffer, size_t length, long long offset);

#endif

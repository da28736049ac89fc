/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes over an AF_UNIX stream socket, with a file descriptor beside them (SCM_RIGHTS, unix(7)). */
#ifndef LIB_FD_PASSING_H
#define LIB_FD_PASSING_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Send up to @length bytes without blocking and without SIGPIPE; @fd, unless it is -1, goes with
 * the first of them and stays the caller's. Returns how many bytes went out, at least 1, or -errno:
 * -EAGAIN: no room now; -EPIPE, -ECONNRESET: the other side is gone; -ETOOMANYREFS: too many
 * descriptors are on their way already.
 */
ssize_t fd_passing_send(int socket, const void *data, size_t length, int fd);

/*
 * Receive up to @length bytes without blocking. A descriptor that came with them, made
 * close-on-exec, is the caller's in *ret_fd, else that is -1; if more than one came, all but the
 * first are closed at once.
 * Returns how many bytes came, 0 at the end of the stream, or -errno (-EAGAIN: nothing there;
 * -EMFILE: the process could not take the descriptor).
 */
ssize_t fd_passing_receive(int socket, void *data, size_t length, int *ret_fd);

#endif

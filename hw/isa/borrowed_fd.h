/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A descriptor that came from our parent (stdin, stdout), used without ever blocking.
 *
 * O_NONBLOCK belongs to the open file, which the shell and its other children share with us, so it
 * is never set on what was inherited. Pipes and terminals are opened once more instead, sockets
 * take MSG_DONTWAIT, and what allows neither is asked by poll() first.
 */
#ifndef HW_ISA_BORROWED_FD_H
#define HW_ISA_BORROWED_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct borrowed_fd {
	int fd; /* what to wait on */
	bool is_own;
	bool is_socket, is_terminal;
};

/*
 * Use @fd for reading (@access O_RDONLY) or writing (O_WRONLY). It stays the caller's, and must
 * stay open until borrowed_fd_fini(). Cannot fail; one that is not open fails when it is used.
 */
void borrowed_fd_init(struct borrowed_fd *borrowed, int fd, int access);
void borrowed_fd_fini(struct borrowed_fd *borrowed);

/*
 * Read or write some bytes. Returns how many, 0 when reading meets the end, -EAGAIN, or another
 * -errno. Writing where nobody reads any more gives -EPIPE and no signal.
 */
ssize_t borrowed_fd_read(const struct borrowed_fd *borrowed, void *buffer, size_t length);
ssize_t borrowed_fd_write(const struct borrowed_fd *borrowed, const void *buffer, size_t length);

#endif

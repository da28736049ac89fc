/* SPDX-License-Identifier: BSD-3-Clause */
/* Going to the background, and the file that tells which process did. */
#ifndef TOOLS_SERVER_DAEMON_H
#define TOOLS_SERVER_DAEMON_H

#include "lib/error.h"

/*
 * Fork. The caller goes on in the child, in a session of its own, and gets *ret_ready for
 * server_daemon_ready(); the parent ends with status 0 once that was called, or with the child's.
 * Returns 0 or -errno, with a line.
 */
int server_daemon_start(int *ret_ready, struct error *err);

/* All is set up: let go of the terminal and of the parent. */
void server_daemon_ready(int ready);

/* Write this process's id to @path. Returns 0 or -errno, with a line. */
int server_pid_file_write(const char *path, struct error *err);

/* Remove it, if it still names this process. */
void server_pid_file_remove(const char *path);

#endif

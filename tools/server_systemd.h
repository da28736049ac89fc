/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a service manager and its service say to each other, by the protocols that sd_listen_fds(3)
 * and sd_notify(3) describe, without their library.
 */
#ifndef TOOLS_SERVER_SYSTEMD_H
#define TOOLS_SERVER_SYSTEMD_H

#include "lib/error.h"

struct server_systemd {
	int listening; /* the socket that was passed, listening; -1: none */
	int notify;    /* -1: nobody wants to know */
};

#define SERVER_SYSTEMD_NONE { .listening = -1, .notify = -1 }

/*
 * Take what the environment offers, and the variables from it. To be called before any fork, since
 * the socket is for this process only. An address for notifications that nobody listens at is no
 * failure: it is nobody who wants to know.
 * Returns 0 and what is to be ended with server_systemd_fini(), or with a line -EINVAL (the
 * variables make no sense, several sockets, or one of the wrong kind) or -EBADF (there is none).
 */
int server_systemd_init(struct server_systemd *ret_systemd, struct error *err);

/* Closes both. Accepts SERVER_SYSTEMD_NONE. */
void server_systemd_fini(struct server_systemd *systemd);

/* Send lines like "READY=1", separated by newlines. Takes two seconds at most. */
void server_systemd_notify(const struct server_systemd *systemd, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif

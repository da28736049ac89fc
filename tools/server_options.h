/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of ivshmem-server. */
#ifndef TOOLS_SERVER_OPTIONS_H
#define TOOLS_SERVER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ivshmem/name.h"
#include "lib/error.h"

#define SERVER_UIDS_MAX 16

struct server_options {
	bool help, version;
	bool verbose;
	bool foreground;
	bool exit_when_empty;
	const char *pid_file; /* NULL: none */
	const char *socket; /* NULL: where the region's users look for it */
	/* The memory: one of these three. */
	const char *shm; /* name of a POSIX object, without a slash */
	const char *dir;
	const char *region; /* its name is in region_name */
	struct ivshmem_name region_name;
	uint64_t size; /* bytes, a power of two from a page up */
	uint64_t asked_size; /* before it was rounded up */
	uint32_t vectors;
	int socket_mode; /* SERVER_SOCKET_NO_MODE: as the umask says */
	gid_t socket_group; /* SERVER_SOCKET_NO_GROUP: the process's */
	const char *status; /* NULL: none */
	uid_t uids[SERVER_UIDS_MAX];
	size_t uid_count; /* 0: everybody who can open the socket */
};

/* Nothing is opened. The words stay the caller's. Returns 0 or -EINVAL with a line. */
int server_options_parse(struct server_options *ret_options, int argc, char **argv,
			 struct error *err);

extern const char server_options_help[];

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For the tests of the link: a device that writes down what it is told, and servers for it in the
 * same event loop.
 */
#ifndef TESTS_UNIT_LINK_FIXTURE_H
#define TESTS_UNIT_LINK_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/pci/ivshmem_link.h"
#include "ivshmem/server_path.h"
#include "lib/event_loop.h"
#include "tests/leaks.h"
#include "tests/unit/region_fixture.h"

struct ivshmem_server;

#define LINK_OTHERS_MAX 64

#define LINK_NOBODY 0x10000 /* in place of an id */

struct link_fixture {
	struct event_loop *loop;
	struct ivshmem_link *link;
	struct ivshmem_link_params params;
	struct leaks before;
	int memory;
	char path[IVSHMEM_SERVER_PATH_MAX];

	/* What the device is told: "ready 1, join 0.0, own 0, left 0, settled". */
	char log[1024];
	unsigned int readies, joins;
	int ready_result;

	/* Whoever listens at the path: a real server ... */
	int listening;
	struct ivshmem_server *server;
	unsigned int clients;
	/* ... or one that does as scripts[connection] says, the last one again and again. */
	struct event_source *source;
	const char *const *scripts;
	unsigned int accepts;
	uint32_t claim; /* of the latest client */
	int sockets[LINK_OTHERS_MAX];

	/* Other clients of a real server. They read nothing. */
	int others[LINK_OTHERS_MAX];
	unsigned int other_count;

	struct ivshmem_region_params region_params;
	struct ivshmem_region *region;
};

/* The callbacks that write down; they end what they are given. */
extern const struct ivshmem_link_ops link_fixture_ops;

/* A device that is told to connect to a path, or (own) that uses the region's own server. */
void link_fixture_begin(struct link_fixture *f);
void link_fixture_begin_own(struct link_fixture *f);
void link_fixture_end(struct link_fixture *f);

/* Connect, which must succeed. */
void link_open(struct link_fixture *f);
/* It must fail with @code and a line that has @words, and leave nothing. */
void link_refuse(struct link_fixture *f, int code, const char *words);

/* A real server at the device's path. */
void link_start_server(struct link_fixture *f, uint32_t vectors);
/*
 * One that follows scripts, a list that ends with NULL: "v" the version, "5" the number 5, "m" the
 * memory, "+5" an eventfd of peer 5; with "." in the end it closes the connection.
 */
void link_start_scripted(struct link_fixture *f, const char *const *scripts);
/* End whichever there is; its socket stays in the file system, or (kill) does not. */
void link_stop_servers(struct link_fixture *f);
void link_kill_server(struct link_fixture *f);

/* One more client of the real server. */
void link_add_other(struct link_fixture *f);
/* Whether the real server has all clients, the device included. */
bool link_are_clients(struct link_fixture *f);

/* Run the loop until @done, which the test fails without; or until the log has @words. */
bool link_wait_until(struct link_fixture *f, bool (*done)(struct link_fixture *f));
void link_wait_for(struct link_fixture *f, const char *words);

/* Stops the loop @ms later, and every @ms from then on. */
struct stopper {
	int timer;
	struct event_source *source;
};

void stopper_begin(struct stopper *stopper, struct event_loop *loop, long ms);
void stopper_end(struct stopper *stopper);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The doorbells of the ivshmem device without bus and server: what comes of what is said to it. */
#include "hw/pci/ivshmem_core.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "hw/pci/ivshmem_doorbell.h"
#include "hw/pci/ivshmem_link.h"
#include "hw/pci/ivshmem_options.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/log.h"
#include "lib/util.h"
#include "tests/leaks.h"
#include "tests/unit/core_fixture.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/loop_turn.h"
#include "tests/unit/unit.h"

/* The server's messages. What can be rung is returned as a descriptor for the test. */
static void say_ready_with(uint16_t id, int memory)
{
	core_link.ready_result =
		core_link.params.ops->ready(core_link.params.ctx, "/server", id,
					    fd_duplicate(memory), &core_link.err);
}

static void say_ready(uint16_t id)
{
	say_ready_with(id, core_region.fd);
	CU_ASSERT_EQUAL(core_link.ready_result, 0);
}

static int say_joined(uint16_t id, unsigned int vector)
{
	int fd = eventfd_new(), mine = fd_duplicate(fd);

	core_link.params.ops->joined(core_link.params.ctx, id, vector, fd);
	return mine;
}

static void say_left(uint16_t id)
{
	core_link.params.ops->left(core_link.params.ctx, id);
}

static int say_own(unsigned int vector)
{
	int fd = eventfd_new(), mine = fd_duplicate(fd);

	core_link.params.ops->own_vector(core_link.params.ctx, vector, fd);
	return mine;
}

static void say_settled(void)
{
	core_link.params.ops->settled(core_link.params.ctx, "/server");
}

static void greet_as_3(void)
{
	say_ready(3);
}

static void ring(struct ivshmem_core *core, uint16_t peer, unsigned int vector)
{
	ivshmem_core_write(core, IVSHMEM_DOORBELL, 4, (uint32_t)peer << 16 | vector);
}

static void test_options_reach_the_link(void)
{
	static const struct ivshmem_options plain = { .size = CORE_SIZE };
	struct ivshmem_options options = {
		.size = CORE_SIZE,
		.vectors = CORE_VECTORS,
		.server = "/some/socket",
		.group = "kvm",
	};
	struct core_carrier carrier;
	struct ivshmem_core core;
	struct error err;

	core_doorbell_prepare(&carrier, greet_as_3);
	CU_ASSERT_EQUAL(core_init(&core, &carrier, &options, &err), 0);
	CU_ASSERT_PTR_EQUAL(core_link.params.loop, core_loop);
	CU_ASSERT_STRING_EQUAL(core_link.params.tag, "test");
	CU_ASSERT_STRING_EQUAL(core_link.params.path, "/some/socket");
	CU_ASSERT_PTR_EQUAL(core_link.params.start.region, &core_region);
	CU_ASSERT_PTR_EQUAL(core_link.params.start.name, &options.name);
	CU_ASSERT_EQUAL(core_link.params.start.vectors, CORE_VECTORS);
	CU_ASSERT_STRING_EQUAL(core_link.params.start.group, "kvm");
	core_doorbell_end(&core, &carrier);
	/* Who has no vectors has no server. */
	core_doorbell_prepare(&carrier, greet_as_3);
	CU_ASSERT_EQUAL(core_init(&core, &carrier, &plain, &err), 0);
	CU_ASSERT_EQUAL(core_link.opened, 0);
	ring(&core, 0, 0);
	ivshmem_core_move_registers(&core);
	core_doorbell_end(&core, &carrier);
}

static void test_no_link(void)
{
	static const struct ivshmem_options options = {
		.size = CORE_SIZE,
		.vectors = CORE_VECTORS,
	};
	struct core_carrier carrier;
	struct error err = { "" };
	struct ivshmem_core core;

	core_doorbell_prepare(&carrier, greet_as_3);
	core_link.open_result = -ECONNREFUSED;
	CU_ASSERT_EQUAL(core_init(&core, &carrier, &options, &err), -ECONNREFUSED);
	CU_ASSERT_STRING_EQUAL(err.text, "fake link");
	core_doorbell_end(&core, &carrier);
}

static void greet_as_last(void)
{
	say_ready(0xffff);
}

static void test_own_id(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;
	int own;

	core_doorbell_begin(&core, &carrier, greet_as_last);
	CU_ASSERT_EQUAL(core_get(&core, IVSHMEM_IV_POSITION, 4), 0xffff);
	ivshmem_core_reset(&core);
	CU_ASSERT_EQUAL(core_get(&core, IVSHMEM_IV_POSITION, 4), 0xffff);
	own = say_own(0);
	ring(&core, 0xffff, 0);
	CU_ASSERT(eventfd_drain(own));
	fd_close(&own);
	core_doorbell_end(&core, &carrier);
}

static int other_memory;

static void greet_with_other_memory(void)
{
	say_ready_with(3, other_memory);
}

/* The region's memory and no other, at the start and later. */
static void test_other_memory(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;
	struct leaks now, then;

	other_memory = memfd_create("other", MFD_CLOEXEC);
	core_doorbell_begin(&core, &carrier, greet_with_other_memory);
	CU_ASSERT_EQUAL(core_link.ready_result, -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(core_link.err.text,
				      "it serves other memory than /dev/shm/fake"));
	then = leaks_count();
	say_ready_with(4, other_memory);
	now = leaks_count();
	CU_ASSERT_EQUAL(core_link.ready_result, -EINVAL);
	CU_ASSERT(leaks_equal(&then, &now));
	CU_ASSERT_EQUAL(core_get(&core, IVSHMEM_IV_POSITION, 4), 0);
	core_doorbell_end(&core, &carrier);
	fd_close(&other_memory);
}

/* The same memory, from somebody who may not use it. */
static void test_memory_without_right(void)
{
	static const int modes[] = { O_PATH, O_RDONLY, O_WRONLY };
	struct core_carrier carrier;
	struct ivshmem_core core;
	struct leaks now, then;
	char path[32];
	size_t i;
	int fd;

	core_doorbell_begin(&core, &carrier, greet_as_3);
	then = leaks_count();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", core_region.fd);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		fd = open(path, modes[i] | O_CLOEXEC);
		CU_ASSERT(fd >= 0);
		say_ready_with(4, fd);
		fd_close(&fd);
		CU_ASSERT_EQUAL(core_link.ready_result, -EPERM);
		CU_ASSERT_PTR_NOT_NULL(strstr(core_link.err.text, "without the right"));
	}
	now = leaks_count();
	CU_ASSERT(leaks_equal(&then, &now));
	core_doorbell_end(&core, &carrier);
}

/* The first server's descriptor is kept, as it has the lease, and the latest one of another id. */
static void test_lease(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;
	struct leaks now, then;

	core_doorbell_begin(&core, &carrier, greet_as_3);
	CU_ASSERT(core.lease >= 0);
	then = leaks_count();
	say_ready(3);
	say_ready(3);
	now = leaks_count();
	CU_ASSERT(leaks_equal(&then, &now));
	log_set_level((enum log_level)-1);
	say_ready(4);
	say_ready(5);
	log_set_level(LOG_LEVEL_WARNING);
	now = leaks_count();
	CU_ASSERT_EQUAL(now.fds, then.fds + 1);
	say_ready(3);
	now = leaks_count();
	CU_ASSERT(leaks_equal(&then, &now));
	core_doorbell_end(&core, &carrier);
}

static void test_peers(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;
	int peers[3];
	size_t i;

	core_doorbell_begin(&core, &carrier, greet_as_3);
	peers[0] = say_joined(0, 0);
	peers[1] = say_joined(0, 1);
	peers[2] = say_joined(7, 0);
	ring(&core, 0, 1);
	CU_ASSERT_FALSE(eventfd_drain(peers[0]));
	CU_ASSERT(eventfd_drain(peers[1]));
	CU_ASSERT_FALSE(eventfd_drain(peers[2]));
	say_left(0);
	ring(&core, 0, 1);
	ring(&core, 7, 0);
	CU_ASSERT_FALSE(eventfd_drain(peers[1]));
	CU_ASSERT(eventfd_drain(peers[2]));
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(core.doorbell), 1);
	/* Reading tells nothing. */
	CU_ASSERT_EQUAL(core_get(&core, IVSHMEM_DOORBELL, 4), 0);
	for (i = 0; i < ARRAY_SIZE(peers); i++)
		fd_close(&peers[i]);
	core_doorbell_end(&core, &carrier);
}

/* Writes of other sizes and offsets: which vector of peer 0, and of peer 1, they ring. */
static void test_odd_rings(void)
{
	static const struct {
		uint64_t offset;
		unsigned int size;
		uint64_t value;
		int peer, vector; /* peer -1: nobody */
	} rows[] = {
		{ 12, 4, 0x00010001, 1, 1 },
		{ 12, 1, 0x01, 0, 1 },
		{ 12, 2, 0x0001, 0, 1 },
		{ 12, 8, 0xdeadbeef00010001, 1, 1 },
		{ 8, 8, 0x0001000100000000, 1, 1 },
		{ 13, 1, 0x01, 0, 1 },
		{ 14, 2, 0x0001, 0, 1 },
		{ 8, 4, 0x00010001, -1, 0 },
		{ 16, 4, 0x00010001, -1, 0 },
		{ 0, 8, 0x0001000100010001, -1, 0 },
		{ 12, 4, 0x00010002, -1, 0 },
		{ 12, 4, 0x00010101, -1, 0 },
		{ 12, 4, 0x01010001, -1, 0 },
	};
	struct core_carrier carrier;
	struct ivshmem_core core;
	int fds[2][2], peer, vector;
	size_t i;

	core_doorbell_begin(&core, &carrier, greet_as_3);
	for (i = 0; i < 4; i++)
		fds[i / 2][i % 2] = say_joined((uint16_t)(i / 2), i % 2);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ivshmem_core_write(&core, rows[i].offset, rows[i].size, rows[i].value);
		for (peer = 0; peer < 2; peer++)
			for (vector = 0; vector < 2; vector++)
				CU_ASSERT_EQUAL(eventfd_drain(fds[peer][vector]),
						peer == rows[i].peer && vector == rows[i].vector);
	}
	for (i = 0; i < 4; i++)
		fd_close(&fds[i / 2][i % 2]);
	core_doorbell_end(&core, &carrier);
}

/* Own eventfds are the carrier's to listen to, and the guest's to ring. */
static void test_own_vectors(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;
	int own[CORE_VECTORS + 1], i;

	core_doorbell_begin(&core, &carrier, greet_as_3);
	/* The server gives more than the device has. */
	for (i = 0; i < CORE_VECTORS + 1; i++)
		own[i] = say_own((unsigned int)i);
	for (i = 0; i < CORE_VECTORS; i++) {
		CU_ASSERT_FATAL(carrier.bound[i] >= 0);
		eventfd_signal(own[i]);
		CU_ASSERT(eventfd_drain(carrier.bound[i]));
		ring(&core, 3, (unsigned int)i);
		CU_ASSERT(eventfd_drain(carrier.bound[i]));
	}
	ring(&core, 3, CORE_VECTORS);
	CU_ASSERT_FALSE(eventfd_drain(own[CORE_VECTORS]));
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(core.doorbell), 1);
	for (i = 0; i < CORE_VECTORS + 1; i++)
		fd_close(&own[i]);
	core_doorbell_end(&core, &carrier);
}

/* Descriptors have run out: those of peers are given back, and told again later. */
static void test_starved(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;
	struct leaks then, now;
	int own, peer;

	core_doorbell_begin(&core, &carrier, greet_as_3);
	own = say_own(0);
	then = leaks_count();
	peer = say_joined(9, 0);
	core_link.params.ops->starved(core_link.params.ctx);
	ring(&core, 9, 0);
	CU_ASSERT_FALSE(eventfd_drain(peer));
	fd_close(&peer);
	now = leaks_count();
	CU_ASSERT(leaks_equal(&then, &now));
	ring(&core, 3, 0);
	CU_ASSERT(eventfd_drain(own));
	peer = say_joined(9, 0);
	ring(&core, 9, 0);
	CU_ASSERT(eventfd_drain(peer));
	fd_close(&peer);
	fd_close(&own);
	core_doorbell_end(&core, &carrier);
}

/* The next server gives the id again. */
static void test_connected_again(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;
	int own, old, peer;
	const char *text;

	core_doorbell_begin(&core, &carrier, greet_as_3);
	log_capture_begin();
	peer = say_joined(1, 0);
	old = say_own(0);
	say_ready(3);
	CU_ASSERT_EQUAL(carrier.bound[0], -1);
	own = say_own(0);
	CU_ASSERT_FATAL(carrier.bound[0] >= 0);
	eventfd_signal(own);
	CU_ASSERT(eventfd_drain(carrier.bound[0]));
	/* The guest rings itself by the new one, peers ring it by either. */
	ring(&core, 3, 0);
	CU_ASSERT(eventfd_drain(own));
	CU_ASSERT_FALSE(eventfd_drain(old));
	loop_turn(core_loop);
	CU_ASSERT_EQUAL(carrier.raised[0], 0);
	eventfd_signal(old);
	loop_turn(core_loop);
	CU_ASSERT_EQUAL(carrier.raised[0], 1);
	/* The new server has not told of that one yet, and may never. */
	ring(&core, 1, 0);
	CU_ASSERT(eventfd_drain(peer));
	fd_close(&peer);
	peer = say_joined(1, 0);
	ring(&core, 1, 0);
	CU_ASSERT(eventfd_drain(peer));
	CU_ASSERT_EQUAL(log_capture_end(&text), 0);
	fd_close(&peer);
	fd_close(&own);
	fd_close(&old);
	core_doorbell_end(&core, &carrier);
}

/* The next server gives another id, and the old one to somebody else. */
static void test_another_id(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;
	int own, impostor;
	const char *text;

	core_doorbell_begin(&core, &carrier, greet_as_3);
	log_capture_begin();
	say_ready(5);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "/server gives the id 5, the guest goes on as 3"));
	CU_ASSERT_EQUAL(core_get(&core, IVSHMEM_IV_POSITION, 4), 3);
	own = say_own(0);
	impostor = say_joined(3, 0);
	ring(&core, 3, 0);
	CU_ASSERT(eventfd_drain(own));
	CU_ASSERT_FALSE(eventfd_drain(impostor));
	say_left(3);
	ring(&core, 3, 0);
	CU_ASSERT(eventfd_drain(own));
	fd_close(&impostor);
	fd_close(&own);
	core_doorbell_end(&core, &carrier);
}

static void greet_twice(void)
{
	int fds[] = { -1, -1, -1, -1 };
	size_t i;

	say_ready(3);
	fds[0] = say_joined(5, 0);
	fds[1] = say_joined(5, 1);
	fds[2] = say_own(0);
	/* That server has ended, another one knows the device by another number. */
	say_ready(5);
	fds[3] = say_own(0);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fd_close(&fds[i]);
}

/* Before the guest runs the latest server counts, and nothing of the one before is left. */
static void test_two_servers_at_start(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;

	core_doorbell_begin(&core, &carrier, greet_twice);
	CU_ASSERT_EQUAL(core_get(&core, IVSHMEM_IV_POSITION, 4), 5);
	ring(&core, 5, 0);
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(core.doorbell), 0);
	CU_ASSERT(carrier.bound[0] >= 0 && eventfd_drain(carrier.bound[0]));
	ring(&core, 5, 1);
	ring(&core, 3, 0);
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(core.doorbell), 2);
	core_doorbell_end(&core, &carrier);
}

static void test_settled(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;
	int own[2];
	const char *text;

	core_doorbell_begin(&core, &carrier, greet_as_3);
	log_capture_begin();
	own[0] = say_own(0);
	say_settled();
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "nobody can ring all of its 2 vectors, ivshmem server "
					    "/server gives each peer 1"));
	log_capture_begin();
	own[1] = say_own(1);
	say_settled();
	CU_ASSERT_EQUAL(log_capture_end(&text), 0);
	fd_close(&own[0]);
	fd_close(&own[1]);
	core_doorbell_end(&core, &carrier);
}

/* A server that comes and goes does not fill the log. */
static void test_log_is_limited(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;
	const char *text;
	int i;

	core_doorbell_begin(&core, &carrier, greet_as_3);
	log_capture_begin();
	for (i = 0; i < 100; i++) {
		say_ready((uint16_t)(i + 4));
		say_settled();
	}
	CU_ASSERT(log_capture_end(&text) <= 2 * (LOG_LIMIT_BURST + 1));
	core_doorbell_end(&core, &carrier);
}

/* Nor does one that comes and goes while there are no descriptors. */
static void test_log_of_shortage(void)
{
	struct rlimit old, none;
	struct core_carrier carrier;
	struct ivshmem_core core;
	const char *text;
	int i, fd;

	core_doorbell_begin(&core, &carrier, greet_as_3);
	CU_ASSERT_EQUAL_FATAL(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	log_capture_begin();
	for (i = 0; i < 100; i++) {
		say_ready(3);
		fd = eventfd_new();
		setrlimit(RLIMIT_NOFILE, &none);
		core_link.params.ops->own_vector(core_link.params.ctx, 0, fd);
		setrlimit(RLIMIT_NOFILE, &old);
	}
	CU_ASSERT_EQUAL(log_capture_end(&text), LOG_LIMIT_BURST + 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "the guest cannot ring its own vector 0: "));
	core_doorbell_end(&core, &carrier);
}

/* What is rung often is caught by the carrier, at the place where the registers are. */
static void test_registers_move(void)
{
	struct core_carrier carrier;
	struct ivshmem_core core;
	unsigned int i;
	int peer;

	core_doorbell_begin(&core, &carrier, greet_as_3);
	peer = say_joined(1, 0);
	for (i = 0; i < 16; i++)
		ring(&core, 1, 0);
	CU_ASSERT_EQUAL(carrier.catches, 1);
	CU_ASSERT_EQUAL(carrier.caught, 1 << 16);
	ivshmem_core_move_registers(&core);
	CU_ASSERT_EQUAL(carrier.catches, 0);
	eventfd_drain(peer);
	ring(&core, 1, 0);
	CU_ASSERT(eventfd_drain(peer));
	for (i = 0; i < 16; i++)
		ring(&core, 1, 0);
	CU_ASSERT_EQUAL(carrier.catches, 1);
	fd_close(&peer);
	core_doorbell_end(&core, &carrier);
}

static const struct unit_test tests[] = {
	{ "options reach the link", test_options_reach_the_link },
	{ "no link", test_no_link },
	{ "the server's id", test_own_id },
	{ "other memory", test_other_memory },
	{ "memory without the right to use it", test_memory_without_right },
	{ "the lease is kept", test_lease },
	{ "peers", test_peers },
	{ "rings of other sizes and offsets", test_odd_rings },
	{ "own vectors", test_own_vectors },
	{ "out of descriptors", test_starved },
	{ "connected again", test_connected_again },
	{ "connected again, with another id", test_another_id },
	{ "two servers at the start", test_two_servers_at_start },
	{ "fewer vectors than the device's", test_settled },
	{ "a server that comes and goes", test_log_is_limited },
	{ "the log of a shortage", test_log_of_shortage },
	{ "registers move", test_registers_move },
};

UNIT_MAIN("ivshmem core: doorbells", tests)

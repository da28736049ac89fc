/* SPDX-License-Identifier: BSD-3-Clause */
/* Ringing peers: every ring reaches its eventfd once, whether the carrier catches it or not. */
#include "hw/pci/ivshmem_doorbell.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "hw/pci/ivshmem_host.h"
#include "lib/fds.h"
#include "lib/util.h"
#include "tests/leaks.h"
#include "tests/unit/unit.h"

/* More than any pair needs to become hot while there is room. "A few." */
#define A_FEW 16
/* More than any pair needs if another one has to go. */
#define MANY 1000

#define HOT_MAX IVSHMEM_DOORBELL_HOT_MAX

#define PEERS 80
#define VECTORS 4

/* A carrier that delivers what it catches as a hypervisor would, and minds the device's manners. */
struct carrier {
	struct ivshmem_doorbell *doorbell;
	struct caught {
		uint32_t value;
		int fd;
	} caught[HOT_MAX];
	unsigned int count, calls;
	int result; /* of the next calls that ask to catch */
};

static struct caught *find(struct carrier *carrier, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < carrier->count; i++)
		if (carrier->caught[i].value == value)
			return &carrier->caught[i];
	return NULL;
}

static bool is_caught(struct carrier *carrier, uint16_t id, unsigned int vector)
{
	return find(carrier, (uint32_t)id << 16 | vector);
}

static int catch_ring(void *ctx, uint32_t value, int fd, bool on)
{
	struct carrier *carrier = ctx;
	struct caught *at = find(carrier, value);

	carrier->calls++;
	/* An eventfd is taken back while it is still open. */
	CU_ASSERT(fcntl(fd, F_GETFD) >= 0);
	if (!on) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		CU_ASSERT_EQUAL(at->fd, fd);
		*at = carrier->caught[--carrier->count];
		return 0;
	}
	CU_ASSERT_PTR_NULL(at);
	if (carrier->result < 0)
		return carrier->result;
	CU_ASSERT_FATAL(carrier->count < HOT_MAX);
	carrier->caught[carrier->count++] = (struct caught){ value, fd };
	return 0;
}

static const struct ivshmem_host host = { .catch_ring = catch_ring };

/* The guest writes to its register. */
static void ring(struct carrier *carrier, uint16_t id, unsigned int vector)
{
	const uint32_t value = (uint32_t)id << 16 | vector;
	const struct caught *at = find(carrier, value);

	if (at)
		eventfd_signal(at->fd);
	else
		ivshmem_doorbell_ring(carrier->doorbell, value);
}

static struct leaks before;

static void begin(struct carrier *carrier)
{
	before = leaks_count();
	*carrier = (struct carrier){ 0 };
	CU_ASSERT_EQUAL_FATAL(ivshmem_doorbell_new(&host, carrier, &carrier->doorbell), 0);
}

static void end(struct carrier *carrier)
{
	struct leaks after;

	ivshmem_doorbell_free(carrier->doorbell);
	CU_ASSERT_EQUAL(carrier->count, 0);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
}

/* Adds an eventfd and returns another descriptor of it, to be read and closed by the test. */
static int add(struct carrier *carrier, uint16_t id, unsigned int vector)
{
	int fd = eventfd_new(), mine = fd_duplicate(fd);

	CU_ASSERT_FATAL(fd >= 0 && mine >= 0);
	CU_ASSERT_EQUAL(ivshmem_doorbell_add(carrier->doorbell, id, vector, fd), 0);
	return mine;
}

/* How often it was rung since the last look. */
static uint64_t rung(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

/* Rings until the carrier has it. Returns after how many. */
static unsigned int heat(struct carrier *carrier, uint16_t id, unsigned int vector)
{
	unsigned int rings = 0;

	while (!is_caught(carrier, id, vector) && rings < MANY) {
		ring(carrier, id, vector);
		rings++;
	}
	CU_ASSERT(is_caught(carrier, id, vector));
	return rings;
}

static void test_slow_and_fast(void)
{
	struct carrier carrier;
	unsigned int rings;
	int fd;

	begin(&carrier);
	fd = add(&carrier, 3, 0);
	ring(&carrier, 3, 0);
	CU_ASSERT_EQUAL(rung(fd), 1);
	/* Who is rung once is not worth an entry. */
	CU_ASSERT_EQUAL(carrier.calls, 0);
	rings = heat(&carrier, 3, 0);
	CU_ASSERT(rings <= A_FEW);
	CU_ASSERT_EQUAL(rung(fd), rings);
	ring(&carrier, 3, 0);
	CU_ASSERT_EQUAL(rung(fd), 1);
	CU_ASSERT_EQUAL(carrier.calls, 1);
	/* Written in another size, it comes on the slow way all the same. */
	for (rings = 0; rings < MANY; rings++)
		ivshmem_doorbell_ring(carrier.doorbell, 3 << 16);
	CU_ASSERT_EQUAL(rung(fd), MANY);
	CU_ASSERT_EQUAL(carrier.calls, 1);
	fd_close(&fd);
	end(&carrier);
}

/* Only the pairs that are there are rung, and never one for another. */
static void test_unknown_pairs(void)
{
	static const uint32_t unknown[] = {
		0,	    1,		0x0000ffff, 0x00050002, 0x0005ffff, 0x00060000,
		0x80000000, 0x00040000, 0xffff0001, 0xffffffff, 0x00000005,
	};
	struct carrier carrier;
	int fds[3];
	size_t i;

	begin(&carrier);
	fds[0] = add(&carrier, 5, 0);
	fds[1] = add(&carrier, 5, 1);
	fds[2] = add(&carrier, 0xffff, 0);
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(carrier.doorbell), 0);
	for (i = 0; i < ARRAY_SIZE(unknown) * A_FEW; i++)
		ivshmem_doorbell_ring(carrier.doorbell, unknown[i % ARRAY_SIZE(unknown)]);
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(carrier.doorbell), i);
	CU_ASSERT_EQUAL(carrier.calls, 0);
	ring(&carrier, 5, 1);
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(carrier.doorbell), i);
	CU_ASSERT_EQUAL(rung(fds[0]), 0);
	CU_ASSERT_EQUAL(rung(fds[1]), 1);
	CU_ASSERT_EQUAL(rung(fds[2]), 0);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fd_close(&fds[i]);
	end(&carrier);
}

static void test_out_of_order(void)
{
	static const unsigned int wrong[] = { 1, 2, 0xffff, 0x10000, UINT32_MAX };
	struct carrier carrier;
	size_t i;
	int fd;

	begin(&carrier);
	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		CU_ASSERT_EQUAL(
			ivshmem_doorbell_add(carrier.doorbell, 7, wrong[i], eventfd_new()),
			-EINVAL);
	fd = add(&carrier, 7, 0);
	for (i = 1; i < ARRAY_SIZE(wrong); i++)
		CU_ASSERT_EQUAL(
			ivshmem_doorbell_add(carrier.doorbell, 7, wrong[i], eventfd_new()),
			-EINVAL);
	/* Nothing of it came to stay. */
	ring(&carrier, 7, 1);
	ring(&carrier, 7, 2);
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(carrier.doorbell), 2);
	ring(&carrier, 7, 0);
	CU_ASSERT_EQUAL(rung(fd), 1);
	fd_close(&fd);
	end(&carrier);
}

/* The last peer, and a vector that has no room in a byte. */
static void test_edges(void)
{
	struct carrier carrier;
	unsigned int vector;
	int last = -1;

	begin(&carrier);
	for (vector = 0; vector < 300; vector++) {
		fd_close(&last);
		last = add(&carrier, 0xffff, vector);
	}
	heat(&carrier, 0xffff, 299);
	CU_ASSERT_EQUAL(carrier.caught[0].value, UINT32_C(0xffff012b));
	CU_ASSERT(rung(last) > 0);
	/* Not the vector that its low byte names. */
	CU_ASSERT_FALSE(is_caught(&carrier, 0xffff, 299 & 0xff));
	ring(&carrier, 0xffff, 300);
	ring(&carrier, 0xffff, 0xffff);
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(carrier.doorbell), 2);
	CU_ASSERT_EQUAL(rung(last), 0);
	fd_close(&last);
	end(&carrier);
}

static void test_replaced(void)
{
	struct carrier carrier;
	int old, new, other;

	begin(&carrier);
	old = add(&carrier, 1, 0);
	other = add(&carrier, 1, 1);
	ring(&carrier, 1, 0);
	CU_ASSERT_EQUAL(rung(old), 1);
	/* While it is cold. */
	new = add(&carrier, 1, 0);
	ring(&carrier, 1, 0);
	CU_ASSERT_EQUAL(rung(old), 0);
	CU_ASSERT_EQUAL(rung(new), 1);
	fd_close(&old);
	/* While it is hot: no write may reach the old one any longer. */
	old = new;
	heat(&carrier, 1, 0);
	heat(&carrier, 1, 1);
	CU_ASSERT(rung(old) > 0);
	new = add(&carrier, 1, 0);
	CU_ASSERT_FALSE(is_caught(&carrier, 1, 0));
	CU_ASSERT(is_caught(&carrier, 1, 1));
	ring(&carrier, 1, 0);
	CU_ASSERT_EQUAL(rung(old), 0);
	CU_ASSERT_EQUAL(rung(new), 1);
	CU_ASSERT(heat(&carrier, 1, 0) <= A_FEW);
	CU_ASSERT(rung(other) > 0);
	fd_close(&old);
	fd_close(&new);
	fd_close(&other);
	end(&carrier);
}

static void test_removed(void)
{
	struct carrier carrier;
	int fds[3], fd;
	size_t i;

	begin(&carrier);
	fds[0] = add(&carrier, 8, 0);
	fds[1] = add(&carrier, 8, 1);
	fds[2] = add(&carrier, 9, 0);
	heat(&carrier, 8, 1);
	heat(&carrier, 9, 0);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		rung(fds[i]);
	ivshmem_doorbell_remove(carrier.doorbell, 8);
	ivshmem_doorbell_remove(carrier.doorbell, 8);
	ivshmem_doorbell_remove(carrier.doorbell, 10);
	CU_ASSERT_EQUAL(carrier.count, 1);
	ring(&carrier, 8, 0);
	ring(&carrier, 8, 1);
	ring(&carrier, 9, 0);
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(carrier.doorbell), 2);
	CU_ASSERT_EQUAL(rung(fds[0]), 0);
	CU_ASSERT_EQUAL(rung(fds[1]), 0);
	CU_ASSERT_EQUAL(rung(fds[2]), 1);
	/* It may come again, and begins with nothing. */
	CU_ASSERT_EQUAL(ivshmem_doorbell_add(carrier.doorbell, 8, 1, eventfd_new()), -EINVAL);
	fd = add(&carrier, 8, 0);
	ring(&carrier, 8, 0);
	CU_ASSERT_EQUAL(rung(fd), 1);
	CU_ASSERT_EQUAL(carrier.count, 1);
	fd_close(&fd);
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fd_close(&fds[i]);
	end(&carrier);
}

/* @HOT_MAX peers of a vector each, all of them hot, in order. */
static void fill(struct carrier *carrier)
{
	uint16_t id;
	int fd;

	for (id = 0; id <= HOT_MAX; id++) {
		fd = add(carrier, id, 0);
		fd_close(&fd);
	}
	for (id = 0; id < HOT_MAX; id++) {
		CU_ASSERT(heat(carrier, id, 0) <= A_FEW);
		CU_ASSERT_EQUAL(carrier->count, (unsigned int)id + 1);
	}
}

/* Who was made hot first goes first. */
static void test_eviction(void)
{
	struct carrier carrier;
	uint16_t id;

	begin(&carrier);
	fill(&carrier);
	/* Not for the first few rings: changing places is dear. */
	for (id = 0; id < A_FEW; id++)
		ring(&carrier, HOT_MAX, 0);
	CU_ASSERT_EQUAL(carrier.calls, HOT_MAX);
	heat(&carrier, HOT_MAX, 0);
	CU_ASSERT_EQUAL(carrier.count, HOT_MAX);
	CU_ASSERT_FALSE(is_caught(&carrier, 0, 0));
	for (id = 0; id < HOT_MAX; id++) {
		CU_ASSERT_FALSE(is_caught(&carrier, id, 0));
		heat(&carrier, id, 0);
		CU_ASSERT_EQUAL(carrier.count, HOT_MAX);
		CU_ASSERT_FALSE(is_caught(&carrier, (uint16_t)(id + 1), 0));
	}
	end(&carrier);
}

/* Whoever leaves makes room, at any place of the order. */
static void test_room_again(void)
{
	static const uint16_t leave[] = { 20, 0, HOT_MAX - 1 };
	struct carrier carrier;
	size_t i;
	int fd;

	begin(&carrier);
	fill(&carrier);
	for (i = 0; i < ARRAY_SIZE(leave); i++) {
		ivshmem_doorbell_remove(carrier.doorbell, leave[i]);
		CU_ASSERT_EQUAL(carrier.count, HOT_MAX - 1);
		fd = add(&carrier, leave[i], 0);
		fd_close(&fd);
		CU_ASSERT(heat(&carrier, leave[i], 0) <= A_FEW);
	}
	/* The oldest is now the second that there was. */
	heat(&carrier, HOT_MAX, 0);
	CU_ASSERT_FALSE(is_caught(&carrier, 1, 0));
	CU_ASSERT(is_caught(&carrier, 0, 0));
	end(&carrier);
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Many more pairs than can be hot, in any order: every ring arrives, once, where it should. */
static void check_counts(uint32_t (*pick)(uint32_t *state, uint32_t step))
{
	static int fds[PEERS][VECTORS];
	static uint64_t rings[PEERS][VECTORS];
	struct carrier carrier;
	uint32_t step, pair, state = 1, vector;
	uint16_t id;

	begin(&carrier);
	memset(rings, 0, sizeof(rings));
	for (id = 0; id < PEERS; id++)
		for (vector = 0; vector < VECTORS; vector++)
			fds[id][vector] = add(&carrier, id, vector);
	for (step = 0; step < 300 * PEERS * VECTORS; step++) {
		pair = pick(&state, step);
		ring(&carrier, (uint16_t)(pair / VECTORS), pair % VECTORS);
		rings[pair / VECTORS][pair % VECTORS]++;
	}
	/* There was a way to become hot, and it was not changed at every turn. */
	CU_ASSERT_EQUAL(carrier.count, HOT_MAX);
	CU_ASSERT(carrier.calls > HOT_MAX);
	CU_ASSERT(carrier.calls < step / 10);
	for (id = 0; id < PEERS; id++)
		for (vector = 0; vector < VECTORS; vector++) {
			CU_ASSERT_EQUAL(rung(fds[id][vector]), rings[id][vector]);
			fd_close(&fds[id][vector]);
		}
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(carrier.doorbell), 0);
	end(&carrier);
}

static uint32_t pick_in_turn(uint32_t *state, uint32_t step)
{
	(void)state;
	return step % (PEERS * VECTORS);
}

static uint32_t pick_in_bursts(uint32_t *state, uint32_t step)
{
	(void)state;
	return step / 100 % (PEERS * VECTORS);
}

static uint32_t pick_any(uint32_t *state, uint32_t step)
{
	(void)step;
	return next_random(state) % (PEERS * VECTORS);
}

static void test_more_than_can_be_hot(void)
{
	check_counts(pick_in_turn);
	check_counts(pick_in_bursts);
	check_counts(pick_any);
}

/* Peers come, go and are replaced while they are rung. */
static void test_churn(void)
{
	static int fds[PEERS];
	static uint64_t rings[PEERS];
	struct carrier carrier;
	uint32_t step, state = 7;
	uint64_t missed = 0;
	uint16_t id;

	begin(&carrier);
	for (id = 0; id < PEERS; id++)
		fds[id] = -1;
	memset(rings, 0, sizeof(rings));
	for (step = 0; step < 100000; step++) {
		id = (uint16_t)(next_random(&state) % PEERS);
		switch (next_random(&state) % 256) {
		case 0:
			ivshmem_doorbell_remove(carrier.doorbell, id);
			CU_ASSERT(fds[id] < 0 || rung(fds[id]) == rings[id]);
			fd_close(&fds[id]);
			rings[id] = 0;
			break;
		case 1:
		case 2:
			CU_ASSERT(fds[id] < 0 || rung(fds[id]) == rings[id]);
			fd_close(&fds[id]);
			fds[id] = add(&carrier, id, 0);
			rings[id] = 0;
			break;
		case 3:
			if (next_random(&state) % 16 == 0)
				ivshmem_doorbell_cool(carrier.doorbell);
			break;
		default:
			ring(&carrier, id, 0);
			if (fds[id] < 0)
				missed++;
			else
				rings[id]++;
			break;
		}
	}
	for (id = 0; id < PEERS; id++) {
		CU_ASSERT(fds[id] < 0 || rung(fds[id]) == rings[id]);
		fd_close(&fds[id]);
	}
	CU_ASSERT(missed > 0);
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(carrier.doorbell), missed);
	end(&carrier);
}

/* A carrier that has no room is not asked again and again, and no ring is lost. */
static void test_refused(void)
{
	struct carrier carrier;
	unsigned int i, calls;
	int fd, other;

	begin(&carrier);
	fd = add(&carrier, 2, 0);
	other = add(&carrier, 3, 0);
	carrier.result = -ENOSPC;
	for (i = 0; i < MANY; i++) {
		ring(&carrier, 2, 0);
		ring(&carrier, 3, 0);
	}
	CU_ASSERT_EQUAL(rung(fd), MANY);
	CU_ASSERT_EQUAL(rung(other), MANY);
	CU_ASSERT_EQUAL(carrier.calls, 1);
	CU_ASSERT_EQUAL(carrier.count, 0);
	/* The next time that something changes it may be different. */
	carrier.result = 0;
	calls = carrier.calls;
	ivshmem_doorbell_cool(carrier.doorbell);
	CU_ASSERT_EQUAL(carrier.calls, calls);
	CU_ASSERT(heat(&carrier, 2, 0) <= A_FEW);
	CU_ASSERT(heat(&carrier, 3, 0) <= A_FEW);
	fd_close(&fd);
	fd_close(&other);
	end(&carrier);
}

/* One had to go for the one that is refused: it is rung on the slow way. */
static void test_refused_when_full(void)
{
	struct carrier carrier;
	unsigned int i, calls;

	begin(&carrier);
	fill(&carrier);
	carrier.result = -ENOSPC;
	for (i = 0; i < MANY; i++)
		ring(&carrier, HOT_MAX, 0);
	calls = carrier.calls;
	CU_ASSERT(carrier.count >= HOT_MAX - 1);
	for (i = 0; i < MANY; i++) {
		ring(&carrier, HOT_MAX, 0);
		ring(&carrier, 0, 0);
	}
	CU_ASSERT_EQUAL(carrier.calls, calls);
	CU_ASSERT_EQUAL(ivshmem_doorbell_missed(carrier.doorbell), 0);
	end(&carrier);
}

static void test_cool(void)
{
	struct carrier carrier;
	int fd;

	begin(&carrier);
	ivshmem_doorbell_cool(carrier.doorbell);
	CU_ASSERT_EQUAL(carrier.calls, 0);
	fill(&carrier);
	fd = add(&carrier, 100, 0);
	ivshmem_doorbell_cool(carrier.doorbell);
	CU_ASSERT_EQUAL(carrier.count, 0);
	ivshmem_doorbell_cool(carrier.doorbell);
	CU_ASSERT_EQUAL(carrier.calls, 2 * HOT_MAX);
	ring(&carrier, 100, 0);
	CU_ASSERT_EQUAL(rung(fd), 1);
	CU_ASSERT(heat(&carrier, 100, 0) <= A_FEW);
	CU_ASSERT(heat(&carrier, 0, 0) <= A_FEW);
	CU_ASSERT_EQUAL(carrier.count, 2);
	fd_close(&fd);
	end(&carrier);
}

static void test_free_nothing(void)
{
	struct carrier carrier;

	ivshmem_doorbell_free(NULL);
	begin(&carrier);
	end(&carrier);
}

static const struct unit_test tests[] = {
	{ "the slow way and the fast one", test_slow_and_fast },
	{ "pairs that are not there", test_unknown_pairs },
	{ "vectors out of order", test_out_of_order },
	{ "the last peer, a vector above 255", test_edges },
	{ "replaced eventfds", test_replaced },
	{ "removed peers", test_removed },
	{ "who goes for another", test_eviction },
	{ "room again", test_room_again },
	{ "more pairs than can be hot", test_more_than_can_be_hot },
	{ "peers that come and go", test_churn },
	{ "a carrier that refuses", test_refused },
	{ "a carrier that refuses when all is full", test_refused_when_full },
	{ "taking everything back", test_cool },
	{ "nothing to free", test_free_nothing },
};

UNIT_MAIN("ivshmem doorbell", tests)

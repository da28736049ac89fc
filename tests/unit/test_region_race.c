/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many users at once: whatever the order in which they come, go and die, nobody sees half a region
 * or a former one's contents, and nothing is left in the end.
 */
#include "ivshmem/region.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/util.h"
#include "tests/unit/region_fixture.h"
#include "tests/unit/unit.h"

#define USERS 8

/* What the processes of a test tell each other. */
struct board {
	atomic_int arrived, go, failures;
};

static struct board *board_new(void)
{
	struct board *board;

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	return board == MAP_FAILED ? NULL : board;
}

static void board_free(struct board *board)
{
	munmap(board, sizeof(*board));
}

static void sleep_us(unsigned int us)
{
	struct timespec pause = { .tv_nsec = (long)us * 1000 };

	nanosleep(&pause, NULL);
}

/*
 * The first user of each incarnation of the region finds zero and writes the object's inode there.
 * Whoever sees anything else has a former incarnation's memory, or memory changed underneath.
 */
static bool write_or_see(_Atomic ino_t *mark, ino_t inode)
{
	ino_t seen = 0;

	return atomic_compare_exchange_strong(mark, &seen, inode) || seen == inode;
}

static bool region_is_sound(const struct ivshmem_region *region)
{
	struct stat st;

	return fstat(ivshmem_region_fd(region), &st) == 0 && st.st_nlink == 1 &&
	       (uint64_t)st.st_size == ivshmem_region_size(region) &&
	       write_or_see(ivshmem_region_memory(region), st.st_ino);
}

/* Comes and goes. Counts what went wrong. */
static int visit(const struct ivshmem_region_params *params, unsigned int seed, int rounds)
{
	struct ivshmem_region *region;
	struct error err;
	int i, failures = 0;

	for (i = 0; i < rounds; i++) {
		if (ivshmem_region_attach(params, &region, &err) < 0) {
			printf("# %s\n", err.text);
			failures++;
			continue;
		}
		failures += !region_is_sound(region);
		if (rand_r(&seed) % 2)
			sleep_us((unsigned int)rand_r(&seed) % 200);
		failures += !region_is_sound(region);
		ivshmem_region_detach(region);
	}
	return failures;
}

static pid_t spawn_visitor(const struct ivshmem_region_params *params, struct board *board,
			   unsigned int seed, int rounds)
{
	pid_t pid = fork();

	if (pid == 0) {
		atomic_fetch_add(&board->arrived, 1);
		while (!atomic_load(&board->go))
			sleep_us(100);
		atomic_fetch_add(&board->failures, visit(params, seed, rounds));
		_exit(0);
	}
	return pid;
}

static void start(struct board *board, int count)
{
	while (atomic_load(&board->arrived) < count)
		sleep_us(100);
	atomic_store(&board->go, 1);
}

static void test_hundreds_of_processes(void)
{
	struct ivshmem_region_params params = fixture_params("hundreds");
	struct board *board = board_new();
	pid_t pids[200];
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(board);
	fixture_begin();
	params.size = 4096;
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = spawn_visitor(&params, board, (unsigned int)i, 20);
	start(board, ARRAY_SIZE(pids));
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		waitpid(pids[i], NULL, 0);
	CU_ASSERT_EQUAL(atomic_load(&board->failures), 0);
	fixture_assert_gone(&params);
	fixture_end();
	board_free(board);
}

/* Looks at the object's path as any other program would; never sees less than the whole. */
static int spy(const struct ivshmem_region_params *params)
{
	struct stat st;
	int i, seen = 0;

	for (i = 0; i < 20000; i++) {
		if (stat(fixture_object(params), &st) < 0)
			continue;
		seen++;
		if ((uint64_t)st.st_size != params->size || (st.st_mode & 07777) != 0600 ||
		    (uint64_t)st.st_blocks * 512 < params->size)
			return 1;
	}
	return seen > 0 ? 0 : 2;
}

static void test_never_half_made(void)
{
	struct ivshmem_region_params params = fixture_params("half");
	pid_t maker;

	fixture_begin();
	maker = fork();
	if (maker == 0) {
		visit(&params, 1, 1000000);
		_exit(0);
	}
	CU_ASSERT_EQUAL(fixture_in_child(spy, &params), 0);
	fixture_kill(maker);
	ivshmem_region_detach(fixture_attach(&params));
	fixture_assert_gone(&params);
	fixture_end();
}

/* All users attach, meet, and leave at the same moment: exactly one of them must clear up. */
static void leave_together(const struct ivshmem_region_params *params, struct board *board)
{
	struct ivshmem_region *region;

	if (ivshmem_region_attach(params, &region, NULL) < 0) {
		atomic_fetch_add(&board->failures, 1);
		atomic_fetch_add(&board->arrived, 1);
		return;
	}
	atomic_fetch_add(&board->arrived, 1);
	while (!atomic_load(&board->go))
		;
	ivshmem_region_detach(region);
}

static void test_last_two_leave_together(void)
{
	struct ivshmem_region_params params = fixture_params("together");
	struct board *board = board_new();
	pid_t pids[2];
	int round, i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(board);
	fixture_begin();
	params.size = 4096;
	for (round = 0; round < 300; round++) {
		memset(board, 0, sizeof(*board));
		for (i = 0; i < 2; i++) {
			pids[i] = fork();
			if (pids[i] == 0) {
				leave_together(&params, board);
				_exit(0);
			}
		}
		start(board, 2);
		for (i = 0; i < 2; i++)
			waitpid(pids[i], NULL, 0);
		fixture_assert_gone(&params);
	}
	CU_ASSERT_EQUAL(atomic_load(&board->failures), 0);
	fixture_end();
	board_free(board);
}

struct thread_work {
	pthread_t thread;
	const struct ivshmem_region_params *params;
	unsigned int seed;
	int failures;
};

static void *thread_visit(void *ctx)
{
	struct thread_work *work = ctx;

	work->failures = visit(work->params, work->seed, 100);
	return NULL;
}

/* The locks of one process's threads must hold against each other too. */
static void test_threads(void)
{
	struct ivshmem_region_params params = fixture_params("threads"),
				     other = fixture_params("threads2");
	struct thread_work work[USERS];
	size_t i;

	fixture_begin();
	for (i = 0; i < USERS; i++) {
		work[i] = (struct thread_work){ .params = i % 2 ? &params : &other,
						.seed = (unsigned int)i };
		CU_ASSERT_EQUAL_FATAL(pthread_create(&work[i].thread, NULL, thread_visit, &work[i]),
				      0);
	}
	for (i = 0; i < USERS; i++) {
		pthread_join(work[i].thread, NULL);
		CU_ASSERT_EQUAL(work[i].failures, 0);
	}
	fixture_assert_gone(&params);
	fixture_assert_gone(&other);
	fixture_end();
}

/* Attaches, spoils the memory and detaches until it is killed. */
static pid_t spawn_victim(const struct ivshmem_region_params *params)
{
	struct ivshmem_region *region;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (;;) {
		if (ivshmem_region_attach(params, &region, NULL) < 0)
			_exit(1);
		memset(ivshmem_region_memory(region), 0xee, ivshmem_region_size(region));
		ivshmem_region_detach(region);
	}
}

/* A user is killed at any moment of its coming and going: the next one finds zeroes. */
static void test_killed_alone(void)
{
	struct ivshmem_region_params params = fixture_params("killed");
	struct ivshmem_region *region;
	unsigned int seed = 1;
	pid_t victim;
	int round;

	fixture_begin();
	for (round = 0; round < 250; round++) {
		victim = spawn_victim(&params);
		sleep_us((unsigned int)rand_r(&seed) % 1500);
		fixture_kill(victim);
		region = fixture_attach(&params);
		CU_ASSERT_TRUE(fixture_is_zero(region));
		ivshmem_region_detach(region);
		fixture_assert_gone(&params);
	}
	fixture_end();
}

/* Users are killed while another one stays: that one's memory is not touched, and joining works. */
static void test_killed_beside_others(void)
{
	struct ivshmem_region_params params = fixture_params("beside");
	struct ivshmem_region *region, *again;
	unsigned int seed = 2;
	pid_t victims[3];
	size_t i;
	int round;

	fixture_begin();
	for (round = 0; round < 60; round++) {
		region = fixture_attach(&params);
		for (i = 0; i < ARRAY_SIZE(victims); i++)
			victims[i] = spawn_victim(&params);
		sleep_us((unsigned int)rand_r(&seed) % 3000);
		for (i = 0; i < ARRAY_SIZE(victims); i++)
			fixture_kill(victims[i]);
		memset(ivshmem_region_memory(region), round, params.size);
		again = fixture_attach(&params);
		CU_ASSERT_EQUAL(memcmp(ivshmem_region_memory(region), ivshmem_region_memory(again),
				       params.size),
				0);
		CU_ASSERT_EQUAL(*(unsigned char *)ivshmem_region_memory(again), round);
		ivshmem_region_detach(region);
		ivshmem_region_detach(again);
		fixture_assert_gone(&params);
	}
	fixture_end();
}

/* Visitors hammer while others among them die. */
static void test_killed_in_a_crowd(void)
{
	struct ivshmem_region_params params = fixture_params("crowd");
	struct board *board = board_new();
	pid_t visitors[USERS], victim;
	unsigned int seed = 3;
	int round;
	size_t i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(board);
	fixture_begin();
	for (i = 0; i < USERS; i++)
		visitors[i] = spawn_visitor(&params, board, (unsigned int)i, 300);
	start(board, USERS);
	for (round = 0; round < 100; round++) {
		victim = fork();
		if (victim == 0) {
			visit(&params, (unsigned int)round, 1000000);
			_exit(0);
		}
		sleep_us((unsigned int)rand_r(&seed) % 3000);
		fixture_kill(victim);
	}
	for (i = 0; i < USERS; i++)
		waitpid(visitors[i], NULL, 0);
	CU_ASSERT_EQUAL(atomic_load(&board->failures), 0);
	ivshmem_region_detach(fixture_attach(&params));
	fixture_assert_gone(&params);
	fixture_end();
	board_free(board);
}

static const struct unit_test tests[] = {
	{ "hundreds of processes", test_hundreds_of_processes },
	{ "never half made", test_never_half_made },
	{ "last two leave together", test_last_two_leave_together },
	{ "threads", test_threads },
	{ "killed alone", test_killed_alone },
	{ "killed beside others", test_killed_beside_others },
	{ "killed in a crowd", test_killed_in_a_crowd },
};

UNIT_MAIN("region race", tests)

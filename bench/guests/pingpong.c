/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest that measures the polling round trip between two VMs through the shared memory of an
 * ivshmem device. Command line: slot=N, id=N; role=ping (drives and prints) or role=pong; for ping
 * count=N; timeout=SECONDS to wait for the other. Printed are the cycles of single round trips,
 * which are no finer than the steps of the counter, and of all together.
 *
 * A run has a number of its own in the upper half of all values, so that what an earlier run left
 * in the region is not taken for an answer; 0 in the lower half means the run is about to start.
 */
#include <stdbool.h>

#include "bench/guests/cycles.h"
#include "bench/guests/pingpong_loop.h"
#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/deadline.h"
#include "samples/bare-metal/lib/ivshmem.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"

#define COUNT_MAX 1000000000

static struct cycles cycles;

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static int run_ping(struct pingpong *pingpong, struct deadline *deadline)
{
	uint64_t count = cmdline_number("count", 1, COUNT_MAX, 1000000);
	uint64_t base = tsc_read() << 32;
	uint64_t start, all, min = 0;

	__atomic_store_n(&pingpong->count, count, __ATOMIC_RELEASE);
	__atomic_store_n(&pingpong->ping, base, __ATOMIC_RELEASE);
	while (load(&pingpong->pong) != base) {
		if (deadline_passed(deadline)) {
			print("pingpong: timeout: no guest with role=pong\n");
			return 1;
		}
		tsc_pause();
	}
	start = tsc_read();
	cycles.count = pingpong_drive(pingpong, base, count, cycles.values, CYCLES_MAX, &min);
	all = tsc_read() - start;
	if (!cycles.count) {
		print("pingpong: the other guest fell silent\n");
		return 1;
	}
	cycles_sort(&cycles);
	print("pingpong count=%lu min=%lu median=%u p99=%u cycles=%lu\n", count, min,
	      cycles.values[cycles.count / 2], cycles.values[cycles.count * 99 / 100], all);
	return 0;
}

/* Answers each announcement of a run until one does start. Returns whether. */
static bool pong_meet(struct pingpong *pingpong, struct deadline *deadline, uint64_t *ret_base)
{
	uint64_t base = 0;

	while (!deadline_passed(deadline)) {
		uint64_t ping = load(&pingpong->ping);

		if (base && ping == base + 1) {
			*ret_base = base;
			return true;
		}
		if (ping && !(uint32_t)ping && ping != base) {
			base = ping;
			__atomic_store_n(&pingpong->pong, base, __ATOMIC_RELEASE);
		}
		tsc_pause();
	}
	return false;
}

static int run_pong(struct pingpong *pingpong, struct deadline *deadline)
{
	uint64_t base, count;

	if (!pong_meet(pingpong, deadline, &base)) {
		print("pingpong: timeout: no guest with role=ping\n");
		return 1;
	}
	count = load(&pingpong->count);
	if (count > COUNT_MAX || !pingpong_serve(pingpong, base, count)) {
		print("pingpong: the other guest fell silent\n");
		return 1;
	}
	print("pingpong served=%lu\n", count);
	return 0;
}

int main(void)
{
	struct ivshmem ivshmem;
	struct deadline deadline;
	char role[8];

	if (!cmdline_text("role", role, sizeof(role)) ||
	    (strcmp(role, "ping") && strcmp(role, "pong"))) {
		print("pingpong: give role=ping to one guest and role=pong to the other\n");
		return 1;
	}
	ivshmem_init(&ivshmem, sizeof(struct pingpong));
	deadline_start(&deadline, (uint32_t)cmdline_number("timeout", 1, 86400, 60));
	if (!strcmp(role, "ping"))
		return run_ping(ivshmem.memory, &deadline);
	return run_pong(ivshmem.memory, &deadline);
}

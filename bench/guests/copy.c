/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Guest that measures copying to, from and within the shared memory of an ivshmem device. Command
 * line: slot=N, id=N; size=BYTES of the region to use (default all), mib=N copied in one pass,
 * passes=N, dir=read|write|within (default all three).
 */
#include <stdbool.h>

#include "bench/guests/copy_loop.h"
#include "samples/bare-metal/lib/cmdline.h"
#include "samples/bare-metal/lib/ivshmem.h"
#include "samples/bare-metal/lib/print.h"
#include "samples/bare-metal/lib/string.h"

static const char *const direction_names[] = {
	[COPY_READ] = "read",
	[COPY_WRITE] = "write",
	[COPY_WITHIN] = "within",
};

#define PASSES_MAX 10000

static _Alignas(4096) char copy_buffer[COPY_BUFFER_SIZE];
static uint64_t pass_cycles[PASSES_MAX];

static void copy_measure(enum copy_direction direction, struct ivshmem *ivshmem, size_t size)
{
	uint64_t wanted = cmdline_number("mib", 1, 1 << 20, 256) << 20;
	uint64_t passes = cmdline_number("passes", 1, PASSES_MAX, 9);
	uint64_t round_size = copy_round_size(direction, size);
	unsigned int rounds = (unsigned int)((wanted + round_size - 1) / round_size);
	uint64_t pass;

	/* Once without the clock, so that every page is there. */
	copy_rounds(direction, ivshmem->memory, size, copy_buffer, 1);
	for (pass = 0; pass < passes; pass++)
		pass_cycles[pass] =
			copy_pass(direction, ivshmem->memory, size, copy_buffer, rounds);
	/* Only now: a line takes many exits, and the monitor works on it for a while. */
	for (pass = 0; pass < passes; pass++)
		print("copy pass=%lu bytes=%lu cycles=%lu dir=%s\n", pass + 1, rounds * round_size,
		      pass_cycles[pass], direction_names[direction]);
}

int main(void)
{
	struct ivshmem ivshmem;
	char only[8];
	bool has_only = cmdline_text("dir", only, sizeof(only));
	unsigned int direction, count = 0;
	size_t size;

	ivshmem_init(&ivshmem, 4096);
	size = cmdline_number("size", 4096, ivshmem.size, ivshmem.size) & ~127UL;
	for (direction = COPY_READ; direction <= COPY_WITHIN; direction++) {
		if (has_only && strcmp(only, direction_names[direction]))
			continue;
		copy_measure((enum copy_direction)direction, &ivshmem, size);
		count++;
	}
	if (!count) {
		print("copy: dir=%s is none of read, write, within\n", only);
		return 1;
	}
	print("copy: done\n");
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The least that can stand in for the ACRN driver, for programs linked with --wrap of open(2) and
 * ioctl(2): it has requests whenever it is asked for them, and looks at each answer. What it costs
 * is the same for each client.
 */
#ifndef BENCH_IOREQ_DRIVER_H
#define BENCH_IOREQ_DRIVER_H

#include <linux/acrn.h>
#include <stdbool.h>
#include <stdint.h>

struct ioreq_work {
	struct acrn_io_request request; /* each is like it: a read of 4 bytes */
	uint32_t answer;		/* that the client must give */
	unsigned int vcpus;		/* of the VM; all have a request pending at a time */
	unsigned int rounds;		/* so often */
	/* One real system call in each ATTACH and NOTIFY, the cheapest that there is. */
	bool enters_kernel;
	/* When there is nothing left, in the client's thread, before ATTACH fails for good. */
	void (*done)(void *ctx);
	void *ctx;
};

/* The next client that opens the node gets @work, which it must outlive. */
void ioreq_driver_begin(const struct ioreq_work *work);

/*
 * The thread's processor time for each request in ns, from the first ATTACH to the one that found
 * nothing left. Negative: the client did not serve all of them, or gave another answer.
 */
double ioreq_driver_ns(void);

#endif

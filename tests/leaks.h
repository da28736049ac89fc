/* SPDX-License-Identifier: BSD-3-Clause */
/* Has something been left behind? Descriptors and mappings of this process, counted. */
#ifndef TESTS_LEAKS_H
#define TESTS_LEAKS_H

struct leaks {
	unsigned int fds;
	unsigned int mappings; /* of memfds, of /dev/shm, of KVM, and anonymous shared ones */
};

/* What there is now. Compare two of them with leaks_equal(), which prints what differs. */
struct leaks leaks_count(void);
int leaks_equal(const struct leaks *before, const struct leaks *after);

#endif

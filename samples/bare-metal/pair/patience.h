/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A limit in seconds for standing still: unlike a bare deadline it costs next to nothing where
 * things move.
 */
#ifndef SAMPLES_BARE_METAL_PAIR_PATIENCE_H
#define SAMPLES_BARE_METAL_PAIR_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "samples/bare-metal/lib/deadline.h"

struct patience {
	uint32_t seconds;
	/* When the first call after the last move was, or 0. */
	uint64_t since;
	bool is_timed;
	struct deadline deadline;
};

void patience_init(struct patience *patience, uint32_t seconds);

/* Something has moved: the time begins anew. */
void patience_renew(struct patience *patience);

/*
 * Whether nothing has moved for the seconds, as far as deadline.h can tell. To be called again and
 * again while nothing moves.
 */
bool patience_is_over(struct patience *patience);

#endif

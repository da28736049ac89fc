/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who gets which part of guest memory while an image is loaded. The image's own addresses are
 * claimed first, then places are found around them for what the loader adds.
 */
#ifndef DEVICEMODEL_BOOT_LAYOUT_H
#define DEVICEMODEL_BOOT_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"

struct guest_memory;

#define LAYOUT_RANGES_MAX 64
#define LAYOUT_PAGE UINT64_C(4096)

struct layout {
	struct guest_memory *memory;
	const char *name; /* of the image, for messages */
	unsigned int count;
	struct {
		uint64_t base, size;
		const char *what;
	} ranges[LAYOUT_RANGES_MAX];
};

/* Where layout_place() may look, and from which end. */
struct layout_wish {
	uint64_t size, alignment; /* bytes; the alignment is a power of two */
	uint64_t from, limit;	  /* the place lies in [from, limit) */
	bool highest;		  /* else the lowest place */
};

/*
 * From the start the hole below 1 MiB is taken up to the end of the ACPI tables. What follows up to
 * 1 MiB is free: guests are told to keep out, but linkers like to put file headers just below a
 * text section at 1 MiB. @memory and @name are borrowed.
 */
void layout_init(struct layout *layout, struct guest_memory *memory, const char *name);

/*
 * Take [@base, @base + @size), which must be RAM that nobody has; @what (a string that outlives the
 * layout) is its name in messages. An empty range takes nothing and always succeeds.
 * Returns 0; -EFAULT: not all of it is RAM; -EEXIST: overlaps a range; -E2BIG: too many ranges.
 */
int layout_claim(struct layout *layout, uint64_t base, uint64_t size, const char *what,
		 struct error *err);

/* Find a place and take it. Returns 0; -ENOSPC: there is none; -E2BIG. */
int layout_place(struct layout *layout, const struct layout_wish *wish, const char *what,
		 uint64_t *ret_base, struct error *err);

/* Whether a part of the image (not what is taken from the start) has the byte at @gpa. */
bool layout_has(const struct layout *layout, uint64_t gpa);

/* One past the last byte that anything took; 1 MiB at least. */
uint64_t layout_end(const struct layout *layout);

/*
 * The line for a VM that is too small: @what needs [@base, @end). Returns -EFAULT. Says "raise -m"
 * only where more memory would help.
 */
int layout_no_memory(const struct layout *layout, const char *what, uint64_t base, uint64_t end,
		     struct error *err);

#endif

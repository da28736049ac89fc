/* SPDX-License-Identifier: BSD-3-Clause */
/* Places the file of -r behind an image. */
#include "devicemodel/boot/ramdisk.h"

#include "devicemodel/boot/layout.h"
#include "devicemodel/vm/memory.h"
#include "lib/util.h"

int ramdisk_load(const struct image *ramdisk, struct layout *layout, uint64_t *ret_gpa,
		 struct error *err)
{
	struct layout_wish wish = {
		.size = ramdisk->size,
		.alignment = LAYOUT_PAGE,
		.from = layout_end(layout),
		.limit = memory_low_size(layout->memory),
	};
	uint64_t end, gpa;
	int ret;

	/* An image that also lies above 4 GiB still gets its ramdisk below. */
	if (wish.from > wish.limit)
		wish.from = MIB;
	if (layout_place(layout, &wish, "the ramdisk", &gpa, NULL) < 0) {
		end = align_up(wish.from, LAYOUT_PAGE) + align_up(wish.size, LAYOUT_PAGE);
		return layout_no_memory(layout, ramdisk->name, wish.from, end, err);
	}
	ret = image_load(ramdisk, 0, layout->memory, gpa, ramdisk->size, "the ramdisk", err);
	if (ret == 0)
		*ret_gpa = gpa;
	return ret;
}

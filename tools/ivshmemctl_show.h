/* SPDX-License-Identifier: BSD-3-Clause */
/* How regions look to people, and to programs. */
#ifndef TOOLS_IVSHMEMCTL_SHOW_H
#define TOOLS_IVSHMEMCTL_SHOW_H

#include <stdio.h>

#include "ivshmem/region_list.h"

/* One line per region under a heading. */
void show_table(FILE *out, const struct ivshmem_region_list *list);

/* What to do about regions that nobody needs, if there are any: a line each, for the log. */
void show_advice(const struct ivshmem_region_list *list);

/* Everything about one region, a line each. */
void show_details(FILE *out, const struct ivshmem_region_info *info);

/* The same as JSON: an object, or an object with the array "regions". */
void show_details_json(FILE *out, const struct ivshmem_region_info *info);
void show_list_json(FILE *out, const struct ivshmem_region_list *list);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A user of a region for tests: region_user NAME BYTES attaches, writes "region_user" at the start
 * of the memory, prints "attached", and detaches at the end of its standard input.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ivshmem/region.h"
#include "lib/parse.h"

int main(int argc, char **argv)
{
	struct ivshmem_region_params params = { 0 };
	struct ivshmem_region *region;
	struct error err = { "usage: region_user NAME BYTES" };
	char byte;

	if (argc != 3 || ivshmem_name_parse(&params.name, argv[1], &err) < 0 ||
	    parse_size(argv[2], 1, &params.size) < 0 ||
	    ivshmem_region_attach(&params, &region, &err) < 0) {
		fprintf(stderr, "region_user: %s\n", err.text);
		return 1;
	}
	strcpy(ivshmem_region_memory(region), "region_user");
	puts("attached");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	ivshmem_region_detach(region);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The report as JSON. */
#include "tools/server_report.h"

#include <inttypes.h>
#include <unistd.h>

#include "lib/json.h"

static void put_text(FILE *out, const char *key, const char *text)
{
	json_put_string(out, key);
	fputs(": ", out);
	json_put_string(out, text);
	fputs(", ", out);
}

struct client_list {
	FILE *out;
	const char *separator;
};

static void put_client(void *ctx, const struct ivshmem_server_client_info *info)
{
	struct client_list *list = ctx;

	fprintf(list->out,
		"%s{\"id\": %u, \"pid\": %d, \"uid\": %u, \"queued\": %zu, \"unread\": %s}",
		list->separator, (unsigned int)info->id, (int)info->who.pid,
		(unsigned int)info->who.uid, info->queued, info->unread ? "true" : "false");
	list->separator = ", ";
}

void server_report_write(FILE *out, const struct server_options *options,
			 const struct server_memory *memory, const struct ivshmem_server *server)
{
	struct client_list list = { .out = out, .separator = "" };

	putc('{', out);
	put_text(out, "version", ACRN_DM_VERSION);
	fprintf(out, "\"pid\": %d, ", (int)getpid());
	put_text(out, "socket", options->socket);
	put_text(out, "region", options->region);
	put_text(out, "object", server_memory_path(memory));
	put_text(out, "directory", options->dir);
	fprintf(out, "\"size\": %" PRIu64 ", \"vectors\": %u, \"clients\": [", options->size,
		(unsigned int)options->vectors);
	ivshmem_server_visit(server, put_client, &list);
	/* Peers ring each other: the server never hears of it. */
	fputs("], \"rings\": null}\n", out);
}

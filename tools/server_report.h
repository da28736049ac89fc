/* SPDX-License-Identifier: BSD-3-Clause */
/* What a server tells about itself and its clients. */
#ifndef TOOLS_SERVER_REPORT_H
#define TOOLS_SERVER_REPORT_H

#include <stdio.h>

#include "ivshmem/server.h"
#include "tools/server_memory.h"
#include "tools/server_options.h"

/* One JSON object (RFC 8259) and a newline. */
void server_report_write(FILE *out, const struct server_options *options,
			 const struct server_memory *memory, const struct ivshmem_server *server);

#endif

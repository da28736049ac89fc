/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of a client. */
#ifndef TOOLS_CLIENT_COMMANDS_H
#define TOOLS_CLIENT_COMMANDS_H

#include "tools/client.h"

/*
 * Run one command, which is changed. Blanks alone are none. What fails is told and sets the
 * client's status. The client's state may be CLIENT_RING afterwards: the next command comes after
 * that.
 */
void client_command_run(struct client *client, char *line);

#endif

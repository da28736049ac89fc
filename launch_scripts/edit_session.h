/* SPDX-License-Identifier: BSD-3-Clause */
/* One command's change to a scenario, from opening it to the last line that the user reads. */
#ifndef LAUNCH_SCRIPTS_EDIT_SESSION_H
#define LAUNCH_SCRIPTS_EDIT_SESSION_H

#include "launch_scripts/problems.h"
#include "launch_scripts/scenario_edit.h"

struct edit_session {
	struct scenario_edit edit;
	bool is_open;
	struct problems problems;
};

/* As scenario_edit_open(). Ended by one of the next two, also if it fails. */
int edit_session_begin(struct edit_session *session, const char *name, char *made);

/*
 * Save if @ret, what came of the change, is 0, and say what is wrong if not. Returns the exit
 * status.
 */
int edit_session_end(struct edit_session *session, int ret);

/* End it without saving, or saying anything. */
void edit_session_drop(struct edit_session *session);

/* For what fails before there is a session. Returns the exit status. */
int edit_session_fail(int ret);

#endif

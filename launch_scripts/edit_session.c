/* SPDX-License-Identifier: BSD-3-Clause */
/* What all commands that change a scenario have in common. */
#include "launch_scripts/edit_session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

int edit_session_begin(struct edit_session *session, const char *name, char *made)
{
	int ret;

	*session = (struct edit_session){ 0 };
	ret = scenario_edit_open(&session->edit, name, made, &session->problems);
	session->is_open = ret == 0;
	return ret;
}

void edit_session_drop(struct edit_session *session)
{
	problems_fini(&session->problems);
	if (session->is_open)
		scenario_edit_close(&session->edit);
}

int edit_session_fail(int ret)
{
	log_error(NULL, "%s", strerror(-ret));
	return 1;
}

/* What was wrong before and still is: not this change's fault, but to be known. */
static void tell_old(const struct scenario_edit *edit)
{
	if (edit->left > 0)
		log_warning(NULL,
			    "%s still has %zu %s that it had before: \"acrn-launch-gen --check\""
			    " shows them", edit->file.name, edit->left,
			    edit->left == 1 ? "problem" : "problems");
}

int edit_session_end(struct edit_session *session, int ret)
{
	if (ret == 0)
		ret = scenario_edit_save(&session->edit, &session->problems);
	if (ret == 0) {
		tell_old(&session->edit);
	} else {
		if (session->problems.count == 0)
			log_error(NULL, "%s", strerror(-ret));
		problems_print(&session->problems, stderr);
		if (session->is_open)
			log_error(NULL, "%s %s", session->edit.file.name,
				  session->edit.made ? "was not made" : "stays as it is");
	}
	edit_session_drop(session);
	return ret == 0 ? 0 : 1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A scenario file that is being changed. It is written only if it then holds as well as before: a
 * change makes no good file bad, and a bad one no worse.
 */
#ifndef LAUNCH_SCRIPTS_SCENARIO_EDIT_H
#define LAUNCH_SCRIPTS_SCENARIO_EDIT_H

#include "ivshmem/name.h"
#include "launch_scripts/edited_file.h"
#include "launch_scripts/new_problems.h"
#include "launch_scripts/problems.h"
#include "launch_scripts/xml_edit.h"

struct scenario_edit {
	struct edited_file file;
	char *made; /* the text of a scenario that is not a file yet; NULL: file.text counts */
	struct xml_edit xml;
	struct problems before; /* of the file as it is */
	size_t left; /* how many of them there are in what was saved */
	struct name_change renamed;
};

/*
 * Open and read the scenario @name for changes. With @made, the text of a scenario (NULL: none), it
 * need not exist; @made is taken, also on failure. Returns 0, or -errno with problems added.
 */
int scenario_edit_open(struct scenario_edit *edit, const char *name, char *made,
		       struct problems *problems);

/*
 * Give regions' users without a place one, check the outcome and write it. Returns 0; or -errno
 * with problems added: those that the change would have brought, or what kept the file from being
 * written, which then is as it was.
 */
int scenario_edit_save(struct scenario_edit *edit, struct problems *problems);

/*
 * @old_name will be @new_name, both of which outlive the edit: what was wrong with the one and
 * still is with the other is no new problem.
 */
void scenario_edit_renamed(struct scenario_edit *edit, const char *old_name,
			   const char *new_name);

void scenario_edit_close(struct scenario_edit *edit);

/* The one region, or VM, of that name, or NULL with a problem: there is none, or more than one. */
xmlNode *scenario_find_region(const struct scenario_edit *edit, const char *word,
			      struct problems *problems);
xmlNode *scenario_find_vm(const struct scenario_edit *edit, const char *name,
			  struct problems *problems);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Opening a scenario, and saving it: filling in places, and judging what has changed. */
#include "launch_scripts/scenario_edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "launch_scripts/check.h"
#include "launch_scripts/plan.h"
#include "launch_scripts/plan_from_text.h"
#include "launch_scripts/scenario.h"
#include "launch_scripts/scenario_nodes.h"
#include "launch_scripts/scenario_places.h"

static struct plan_place whole_file(const struct scenario_edit *edit)
{
	return (struct plan_place){ .file = edit->file.name };
}

/* Read a scenario's text into @plan, and judge it. Returns 0, also with problems, or -errno. */
static int judge(const char *name, const char *text, size_t size, struct plan *plan,
		 struct problems *problems)
{
	int ret = plan_read_text(plan, name, text, size, problems);

	if (ret == 0)
		plan_check(plan, problems);
	return ret;
}

static int judge_alone(const char *name, const char *text, size_t size, struct problems *problems)
{
	struct plan plan = { 0 };
	int ret = judge(name, text, size, &plan, problems);

	plan_fini(&plan);
	return ret;
}

static int refuse_v2(const struct scenario_edit *edit, struct problems *problems)
{
	problems_add(problems, whole_file(edit),
		     "this is a scenario of version 2: make one of version 3 of it first, with "
		     "\"acrn-launch-gen upgrade %s --launch=LAUNCH.xml --out=NEW.xml\"",
		     edit->file.name);
	return -EINVAL;
}

int scenario_edit_open(struct scenario_edit *edit, const char *name, char *made,
		       struct problems *problems)
{
	struct error err = { "" };
	const char *text;
	size_t size;
	int ret;

	*edit = (struct scenario_edit){ .made = made };
	ret = edited_file_open(&edit->file, name, made != NULL, &err);
	if (ret < 0) {
		problems_add(problems, (struct plan_place){ 0 }, "%s", err.text);
		free(made);
		return ret;
	}
	if (edit->file.lock >= 0) {
		free(made);
		edit->made = NULL;
	}
	text = edit->made ? edit->made : edit->file.text;
	size = edit->made ? strlen(edit->made) : edit->file.size;
	ret = xml_edit_init(&edit->xml, name, text, size, problems);
	if (ret == 0 && scenario_is_v2(&edit->xml.file))
		ret = refuse_v2(edit, problems);
	if (ret == 0 && !edit->made)
		ret = judge_alone(name, text, size, &edit->before);
	if (ret < 0)
		scenario_edit_close(edit);
	return ret;
}

/* The changed text, with a place for every user of a region. The caller frees it. */
static int finish_text(struct scenario_edit *edit, char **ret_text, size_t *ret_size)
{
	char *changed, *placed;
	size_t size, placed_size;
	int ret;

	ret = xml_edit_apply(&edit->xml, &changed, &size);
	if (ret < 0)
		return ret;
	ret = scenario_fill_places(changed, size, &placed, &placed_size);
	if (ret == 0) {
		free(changed);
		*ret_text = placed;
		*ret_size = placed_size;
		return 0;
	}
	/* It does not hold; the checks will tell why. */
	*ret_text = changed;
	*ret_size = size;
	return 0;
}

int scenario_edit_save(struct scenario_edit *edit, struct problems *problems)
{
	struct problems after = { 0 };
	struct error err = { "" };
	char *text = NULL;
	size_t size = 0;
	int ret;

	ret = finish_text(edit, &text, &size);
	if (ret == 0)
		ret = judge_alone(edit->file.name, text, size, &after);
	edit->left = after.count + after.dropped;
	if (ret < 0)
		problems_add(problems, whole_file(edit), "the change cannot be made: %s",
			     strerror(-ret));
	if (new_problems_add(problems, edit->file.name, &edit->before, &after, &edit->renamed) > 0)
		ret = -EINVAL;
	if (ret == 0) {
		ret = edited_file_replace(&edit->file, text, size, &err);
		if (ret < 0)
			problems_add(problems, (struct plan_place){ 0 }, "%s", err.text);
	}
	problems_fini(&after);
	free(text);
	return ret;
}

void scenario_edit_renamed(struct scenario_edit *edit, const char *old_name, const char *new_name)
{
	edit->renamed = (struct name_change){ old_name, new_name };
}

void scenario_edit_close(struct scenario_edit *edit)
{
	xml_edit_fini(&edit->xml);
	edited_file_close(&edit->file);
	problems_fini(&edit->before);
	free(edit->made);
	edit->made = NULL;
}

/* --- finding ---------------------------------------------------------------------------------- */

static bool is_region(const xmlNode *node, const struct region_key *key)
{
	char *name = region_node_name(node);
	bool is_it = name && !strcmp(name, key->name) &&
		     (!key->has_land || key->land == region_node_land(node));

	free(name);
	return is_it;
}

xmlNode *scenario_find_region(const struct scenario_edit *edit, const char *word,
			      struct problems *problems)
{
	const struct region_key key = region_key_of(word);
	xmlNode *node, *found = NULL;

	xml_for_each(node, scenario_regions(edit->xml.file.root), "IVSHMEM_REGION") {
		if (!is_region(node, &key))
			continue;
		if (found) {
			problems_add(problems, xml_place(&edit->xml.file, node),
				     "there is more than one region \"%s\": write %s", word,
				     key.has_land ? "it once, by hand" :
				     "dm:/ or hv:/ before it");
			return NULL;
		}
		found = node;
	}
	if (!found)
		problems_add(problems, whole_file(edit),
			     "there is no region \"%s\": \"region list\" shows those there are",
			     word);
	return found;
}

xmlNode *scenario_find_vm(const struct scenario_edit *edit, const char *name,
			  struct problems *problems)
{
	xmlNode *node, *found = NULL;

	xml_for_each(node, edit->xml.file.root, "vm") {
		if (!node_has_text(xml_child(node, "name"), name))
			continue;
		if (found) {
			problems_add(problems, xml_place(&edit->xml.file, node),
				     "there is more than one VM \"%s\": rename one by hand", name);
			return NULL;
		}
		found = node;
	}
	if (!found)
		problems_add(problems, whole_file(edit), "there is no VM \"%s\"", name);
	return found;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of an upgrade, and its files. */
#include "launch_scripts/upgrade.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "launch_scripts/check.h"
#include "launch_scripts/edited_file.h"
#include "launch_scripts/new_problems.h"
#include "launch_scripts/plan_from_text.h"
#include "launch_scripts/scenario.h"
#include "launch_scripts/scenario_places.h"
#include "lib/log.h"

#define USAGE "upgrade FILE [--launch=LAUNCH.xml] --out=NEW"

struct arguments {
	const char *scenario, *launch, *out;
	bool help;
};

/* What an upgrade reads, and what comes of it. */
struct work {
	struct edited_file file;
	struct xml_file scenario, launch;
	struct plan plan;
	struct problems before; /* of the old files together */
	struct problems notes;	/* of what is lost */
	struct problems after;
	char *text; /* the new one */
	size_t size;
};

static int parse_arguments(int argc, char **argv, struct arguments *args)
{
	static const struct option options[] = {
		{ "launch", required_argument, NULL, 'l' },
		{ "out", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'l')
			args->launch = optarg;
		else if (option == 'o')
			args->out = optarg;
		else if (option == 'h')
			args->help = true;
		else
			return -EINVAL;
	}
	if (optind == argc - 1)
		args->scenario = argv[optind];
	return args->help || (args->scenario && args->out) ? 0 : -EINVAL;
}

static int read_files(struct work *work, const struct arguments *args, struct error *err)
{
	int ret;

	ret = edited_file_open(&work->file, args->scenario, false, err);
	if (ret < 0)
		return ret;
	ret = xml_file_parse(&work->scenario, args->scenario, work->file.text, work->file.size,
			     &work->before);
	if (args->launch && ret == 0)
		ret = xml_file_read(&work->launch, args->launch, &work->before);
	return ret;
}

/* What it is now: all that the old files say, and what is wrong with them. */
static int read_plan(struct work *work)
{
	int ret = scenario_read_xml(&work->plan, &work->scenario,
				    work->launch.doc ? &work->launch : NULL, &work->before);

	return ret < 0 ? ret : plan_resolve(&work->plan);
}

static int judge(struct work *work, const char *name)
{
	struct plan plan = { 0 };
	int ret;

	ret = plan_read_text(&plan, name, work->text, work->size, &work->after);
	if (ret == 0)
		plan_check(&plan, &work->after);
	plan_fini(&plan);
	return ret;
}

/* The new text with places for all users of regions. */
static int fill_places(struct work *work)
{
	char *text;
	size_t size;
	int ret;

	ret = scenario_fill_places(work->text, work->size, &text, &size);
	if (ret < 0)
		return ret;
	free(work->text);
	work->text = text;
	work->size = size;
	return 0;
}

static int make_new(struct work *work, const struct arguments *args)
{
	int ret;

	ret = upgrade_text(args->scenario, work->file.text, work->file.size,
			   work->launch.doc ? &work->launch : NULL, &work->plan, &work->notes,
			   &work->text, &work->size);
	if (ret == 0)
		ret = fill_places(work);
	return ret;
}

/* A file of version 3 is that already; who asks for a new file gets one. */
static int copy_old(struct work *work, const struct arguments *args)
{
	log_warning(NULL, "%s is of version 3 already: %s is a copy of it", args->scenario,
		    args->out);
	work->size = work->file.size;
	work->text = strdup(work->file.text);
	return work->text ? 0 : -ENOMEM;
}

static int write_new(struct work *work, const char *name, struct error *err)
{
	struct edited_file out;
	int ret;

	/* The new file may be the old one, which was locked. */
	edited_file_close(&work->file);
	ret = edited_file_open(&out, name, true, err);
	if (ret < 0)
		return ret;
	ret = edited_file_replace(&out, work->text, work->size, err);
	edited_file_close(&out);
	return ret;
}

/* Returns 0, or -errno with what is wrong in @work or @err. */
static int do_upgrade(struct work *work, const struct arguments *args, struct error *err)
{
	struct problems added = { 0 };
	int ret;

	ret = read_files(work, args, err);
	if (ret < 0)
		return ret;
	if (!scenario_is_v2(&work->scenario))
		return copy_old(work, args);
	ret = read_plan(work);
	/* What cannot be read cannot be carried over. */
	if (ret < 0 || work->before.count > 0)
		return ret < 0 ? ret : -EINVAL;
	plan_check(&work->plan, &work->before);
	ret = make_new(work, args);
	if (ret == 0)
		ret = judge(work, args->out);
	if (ret == 0 && new_problems_add(&added, args->out, &work->before, &work->after,
					 &(struct name_change){ 0 }) > 0)
		ret = -EINVAL;
	problems_print(&added, stderr);
	problems_fini(&added);
	return ret;
}

static int finish(struct work *work, const struct arguments *args, int ret, struct error *err)
{
	problems_print(&work->before, stderr);
	problems_print(&work->notes, stderr);
	if (ret == 0)
		ret = write_new(work, args->out, err);
	if (ret == 0)
		return 0;
	if (*err->text)
		log_error(NULL, "%s", err->text);
	log_error(NULL, "%s was not written", args->out);
	return 1;
}

static void work_fini(struct work *work)
{
	edited_file_close(&work->file);
	xml_file_fini(&work->scenario);
	xml_file_fini(&work->launch);
	plan_fini(&work->plan);
	problems_fini(&work->before);
	problems_fini(&work->notes);
	problems_fini(&work->after);
	free(work->text);
}

int upgrade_main(int argc, char **argv)
{
	struct work work = { .file = { .lock = -1 } };
	struct arguments args = { 0 };
	struct error err = { "" };
	int status;

	if (parse_arguments(argc, argv, &args) < 0) {
		log_error(NULL, "usage: acrn-launch-gen %s", USAGE);
		return EX_USAGE;
	}
	if (args.help) {
		printf("Usage: acrn-launch-gen %s\n      make a scenario of version 3 of one of"
		       " version 2 and its launch file\n", USAGE);
		return 0;
	}
	status = finish(&work, &args, do_upgrade(&work, &args, &err), &err);
	work_fini(&work);
	return status;
}

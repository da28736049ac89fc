/* SPDX-License-Identifier: BSD-3-Clause */
/* acrn-launch-gen: read, check, place, and write what starts the virtual machines. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "launch_scripts/board.h"
#include "launch_scripts/check.h"
#include "launch_scripts/launch_command.h"
#include "launch_scripts/launch_options.h"
#include "launch_scripts/plan.h"
#include "launch_scripts/problems.h"
#include "launch_scripts/region_edit.h"
#include "launch_scripts/scenario.h"
#include "launch_scripts/script_files.h"
#include "launch_scripts/slots.h"
#include "launch_scripts/upgrade.h"
#include "launch_scripts/vm_edit.h"
#include "lib/error.h"
#include "lib/util.h"

enum { EXIT_GOOD = 0, EXIT_BAD = 1 };

static int say(int status, const struct error *err)
{
	fprintf(stderr, "acrn-launch-gen: %s\n", err->text);
	return status;
}

static bool is_wanted(const struct launch_options *options, const struct plan_vm *vm)
{
	return vm->load_order == PLAN_POST_LAUNCHED_VM &&
	       (options->user_vmid == 0 || options->user_vmid == vm->number);
}

/* Returns -errno if a file cannot be read; that is among the problems, too. */
static int read_files(struct plan *plan, const struct launch_options *options,
		      struct problems *problems)
{
	int board = options->board ? board_read(plan, options->board, problems) : 0;
	int scenario = scenario_read(plan, options->scenario, options->launch, problems);

	return board < 0 ? board : scenario;
}

/* What the device model would say, for all VMs, whichever are wanted. */
static int try_commands(const struct plan *plan, enum launch_target target,
			struct problems *problems)
{
	struct launch_command command;
	const struct plan_vm *vm;
	struct error err;
	size_t i;
	int ret;

	for (i = 0; i < plan->vm_count; i++) {
		vm = &plan->vms[i];
		if (vm->load_order != PLAN_POST_LAUNCHED_VM)
			continue;
		ret = launch_command_make(plan, vm, target, &command, &err);
		if (ret == 0)
			launch_command_fini(&command);
		else if (ret == -EINVAL)
			problems_add(problems, vm->place, "VM %s: %s", plan_vm_name(vm), err.text);
		else
			return ret;
	}
	return 0;
}

/* Everything up to a plan that can be written. Returns 0, also with problems, or -errno. */
static int complete_plan(struct plan *plan, const struct launch_options *options,
			 struct problems *problems)
{
	int ret = read_files(plan, options, problems);

	if (ret < 0)
		return problems->count ? 0 : ret;
	ret = plan_resolve(plan);
	if (ret < 0)
		return ret;
	plan_check(plan, problems);
	/* Somebody who checks a scenario alone does not ask for scripts. */
	if (options->target == LAUNCH_KVM || options->board || !options->check)
		plan_check_target(plan, options->target, problems);
	ret = place_slots(plan, problems);
	if (ret == 0 && problems->count == 0)
		ret = try_commands(plan, options->target, problems);
	return ret;
}

static int print_commands(const struct plan *plan, const struct launch_options *options,
			  struct error *err)
{
	struct launch_command command;
	const struct plan_vm *vm;
	size_t i;
	int ret;

	for (i = 0; i < plan->vm_count; i++) {
		vm = &plan->vms[i];
		if (!is_wanted(options, vm))
			continue;
		ret = launch_command_make(plan, vm, options->target, &command, err);
		if (ret < 0)
			return ret;
		launch_command_print(&command, stdout);
		launch_command_fini(&command);
	}
	return 0;
}

static int write_scripts(const struct plan *plan, const struct launch_options *options,
			 struct error *err)
{
	const struct plan_vm *vm;
	size_t i;
	int ret;

	ret = script_files_write(plan, options->user_vmid, options->target, options->out, err);
	for (i = 0; ret == 0 && i < plan->vm_count; i++) {
		vm = &plan->vms[i];
		if (is_wanted(options, vm))
			printf("%s/launch_user_vm_id%u.sh starts %s\n", options->out, vm->number,
			       plan_vm_name(vm));
	}
	return ret;
}

static bool has_wanted(const struct plan *plan, const struct launch_options *options)
{
	size_t i;

	for (i = 0; i < plan->vm_count; i++)
		if (is_wanted(options, &plan->vms[i]))
			return true;
	return false;
}

/* There is no VM to start: that may be, unless one was asked for. */
static int do_nothing(const struct launch_options *options)
{
	struct error err;

	if (!options->user_vmid) {
		error_set(&err, 0, "%s: there are no post-launched VMs, so there is nothing to do",
			  options->scenario);
		return say(EXIT_GOOD, &err);
	}
	error_set(&err, -EINVAL,
		  "--user_vmid %u: no post-launched VM has that number, which is its id less the "
		  "Service VM's",
		  options->user_vmid);
	return say(EX_USAGE, &err);
}

/* Of a plan that holds. */
static int use_plan(const struct plan *plan, const struct launch_options *options)
{
	struct error err = { "" };
	int ret;

	if (!has_wanted(plan, options))
		return do_nothing(options);
	if (options->check)
		return EXIT_GOOD;
	ret = options->print ? print_commands(plan, options, &err) :
			       write_scripts(plan, options, &err);
	return ret < 0 ? say(EXIT_BAD, &err) : EXIT_GOOD;
}

static int run(const struct launch_options *options)
{
	struct problems problems = { 0 };
	struct error err = { "" };
	struct plan plan = { 0 };
	int ret, status;

	ret = complete_plan(&plan, options, &problems);
	if (ret < 0) {
		error_set(&err, ret, "%s: %s", options->scenario, strerror(-ret));
		status = say(EXIT_BAD, &err);
	} else if (problems.count) {
		problems_print(&problems, stderr);
		status = EXIT_BAD;
	} else {
		status = use_plan(&plan, options);
	}
	problems_fini(&problems);
	plan_fini(&plan);
	return status;
}

/* What was asked for must have arrived: a full disk is no success. */
static int finish(int status)
{
	struct error err = { "" };

	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	error_set(&err, -errno, "cannot write to standard output: %s", strerror(errno));
	return status ? status : say(EXIT_BAD, &err);
}

/* What changes scenario files instead of reading them. */
static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "region", region_main },
	{ "upgrade", upgrade_main },
	{ "vm", vm_main },
};

int main(int argc, char **argv)
{
	struct launch_options options;
	struct error err = { "" };
	size_t i;

	/* ulimit -f is an error with a message, and undone, not the end. */
	signal(SIGXFSZ, SIG_IGN);
	for (i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return finish(commands[i].run(argc - 1, argv + 1));
	if (launch_options_parse(&options, argc, argv, &err) < 0)
		return say(EX_USAGE, &err);
	if (options.help) {
		fputs(launch_options_help, stdout);
		return finish(EXIT_GOOD);
	}
	if (options.version) {
		puts("acrn-launch-gen " ACRN_DM_VERSION);
		return finish(EXIT_GOOD);
	}
	return finish(run(&options));
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Options as ACRN's own generator has them, and a few more. */
#include "launch_scripts/launch_options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "lib/parse.h"

#define DEFAULT_OUT "output"

enum long_option {
	OPTION_SCENARIO = 256,
	OPTION_BOARD,
	OPTION_LAUNCH,
	OPTION_USER_VMID,
	OPTION_OUT,
	OPTION_PRINT,
	OPTION_CHECK,
	OPTION_HYPERVISOR,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "scenario", required_argument, NULL, OPTION_SCENARIO },
	{ "board", required_argument, NULL, OPTION_BOARD },
	{ "launch", required_argument, NULL, OPTION_LAUNCH },
	{ "user_vmid", required_argument, NULL, OPTION_USER_VMID },
	{ "out", required_argument, NULL, OPTION_OUT },
	{ "print", no_argument, NULL, OPTION_PRINT },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "hypervisor", required_argument, NULL, OPTION_HYPERVISOR },
	{ NULL, 0, NULL, 0 },
};

const char launch_options_help[] =
	"Usage: acrn-launch-gen --scenario FILE [OPTION]...\n"
	"       acrn-launch-gen region|vm|upgrade ...\n"
	"Make a start script for each post-launched virtual machine of a scenario.\n\n"
	"      --scenario FILE    ACRN scenario, version 3 or 2\n"
	"      --board FILE       the board it is for; needed where VMs have CPUs on ACRN\n"
	"      --launch FILE      launch file, which belongs to a scenario of version 2\n"
	"      --user_vmid N      only the script of that number; 0, the default: all\n"
	"      --out DIR          where launch_user_vm_id<N>.sh go, default " DEFAULT_OUT "\n"
	"      --hypervisor NAME  acrn (the default) or kvm\n"
	"      --print            print the command lines of acrn-dm instead\n"
	"      --check            only check\n"
	"  -h, --help             this text\n"
	"      --version\n\n"
	"\"acrn-launch-gen region --help\", \"vm --help\" and \"upgrade --help\" tell how\n"
	"scenario files are changed.\n\n"
	"Nothing is written unless all is well. Exit status: 0; 1 if the scenario does not hold\n"
	"(every problem is told, as FILE:LINE: TEXT) or something else fails; 64 for bad usage.\n";

static int parse_target(struct launch_options *options, const char *word, struct error *err)
{
	if (strcmp(word, "acrn") == 0)
		options->target = LAUNCH_ACRN;
	else if (strcmp(word, "kvm") == 0)
		options->target = LAUNCH_KVM;
	else
		return error_set(err, -EINVAL, "--hypervisor %s: write acrn or kvm", word);
	return 0;
}

static int parse_user_vmid(struct launch_options *options, const char *word, struct error *err)
{
	uint64_t number;

	if (parse_decimal(word, UINT_MAX, &number) < 0)
		return error_set(err, -EINVAL,
				 "--user_vmid %s: write the number of a script, or 0 for all",
				 word);
	options->user_vmid = (unsigned int)number;
	return 0;
}

static int parse_option(struct launch_options *options, int option, const char *value,
			struct error *err)
{
	switch (option) {
	case 'h':
		options->help = true;
		return 0;
	case OPTION_SCENARIO:
		options->scenario = value;
		return 0;
	case OPTION_BOARD:
		options->board = value;
		return 0;
	case OPTION_LAUNCH:
		options->launch = value;
		return 0;
	case OPTION_USER_VMID:
		return parse_user_vmid(options, value, err);
	case OPTION_OUT:
		options->out = value;
		return 0;
	case OPTION_PRINT:
		options->print = true;
		return 0;
	case OPTION_CHECK:
		options->check = true;
		return 0;
	case OPTION_HYPERVISOR:
		return parse_target(options, value, err);
	default:
		options->version = true;
		return 0;
	}
}

static int check_together(const struct launch_options *options, struct error *err)
{
	if (options->help || options->version)
		return 0;
	if (!options->scenario)
		return error_set(err, -EINVAL, "give the scenario by --scenario FILE");
	if (options->print && options->check)
		return error_set(err, -EINVAL,
				 "--print and --check contradict each other: --print checks too");
	if (!*options->out)
		return error_set(err, -EINVAL, "--out needs the name of a directory");
	return 0;
}

int launch_options_parse(struct launch_options *ret_options, int argc, char **argv,
			 struct error *err)
{
	struct launch_options options = { .out = DEFAULT_OUT };
	int option, ret;

	opterr = 0;
	optind = 0; /* from the beginning, also for a second time */
	while ((option = getopt_long(argc, argv, "+:h", long_options, NULL)) != -1) {
		if (option == '?' || option == ':')
			return error_set(err, -EINVAL,
					 "\"%s\": no such option, or its value is missing or one "
					 "too many; -h tells what there is",
					 argv[optind - 1]);
		ret = parse_option(&options, option, optarg, err);
		if (ret < 0)
			return ret;
	}
	if (optind < argc)
		return error_set(err, -EINVAL, "\"%s\" is no option; -h tells what there is",
				 argv[optind]);
	ret = check_together(&options, err);
	if (ret == 0)
		*ret_options = options;
	return ret;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorting options from words, and checking each by itself. */
#include "launch_scripts/edit_arguments.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "launch_scripts/bdf.h"
#include "lib/log.h"
#include "lib/parse.h"
#include "lib/util.h"

#define OPTION_COUNT 13

static const struct option long_options[OPTION_COUNT + 1] = {
	{ "json", no_argument, NULL, EDIT_JSON },
	{ "size", required_argument, NULL, EDIT_SIZE },
	{ "source", required_argument, NULL, EDIT_SOURCE },
	{ "id", required_argument, NULL, EDIT_ID },
	{ "vectors", required_argument, NULL, EDIT_VECTORS },
	{ "vm", required_argument, NULL, EDIT_VM },
	{ "name", required_argument, NULL, EDIT_NAME },
	{ "add-vm", required_argument, NULL, EDIT_ADD_VM },
	{ "remove-vm", required_argument, NULL, EDIT_REMOVE_VM },
	{ "memory", required_argument, NULL, EDIT_MEMORY },
	{ "parameters", required_argument, NULL, EDIT_PARAMETERS },
	{ "launch", required_argument, NULL, EDIT_LAUNCH },
	{ "help", no_argument, NULL, EDIT_HELP },
	{ NULL, 0, NULL, 0 },
};

static int usage_error(const char *noun, const struct edit_command *command)
{
	log_error(NULL, "usage: acrn-launch-gen %s %s", noun, command->usage);
	return EX_USAGE;
}

/* --- values ----------------------------------------------------------------------------------- */

/* Megabytes, or with a suffix. What sizes there are is for the checks of the whole to say. */
static int take_megabytes(const char *option, const char *word, uint64_t *mb)
{
	uint64_t bytes;

	if (parse_size(word, MIB, &bytes) == 0 && bytes > 0 && bytes % MIB == 0) {
		*mb = bytes / MIB;
		return 0;
	}
	log_error(NULL, "--%s \"%s\": a number of megabytes is needed", option, word);
	return EX_USAGE;
}

static int take_number(const char *option, const char *word, uint64_t max, uint64_t *number)
{
	if (parse_number(word, max, number) == 0)
		return 0;
	log_error(NULL, "--%s \"%s\": a number from 0 to %ju is needed, decimal or hexadecimal"
		  " after 0x", option, word, (uintmax_t)max);
	return EX_USAGE;
}

static int take_source(const char *word, enum ivshmem_land *land)
{
	if (!strcmp(word, "device-model")) {
		*land = IVSHMEM_LAND_DM;
	} else if (!strcmp(word, "hypervisor")) {
		*land = IVSHMEM_LAND_HV;
	} else {
		log_error(NULL, "--source \"%s\": only device-model and hypervisor are allowed",
			  word);
		return EX_USAGE;
	}
	return 0;
}

static int take_text(const char *option, const char *word, const char **text)
{
	if (xml_text_is_valid(word)) {
		*text = word;
		return 0;
	}
	log_error(NULL, "--%s: a text in UTF-8 without control characters is needed", option);
	return EX_USAGE;
}

static int out_of_memory(void)
{
	log_error(NULL, "out of memory");
	return 1;
}

/* NAME, or NAME@VBDF. */
static int take_user(const char *option, const char *word, struct edit_arguments *args)
{
	const size_t count = args->user_count;
	struct region_user_text *users, *user;
	const char *at = strrchr(word, '@'), *end;
	char **names;

	users = reallocarray(args->users, count + 1, sizeof(*users));
	if (users)
		args->users = users;
	names = reallocarray(args->user_names, count + 1, sizeof(*names));
	if (names)
		args->user_names = names;
	if (!users || !names)
		return out_of_memory();
	names[count] = strndup(word, at ? (size_t)(at - word) : strlen(word));
	if (!names[count])
		return out_of_memory();
	args->user_count++;
	user = &users[count];
	*user = (struct region_user_text){ .vm_name = names[count], .has_slot = at };
	if (!*user->vm_name || !xml_text_is_valid(user->vm_name)) {
		log_error(NULL, "--%s \"%s\": a VM's name is needed", option, word);
		return EX_USAGE;
	}
	end = at ? bdf_parse(at + 1, &user->slot) : "";
	if (!end || *end) {
		log_error(NULL, "--%s \"%s\": a place is bus:device.function in hexadecimal, as in"
			  " %s@00:08.0", option, word, user->vm_name);
		return EX_USAGE;
	}
	return 0;
}

static int take_removed(const char *word, struct edit_arguments *args)
{
	const char **removed;

	removed = reallocarray(args->removed, args->removed_count + 1, sizeof(*removed));
	if (!removed)
		return out_of_memory();
	args->removed = removed;
	removed[args->removed_count++] = word;
	return 0;
}

/* Returns 0 or an exit status. */
static int take_option(int bit, struct edit_arguments *args)
{
	const char *option = long_options[__builtin_ctz((unsigned int)bit)].name;

	switch (bit) {
	case EDIT_SIZE:
		return take_megabytes(option, optarg, &args->size_mb);
	case EDIT_MEMORY:
		return take_megabytes(option, optarg, &args->memory_mb);
	case EDIT_SOURCE:
		return take_source(optarg, &args->land);
	case EDIT_ID:
		return take_number(option, optarg, UINT16_MAX, &args->id);
	case EDIT_VECTORS:
		return take_number(option, optarg, 2048, &args->vectors);
	case EDIT_VM:
	case EDIT_ADD_VM:
		return take_user(option, optarg, args);
	case EDIT_REMOVE_VM:
		return take_removed(optarg, args);
	case EDIT_LAUNCH:
		args->launch = optarg;
		return 0;
	case EDIT_NAME:
		return take_text(option, optarg, &args->name);
	case EDIT_PARAMETERS:
		return take_text(option, optarg, &args->parameters);
	default:
		return 0;
	}
}

/* --- all of it -------------------------------------------------------------------------------- */

static int parse_arguments(const char *noun, const struct edit_command *command, int argc,
			   char **argv, struct edit_arguments *args)
{
	int bit, status;

	opterr = 0;
	optind = 0;
	while ((bit = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		bit = bit == 'h' ? EDIT_HELP : bit;
		if (bit == '?') {
			log_error(NULL, "\"%s\": no such option, or a value too many or too few",
				  argv[optind - 1]);
			return usage_error(noun, command);
		}
		if (bit & ~command->options & ~EDIT_HELP) {
			log_error(NULL, "--%s is not for this; usage: acrn-launch-gen %s %s",
				  long_options[__builtin_ctz((unsigned int)bit)].name, noun,
				  command->usage);
			return EX_USAGE;
		}
		args->given |= bit;
		status = take_option(bit, args);
		if (status)
			return status;
	}
	for (; optind < argc; optind++) {
		if (args->word_count == command->words)
			return usage_error(noun, command);
		if (args->word_count > 0 && !xml_text_is_valid(argv[optind])) {
			log_error(NULL, "names are UTF-8 without control characters");
			return EX_USAGE;
		}
		args->words[args->word_count++] = argv[optind];
	}
	return 0;
}

static void print_help(const char *noun, const struct edit_command *commands)
{
	printf("Usage: acrn-launch-gen %s COMMAND\n\n", noun);
	for (; commands->name; commands++)
		printf("  %s\n      %s\n", commands->usage, commands->help);
	fputs("\nSizes are in megabytes. VBDF is bus:device.function in hexadecimal, as in\n"
	      "00:08.0; left out, the lowest free place is found. TEXT is further words for\n"
	      "acrn-dm, as a shell reads them: \"-k IMAGE -B 'WORDS FOR THE GUEST'\".\n", stdout);
}

static const struct edit_command *find_command(const struct edit_command *commands,
					       const char *name)
{
	for (; commands->name; commands++)
		if (!strcmp(commands->name, name))
			return commands;
	return NULL;
}

static int run_command(const char *noun, const struct edit_command *command, int argc, char **argv)
{
	struct edit_arguments args = { 0 };
	int status;
	size_t i;

	status = parse_arguments(noun, command, argc, argv, &args);
	if (status == 0 && (args.given & EDIT_HELP))
		printf("Usage: acrn-launch-gen %s %s\n      %s\n", noun, command->usage,
		       command->help);
	else if (status == 0 && (args.word_count < command->words ||
				 command->needed & ~args.given))
		status = usage_error(noun, command);
	else if (status == 0)
		status = command->run(&args);
	for (i = 0; i < args.user_count; i++)
		free(args.user_names[i]);
	free(args.user_names);
	free(args.users);
	free(args.removed);
	return status;
}

int edit_main(const char *noun, const struct edit_command *commands, int argc, char **argv)
{
	const struct edit_command *command = argc > 1 ? find_command(commands, argv[1]) : NULL;

	if (command)
		return run_command(noun, command, argc - 1, argv + 1);
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		print_help(noun, commands);
		return 0;
	}
	log_error(NULL, "%s%s%s: \"acrn-launch-gen %s --help\" tells what there is", noun,
		  argc > 1 ? " " : "", argc > 1 ? argv[1] : " what", noun);
	return EX_USAGE;
}

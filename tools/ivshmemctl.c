/* SPDX-License-Identifier: BSD-3-Clause */
/* ivshmemctl: looking at shared-memory regions, making them by hand, and clearing up. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ivshmem/object.h"
#include "ivshmem/region.h"
#include "ivshmem/region_list.h"
#include "ivshmem/region_remove.h"
#include "ivshmem/server_path.h"
#include "lib/log.h"
#include "lib/parse.h"
#include "lib/util.h"
#include "tools/ivshmemctl_dump.h"
#include "tools/ivshmemctl_show.h"

/* One bit per option, so that a command can tell which ones it takes. */
enum option_bit {
	OPTION_JSON = 1 << 0,
	OPTION_GROUP = 1 << 1,
	OPTION_HUGEPAGES = 1 << 2,
	OPTION_SHM = 1 << 3,
	OPTION_ALL_STALE = 1 << 4,
	OPTION_ORPHANS = 1 << 5,
	OPTION_OFFSET = 1 << 6,
	OPTION_LENGTH = 1 << 7,
	OPTION_RAW = 1 << 8,
	OPTION_HELP = 1 << 9,
	OPTION_VERSION = 1 << 10,
};

#define OPTION_COUNT 11

static const struct option long_options[OPTION_COUNT + 1] = {
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "group", required_argument, NULL, OPTION_GROUP },
	{ "hugepages", required_argument, NULL, OPTION_HUGEPAGES },
	{ "shm", required_argument, NULL, OPTION_SHM },
	{ "all-stale", no_argument, NULL, OPTION_ALL_STALE },
	{ "orphans", no_argument, NULL, OPTION_ORPHANS },
	{ "offset", required_argument, NULL, OPTION_OFFSET },
	{ "length", required_argument, NULL, OPTION_LENGTH },
	{ "raw", no_argument, NULL, OPTION_RAW },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

#define WORDS_MAX 2

struct arguments {
	int given; /* bits of the options */
	const char *values[OPTION_COUNT];
	const char *words[WORDS_MAX];
	int word_count;
};

struct command {
	const char *name, *usage, *help;
	int options;
	int words_min, words_max;
	int (*run)(const struct arguments *args);
};

static const char *value_of(const struct arguments *args, enum option_bit option)
{
	return args->values[__builtin_ctz((unsigned int)option)];
}

/* Standard output may be a full disk or a closed pipe. */
static int finish_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	log_error(NULL, "standard output: %s", strerror(errno));
	return 1;
}

static int fail(int status, const struct error *err)
{
	log_error(NULL, "%s", err->text);
	return status;
}

/* Regions of the hypervisor have no memory that could be looked at from here. */
static int parse_name(const char *word, struct ivshmem_name *ret_name)
{
	struct error err;

	if (ivshmem_name_parse(ret_name, word, &err) < 0)
		return fail(EX_USAGE, &err);
	if (ret_name->land == IVSHMEM_LAND_DM)
		return 0;
	log_error(NULL,
		  "region %s belongs to the hypervisor: only dm:/ regions can be managed here",
		  word);
	return EX_USAGE;
}

static int run_list(const struct arguments *args)
{
	struct ivshmem_region_list list;
	struct error err;

	if (ivshmem_region_list_read(&list, &err) < 0)
		return fail(1, &err);
	if (args->given & OPTION_JSON) {
		show_list_json(stdout, &list);
	} else {
		show_table(stdout, &list);
		fflush(stdout);
		show_advice(&list);
	}
	ivshmem_region_list_fini(&list);
	return finish_output();
}

static int run_show(const struct arguments *args)
{
	struct ivshmem_region_info info;
	struct ivshmem_name name;
	struct error err;
	int status;

	status = parse_name(args->words[0], &name);
	if (status)
		return status;
	if (ivshmem_region_info_read(&name, &info, &err) < 0)
		return fail(1, &err);
	if (args->given & OPTION_JSON)
		show_details_json(stdout, &info);
	else
		show_details(stdout, &info);
	ivshmem_region_info_fini(&info);
	return finish_output();
}

/* Also for a region that is yet to be: a peer's command line is often written first. */
static int run_path(const struct arguments *args)
{
	char object[IVSHMEM_OBJECT_MAX];
	struct ivshmem_region_info info;
	struct ivshmem_name name;
	struct error err;
	int ret, status;

	status = parse_name(args->words[0], &name);
	if (status)
		return status;
	ret = ivshmem_region_info_read(&name, &info, &err);
	if (ret == 0) {
		printf("%s\n", info.path);
		ivshmem_region_info_fini(&info);
	} else if (ret == -ENOENT && ivshmem_name_object(&name, object) == 0) {
		printf(IVSHMEM_SHM_DIR "%s\n", object);
	} else {
		return fail(1, &err);
	}
	return finish_output();
}

static int parse_region_size(const char *word, uint64_t *ret_size)
{
	if (parse_size(word, MIB, ret_size) == 0 && is_power_of_two(*ret_size) &&
	    *ret_size >= (uint64_t)sysconf(_SC_PAGESIZE) && *ret_size <= IVSHMEM_REGION_SIZE_MAX)
		return 0;
	log_error(NULL,
		  "size \"%s\": a power of two from one page to 1T is needed, in megabytes or with"
		  " a suffix K, M, G or T",
		  word);
	return EX_USAGE;
}

/* Whether it is there or not, as the path. */
static int run_socket(const struct arguments *args)
{
	char path[IVSHMEM_SERVER_PATH_MAX];
	struct ivshmem_name name;
	struct error err;
	int status;

	status = parse_name(args->words[0], &name);
	if (status)
		return status;
	if (ivshmem_server_path(&name, path, &err) < 0)
		return fail(1, &err);
	printf("%s\n", path);
	return finish_output();
}

static int run_create(const struct arguments *args)
{
	struct ivshmem_region_params params = {
		.keep = true, /* or it would end with this program */
		.group = value_of(args, OPTION_GROUP),
		.shm_object = value_of(args, OPTION_SHM),
	};
	const char *hugepages = value_of(args, OPTION_HUGEPAGES);
	struct ivshmem_region *region;
	struct error err;
	int status;

	status = parse_name(args->words[0], &params.name);
	if (!status)
		status = parse_region_size(args->words[1], &params.size);
	if (status)
		return status;
	if (hugepages && parse_hugepage_size(hugepages, &params.hugepage_size) < 0) {
		log_error(NULL, "--hugepages \"%s\": only 2M and 1G are allowed", hugepages);
		return EX_USAGE;
	}
	if (ivshmem_region_attach(&params, &region, &err) < 0)
		return fail(1, &err);
	ivshmem_region_detach(region);
	return 0;
}

static int remove_many(int (*remove_kind)(struct ivshmem_removed *, struct error *),
		       const char *kind)
{
	struct ivshmem_removed removed = { 0 };
	char size[SIZE_TEXT_MAX];
	struct error err;
	int ret;

	ret = remove_kind(&removed, &err);
	printf("%zu %s removed, %s freed\n", removed.regions, kind, size_text(removed.bytes, size));
	fflush(stdout);
	return ret < 0 ? fail(1, &err) : 0;
}

static int run_remove(const struct arguments *args)
{
	struct ivshmem_name name;
	struct error err;
	int status = 0;

	if ((args->given != 0) == (args->word_count > 0)) {
		log_error(NULL, "remove takes either a name, or --all-stale or --orphans");
		return EX_USAGE;
	}
	if (args->word_count > 0) {
		status = parse_name(args->words[0], &name);
		if (!status && ivshmem_region_remove(&name, &err) < 0)
			status = fail(1, &err);
		return status;
	}
	if (args->given & OPTION_ALL_STALE)
		status = remove_many(ivshmem_region_remove_stale, "stale");
	if (args->given & OPTION_ORPHANS)
		status |= remove_many(ivshmem_region_remove_orphans, "orphaned");
	return status ? status : finish_output();
}

/* Bytes: decimal, 0x and hexadecimal, or with a suffix. */
static int parse_bytes(const struct arguments *args, enum option_bit option, uint64_t *bytes)
{
	const char *word = value_of(args, option);

	if (!word || parse_number(word, INT64_MAX, bytes) == 0 ||
	    (parse_size(word, 1, bytes) == 0 && *bytes <= INT64_MAX))
		return 0;
	log_error(NULL, "--%s \"%s\": a number of bytes is needed",
		  long_options[__builtin_ctz((unsigned int)option)].name, word);
	return EX_USAGE;
}

static int run_dump(const struct arguments *args)
{
	uint64_t offset = 0, length = INT64_MAX;
	struct ivshmem_region_info info;
	struct ivshmem_name name;
	struct error err;
	int ret, status;

	status = parse_name(args->words[0], &name);
	if (!status)
		status = parse_bytes(args, OPTION_OFFSET, &offset);
	if (!status)
		status = parse_bytes(args, OPTION_LENGTH, &length);
	if (status)
		return status;
	if (ivshmem_region_info_read(&name, &info, &err) < 0)
		return fail(1, &err);
	ret = dump_region(stdout, &info, offset, length, args->given & OPTION_RAW, &err);
	ivshmem_region_info_fini(&info);
	status = finish_output();
	return ret < 0 ? fail(1, &err) : status;
}

static const struct command commands[] = {
	{ "list", "list [--json]", "what regions there are, and who uses them", OPTION_JSON, 0, 0,
	  run_list },
	{ "show", "show NAME [--json]", "everything about one region", OPTION_JSON, 1, 1,
	  run_show },
	{ "path", "path NAME", "its memory object, as other programs name it", 0, 1, 1, run_path },
	{ "socket", "socket NAME", "its own server's socket, for QEMU's ivshmem-doorbell", 0, 1, 1,
	  run_socket },
	{ "create", "create NAME SIZE [--group=GROUP] [--hugepages=2M|1G] [--shm=/OBJECT]",
	  "make a region that is kept until it is removed",
	  OPTION_GROUP | OPTION_HUGEPAGES | OPTION_SHM, 2, 2, run_create },
	{ "remove", "remove NAME | --all-stale | --orphans",
	  "remove what nobody uses, with its memory", OPTION_ALL_STALE | OPTION_ORPHANS, 0, 1,
	  run_remove },
	{ "dump", "dump NAME [--offset=BYTES] [--length=BYTES] [--raw]", "print the contents",
	  OPTION_OFFSET | OPTION_LENGTH | OPTION_RAW, 1, 1, run_dump },
};

static const char help_end[] =
	"  --help, --version\n\n"
	"NAME is dm:/... as on the command line of acrn-dm. SIZE is a power of two, in\n"
	"megabytes or with a suffix K, M, G or T.\n\n"
	"States:\n"
	"  used       by the processes listed; \"?\": by some that cannot be seen from here\n"
	"  kept       unused, stays with its contents until it is removed\n"
	"  stale      its users died; the next one makes it anew\n"
	"  orphan     memory without a record, unused\n"
	"  elsewhere  the same, used with another runtime directory or by another user\n"
	"  busy       somebody joins or leaves it right now, or was stopped while at it\n"
	"  damaged    used, but its record or memory were tampered with\n\n"
	"Records are in /run/acrn-ivshmem for root, else in $XDG_RUNTIME_DIR/acrn-ivshmem;\n"
	"$IVSHMEM_RUNTIME_DIR names another directory.\n\n"
	"Exit status: 0, 64 for bad usage, 1 for any other failure.\n";

static int print_help(void)
{
	size_t i;

	printf("Usage: ivshmemctl COMMAND\n\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		printf("  %s\n      %s\n", commands[i].usage, commands[i].help);
	fputs(help_end, stdout);
	return finish_output();
}

static int print_version(void)
{
	printf("ivshmemctl %s\n", ACRN_DM_VERSION);
	return finish_output();
}

#define SEE_HELP "\"ivshmemctl --help\" tells what there is"

static int usage_error(const struct command *command)
{
	log_error(NULL, "usage: ivshmemctl %s", command->usage);
	return EX_USAGE;
}

/* Sorts options from words. Returns 0 or an exit status. */
static int parse_arguments(int argc, char **argv, struct arguments *args)
{
	int bit, index;

	opterr = 0;
	while ((bit = getopt_long(argc, argv, "h", long_options, &index)) != -1) {
		if (bit == '?') {
			log_error(NULL, "\"%s\": no such option, or a value too many or too few; "
				  SEE_HELP, argv[optind - 1]);
			return EX_USAGE;
		}
		if (bit == 'h')
			bit = OPTION_HELP;
		args->given |= bit;
		args->values[__builtin_ctz((unsigned int)bit)] = optarg;
	}
	for (; optind < argc; optind++) {
		if (args->word_count == WORDS_MAX) {
			log_error(NULL, "\"%s\" is one word too many; " SEE_HELP, argv[optind]);
			return EX_USAGE;
		}
		args->words[args->word_count++] = argv[optind];
	}
	return 0;
}

static const struct command *find_command(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(word, commands[i].name))
			return &commands[i];
	return NULL;
}

static int run_command(const struct command *command, const struct arguments *args)
{
	int i;

	for (i = 0; i < OPTION_COUNT; i++) {
		if (args->given & ~command->options & (1 << i)) {
			log_error(NULL, "--%s is not for this; usage: ivshmemctl %s",
				  long_options[i].name, command->usage);
			return EX_USAGE;
		}
	}
	if (args->word_count < command->words_min || args->word_count > command->words_max)
		return usage_error(command);
	return command->run(args);
}

int main(int argc, char **argv)
{
	const struct command *command = argc > 1 ? find_command(argv[1]) : NULL;
	struct arguments args = { 0 };
	int status;

	/* ulimit -f is an error with a message, and undone, not the end. */
	signal(SIGXFSZ, SIG_IGN);
	if (argc > 1 && !command && argv[1][0] != '-') {
		log_error(NULL, "there is no command \"%s\"; " SEE_HELP, argv[1]);
		return EX_USAGE;
	}
	/* The command stands where getopt expects the program. */
	status = parse_arguments(argc - (command != NULL), argv + (command != NULL), &args);
	if (status)
		return status;
	if (args.given & OPTION_HELP)
		return print_help();
	if (args.given & OPTION_VERSION)
		return print_version();
	if (command)
		return run_command(command, &args);
	log_error(NULL, "a command is missing; " SEE_HELP);
	return EX_USAGE;
}

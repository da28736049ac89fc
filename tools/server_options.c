/* SPDX-License-Identifier: BSD-3-Clause */
/* Options by the letters and defaults of QEMU's server, and long ones for what it does not have. */
#include "tools/server_options.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ivshmem/region.h"
#include "ivshmem/wire.h"
#include "lib/parse.h"
#include "lib/util.h"
#include "tools/server_socket.h"

#define DEFAULT_PID_FILE "/var/run/ivshmem-server.pid"
#define DEFAULT_SOCKET "/tmp/ivshmem_socket"
#define DEFAULT_SHM "ivshmem"
#define DEFAULT_SIZE (4 * MIB)
#define ID_LARGEST (UINT32_MAX - 1)
/* With a group that is to connect. */
#define GROUP_MODE 0660

enum long_option {
	OPTION_REGION = 256,
	OPTION_EXIT_WHEN_EMPTY,
	OPTION_SOCKET_MODE,
	OPTION_SOCKET_GROUP,
	OPTION_ALLOW_UID,
	OPTION_STATUS,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "foreground", no_argument, NULL, 'F' },
	{ "pid-file", required_argument, NULL, 'p' },
	{ "socket", required_argument, NULL, 'S' },
	{ "size", required_argument, NULL, 'l' },
	{ "vectors", required_argument, NULL, 'n' },
	{ "region", required_argument, NULL, OPTION_REGION },
	{ "exit-when-empty", no_argument, NULL, OPTION_EXIT_WHEN_EMPTY },
	{ "socket-mode", required_argument, NULL, OPTION_SOCKET_MODE },
	{ "socket-group", required_argument, NULL, OPTION_SOCKET_GROUP },
	{ "allow-uid", required_argument, NULL, OPTION_ALLOW_UID },
	{ "status", required_argument, NULL, OPTION_STATUS },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

const char server_options_help[] =
	"Usage: ivshmem-server [OPTION]...\n\n"
	"  -h, --help             this text\n"
	"  -v, --verbose          tell who comes and goes; needs -F\n"
	"  -F, --foreground       stay in the foreground\n"
	"  -p, --pid-file PATH    default " DEFAULT_PID_FILE ", with --region none;\n"
	"                         not with -F\n"
	"  -S, --socket PATH      default " DEFAULT_SOCKET "\n"
	"  -M NAME                POSIX object for the memory, default " DEFAULT_SHM "\n"
	"  -m DIR                 a file without a name in DIR instead, as in a hugetlbfs\n"
	"      --region dm:/NAME  the memory of this region instead, the socket beside its\n"
	"                         record; with -M its object, as shm= of acrn-dm names it\n"
	"  -l, --size BYTES       suffixes K, M, G and T; rounded up to a power of two of at\n"
	"                         least a page; default 4M\n"
	"  -n, --vectors COUNT    of each client, 0 to 2048, default 1\n"
	"      --exit-when-empty  end when the last client has left, or none came for 10 s\n"
	"      --socket-mode MODE octal mode of the socket, with a group 660 by default\n"
	"      --socket-group GROUP\n"
	"                         who may connect, too\n"
	"      --allow-uid UID    only clients of this user; may be given up to 16 times\n"
	"      --status PATH      whoever connects there reads a JSON document on the clients\n"
	"      --version\n\n"
	"SIGTERM and SIGINT end it in order. Exit status: 0, 64 for bad usage, 1 for any other\n"
	"failure.\n";

static int parse_server_size(struct server_options *options, const char *word, struct error *err)
{
	uint64_t size = (uint64_t)sysconf(_SC_PAGESIZE);

	if (parse_size(word, 1, &options->asked_size) < 0 || options->asked_size == 0 ||
	    options->asked_size > IVSHMEM_REGION_SIZE_MAX)
		return error_set(err, -EINVAL,
				 "size \"%s\": 1 to 1T bytes are needed, whole, with or without a"
				 " suffix K, M, G or T",
				 word);
	/* What QEMU would refuse, or die of, is made to fit. */
	while (size < options->asked_size)
		size *= 2;
	options->size = size;
	return 0;
}

static int parse_vectors(struct server_options *options, const char *word, struct error *err)
{
	uint64_t vectors;

	if (parse_decimal(word, IVSHMEM_VECTORS_MAX, &vectors) < 0)
		return error_set(err, -EINVAL, "vectors \"%s\": a number from 0 to %d is needed",
				 word, IVSHMEM_VECTORS_MAX);
	options->vectors = (uint32_t)vectors;
	return 0;
}

static int parse_shm(struct server_options *options, const char *word, struct error *err)
{
	const char *name = word + (word[0] == '/');

	if (!name[0] || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") ||
	    strlen(name) > IVSHMEM_DM_NAME_MAX)
		return error_set(err, -EINVAL,
				 "object \"%s\": a name of 1 to %d bytes without slashes is needed",
				 word, IVSHMEM_DM_NAME_MAX);
	options->shm = name;
	options->dir = NULL;
	return 0;
}

static int parse_region(struct server_options *options, const char *word, struct error *err)
{
	if (ivshmem_name_parse(&options->region_name, word, err) < 0)
		return -EINVAL;
	if (options->region_name.land != IVSHMEM_LAND_DM)
		return error_set(err, -EINVAL,
				 "region %s belongs to the hypervisor: only dm:/ regions can be"
				 " served",
				 word);
	options->region = word;
	return 0;
}

static int parse_mode(struct server_options *options, const char *word, struct error *err)
{
	char *end;
	unsigned long mode = strtoul(word, &end, 8);

	if (word[0] < '0' || word[0] > '7' || *end || mode > 0777)
		return error_set(err, -EINVAL,
				 "socket mode \"%s\": an octal number up to 777 is needed", word);
	options->socket_mode = (int)mode;
	return 0;
}

static int parse_group(struct server_options *options, const char *word, struct error *err)
{
	const struct group *group = getgrnam(word);
	uint64_t gid;

	if (group)
		gid = group->gr_gid;
	else if (parse_decimal(word, ID_LARGEST, &gid) < 0)
		return error_set(err, -EINVAL,
				 "socket group \"%.80s\": there is no such group", word);
	options->socket_group = (gid_t)gid;
	return 0;
}

static int parse_uid(struct server_options *options, const char *word, struct error *err)
{
	uint64_t uid;

	if (options->uid_count == SERVER_UIDS_MAX)
		return error_set(err, -EINVAL, "--allow-uid can be given %d times at most",
				 SERVER_UIDS_MAX);
	if (parse_decimal(word, ID_LARGEST, &uid) < 0)
		return error_set(err, -EINVAL, "--allow-uid \"%s\": a number is needed", word);
	options->uids[options->uid_count++] = (uid_t)uid;
	return 0;
}

static int parse_option(struct server_options *options, int option, const char *value,
			struct error *err)
{
	switch (option) {
	case 'h':
		options->help = true;
		return 0;
	case 'v':
		options->verbose = true;
		return 0;
	case 'F':
		options->foreground = true;
		return 0;
	case 'p':
		options->pid_file = value;
		return 0;
	case 'S':
		options->socket = value;
		return 0;
	case 'M':
		return parse_shm(options, value, err);
	case 'm':
		options->dir = value;
		return 0;
	case 'l':
		return parse_server_size(options, value, err);
	case 'n':
		return parse_vectors(options, value, err);
	case OPTION_REGION:
		return parse_region(options, value, err);
	case OPTION_EXIT_WHEN_EMPTY:
		options->exit_when_empty = true;
		return 0;
	case OPTION_SOCKET_MODE:
		return parse_mode(options, value, err);
	case OPTION_SOCKET_GROUP:
		return parse_group(options, value, err);
	case OPTION_ALLOW_UID:
		return parse_uid(options, value, err);
	case OPTION_STATUS:
		options->status = value;
		return 0;
	default:
		options->version = true;
		return 0;
	}
}

static int check_together(struct server_options *options, struct error *err)
{
	if (options->help || options->version)
		return 0;
	if (options->verbose && !options->foreground)
		return error_set(err, -EINVAL,
				 "-v needs -F: in the background there is nobody to tell");
	if (options->region && options->dir)
		return error_set(err, -EINVAL, "--region %s has its own memory: leave out -m",
				 options->region);
	if (!options->region && !options->dir && !options->shm)
		options->shm = DEFAULT_SHM;
	if (!options->region && !options->socket)
		options->socket = DEFAULT_SOCKET;
	if (options->socket_group != SERVER_SOCKET_NO_GROUP &&
	    options->socket_mode == SERVER_SOCKET_NO_MODE)
		options->socket_mode = GROUP_MODE;
	/* A place that all regions' servers would share. */
	if (!options->region && !options->pid_file)
		options->pid_file = DEFAULT_PID_FILE;
	return 0;
}

int server_options_parse(struct server_options *ret_options, int argc, char **argv,
			 struct error *err)
{
	struct server_options options = {
		.size = DEFAULT_SIZE,
		.asked_size = DEFAULT_SIZE,
		.vectors = 1,
		.socket_mode = SERVER_SOCKET_NO_MODE,
		.socket_group = SERVER_SOCKET_NO_GROUP,
	};
	int option, ret;

	opterr = 0;
	optind = 0; /* from the beginning, also for a second time */
	while ((option = getopt_long(argc, argv, "+:hvFp:S:M:m:l:n:", long_options, NULL)) != -1) {
		if (option == '?' || option == ':')
			return error_set(err, -EINVAL,
					 "\"%s\": no such option, or its value is missing or one"
					 " too many; -h tells what there is",
					 argv[optind - 1]);
		ret = parse_option(&options, option, optarg, err);
		if (ret < 0)
			return ret;
	}
	if (optind < argc)
		return error_set(err, -EINVAL,
				 "\"%s\" is no option; -h tells what there is", argv[optind]);
	ret = check_together(&options, err);
	if (ret < 0)
		return ret;
	*ret_options = options;
	return 0;
}

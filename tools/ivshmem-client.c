/* SPDX-License-Identifier: BSD-3-Clause */
/* ivshmem-client: a peer of shared memory that people and scripts command, without a guest. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ivshmem/name.h"
#include "ivshmem/server_path.h"
#include "lib/fds.h"
#include "lib/log.h"
#include "lib/parse.h"
#include "tools/client.h"
#include "tools/client_input.h"

#define DEFAULT_PATH "/tmp/ivshmem_socket"
#define DEFAULT_TIMEOUT_S 10
#define TIMEOUT_MAX_S 86400

#define SEE_HELP "\"ivshmem-client -h\" tells what there is"

static const char help_text[] =
	"Usage: ivshmem-client [OPTION]...\n\n"
	"  -S PATH               the server's socket (default: " DEFAULT_PATH ")\n"
	"  --region dm:/NAME     the server of this region instead\n"
	"  --exec COMMANDS       run these, not those from standard input; the first that\n"
	"                        fails is the last\n"
	"  --timeout SECONDS     for the server's greeting and for each wait (default: 10)\n"
	"  --json                a JSON object per line for each event and each result\n"
	"  -v                    tell who joins and leaves\n"
	"  -h, --help            this\n\n"
	"Commands are separated by newlines or semicolons; \"help\" lists them.\n\n"
	"Exit status: 0, 64 for bad usage, 1 for any other failure, one of a command too.\n";

struct arguments {
	const char *path, *region, *commands;
	unsigned int timeout_s;
	bool verbose, json, help;
};

enum long_option { LONG_REGION = 256, LONG_EXEC, LONG_TIMEOUT, LONG_JSON };

static const struct option long_options[] = {
	{ "region", required_argument, NULL, LONG_REGION },
	{ "exec", required_argument, NULL, LONG_EXEC },
	{ "timeout", required_argument, NULL, LONG_TIMEOUT },
	{ "json", no_argument, NULL, LONG_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int parse_timeout(const char *word, unsigned int *ret_seconds)
{
	uint64_t seconds;

	if (parse_decimal(word, TIMEOUT_MAX_S, &seconds) < 0 || seconds == 0) {
		log_error(NULL, "--timeout \"%s\": seconds from 1 to %d are needed", word,
			  TIMEOUT_MAX_S);
		return EX_USAGE;
	}
	*ret_seconds = (unsigned int)seconds;
	return 0;
}

static int take_option(int option, struct arguments *args)
{
	switch (option) {
	case 'h':
		args->help = true;
		return 0;
	case 'v':
		args->verbose = true;
		return 0;
	case 'S':
		args->path = optarg;
		return 0;
	case LONG_REGION:
		args->region = optarg;
		return 0;
	case LONG_EXEC:
		args->commands = optarg;
		return 0;
	case LONG_TIMEOUT:
		return parse_timeout(optarg, &args->timeout_s);
	default:
		args->json = true;
		return 0;
	}
}

/* Returns 0 or an exit status. */
static int parse_arguments(int argc, char **argv, struct arguments *args)
{
	int option, status;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "hvS:", long_options, NULL)) != -1) {
		if (option == '?') {
			log_error(NULL, "\"%s\": no such option, or a value too many or too few; "
				  SEE_HELP, argv[optind - 1]);
			return EX_USAGE;
		}
		status = take_option(option, args);
		if (status)
			return status;
	}
	if (optind < argc) {
		log_error(NULL, "\"%s\" is one word too many; " SEE_HELP, argv[optind]);
		return EX_USAGE;
	}
	if (args->path && args->region) {
		log_error(NULL, "-S and --region both name the server: give one of them");
		return EX_USAGE;
	}
	return 0;
}

/* The socket of a region's server. Returns 0 or an exit status. */
static int region_socket(const char *word, char path[IVSHMEM_SERVER_PATH_MAX])
{
	struct ivshmem_name name;
	struct error err = { "" };

	if (ivshmem_name_parse(&name, word, &err) < 0) {
		log_error(NULL, "%s", err.text);
		return EX_USAGE;
	}
	if (ivshmem_server_path(&name, path, &err) < 0) {
		log_error(NULL, "%s", err.text);
		return name.land == IVSHMEM_LAND_DM ? 1 : EX_USAGE;
	}
	return 0;
}

static int run(const struct arguments *args, const char *path)
{
	struct client_input *input = NULL;
	struct client *client;
	struct error err = { "" };
	int status = 1;

	client = client_new(args->timeout_s, &err);
	if (client) {
		client->json = args->json;
		client->verbose = args->verbose;
		input = client_input_new(client, args->commands, &err);
	}
	if (input && client_connect(client, path, &err) == 0)
		status = client_run(client);
	else
		log_error(NULL, "%s", err.text);
	client_input_free(input);
	client_free(client);
	return status;
}

int main(int argc, char **argv)
{
	char path[IVSHMEM_SERVER_PATH_MAX] = DEFAULT_PATH;
	struct arguments args = { .timeout_s = DEFAULT_TIMEOUT_S };
	int status;

	/* Without them a socket could take the place of standard output. */
	if (fds_fill_standard() < 0)
		return 1;
	status = parse_arguments(argc, argv, &args);
	if (status)
		return status;
	/* Events are for whoever reads them at once. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (args.help) {
		fputs(help_text, stdout);
	} else {
		if (args.region)
			status = region_socket(args.region, path);
		if (status)
			return status;
		/* Each vector of each peer is a descriptor. */
		fds_raise_limit();
		status = run(&args, args.path ? args.path : path);
	}
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	log_error(NULL, "standard output: %s", strerror(errno));
	return 1;
}

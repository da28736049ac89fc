/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any words as a command line, one per line as in tests/golden/NAME.args. Accepted ones must come
 * back the same from their own command line; refused ones must say why.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/config/command_line.h"
#include "devicemodel/config/vm_config.h"
#include "hw/pci/devices.h"
#include "hw/pci/ivshmem_options.h"

#define WORDS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
	if (!holds)
		abort();
}

/* The classes are all that is needed of the devices. */
static const struct device_class empty_class = { .name = "hostbridge", .summary = "a bridge" };
static const struct device_class *const classes[] = { &empty_class, &ivshmem_class, NULL };

static int parse(int argc, char **argv, struct vm_config *config, enum command *ret_command)
{
	struct error err = { "" };
	int ret;

	vm_config_init(config);
	ret = command_line_parse(argc, argv, classes, config, ret_command, &err);
	if (ret == 0 && *ret_command <= COMMAND_DUMP_CONFIG)
		ret = vm_config_validate(config, &err);
	check(ret == 0 || ret == -EINVAL);
	check((ret < 0) == (err.text[0] != '\0'));
	return ret;
}

static char *dump(const struct vm_config *config)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	check(out != NULL);
	vm_config_dump(config, out);
	fclose(out);
	return text;
}

static void check_round_trip(const struct vm_config *config)
{
	char **words = vm_config_argv(config), *argv[WORDS_MAX * 2 + 16], *before, *after;
	static char program[] = "acrn-dm";
	enum command command;
	struct vm_config again;
	int argc = 0, i;

	check(words != NULL);
	argv[argc++] = program;
	for (i = 0; words[i]; i++)
		argv[argc++] = words[i];
	argv[argc] = NULL;
	before = dump(config);
	check(parse(argc, argv, &again, &command) == 0);
	check(command == COMMAND_RUN);
	after = dump(&again);
	check(strcmp(before, after) == 0);
	free(before);
	free(after);
	free(words);
	vm_config_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *rest = text, *argv[WORDS_MAX + 2];
	static char program[] = "acrn-dm";
	enum command command = COMMAND_RUN;
	struct vm_config config;
	int argc = 0;

	check(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (size > 0 && text[size - 1] == '\n')
		text[size - 1] = '\0';
	argv[argc++] = program;
	while (argc <= WORDS_MAX && rest)
		argv[argc++] = strsep(&rest, "\n");
	argv[argc] = NULL;
	if (parse(argc, argv, &config, &command) == 0 && command <= COMMAND_DUMP_CONFIG)
		check_round_trip(&config);
	vm_config_fini(&config);
	free(text);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing the command line of acrn-dm. */
#include "devicemodel/config/command_line.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/config/vm_config.h"
#include "lib/parse.h"
#include "lib/util.h"

struct parser {
	struct vm_config *config;
	const struct device_class *const *classes;
	enum command command;
};

struct option_row;

/* What an option does with its word (NULL for one without). Returns 0 or -errno with @err. */
typedef int apply_option(struct parser *parser, const struct option_row *row, const char *word,
			 struct error *err);

struct option_row {
	char letter;	    /* 0: long form only */
	const char *name;   /* the long form */
	const char *value;  /* NULL: takes none */
	const char *help;   /* NULL: not in the help */
	apply_option *apply;
	size_t field;	      /* apply_string, apply_flag: offset in struct vm_config */
	enum command command; /* apply_command */
};

static int set_string(char **field, const char *word, const char *what, struct error *err)
{
	char *copy;

	if (!*word)
		return error_set(err, -EINVAL, "%s needs a value that is not empty", what);
	copy = strdup(word);
	if (!copy)
		return error_set(err, -ENOMEM, "out of memory");
	free(*field);
	*field = copy;
	return 0;
}

static int apply_string(struct parser *parser, const struct option_row *row, const char *word,
			struct error *err)
{
	void *field = (char *)parser->config + row->field;
	char what[32];

	snprintf(what, sizeof(what), "--%s", row->name);
	return set_string(field, word, what, err);
}

static int apply_flag(struct parser *parser, const struct option_row *row, const char *word,
		      struct error *err)
{
	(void)word, (void)err;
	*(bool *)((char *)parser->config + row->field) = true;
	return 0;
}

static int apply_command(struct parser *parser, const struct option_row *row, const char *word,
			 struct error *err)
{
	(void)word, (void)err;
	parser->command = row->command;
	return 0;
}

/* Options that have lost their meaning upstream too. */
static int apply_nothing(struct parser *parser, const struct option_row *row, const char *word,
			 struct error *err)
{
	(void)parser, (void)row, (void)word, (void)err;
	return 0;
}

static int apply_memory(struct parser *parser, const struct option_row *row, const char *word,
			struct error *err)
{
	uint64_t size;

	(void)row;
	if (parse_size(word, MIB, &size) < 0)
		return error_set(err, -EINVAL,
				 "-m %s: write a size in megabytes, or with K, M or G", word);
	if (size < VM_MEMORY_MIN || size > VM_MEMORY_MAX || size % VM_MEMORY_UNIT)
		return error_set(err, -EINVAL,
				 "-m %s: guest memory is %" PRIu64 " MB to 1 TB, in steps "
				 "of %" PRIu64 " MB",
				 word, VM_MEMORY_MIN / MIB, VM_MEMORY_UNIT / MIB);
	parser->config->memory_size = size;
	return 0;
}

static int apply_hugepages(struct parser *parser, const struct option_row *row, const char *word,
			   struct error *err)
{
	(void)row;
	if (parse_hugepage_size(word, &parser->config->hugepage_size) < 0)
		return error_set(err, -EINVAL, "--hugepages %s: the sizes are 2M and 1G", word);
	return 0;
}

static int apply_cpus(struct parser *parser, const struct option_row *row, const char *word,
		      struct error *err)
{
	uint64_t count;

	(void)row;
	if (parse_decimal(word, VM_VCPUS_MAX, &count) < 0 || count == 0)
		return error_set(err, -EINVAL, "--cpus %s: write a number from 1 to %d", word,
				 VM_VCPUS_MAX);
	parser->config->vcpus = (unsigned int)count;
	return 0;
}

static int apply_slot(struct parser *parser, const struct option_row *row, const char *word,
		      struct error *err)
{
	(void)row;
	if (strcmp(word, "help") == 0) {
		parser->command = COMMAND_DEVICE_HELP;
		return 0;
	}
	return vm_config_add_device(parser->config, parser->classes, word, err);
}

static int apply_lpc(struct parser *parser, const struct option_row *row, const char *word,
		     struct error *err)
{
	(void)row;
	return vm_config_set_serial(parser->config, word, err);
}

static int apply_bootargs(struct parser *parser, const struct option_row *row, const char *word,
			  struct error *err)
{
	(void)row;
	if (strlen(word) > VM_BOOTARGS_MAX)
		return error_set(err, -EINVAL,
				 "-B: %zu bytes are more than the %d that are allowed",
				 strlen(word), VM_BOOTARGS_MAX);
	free(parser->config->bootargs);
	parser->config->bootargs = strdup(word);
	return parser->config->bootargs ? 0 : error_set(err, -ENOMEM, "out of memory");
}

#define FIELD(member) .field = offsetof(struct vm_config, member)

static const struct option_row rows[] = {
	{ 'm', "memsize", "SIZE", "guest memory: megabytes, or with K, M or G (256M)",
	  .apply = apply_memory },
	{ 0, "hugepages", "SIZE", "take guest memory from huge pages of 2M or 1G",
	  .apply = apply_hugepages },
	{ 'c', "cpus", "N", "virtual CPUs (1)", .apply = apply_cpus },
	{ 's', "pci_slot", "SLOT,CLASS[,OPTION]...",
	  "put a PCI device into a slot; -s help lists them", .apply = apply_slot },
	{ 'l', "lpc", "com1,stdio", "connect the serial port to standard input and output",
	  .apply = apply_lpc },
	{ 'k', "kernel", "FILE", "boot a Linux bzImage (or a multiboot or ELF image)",
	  .apply = apply_string, FIELD(kernel) },
	{ 'r', "ramdisk", "FILE", "its initial RAM disk (or first multiboot module)",
	  .apply = apply_string, FIELD(ramdisk) },
	{ 'B', "bootargs", "TEXT", "its command line", .apply = apply_bootargs },
	{ 'E', "elf_file", "FILE", "boot a multiboot, PVH or plain ELF image",
	  .apply = apply_string, FIELD(elf) },
	{ 0, "hypervisor", "NAME", "auto, or one by name (auto)", .apply = apply_string,
	  FIELD(hypervisor) },
	{ 0, "no-reboot", NULL, "end with status 2 when the guest resets, instead of restarting it",
	  .apply = apply_flag, FIELD(no_reboot) },
	{ 0, "debugexit", NULL, "a write of V to port 0xf4 ends the VM with status V << 1 | 1",
	  .apply = apply_flag, FIELD(debug_exit) },
	{ 0, "dump-config", NULL, "check the command line, print what it means, and end",
	  .apply = apply_command, .command = COMMAND_DUMP_CONFIG },
	{ 'h', "help", NULL, "print this and end", .apply = apply_command,
	  .command = COMMAND_HELP },
	{ 'v', "version", NULL, "print the version and end", .apply = apply_command,
	  .command = COMMAND_VERSION },
	{ 0, "iasl", "FILE", NULL, .apply = apply_string, FIELD(iasl) },
	{ 'A', "acpi", NULL, NULL, .apply = apply_nothing },
	{ 'G', "gvtargs", "ARGS", NULL, .apply = apply_nothing },
	{ 'i', "ioc_node", "ARGS", NULL, .apply = apply_nothing },
	{ 'Y', "mptgen", NULL, NULL, .apply = apply_nothing },
	{ 0, "mac_seed", "SEED", NULL, .apply = apply_nothing },
	{ 0, "part_info", "FILE", NULL, .apply = apply_nothing },
	{ 0, "pm_by_vuart", "ARGS", NULL, .apply = apply_nothing },
	{ 0, "vsbl", "FILE", NULL, .apply = apply_nothing },
};

#define ROW_BASE 0x100	   /* getopt's value for rows[i] is ROW_BASE + i */
#define ABSENT_BASE 0x200 /* and for absent_options[i] */

struct getopt_tables {
	char letters[2 * ARRAY_SIZE(rows) + 2];
	struct option names[ARRAY_SIZE(rows) + ABSENT_OPTIONS + 1];
};

static void fill_tables(struct getopt_tables *tables)
{
	char *letter = tables->letters;
	struct option *name = tables->names;
	size_t i;

	*letter++ = ':'; /* getopt shall tell a missing value from an unknown option */
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].letter)
			*letter++ = rows[i].letter;
		if (rows[i].letter && rows[i].value)
			*letter++ = ':';
		*name++ = (struct option){ rows[i].name, rows[i].value ? 1 : 0, NULL,
					   ROW_BASE + (int)i };
	}
	*letter = '\0';
	for (i = 0; i < ABSENT_OPTIONS; i++)
		*name++ = (struct option){ absent_options[i].name, absent_options[i].value ? 1 : 0,
					   NULL, ABSENT_BASE + (int)i };
	*name = (struct option){ 0 };
}

static const struct option_row *find_row(int value)
{
	size_t i;

	if (value >= ROW_BASE)
		return &rows[value - ROW_BASE];
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].letter == value)
			return &rows[i];
	return NULL;
}

static int apply_getopt(struct parser *parser, int value, char **argv, struct error *err)
{
	/* For a bad short option the word may hold several, so the letter itself is quoted. */
	const char *word = argv[optind - 1];
	char letter[3] = { '-', (char)optopt, '\0' };
	bool short_form = optopt > 0 && optopt < ROW_BASE;
	const struct option_row *row;

	if (value == '?' && optopt >= ROW_BASE)
		return error_set(err, -EINVAL, "option %s takes no value", word);
	if (value == '?')
		return error_set(err, -EINVAL, "unknown option %s; -h lists them",
				 short_form ? letter : word);
	if (value == ':')
		return error_set(err, -EINVAL, "option %s needs a value",
				 short_form ? letter : word);
	if (value >= ABSENT_BASE)
		return vm_config_add_absent(parser->config, &absent_options[value - ABSENT_BASE],
					    optarg, err);
	row = find_row(value);
	return row->apply(parser, row, optarg, err);
}

static bool ends_parsing(enum command command)
{
	return command == COMMAND_HELP || command == COMMAND_DEVICE_HELP ||
	       command == COMMAND_VERSION;
}

int command_line_parse(int argc, char **argv, const struct device_class *const *classes,
		       struct vm_config *config, enum command *ret_command, struct error *err)
{
	struct parser parser = { config, classes, COMMAND_RUN };
	struct getopt_tables tables;
	int value, ret;

	fill_tables(&tables);
	opterr = 0;
	optind = 0;
	while ((value = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1) {
		ret = apply_getopt(&parser, value, argv, err);
		if (ret < 0)
			return ret;
		if (ends_parsing(parser.command)) {
			*ret_command = parser.command;
			return 0;
		}
	}
	if (optind + 1 < argc)
		return error_set(err, -EINVAL, "one VM name is allowed, \"%s\" and \"%s\" are two",
				 argv[optind], argv[optind + 1]);
	if (optind < argc) {
		ret = set_string(&config->name, argv[optind], "the VM name", err);
		if (ret < 0)
			return ret;
	}
	*ret_command = parser.command;
	return 0;
}

static const char help_end[] =
	"\n"
	"Exit status: 0 the guest powered off, or SIGINT, SIGTERM or SIGHUP ended it; 2 it asked\n"
	"for a reset and --no-reboot was given; 4 it crashed (triple fault); 64 bad usage; with\n"
	"--debugexit what the guest wrote, V << 1 | 1; 1 anything else.\n"
	"\n"
	"Example, one of a pair that shares 2 MB:\n"
	"  acrn-dm -m 256M -l com1,stdio -k vmlinuz -r initrd.img -B console=ttyS0 \\\n"
	"      -s 0:0,hostbridge -s 6,ivshmem,dm:/demo,2 vm1\n";

#define HELP_COLUMNS 90

/* Another one of a list, on a new line where it does not fit any more. */
static void help_word(FILE *out, const char *prefix, const char *word, size_t *column)
{
	size_t length = strlen(prefix) + strlen(word) + 1;

	if (*column == 0 || *column + length > HELP_COLUMNS) {
		fputs("\n ", out);
		*column = 1;
	}
	fprintf(out, " %s%s", prefix, word);
	*column += length;
}

/* What is known so that command lines made for ACRN can be checked. */
static void help_absent(FILE *out)
{
	size_t column = 0, i;

	fputs("\nOptions of ACRN's acrn-dm that --dump-config checks and prints, but that are "
	      "not in this\nversion; with one of them, a VM does not start:",
	      out);
	for (i = 0; i < ABSENT_OPTIONS; i++)
		help_word(out, "--", absent_options[i].name, &column);
	fputs("\nOptions of it that change nothing here:", out);
	for (i = 0, column = 0; i < ARRAY_SIZE(rows); i++)
		if (!rows[i].help)
			help_word(out, "--", rows[i].name, &column);
	fputc('\n', out);
}

void command_line_help(FILE *out)
{
	char left[64];
	size_t i;

	fprintf(out, "Usage: acrn-dm [OPTION]... VMNAME\n"
		     "Run a virtual machine.\n\n");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].help)
			continue;
		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", rows[i].letter ? '-' : ' ',
			 rows[i].letter ? rows[i].letter : ' ', rows[i].letter ? "," : " ",
			 rows[i].name, rows[i].value ? " " : "",
			 rows[i].value ? rows[i].value : "");
		fprintf(out, "  %-38s %s\n", left, rows[i].help);
	}
	help_absent(out);
	fputs(help_end, out);
}

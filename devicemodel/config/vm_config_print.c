/* SPDX-License-Identifier: BSD-3-Clause */
/* A configuration printed back: as a command line and as text. */
#include <stdlib.h>
#include <string.h>

#include "devicemodel/config/vm_config.h"
#include "lib/parse.h"
#include "lib/util.h"

/* Writes the words one after the other, each ended by a NUL. */
static void print_word(FILE *out, const char *word)
{
	fwrite(word, 1, strlen(word) + 1, out);
}

static void print_option(FILE *out, const char *option, const char *value)
{
	if (!value)
		return;
	print_word(out, option);
	print_word(out, value);
}

static void print_device(FILE *out, const struct device_config *device)
{
	char slot[PCI_SLOT_TEXT_MAX];

	print_word(out, "-s");
	fprintf(out, "%s,%s", pci_slot_text(device->slot, slot), device->class->name);
	if (device->text)
		fprintf(out, ",%s", device->text);
	fputc('\0', out);
}

static void print_absent(FILE *out, const struct absent_option_config *absent)
{
	fprintf(out, "--%s", absent->option->name);
	fputc('\0', out);
	if (absent->value)
		print_word(out, absent->value);
}

static void print_words(const struct vm_config *config, FILE *out)
{
	char text[SIZE_TEXT_MAX];
	size_t i;

	print_option(out, "-m", size_text(config->memory_size, text));
	if (config->hugepage_size)
		print_option(out, "--hugepages", size_text(config->hugepage_size, text));
	if (config->vcpus) {
		snprintf(text, sizeof(text), "%u", config->vcpus);
		print_option(out, "--cpus", text);
	}
	print_option(out, "--hypervisor", config->hypervisor);
	if (config->com1 == VM_CONSOLE_STDIO)
		print_option(out, "-l", "com1,stdio");
	for (i = 0; i < SERIAL_PORTS; i++)
		print_option(out, "-l", config->serial[i]);
	for (i = 0; i < config->device_count; i++)
		print_device(out, &config->devices[i]);
	print_option(out, "-k", config->kernel);
	print_option(out, "-E", config->elf);
	print_option(out, "-r", config->ramdisk);
	print_option(out, "-B", config->bootargs);
	print_option(out, "--iasl", config->iasl);
	for (i = 0; i < config->absent_count; i++)
		print_absent(out, &config->absent[i]);
	if (config->no_reboot)
		print_word(out, "--no-reboot");
	if (config->debug_exit)
		print_word(out, "--debugexit");
	if (config->name)
		print_word(out, config->name);
}

char **vm_config_argv(const struct vm_config *config)
{
	char *words = NULL, **argv, *copy;
	size_t size = 0, count = 0, i;
	FILE *out = open_memstream(&words, &size);

	if (!out)
		return NULL;
	print_words(config, out);
	if (fclose(out) != 0) {
		free(words);
		return NULL;
	}
	for (i = 0; i < size; i++)
		count += words[i] == '\0';
	argv = malloc((count + 1) * sizeof(*argv) + size);
	if (argv) {
		copy = memcpy(argv + count + 1, words, size);
		for (i = 0; i < count; i++, copy += strlen(copy) + 1)
			argv[i] = copy;
		argv[count] = NULL;
	}
	free(words);
	return argv;
}

static void dump_quoted(FILE *out, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,=@%+";

	if (*word && word[strspn(word, plain)] == '\0') {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	fputc('\'', out);
}

static void dump_string(FILE *out, const char *key, const char *value)
{
	if (value)
		fprintf(out, "%s: %s\n", key, value);
}

static void dump_serial(const struct vm_config *config, FILE *out)
{
	const char *backend;
	size_t i;

	if (!config->serial[0])
		fprintf(out, "com1: %s\n", config->com1 == VM_CONSOLE_STDIO ? "stdio" : "none");
	for (i = 0; i < SERIAL_PORTS; i++) {
		backend = config->serial[i] ? strchr(config->serial[i], ',') : NULL;
		if (config->serial[i])
			fprintf(out, "com%zu: %s\n", i + 1, backend ? backend + 1 : "none");
	}
}

static void dump_argv(const struct vm_config *config, FILE *out)
{
	char **argv = vm_config_argv(config), **word;

	fputs("command: acrn-dm", out);
	for (word = argv; word && *word; word++) {
		fputc(' ', out);
		dump_quoted(out, *word);
	}
	fputc('\n', out);
	free(argv);
}

void vm_config_dump(const struct vm_config *config, FILE *out)
{
	const struct device_config *device;
	char text[SIZE_TEXT_MAX], slot[PCI_SLOT_TEXT_MAX];
	size_t i;

	dump_string(out, "name", config->name);
	fprintf(out, "memory: %s\n", size_text(config->memory_size, text));
	if (config->hugepage_size)
		fprintf(out, "hugepages: %s\n", size_text(config->hugepage_size, text));
	fprintf(out, "cpus: %u\n", vm_config_vcpus(config));
	fprintf(out, "hypervisor: %s\n", config->hypervisor ? config->hypervisor : "auto");
	dump_serial(config, out);
	dump_string(out, "kernel", config->kernel);
	dump_string(out, "elf", config->elf);
	dump_string(out, "ramdisk", config->ramdisk);
	dump_string(out, "bootargs", config->bootargs);
	fprintf(out, "no-reboot: %s\n", config->no_reboot ? "yes" : "no");
	fprintf(out, "debugexit: %s\n", config->debug_exit ? "yes" : "no");
	dump_string(out, "iasl", config->iasl);
	for (i = 0; i < config->absent_count; i++)
		dump_string(out, config->absent[i].option->name,
			    config->absent[i].value ? config->absent[i].value : "yes");
	for (i = 0; i < config->device_count; i++) {
		device = &config->devices[i];
		fprintf(out, "device: %s %s%s%s\n", pci_slot_text(device->slot, slot),
			device->class->name, device->text ? " " : "",
			device->text ? device->text : "");
	}
	vm_config_dump_absent(config, out);
	dump_argv(config, out);
}

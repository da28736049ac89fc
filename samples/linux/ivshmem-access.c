/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads and writes the shared memory of an ivshmem device from a shell in a Linux guest, with no
 * driver: libpciaccess finds the PCI device and maps its BAR2.
 */
#include "samples/linux/device.h"
#include "samples/linux/message.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNK			4096u

enum format { FORMAT_HEX, FORMAT_TEXT, FORMAT_RAW };

struct options {
	struct device_choice choice;
	long timeout_s;		/* -1: none */
	bool phys;
	enum format format;
};

struct command {
	const char *name;
	int args;		/* how many words follow the name */
	int (*show)(const struct options *opts);	/* needs no memory, or: */
	int (*run)(const struct window *win, const struct options *opts, char **args);
};

static const char help_text[] =
"NAME\n"
"  ivshmem-access - read and write memory shared with other machines\n"
"\n"
"SYNOPSIS\n"
"  ivshmem-access [-s SLOT | -i REGION-ID] [--phys] COMMAND [ARGUMENT]...\n"
"\n"
"DESCRIPTION\n"
"  Finds an ivshmem PCI device (1af4:1110), turns its memory decode on, maps BAR2 and does one\n"
"  thing with it. Needs root, and a kernel that is not locked down.\n"
"\n"
"  OFFSET and LENGTH are byte counts, decimal or 0x hex, optionally with K, M or G (powers of\n"
"  1024). An access that would reach beyond the end of the memory is refused as a whole.\n"
"\n"
"COMMANDS\n"
"  list                   every ivshmem device, one per line\n"
"  info                   the chosen device: region id, kind, address and size of its memory\n"
"  read OFFSET LENGTH     print memory: --hex dump (default), --text up to the first zero byte,\n"
"                         or --raw bytes\n"
"  write OFFSET TEXT      store TEXT and a zero byte; TEXT '-' stores standard input as it is\n"
"  fill OFFSET LENGTH BYTE\n"
"                         set every byte of a range\n"
"  checksum OFFSET LENGTH print the CRC-32 (IEEE 802.3, as gzip and zlib use) in hex\n"
"  wait OFFSET TEXT       return when memory at OFFSET begins with TEXT (see --timeout)\n"
"\n"
"OPTIONS\n"
"  -s, --slot SLOT        the device in this slot, as lspci has it: [[domain:]bus:]dev[.func]\n"
"  -i, --region-id ID     the device with this region id (its PCI subsystem id)\n"
"      --phys             map the address that BAR2 holds now, through /dev/mem. The kernel\n"
"                         offers the address of boot time; this one is for a BAR that was moved\n"
"                         since, for instance with setpci\n"
"  -t, --timeout SECONDS  let 'wait' fail after this time (default: wait for ever)\n"
"  -h, --help             print this\n"
"  Without -s or -i there must be just one device.\n"
"\n"
"EXIT STATUS\n"
"  0 done; 64 wrong usage; 1 anything else. One line on standard error says why.\n"
"\n"
"EXAMPLES\n"
"  ivshmem-access -i 7 write 0x1000 'hello'\n"
"  ivshmem-access -s 00:05.0 read 0x1000 64 --text\n"
"  ivshmem-access wait 0 ready --timeout 30 && ivshmem-access read 4K 1M --raw >data\n";

/* A byte count: 4096, 0x1000, 4K. */
static int parse_size(const char *word, uint64_t *ret_value)
{
	int base = word[0] == '0' && (word[1] | 0x20) == 'x' ? 16 : 10;
	uint64_t unit = 1;
	unsigned long long value;
	char *end;

	if (!strchr("0123456789", word[0]) || word[0] == '\0')
		return -EINVAL;
	errno = 0;
	value = strtoull(word, &end, base);
	if (errno)
		return -errno;
	if (*end != '\0' && strchr("KMG", *end)) {
		unit = *end == 'K' ? 1ull << 10 : *end == 'M' ? 1ull << 20 : 1ull << 30;
		end++;
	}
	if (*end != '\0' || __builtin_mul_overflow((uint64_t)value, unit, ret_value))
		return -EINVAL;
	return 0;
}

static int parse_or_complain(const char *what, const char *word, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (parse_size(word, &value) < 0 || value > max)
		return fail(EXIT_USAGE, "%s '%s' is not a number from 0 to %#" PRIx64, what, word,
			    max);
	*ret_value = value;
	return 0;
}

/* The range OFFSET LENGTH must lie in the window. */
static int parse_range(const struct window *win, const char *offset_word, const char *length_word,
		       uint64_t *ret_offset, uint64_t *ret_length)
{
	int status;

	status = parse_or_complain("offset", offset_word, UINT64_MAX, ret_offset);
	if (!status && length_word)
		status = parse_or_complain("length", length_word, UINT64_MAX, ret_length);
	if (status)
		return status;
	if (*ret_offset > win->size || *ret_length > win->size - *ret_offset)
		return fail(1, "%" PRIu64 " bytes at offset %#" PRIx64
			    " reach beyond the end of the memory, which has %" PRIu64 " bytes",
			    *ret_length, *ret_offset, win->size);
	return 0;
}

static void print_hex(uint64_t offset, const uint8_t *data, size_t length)
{
	for (size_t row = 0; row < length; row += 16) {
		size_t n = length - row < 16 ? length - row : 16;

		printf("%08" PRIx64 " ", offset + row);
		for (size_t i = 0; i < 16; i++)
			i < n ? printf(" %02x", data[row + i]) : printf("   ");
		printf("  |");
		for (size_t i = 0; i < n; i++)
			putchar(data[row + i] >= 0x20 && data[row + i] < 0x7f ? data[row + i]
									      : '.');
		printf("|\n");
	}
}

/* Returns false when the text has ended. */
static bool print_chunk(enum format format, uint64_t offset, const uint8_t *data, size_t length)
{
	size_t text;

	switch (format) {
	case FORMAT_HEX:
		print_hex(offset, data, length);
		return true;
	case FORMAT_RAW:
		fwrite(data, 1, length, stdout);
		return true;
	case FORMAT_TEXT:
		text = strnlen((const char *)data, length);
		fwrite(data, 1, text, stdout);
		return text == length;
	}
	return false;
}

static int command_read(const struct window *win, const struct options *opts, char **args)
{
	uint64_t offset, length;
	uint8_t chunk[CHUNK];
	int status;

	status = parse_range(win, args[0], args[1], &offset, &length);
	if (status)
		return status;
	while (length > 0) {
		size_t n = length < CHUNK ? length : CHUNK;

		memcpy(chunk, win->base + offset, n);
		if (!print_chunk(opts->format, offset, chunk, n))
			break;
		offset += n;
		length -= n;
	}
	if (opts->format == FORMAT_TEXT)
		putchar('\n');
	return 0;
}

static int write_stdin(const struct window *win, uint64_t offset)
{
	uint8_t chunk[CHUNK];
	size_t n;

	while ((n = fread(chunk, 1, sizeof(chunk), stdin)) > 0) {
		if (n > win->size - offset)
			return fail(1, "standard input does not fit: the memory has %" PRIu64
				    " bytes; what fitted has been stored", win->size);
		memcpy(win->base + offset, chunk, n);
		offset += n;
	}
	return ferror(stdin) ? fail(1, "cannot read standard input: %s", strerror(errno)) : 0;
}

static int command_write(const struct window *win, const struct options *opts, char **args)
{
	bool from_stdin = strcmp(args[1], "-") == 0;
	uint64_t offset, length = from_stdin ? 0 : strlen(args[1]) + 1;
	int status;

	(void)opts;
	status = parse_range(win, args[0], NULL, &offset, &length);
	if (status)
		return status;
	if (from_stdin)
		return write_stdin(win, offset);
	memcpy(win->base + offset, args[1], length);
	return 0;
}

static int command_fill(const struct window *win, const struct options *opts, char **args)
{
	uint64_t offset, length, byte;
	int status;

	(void)opts;
	status = parse_range(win, args[0], args[1], &offset, &length);
	if (!status)
		status = parse_or_complain("byte", args[2], 0xff, &byte);
	if (status)
		return status;
	memset(win->base + offset, (int)byte, length);
	return 0;
}

/* CRC-32 of IEEE 802.3, bit-reversed polynomial; @crc carries the state between chunks. */
static uint32_t crc32_update(uint32_t crc, const uint8_t *data, size_t length)
{
	crc = ~crc;
	for (size_t i = 0; i < length; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static int command_checksum(const struct window *win, const struct options *opts, char **args)
{
	uint64_t offset, length;
	uint8_t chunk[CHUNK];
	uint32_t crc = 0;
	int status;

	(void)opts;
	status = parse_range(win, args[0], args[1], &offset, &length);
	if (status)
		return status;
	while (length > 0) {
		size_t n = length < CHUNK ? length : CHUNK;

		memcpy(chunk, win->base + offset, n);
		crc = crc32_update(crc, chunk, n);
		offset += n;
		length -= n;
	}
	printf("%08" PRIx32 "\n", crc);
	return 0;
}

static bool memory_begins_with(const uint8_t *memory, const char *text, size_t length)
{
	char chunk[CHUNK];

	for (size_t done = 0, n; done < length; done += n) {
		n = length - done < CHUNK ? length - done : CHUNK;
		memcpy(chunk, memory + done, n);
		if (memcmp(chunk, text + done, n) != 0)
			return false;
	}
	return true;
}

static int command_wait(const struct window *win, const struct options *opts, char **args)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	uint64_t offset, length = strlen(args[1]);
	struct timespec start, now;
	int status;

	status = parse_range(win, args[0], NULL, &offset, &length);
	if (status)
		return status;
	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!memory_begins_with(win->base + offset, args[1], length)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (opts->timeout_s >= 0 && now.tv_sec - start.tv_sec >= opts->timeout_s)
			return fail(1,
				    "'%s' has not appeared at offset %#" PRIx64 " in %ld seconds",
				    args[1], offset, opts->timeout_s);
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int show_list(const struct options *opts)
{
	(void)opts;
	return device_list(stdout);
}

static int show_info(const struct options *opts)
{
	const struct pci_mem_region *bar;
	struct pci_device *dev;
	uint64_t address;
	uint16_t command;
	int status;

	status = device_find(&opts->choice, &dev);
	if (status)
		return status;
	if (device_memory_address(dev, &address) < 0 ||
	    pci_device_cfg_read_u16(dev, &command, PCI_COMMAND) != 0)
		return fail(1, "cannot read config space of the device");
	bar = &dev->regions[IVSHMEM_MEMORY_BAR];
	printf("slot           %04x:%02x:%02x.%x\n", dev->domain, dev->bus, dev->dev, dev->func);
	if (device_has_region_id(dev))
		printf("region id      %u\n", dev->subdevice_id);
	else
		printf("region id      none\n");
	printf("kind           %s\n", dev->regions[1].size ? "doorbell" : "plain");
	printf("memory size    %" PRIu64 "\n", bar->size);
	printf("memory address %#" PRIx64 "%s\n", address,
	       address == bar->base_addr ? "" : " (moved since boot: use --phys)");
	printf("memory kind    %s, %s\n", bar->is_64 ? "64-bit" : "32-bit",
	       bar->is_prefetchable ? "prefetchable" : "not prefetchable");
	printf("memory decode  %s\n", command & PCI_COMMAND_MEMORY ? "on" : "off");
	return 0;
}

static int command_run(const struct command *command, const struct options *opts, char **args)
{
	struct pci_device *dev;
	struct window win;
	int status;

	status = device_find(&opts->choice, &dev);
	if (!status)
		status = window_map(dev, opts->phys, &win);
	if (status)
		return status;
	status = command->run(&win, opts, args);
	window_unmap(&win);
	return status;
}

static const struct command commands[] = {
	{ "list", 0, show_list, NULL },
	{ "info", 0, show_info, NULL },
	{ "read", 2, NULL, command_read },
	{ "write", 2, NULL, command_write },
	{ "fill", 3, NULL, command_fill },
	{ "checksum", 2, NULL, command_checksum },
	{ "wait", 2, NULL, command_wait },
};

static int dispatch(const struct options *opts, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[0], commands[i].name) != 0)
			continue;
		if (argc - 1 != commands[i].args)
			return fail(EXIT_USAGE, "'%s' takes %d arguments, not %d; --help explains",
				    argv[0], commands[i].args, argc - 1);
		if (commands[i].show)
			return commands[i].show(opts);
		return command_run(&commands[i], opts, argv + 1);
	}
	return fail(EXIT_USAGE, "no such command: '%s'; --help lists them", argv[0]);
}

enum { OPTION_PHYS = 256, OPTION_HEX, OPTION_TEXT, OPTION_RAW };

static const struct option long_options[] = {
	{ "slot", required_argument, NULL, 's' },
	{ "region-id", required_argument, NULL, 'i' },
	{ "timeout", required_argument, NULL, 't' },
	{ "phys", no_argument, NULL, OPTION_PHYS },
	{ "hex", no_argument, NULL, OPTION_HEX },
	{ "text", no_argument, NULL, OPTION_TEXT },
	{ "raw", no_argument, NULL, OPTION_RAW },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* Returns 0, or the exit status; help leaves *ret_help set. */
static int options_parse(int argc, char **argv, struct options *opts, bool *ret_help)
{
	uint64_t number = 0;
	int c, status = 0;

	while (!status && (c = getopt_long(argc, argv, "s:i:t:h", long_options, NULL)) >= 0) {
		switch (c) {
		case 's':
			opts->choice.slot = optarg;
			break;
		case 'i':
			status = parse_or_complain("region id", optarg, 0xffff, &number);
			opts->choice.region_id = (long)number;
			break;
		case 't':
			status = parse_or_complain("timeout", optarg, INT32_MAX, &number);
			opts->timeout_s = (long)number;
			break;
		case OPTION_PHYS:
			opts->phys = true;
			break;
		case OPTION_HEX:
		case OPTION_TEXT:
		case OPTION_RAW:
			opts->format = FORMAT_HEX + (enum format)(c - OPTION_HEX);
			break;
		case 'h':
			*ret_help = true;
			return 0;
		default:
			status = EXIT_USAGE;	/* getopt has said why */
		}
	}
	return status;
}

int main(int argc, char **argv)
{
	struct options opts = { .choice.region_id = -1, .timeout_s = -1 };
	bool help = false;
	int status;

	status = options_parse(argc, argv, &opts, &help);
	if (status)
		return status;
	if (help) {
		fputs(help_text, stdout);
		return 0;
	}
	if (optind == argc)
		return fail(EXIT_USAGE, "no command given; --help lists them");
	status = pci_system_init();
	if (status)
		return fail(1, "cannot look for PCI devices: %s; is /sys mounted?",
			    strerror(status));
	status = dispatch(&opts, argc - optind, argv + optind);
	pci_system_cleanup();
	if (fflush(stdout) != 0 || ferror(stdout))
		return fail(1, "cannot write to standard output");
	return status;
}

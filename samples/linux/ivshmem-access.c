/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads and writes the shared memory of an ivshmem device from a shell in a Linux guest, with no
 * driver: libpciaccess finds the PCI device and maps its BAR2.
 */
#include "samples/linux/device.h"
#include "samples/linux/memory.h"
#include "samples/linux/message.h"
#include "samples/linux/number.h"

#include <getopt.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <string.h>

struct command {
	const char *name;
	int args;		/* how many words follow the name */
	int (*show)(const struct access_options *opts);	/* needs no memory, or: */
	int (*run)(const struct window *win, const struct access_options *opts, char **args);
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

static int show_list(const struct access_options *opts)
{
	(void)opts;
	return device_list(stdout);
}

static int show_info(const struct access_options *opts)
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

static int command_run(const struct command *command, const struct access_options *opts,
		       char **args)
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
	{ "read", 2, NULL, memory_read },
	{ "write", 2, NULL, memory_write },
	{ "fill", 3, NULL, memory_fill },
	{ "checksum", 2, NULL, memory_checksum },
	{ "wait", 2, NULL, memory_wait },
};

static int dispatch(const struct access_options *opts, int argc, char **argv)
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
static int options_parse(int argc, char **argv, struct access_options *opts, bool *ret_help)
{
	uint64_t number = 0;
	int c, status = 0;

	while (!status && (c = getopt_long(argc, argv, "s:i:t:h", long_options, NULL)) >= 0) {
		switch (c) {
		case 's':
			opts->choice.slot = optarg;
			break;
		case 'i':
			status = number_parse("region id", optarg, 0xffff, &number);
			opts->choice.region_id = (long)number;
			break;
		case 't':
			status = number_parse("timeout", optarg, INT32_MAX, &number);
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
	struct access_options opts = { .choice.region_id = -1, .timeout_s = -1 };
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

/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds ivshmem devices with libpciaccess and maps their shared memory, with no driver. */
#include "samples/linux/device.h"

#include "samples/linux/message.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define VENDOR_RED_HAT		0x1af4
#define DEVICE_IVSHMEM		0x1110
/* The subsystem id is a region id where the subsystem vendor is this one. */
#define SUBVENDOR_REGION_ID	0x8086

bool device_has_region_id(const struct pci_device *dev)
{
	return dev->subvendor_id == SUBVENDOR_REGION_ID;
}

static void print_device(FILE *out, const struct pci_device *dev)
{
	fprintf(out, "%04x:%02x:%02x.%x", dev->domain, dev->bus, dev->dev, dev->func);
	if (device_has_region_id(dev))
		fprintf(out, "  region id %u", dev->subdevice_id);
	fprintf(out, "  %" PRIu64 " bytes\n", dev->regions[IVSHMEM_MEMORY_BAR].size);
}

/* "[[domain:]bus:]dev[.func]", all hex, as lspci prints and takes it. */
static bool slot_parse(const char *word, struct pci_slot_match *ret_slot)
{
	unsigned int n[3] = { 0, 0, 0 }, func = 0;
	int used, parts;

	if (word[strspn(word, "0123456789abcdefABCDEF:.")] != '\0')
		return false;	/* sscanf would take blanks, signs and 0x */
	for (parts = 0; parts < 3; parts++) {
		if (sscanf(word, "%4x%n", &n[parts], &used) != 1)
			return false;
		word += used;
		if (*word != ':')
			break;
		word++;
	}
	if (parts == 3)
		return false;
	if (*word == '.') {
		if (sscanf(word, ".%1x%n", &func, &used) != 1)
			return false;
		word += used;
	}
	*ret_slot = (struct pci_slot_match) {
		.domain = parts > 1 ? n[0] : 0,
		.bus = parts > 0 ? n[parts - 1] : 0,
		.dev = n[parts],
		.func = func,
	};
	return *word == '\0' && ret_slot->bus < 256 && ret_slot->dev < 32 && func < 8;
}

static bool device_matches(const struct pci_device *dev, const struct device_choice *choice,
			   const struct pci_slot_match *slot)
{
	if (choice->slot && (dev->domain != slot->domain || dev->bus != slot->bus ||
			     dev->dev != slot->dev || dev->func != slot->func))
		return false;
	return choice->region_id < 0 ||
	       (device_has_region_id(dev) && dev->subdevice_id == choice->region_id);
}

static struct pci_device_iterator *each_ivshmem(void)
{
	static const struct pci_id_match match = {
		.vendor_id = VENDOR_RED_HAT,
		.device_id = DEVICE_IVSHMEM,
		.subvendor_id = PCI_MATCH_ANY,
		.subdevice_id = PCI_MATCH_ANY,
	};

	return pci_id_match_iterator_create(&match);
}

/* Counts the devices that fit; the last one goes to *ret_dev. With @out, prints each. */
static unsigned int match_devices(const struct device_choice *choice,
				  const struct pci_slot_match *slot, FILE *out,
				  struct pci_device **ret_dev)
{
	struct pci_device_iterator *iter = each_ivshmem();
	struct pci_device *dev;
	unsigned int count = 0;

	while ((dev = pci_device_next(iter))) {
		if (!device_matches(dev, choice, slot) || pci_device_probe(dev) != 0)
			continue;
		if (out)
			print_device(out, dev);
		*ret_dev = dev;
		count++;
	}
	pci_iterator_destroy(iter);
	return count;
}

int device_find(const struct device_choice *choice, struct pci_device **ret_dev)
{
	struct pci_slot_match slot = { 0 };
	unsigned int count;

	if (choice->slot && !slot_parse(choice->slot, &slot))
		return fail(EXIT_USAGE, "slot '%s' is not [[domain:]bus:]dev[.func]", choice->slot);
	count = match_devices(choice, &slot, NULL, ret_dev);
	if (count == 1)
		return 0;
	if (count > 1) {
		fail(1, "there are %u such devices; choose one with -s or -i:", count);
		match_devices(choice, &slot, stderr, ret_dev);
		return 1;
	}
	if (choice->slot)
		return fail(1, "no ivshmem device (1af4:1110) in slot %s", choice->slot);
	if (choice->region_id >= 0)
		return fail(1, "no ivshmem device with region id %ld", choice->region_id);
	return fail(1, "this machine has no ivshmem device (1af4:1110)");
}

int device_list(FILE *out)
{
	const struct device_choice any = { .region_id = -1 };
	struct pci_device *dev;

	if (match_devices(&any, NULL, out, &dev) == 0)
		return fail(1, "this machine has no ivshmem device (1af4:1110)");
	return 0;
}

/*
 * The kernel counts how often a device is enabled, so it is asked only when decode is off; and it
 * does nothing when it believes the device is on, so the bit itself has the last word.
 */
static int device_enable_memory(struct pci_device *dev)
{
	uint16_t command;

	if (pci_device_cfg_read_u16(dev, &command, PCI_COMMAND) != 0)
		return -EIO;
	if (command & PCI_COMMAND_MEMORY)
		return 0;
	pci_device_enable(dev);
	if (pci_device_cfg_read_u16(dev, &command, PCI_COMMAND) != 0)
		return -EIO;
	if (command & PCI_COMMAND_MEMORY)
		return 0;
	return -pci_device_cfg_write_u16(dev, command | PCI_COMMAND_MEMORY, PCI_COMMAND);
}

int device_memory_address(struct pci_device *dev, uint64_t *ret_address)
{
	const pciaddr_t offset = PCI_BASE_ADDRESS_0 + 4 * IVSHMEM_MEMORY_BAR;
	uint32_t low, high = 0;

	if (pci_device_cfg_read_u32(dev, &low, offset) != 0)
		return -EIO;
	if ((low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64 &&
	    pci_device_cfg_read_u32(dev, &high, offset + 4) != 0)
		return -EIO;
	*ret_address = (uint64_t)high << 32 | (low & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK);
	return 0;
}

static bool kernel_locked_down(void)
{
	char line[128] = "";
	FILE *file = fopen("/sys/kernel/security/lockdown", "re");

	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = '\0';
	fclose(file);
	return line[0] != '\0' && !strstr(line, "[none]");
}

static int fail_to_map(const char *path, int error)
{
	if (error != ENOENT && kernel_locked_down())
		return fail(1, "cannot map %s: the kernel is locked down (see"
			    " /sys/kernel/security/lockdown); boot with lockdown off", path);
	if (error == EACCES || (error == EPERM && geteuid() != 0))
		return fail(1, "cannot map %s: permission denied; run as root", path);
	return fail(1, "cannot map %s: %s", path, strerror(error));
}

/* What BAR2 is mapped from: a file, and where in it the BAR begins. */
struct source {
	char path[64];
	uint64_t offset;
	int fd;
};

static int source_open_physical(struct pci_device *dev, struct source *src)
{
	if (device_memory_address(dev, &src->offset) < 0)
		return fail(1, "cannot read BAR2 from config space; run as root");
	snprintf(src->path, sizeof(src->path), "/dev/mem");
	src->fd = open(src->path, O_RDWR | O_SYNC | O_CLOEXEC);
	return src->fd >= 0 ? 0 : fail_to_map(src->path, errno);
}

/*
 * libpciaccess maps BARs as well, but takes hold of MTRRs on the way, which virtual machines often
 * lack. The write-combining file is there when the BAR is prefetchable and the CPU has PAT. The
 * kernel offers no cached mapping, and the plain file is uncached.
 */
static int source_open_resource(struct pci_device *dev, struct source *src)
{
	static const char *const suffixes[] = { "_wc", "" };

	src->offset = 0;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(src->path, sizeof(src->path),
			 "/sys/bus/pci/devices/%04x:%02x:%02x.%x/resource%d%s", dev->domain,
			 dev->bus, dev->dev, dev->func, IVSHMEM_MEMORY_BAR, suffixes[i]);
		src->fd = open(src->path, O_RDWR | O_CLOEXEC);
		if (src->fd >= 0)
			return 0;
		if (errno != ENOENT)
			break;
	}
	return fail_to_map(src->path, errno);
}

int window_map(struct pci_device *dev, bool phys, struct window *ret_win)
{
	uint64_t size = dev->regions[IVSHMEM_MEMORY_BAR].size;
	struct source src;
	void *base;
	int status;

	if (size == 0)
		return fail(1, "the device has no BAR2, or the kernel found no room for it");
	status = device_enable_memory(dev);
	if (status < 0)
		return fail(1, "cannot turn memory decode on: %s; run as root", strerror(-status));
	status = phys ? source_open_physical(dev, &src) : source_open_resource(dev, &src);
	if (status)
		return status;
	base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, src.fd, (off_t)src.offset);
	status = base == MAP_FAILED ? fail_to_map(src.path, errno) : 0;
	close(src.fd);
	if (!status)
		*ret_win = (struct window) { .base = base, .size = size };
	return status;
}

void window_unmap(struct window *win)
{
	/*
	 * Stores may still wait in write-combining buffers: they are to be seen by the others
	 * before this program says that it is done.
	 */
	__sync_synchronize();
	munmap(win->base, win->size);
}

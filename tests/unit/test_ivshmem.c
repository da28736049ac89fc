/* SPDX-License-Identifier: BSD-3-Clause */
/* The ivshmem device on the PCI core, with real regions and a fake hypervisor. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "devicemodel/vm/memory.h"
#include "hw/pci/devices.h"
#include "hw/pci/ivshmem_options.h"
#include "ivshmem/region.h"
#include "ivshmem/server.h"
#include "ivshmem/wire.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/log.h"
#include "lib/util.h"
#include "tests/fake_hv.h"
#include "tests/leaks.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/loop_turn.h"
#include "tests/unit/pci_fixture.h"
#include "tests/unit/region_fixture.h"
#include "tests/unit/unit.h"

#define SIZE (2 * MIB)
#define REGS UINT64_C(0x80000000)
#define MEMORY UINT64_C(0x90000000)

static const struct pci_slot slot = { 0, 6, 0 };

static struct ivshmem_options options_of(const char *word)
{
	const struct ivshmem_region_params params = fixture_params(word);

	return (struct ivshmem_options){ .name = params.name, .size = SIZE };
}

static struct ivshmem_region_params params_of(const struct ivshmem_options *options)
{
	return (struct ivshmem_region_params){ .name = options->name, .size = options->size };
}

static int add(struct pci_fixture *f, struct pci_slot where, const struct ivshmem_options *options)
{
	struct error err = { "" };
	int ret = pci_bus_add(f->bus, where, &ivshmem_ops, options, &err);

	CU_ASSERT_EQUAL(ret < 0, err.text[0] != '\0');
	return ret;
}

/* The device at 00:06.0 with its BARs at REGS and MEMORY, decode on. */
static void begin(struct pci_fixture *f, const struct ivshmem_options *options)
{
	fixture_begin();
	pci_fixture_begin(f);
	CU_ASSERT_EQUAL_FATAL(add(f, slot, options), 0);
	cfg_write(f, 6, PCI_BASE_ADDRESS_0, 4, REGS);
	cfg_write_bar(f, 6, 2, MEMORY);
	cfg_write(f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
}

static void end(struct pci_fixture *f, const struct ivshmem_options *options)
{
	const struct ivshmem_region_params params = params_of(options);

	pci_fixture_end(f);
	fixture_assert_gone(&params);
	fixture_end();
}

/* What the guest sees at @gpa, as far as it is mapped. */
static char *guest_memory_at(uint64_t gpa)
{
	const struct fake_hv_mapping *mapping = fake_hv_mapping(gpa);

	if (!mapping || mapping->gpa != gpa || mapping->size != SIZE || !mapping->writable)
		return NULL;
	return (char *)(uintptr_t)mapping->host;
}

static void test_config_space(void)
{
	static const struct {
		struct ivshmem_region_id id;
		uint32_t subsystem;
	} ids[] = {
		{ { false, 0 }, 0x11001af4 },
		{ { true, 0 }, 0x00008086 },
		{ { true, 7 }, 0x00078086 },
		{ { true, 0xffff }, 0xffff8086 },
	};
	struct pci_fixture f;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		struct ivshmem_options options = options_of("config");

		options.region_id = ids[i].id;
		fixture_begin();
		pci_fixture_begin(&f);
		CU_ASSERT_EQUAL_FATAL(add(&f, slot, &options), 0);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_VENDOR_ID, 4), 0x11101af4);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_COMMAND, 4), 0);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_CLASS_REVISION, 4), 0x05000001);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_HEADER_TYPE, 1), 0);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_SUBSYSTEM_VENDOR_ID, 4), ids[i].subsystem);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_CAPABILITY_LIST, 1), 0);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_INTERRUPT_LINE, 2), 0x00ff);
		/* uio_pci_generic toggles bit 10 and wants it, and nothing else, to change. */
		cfg_write(&f, 6, PCI_COMMAND, 4, PCI_COMMAND_INTX_DISABLE);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_COMMAND, 4), PCI_COMMAND_INTX_DISABLE);
		cfg_write(&f, 6, PCI_COMMAND, 4, 0);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_COMMAND, 4), 0);
		end(&f, &options);
	}
}

static void test_bar_sizes(void)
{
	static const uint32_t sizes[] = { 2, 4, 8, 16, 32, 64, 128, 256, 512 };
	struct ivshmem_options options = options_of("sizes");
	struct pci_fixture f;
	unsigned int bar;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		options.size = sizes[i] * MIB;
		fixture_begin();
		pci_fixture_begin(&f);
		/* The largest may be more than this machine has to give. */
		if (add(&f, slot, &options) == 0) {
			CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_2, 4), 0xc);
			for (bar = 0; bar < PCI_BARS; bar++)
				cfg_write(&f, 6, PCI_BASE_ADDRESS_0 + 4 * bar, 4, UINT32_MAX);
			CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_0, 4), 0xffffff00);
			CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_1, 4), 0);
			CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_2, 4),
					(-(sizes[i] << 20) | 0xc));
			CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_3, 4), UINT32_MAX);
			CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_4, 4), 0);
			CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_5, 4), 0);
		} else {
			CU_ASSERT(sizes[i] > 64);
		}
		end(&f, &options);
	}
}

static void test_registers(void)
{
	const struct ivshmem_options options = options_of("registers");
	struct pci_fixture f;

	begin(&f, &options);
	bus_write(&f, IO_SPACE_MMIO, REGS, 4, 0x12345678);
	bus_write(&f, IO_SPACE_MMIO, REGS + 4, 4, 0x9abcdef0);
	bus_write(&f, IO_SPACE_MMIO, REGS + 12, 4, 0x00000000);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS, 2), 0x5678);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS, 4), 0x12345678);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 1, 1), 0);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 4, 4), 0x9abcdef0);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 4, 4), 0);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 8, 4), 0);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 12, 4), 0);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 0xfc, 4), 0);
	/* The rest of the page is nobody's. */
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 0x100, 4), UINT32_MAX);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS + 0xfe, 4), UINT32_MAX);
	/* BAR2 is memory, also for an access that arrives all the same. */
	bus_write(&f, IO_SPACE_MMIO, MEMORY, 4, 0x600df00d);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, MEMORY, 4), 0x600df00d);
	CU_ASSERT_EQUAL(memcmp(guest_memory_at(MEMORY), "\x0d\xf0\x0d\x60", 4), 0);
	end(&f, &options);
}

static void test_memory_moves(void)
{
	const struct ivshmem_options options = options_of("moves");
	struct ivshmem_region_params params = params_of(&options);
	struct ivshmem_region *region;
	struct pci_fixture f;
	char *seen;

	begin(&f, &options);
	seen = guest_memory_at(MEMORY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen);
	strcpy(seen + SIZE - 16, "the last bytes");
	/* It is the region, as another user sees it. */
	region = fixture_attach(&params);
	CU_ASSERT_STRING_EQUAL((char *)ivshmem_region_memory(region) + SIZE - 16, "the last bytes");
	ivshmem_region_detach(region);

	cfg_write_bar(&f, 6, 2, MEMORY + SIZE);
	CU_ASSERT_PTR_NULL(guest_memory_at(MEMORY));
	CU_ASSERT_PTR_EQUAL(guest_memory_at(MEMORY + SIZE), seen);
	cfg_write(&f, 6, PCI_COMMAND, 2, 0);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 1);
	cfg_write_bar(&f, 6, 2, 5 * GIB);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 1);
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CU_ASSERT_PTR_EQUAL(guest_memory_at(5 * GIB), seen);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 2);
	CU_ASSERT_STRING_EQUAL(seen + SIZE - 16, "the last bytes");
	end(&f, &options);
}

/* Sizing with decode on: BAR2 passes through addresses that no guest can have. */
static void test_impossible_addresses(void)
{
	static const uint64_t addresses[] = {
		UINT64_MAX,
		0xffffffff00000000 | MEMORY,
		UINT64_C(1) << FAKE_HV_WIDTH_DEFAULT,
		0,			/* RAM */
		FIXTURE_RAM_SIZE - SIZE,
		FIXTURE_ECAM,
	};
	const struct ivshmem_options options = options_of("sizing");
	struct pci_fixture f;
	char *seen;
	size_t i;

	begin(&f, &options);
	seen = guest_memory_at(MEMORY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen);
	strcpy(seen, "still here");
	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		cfg_write_bar(&f, 6, 2, addresses[i]);
		CU_ASSERT_EQUAL(fake_hv_mappings(), 1);
		cfg_write_bar(&f, 6, 2, MEMORY);
		CU_ASSERT_PTR_EQUAL(guest_memory_at(MEMORY), seen);
	}
	/* The last page frames that there are do exist. */
	cfg_write_bar(&f, 6, 2, (UINT64_C(1) << FAKE_HV_WIDTH_DEFAULT) - SIZE);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 2);
	CU_ASSERT_STRING_EQUAL(seen, "still here");
	end(&f, &options);
}

/* Move BAR2; what is said about it goes to *@ret_text. Returns how many lines that are. */
static unsigned int move(struct pci_fixture *f, uint64_t addr, int map_result,
			 const char **ret_text)
{
	/* The first call is for the old place, if the memory is mapped there. */
	unsigned int nth = fake_hv_mappings() > 1 ? 2 : 1;

	fake_hv_fail_nth(map_result < 0 ? nth : 0, map_result);
	log_capture_begin();
	cfg_write(f, 6, PCI_BASE_ADDRESS_2, 4, (uint32_t)addr);
	return log_capture_end(ret_text);
}

/* The back end has no room for the mapping: accesses reach the memory one by one. */
static void test_map_fails(void)
{
	const struct ivshmem_options options = options_of("fails");
	struct pci_fixture f;
	unsigned int calls, i;
	const char *text;
	struct error err;
	char *seen;

	begin(&f, &options);
	CU_ASSERT_EQUAL(pci_bus_start(f.bus, &err), 0);
	seen = guest_memory_at(MEMORY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen);
	memcpy(seen + SIZE - 16, "0123456789abcdef", 16);
	CU_ASSERT_EQUAL(move(&f, 0xa0000000, -ENOSPC, &text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "BAR2 at 0xa0000000 cannot be mapped"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "No space left"));
	CU_ASSERT_EQUAL(fake_hv_mappings(), 1);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xa0000000 + SIZE - 16, 4), 0x33323130);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xa0000000 + SIZE - 1, 1), 'f');
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xa0000000 + SIZE - 1, 2), UINT16_MAX);
	bus_write(&f, IO_SPACE_MMIO, 0xa0000000 + SIZE - 8, 8, 0x6867666564636261);
	CU_ASSERT_EQUAL(memcmp(seen + SIZE - 16, "01234567abcdefgh", 16), 0);
	/* Once is enough, until it was mapped again. */
	CU_ASSERT_EQUAL(move(&f, 0xa4000000, -ENOSPC, &text), 0);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xa4000000 + SIZE - 8, 1), 'a');
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xa0000000 + SIZE - 8, 1), UINT8_MAX);
	CU_ASSERT_EQUAL(move(&f, MEMORY, 0, &text), 0);
	CU_ASSERT_PTR_EQUAL(guest_memory_at(MEMORY), seen);
	CU_ASSERT_EQUAL(move(&f, 0xa4000000, -EPERM, &text), 1);
	/* Used a lot, it is tried again, now and then. */
	calls = fake_hv_count(FAKE_MEM_MAP);
	fake_hv_fail_nth(1, -ENOMEM);
	for (i = 0; i < 4 * 65536; i++) {
		seen[0] = (char)i;
		CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xa4000000, 1), (uint8_t)i);
	}
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_MEM_MAP), calls + 2);
	CU_ASSERT_PTR_EQUAL(guest_memory_at(0xa4000000), seen);
	end(&f, &options);
}

/* Those who share the object can make it smaller under the feet of such a guest. */
static void test_memory_shrinks(void)
{
	const struct ivshmem_options options = options_of("shrinks");
	const struct ivshmem_region_params params = params_of(&options);
	struct pci_fixture f;
	struct error err;
	const char *text;
	int fd;

	begin(&f, &options);
	CU_ASSERT_EQUAL(pci_bus_start(f.bus, &err), 0);
	move(&f, 0xa0000000, -ENOSPC, &text);
	bus_write(&f, IO_SPACE_MMIO, 0xa0000000 + SIZE - 8, 8, 0x6867666564636261);
	fd = open(fixture_object(&params), O_RDWR | O_CLOEXEC);
	CU_ASSERT_EQUAL_FATAL(ftruncate(fd, 4096), 0);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xa0000000 + 4096, 4), UINT32_MAX);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xa0000000 + 4092, 8), UINT64_MAX);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xa0000000 + SIZE - 8, 1), UINT8_MAX);
	bus_write(&f, IO_SPACE_MMIO, 0xa0000000 + SIZE - 8, 8, 1);
	bus_write(&f, IO_SPACE_MMIO, 0xa0000000 + 4092, 4, 7);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xa0000000 + 4092, 4), 7);
	CU_ASSERT_EQUAL(ftruncate(fd, SIZE), 0);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xa0000000 + SIZE - 8, 8), 0);
	fd_close(&fd);
	end(&f, &options);
}

/* Without the memory the guest does not begin; after the next reset it may. */
static void test_start_without_memory(void)
{
	const struct ivshmem_options options = options_of("start");
	struct error err = { "" };
	struct pci_fixture f;

	fixture_begin();
	pci_fixture_begin(&f);
	CU_ASSERT_EQUAL_FATAL(add(&f, slot, &options), 0);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_0, 4, REGS);
	cfg_write_bar(&f, 6, 2, MEMORY);
	fake_hv_fail_nth(1, -ENOSPC);
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CU_ASSERT_EQUAL(pci_bus_start(f.bus, &err), -ENOSPC);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "00:06.0 ivshmem: \"dm:/"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "start\": its 2 MB cannot be shown"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "0x90000000: No space left on device"));
	pci_bus_reset(f.bus);
	CU_ASSERT_EQUAL(pci_bus_start(f.bus, &err), 0);
	pci_bus_reset(f.bus);
	cfg_write_bar(&f, 6, 2, MEMORY);
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CU_ASSERT_EQUAL(pci_bus_start(f.bus, &err), 0);
	CU_ASSERT_PTR_NOT_NULL(guest_memory_at(MEMORY));
	end(&f, &options);
}

static void test_reset(void)
{
	const struct ivshmem_options options = options_of("reset");
	struct pci_fixture f;
	char *seen;

	begin(&f, &options);
	seen = guest_memory_at(MEMORY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(seen);
	strcpy(seen, "survives");
	bus_write(&f, IO_SPACE_MMIO, REGS, 8, UINT64_MAX);
	pci_bus_reset(f.bus);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 1);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_COMMAND, 2), 0);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_0, 4, REGS);
	cfg_write_bar(&f, 6, 2, MEMORY);
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, REGS, 8), 0);
	CU_ASSERT_PTR_EQUAL(guest_memory_at(MEMORY), seen);
	CU_ASSERT_STRING_EQUAL(seen, "survives");
	end(&f, &options);
}

static void test_two_devices(void)
{
	const struct ivshmem_options a = options_of("two-a"), b = options_of("two-b");
	const struct pci_slot other = { 0, 5, 0 };
	const struct ivshmem_region_params params_b = params_of(&b);
	struct pci_fixture f;

	begin(&f, &a);
	CU_ASSERT_EQUAL(add(&f, other, &b), 0);
	cfg_write_bar(&f, 5, 2, MEMORY + SIZE);
	cfg_write(&f, 5, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CU_ASSERT_PTR_NOT_NULL_FATAL(guest_memory_at(MEMORY + SIZE));
	CU_ASSERT_PTR_NOT_NULL_FATAL(guest_memory_at(MEMORY));
	guest_memory_at(MEMORY)[0] = 1;
	CU_ASSERT_EQUAL(guest_memory_at(MEMORY + SIZE)[0], 0);
	/* One over the other: the first stays what it is. */
	cfg_write_bar(&f, 5, 2, MEMORY);
	CU_ASSERT_EQUAL(guest_memory_at(MEMORY)[0], 1);
	pci_fixture_end(&f);
	fixture_assert_gone(&params_b);
	fixture_end();
}

/* A region that is there with another size: no device, and nothing left of the attempt. */
static void test_region_refuses(void)
{
	const struct ivshmem_options options = options_of("refuses");
	struct ivshmem_region_params params = params_of(&options);
	struct leaks before, after;
	struct ivshmem_region *region;
	struct pci_fixture f;
	struct error err = { "" };

	fixture_begin();
	params.size = 2 * SIZE;
	region = fixture_attach(&params);
	pci_fixture_begin(&f);
	before = leaks_count();
	CU_ASSERT_EQUAL(pci_bus_add(f.bus, slot, &ivshmem_ops, &options, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "00:06.0 ivshmem: "));
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
	CU_ASSERT_PTR_NULL(pci_bus_device(f.bus, slot));
	pci_fixture_end(&f);
	ivshmem_region_detach(region);
	fixture_end();
}

static void test_check(void)
{
	static const struct {
		const char *name;
		uint64_t vectors;
		uint32_t capabilities;
		int ret;
		const char *said;
	} rows[] = {
		{ "dm:/demo", 0, 0, 0, NULL },
		{ "dm:/demo", 4, HV_CAP_VDEV, 0, NULL },
		{ "hv:/demo", 0, 0, -ENOTSUP, "hv:/ regions need the ACRN hypervisor; use dm:/" },
		{ "hv:/demo", 0, HV_CAP_MAP_SLOTS_RETURN, -ENOTSUP, "hv:/demo" },
		{ "hv:/demo", 0, HV_CAP_VDEV, 0, NULL },
	};
	struct ivshmem_options options;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		options = (struct ivshmem_options){ .size = SIZE, .vectors = rows[i].vectors };
		err.text[0] = '\0';
		CU_ASSERT_EQUAL_FATAL(ivshmem_name_parse(&options.name, rows[i].name, NULL), 0);
		CU_ASSERT_EQUAL(ivshmem_ops.check(&options, rows[i].capabilities, &err),
				rows[i].ret);
		CU_ASSERT(!rows[i].said || strstr(err.text, rows[i].said));
	}
}

static void test_table(void)
{
	const struct device_class *const *class;

	for (class = pci_device_classes; *class; class++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(pci_device_ops(*class));
		CU_ASSERT_PTR_EQUAL(pci_device_ops(*class)->class, *class);
		CU_ASSERT(pci_device_ops(*class)->instance_size >= sizeof(struct pci_dev));
		CU_ASSERT_PTR_NOT_NULL(pci_device_ops(*class)->init);
	}
	CU_ASSERT_PTR_NULL(pci_device_ops(NULL));
	CU_ASSERT_PTR_NULL(pci_device_ops(probe_ops.class));
}

static void test_bridges(void)
{
	static const struct {
		const struct pci_dev_ops *ops;
		uint32_t id, class_revision;
	} rows[] = {
		{ &hostbridge_ops, 0x12751275, 0x06000000 },
		{ &lpc_ops, 0x70008086, 0x06010000 },
	};
	struct pci_fixture f;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		pci_fixture_begin(&f);
		CU_ASSERT_EQUAL(pci_bus_add(f.bus, slot, rows[i].ops, NULL, &err), 0);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_VENDOR_ID, 4), rows[i].id);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_CLASS_REVISION, 4), rows[i].class_revision);
		pci_bus_reset(f.bus);
		pci_fixture_end(&f);
	}
}

/* --- with vectors: a server and another client in the same loop ------------------------------- */

#define VECTORS 2
#define TABLE UINT64_C(0x80010000)
#define DOORBELL (REGS + 12)
#define MSI_ADDRESS UINT64_C(0xfee01000)
#define MSI_DATA 0x4030
#define CAPABILITY 0x40
#define PATIENCE_MS 20000

struct doorbells {
	struct pci_fixture f;
	struct ivshmem_options options;
	char path[128];
	struct ivshmem_region *region; /* as the server has it */
	struct leaks before;
	int listening;
	struct ivshmem_server *server;
	unsigned int clients;
	/* The other client: its id, its eventfds, those of the device. */
	int socket, id, own[VECTORS], device[VECTORS];
};

static void on_joined(void *ctx, uint16_t id, const struct ucred *who)
{
	struct doorbells *d = ctx;

	(void)id, (void)who;
	d->clients++;
}

static void on_left(void *ctx, uint16_t id, int why, unsigned int left)
{
	struct doorbells *d = ctx;

	(void)id, (void)why;
	d->clients = left;
}

static const struct ivshmem_server_events server_events = {
	.joined = on_joined,
	.left = on_left,
};

static struct sockaddr_un address_of(const struct doorbells *d)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", d->path);
	return address;
}

static void start_server(struct doorbells *d, uint32_t vectors)
{
	const struct sockaddr_un address = address_of(d);
	struct ivshmem_server_params params = {
		.memory = ivshmem_region_fd(d->region),
		.vectors = vectors,
		.events = &server_events,
		.ctx = d,
	};

	d->clients = 0;
	d->listening = params.listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL_FATAL(
		bind(d->listening, (const struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(d->listening, 8), 0);
	CU_ASSERT_EQUAL_FATAL(ivshmem_server_new(&params, d->f.loop, &d->server), 0);
}

static void stop_server(struct doorbells *d)
{
	ivshmem_server_free(d->server);
	d->server = NULL;
	fd_close(&d->listening);
	unlink(d->path);
}

static bool wait_for_clients(struct doorbells *d, unsigned int clients)
{
	int i;

	for (i = 0; d->clients != clients && i < PATIENCE_MS; i++) {
		loop_turn(d->f.loop);
		usleep(1000);
	}
	CU_ASSERT_EQUAL(d->clients, clients);
	return d->clients == clients;
}

static int receive(struct doorbells *d, int64_t *ret_value)
{
	struct ivshmem_wire_in in = IVSHMEM_WIRE_IN_NONE;
	struct ivshmem_message message = { 0, -1 };
	int i, ret = -EAGAIN;

	for (i = 0; ret == -EAGAIN && i < PATIENCE_MS; i++) {
		ret = ivshmem_wire_receive(d->socket, &in, &message);
		if (ret == -EAGAIN) {
			loop_turn(d->f.loop);
			usleep(1000);
		}
	}
	CU_ASSERT_EQUAL(ret, 0);
	*ret_value = message.value;
	return message.fd;
}

/* Another client joins, and takes what is said of the device and of itself. */
static void add_client(struct doorbells *d)
{
	const struct sockaddr_un address = address_of(d);
	int64_t value, id;
	int i, fd;

	d->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	CU_ASSERT_EQUAL_FATAL(
		connect(d->socket, (const struct sockaddr *)&address, sizeof(address)), 0);
	wait_for_clients(d, d->clients + 1);
	CU_ASSERT_EQUAL(receive(d, &value), -1);
	CU_ASSERT_EQUAL(receive(d, &id), -1);
	d->id = (int)id;
	fd = receive(d, &value);
	CU_ASSERT_EQUAL(value, IVSHMEM_WIRE_MEMORY);
	fd_close(&fd);
	for (i = 0; i < VECTORS; i++)
		d->device[i] = receive(d, &value);
	for (i = 0; i < VECTORS; i++)
		d->own[i] = receive(d, &value);
	CU_ASSERT_EQUAL(value, id);
	/* The device hears of it, too. */
	for (i = 0; i < 4; i++)
		loop_turn(d->f.loop);
}

static void remove_client(struct doorbells *d)
{
	int i;

	fd_close(&d->socket);
	for (i = 0; i < VECTORS; i++) {
		fd_close(&d->own[i]);
		fd_close(&d->device[i]);
	}
}

/* As the guest's firmware and driver do: BARs, decode, bus mastering, MSI-X. */
static void set_up_guest(struct doorbells *d)
{
	struct pci_fixture *f = &d->f;
	unsigned int i;

	cfg_write(f, 6, PCI_BASE_ADDRESS_0, 4, REGS);
	cfg_write(f, 6, PCI_BASE_ADDRESS_1, 4, TABLE);
	cfg_write_bar(f, 6, 2, MEMORY);
	cfg_write(f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	for (i = 0; i < VECTORS; i++) {
		bus_write(f, IO_SPACE_MMIO, TABLE + 16 * i, 8, MSI_ADDRESS);
		bus_write(f, IO_SPACE_MMIO, TABLE + 16 * i + 8, 8, MSI_DATA + i);
	}
	cfg_write(f, 6, CAPABILITY + PCI_MSIX_FLAGS, 2, PCI_MSIX_FLAGS_ENABLE);
}

static void prepare_doorbells(struct doorbells *d, const char *word)
{
	struct ivshmem_region_params params;
	int i;

	memset(d, 0, sizeof(*d));
	fixture_begin();
	pci_fixture_begin(&d->f);
	d->before = leaks_count();
	d->options = options_of(word);
	d->options.vectors = VECTORS;
	snprintf(d->path, sizeof(d->path), "%s/socket", fixture_dir());
	d->options.server = d->path;
	d->listening = d->socket = -1;
	for (i = 0; i < VECTORS; i++)
		d->own[i] = d->device[i] = -1;
	params = params_of(&d->options);
	d->region = fixture_attach(&params);
}

static void begin_doorbells(struct doorbells *d, const char *word)
{
	prepare_doorbells(d, word);
	start_server(d, VECTORS);
	CU_ASSERT_EQUAL_FATAL(add(&d->f, slot, &d->options), 0);
	wait_for_clients(d, 1);
	set_up_guest(d);
}

static void end_doorbells(struct doorbells *d)
{
	struct leaks after;

	remove_client(d);
	/* It leaves while it is connected, and has interrupts and pairs in the hypervisor. */
	pci_bus_free(d->f.bus);
	d->f.bus = NULL;
	CU_ASSERT_EQUAL(fake_hv_ioeventfds(), 0);
	if (d->server)
		wait_for_clients(d, 0);
	stop_server(d);
	ivshmem_region_detach(d->region);
	loop_turn(d->f.loop);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&d->before, &after));
	end(&d->f, &d->options);
}

static void ring(struct doorbells *d, int peer, unsigned int vector)
{
	const uint32_t value = (uint32_t)peer << 16 | vector;

	/* As KVM does: what is caught does not come here. */
	if (!fake_hv_write(DOORBELL, 4, value))
		bus_write(&d->f, IO_SPACE_MMIO, DOORBELL, 4, value);
}

static uint32_t position(struct doorbells *d)
{
	return (uint32_t)bus_read(&d->f, IO_SPACE_MMIO, REGS + 8, 4);
}

/* Exactly one message, that of @vector. */
static void expect_msi(unsigned int vector)
{
	struct fake_hv_msi msi = { 0, 0 };

	CU_ASSERT_EQUAL(fake_hv_take_msis(&msi), 1);
	CU_ASSERT_EQUAL(msi.address, MSI_ADDRESS);
	CU_ASSERT_EQUAL(msi.data, MSI_DATA + vector);
}

static void expect_no_msi(void)
{
	struct fake_hv_msi msi;

	CU_ASSERT_EQUAL(fake_hv_take_msis(&msi), 0);
}

static void test_doorbell_config(void)
{
	struct doorbells d;

	begin_doorbells(&d, "config");
	CU_ASSERT_EQUAL(cfg_read(&d.f, 6, PCI_STATUS, 2), PCI_STATUS_CAP_LIST);
	CU_ASSERT_EQUAL(cfg_read(&d.f, 6, PCI_CAPABILITY_LIST, 1), CAPABILITY);
	CU_ASSERT_EQUAL(cfg_read(&d.f, 6, CAPABILITY, 1), PCI_CAP_ID_MSIX);
	CU_ASSERT_EQUAL(cfg_read(&d.f, 6, CAPABILITY + PCI_MSIX_TABLE, 4), 1);
	CU_ASSERT_EQUAL(cfg_read(&d.f, 6, PCI_INTERRUPT_PIN, 1), 0);
	CU_ASSERT_EQUAL(cfg_read(&d.f, 6, PCI_BASE_ADDRESS_1, 4), TABLE);
	CU_ASSERT_EQUAL(position(&d), 0);
	end_doorbells(&d);
}

/* The guest rings a peer, which then rings the guest. */
static void test_ring_and_be_rung(void)
{
	struct doorbells d;
	unsigned int vector;

	begin_doorbells(&d, "ring");
	add_client(&d);
	for (vector = 0; vector < VECTORS; vector++) {
		ring(&d, d.id, vector);
		CU_ASSERT(eventfd_drain(d.own[vector]));
		CU_ASSERT_FALSE(eventfd_drain(d.own[!vector]));
		expect_no_msi();
		eventfd_signal(d.device[vector]);
		expect_msi(vector);
		/* And itself. */
		ring(&d, 0, vector);
		expect_msi(vector);
	}
	CU_ASSERT_EQUAL(fake_hv_ioeventfds(), 0);
	/* Nobody. */
	ring(&d, d.id, VECTORS);
	ring(&d, d.id + 1, 0);
	expect_no_msi();
	end_doorbells(&d);
}

static void heat(struct doorbells *d, int peer, unsigned int vector)
{
	int i;

	for (i = 0; i < 16; i++)
		ring(d, peer, vector);
}

/* What is rung often does not leave the hypervisor, and is where the registers are. */
static void test_hot_pairs_move(void)
{
	struct doorbells d;
	uint32_t value;

	begin_doorbells(&d, "hot");
	add_client(&d);
	heat(&d, d.id, 0);
	heat(&d, 0, 1);
	CU_ASSERT_EQUAL(fake_hv_ioeventfds(), 2);
	eventfd_drain(d.own[0]);
	value = (uint32_t)d.id << 16;
	CU_ASSERT(fake_hv_write(DOORBELL, 4, value));
	CU_ASSERT(eventfd_drain(d.own[0]));
	/* Another value or size is not meant. */
	CU_ASSERT_FALSE(fake_hv_write(DOORBELL, 4, value + 1));
	CU_ASSERT_FALSE(fake_hv_write(DOORBELL, 2, value));
	cfg_write(&d.f, 6, PCI_BASE_ADDRESS_0, 4, REGS + 0x1000);
	CU_ASSERT_FALSE(fake_hv_write(DOORBELL, 4, value));
	bus_write(&d.f, IO_SPACE_MMIO, DOORBELL, 4, value);
	CU_ASSERT_FALSE(eventfd_drain(d.own[0]));
	bus_write(&d.f, IO_SPACE_MMIO, DOORBELL + 0x1000, 4, value);
	CU_ASSERT(eventfd_drain(d.own[0]));
	cfg_write(&d.f, 6, PCI_COMMAND, 2, 0);
	CU_ASSERT_EQUAL(fake_hv_ioeventfds(), 0);
	set_up_guest(&d);
	heat(&d, d.id, 0);
	CU_ASSERT_EQUAL(fake_hv_ioeventfds(), 1);
	CU_ASSERT(fake_hv_write(DOORBELL, 4, value));
	/* Whoever leaves is rung by nobody. */
	remove_client(&d);
	wait_for_clients(&d, 1);
	loop_turn(d.f.loop);
	CU_ASSERT_EQUAL(fake_hv_ioeventfds(), 0);
	end_doorbells(&d);
}

/* A hypervisor that takes no more: every ring arrives all the same. */
static void test_hypervisor_refuses(void)
{
	enum fake_hv_call failed;
	struct doorbells d;
	int i;

	begin_doorbells(&d, "refuses");
	add_client(&d);
	fake_hv_fail_nth(1, -ENOSPC);
	for (i = 0; i < 16; i++) {
		ring(&d, d.id, 1);
		CU_ASSERT(eventfd_drain(d.own[1]));
	}
	CU_ASSERT_EQUAL(fake_hv_ioeventfds(), 0);
	CU_ASSERT(fake_hv_has_failed(&failed));
	CU_ASSERT_EQUAL(failed, FAKE_IOEVENTFD);
	end_doorbells(&d);
}

/* Rung while it cannot be interrupted: pending, and told once it can. */
static void test_masked(void)
{
	struct doorbells d;

	begin_doorbells(&d, "masked");
	add_client(&d);
	bus_write(&d.f, IO_SPACE_MMIO, TABLE + 16 + 12, 4, PCI_MSIX_ENTRY_CTRL_MASKBIT);
	eventfd_signal(d.device[1]);
	eventfd_signal(d.device[1]);
	ring(&d, 0, 1);
	expect_no_msi();
	CU_ASSERT_EQUAL(bus_read(&d.f, IO_SPACE_MMIO, TABLE + 0x800, 8), 2);
	bus_write(&d.f, IO_SPACE_MMIO, TABLE + 16 + 12, 4, 0);
	expect_msi(1);
	CU_ASSERT_EQUAL(bus_read(&d.f, IO_SPACE_MMIO, TABLE + 0x800, 8), 0);
	end_doorbells(&d);
}

static void test_reset_keeps_connection(void)
{
	struct doorbells d;

	begin_doorbells(&d, "keeps");
	add_client(&d);
	heat(&d, d.id, 0);
	eventfd_drain(d.own[0]);
	pci_bus_reset(d.f.bus);
	CU_ASSERT_EQUAL(fake_hv_ioeventfds(), 0);
	eventfd_signal(d.device[0]);
	expect_no_msi();
	set_up_guest(&d);
	fake_hv_take_msis(&(struct fake_hv_msi){ 0, 0 });
	CU_ASSERT_EQUAL(position(&d), 0);
	CU_ASSERT_EQUAL(d.clients, 2);
	ring(&d, d.id, 0);
	CU_ASSERT(eventfd_drain(d.own[0]));
	eventfd_signal(d.device[1]);
	expect_msi(1);
	end_doorbells(&d);
}

/* The server goes, another comes: the guest is rung by whoever has old or new eventfds of it. */
static void test_another_server(void)
{
	struct doorbells d;
	int old[VECTORS];

	begin_doorbells(&d, "another");
	add_client(&d);
	old[0] = fd_duplicate(d.device[0]);
	old[1] = fd_duplicate(d.device[1]);
	log_set_level((enum log_level)-1);
	stop_server(&d);
	remove_client(&d);
	loop_turn(d.f.loop);
	ring(&d, 0, 0);
	expect_msi(0);
	start_server(&d, VECTORS);
	wait_for_clients(&d, 1);
	loop_turn(d.f.loop);
	add_client(&d);
	CU_ASSERT_EQUAL(position(&d), 0);
	eventfd_signal(d.device[0]);
	expect_msi(0);
	eventfd_signal(old[1]);
	loop_turn(d.f.loop);
	expect_msi(1);
	ring(&d, 0, 1);
	expect_msi(1);
	ring(&d, d.id, 1);
	CU_ASSERT(eventfd_drain(d.own[1]));
	log_set_level(LOG_LEVEL_WARNING);
	fd_close(&old[0]);
	fd_close(&old[1]);
	end_doorbells(&d);
}

/* Nobody listens, or somebody with other memory: no device, and nothing left of the attempt. */
static void test_server_refused(void)
{
	struct ivshmem_region_params others;
	struct leaks before, after;
	struct ivshmem_region *own;
	struct error err = { "" };
	struct doorbells d;

	prepare_doorbells(&d, "refused");
	before = leaks_count();
	CU_ASSERT_EQUAL(pci_bus_add(d.f.bus, slot, &ivshmem_ops, &d.options, &err), -ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "00:06.0 ivshmem: ivshmem server "));
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
	others = fixture_params("others");
	others.size = SIZE;
	own = d.region;
	d.region = fixture_attach(&others);
	start_server(&d, VECTORS);
	CU_ASSERT_EQUAL(pci_bus_add(d.f.bus, slot, &ivshmem_ops, &d.options, &err), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "it serves other memory than /dev/shm/"));
	CU_ASSERT_PTR_NULL(pci_bus_device(d.f.bus, slot));
	wait_for_clients(&d, 0);
	ivshmem_region_detach(own);
	end_doorbells(&d);
	CU_ASSERT_FALSE(fixture_exists(fixture_object(&others)));
}

static const struct unit_test tests[] = {
	{ "configuration space", test_config_space },
	{ "BAR sizes", test_bar_sizes },
	{ "registers", test_registers },
	{ "memory moves", test_memory_moves },
	{ "impossible addresses", test_impossible_addresses },
	{ "a map that fails", test_map_fails },
	{ "memory that shrinks", test_memory_shrinks },
	{ "it does not start without its memory", test_start_without_memory },
	{ "reset", test_reset },
	{ "two devices", test_two_devices },
	{ "a region that refuses", test_region_refuses },
	{ "check against the back end", test_check },
	{ "table of devices", test_table },
	{ "bridges", test_bridges },
	{ "doorbells: configuration space", test_doorbell_config },
	{ "doorbells: ring and be rung", test_ring_and_be_rung },
	{ "doorbells: hot pairs move with the registers", test_hot_pairs_move },
	{ "doorbells: a hypervisor that refuses", test_hypervisor_refuses },
	{ "doorbells: masked", test_masked },
	{ "doorbells: reset", test_reset_keeps_connection },
	{ "doorbells: another server", test_another_server },
	{ "doorbells: a server that cannot be used", test_server_refused },
};

UNIT_MAIN("ivshmem", tests)

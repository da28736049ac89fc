/* SPDX-License-Identifier: BSD-3-Clause */
/* The ivshmem device on the PCI core, with real regions and a fake hypervisor. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devicemodel/vm/memory.h"
#include "hw/pci/devices.h"
#include "hw/pci/ivshmem_options.h"
#include "ivshmem/region.h"
#include "lib/log.h"
#include "lib/util.h"
#include "tests/fake_hv.h"
#include "tests/leaks.h"
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
	/* BAR2 is memory: an access that arrives all the same meets nobody. */
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, MEMORY, 4), UINT32_MAX);
	bus_write(&f, IO_SPACE_MMIO, MEMORY, 4, 0);
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

/* The back end has no room for the mapping: the guest sees nothing there, and that is said. */
static void test_map_fails(void)
{
	const struct ivshmem_options options = options_of("fails");
	struct pci_fixture f;

	begin(&f, &options);
	log_set_level(LOG_LEVEL_ERROR);
	fake_hv_fail_nth(2, -ENOSPC);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_2, 4, 0xa0000000);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 1);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, 0xa0000000, 4), UINT32_MAX);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_2, 4, (uint32_t)MEMORY);
	CU_ASSERT_PTR_NOT_NULL(guest_memory_at(MEMORY));
	log_set_level(LOG_LEVEL_WARNING);
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

static const struct unit_test tests[] = {
	{ "configuration space", test_config_space },
	{ "BAR sizes", test_bar_sizes },
	{ "registers", test_registers },
	{ "memory moves", test_memory_moves },
	{ "impossible addresses", test_impossible_addresses },
	{ "a map that fails", test_map_fails },
	{ "reset", test_reset },
	{ "two devices", test_two_devices },
	{ "a region that refuses", test_region_refuses },
	{ "check against the back end", test_check },
	{ "table of devices", test_table },
	{ "bridges", test_bridges },
};

UNIT_MAIN("ivshmem", tests)

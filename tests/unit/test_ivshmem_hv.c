/* SPDX-License-Identifier: BSD-3-Clause */
/* ivshmem with memory of the hypervisor: what it is asked for, and that it is taken back. */
#include "hw/pci/ivshmem_hv.h"

#include <errno.h>
#include <string.h>

#include "hw/pci/devices.h"
#include "hw/pci/ivshmem_options.h"
#include "ivshmem/region.h"
#include "lib/util.h"
#include "tests/fake_hv.h"
#include "tests/leaks.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/pci_fixture.h"
#include "tests/unit/region_fixture.h"
#include "tests/unit/unit.h"

#define SIZE (4 * MIB)

static const struct pci_windows windows = { 0x80000000, 0xe0000000, 0x100000000, 0x140000000 };

static struct ivshmem_options options_of(const char *name)
{
	struct ivshmem_options options = { .size = SIZE };

	CU_ASSERT_EQUAL_FATAL(ivshmem_name_parse(&options.name, name, NULL), 0);
	return options;
}

static void add(struct pci_fixture *f, struct pci_slot slot, const struct ivshmem_options *options)
{
	struct error err = { "" };

	CU_ASSERT_EQUAL_FATAL(pci_bus_add(f->bus, slot, &ivshmem_ops, options, &err), 0);
}

/* Firmware's part of a start. */
static int start(struct pci_fixture *f, struct error *err)
{
	err->text[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(pci_bus_assign(f->bus, &windows, err), 0);
	return pci_bus_start(f->bus, err);
}

static uint64_t bar2_of(const struct hv_vdev *vdev)
{
	return (uint64_t)vdev->bars[3] << 32 | (vdev->bars[2] & ~UINT32_C(0xf));
}

static void assert_described(const struct hv_vdev *vdev, uint8_t slot, uint8_t function)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(vdev);
	CU_ASSERT_EQUAL(vdev->vendor, 0x1af4);
	CU_ASSERT_EQUAL(vdev->device, 0x1110);
	CU_ASSERT_EQUAL(vdev->bus, 0);
	CU_ASSERT_EQUAL(vdev->slot, slot);
	CU_ASSERT_EQUAL(vdev->function, function);
	CU_ASSERT_EQUAL(vdev->bar_sizes[0], 256);
	CU_ASSERT_EQUAL(vdev->bar_sizes[1], 4096);
	CU_ASSERT_EQUAL(vdev->bar_sizes[2], SIZE);
	CU_ASSERT_EQUAL(vdev->bar_sizes[3], 0);
	CU_ASSERT_EQUAL(vdev->bar_sizes[4], 0);
	CU_ASSERT_EQUAL(vdev->bar_sizes[5], 0);
	/* 32-bit memory, each in pages of its own; 64-bit prefetchable memory. */
	CU_ASSERT_EQUAL(vdev->bars[0] & 0xfff, 0);
	CU_ASSERT_EQUAL(vdev->bars[1] & 0xfff, 0);
	CU_ASSERT_NOT_EQUAL(vdev->bars[0], vdev->bars[1]);
	CU_ASSERT(vdev->bars[0] >= windows.mem32_base && vdev->bars[0] < windows.mem32_end);
	CU_ASSERT(vdev->bars[1] >= windows.mem32_base && vdev->bars[1] < windows.mem32_end);
	CU_ASSERT_EQUAL(vdev->bars[2] & 0xf, 0xc);
	CU_ASSERT_EQUAL(bar2_of(vdev) % SIZE, 0);
	CU_ASSERT(bar2_of(vdev) >= windows.mem32_base);
	CU_ASSERT_EQUAL(vdev->bars[4], 0);
	CU_ASSERT_EQUAL(vdev->bars[5], 0);
}

static void test_description(void)
{
	const struct ivshmem_options a = options_of("hv:/a"),
				     b = options_of("hv:/a_name_of_27_bytes_1234567");
	struct pci_fixture f;
	struct error err;

	pci_fixture_begin_acrn(&f);
	add(&f, (struct pci_slot){ 0, 6, 0 }, &a);
	add(&f, (struct pci_slot){ 0, 31, 7 }, &b);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_VDEV_CREATE), 0);
	CU_ASSERT_EQUAL(start(&f, &err), 0);
	CU_ASSERT_EQUAL(fake_hv_vdevs(), 2);
	assert_described(fake_hv_vdev("hv:/a"), 6, 0);
	assert_described(fake_hv_vdev(b.name.text), 31, 7);
	pci_fixture_end(&f);
}

/* Where BAR2 does not fit below 4 GiB. */
static void test_high_memory(void)
{
	const struct pci_windows narrow = { 0xdff00000, 0xe0000000, 0x100000000, 0x140000000 };
	const struct ivshmem_options options = options_of("hv:/high");
	const struct hv_vdev *vdev;
	struct pci_fixture f;
	struct error err;

	pci_fixture_begin_acrn(&f);
	add(&f, (struct pci_slot){ 0, 6, 0 }, &options);
	CU_ASSERT_EQUAL(pci_bus_assign(f.bus, &narrow, &err), 0);
	CU_ASSERT_EQUAL(pci_bus_start(f.bus, &err), 0);
	vdev = fake_hv_vdev("hv:/high");
	CU_ASSERT_PTR_NOT_NULL_FATAL(vdev);
	CU_ASSERT_EQUAL(vdev->bars[2], 0xc);
	CU_ASSERT_EQUAL(vdev->bars[3], 1);
	pci_fixture_end(&f);
}

/* The guest meets the hypervisor's device; what comes here all the same meets nobody. */
static void test_delegated(void)
{
	const struct ivshmem_options options = options_of("hv:/demo");
	struct hv_vdev vdev = { 0 };
	struct pci_fixture f;
	struct error err;
	unsigned int reg;

	pci_fixture_begin_acrn(&f);
	add(&f, (struct pci_slot){ 0, 6, 0 }, &options);
	CU_ASSERT_EQUAL(start(&f, &err), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fake_hv_vdev("hv:/demo"));
	vdev = *fake_hv_vdev("hv:/demo");
	for (reg = 0; reg < PCI_CONFIG_SIZE; reg += 4)
		CU_ASSERT_EQUAL(cfg_read(&f, 6, reg, 4), UINT32_MAX);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_PCI_CONFIG, 6 << 15, 4), UINT32_MAX);
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, vdev.bars[0], 4), UINT32_MAX);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, vdev.bars[1], 4), UINT32_MAX);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, bar2_of(&vdev), 4), UINT32_MAX);
	bus_write(&f, IO_SPACE_MMIO, vdev.bars[0] + 12, 4, 0);
	/* The memory is not of this process. */
	CU_ASSERT_EQUAL(fake_hv_mappings(), 1);
	CU_ASSERT_EQUAL(fake_hv_vdevs(), 1);
	pci_fixture_end(&f);
}

/* Both kinds in one VM; and where the hypervisor's was, the guest may put the other's BAR. */
static void test_beside_dm(void)
{
	const struct ivshmem_options hv = options_of("hv:/demo");
	struct ivshmem_region_params params;
	struct ivshmem_options dm = { .size = SIZE };
	struct pci_fixture f;
	struct error err;
	uint64_t bar2;

	fixture_begin();
	params = fixture_params("beside");
	params.size = dm.size;
	dm.name = params.name;
	pci_fixture_begin_acrn(&f);
	add(&f, (struct pci_slot){ 0, 5, 0 }, &dm);
	add(&f, (struct pci_slot){ 0, 6, 0 }, &hv);
	CU_ASSERT_EQUAL(start(&f, &err), 0);
	CU_ASSERT_EQUAL(fake_hv_vdevs(), 1);
	assert_described(fake_hv_vdev("hv:/demo"), 6, 0);
	CU_ASSERT_EQUAL(cfg_read(&f, 5, PCI_VENDOR_ID, 4), 0x11101af4);
	CU_ASSERT_EQUAL(fake_hv_mappings(), 2);
	bar2 = bar2_of(fake_hv_vdev("hv:/demo"));
	cfg_write_bar(&f, 5, 2, bar2);
	CU_ASSERT_PTR_NOT_NULL(fake_hv_mapping(bar2));
	pci_fixture_end(&f);
	fixture_assert_gone(&params);
	fixture_end();
}

static void test_reset(void)
{
	const struct ivshmem_options options = options_of("hv:/demo");
	struct pci_fixture f;
	struct error err;
	unsigned int i;

	pci_fixture_begin_acrn(&f);
	add(&f, (struct pci_slot){ 0, 6, 0 }, &options);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(start(&f, &err), 0);
		assert_described(fake_hv_vdev("hv:/demo"), 6, 0);
		pci_bus_reset(f.bus);
		CU_ASSERT_EQUAL(fake_hv_vdevs(), 0);
		/* A reset that comes before the next start finds nothing to do. */
		pci_bus_reset(f.bus);
		CU_ASSERT_EQUAL(fake_hv_count(FAKE_VDEV_DESTROY), i + 1);
	}
	pci_fixture_end(&f);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_VDEV_DESTROY), 3);
}

static void test_refused(void)
{
	static const struct {
		int code;
		const char *said;
	} rows[] = {
		{ -EINVAL, "00:06.0 ivshmem: \"hv:/demo\": the hypervisor has no such region of "
			   "4 MB for a VM named \"test\"; region, size and VM must be as in its "
			   "scenario" },
		{ -ENOTTY, "00:06.0 ivshmem: \"hv:/demo\" of 4 MB: this kernel is too old to ask "
			   "the hypervisor for its devices; use a newer one, or dm:/" },
		{ -EIO, "00:06.0 ivshmem: \"hv:/demo\" of 4 MB: the hypervisor does not make the "
			"device: Input/output error" },
	};
	const struct ivshmem_options first = options_of("hv:/first"),
				     options = options_of("hv:/demo");
	struct leaks before, after;
	struct pci_fixture f;
	struct error err;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		before = leaks_count();
		pci_fixture_begin_acrn(&f);
		add(&f, (struct pci_slot){ 0, 5, 0 }, &first);
		add(&f, (struct pci_slot){ 0, 6, 0 }, &options);
		/* The second of the two devices. */
		fake_hv_fail_nth(2, rows[i].code);
		CU_ASSERT_EQUAL(start(&f, &err), rows[i].code);
		CU_ASSERT_STRING_EQUAL(err.text, rows[i].said);
		CU_ASSERT_EQUAL(fake_hv_vdevs(), 1);
		pci_fixture_end(&f);
		/* The first was taken back, the other was never there. */
		CU_ASSERT_EQUAL(fake_hv_count(FAKE_VDEV_CREATE), 2);
		CU_ASSERT_EQUAL(fake_hv_count(FAKE_VDEV_DESTROY), 1);
		after = leaks_count();
		CU_ASSERT(leaks_equal(&before, &after));
	}
}

/* Between two VM objects there is nobody to ask. */
static void test_no_vm_object(void)
{
	const struct ivshmem_options options = options_of("hv:/demo");
	struct pci_fixture f;
	struct error err;

	pci_fixture_begin_acrn(&f);
	add(&f, (struct pci_slot){ 0, 6, 0 }, &options);
	f.vdevs.vm = NULL;
	CU_ASSERT_EQUAL(start(&f, &err), -ENODEV);
	pci_fixture_end(&f);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_VDEV_CREATE), 0);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_VDEV_DESTROY), 0);
}

/* Then it goes with the VM object, and the VM ends as it would. */
static void test_destroy_fails(void)
{
	const struct ivshmem_options options = options_of("hv:/demo");
	struct pci_fixture f;
	struct error err;
	const char *text;

	pci_fixture_begin_acrn(&f);
	add(&f, (struct pci_slot){ 0, 6, 0 }, &options);
	CU_ASSERT_EQUAL(start(&f, &err), 0);
	fake_hv_fail_nth(1, -EBUSY);
	log_capture_begin();
	pci_bus_reset(f.bus);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "does not take \"hv:/demo\" out of the VM"));
	CU_ASSERT_EQUAL(start(&f, &err), 0);
	pci_fixture_end(&f);
}

static const struct unit_test tests[] = {
	{ "what the hypervisor is asked for", test_description },
	{ "memory above 4 GiB", test_high_memory },
	{ "accesses that arrive here", test_delegated },
	{ "beside a dm:/ device", test_beside_dm },
	{ "reset", test_reset },
	{ "a hypervisor that refuses", test_refused },
	{ "no VM object", test_no_vm_object },
	{ "one that cannot be taken out", test_destroy_fails },
};

UNIT_MAIN("ivshmem hv", tests)

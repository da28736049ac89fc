/* SPDX-License-Identifier: BSD-3-Clause */
/* MSI-X: layout, table and PBA accesses, delivery, masks and pending bits. */
#include "devicemodel/pci/pci.h"

#include <errno.h>
#include <string.h>

#include "lib/fds.h"
#include "lib/util.h"
#include "tests/fake_hv.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/pci_fixture.h"
#include "tests/unit/unit.h"

#define BAR UINT64_C(0x80000000)
#define CAPABILITY 0x40
#define CONTROL (CAPABILITY + PCI_MSIX_FLAGS)
#define ADDRESS UINT64_C(0xfee01000)
#define ENABLE PCI_MSIX_FLAGS_ENABLE
#define MASKALL PCI_MSIX_FLAGS_MASKALL

/* A device with @vectors vectors at BAR, decode and bus mastering on. */
static struct pci_dev *begin(struct pci_fixture *f, struct probe_options *options,
			     unsigned int vectors)
{
	struct probe *probe;

	*options = (struct probe_options){ .vectors = vectors };
	pci_fixture_begin(f);
	probe = probe_add(f, 6, options);
	cfg_write(f, 6, PCI_BASE_ADDRESS_1, 4, BAR);
	cfg_write(f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	return &probe->pci;
}

static void set_entry(struct pci_fixture *f, unsigned int vector, uint64_t address, uint32_t data,
		      uint32_t control)
{
	uint64_t entry = BAR + 16 * vector;

	bus_write(f, IO_SPACE_MMIO, entry, 4, (uint32_t)address);
	bus_write(f, IO_SPACE_MMIO, entry + 4, 4, address >> 32);
	bus_write(f, IO_SPACE_MMIO, entry + 8, 4, data);
	bus_write(f, IO_SPACE_MMIO, entry + 12, 4, control);
}

static unsigned int sent(void)
{
	struct fake_hv_msi msi;

	return fake_hv_take_msis(&msi);
}

static uint64_t pending(struct pci_fixture *f, unsigned int vector)
{
	return bus_read(f, IO_SPACE_MMIO, BAR + 0x800 + vector / 64 * 8, 8) >> (vector % 64) & 1;
}

static void test_layout(void)
{
	static const struct {
		unsigned int vectors;
		uint32_t pba, size;
	} rows[] = {
		{ 1, 0x800, 0x1000 },	  { 64, 0x800, 0x1000 },    { 128, 0x800, 0x1000 },
		{ 129, 0x810, 0x1000 },	  { 254, 0xfe0, 0x1000 },   { 255, 0xff0, 0x2000 },
		{ 256, 0x1000, 0x2000 },  { 257, 0x1010, 0x2000 },  { 1024, 0x4000, 0x8000 },
		{ 2047, 0x7ff0, 0x10000 }, { 2048, 0x8000, 0x10000 },
	};
	struct probe_options options;
	struct pci_fixture f;
	uint32_t vectors;
	uint64_t last_pba;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		vectors = rows[i].vectors;
		begin(&f, &options, vectors);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_CAPABILITY_LIST, 1), CAPABILITY);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_STATUS, 2), PCI_STATUS_CAP_LIST);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, CAPABILITY, 4), (vectors - 1) << 16 | 0x0011);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, CAPABILITY + PCI_MSIX_TABLE, 4), 1);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, CAPABILITY + PCI_MSIX_PBA, 4), (rows[i].pba | 1));
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_INTERRUPT_PIN, 1), 0);
		/* The last entry and the last quadword of the PBA are there. */
		CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR + 16 * (vectors - 1) + 12, 4), 1);
		last_pba = BAR + rows[i].pba + (vectors - 1) / 64 * 8;
		CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, last_pba, 8), 0);
		CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR + rows[i].size - 4, 4), 0);
		cfg_write(&f, 6, PCI_BASE_ADDRESS_1, 4, UINT32_MAX);
		CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_BASE_ADDRESS_1, 4), -rows[i].size);
		pci_fixture_end(&f);
	}
}

static void test_bad_counts(void)
{
	static const unsigned int counts[] = { 2049, 4096, 65536, UINT32_MAX };
	struct probe_options options = { 0 };
	unsigned int finis = 0;
	struct pci_fixture f;
	struct pci_dev dev;
	struct error err;
	size_t i;

	pci_fixture_begin(&f);
	options.finis = &finis;
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		options.vectors = counts[i];
		CU_ASSERT_EQUAL(pci_bus_add(f.bus, (struct pci_slot){ 0, 6, 0 }, &probe_ops,
					    &options, &err),
				-EINVAL);
	}
	CU_ASSERT_EQUAL(finis, 4);
	dev = (struct pci_dev){ 0 };
	CU_ASSERT_EQUAL(pci_msix_init(&dev, 1, 0), -EINVAL);
	pci_msix_fini(&dev);
	/* No room for the capability. */
	dev = (struct pci_dev){ .capability_end = 0xf8 };
	CU_ASSERT_EQUAL(pci_msix_init(&dev, 1, 4), -ENOSPC);
	CU_ASSERT_EQUAL(dev.msix.capability, 0);
	pci_msix_fini(&dev);
	pci_fixture_end(&f);
}

static void test_control(void)
{
	struct probe_options options;
	struct pci_fixture f;

	begin(&f, &options, 4);
	cfg_write(&f, 6, CONTROL, 2, 0xffff);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, CONTROL, 2), (ENABLE | MASKALL | 3));
	/* Zephyr writes the table size's bit 0 with its read-modify-write. */
	cfg_write(&f, 6, CAPABILITY, 4, 0x80000000);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, CAPABILITY, 4), 0x80030011);
	cfg_write(&f, 6, CAPABILITY + PCI_MSIX_TABLE, 4, UINT32_MAX);
	cfg_write(&f, 6, CAPABILITY + PCI_MSIX_PBA, 4, UINT32_MAX);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, CAPABILITY + PCI_MSIX_TABLE, 4), 1);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, CAPABILITY + PCI_MSIX_PBA, 4), 0x801);
	pci_fixture_end(&f);
}

static void test_table_accesses(void)
{
	struct probe_options options;
	struct pci_fixture f;
	unsigned int i;

	begin(&f, &options, 3);
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR + 16 * i, 8), 0);
		CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR + 16 * i + 8, 8),
				UINT64_C(1) << 32);
	}
	bus_write(&f, IO_SPACE_MMIO, BAR + 16, 8, 0x1122334455667788);
	bus_write(&f, IO_SPACE_MMIO, BAR + 24, 8, 0xffffffff99aabbcc);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR + 16, 4), 0x55667788);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR + 20, 4), 0x11223344);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR + 24, 8), 0xffffffff99aabbcc);
	/* Too small, and not aligned: no effect. */
	bus_write(&f, IO_SPACE_MMIO, BAR + 16, 1, 0);
	bus_write(&f, IO_SPACE_MMIO, BAR + 16, 2, 0);
	bus_write(&f, IO_SPACE_MMIO, BAR + 18, 4, 0);
	bus_write(&f, IO_SPACE_MMIO, BAR + 20, 8, 0);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR + 16, 8), 0x1122334455667788);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR + 24, 4), 0x99aabbcc);
	/* Between table and PBA, after the PBA, and the PBA itself. */
	for (i = 48; i < 4096; i += 4)
		bus_write(&f, IO_SPACE_MMIO, BAR + i, 4, UINT32_MAX);
	for (i = 48; i < 4096; i += 8)
		CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR + i, 8), 0);
	CU_ASSERT_EQUAL(sent(), 0);
	pci_fixture_end(&f);
}

static void test_delivery(void)
{
	struct fake_hv_msi msi = { 0 };
	struct probe_options options;
	struct pci_fixture f;
	struct pci_dev *dev;

	dev = begin(&f, &options, 4);
	set_entry(&f, 2, UINT64_C(0x500000000) | ADDRESS, 0x4041, 0);
	cfg_write(&f, 6, CONTROL, 2, ENABLE);
	pci_msix_fire(dev, 2);
	CU_ASSERT_EQUAL(fake_hv_take_msis(&msi), 1);
	CU_ASSERT_EQUAL(msi.address, (UINT64_C(0x500000000) | ADDRESS));
	CU_ASSERT_EQUAL(msi.data, 0x4041);
	CU_ASSERT_EQUAL(pending(&f, 2), 0);
	/* No such vector. */
	pci_msix_fire(dev, 4);
	pci_msix_fire(dev, UINT32_MAX);
	CU_ASSERT_EQUAL(sent(), 0);
	/* The back end does not like the message: the guest's problem. */
	fake_hv_fail_nth(1, -EINVAL);
	pci_msix_fire(dev, 2);
	pci_msix_fire(dev, 2);
	CU_ASSERT_EQUAL(sent(), 1);
	pci_fixture_end(&f);
}

/* Fire while something holds it back, then take that away: it must come, once. */
static void test_pending(void)
{
	static const struct {
		uint16_t flags;
		uint32_t control;
	} held[] = { { 0, 0 }, { ENABLE | MASKALL, 0 }, { ENABLE, 1 }, { 0, 1 }, { MASKALL, 0 } };
	struct probe_options options;
	struct pci_fixture f;
	struct pci_dev *dev;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(held); i++) {
		dev = begin(&f, &options, 70);
		set_entry(&f, 69, ADDRESS, 0x30, held[i].control);
		cfg_write(&f, 6, CONTROL, 2, held[i].flags);
		pci_msix_fire(dev, 69);
		pci_msix_fire(dev, 69);
		CU_ASSERT_EQUAL(sent(), 0);
		CU_ASSERT_EQUAL(pending(&f, 69), 1);
		CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR + 0x800, 8), 0);
		/* Guests cannot write it away. */
		bus_write(&f, IO_SPACE_MMIO, BAR + 0x808, 8, 0);
		CU_ASSERT_EQUAL(pending(&f, 69), 1);
		cfg_write(&f, 6, CONTROL, 2, ENABLE);
		bus_write(&f, IO_SPACE_MMIO, BAR + 16 * 69 + 12, 4, 0);
		CU_ASSERT_EQUAL(sent(), 1);
		CU_ASSERT_EQUAL(pending(&f, 69), 0);
		cfg_write(&f, 6, CONTROL, 2, ENABLE | MASKALL);
		cfg_write(&f, 6, CONTROL, 2, ENABLE);
		CU_ASSERT_EQUAL(sent(), 0);
		pci_fixture_end(&f);
	}
}

/* An entry that is changed while masked fires with what it says then (PCI 3.0 6.8.3.5). */
static void test_changed_while_masked(void)
{
	struct fake_hv_msi msi = { 0 };
	struct probe_options options;
	struct pci_fixture f;
	struct pci_dev *dev;

	dev = begin(&f, &options, 2);
	set_entry(&f, 1, ADDRESS, 0x30, 1);
	cfg_write(&f, 6, CONTROL, 2, ENABLE);
	pci_msix_fire(dev, 1);
	bus_write(&f, IO_SPACE_MMIO, BAR + 16, 8, ADDRESS + 0x1000);
	bus_write(&f, IO_SPACE_MMIO, BAR + 24, 8, 0x31);
	CU_ASSERT_EQUAL(fake_hv_take_msis(&msi), 1);
	CU_ASSERT_EQUAL(msi.address, ADDRESS + 0x1000);
	CU_ASSERT_EQUAL(msi.data, 0x31);
	pci_fixture_end(&f);
}

/* Only the mask bit masks; the reserved bits of vector control are storage. */
static void test_reserved_control_bits(void)
{
	struct probe_options options;
	struct pci_fixture f;
	struct pci_dev *dev;

	dev = begin(&f, &options, 1);
	set_entry(&f, 0, ADDRESS, 0x30, 0xfffffffe);
	cfg_write(&f, 6, CONTROL, 2, ENABLE);
	pci_msix_fire(dev, 0);
	CU_ASSERT_EQUAL(sent(), 1);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR + 12, 4), 0xfffffffe);
	pci_fixture_end(&f);
}

/* Nothing leaves a device that may not write; it comes when it may. */
static void test_bus_master_off(void)
{
	struct probe_options options;
	struct pci_fixture f;
	struct pci_dev *dev;

	dev = begin(&f, &options, 1);
	set_entry(&f, 0, ADDRESS, 0x30, 0);
	cfg_write(&f, 6, CONTROL, 2, ENABLE);
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
	pci_msix_fire(dev, 0);
	pci_msix_fire(dev, 0);
	CU_ASSERT_EQUAL(pending(&f, 0), 1);
	cfg_write(&f, 6, CONTROL, 2, ENABLE | MASKALL);
	cfg_write(&f, 6, CONTROL, 2, ENABLE);
	CU_ASSERT_EQUAL(sent(), 0);
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	CU_ASSERT_EQUAL(sent(), 1);
	CU_ASSERT_EQUAL(pending(&f, 0), 0);
	pci_fixture_end(&f);
}

/* A device with two open vectors and an eventfd that raises the second. */
static struct pci_dev *begin_bound(struct pci_fixture *f, struct probe_options *options,
				   int *ret_fd)
{
	struct pci_dev *dev = begin(f, options, 70);

	*ret_fd = eventfd_new();
	CU_ASSERT_FATAL(*ret_fd >= 0);
	set_entry(f, 0, ADDRESS, 0x30, 0);
	set_entry(f, 69, ADDRESS, 0x31, 0);
	cfg_write(f, 6, CONTROL, 2, ENABLE);
	pci_msix_bind_fd(dev, 69, *ret_fd);
	return dev;
}

static void end_bound(struct pci_fixture *f, int fd)
{
	pci_fixture_end(f);
	fd_close(&fd);
}

static void test_bound(void)
{
	struct fake_hv_msi msi = { 0 };
	struct probe_options options;
	struct pci_fixture f;
	struct pci_dev *dev;
	unsigned int calls;
	int fd;

	dev = begin_bound(&f, &options, &fd);
	CU_ASSERT_EQUAL(sent(), 0);
	eventfd_signal(fd);
	CU_ASSERT_EQUAL(fake_hv_take_msis(&msi), 1);
	CU_ASSERT_EQUAL(msi.address, ADDRESS);
	CU_ASSERT_EQUAL(msi.data, 0x31);
	/* The hypervisor's business, not that of the message path. */
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_MSI_SEND), 0);
	/* Another message, at once. */
	bus_write(&f, IO_SPACE_MMIO, BAR + 16 * 69 + 8, 4, 0x32);
	eventfd_signal(fd);
	CU_ASSERT_EQUAL(fake_hv_take_msis(&msi), 1);
	CU_ASSERT_EQUAL(msi.data, 0x32);
	/* Nothing is asked of the hypervisor where nothing changes. */
	calls = fake_hv_count(FAKE_IRQFD);
	bus_write(&f, IO_SPACE_MMIO, BAR + 16 * 69 + 8, 8, 0x32);
	cfg_write(&f, 6, CONTROL, 2, ENABLE);
	CU_ASSERT_EQUAL(fake_hv_count(FAKE_IRQFD), calls);
	pci_msix_bind_fd(dev, 69, -1);
	eventfd_signal(fd);
	CU_ASSERT_EQUAL(sent(), 0);
	/* What it holds when it is bound counts. */
	pci_msix_bind_fd(dev, 0, fd);
	CU_ASSERT_EQUAL(fake_hv_take_msis(&msi), 1);
	CU_ASSERT_EQUAL(msi.data, 0x30);
	end_bound(&f, fd);
}

enum hold { BY_MASK, BY_MASKALL, BY_DISABLE, BY_MASTER, HOLDS };

static void hold(struct pci_fixture *f, enum hold how, bool on)
{
	switch (how) {
	case BY_MASK:
		bus_write(f, IO_SPACE_MMIO, BAR + 16 * 69 + 12, 4, on);
		break;
	case BY_MASKALL:
		cfg_write(f, 6, CONTROL, 2, on ? ENABLE | MASKALL : ENABLE);
		break;
	case BY_DISABLE:
		cfg_write(f, 6, CONTROL, 2, on ? 0 : ENABLE);
		break;
	default:
		cfg_write(f, 6, PCI_COMMAND, 2,
			  on ? PCI_COMMAND_MEMORY : PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	}
}

/* Signals while something holds the vector back: one interrupt afterwards, looked for or not. */
static void test_bound_and_held(void)
{
	struct probe_options options;
	struct pci_fixture f;
	enum hold how;
	int fd, look;

	for (how = BY_MASK; how < HOLDS; how++) {
		for (look = 0; look < 3; look++) {
			begin_bound(&f, &options, &fd);
			hold(&f, how, true);
			CU_ASSERT_EQUAL(pending(&f, 69), 0);
			eventfd_signal(fd);
			eventfd_signal(fd);
			CU_ASSERT_EQUAL(sent(), 0);
			CU_ASSERT(look == 0 || pending(&f, 69) == 1);
			/* One more after the bit was set: still the same interrupt. */
			if (look == 2)
				eventfd_signal(fd);
			CU_ASSERT_EQUAL(pending(&f, 0), 0);
			hold(&f, how, false);
			CU_ASSERT_EQUAL(sent(), 1);
			CU_ASSERT_EQUAL(pending(&f, 69), 0);
			hold(&f, how, true);
			hold(&f, how, false);
			CU_ASSERT_EQUAL(sent(), 0);
			eventfd_signal(fd);
			CU_ASSERT_EQUAL(sent(), 1);
			end_bound(&f, fd);
		}
	}
}

static void test_bound_reset(void)
{
	struct probe_options options;
	struct pci_fixture f;
	int fd;

	begin_bound(&f, &options, &fd);
	hold(&f, BY_MASK, true);
	eventfd_signal(fd);
	pci_bus_reset(f.bus);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_1, 4, BAR);
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	CU_ASSERT_EQUAL(pending(&f, 69), 0);
	/* It is bound still, and what comes from now on is kept. */
	eventfd_signal(fd);
	CU_ASSERT_EQUAL(pending(&f, 69), 1);
	set_entry(&f, 69, ADDRESS, 0x40, 0);
	cfg_write(&f, 6, CONTROL, 2, ENABLE);
	CU_ASSERT_EQUAL(sent(), 1);
	end_bound(&f, fd);
}

/* The hypervisor has no room: said, kept, and tried again at the next opportunity. */
static void test_bound_unroutable(void)
{
	struct probe_options options;
	struct pci_fixture f;
	const char *text;
	int fd;

	begin_bound(&f, &options, &fd);
	hold(&f, BY_MASKALL, true);
	fake_hv_fail_nth(1, -ENOSPC);
	log_capture_begin();
	hold(&f, BY_MASKALL, false);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "signals of MSI-X vector 69 wait until the guest"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "it has no more routes"));
	eventfd_signal(fd);
	CU_ASSERT_EQUAL(sent(), 0);
	CU_ASSERT_EQUAL(pending(&f, 69), 1);
	hold(&f, BY_MASKALL, false);
	CU_ASSERT_EQUAL(sent(), 1);
	eventfd_signal(fd);
	CU_ASSERT_EQUAL(sent(), 1);
	end_bound(&f, fd);
}

static void test_bound_clings(void)
{
	struct probe_options options;
	struct pci_fixture f;
	const char *text;
	int fd;

	begin_bound(&f, &options, &fd);
	hold(&f, BY_MASKALL, false);
	fake_hv_fail_nth(1, -EIO);
	log_capture_begin();
	hold(&f, BY_MASKALL, true);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "MSI-X vector 69 may still reach the guest"));
	end_bound(&f, fd);
}

static void test_reset(void)
{
	struct probe_options options;
	struct pci_fixture f;
	struct pci_dev *dev;

	dev = begin(&f, &options, 33);
	set_entry(&f, 32, ADDRESS, 0x30, 0);
	set_entry(&f, 0, ADDRESS, 0x30, 0);
	pci_msix_fire(dev, 32);
	cfg_write(&f, 6, CONTROL, 2, MASKALL);
	pci_bus_reset(f.bus);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, CONTROL, 2), 32);
	cfg_write(&f, 6, PCI_BASE_ADDRESS_1, 4, BAR);
	cfg_write(&f, 6, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	CU_ASSERT_EQUAL(pending(&f, 32), 0);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR, 8), 0);
	CU_ASSERT_EQUAL(bus_read(&f, IO_SPACE_MMIO, BAR + 8, 8), UINT64_C(1) << 32);
	cfg_write(&f, 6, CONTROL, 2, ENABLE);
	CU_ASSERT_EQUAL(sent(), 0);
	pci_fixture_end(&f);
}

static void test_device_without(void)
{
	static const struct probe_options options = {
		.bars = { [1] = { PCI_BAR_MEM32, 4096, false } },
	};
	struct pci_fixture f;
	struct probe *probe;

	pci_fixture_begin(&f);
	probe = probe_add(&f, 6, &options);
	pci_msix_fire(&probe->pci, 0);
	cfg_write(&f, 6, CONTROL, 2, ENABLE);
	CU_ASSERT_EQUAL(sent(), 0);
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_STATUS, 2), 0);
	pci_fixture_end(&f);
}

static const struct unit_test tests[] = {
	{ "layout", test_layout },
	{ "bad number of vectors", test_bad_counts },
	{ "message control", test_control },
	{ "table and PBA accesses", test_table_accesses },
	{ "delivery", test_delivery },
	{ "pending", test_pending },
	{ "changed while masked", test_changed_while_masked },
	{ "reserved bits of vector control", test_reserved_control_bits },
	{ "bus mastering off", test_bus_master_off },
	{ "an eventfd raises a vector", test_bound },
	{ "an eventfd whose vector is held back", test_bound_and_held },
	{ "an eventfd over a reset", test_bound_reset },
	{ "an eventfd that cannot be routed", test_bound_unroutable },
	{ "the hypervisor does not let go of a descriptor", test_bound_clings },
	{ "reset", test_reset },
	{ "device without MSI-X", test_device_without },
};

UNIT_MAIN("pci msix", tests)

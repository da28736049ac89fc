/* SPDX-License-Identifier: BSD-3-Clause */
/* Firmware's part: where BARs go, for many mixes of devices. */
#include "devicemodel/pci/pci.h"

#include <errno.h>
#include <string.h>

#include "lib/util.h"
#include "tests/unit/pci_fixture.h"
#include "tests/unit/unit.h"

static const struct pci_windows windows = {
	.mem32_base = 0x80000000,
	.mem32_end = 0xe0000000,
	.mem64_base = 4 * GIB,
	.mem64_end = 8 * GIB,
};

static struct probe_options ivshmem_like(uint64_t size, unsigned int vectors)
{
	return (struct probe_options){
		.bars = { { PCI_BAR_MEM32, 256, false }, [2] = { PCI_BAR_MEM64, size, true } },
		.vectors = vectors,
	};
}

static int assign(struct pci_fixture *f)
{
	struct error err = { "" };
	int ret = pci_bus_assign(f->bus, &windows, &err);

	CU_ASSERT_EQUAL(ret < 0, err.text[0] != '\0');
	return ret;
}

static bool inside(uint64_t addr, uint64_t size, uint64_t base, uint64_t end)
{
	return addr >= base && addr < end && size <= end - addr;
}

/* Every BAR is placed, aligned to its size and to pages, in a window it may be in. */
static void check_placed(const struct probe *probe)
{
	const struct pci_bar *bar;

	for (bar = probe->pci.bars; bar < probe->pci.bars + PCI_BARS; bar++) {
		if (bar->kind != PCI_BAR_MEM32 && bar->kind != PCI_BAR_MEM64)
			continue;
		CU_ASSERT_NOT_EQUAL(bar->placed, PCI_BAR_UNPLACED);
		CU_ASSERT_EQUAL(bar->placed, probe->addr[bar->index]);
		CU_ASSERT_EQUAL(bar->placed % bar->size, 0);
		CU_ASSERT_EQUAL(bar->placed % 4096, 0);
		CU_ASSERT(inside(bar->placed, bar->size, windows.mem32_base, windows.mem32_end) ||
			  (bar->kind == PCI_BAR_MEM64 &&
			   inside(bar->placed, bar->size, windows.mem64_base, windows.mem64_end)));
	}
}

static bool share_page(const struct pci_bar *a, const struct pci_bar *b)
{
	return a != b && a->size && b->size &&
	       ranges_overlap(a->placed, align_up(a->size, 4096), b->placed,
			      align_up(b->size, 4096));
}

/* The pages of any two BARs are different ones. */
static void check_apart(struct probe *const *probes, size_t count)
{
	const struct pci_bar *a, *b;
	size_t i, k;

	for (i = 0; i < count; i++)
		for (k = 0; k <= i; k++)
			for (a = probes[i]->pci.bars; a < probes[i]->pci.bars + PCI_BARS; a++)
				for (b = probes[k]->pci.bars; b < probes[k]->pci.bars + PCI_BARS;
				     b++)
					CU_ASSERT_FALSE(share_page(a, b));
}

static void test_one(void)
{
	const struct probe_options options = ivshmem_like(2 * MIB, 4);
	struct pci_fixture f;
	struct probe *probe;

	pci_fixture_begin(&f);
	probe = probe_add(&f, 6, &options);
	CU_ASSERT_EQUAL(assign(&f), 0);
	check_placed(probe);
	check_apart(&probe, 1);
	/* Decode is on and nothing else. */
	CU_ASSERT_EQUAL(cfg_read(&f, 6, PCI_COMMAND, 2), PCI_COMMAND_MEMORY);
	/* A 32-bit guest reaches it. */
	CU_ASSERT(probe->addr[2] < 4 * GIB);
	pci_fixture_end(&f);
}

static void test_many_mixes(void)
{
	struct probe_options options[31];
	struct probe *probes[31];
	struct pci_fixture f;
	unsigned int mix, i, count;
	uint32_t seed = 1;

	for (mix = 0; mix < 60; mix++) {
		pci_fixture_begin(&f);
		count = 1 + mix % 31;
		for (i = 0; i < count; i++) {
			seed = seed * 1664525 + 1013904223;
			options[i] =
				ivshmem_like(MIB << (1 + (seed >> 28) % 6), (seed >> 20) % 300);
			if (seed >> 8 & 1)
				options[i].bars[4] = (struct probe_bar){
					PCI_BAR_MEM32, 16U << (seed >> 10) % 18, false,
				};
			probes[i] = probe_add(&f, (i * 7 + mix) % 31 + 1, &options[i]);
		}
		CU_ASSERT_EQUAL(assign(&f), 0);
		for (i = 0; i < count; i++)
			check_placed(probes[i]);
		check_apart(probes, count);
		pci_fixture_end(&f);
	}
}

/* Regions that do not fit below 4 GiB go above RAM. */
static void test_large(void)
{
	const struct probe_options options = ivshmem_like(512 * MIB, 0);
	struct probe *probes[8];
	unsigned int i, low = 0;
	struct pci_fixture f;

	pci_fixture_begin(&f);
	for (i = 0; i < ARRAY_SIZE(probes); i++)
		probes[i] = probe_add(&f, i + 1, &options);
	CU_ASSERT_EQUAL(assign(&f), 0);
	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		check_placed(probes[i]);
		low += probes[i]->addr[2] < 4 * GIB;
	}
	check_apart(probes, ARRAY_SIZE(probes));
	CU_ASSERT_EQUAL(low, 2); /* the registers are in the third half gigabyte */
	pci_fixture_end(&f);
}

static void test_full(void)
{
	const struct probe_options options = ivshmem_like(512 * MIB, 0);
	static const struct probe_options huge = { .bars = { { PCI_BAR_MEM32, 2 * GIB, false } } };
	struct error err = { "" };
	struct pci_fixture f;
	unsigned int i;

	pci_fixture_begin(&f);
	for (i = 1; i <= 11; i++)
		probe_add(&f, i, &options);
	CU_ASSERT_EQUAL(pci_bus_assign(f.bus, &windows, &err), -ENOSPC);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "probe"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "BAR2"));
	/* Nothing was switched on. */
	for (i = 1; i <= 11; i++)
		CU_ASSERT_EQUAL(cfg_read(&f, i, PCI_COMMAND, 2), 0);
	pci_fixture_end(&f);

	pci_fixture_begin(&f);
	probe_add(&f, 6, &huge);
	CU_ASSERT_EQUAL(assign(&f), -ENOSPC);
	pci_fixture_end(&f);
}

/* A guest reset: everything comes back to where it was, so that a guest finds the same machine. */
static void test_again_after_reset(void)
{
	const struct probe_options options = ivshmem_like(4 * MIB, 4),
				   other = ivshmem_like(2 * MIB, 0);
	uint64_t addr[2][PCI_BARS];
	struct probe *probes[2];
	struct pci_fixture f;

	pci_fixture_begin(&f);
	probes[0] = probe_add(&f, 6, &options);
	probes[1] = probe_add(&f, 5, &other);
	CU_ASSERT_EQUAL(assign(&f), 0);
	memcpy(addr[0], probes[0]->addr, sizeof(addr[0]));
	memcpy(addr[1], probes[1]->addr, sizeof(addr[1]));
	cfg_write_bar(&f, 6, 2, 5 * GIB);
	cfg_write(&f, 5, PCI_COMMAND, 2, 0);
	pci_bus_reset(f.bus);
	CU_ASSERT_EQUAL(probes[0]->addr[2], PCI_BAR_UNPLACED);
	CU_ASSERT_EQUAL(assign(&f), 0);
	CU_ASSERT_EQUAL(memcmp(addr[0], probes[0]->addr, sizeof(addr[0])), 0);
	CU_ASSERT_EQUAL(memcmp(addr[1], probes[1]->addr, sizeof(addr[1])), 0);
	pci_fixture_end(&f);
}

static void test_empty_bus(void)
{
	struct pci_fixture f;

	pci_fixture_begin(&f);
	CU_ASSERT_EQUAL(assign(&f), 0);
	pci_fixture_end(&f);
}

static const struct unit_test tests[] = {
	{ "one device", test_one },
	{ "many mixes", test_many_mixes },
	{ "large regions", test_large },
	{ "full", test_full },
	{ "again after reset", test_again_after_reset },
	{ "empty bus", test_empty_bus },
};

UNIT_MAIN("pci assign", tests)

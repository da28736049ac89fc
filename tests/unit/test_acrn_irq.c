/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupts on ACRN: lines, messages and eventfds. */
#include "tests/unit/acrn_fixture.h"

#include <errno.h>
#include <string.h>

#include "lib/fds.h"
#include "lib/util.h"
#include "tests/fake_hsm.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/unit.h"

static void test_interrupts(void)
{
	const uint64_t *line = fake_hsm_last(ACRN_IOCTL_SET_IRQLINE);
	const struct acrn_msi_entry *msi = fake_hsm_last(ACRN_IOCTL_INJECT_MSI);
	struct acrn_fixture machine;

	acrn_begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.irq_line(machine.vm, 4, true), 0);
	CU_ASSERT_EQUAL(*line, 4);
	CU_ASSERT_EQUAL(hv_acrn.irq_line(machine.vm, 4, false), 0);
	CU_ASSERT_EQUAL(*line, UINT64_C(1) << 32 | 4);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS, MSI_DATA), 0);
	CU_ASSERT_EQUAL(msi->msi_addr, MSI_ADDRESS);
	CU_ASSERT_EQUAL(msi->msi_data, MSI_DATA);
	acrn_end(&machine);
}

/* Guests write what they like into a table; the hypervisor's answer would speak of severity. */
static void test_no_messages(void)
{
	int fd = eventfd_new();
	struct acrn_fixture machine;

	acrn_begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, 0x1000, MSI_DATA), -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS + 4 * GIB, MSI_DATA), -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, 0, MSI_DATA, true), -EINVAL);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_INJECT_MSI), 0);
	CU_ASSERT_EQUAL(fake_hsm_count(ACRN_IOCTL_IRQFD), 0);
	acrn_end(&machine);
	fd_close(&fd);
}

static void test_lost_interrupts(void)
{
	struct acrn_fixture machine;
	const char *text;

	acrn_begin(&machine);
	log_capture_begin();
	fake_hsm_fail(ACRN_IOCTL_INJECT_MSI, 2, -ENOMEM);
	fake_hsm_fail(ACRN_IOCTL_SET_IRQLINE, 1, -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS, MSI_DATA), -ENOMEM);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS, MSI_DATA), -ENOMEM);
	CU_ASSERT_EQUAL(hv_acrn.irq_line(machine.vm, 4, true), -EINVAL);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ACRN_IOCTL_INJECT_MSI: Cannot allocate memory"));
	acrn_end(&machine);
}

static void test_severity(void)
{
	struct acrn_fixture machine;
	const char *text;

	acrn_begin(&machine);
	log_capture_begin();
	fake_hsm_fail(ACRN_IOCTL_INJECT_MSI, 3, -EPERM);
	fake_hsm_fail(ACRN_IOCTL_SET_IRQLINE, 1, -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS, MSI_DATA), -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS, MSI_DATA), -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.msi_send(machine.vm, MSI_ADDRESS, MSI_DATA), -EPERM);
	CU_ASSERT_EQUAL(hv_acrn.irq_line(machine.vm, 4, true), -EPERM);
	CU_ASSERT_EQUAL(log_capture_end(&text), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"vm1\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "real-time"));
	acrn_end(&machine);
}

/* The driver leaves in the counter what it has delivered; that must not come twice. */
static void test_irqfd(void)
{
	const struct acrn_irqfd *arg = fake_hsm_last(ACRN_IOCTL_IRQFD);
	struct acrn_fixture machine;
	int fd = eventfd_new();

	acrn_begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, -1, MSI_ADDRESS, MSI_DATA, true), -EBADF);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, -1, 0, 0, false), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, MSI_ADDRESS, MSI_DATA, true), 0);
	CU_ASSERT_EQUAL(arg->fd, fd);
	CU_ASSERT_EQUAL(arg->flags, 0);
	CU_ASSERT_EQUAL(arg->msi.msi_addr, MSI_ADDRESS);
	CU_ASSERT_EQUAL(arg->msi.msi_data, MSI_DATA);
	CU_ASSERT_EQUAL(fake_hsm_fired(), 0);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, MSI_ADDRESS, MSI_DATA, true), -EBUSY);
	eventfd_signal(fd);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, 0, 0, false), 0);
	CU_ASSERT_EQUAL(arg->flags, ACRN_IRQFD_FLAG_DEASSIGN);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, MSI_ADDRESS, MSI_DATA, true), 0);
	CU_ASSERT_EQUAL(fake_hsm_fired(), 0);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, 0, 0, false), 0);
	/* What came while nobody delivered it does come. */
	eventfd_signal(fd);
	CU_ASSERT_EQUAL(hv_acrn.irqfd(machine.vm, fd, MSI_ADDRESS, MSI_DATA, true), 0);
	CU_ASSERT_EQUAL(fake_hsm_fired(), 1);
	acrn_end(&machine);
	fd_close(&fd);
}

static void test_ioeventfd(void)
{
	const struct acrn_ioeventfd *arg = fake_hsm_last(ACRN_IOCTL_IOEVENTFD);
	struct hv_ioeventfd port = { IO_SPACE_PORT, 0xf5, 1, false, 7, eventfd_new() };
	struct hv_ioeventfd memory = { IO_SPACE_MMIO, BAR + 12, 4, true, 0x10001, eventfd_new() };
	struct hv_ioeventfd other = memory, config = memory;
	struct acrn_fixture machine;

	other.data = 0x10002;
	config.space = IO_SPACE_PCI_CONFIG;
	acrn_begin(&machine);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &config, true), -EINVAL);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &port, true), 0);
	CU_ASSERT_EQUAL(arg->flags, ACRN_IOEVENTFD_FLAG_PIO);
	CU_ASSERT_EQUAL(arg->data, 0);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &memory, true), 0);
	CU_ASSERT_EQUAL(arg->fd, (uint32_t)memory.fd);
	CU_ASSERT_EQUAL(arg->flags, ACRN_IOEVENTFD_FLAG_DATAMATCH);
	CU_ASSERT_EQUAL(arg->addr, BAR + 12);
	CU_ASSERT_EQUAL(arg->len, 4);
	CU_ASSERT_EQUAL(arg->data, 0x10001);
	/* One eventfd, one entry: the driver takes off whichever it meets first. */
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &other, true), -EBUSY);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &other, false), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &port, false), 0);
	CU_ASSERT_EQUAL(arg->flags, ACRN_IOEVENTFD_FLAG_PIO | ACRN_IOEVENTFD_FLAG_DEASSIGN);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &port, false), -ENOENT);
	fake_hsm_fail(ACRN_IOCTL_IOEVENTFD, 1, -EEXIST);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &port, true), -EEXIST);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &port, false), -ENOENT);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &memory, false), 0);
	CU_ASSERT_EQUAL(hv_acrn.ioeventfd(machine.vm, &other, true), 0);
	acrn_end(&machine);
	fd_close(&port.fd);
	fd_close(&memory.fd);
}

static const struct unit_test tests[] = {
	{ "lines and messages", test_interrupts },
	{ "messages to nowhere", test_no_messages },
	{ "lost interrupts", test_lost_interrupts },
	{ "a VM above the service VM", test_severity },
	{ "eventfds become messages once", test_irqfd },
	{ "writes become eventfds", test_ioeventfd },
};

UNIT_MAIN("acrn irq", tests)

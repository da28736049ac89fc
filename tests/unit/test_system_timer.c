/* SPDX-License-Identifier: BSD-3-Clause */
/* The timer chip on the real clock: what is asked for comes, whenever that is. */
#include "hw/isa/system_timer.h"

#include <CUnit/CUnit.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/machine_map.h"
#include "devicemodel/vm/io_bus.h"
#include "devicemodel/vm/irq.h"
#include "lib/event_loop.h"
#include "tests/leaks.h"
#include "tests/unit/unit.h"

/* A VM that counts edges and ends the loop after some. */
struct hv_vm {
	struct event_loop *loop;
	unsigned int gsi, raised, lowered, wanted;
	bool level;
};

static int vm_irq_line(struct hv_vm *vm, unsigned int gsi, bool level)
{
	vm->gsi = gsi;
	vm->raised += level && !vm->level;
	vm->lowered += !level && vm->level;
	vm->level = level;
	if (vm->lowered == vm->wanted)
		event_loop_stop(vm->loop);
	return 0;
}

static const struct hv_ops vm_ops = { .name = "edges", .irq_line = vm_irq_line };

struct machine {
	struct hv_vm vm;
	struct irq irq;
	struct io_bus *bus;
	struct event_loop *loop;
	struct system_timer *timer;
};

static void setup(struct machine *m)
{
	struct error err = { "" };

	memset(m, 0, sizeof(*m));
	m->irq = (struct irq){ .ops = &vm_ops, .vm = &m->vm };
	CU_ASSERT_EQUAL_FATAL(event_loop_new(&m->loop), 0);
	m->vm.loop = m->loop;
	CU_ASSERT_EQUAL_FATAL(io_bus_new(&m->bus), 0);
	CU_ASSERT_EQUAL_FATAL(system_timer_new(m->bus, &m->irq, m->loop, &m->timer, &err), 0);
}

static void teardown(struct machine *m)
{
	system_timer_free(m->timer);
	io_bus_free(m->bus);
	event_loop_free(m->loop);
}

static void out(struct machine *m, uint16_t port, uint8_t value)
{
	struct io_access access = {
		.space = IO_SPACE_PORT, .is_write = true, .size = 1, .addr = port, .data = value,
	};

	io_bus_access(m->bus, &access);
}

static void program(struct machine *m, unsigned int mode, unsigned int count)
{
	out(m, MACHINE_PIT_PORT + 3, (uint8_t)(0x30 | mode << 1));
	out(m, MACHINE_PIT_PORT, (uint8_t)count);
	out(m, MACHINE_PIT_PORT, (uint8_t)(count >> 8));
}

/* So many or, before the loop has ended, more. */
static void await(struct machine *m, unsigned int interrupts)
{
	m->vm.wanted = m->vm.lowered + interrupts;
	CU_ASSERT_EQUAL(event_loop_run(m->loop), 0);
	CU_ASSERT(m->vm.lowered >= m->vm.wanted);
	CU_ASSERT_EQUAL(m->vm.raised, m->vm.lowered);
	CU_ASSERT_EQUAL(m->vm.gsi, MACHINE_PIT_GSI);
}

static void test_interrupts(void)
{
	struct machine m;

	setup(&m);
	program(&m, 0, 1000);
	await(&m, 1);
	program(&m, 4, 1000);
	await(&m, 1);
	CU_ASSERT_EQUAL(m.vm.lowered, 2);
	program(&m, 2, 1);
	await(&m, 20);
	program(&m, 3, 2386);
	await(&m, 5);
	teardown(&m);
}

/* proc(5): is this a timerfd that will expire, or has and nobody has read that? */
static bool is_armed(const char *fd)
{
	unsigned long long ticks = 0, seconds, nanoseconds, left = 0;
	char path[512], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", fd);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		sscanf(line, "ticks: %llu", &ticks);
		if (sscanf(line, "it_value: (%llu, %llu)", &seconds, &nanoseconds) == 2)
			left = seconds + nanoseconds;
	}
	if (file)
		fclose(file);
	return ticks > 0 || left > 0;
}

static unsigned int armed_timers(void)
{
	DIR *directory = opendir("/proc/self/fdinfo");
	const struct dirent *entry;
	unsigned int count = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(directory);
	while ((entry = readdir(directory)))
		count += is_armed(entry->d_name);
	closedir(directory);
	return count;
}

static void test_reset(void)
{
	struct machine m;

	setup(&m);
	CU_ASSERT_EQUAL(armed_timers(), 0);
	program(&m, 2, 1);
	await(&m, 2);
	CU_ASSERT_EQUAL(armed_timers(), 1);
	system_timer_reset(m.timer);
	CU_ASSERT_EQUAL(armed_timers(), 0);
	program(&m, 0, 1000);
	await(&m, 1);
	CU_ASSERT_EQUAL(armed_timers(), 0);
	/* Between two lives there is nobody to be interrupted. */
	m.irq.vm = NULL;
	program(&m, 2, 1);
	out(&m, MACHINE_PORT_B, 1);
	system_timer_reset(m.timer);
	teardown(&m);
	system_timer_reset(NULL);
	system_timer_free(NULL);
}

static void test_nothing_left(void)
{
	const struct leaks before = leaks_count();
	struct system_timer *timer = NULL;
	struct error err = { "" };
	struct leaks after;
	struct machine m;

	setup(&m);
	program(&m, 2, 1);
	CU_ASSERT_EQUAL(system_timer_new(m.bus, &m.irq, m.loop, &timer, &err), -EEXIST);
	CU_ASSERT_PTR_NULL(timer);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "0x40"));
	await(&m, 3);
	teardown(&m);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
}

static const struct unit_test tests[] = {
	{ "interrupts", test_interrupts },
	{ "reset", test_reset },
	{ "nothing is left", test_nothing_left },
};

UNIT_MAIN("system timer", tests)

/* SPDX-License-Identifier: BSD-3-Clause */
/* Chipset, devices and firmware of the machine. */
#include "devicemodel/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devicemodel/boot/acpi.h"
#include "devicemodel/boot/boot.h"
#include "devicemodel/config/vm_config.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/machine_map.h"
#include "devicemodel/pci/pci.h"
#include "devicemodel/vm/io_bus.h"
#include "devicemodel/vm/memory.h"
#include "devicemodel/vm/vm.h"
#include "hw/isa/com1.h"
#include "hw/isa/power.h"
#include "hw/isa/rtc.h"
#include "hw/isa/system_timer.h"
#include "hw/pci/devices.h"
#include "lib/util.h"

struct machine {
	struct vm *vm;
	struct boot *boot;
	struct com1 *com1;
	struct rtc *rtc;
	struct system_timer *timer; /* NULL: the hypervisor has one */
	struct power *power;
	struct pci_bus *pci;
	struct pci_windows windows;
};

const struct device_class *const *machine_device_classes(void)
{
	return pci_device_classes;
}

int machine_check(const struct vm_config *config, const struct hv_ops *ops, struct error *err)
{
	const struct device_config *device;
	const struct pci_dev_ops *dev_ops;
	char slot[PCI_SLOT_TEXT_MAX];
	size_t i;
	int ret;

	ret = vm_config_check_present(config, err);
	if (ret < 0)
		return ret;
	for (i = 0; i < config->device_count; i++) {
		device = &config->devices[i];
		dev_ops = pci_device_ops(device->class);
		ret = dev_ops->check ? dev_ops->check(device->options, ops->capabilities, err) : 0;
		if (ret < 0)
			return error_prefix(err, ret, "-s %s,%s", pci_slot_text(device->slot, slot),
					    device->class->name);
	}
	return 0;
}

/* Above RAM, and where the hypervisor wants those of its own devices, if guests get that far. */
static uint64_t choose_pci64_base(const struct vm *vm, uint64_t limit)
{
	uint64_t base = align_up(memory_high_end(vm->memory), GIB);

	if (vm->ops->capabilities & HV_CAP_VDEV && base < MACHINE_PCI64_VDEV_BASE &&
	    limit > MACHINE_PCI64_VDEV_BASE)
		return MACHINE_PCI64_VDEV_BASE;
	return base;
}

/* Where BARs may lie: as far as the guest's addresses reach. */
static int choose_windows(struct machine *machine, struct error *err)
{
	struct vm *vm = machine->vm;
	unsigned int width = vm->ops->physical_width(vm->hv);
	uint64_t limit = UINT64_C(1) << width;
	uint64_t base = choose_pci64_base(vm, limit);

	if (base + GIB > limit)
		return error_set(err, -EINVAL,
				 "-m %llu MB leaves no room for devices in the guest's %u "
				 "address bits; lower it",
				 (unsigned long long)(memory_size(vm->memory) / MIB), width);
	machine->windows = (struct pci_windows){
		.mem32_base = MACHINE_PCI32_BASE,
		.mem32_end = MACHINE_PCI32_END,
		.mem64_base = base,
		.mem64_end = limit - base < MACHINE_PCI64_SIZE ? limit : base + MACHINE_PCI64_SIZE,
	};
	return 0;
}

/* From the IOAPIC up to 4 GiB, where also the back end keeps pages of its own. */
static int reserve_top(struct machine *machine, struct error *err)
{
	int ret = io_bus_add(machine->vm->bus, IO_SPACE_MMIO, MACHINE_IOAPIC_BASE,
			     MEMORY_HIGH_BASE - MACHINE_IOAPIC_BASE, NULL, NULL);

	return ret < 0 ? error_set(err, ret, "cannot reserve the interrupt controllers: %s",
				   strerror(-ret))
		       : 0;
}

static int build_chipset(struct machine *machine, struct error *err)
{
	struct vm *vm = machine->vm;
	const struct com1_params com1 = {
		.bus = vm->bus,
		.irq = &vm->irq,
		.loop = vm->loop,
		.request = &vm->request,
		.has_console = vm->config->com1 == VM_CONSOLE_STDIO,
		.in_fd = STDIN_FILENO,
		.out_fd = STDOUT_FILENO,
	};
	const struct rtc_params rtc = {
		.low_memory = memory_low_size(vm->memory),
		.high_memory = memory_high_end(vm->memory) - MEMORY_HIGH_BASE,
	};
	const struct power_params power = {
		.request = &vm->request,
		.debug_exit = vm->config->debug_exit,
	};
	const struct pci_bus_params pci = {
		.io = vm->bus,
		.memory = vm->memory,
		.irq = &vm->irq,
		.vdevs = &vm->vdevs,
		.loop = vm->loop,
		.ecam_base = MACHINE_ECAM_BASE,
	};
	int ret;

	ret = reserve_top(machine, err);
	if (ret == 0)
		ret = rtc_new(vm->bus, &rtc, &machine->rtc, err);
	if (ret == 0 && !(vm->ops->capabilities & HV_CAP_PIT))
		ret = system_timer_new(vm->bus, &vm->irq, vm->loop, &machine->timer, err);
	if (ret == 0)
		ret = power_new(vm->bus, &power, &machine->power, err);
	if (ret == 0)
		ret = pci_bus_new(&pci, &machine->pci, err);
	if (ret == 0) {
		pci_bus_set_reset_port(machine->pci, power_reset_port_access, machine->power);
		ret = com1_new(&com1, &machine->com1, err);
	}
	return ret;
}

static int build_devices(struct machine *machine, struct error *err)
{
	static const struct pci_slot hostbridge_slot = { 0, 0, 0 };
	const struct vm_config *config = machine->vm->config;
	size_t i;
	int ret;

	for (i = 0; i < config->device_count; i++) {
		ret = pci_bus_add(machine->pci, config->devices[i].slot,
				  pci_device_ops(config->devices[i].class),
				  config->devices[i].options, err);
		if (ret < 0)
			return ret;
	}
	if (pci_bus_device(machine->pci, hostbridge_slot))
		return 0;
	return pci_bus_add(machine->pci, hostbridge_slot, &hostbridge_ops, NULL, err);
}

int machine_new(struct vm *vm, struct boot *boot, struct machine **ret_machine, struct error *err)
{
	struct machine *machine;
	int ret;

	machine = calloc(1, sizeof(*machine));
	if (!machine)
		return error_set(err, -ENOMEM, "out of memory");
	machine->vm = vm;
	machine->boot = boot;
	ret = choose_windows(machine, err);
	if (ret == 0)
		ret = build_chipset(machine, err);
	if (ret == 0)
		ret = build_devices(machine, err);
	if (ret < 0) {
		machine_free(machine);
		return ret;
	}
	*ret_machine = machine;
	return 0;
}

void machine_free(struct machine *machine)
{
	if (!machine)
		return;
	com1_free(machine->com1);
	pci_bus_free(machine->pci);
	power_free(machine->power);
	system_timer_free(machine->timer);
	rtc_free(machine->rtc);
	free(machine);
}

/* What firmware does between power-on and the first instruction of the image. */
static int start(struct machine *machine, struct error *err)
{
	const struct acpi_params acpi = {
		.vcpus = vm_config_vcpus(machine->vm->config),
		.pci64_base = machine->windows.mem64_base,
		.pci64_end = machine->windows.mem64_end,
	};
	struct hv_vcpu_start first = { 0 };
	uint64_t rsdp = 0;
	int ret;

	ret = pci_bus_assign(machine->pci, &machine->windows, err);
	if (ret == 0)
		ret = pci_bus_start(machine->pci, err);
	if (ret == 0)
		ret = acpi_build(machine->vm->memory, &acpi, &rsdp, err);
	if (ret == 0)
		ret = boot_load(machine->boot, machine->vm->memory, rsdp, &first, err);
	if (ret == 0)
		ret = vm_start(machine->vm, &first, err);
	return ret;
}

/* Everything as after power-on, but what lives outside of the VM: regions, console, clock. */
static int reset(struct machine *machine, struct error *err)
{
	io_bus_lock(machine->vm->bus);
	pci_bus_reset(machine->pci);
	com1_reset(machine->com1);
	rtc_reset(machine->rtc);
	system_timer_reset(machine->timer);
	power_reset(machine->power);
	io_bus_unlock(machine->vm->bus);
	memory_clear(machine->vm->memory);
	return vm_renew(machine->vm, err);
}

int machine_run(struct machine *machine, enum vm_request_kind *ret_end, unsigned char *ret_status,
		struct error *err)
{
	int ret;

	for (;;) {
		ret = start(machine, err);
		if (ret < 0)
			return ret;
		*ret_end = vm_wait(machine->vm, ret_status, err);
		if (*ret_end != VM_REQUEST_RESET || machine->vm->config->no_reboot)
			return 0;
		ret = reset(machine, err);
		if (ret < 0)
			return ret;
	}
}

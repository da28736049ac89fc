/* SPDX-License-Identifier: BSD-3-Clause */
/* A VM whose guest really runs. */
#include "tests/hsm_sim/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "devicemodel/hypervisor/kvm.h"
#include "tests/hsm_sim/kvm_state.h"
#include "tests/hsm_sim/processor.h"
#include "tests/hsm_sim/view.h"

#define PIECES_MAX (MAP_SLOTS * 2 + VDEVS_MAX)

/* <linux/acrn.h>, SET_IRQLINE: in the upper half of the argument. */
enum { LINE_HIGH, LINE_LOW, LINE_RAISING_PULSE, LINE_FALLING_PULSE };

/* A piece of memory that KVM has, or is to have. */
struct piece {
	uint64_t gpa, size;
	uint8_t *here;
};

struct machine {
	struct hv_vm *kvm;
	struct views views;
	struct piece pieces[PIECES_MAX];
	unsigned int piece_count;
	int bell_fd; /* in the simulator's loop: there is something to be served */
	struct processor processors[ACRN_IO_REQUEST_MAX];
	unsigned int processor_count;
};

/* --- memory ---------------------------------------------------------------------------------- */

static unsigned int wanted_pieces(struct hsm_vm *vm, struct piece *pieces)
{
	struct vdev_window windows[VDEVS_MAX];
	unsigned int i, count, windows_count;

	for (i = 0, count = 0; i < vm->mapping_count; i++) {
		pieces[count] = (struct piece){
			.gpa = vm->mappings[i].gpa, .size = vm->mappings[i].size,
			.here = views_map(&vm->machine->views, vm->pid, vm->mappings[i].host,
					  vm->mappings[i].size),
		};
		if (pieces[count].here)
			count++;
		else
			report_trouble(vm->report, "memory for 0x%llx cannot be mapped here: %s",
				       (unsigned long long)pieces[count].gpa, strerror(errno));
	}
	windows_count = vm_vdev_windows(vm, windows);
	for (i = 0; i < windows_count; i++)
		pieces[count++] =
			(struct piece){ windows[i].gpa, windows[i].size, windows[i].memory };
	return count;
}

static bool is_among(const struct piece *piece, const struct piece *pieces, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (pieces[i].gpa == piece->gpa && pieces[i].size == piece->size &&
		    pieces[i].here == piece->here)
			return true;
	return false;
}

void machine_sync(struct hsm_vm *vm)
{
	struct machine *machine = vm->machine;
	struct piece wanted[PIECES_MAX], *piece;
	unsigned int i, count;
	int ret;

	if (!machine)
		return;
	count = wanted_pieces(vm, wanted);
	for (i = machine->piece_count; i-- > 0;) {
		piece = &machine->pieces[i];
		if (is_among(piece, wanted, count))
			continue;
		hv_kvm.mem_unmap(machine->kvm, piece->gpa, piece->size);
		*piece = machine->pieces[--machine->piece_count];
	}
	for (i = 0; i < count; i++) {
		if (is_among(&wanted[i], machine->pieces, machine->piece_count))
			continue;
		ret = hv_kvm.mem_map(machine->kvm, wanted[i].gpa, wanted[i].size, wanted[i].here,
				     true);
		if (ret == 0)
			machine->pieces[machine->piece_count++] = wanted[i];
		else
			report_trouble(vm->report, "KVM does not map 0x%llx bytes at 0x%llx: %s",
				       (unsigned long long)wanted[i].size,
				       (unsigned long long)wanted[i].gpa, strerror(-ret));
	}
}

/* --- interrupts ------------------------------------------------------------------------------ */

void machine_msi(struct hsm_vm *vm, const struct acrn_msi_entry *msi)
{
	if (vm->machine)
		hv_kvm.msi_send(vm->machine->kvm, msi->msi_addr, (uint32_t)msi->msi_data);
}

void machine_line(struct hsm_vm *vm, unsigned int gsi, unsigned int operation)
{
	bool is_pulse = operation == LINE_RAISING_PULSE || operation == LINE_FALLING_PULSE;
	bool level = operation == LINE_HIGH || operation == LINE_RAISING_PULSE;

	/* Nothing is at input 0 of the I/O APIC, but KVM would take its line 0 to input 2. */
	if (!vm->machine || gsi == 0)
		return;
	hv_kvm.irq_line(vm->machine->kvm, gsi, level);
	if (is_pulse)
		hv_kvm.irq_line(vm->machine->kvm, gsi, !level);
}

/* --- life ------------------------------------------------------------------------------------ */

/* KVM tells the thread, and only the processor's own one comes here. */
static void io(void *ctx, struct io_access *access)
{
	struct machine *machine = ctx;
	unsigned int i = 0;

	while (!pthread_equal(machine->processors[i].thread, pthread_self()))
		i++;
	processor_io(&machine->processors[i], access);
}

static int create_processors(struct hsm_vm *vm, struct error *err)
{
	const struct hv_vcpu_start start = { .waits_for_sipi = true };
	struct machine *machine = vm->machine;
	struct processor *processor;
	unsigned int i;
	int ret = 0;

	for (i = 0; ret == 0 && i < vm->config.vcpus; i++) {
		processor = &machine->processors[i];
		processor->vm = vm;
		processor->index = i;
		processor->bell_fd = machine->bell_fd;
		ret = hv_kvm.vcpu_create(machine->kvm, i, &start, &processor->vcpu, err);
	}
	if (ret == 0)
		ret = kvm_state_identify(machine->kvm);
	/* The others are started by this one, with the interrupts that are for that. */
	if (ret == 0)
		ret = kvm_state_set(machine->processors[0].vcpu, &vm->regs);
	return ret;
}

static int create(struct hsm_vm *vm, struct error *err)
{
	struct machine *machine = vm->machine;
	const struct hv_vm_params params = {
		.name = vm->config.name, .vcpus = vm->config.vcpus, .io = io, .ctx = machine,
	};
	struct epoll_event watch = { .events = EPOLLIN | EPOLLET };
	int ret;

	machine->bell_fd = eventfd(0, EFD_CLOEXEC);
	watch.data.fd = machine->bell_fd;
	if (machine->bell_fd < 0 ||
	    epoll_ctl(vm->signals_fd, EPOLL_CTL_ADD, machine->bell_fd, &watch) < 0)
		return error_set(err, -errno, "no eventfd: %s", strerror(errno));
	ret = hv_kvm.vm_create(&params, &machine->kvm, err);
	if (ret < 0)
		return ret;
	machine_sync(vm);
	ret = kvm_state_chips(machine->kvm, err);
	return ret < 0 ? ret : create_processors(vm, err);
}

int machine_start(struct hsm_vm *vm)
{
	struct error err = { "" };
	int ret;

	if (!vm->on_kvm)
		return 0;
	vm->machine = calloc(1, sizeof(*vm->machine));
	if (!vm->machine)
		return -ENOMEM;
	ret = create(vm, &err);
	while (ret == 0 && vm->machine->processor_count < vm->config.vcpus)
		ret = processor_start(&vm->machine->processors[vm->machine->processor_count++]);
	if (ret < 0) {
		report_trouble(vm->report, "the guest cannot run: %s",
			       err.text[0] ? err.text : strerror(-ret));
		machine_stop(vm);
	}
	return ret;
}

void machine_stop(struct hsm_vm *vm)
{
	struct machine *machine = vm->machine;
	unsigned int i;

	if (!machine)
		return;
	for (i = 0; i < machine->processor_count; i++)
		processor_end(&machine->processors[i]);
	hv_kvm.vm_destroy(machine->kvm);
	views_drop(&machine->views);
	if (machine->bell_fd >= 0)
		close(machine->bell_fd);
	free(machine);
	vm->machine = NULL;
}

void machine_serve(struct hsm_vm *vm)
{
	unsigned int i;

	if (!vm->machine)
		return;
	for (i = 0; i < vm->machine->processor_count; i++)
		processor_serve(&vm->machine->processors[i]);
}

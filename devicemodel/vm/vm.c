/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of a virtual machine. */
#include "devicemodel/vm/vm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devicemodel/config/vm_config.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/vm/io_bus.h"
#include "devicemodel/vm/memory.h"
#include "devicemodel/vm/vcpu.h"
#include "lib/event_loop.h"

static void serve_io(void *ctx, struct io_access *access)
{
	struct vm *vm = ctx;

	io_bus_access(vm->bus, access);
}

/* The hypervisor's VM object and what hangs on it. */
static int open_hv(struct vm *vm, struct error *err)
{
	const struct hv_vm_params params = {
		.name = vm->config->name,
		.vcpus = vm_config_vcpus(vm->config),
		.io = serve_io,
		.ctx = vm,
	};
	int ret;

	ret = vm->ops->vm_create(&params, &vm->hv, err);
	if (ret < 0)
		return ret;
	ret = memory_attach(vm->memory, vm->ops, vm->hv, err);
	if (ret < 0)
		return ret;
	vm->irq.vm = vm->hv;
	vm->vdevs.vm = vm->hv;
	io_bus_attach(vm->bus, vm->ops, vm->hv);
	return 0;
}

static void close_hv(struct vm *vm)
{
	if (!vm->hv)
		return;
	vm->irq.vm = NULL;
	vm->vdevs.vm = NULL;
	io_bus_attach(vm->bus, vm->ops, NULL);
	if (vm->memory)
		memory_detach(vm->memory);
	vm->ops->vm_destroy(vm->hv);
	vm->hv = NULL;
}

int vm_create(const struct vm_config *config, const struct hv_ops *ops, struct vm **ret_vm,
	      struct error *err)
{
	struct vm *vm;
	int ret;

	vm = calloc(1, sizeof(*vm));
	if (!vm)
		return error_set(err, -ENOMEM, "out of memory");
	vm->config = config;
	vm->ops = ops;
	vm->irq.ops = ops;
	vm->vdevs = (struct vdevs){ .ops = ops, .vm_name = config->name };
	ret = event_loop_new(&vm->loop);
	if (ret == 0)
		ret = io_bus_new(&vm->bus);
	if (ret < 0) {
		error_set(err, ret, "cannot make the event loop or the bus: %s", strerror(-ret));
		goto out_destroy;
	}
	vm->request.loop = vm->loop;
	ret = memory_new(vm->bus, config->memory_size, config->hugepage_size, &vm->memory, err);
	if (ret == 0)
		ret = open_hv(vm, err);
	if (ret < 0)
		goto out_destroy;
	*ret_vm = vm;
	return 0;

out_destroy:
	vm_destroy(vm);
	return ret;
}

void vm_destroy(struct vm *vm)
{
	if (!vm)
		return;
	vcpu_set_stop(vm->vcpus, NULL);
	close_hv(vm);
	memory_free(vm->memory);
	io_bus_free(vm->bus);
	event_loop_free(vm->loop);
	free(vm);
}

int vm_start(struct vm *vm, const struct hv_vcpu_start *boot, struct error *err)
{
	return vcpu_set_start(vm->ops, vm->hv, vm_config_vcpus(vm->config), boot, &vm->request,
			      &vm->vcpus, err);
}

enum vm_request_kind vm_wait(struct vm *vm, unsigned char *ret_status, struct error *reason)
{
	/* One made while the machine was built: whoever ran the loop then took its stop. */
	enum vm_request_kind kind = vm_request_take(&vm->request, ret_status);
	int ret;

	while (kind == VM_REQUEST_NONE) {
		ret = event_loop_run(vm->loop);
		kind = vm_request_take(&vm->request, ret_status);
		if (ret < 0) {
			kind = VM_REQUEST_ERROR;
			error_set(reason, ret, "the event loop failed: %s", strerror(-ret));
		}
	}
	/* A processor runs on for a moment, and may crash, after what it asked for. */
	vcpu_set_stop(vm->vcpus,
		      kind == VM_REQUEST_CRASH || kind == VM_REQUEST_ERROR ? reason : NULL);
	vm->vcpus = NULL;
	/* What the processors still asked for while they were being stopped came too late. */
	if (kind == VM_REQUEST_RESET) {
		unsigned char late_status;

		vm_request_take(&vm->request, &late_status);
	}
	return kind;
}

int vm_renew(struct vm *vm, struct error *err)
{
	close_hv(vm);
	return open_hv(vm, err);
}

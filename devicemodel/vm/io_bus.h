/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who answers at which port or address. One I/O bus per VM: it also is the arbiter of the guest's
 * address space, since RAM and everything else claims its range here before it is used.
 *
 * The bus holds the one lock of the VM's devices. io_bus_access() takes it around the handler, so
 * device code called from there owns all devices' state; whoever else touches a device (the event
 * loop's callbacks) takes it with io_bus_lock(). All other functions need it held, or that nothing
 * runs yet or any more.
 */
#ifndef DEVICEMODEL_VM_IO_BUS_H
#define DEVICEMODEL_VM_IO_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "devicemodel/hypervisor/io_access.h"

struct hv_ioeventfd;
struct hv_ops;
struct hv_vm;
struct io_bus;

/*
 * Answer one access. @access->addr is relative to the range's base and the access lies wholly
 * inside the range. For a read the handler sets @access->data; it finds IO_READ_NONE there.
 */
typedef void io_handler(void *ctx, struct io_access *access);

/* Returns 0 or -ENOMEM. */
int io_bus_new(struct io_bus **ret_bus);
void io_bus_free(struct io_bus *bus);

/*
 * Claim [@base, @base + @size) of @space. @handler may be NULL for a range that is only reserved
 * (RAM, interrupt controllers): then an access that still arrives meets nobody.
 * Returns 0; -EEXIST: shares a byte with another range; -EINVAL: empty or wraps; -ENOMEM.
 */
int io_bus_add(struct io_bus *bus, enum io_space space, uint64_t base, uint64_t size,
	       io_handler *handler, void *ctx);

/* Give up the range that begins at @base; nothing happens if there is none. */
void io_bus_remove(struct io_bus *bus, enum io_space space, uint64_t base);

/*
 * @vm, of the back end @ops, is the VM object by which writes are caught early; NULL: there is none
 * at the moment. Both outlive the bus, or the next call.
 */
void io_bus_attach(struct io_bus *bus, const struct hv_ops *ops, struct hv_vm *vm);

/*
 * Have the hypervisor signal an eventfd for the write that @write describes, which then does not
 * reach the bus, or (@on false) no longer. It ends with the VM object. Returns 0; -EOPNOTSUPP: the
 * back end would swallow other writes at the address too; -ENODEV: no VM object; or -errno of
 * hv_ops.ioeventfd.
 */
int io_bus_signal_on_write(struct io_bus *bus, const struct hv_ioeventfd *write, bool on);

/*
 * Serve a guest's access. Where nobody answers, and where an access crosses the end of a range,
 * reads give all ones and writes are dropped. An 8-byte access is one access. Any thread.
 */
void io_bus_access(struct io_bus *bus, struct io_access *access);

void io_bus_lock(struct io_bus *bus);
void io_bus_unlock(struct io_bus *bus);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole machine on ACRN's back end, with a driver that is part of this program: a guest that
 * uses all kinds of ivshmem devices, resets once and then powers off, with each call of the driver
 * failing in turn. Whatever fails, nothing may be left behind.
 */
#include "devicemodel/machine.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "devicemodel/boot/boot.h"
#include "devicemodel/config/vm_config.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/machine_map.h"
#include "devicemodel/vm/vm.h"
#include "hw/pci/devices.h"
#include "ivshmem/region.h"
#include "ivshmem/server.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/log.h"
#include "lib/util.h"
#include "tests/fake_hsm.h"
#include "tests/leaks.h"
#include "tests/unit/region_fixture.h"
#include "tests/unit/unit.h"

#define LIVES 2
#define CALLS_MAX 400
#define MSI_ADDRESS 0xfee00000

/* One page at 1 MiB, with a hlt that is never run. */
static const unsigned char image[] = {
	0x7f, 'E', 'L', 'F', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	2, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 52, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	52, 0, 32, 0, 1, 0, 40, 0, 0, 0, 0, 0,
	1, 0, 0, 0, 84, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0x10, 0,
	1, 0, 0, 0, 0, 0x10, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0,
	0xf4,
};

/* --- a server in another process, whose descriptors are its own ------------------------------- */

struct server {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct ivshmem_region_params region; /* by name of this process, not of its own */
	int channel; /* closed, it ends */
	pid_t pid;
};

static struct ivshmem_region_params region_of(const char *word)
{
	struct ivshmem_region_params params = fixture_params(word);

	params.size = 2 * MIB;
	return params;
}

static void parent_ended(void *ctx, uint32_t events)
{
	(void)events;
	event_loop_stop(ctx);
}

static int serve(const struct server *server, int listening)
{
	struct ivshmem_region *region = fixture_attach(&server->region);
	const struct ivshmem_server_params params = {
		.memory = ivshmem_region_fd(region),
		.listening = listening,
		.vectors = 1,
	};
	struct ivshmem_server *ivshmem;
	struct event_source *source;
	struct event_loop *loop;

	if (event_loop_new(&loop) < 0 || ivshmem_server_new(&params, loop, &ivshmem) < 0 ||
	    event_loop_add(loop, server->channel, EPOLLIN, parent_ended, loop, &source) < 0 ||
	    write(server->channel, "", 1) != 1)
		return 1;
	event_loop_run(loop);
	ivshmem_server_free(ivshmem);
	ivshmem_region_detach(region);
	return 0;
}

static void server_begin(struct server *server)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int pair[2], listening;
	char byte;

	server->region = region_of("bells");
	snprintf(server->path, sizeof(server->path), "%.80s/server.sock", fixture_dir());
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", server->path);
	listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL_FATAL(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(listening, 8), 0);
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	server->pid = fork();
	if (server->pid == 0) {
		close(pair[0]);
		server->channel = pair[1];
		_exit(serve(server, listening));
	}
	close(pair[1]);
	close(listening);
	server->channel = pair[0];
	CU_ASSERT_EQUAL_FATAL(read(server->channel, &byte, 1), 1);
}

static void server_end(struct server *server)
{
	int status;

	fd_close(&server->channel);
	waitpid(server->pid, &status, 0);
	CU_ASSERT_EQUAL(status, 0);
	unlink(server->path);
}

/* --- the guest ------------------------------------------------------------------------------- */

struct guest {
	pthread_t thread;
	unsigned int lives; /* that it came to the end of */
	bool goes; /* the VM is there to be asked */
};

static uint64_t memory_access(struct guest *guest, uint64_t addr, bool is_write, uint64_t value)
{
	struct acrn_io_request request = {
		.type = ACRN_IOREQ_TYPE_MMIO,
		.reqs.mmio_request = { .direction = is_write, .address = addr, .size = 4,
				       .value = value },
	};

	guest->goes = guest->goes && fake_hsm_io(0, &request);
	return request.reqs.mmio_request.value;
}

static void port_write(struct guest *guest, uint64_t port, uint64_t size, uint32_t value)
{
	struct acrn_io_request request = {
		.type = ACRN_IOREQ_TYPE_PORTIO,
		.reqs.pio_request = { .direction = ACRN_IOREQ_DIR_WRITE, .address = port,
				      .size = size, .value = value },
	};

	guest->goes = guest->goes && fake_hsm_io(0, &request);
}

static uint64_t config_address(unsigned int device, unsigned int reg)
{
	return MACHINE_ECAM_BASE + (device << 15 | reg);
}

/* Rings itself while the vector is masked, and while it is open, and moves the message. */
static void ring(struct guest *guest)
{
	uint64_t registers, table, command = config_address(7, PCI_COMMAND);

	registers = memory_access(guest, config_address(7, PCI_BASE_ADDRESS_0), false, 0);
	table = memory_access(guest, config_address(7, PCI_BASE_ADDRESS_1), false, 0);
	memory_access(guest, command, true, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	memory_access(guest, table, true, MSI_ADDRESS);
	memory_access(guest, table + PCI_MSIX_ENTRY_DATA, true, 0x51);
	/* The MSI-X capability is the only one; its control word is the upper half. */
	memory_access(guest, config_address(7, 0x40), true, (uint32_t)PCI_MSIX_FLAGS_ENABLE << 16);
	memory_access(guest, registers + 12, true, 0);
	memory_access(guest, table + 0x800, false, 0);
	memory_access(guest, table + PCI_MSIX_ENTRY_VECTOR_CTRL, true, 0);
	memory_access(guest, registers + 12, true, 0);
	memory_access(guest, table + PCI_MSIX_ENTRY_DATA, true, 0x52);
}

static void *live(void *ctx)
{
	struct guest *guest = ctx;
	unsigned int life;

	for (life = 1; fake_hsm_wait_life(life); life++) {
		guest->goes = true;
		port_write(guest, MACHINE_COM1_PORT + 4, 1, 8);
		port_write(guest, MACHINE_COM1_PORT + 1, 1, 2);
		memory_access(guest, config_address(6, PCI_BASE_ADDRESS_2), true, 0xc0000000);
		memory_access(guest, config_address(6, PCI_COMMAND), true, 0);
		memory_access(guest, config_address(6, PCI_COMMAND), true, PCI_COMMAND_MEMORY);
		ring(guest);
		if (guest->goes)
			guest->lives = life;
		if (life < LIVES)
			port_write(guest, MACHINE_RESET_PORT, 1, 0x06);
		else
			port_write(guest, MACHINE_PM_BASE + 4, 2, 0x2000);
	}
	return NULL;
}

/* --- the machine ------------------------------------------------------------------------------ */

static void add(struct vm_config *config, const char *device, const char *what, const char *path)
{
	struct error err = { "" };
	char text[512];

	snprintf(text, sizeof(text), "%s,%s,2%s%s", device, what, path ? ",vectors=1,server=" : "",
		 path ? path : "");
	CU_ASSERT_EQUAL_FATAL(vm_config_add_device(config, pci_device_classes, text, &err), 0);
}

static void configure(struct vm_config *config, const char *elf, const struct server *server)
{
	const struct ivshmem_region_params plain = region_of("plain");

	vm_config_init(config);
	config->name = strdup("test");
	config->elf = strdup(elf);
	config->memory_size = 16 * MIB;
	config->vcpus = 2;
	add(config, "5,ivshmem", "hv:/demo", NULL);
	add(config, "6,ivshmem", plain.name.text, NULL);
	add(config, "7,ivshmem", server->region.name.text, server->path);
}

/* All that main() does between parsing and the exit status. */
static int run(const struct vm_config *config, enum vm_request_kind *ret_end, struct error *err)
{
	const struct boot_params boot_params = { .elf = config->elf };
	struct machine *machine = NULL;
	struct boot *boot = NULL;
	struct vm *vm = NULL;
	unsigned char status;
	int ret;

	ret = boot_open(&boot_params, &boot, err);
	if (ret == 0)
		ret = vm_create(config, &hv_acrn, &vm, err);
	if (ret == 0)
		ret = machine_new(vm, boot, &machine, err);
	if (ret == 0)
		ret = machine_run(machine, ret_end, &status, err);
	machine_free(machine);
	vm_destroy(vm);
	boot_free(boot);
	return ret;
}

/* False: no call was left to fail, and all went well. */
static bool run_with_fault(const struct vm_config *config, unsigned int nth, int code)
{
	const struct ivshmem_region_params plain = region_of("plain");
	enum vm_request_kind end = VM_REQUEST_NONE;
	struct leaks before = leaks_count(), after;
	struct guest guest = { .lives = 0 };
	struct error err = { "" };
	int ret;

	fake_hsm_reset();
	fake_hsm_fail_nth(nth, code);
	pthread_create(&guest.thread, NULL, live, &guest);
	ret = run(config, &end, &err);
	fake_hsm_end_lives();
	pthread_join(guest.thread, NULL);
	after = leaks_count();
	CU_ASSERT(leaks_equal(&before, &after));
	fixture_assert_gone(&plain);
	CU_ASSERT_EQUAL(fake_hsm_objects(), 0);
	CU_ASSERT_PTR_NULL(fake_hsm_complaint());
	if (fake_hsm_complaint())
		printf("# %s, after call %u\n", fake_hsm_complaint(), nth);
	CU_ASSERT(ret == 0 || err.text[0] != '\0');
	CU_ASSERT(end != VM_REQUEST_ERROR || err.text[0] != '\0');
	if (fake_hsm_has_failed())
		return true;
	CU_ASSERT_EQUAL(ret, 0);
	CU_ASSERT_EQUAL(end, VM_REQUEST_POWER_OFF);
	CU_ASSERT_EQUAL(guest.lives, LIVES);
	return false;
}

static void test_every_call_fails(void)
{
	static const int codes[] = { -EIO, -EPERM };
	struct vm_config config;
	struct server server;
	char elf[128];
	unsigned int nth;
	size_t i;

	fixture_begin();
	server_begin(&server);
	snprintf(elf, sizeof(elf), "%.100s/image.elf", fixture_dir());
	fixture_write_file(elf, image, sizeof(image));
	configure(&config, elf, &server);
	log_set_level(LOG_LEVEL_ERROR - 1);
	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		nth = 1;
		while (nth < CALLS_MAX && run_with_fault(&config, nth, codes[i]))
			nth++;
		CU_ASSERT(nth > 100 && nth < CALLS_MAX);
	}
	log_set_level(LOG_LEVEL_WARNING);
	vm_config_fini(&config);
	unlink(elf);
	server_end(&server);
	fixture_end();
}

static const struct unit_test tests[] = {
	{ "each call of the driver fails in turn", test_every_call_fails },
};

UNIT_MAIN("machine on ACRN", tests)

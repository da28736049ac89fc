/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program for the simulator's own test: makes calls to the HSM, right ones and wrong ones.
 *
 *   hsm_client CALL...
 *
 * The words are the names below, in the order in which they are to be done. Each call's result is
 * printed, "start: 0" or "start: EPERM". The exit status is 0 unless a word is unknown.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/acrn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define RAM_BYTES (4 << 20)
#define BAR2 0x80000000ULL
#define BDF 0x30

struct client {
	int fd, bell, other_bell;
	pthread_t thread; /* serves requests: ports are a register that adds one */
	struct acrn_io_request_buffer *page;
	uint8_t *ram;
	uint16_t vmid;
	uint32_t port;
};

static int call(const struct client *client, unsigned long request, const void *argument)
{
	return ioctl(client->fd, request, argument) < 0 ? -errno : 0;
}

static int do_open(struct client *client)
{
	client->fd = open("/dev/acrn_hsm", O_RDWR | O_CLOEXEC);
	return client->fd < 0 ? -errno : 0;
}

static int do_stat(struct client *client)
{
	struct stat node;

	(void)client;
	if (stat("/dev/acrn_hsm", &node) < 0)
		return -errno;
	return S_ISCHR(node.st_mode) && access("/dev/acrn_hsm", R_OK | W_OK) == 0 ? 0 : -EINVAL;
}

static int do_close(struct client *client)
{
	int ret = close(client->fd);

	client->fd = -1;
	return ret;
}

static int create_named(struct client *client, const char *name, uint64_t page, uint16_t reserved)
{
	struct acrn_vm_creation creation = { .reserved0 = reserved, .ioreq_buf = page };
	int ret;

	memcpy(&creation.uuid, name, strlen(name));
	ret = call(client, ACRN_IOCTL_CREATE_VM, &creation);
	client->vmid = creation.vmid;
	if (ret == 0 && (creation.vmid == 0 || creation.vcpu_num != 1))
		return -EIO;
	return ret;
}

static int do_create(struct client *client)
{
	return create_named(client, "VM1", (uintptr_t)client->page, 0);
}

static int do_create_reserved(struct client *client)
{
	return create_named(client, "VM1", (uintptr_t)client->page, 1);
}

static int do_create_unaligned(struct client *client)
{
	return create_named(client, "VM1", (uintptr_t)client->page + 256, 0);
}

static int do_create_unmapped(struct client *client)
{
	return create_named(client, "VM1", 4096, 0);
}

static int do_create_nameless(struct client *client)
{
	return create_named(client, "", (uintptr_t)client->page, 0);
}

static int do_create_unknown(struct client *client)
{
	return create_named(client, "NOBODY", (uintptr_t)client->page, 0);
}

/* The same VM by another file, and its end if it begins. */
static int do_create_twin(struct client *client)
{
	struct client twin = { .page = client->page };
	int ret = do_open(&twin);

	if (ret < 0)
		return ret;
	ret = do_create(&twin);
	if (ret == 0)
		ret = call(&twin, ACRN_IOCTL_PAUSE_VM, NULL);
	if (ret == 0)
		ret = call(&twin, ACRN_IOCTL_DESTROY_VM, NULL);
	do_close(&twin);
	return ret;
}

static int map(struct client *client, unsigned long request, uint32_t type, uint64_t gpa,
	       uint64_t size)
{
	struct acrn_vm_memmap map = {
		.type = type, .attr = ACRN_MEM_ACCESS_RWX | ACRN_MEM_TYPE_WB, .user_vm_pa = gpa,
		.vma_base = (uintptr_t)client->ram, .len = size,
	};

	return call(client, request, &map);
}

static int do_ram(struct client *client)
{
	return map(client, ACRN_IOCTL_SET_MEMSEG, ACRN_MEMMAP_RAM, 0, RAM_BYTES);
}

static int do_ram_odd(struct client *client)
{
	return map(client, ACRN_IOCTL_SET_MEMSEG, ACRN_MEMMAP_RAM, 0, 100);
}

static int do_ram_short(struct client *client)
{
	return map(client, ACRN_IOCTL_SET_MEMSEG, ACRN_MEMMAP_RAM, 0, UINT64_C(1) << 46);
}

static int do_ram_mmio(struct client *client)
{
	return map(client, ACRN_IOCTL_SET_MEMSEG, ACRN_MEMMAP_MMIO, 0, RAM_BYTES);
}

/* Half a gigabyte of small pages. */
static int do_ram_huge(struct client *client)
{
	const size_t size = (size_t)512 << 20;
	struct acrn_vm_memmap map = {
		.attr = ACRN_MEM_ACCESS_RWX, .user_vm_pa = BAR2, .len = size,
	};
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int ret;

	if (memory == MAP_FAILED)
		return -errno;
	map.vma_base = (uintptr_t)memory;
	ret = call(client, ACRN_IOCTL_SET_MEMSEG, &map);
	munmap(memory, size);
	return ret;
}

static int do_unmap(struct client *client)
{
	return map(client, ACRN_IOCTL_UNSET_MEMSEG, ACRN_MEMMAP_MMIO, 0, RAM_BYTES);
}

static int do_unmap_ram(struct client *client)
{
	return map(client, ACRN_IOCTL_UNSET_MEMSEG, ACRN_MEMMAP_RAM, 0, RAM_BYTES);
}

/* As many maps as there are slots, and one more. */
static int do_ram_slots(struct client *client)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < 256 && ret == 0; i++) {
		ret = map(client, ACRN_IOCTL_SET_MEMSEG, ACRN_MEMMAP_RAM, BAR2, 4096);
		if (ret == 0)
			ret = map(client, ACRN_IOCTL_UNSET_MEMSEG, ACRN_MEMMAP_MMIO, BAR2, 4096);
	}
	if (ret < 0)
		return -EIO;
	return map(client, ACRN_IOCTL_SET_MEMSEG, ACRN_MEMMAP_RAM, BAR2, 4096);
}

static int set_regs(struct client *client, uint16_t reserved)
{
	struct acrn_vcpu_regs regs = { .vcpu_id = 0, .vcpu_regs.rip = 0x100000 };

	regs.vcpu_regs.gdt.reserved[1] = reserved;
	return call(client, ACRN_IOCTL_SET_VCPU_REGS, &regs);
}

static int do_regs(struct client *client)
{
	return set_regs(client, 0);
}

static int do_regs_reserved(struct client *client)
{
	return set_regs(client, 1);
}

static int do_client(struct client *client)
{
	return call(client, ACRN_IOCTL_CREATE_IOREQ_CLIENT, NULL);
}

static int do_start(struct client *client)
{
	return call(client, ACRN_IOCTL_START_VM, NULL);
}

static int notify(const struct client *client, uint16_t reserved, uint32_t vcpu)
{
	struct acrn_ioreq_notify done = { client->vmid, reserved, vcpu };

	return call(client, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &done);
}

static int do_notify(struct client *client)
{
	return notify(client, 0, 0);
}

static int do_notify_reserved(struct client *client)
{
	return notify(client, 1, 0);
}

static int do_notify_other(struct client *client)
{
	return notify(client, 0, 1);
}

/* Sets the state itself, which is not its to do. */
static int do_meddle(struct client *client)
{
	client->page->req_slot[3].processed = ACRN_IOREQ_STATE_COMPLETE;
	return 0;
}

static void serve_request(struct client *client, struct acrn_io_request *request)
{
	if (request->type != ACRN_IOREQ_TYPE_PORTIO)
		request->reqs.mmio_request.value = 0xffffffff;
	else if (request->reqs.pio_request.direction == ACRN_IOREQ_DIR_WRITE)
		client->port = request->reqs.pio_request.value;
	else
		request->reqs.pio_request.value = client->port + 1;
}

static void *serve(void *ctx)
{
	struct client *client = ctx;
	struct acrn_io_request *request = &client->page->req_slot[0];

	while (call(client, ACRN_IOCTL_ATTACH_IOREQ_CLIENT, NULL) == 0) {
		if (__atomic_load_n(&request->processed, __ATOMIC_ACQUIRE) !=
		    ACRN_IOREQ_STATE_PROCESSING)
			continue;
		serve_request(client, request);
		notify(client, 0, 0);
	}
	return NULL;
}

static int do_serve(struct client *client)
{
	return -pthread_create(&client->thread, NULL, serve, client);
}

/* Until the guest writes to the port that the ioeventfd is at. */
static int do_wait(struct client *client)
{
	uint64_t count;

	return read(client->bell, &count, sizeof(count)) == sizeof(count) ? 0 : -errno;
}

static int do_join(struct client *client)
{
	return -pthread_join(client->thread, NULL);
}

static int do_attach(struct client *client)
{
	return call(client, ACRN_IOCTL_ATTACH_IOREQ_CLIENT, NULL);
}

static int do_pause(struct client *client)
{
	return call(client, ACRN_IOCTL_PAUSE_VM, NULL);
}

static int do_end_client(struct client *client)
{
	return call(client, ACRN_IOCTL_DESTROY_IOREQ_CLIENT, NULL);
}

static int do_destroy(struct client *client)
{
	return call(client, ACRN_IOCTL_DESTROY_VM, NULL);
}

static int ioevent(struct client *client, int fd, uint32_t flags, uint64_t port, uint64_t data)
{
	struct acrn_ioeventfd entry = {
		.fd = (uint32_t)fd,
		.flags = flags | ACRN_IOEVENTFD_FLAG_PIO | ACRN_IOEVENTFD_FLAG_DATAMATCH,
		.addr = port, .len = 4, .data = data,
	};

	return call(client, ACRN_IOCTL_IOEVENTFD, &entry);
}

static int do_ioevent(struct client *client)
{
	return ioevent(client, client->bell, 0, 0x80, 7);
}

static int do_ioevent_second(struct client *client)
{
	return ioevent(client, client->bell, 0, 0x90, 8);
}

static int do_ioevent_pipe(struct client *client)
{
	(void)client;
	return ioevent(client, 0, 0, 0x80, 7);
}

static int do_ioevent_off(struct client *client)
{
	return ioevent(client, client->bell, ACRN_IOEVENTFD_FLAG_DEASSIGN, 0x80, 7);
}

static int do_ioevent_off_second(struct client *client)
{
	return ioevent(client, client->bell, ACRN_IOEVENTFD_FLAG_DEASSIGN, 0x90, 8);
}

static int irqfd(struct client *client, uint32_t flags)
{
	struct acrn_irqfd irqfd = {
		.fd = client->other_bell, .flags = flags, .msi = { 0xfee00000, 0x41 },
	};

	return call(client, ACRN_IOCTL_IRQFD, &irqfd);
}

static int do_irqfd(struct client *client)
{
	return irqfd(client, 0);
}

static int do_irqfd_off(struct client *client)
{
	return irqfd(client, ACRN_IRQFD_FLAG_DEASSIGN);
}

static int do_ring(struct client *client)
{
	const uint64_t one = 1;

	return write(client->other_bell, &one, sizeof(one)) == sizeof(one) ? 0 : -errno;
}

static int do_msi(struct client *client)
{
	struct acrn_msi_entry msi = { 0xfee00000, 0x42 };

	return call(client, ACRN_IOCTL_INJECT_MSI, &msi);
}

static int do_msi_elsewhere(struct client *client)
{
	struct acrn_msi_entry msi = { 0x1000, 0x42 };

	return call(client, ACRN_IOCTL_INJECT_MSI, &msi);
}

static int irq_line(struct client *client, uint64_t value)
{
	return ioctl(client->fd, ACRN_IOCTL_SET_IRQLINE, value) < 0 ? -errno : 0;
}

static int do_line(struct client *client)
{
	return irq_line(client, UINT64_C(1) << 32 | 4);
}

static int do_line_far(struct client *client)
{
	return irq_line(client, 99);
}

static int vdev(struct client *client, unsigned long request, const char *name, uint64_t slot,
		uint32_t bar2)
{
	struct acrn_vdev vdev = {
		.id.fields = { .vendor = 0x1af4, .device = 0x1110 },
		.slot = slot,
		.io_addr = { 0x90000000, 0x90001000, bar2, 0 },
		.io_size = { 0, 0, 2 << 20 },
	};

	memcpy(vdev.args, name, strlen(name));
	return call(client, request, &vdev);
}

static int do_vdev(struct client *client)
{
	return vdev(client, ACRN_IOCTL_CREATE_VDEV, "hv:/shm", BDF, BAR2 | 0xc);
}

/* At another place, but of the same region. */
static int do_vdev_second(struct client *client)
{
	return vdev(client, ACRN_IOCTL_CREATE_VDEV, "hv:/shm", BDF + 8, (BAR2 + 0x400000) | 0xc);
}

static int do_vdev_other(struct client *client)
{
	return vdev(client, ACRN_IOCTL_CREATE_VDEV, "hv:/other", BDF, BAR2 | 0xc);
}

static int do_vdev_unprefixed(struct client *client)
{
	return vdev(client, ACRN_IOCTL_CREATE_VDEV, "shm", BDF, BAR2 | 0xc);
}

static int do_vdev_flagless(struct client *client)
{
	return vdev(client, ACRN_IOCTL_CREATE_VDEV, "hv:/shm", BDF, BAR2);
}

static int do_vdev_off(struct client *client)
{
	return vdev(client, ACRN_IOCTL_DESTROY_VDEV, "", BDF, BAR2 | 0xc);
}

static const struct action {
	const char *name;
	int (*run)(struct client *client);
} actions[] = {
	{ "open", do_open },
	{ "stat", do_stat },
	{ "close", do_close },
	{ "create", do_create },
	{ "create-reserved", do_create_reserved },
	{ "create-unaligned", do_create_unaligned },
	{ "create-unmapped", do_create_unmapped },
	{ "create-nameless", do_create_nameless },
	{ "create-unknown", do_create_unknown },
	{ "create-twin", do_create_twin },
	{ "ram", do_ram },
	{ "ram-odd", do_ram_odd },
	{ "ram-short", do_ram_short },
	{ "ram-mmio", do_ram_mmio },
	{ "ram-huge", do_ram_huge },
	{ "ram-slots", do_ram_slots },
	{ "unmap", do_unmap },
	{ "unmap-ram", do_unmap_ram },
	{ "regs", do_regs },
	{ "regs-reserved", do_regs_reserved },
	{ "client", do_client },
	{ "start", do_start },
	{ "notify", do_notify },
	{ "notify-reserved", do_notify_reserved },
	{ "notify-other", do_notify_other },
	{ "meddle", do_meddle },
	{ "serve", do_serve },
	{ "wait", do_wait },
	{ "join", do_join },
	{ "attach", do_attach },
	{ "pause", do_pause },
	{ "end-client", do_end_client },
	{ "destroy", do_destroy },
	{ "ioevent", do_ioevent },
	{ "ioevent-second", do_ioevent_second },
	{ "ioevent-pipe", do_ioevent_pipe },
	{ "ioevent-off", do_ioevent_off },
	{ "ioevent-off-second", do_ioevent_off_second },
	{ "irqfd", do_irqfd },
	{ "irqfd-off", do_irqfd_off },
	{ "ring", do_ring },
	{ "msi", do_msi },
	{ "msi-elsewhere", do_msi_elsewhere },
	{ "line", do_line },
	{ "line-far", do_line_far },
	{ "vdev", do_vdev },
	{ "vdev-second", do_vdev_second },
	{ "vdev-other", do_vdev_other },
	{ "vdev-unprefixed", do_vdev_unprefixed },
	{ "vdev-flagless", do_vdev_flagless },
	{ "vdev-off", do_vdev_off },
};

static int act(struct client *client, const char *word)
{
	size_t i;
	int ret;

	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(actions[i].name, word) != 0)
			continue;
		ret = actions[i].run(client);
		printf("%s: %s\n", word, ret < 0 ? strerrorname_np(-ret) : "0");
		fflush(stdout);
		return 0;
	}
	fprintf(stderr, "hsm_client: %s?\n", word);
	return -EINVAL;
}

int main(int argc, char **argv)
{
	struct client client = { .fd = -1 };
	int i;

	client.bell = eventfd(0, EFD_CLOEXEC);
	client.other_bell = eventfd(0, EFD_CLOEXEC);
	client.page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	client.ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	if (client.bell < 0 || client.other_bell < 0 || client.page == MAP_FAILED ||
	    client.ram == MAP_FAILED)
		return 1;
	for (i = 1; i < argc; i++)
		if (act(&client, argv[i]) < 0)
			return 1;
	return 0;
}

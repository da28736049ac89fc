/* SPDX-License-Identifier: BSD-3-Clause */
/* acrn-dm: parse, validate, build, run, exit status. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sysexits.h>

#include "devicemodel/boot/boot.h"
#include "devicemodel/config/absent_class.h"
#include "devicemodel/config/command_line.h"
#include "devicemodel/config/vm_config.h"
#include "devicemodel/hypervisor/hypervisor.h"
#include "devicemodel/machine.h"
#include "devicemodel/vm/vm.h"
#include "lib/event_loop.h"
#include "lib/fds.h"
#include "lib/log.h"

#ifndef ACRN_DM_VERSION
#define ACRN_DM_VERSION "0"
#endif

/* Documented by -h; 64 is EX_USAGE. Even, since what a guest gives by debug exit is odd. */
enum exit_status {
	EXIT_POWER_OFF = 0,
	EXIT_ERROR = 1,
	EXIT_RESET = 2,
	EXIT_CRASH = 4,
};

static int say(int status, const struct error *err)
{
	log_error(NULL, "%s", err->text);
	return status;
}

static int exit_status(enum vm_request_kind end, unsigned char status)
{
	switch (end) {
	case VM_REQUEST_POWER_OFF:
	case VM_REQUEST_SIGNAL:
		return EXIT_POWER_OFF;
	case VM_REQUEST_RESET:
		return EXIT_RESET;
	case VM_REQUEST_CRASH:
		return EXIT_CRASH;
	case VM_REQUEST_EXIT:
		return status;
	default:
		return EXIT_ERROR;
	}
}

/* The operator's signals, for the event loop; threads made from here on leave them alone. */
static int open_signals(void)
{
	struct sigaction hangup;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	/* A blocked signal reaches the signalfd also where nohup(1) has it ignored. */
	if (sigaction(SIGHUP, NULL, &hangup) < 0 || hangup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	/* A console that goes away and a file at its ulimit are errors of a write, not the end. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static void signal_arrived(void *ctx, uint32_t events)
{
	struct vm *vm = ctx;

	(void)events;
	vm_request_post(&vm->request, VM_REQUEST_SIGNAL, 0);
}

static int run_machine(struct vm *vm, struct boot *boot, int signals, int *ret_status,
		       struct error *err)
{
	enum vm_request_kind end = VM_REQUEST_NONE;
	struct event_source *source = NULL;
	struct machine *machine = NULL;
	unsigned char status = 0;
	int ret;

	ret = event_loop_add(vm->loop, signals, EPOLLIN, signal_arrived, vm, &source);
	if (ret < 0)
		return error_set(err, ret, "cannot wait for signals: %s", strerror(-ret));
	ret = machine_new(vm, boot, &machine, err);
	if (ret == 0)
		ret = machine_run(machine, &end, &status, err);
	else if (ret == -EINTR && (end = vm_request_take(&vm->request, &status)))
		ret = 0; /* the end of a wait in between, of which @err tells */
	if (ret == 0)
		*ret_status = exit_status(end, status);
	machine_free(machine);
	event_source_remove(source);
	return ret;
}

static int run_vm(const struct vm_config *config, const struct hv_ops *ops, struct error *err)
{
	const struct boot_params boot_params = {
		.kernel = config->kernel,
		.ramdisk = config->ramdisk,
		.bootargs = config->bootargs,
		.elf = config->elf,
	};
	struct boot *boot = NULL;
	struct vm *vm = NULL;
	int signals, ret, status = EXIT_ERROR;

	/* Each vector of each peer takes one. */
	fds_raise_limit();
	signals = open_signals();
	if (signals < 0) {
		error_set(err, signals, "cannot wait for signals: %s", strerror(-signals));
		return say(EXIT_ERROR, err);
	}
	ret = boot_open(&boot_params, &boot, err);
	if (ret == 0)
		ret = vm_create(config, ops, &vm, err);
	if (ret == 0)
		ret = run_machine(vm, boot, signals, &status, err);
	vm_destroy(vm);
	boot_free(boot);
	fd_close(&signals);
	/* Last, when the guest's own output is out. */
	if (ret < 0)
		status = EXIT_ERROR;
	return err->text[0] ? say(status, err) : status;
}

/* NULL with @err: there is no such back end. */
static const struct hv_ops *find_hypervisor(const struct vm_config *config, struct error *err)
{
	const char *name = config->hypervisor ? config->hypervisor : "auto";
	const struct hv_ops *ops = hv_find(name);

	if (!ops)
		error_set(err, -EINVAL, "unknown hypervisor \"%s\"; there is: %s", name,
			  hv_names());
	return ops;
}

static int print_device_help(void)
{
	const struct device_class *const *class;

	for (class = machine_device_classes(); *class; class++)
		device_class_help(*class, stdout);
	absent_class_help(stdout);
	return 0;
}

static int run_command(enum command command, const struct vm_config *config, struct error *err)
{
	const struct hv_ops *ops;

	switch (command) {
	case COMMAND_HELP:
		command_line_help(stdout);
		return 0;
	case COMMAND_DEVICE_HELP:
		return print_device_help();
	case COMMAND_VERSION:
		puts("acrn-dm " ACRN_DM_VERSION);
		return 0;
	case COMMAND_DUMP_CONFIG:
	case COMMAND_RUN:
		break;
	}
	ops = find_hypervisor(config, err);
	if (!ops || vm_config_validate(config, err) < 0)
		return say(EX_USAGE, err);
	if (command == COMMAND_DUMP_CONFIG) {
		vm_config_dump(config, stdout);
		return 0;
	}
	if (machine_check(config, ops, err) < 0)
		return say(EX_USAGE, err);
	return run_vm(config, ops, err);
}

int main(int argc, char **argv)
{
	struct error err = { "" };
	struct vm_config config;
	enum command command;
	int ret, status;

	vm_config_init(&config);
	ret = fds_fill_standard();
	if (ret < 0) {
		error_set(&err, ret,
			  "cannot open /dev/null for what is closed of standard input, output "
			  "and error: %s",
			  strerror(-ret));
		return say(EXIT_ERROR, &err);
	}
	ret = command_line_parse(argc, argv, machine_device_classes(), &config, &command, &err);
	if (ret < 0)
		status = say(ret == -EINVAL ? EX_USAGE : EXIT_ERROR, &err);
	else
		status = run_command(command, &config, &err);
	vm_config_fini(&config);
	/* What was asked for must have arrived: a full disk is no success. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		log_error(NULL, "cannot write to standard output: %s", strerror(errno));
		status = status ? status : EXIT_ERROR;
	}
	return status;
}

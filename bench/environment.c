/* SPDX-License-Identifier: BSD-3-Clause */
/* Asks the kernel, the processor and QEMU what they are. */
#include "bench/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <time.h>

#include "lib/fds.h"
#include "samples/bare-metal/lib/tsc.h"

#define CALIBRATION_NS 100000000

static double clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double tsc_hz_measure(void)
{
	const struct timespec pause = { .tv_nsec = CALIBRATION_NS };
	double start_ns = clock_ns();
	uint64_t start = tsc_read();

	nanosleep(&pause, NULL);
	return (double)(tsc_read() - start) * 1e9 / (clock_ns() - start_ns);
}

/* The first line of @file, without its newline; unchanged if there is none. */
static void first_line(FILE *file, char line[ENVIRONMENT_TEXT_MAX])
{
	if (fgets(line, ENVIRONMENT_TEXT_MAX, file))
		line[strcspn(line, "\n")] = '\0';
}

static void probe_qemu(struct environment *environment)
{
	FILE *file = popen("qemu-system-x86_64 --version 2>/dev/null", "r");

	if (!file)
		return;
	first_line(file, environment->qemu);
	pclose(file);
}

/* KVM without the processor's help exists: inside a virtual machine, with ring 0 emulated. */
static void probe_processor(struct environment *environment)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	bool has_help = false;
	char line[8192];

	snprintf(environment->processor, sizeof(environment->processor), "unknown");
	while (file && fgets(line, sizeof(line), file) && line[0] != '\n') {
		char *value = strstr(line, ": ");

		if (!value)
			continue;
		value[strcspn(value, "\n")] = '\0';
		if (!strncmp(line, "model name", strlen("model name")))
			snprintf(environment->processor, sizeof(environment->processor), "%.150s",
				 value + 2);
		if (!strncmp(line, "flags", strlen("flags")))
			has_help = strstr(value, " svm") || strstr(value, " vmx");
	}
	if (file)
		fclose(file);
	snprintf(environment->kvm, sizeof(environment->kvm), "%s",
		 has_help
			 ? "on the processor's virtualisation"
			 : "without the processor's virtualisation (ring 0 of guests is emulated)");
}

static void probe_cpus(struct environment *environment)
{
	unsigned int count = 0;
	cpu_set_t set;
	int cpu;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (count < 2)
			environment->cpus[count] = cpu;
		count++;
	}
	if (count < 2)
		environment->cpus[1] = environment->cpus[0];
	environment->cpu_count = count;
}

static int probe_kvm(struct error *err)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int ret = 0;

	if (kvm < 0 || ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		ret = errno ? -errno : -ENOTTY;
	fd_close(&kvm);
	if (ret < 0)
		return error_set(err, ret,
				 "/dev/kvm: %s: nothing can be measured here; run it on a machine"
				 " with KVM, as a user who may open /dev/kvm",
				 strerror(-ret));
	return 0;
}

int environment_probe(struct environment *ret_environment, struct error *err)
{
	struct utsname system;
	int ret = probe_kvm(err);

	if (ret < 0)
		return ret;
	memset(ret_environment, 0, sizeof(*ret_environment));
	uname(&system);
	snprintf(ret_environment->kernel, sizeof(ret_environment->kernel), "%s %s", system.sysname,
		 system.release);
	getloadavg(&ret_environment->load, 1);
	probe_processor(ret_environment);
	probe_cpus(ret_environment);
	probe_qemu(ret_environment);
	ret_environment->tsc_hz = tsc_hz_measure();
	return 0;
}

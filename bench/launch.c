/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Launch scripts: how long acrn-launch-gen takes from a scenario to all of its scripts. The peer is
 * itself with half the virtual machines: what grows with the input only takes half as long for it.
 */
#include "bench/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/child.h"
#include "lib/util.h"

#define VMS 200
#define REGIONS 100 /* each with all VMs */
#define PATH_TEXT_MAX 4096
/* A line for each script. */
#define OUTPUT_MAX (64 * 1024)

static void write_vm(FILE *file, unsigned int vm)
{
	fprintf(file,
		"  <vm id=\"%u\">\n"
		"    <load_order>POST_LAUNCHED_VM</load_order>\n"
		"    <vm_type>STANDARD_VM</vm_type>\n"
		"    <name>vm%u</name>\n"
		"    <memory><size>256</size></memory>\n"
		"    <customized_parameters>-E guest.elf</customized_parameters>\n"
		"  </vm>\n",
		vm, vm);
}

static void write_region(FILE *file, unsigned int region, unsigned int vms)
{
	unsigned int vm;

	fprintf(file,
		"      <IVSHMEM_REGION>\n"
		"        <NAME>region_%u</NAME>\n"
		"        <PROVIDED_BY>Device Model</PROVIDED_BY>\n"
		"        <IVSHMEM_SIZE>2</IVSHMEM_SIZE>\n"
		"        <IVSHMEM_REGION_ID>0x%x</IVSHMEM_REGION_ID>\n"
		"        <IVSHMEM_VMS>\n",
		region, 0x1000 + region);
	for (vm = 1; vm <= vms; vm++)
		fprintf(file,
			"          <IVSHMEM_VM><VM_NAME>vm%u</VM_NAME><VBDF></VBDF></IVSHMEM_VM>\n",
			vm);
	fputs("        </IVSHMEM_VMS>\n      </IVSHMEM_REGION>\n", file);
}

static void write_all(FILE *file, unsigned int vms)
{
	unsigned int i;

	fputs("<acrn-config board=\"any\" scenario=\"bench\">\n"
	      "  <hv><FEATURES><IVSHMEM>\n",
	      file);
	for (i = 0; i < REGIONS; i++)
		write_region(file, i, vms);
	fputs("  </IVSHMEM></FEATURES></hv>\n"
	      "  <vm id=\"0\"><load_order>SERVICE_VM</load_order><name>service</name></vm>\n",
	      file);
	for (i = 1; i <= vms; i++)
		write_vm(file, i);
	fputs("</acrn-config>\n", file);
}

static int write_scenario(const char *path, unsigned int vms, struct error *err)
{
	FILE *file = fopen(path, "we");
	bool failed;

	if (file) {
		write_all(file, vms);
		failed = ferror(file);
		if (fclose(file) == 0 && !failed)
			return 0;
	}
	return error_set(err, -EIO, "cannot write %s: %s", path, strerror(errno));
}

/* From its exec until it has ended. */
static int time_generator(const struct bench *bench, const char *scenario, const char *out,
			  struct samples *ms, struct error *err)
{
	char program[PATH_TEXT_MAX], *text = malloc(OUTPUT_MAX);
	const char *argv[] = { program, "--scenario", scenario, "--hypervisor", "kvm",
			       "--out", out, NULL };
	struct child_params params = {
		.argv = argv,
		.cpu = CHILD_ANY_CPU,
		.log_fd = bench->log_fd,
	};
	struct child child;
	uint64_t start;
	int ret;

	if (!text)
		return error_set(err, -ENOMEM, "out of memory");
	snprintf(program, sizeof(program), "%s/acrn-launch-gen", bench->build);
	start = clock_now_ns();
	ret = child_start(&child, &params, err);
	if (ret == 0)
		ret = child_finish(&child, 0, text, OUTPUT_MAX, err);
	if (ret == 0 && samples_add(ms, (double)(clock_now_ns() - start) / 1e6) < 0)
		ret = error_set(err, -ENOMEM, "out of memory");
	free(text);
	return ret;
}

static int report_times(struct bench *bench, const struct samples *whole,
			const struct samples *half, struct error *err)
{
	struct report_case time = {
		.group = "Launch scripts: from a scenario to all of its scripts",
		.unit = "ms",
		.ours = { "acrn-launch-gen", samples_summary(whole), whole },
		.peer = { "itself with half the VMs", samples_summary(half), half },
		.aim = AIM_AT_MOST,
		.aim_ratio = 2.5,
	};

	snprintf(time.name, sizeof(time.name), "%d VMs, each in %d regions", VMS, REGIONS);
	return report_add(bench->report, &time) < 0 ? error_set(err, -ENOMEM, "out of memory") : 0;
}

int measure_launch(struct bench *bench, struct error *err)
{
	char whole_path[64], half_path[64], out[64];
	struct samples whole = { 0 }, half = { 0 };
	unsigned int runs = bench_runs(bench, 5), run;
	int ret;

	snprintf(whole_path, sizeof(whole_path), "%s/whole.xml", bench->scratch);
	snprintf(half_path, sizeof(half_path), "%s/half.xml", bench->scratch);
	snprintf(out, sizeof(out), "%s/scripts", bench->scratch);
	ret = write_scenario(whole_path, VMS, err);
	if (ret == 0)
		ret = write_scenario(half_path, VMS / 2, err);
	for (run = 0; run < runs && ret == 0; run++) {
		ret = time_generator(bench, whole_path, out, &whole, err);
		if (ret == 0)
			ret = time_generator(bench, half_path, out, &half, err);
	}
	if (ret == 0)
		ret = report_times(bench, &whole, &half, err);
	samples_fini(&whole);
	samples_fini(&half);
	return ret;
}

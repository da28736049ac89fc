/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Run a program as if the machine had an ACRN hypervisor:
 *
 *   hsm-sim [--scenario FILE] [--guest [NAME=]FILE]... [--kvm] [--fail WHICH:ERRNO]...
 *           [--node NAME] [--kills] [--trace] -- PROGRAM [ARGUMENT]...
 *
 * The program's calls to the device node are checked and answered here; it is the one that ships,
 * as it is; it may be a shell script that starts several. --scenario: what the hypervisor was
 * configured with (scenario.h). --guest: what the guest does (guest.h), that of the VM of that
 * name, or of all the others one after another. --kvm: guests really run, each in a VM of KVM's
 * (machine.h). --kills: whoever runs the VMs may be killed, which leaves the driver to clear up.
 * --fail: which calls fail (faults.h). --node: acrn_hsm, acrn_vhm, or none.
 *
 * The exit status is the program's, 99 after violations or what the guest did not expect, 125 if
 * the simulator itself cannot go on.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/hsm_sim/sim.h"

#define STATUS_VIOLATION 99
#define STATUS_TROUBLE 125

static int set_node(struct sim *sim, const char *name)
{
	if (strcmp(name, "acrn_hsm") == 0)
		sim->node = "/dev/acrn_hsm";
	else if (strcmp(name, "acrn_vhm") == 0)
		sim->node = "/dev/acrn_vhm";
	else if (strcmp(name, "none") == 0)
		sim->node = NULL;
	else
		return -1;
	return 0;
}

static int add_guest(struct sim *sim, char *text)
{
	struct guest *guest = &sim->guests[sim->guest_count];
	char *path = strchr(text, '=');

	if (sim->guest_count == SIM_GUESTS_MAX)
		return -1;
	sim->guest_count++;
	guest->report = &sim->report;
	if (!path)
		return guest_read(guest, text);
	*path++ = '\0';
	guest->vm_name = text;
	return guest_read(guest, path);
}

static int set_option(struct sim *sim, int option)
{
	switch (option) {
	case 's':
		return scenario_read(&sim->host.scenario, optarg);
	case 'g':
		return add_guest(sim, optarg);
	case 'f':
		return faults_add(&sim->faults, optarg);
	case 'n':
		return set_node(sim, optarg);
	case 'k':
		sim->on_kvm = true;
		return 0;
	case 'x':
		sim->kills = true;
		return 0;
	case 't':
		sim->report.trace = true;
		return 0;
	default:
		return -1;
	}
}

/* Returns the exit status. */
static int simulate(struct sim *sim, int argc, char **argv)
{
	static const struct option options[] = {
		{ "scenario", required_argument, NULL, 's' },
		{ "guest", required_argument, NULL, 'g' },
		{ "fail", required_argument, NULL, 'f' },
		{ "kvm", no_argument, NULL, 'k' },
		{ "kills", no_argument, NULL, 'x' },
		{ "node", required_argument, NULL, 'n' },
		{ "trace", no_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	int option, status;

	sim->node = "/dev/acrn_hsm";
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (set_option(sim, option) < 0) {
			fprintf(stderr, "hsm-sim: %s is not understood\n", argv[optind - 1]);
			return STATUS_TROUBLE;
		}
	}
	if (optind == argc) {
		fprintf(stderr, "hsm-sim: no program\n");
		return STATUS_TROUBLE;
	}
	status = sim_run(sim, &argv[optind]);
	if (status < 0) {
		fprintf(stderr, "hsm-sim: %s\n", strerror(-status));
		return STATUS_TROUBLE;
	}
	if (sim->report.violations || sim->report.failures) {
		fprintf(stderr, "hsm-sim: %u violations, %u failures of the guest, status %d\n",
			sim->report.violations, sim->report.failures, status);
		status = STATUS_VIOLATION;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct sim *sim = calloc(1, sizeof(*sim));
	int status;

	if (!sim)
		return STATUS_TROUBLE;
	status = simulate(sim, argc, argv);
	hsm_host_fini(&sim->host);
	free(sim);
	return status;
}

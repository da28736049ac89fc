/* SPDX-License-Identifier: BSD-3-Clause */
/* Collects cases, compares the two sides of each, and prints the tables. */
#include "bench/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report_entry.h"

struct report *report_new(const struct environment *environment)
{
	struct report *report = calloc(1, sizeof(*report));

	if (report)
		report->environment = environment;
	return report;
}

int report_add(struct report *report, const struct report_case *new_case)
{
	struct samples ratios = { 0 };
	struct report_entry *entries, *entry;
	int ret;

	ret = samples_pair_ratios(new_case->ours.pairs, new_case->peer.pairs, &ratios);
	if (ret < 0)
		goto out_ratios;
	entries = reallocarray(report->entries, report->entry_count + 1, sizeof(*entries));
	if (!entries) {
		ret = -ENOMEM;
		goto out_ratios;
	}
	report->entries = entries;
	entry = &entries[report->entry_count++];
	entry->measured = *new_case;
	/* The series stay with the caller. */
	entry->measured.ours.pairs = NULL;
	entry->measured.peer.pairs = NULL;
	entry->ratio = 0;
	if (new_case->peer.summary.median > 0)
		entry->ratio = new_case->ours.summary.median / new_case->peer.summary.median;
	entry->ratio_low = samples_quantile(&ratios, 0.25);
	entry->ratio_high = samples_quantile(&ratios, 0.75);
out_ratios:
	samples_fini(&ratios);
	return ret;
}

int report_note(struct report *report, const char *fmt, ...)
{
	char(*notes)[REPORT_NOTE_MAX];
	va_list args;

	notes = reallocarray(report->notes, report->note_count + 1, sizeof(*notes));
	if (!notes)
		return -ENOMEM;
	report->notes = notes;
	va_start(args, fmt);
	vsnprintf(notes[report->note_count++], sizeof(*notes), fmt, args);
	va_end(args);
	return 0;
}

bool report_entry_is_met(const struct report_entry *entry)
{
	if (entry->measured.aim == AIM_AT_MOST)
		return entry->ratio <= entry->measured.aim_ratio;
	return entry->ratio >= entry->measured.aim_ratio;
}

static void print_environment(const struct environment *environment, FILE *file)
{
	fprintf(file, "# Measurements\n\n");
	fprintf(file, "* processor: %s, %u in use here, time-stamp counter %.0f MHz\n",
		environment->processor, environment->cpu_count, environment->tsc_hz / 1e6);
	fprintf(file, "* kernel: %s; KVM: %s\n", environment->kernel, environment->kvm);
	fprintf(file, "* peer: %s\n", environment->qemu[0] ? environment->qemu : "no QEMU");
	fprintf(file, "* load average at the start: %.2f%s\n", environment->load,
		environment->load > 0.5 ? " (others are at work: expect wide spreads)" : "");
}

static void print_side(const struct report_side *side, FILE *file)
{
	const struct summary *summary = &side->summary;

	fprintf(file, "%s | %.4g | %.4g | %.4g | ", side->label, summary->min, summary->median,
		summary->p99);
}

/* Two lines: ours with the verdict, and the peer's. */
static void print_entry(const struct report_entry *entry, FILE *file)
{
	const struct report_case *measured = &entry->measured;

	fprintf(file, "| %s, %s | ", measured->name, measured->unit);
	print_side(&measured->ours, file);
	fprintf(file, "%.3f | %.3f to %.3f | ", entry->ratio, entry->ratio_low, entry->ratio_high);
	if (measured->aim == AIM_NONE)
		fprintf(file, "none |\n");
	else
		fprintf(file, "%s %.3g: %s |\n",
			measured->aim == AIM_AT_MOST ? "<=" : ">=", measured->aim_ratio,
			report_entry_is_met(entry) ? "met" : "**not met**");
	fprintf(file, "| | ");
	print_side(&measured->peer, file);
	fprintf(file, "| | n = %zu, %zu |\n", measured->ours.summary.count,
		measured->peer.summary.count);
}

void report_print(const struct report *report, FILE *file)
{
	const char *group = "";
	size_t i;

	print_environment(report->environment, file);
	for (i = 0; i < report->entry_count; i++) {
		const struct report_entry *entry = &report->entries[i];

		if (strcmp(group, entry->measured.group)) {
			group = entry->measured.group;
			fprintf(file, "\n## %s\n\n", group);
			fprintf(file,
				"| case | who | min | median | p99 | ratio | spread | aim |\n");
			fprintf(file, "|---|---|---|---|---|---|---|---|\n");
		}
		print_entry(entry, file);
	}
	if (report->entry_count)
		fprintf(file,
			"\nratio: the first median by the second; spread: the quartiles of the "
			"ratios"
			" of pairs\nmeasured one right after the other; n: how many of each.\n");
	for (i = 0; i < report->note_count; i++)
		fprintf(file, "\nNote: %s\n", report->notes[i]);
}

void report_free(struct report *report)
{
	if (!report)
		return;
	free(report->entries);
	free(report->notes);
	free(report);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing, reading and resolving a scenario's text. */
#include "launch_scripts/plan_from_text.h"

#include "launch_scripts/scenario.h"
#include "launch_scripts/xml_file.h"

int plan_read_text(struct plan *plan, const char *name, const char *text, size_t size,
		   struct problems *problems)
{
	struct xml_file file;
	int ret;

	ret = xml_file_parse(&file, name, text, size, problems);
	if (ret < 0)
		return ret;
	ret = scenario_read_xml(plan, &file, NULL, problems);
	xml_file_fini(&file);
	return ret < 0 ? ret : plan_resolve(plan);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Slots. */
#include "launch_scripts/scenario_slot.h"

#include <stdlib.h>

#include "launch_scripts/bdf.h"

void scenario_read_slot(struct xml_reader *reader, const xmlNode *owner, const xmlNode *vbdf,
			struct plan_slot *slot)
{
	char quote[XML_QUOTE_MAX], *text;
	const char *end;

	slot->place = xml_place(reader->file, vbdf ? vbdf : owner);
	if (xml_is_blank(vbdf))
		return;
	text = xml_value(reader, vbdf);
	if (!text)
		return;
	end = bdf_parse(text, &slot->slot);
	slot->given = slot->placed = end && !*end;
	if (!slot->given)
		xml_complain(reader, vbdf, "%s \"%s\": write bus:device.function in hexadecimal, "
			     "00:03.0 to 00:1e.7, or leave it empty", (const char *)vbdf->name,
			     xml_quote(text, quote));
	free(text);
}

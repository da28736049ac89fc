/* SPDX-License-Identifier: BSD-3-Clause */
/* All scripts are made in memory before the first file is touched. */
#include "launch_scripts/script_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "launch_scripts/file_set.h"
#include "launch_scripts/script.h"

static int add_script(struct file_set *set, const struct plan *plan, const struct plan_vm *vm,
		      enum launch_target target, struct error *err)
{
	char *text = NULL, name[48];
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	int ret;

	if (!out)
		return error_set(err, -ENOMEM, "out of memory");
	ret = script_write(plan, vm, target, out, err);
	if (fclose(out) != 0 && ret == 0)
		ret = error_set(err, -ENOMEM, "out of memory");
	if (ret < 0) {
		free(text);
		return error_prefix(err, ret, "the script of %s", vm->name);
	}
	snprintf(name, sizeof(name), "launch_user_vm_id%u.sh", vm->number);
	ret = file_set_add(set, name, text, length);
	return ret < 0 ? error_set(err, ret, "out of memory") : 0;
}

int script_files_write(const struct plan *plan, unsigned int number, enum launch_target target,
		       const char *directory, struct error *err)
{
	struct file_set set = { 0 };
	const struct plan_vm *vm;
	int ret = 0;

	for (vm = plan->vms; vm < plan->vms + plan->vm_count && ret == 0; vm++)
		if (vm->load_order == PLAN_POST_LAUNCHED_VM &&
		    (!number || vm->number == number))
			ret = add_script(&set, plan, vm, target, err);
	if (ret == 0 && number && set.count == 0)
		ret = error_set(err, -ENOENT, "no post-launched VM has number %u", number);
	if (ret == 0)
		ret = file_set_write(&set, directory, 0755, err);
	file_set_fini(&set);
	return ret;
}

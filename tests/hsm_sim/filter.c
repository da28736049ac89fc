/* SPDX-License-Identifier: BSD-3-Clause */
/* The seccomp filter that has the simulator asked about system calls. */
#include "tests/hsm_sim/filter.h"

#include <errno.h>
#include <linux/acrn.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EVENTFD_BYTES 8

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned int)offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(value, count) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (count))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define NOTIFY(call) SKIP_UNLESS((call), 1), ANSWER(SECCOMP_RET_USER_NOTIF)

int filter_install(void)
{
	/* Little endian: the lower half of an argument comes first. */
	struct sock_filter code[] = {
		LOAD(arch),
		SKIP_UNLESS(AUDIT_ARCH_X86_64, 1),
		BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
		ANSWER(SECCOMP_RET_ALLOW),
		LOAD(nr),
		NOTIFY(SYS_open),
		NOTIFY(SYS_openat),
		NOTIFY(SYS_stat),
		NOTIFY(SYS_newfstatat),
		NOTIFY(SYS_access),
		NOTIFY(SYS_faccessat),
		NOTIFY(SYS_faccessat2),
		SKIP_UNLESS(SYS_read, 4),
		LOAD(args[2]),
		NOTIFY(EVENTFD_BYTES),
		ANSWER(SECCOMP_RET_ALLOW),
		SKIP_UNLESS(SYS_ioctl, 4),
		LOAD(args[1]),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff00),
		SKIP_UNLESS(ACRN_IOCTL_TYPE << 8, 1),
		ANSWER(SECCOMP_RET_USER_NOTIF),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	int fd;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			  &program);
	return fd < 0 ? -errno : fd;
}

# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# What the scripts of this tree share: source it with ". scripts/lib.sh", do not run it.

# say WORDS...: one line for the person at the terminal; results go to stdout, this does not.
say()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# die STATUS WORDS...
die()
{
	die_status=$1
	shift
	say "$*"
	exit "$die_status"
}

# kvm_usable: can this process open /dev/kvm? ACRN_DM_NO_KVM=1 says no on any machine. Opening is
# the test, because a device node can be there (a chroot, a container) with nothing behind it.
kvm_usable()
{
	[ "${ACRN_DM_NO_KVM:-0}" = 0 ] || return 1
	[ -c /dev/kvm ] || return 1
	( : <>/dev/kvm ) 2>/dev/null
}

# kvm_why_not: the reason to print when kvm_usable says no.
kvm_why_not()
{
	if [ "${ACRN_DM_NO_KVM:-0}" != 0 ]; then
		echo "ACRN_DM_NO_KVM is set"
	elif [ ! -e /dev/kvm ]; then
		echo "there is no /dev/kvm"
	elif [ ! -c /dev/kvm ]; then
		echo "/dev/kvm is not a device node"
	else
		echo "/dev/kvm cannot be opened by $(id -un 2>/dev/null || id -u)"
	fi
}

# shm_require: POSIX shared memory lives in /dev/shm; stop early and clearly where it does not.
shm_require()
{
	if [ ! -d /dev/shm ]; then
		die 1 "there is no /dev/shm (a chroot?): mount one with" \
			"'mkdir -p /dev/shm && mount -t tmpfs -o mode=1777 tmpfs /dev/shm'"
	fi
	[ -w /dev/shm ] || die 1 "/dev/shm is not writable for $(id -un 2>/dev/null || id -u)"
}

#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Install, with apt, the Debian packages that a purpose needs and this machine lacks.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

usage()
{
	cat <<-'END'
	usage: scripts/install-deps.sh [--list] [build|demo|check|bench]...

	Installs the Debian packages that are missing for each purpose named (default: build):
	  build  compile everything that is not a test
	  demo   build, and the nested machine where /dev/kvm cannot be used
	  check  build, and every test
	  bench  build, and the programs that are measured beside ours
	Prints nothing and stays off the network when nothing is missing.
	--list only prints the missing packages.
	END
}

# "a|b" is satisfied by either and installs a.
build_packages="gcc make pkg-config|pkgconf libc6-dev linux-libc-dev uuid-dev libssl-dev"
build_packages="$build_packages acpica-tools libxml2-dev"
nested_packages="qemu-system-x86"
check_packages="$nested_packages libcunit1-dev libpciaccess-dev clang libclang-rt-14-dev shellcheck
	bsdextrautils"
bench_packages="qemu-system-x86"

packages_for()
{
	echo "$build_packages"
	case $1 in
	build) ;;
	demo) kvm_usable || echo "$nested_packages" ;;
	check) echo "$check_packages" ;;
	bench) echo "$bench_packages" ;;
	esac
}

is_installed()
{
	case $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) in
	installed*) return 0 ;; # one word per architecture
	esac
	return 1
}

# Prints the packages of "$@" that are not there, each once.
missing_of()
{
	for wanted in "$@"; do
		found=
		for name in $(echo "$wanted" | tr '|' ' '); do
			if is_installed "$name"; then
				found=yes
			fi
		done
		[ -n "$found" ] || echo "${wanted%%|*}"
	done | sort -u
}

all_known()
{
	for name in "$@"; do
		apt-cache show "$name" >/dev/null 2>&1 || return 1
	done
}

# apt_run ARGS...: quiet, but the whole output of a failed run is shown.
apt_run()
{
	if ! DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@" \
		</dev/null >"$log" 2>&1; then
		cat "$log" >&2
		return 1
	fi
}

apt_install()
{
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	trap 'exit 130' INT TERM HUP
	updated=
	if ! all_known "$@"; then
		apt_run update || die 1 "apt-get update failed"
		updated=yes
	fi
	if ! apt_run install --no-install-recommends "$@"; then
		[ -z "$updated" ] || die 1 "apt-get could not install: $*"
		say "trying again with new package lists"
		apt_run update || die 1 "apt-get update failed"
		apt_run install --no-install-recommends "$@" ||
			die 1 "apt-get could not install: $*"
	fi
}

list_only=
purposes=
for word in "$@"; do
	case $word in
	-h | --help)
		usage
		exit 0
		;;
	--list) list_only=yes ;;
	build | demo | check | bench) purposes="$purposes $word" ;;
	*) die 64 "'$word' is no purpose: build, demo, check or bench" ;;
	esac
done

command -v dpkg-query >/dev/null ||
	die 1 "this is not a Debian system (no dpkg-query): install the equivalents of:" \
		"$build_packages $check_packages"

wanted=
for purpose in ${purposes:-build}; do
	wanted="$wanted $(packages_for "$purpose")"
done
# shellcheck disable=SC2086 # package names, one word each
missing=$(missing_of $wanted)
[ -n "$missing" ] || exit 0
if [ -n "$list_only" ]; then
	echo "$missing"
	exit 0
fi
# shellcheck disable=SC2086
set -- $missing
if [ "$(id -u)" -ne 0 ]; then
	die 1 "missing packages; run as root: apt-get install --no-install-recommends $*"
fi
say "installing $*"
apt_install "$@"

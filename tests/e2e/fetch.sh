#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Fetch what Linux guests are made of from Debian packages and print the directory that holds it.
# Nothing is installed: the packages are downloaded and unpacked into a cache of the user.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"

usage()
{
	cat <<-'END'
	usage: tests/e2e/fetch.sh

	Prints a directory with a stock Debian kernel (vmlinuz, lib/modules), busybox, lspci and
	setpci, filling it on the first run (75 MB to download, 14 MB kept). Works as any user.
	  ACRN_DM_CACHE  where to keep it (default: $XDG_CACHE_HOME/acrn-dm or ~/.cache/acrn-dm)
	END
}

case ${1:-} in
'') ;;
-h | --help) usage; exit 0 ;;
*) usage >&2; exit 64 ;;
esac

packages="busybox-static pciutils libpci3 libkmod2 pci.ids"
modules="kvm-amd uio_pci_generic"	# the first for the nested machine, the second for guests

cache=${ACRN_DM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/acrn-dm}
case $cache in
/*) ;;
*) cache=$PWD/$cache ;;
esac
# The name changes with the list, so that an old cache is never taken for a complete one.
key=$(printf '%s/%s' "$packages" "$modules" | sha256sum | cut -c1-12)
tree=$cache/linux-$key

if [ -d "$tree" ]; then
	echo "$tree"
	exit 0
fi

case $cache in
*[[:space:]]*) die 1 "'$cache' has a blank in its name: name another place with ACRN_DM_CACHE" ;;
esac
mkdir -p "$cache" 2>/dev/null || die 1 "cannot create $cache: name another place with ACRN_DM_CACHE"
[ -w "$cache" ] || die 1 "cannot write to $cache: name another place with ACRN_DM_CACHE"
command -v apt-get >/dev/null || die 1 "fetching Debian packages needs apt-get"

# One downloads, the others wait; the lock goes with its holder.
exec 9>"$cache/lock"
flock 9
if [ -d "$tree" ]; then
	echo "$tree"
	exit 0
fi

rm -rf "$cache"/tmp.*	# of a run that was killed: the lock says that nobody else is at work
work=$(mktemp -d "$cache/tmp.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# Private lists let any user refresh them, and leave those of the machine as they are.
private="-o Dir::State::Lists=$work/lists -o Dir::Cache=$work/cache -o APT::Sandbox::User=root"
lists=

apt_update()
{
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
	lists=$private
	# shellcheck disable=SC2086 # several words; a cache path with blanks is refused above
	apt-get -qq $lists update
}

kernel_package()
{
	# shellcheck disable=SC2086
	apt-cache $lists depends linux-image-amd64 2>/dev/null |
		sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1
}

download()
{
	kernel=$(kernel_package)
	[ -n "$kernel" ] || return 1
	# shellcheck disable=SC2086
	(cd "$work/debs" &&
		apt-get -qq -o APT::Sandbox::User=root $lists download "$kernel" $packages) \
		>"$work/log" 2>&1
}

# Keep only modules that are wanted and what they depend on, with a load order for insmod.
pick_modules()
{
	version=$1
	busybox=$work/all/bin/busybox
	"$busybox" depmod -b "$work/all" "$version"
	dep=$work/all/lib/modules/$version/modules.dep
	mkdir -p "$work/tree/modules"
	for module in $modules; do
		line=$(grep "/$module\.ko:" "$dep") || die 1 "$kernel has no module $module"
		# modules.dep lists the nearest dependency first: load in the reverse order.
		for file in $(echo "$line" | tr -d ':' | tr ' ' '\n' | tac); do
			cp "$work/all/lib/modules/$version/$file" "$work/tree/modules/"
			echo "${file##*/}"
		done >"$work/tree/modules/$module.order"
	done
}

say "downloading a Debian kernel and tools into $cache (once)"
mkdir "$work/debs" "$work/all" "$work/tree"
if ! download; then
	# Unknown package, or lists so old that the mirror has dropped the version they name.
	apt_update || die 1 "cannot fetch package lists: is there a network?"
	download || { cat "$work/log" >&2; die 1 "cannot download the packages: is there a network?"; }
fi
for deb in "$work"/debs/*.deb; do
	dpkg-deb -x "$deb" "$work/all"
done

for vmlinuz in "$work"/all/boot/vmlinuz-*; do
	cp "$vmlinuz" "$work/tree/vmlinuz"
	pick_modules "${vmlinuz##*/vmlinuz-}"
done
mkdir -p "$work/tree/bin" "$work/tree/lib" "$work/tree/share"
cp "$work/all/bin/busybox" "$work/all/usr/bin/lspci" "$work/all/usr/bin/setpci" "$work/tree/bin/"
cp -P "$work"/all/usr/lib/x86_64-linux-gnu/lib*.so.* "$work/tree/lib/"
cp "$work/all/usr/share/misc/pci.ids" "$work/tree/share/"
echo "$kernel" >"$work/tree/kernel-package"
mv -T "$work/tree" "$tree"
echo "$tree"

#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Make the kernel and initial RAM disk of a stock Debian guest, for use with -k and -r.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
# shellcheck source=tests/e2e/image.sh
. "$root/tests/e2e/image.sh"

usage()
{
	cat <<-'END'
	usage: tests/e2e/mkguest.sh DIRECTORY

	Writes DIRECTORY/vmlinuz (an unmodified Debian kernel) and DIRECTORY/initrd (busybox, lspci,
	setpci, uio_pci_generic and, if it has been built, ivshmem-access). The guest takes shell
	commands from its console; "... -- COMMAND" on the kernel command line runs COMMAND instead.
	  BUILD  where the built programs are (default: build)
	END
}

case ${1:--h} in
-h | --help) usage; exit 0 ;;
-*) usage >&2; exit 64 ;;
esac
target=$1
build=${BUILD:-$root/build}

linux_tree=$("$root/tests/e2e/fetch.sh")
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
trap 'exit 130' INT TERM HUP

image_new "$stage"
image_add "$stage" "$linux_tree/bin/lspci" /bin/lspci
image_add "$stage" "$linux_tree/bin/setpci" /bin/setpci
image_add "$stage" "$linux_tree/share/pci.ids" /usr/share/misc/pci.ids
image_add_modules "$stage" uio_pci_generic
if [ -x "$build/samples/ivshmem-access" ]; then
	image_add "$stage" "$build/samples/ivshmem-access" /bin/ivshmem-access
fi
image_add "$stage" "$root/tests/e2e/guest-init.sh" /init

mkdir -p "$target"
cp "$linux_tree/vmlinuz" "$target/vmlinuz"
image_pack "$stage" "$target/initrd"

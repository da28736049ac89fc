#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Two virtual machines exchange messages through one shared region, and ring each other's doorbell for
# each batch: installs what is missing, builds, boots the pair and shows what each of them printed.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

scripts/install-deps.sh demo
make -s -j"$(nproc)" build/acrn-dm build/ivshmem-server guests

if kvm_usable; then
	exec scripts/run-pair.sh
fi
say "$(kvm_why_not): the pair runs inside an emulated machine that has one, which takes a minute"
exec tests/e2e/nested.sh --timeout 900 -- scripts/run-pair.sh

#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Everything that must hold: installs what is missing, builds, boots the pair of the demo, runs every
# test.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

scripts/install-deps.sh check
shm_require
scripts/demo.sh
make -s -j"$(nproc)" check-programs "$@"
# One part after the other: they measure no time, but the nested machine wants a core for itself.
exec make check "$@"

#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Everything that must hold: installs what is missing, builds, runs every test.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

scripts/install-deps.sh check
shm_require
exec make -j"$(nproc)" check "$@"

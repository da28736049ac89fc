#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The tests of tests/guest/, as they are, on a simulated ACRN with KVM behind: guests that run on
# either must not be able to tell. With names of scripts, only these. TAP.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/hsm_sim/on_acrn.sh
. "$root/tests/hsm_sim/on_acrn.sh"
on_acrn 1200 "$@"

# Whoever waits for these has waited for those of KVM already.
DOORBELL_STEPS=${DOORBELL_STEPS:-1000}
export DOORBELL_STEPS

[ $# -gt 0 ] || set -- machine power device bar-move doorbell doorbell-server
for name in "$@"; do
	acrn_results "$name" --kills --scenario "$root/tests/hsm_sim/guests.scenario" -- \
		"$root/tests/guest/$name.sh"
done
tap_done

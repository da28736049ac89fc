#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The tests of tests/guest/, as they are, on a simulated ACRN with KVM behind: guests that run on
# either must not be able to tell. With names of scripts, only these. TAP.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/hsm_sim/on_acrn.sh
. "$root/tests/hsm_sim/on_acrn.sh"
on_acrn 1200 "$@"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# Whoever waits for these has waited for those of KVM already.
DOORBELL_STEPS=${DOORBELL_STEPS:-1000}
export DOORBELL_STEPS

# guest_tests NAME: its results become ours.
guest_tests()
{
	echo "# $1"
	status=0
	"$hsm_sim" --kvm --kills --scenario "$root/tests/hsm_sim/guests.scenario" -- \
		"$root/tests/guest/$1.sh" >"$work/out" 2>"$work/err" </dev/null || status=$?
	while IFS= read -r line; do
		case $line in
		'ok '*'# SKIP'*)
			line=${line#ok * - }
			tap_skip "$1: ${line% # SKIP*}" "${line#*# SKIP }"
			;;
		'ok '*) tap_pass "$1: ${line#ok * - }" ;;
		'not ok '*) tap_fail "$1: ${line#not ok * - }" ;;
		*) echo "$line" | sed 's/^[^#]/# &/' ;;
		esac
	done <"$work/out"
	# Crashes of processors are meant to happen.
	if grep -q '^hsm-sim: violation' "$work/err" ||
		{ [ "$status" -ne 0 ] && ! grep -q '^not ok' "$work/out"; }; then
		tap_fail "$1: status $status, nothing is against the driver's rules"
		tap_note "$(cat "$work/err")"
	else
		tap_pass "$1: nothing is against the driver's rules"
	fi
}

[ $# -gt 0 ] || set -- machine power device bar-move doorbell doorbell-server
for name in "$@"; do
	guest_tests "$name"
done
tap_done

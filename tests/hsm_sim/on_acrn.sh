# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# shellcheck disable=SC2154 # root is the sourcing script's
# Guests that run on a simulated ACRN: source it, after setting root, and call on_acrn. It sources
# scripts/lib.sh and tests/e2e/tap.sh.

# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
# shellcheck source=tests/e2e/tap.sh
. "$root/tests/e2e/tap.sh"

if [ "${ACRN_DM_NESTED:-0}" = 0 ]; then
	build=${BUILD:-$root/build}
else
	build=$root/build
fi
hsm_sim=$build/tests/hsm_sim/hsm-sim

# on_acrn TIMEOUT "$@": the sourcing script goes on where KVM is usable, which may be in the nested
# machine, and where a program may answer system calls of others; if that is nowhere, it ends.
on_acrn()
{
	on_acrn_limit=$1
	shift
	if ! kvm_usable && [ "${ACRN_DM_NESTED:-0}" = 0 ]; then
		exec "$root/tests/e2e/nested.sh" --timeout "$on_acrn_limit" -- "$0" "$@"
	fi
	[ -x "$hsm_sim" ] || die 1 "$hsm_sim is not built: make check-hsm does it"
	if ! "$hsm_sim" -- true; then
		tap_skip "${0##*/}" 'here no program may answer system calls of others'
		tap_done
		exit 0
	fi
}

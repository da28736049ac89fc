# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
# shellcheck disable=SC2154 # root is the sourcing script's
# Tests on a simulated ACRN: source it, after setting root, and call on_driver (guests, if there are
# any, follow scripts) or on_acrn (they run). It sources scripts/lib.sh and tests/e2e/tap.sh and sets
# build and hsm_sim, where the programs and the simulator are.

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

# need_simulator: the sourcing script goes on where a program may answer system calls of others; else
# it ends.
need_simulator()
{
	[ -x "$hsm_sim" ] || die 1 "$hsm_sim is not built: make check-hsm does it"
	if ! "$hsm_sim" -- true; then
		tap_skip "${0##*/}" 'here no program may answer system calls of others'
		tap_done
		exit 0
	fi
}

# on_driver: likewise, with a directory $temp that goes at its end.
on_driver()
{
	need_simulator
	temp=$(mktemp -d)
	trap 'rm -rf "$temp"' EXIT
	trap 'exit 1' INT TERM HUP
}

# on_acrn TIMEOUT "$@": the same where KVM is usable, which may be in the nested machine.
on_acrn()
{
	on_acrn_limit=$1
	shift
	if ! kvm_usable && [ "${ACRN_DM_NESTED:-0}" = 0 ]; then
		exec "$root/tests/e2e/nested.sh" --timeout "$on_acrn_limit" -- "$0" "$@"
	fi
	need_simulator
}

# acrn_results TITLE [OPTION OF HSM-SIM]... -- SCRIPT: run a test script on the simulated ACRN with
# KVM behind; its results become ours.
acrn_results()
{
	acrn_title=$1
	shift
	echo "# $acrn_title"
	acrn_work=$(mktemp -d)
	acrn_status=0
	"$hsm_sim" --kvm "$@" >"$acrn_work/out" 2>"$acrn_work/err" </dev/null || acrn_status=$?
	while IFS= read -r line; do
		case $line in
		'ok '*'# SKIP'*)
			line=${line#ok * - }
			tap_skip "$acrn_title: ${line% # SKIP*}" "${line#*# SKIP }"
			;;
		'ok '*) tap_pass "$acrn_title: ${line#ok * - }" ;;
		'not ok '*) tap_fail "$acrn_title: ${line#not ok * - }" ;;
		*) echo "$line" | sed 's/^[^#]/# &/' ;;
		esac
	done <"$acrn_work/out"
	# Crashes of processors are meant to happen.
	if grep -q '^hsm-sim: violation' "$acrn_work/err" ||
		{ [ "$acrn_status" -ne 0 ] && ! grep -q '^not ok' "$acrn_work/out"; }; then
		tap_fail "$acrn_title: status $acrn_status, nothing is against the driver's rules"
		tap_note "$(cat "$acrn_work/err")"
	else
		tap_pass "$acrn_title: nothing is against the driver's rules"
	fi
	rm -rf "$acrn_work"
}

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

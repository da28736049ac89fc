#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# BARs that guests move about: the region follows, its contents and everything else stay unharmed.
# BAR_MOVES and BAR_SEED make the random part longer, or repeat one.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
# shellcheck source=tests/guest/vm.sh
. "$root/tests/guest/vm.sh"

moves=${BAR_MOVES:-1500}
# In the nested machine, which emulates all of it, some do.
[ "${ACRN_DM_NESTED:-0}" = 0 ] || moves=${BAR_MOVES:-300}
seed=${BAR_SEED:-$(($(date +%s) % 1000000 + 1))}

stride=1
# There each word is an exit by then: more moves than map slots.
if vm_on_acrn; then
	stride=61
fi

random="moves=$moves seed=$seed stride=$stride"
vm_guest one bar-move -s "6,ivshmem,$region-a,2" -B "test=one $random"
vm_results one "one device, "
vm_guest two bar-move -s "6,ivshmem,$region-a,2" -s "5,ivshmem,$region-b,2" \
	-B "test=two $random"
vm_results two

tap_is "nothing of the regions is left" "$(left_overs "$region-a")$(left_overs "$region-b")" ""
tap_done

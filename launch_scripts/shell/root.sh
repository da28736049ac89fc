# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

need_root()
{
	[ "$(id -u)" -eq 0 ] || die "only root can prepare the devices of this VM"
}

#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Every back end that can be had without hardware keeps the same expectations.  The kernel rig
# runs the same program against the real drivers.
set -u
. "$top_srcdir/tests/system/tap.sh"
plan 11

dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
pmctl=$top_builddir/pmctl
conformance=$top_builddir/tests/conformance/conformance

node() { # node NAME OPTION...: a simulated node, not begun with any list
	local name=$1; shift
	"$pmctl" sim create --list=none "$@" "$dir/$name" >/dev/null
}
fault() { "$pmctl" sim fault --package="$2" --domain="$3" --fault="$4" "$dir/$1"; }
# holds SPEC OPTION...: every point of the conformance program holds
holds() { local spec=$1; shift; timeout 60 "$conformance" --backend="$spec" "$@" | grep -v '^ok'; [ "${PIPESTATUS[0]}" = 0 ]; }
# says PATTERN SPEC OPTION...: and prints this line
says() { local pattern=$1 spec=$2; shift 2; has "$(timeout 60 "$conformance" --backend="$spec" "$@")" "$pattern"; }

node two
check "two packages, root's part included" \
	holds "sim:$dir/two" --packages=2 --domains=package,dram --writes --list --skips=2
node many --topology "pack:4 core:2 pu:1" --variation 0.05 --seed 7
check "four packages that differ" \
	holds "sim:$dir/many" --packages=4 --domains=package,dram --writes --list --skips=2
check "and it is said to be simulated" says '^# back end .*simulated' "sim:$dir/two" --list

node locked
fault locked 0 package locked
fault locked 1 dram locked
check "locked limits are refused, the others move" holds "sim:$dir/locked" --writes --list --skips=1
node wired
fault wired 0 package limit2-wired
check "a limit 2 that does not take is found out, and all else moves" \
	says '^not ok [0-9]+ - root sets limit 2' "sim:$dir/wired" --writes --list

node bare --topology "pack:1 core:4 pu:2"
fault bare 0 dram absent
check "a node without DRAM" holds "sim:$dir/bare" --packages=1 --domains=package --writes --list --skips=2

node deaf
fault deaf 0 package counter-stuck
check "a counter that stands still is found out" \
	says '^not ok [0-9]+ - every energy counter grows' "sim:$dir/deaf" --list --wait-ms=100

node shut
check "what hinders a capture is said as it is" \
	says "^ok [0-9]+ - capture reads every setting # SKIP package-0: capture: MSR 0x610: the node's allowlist is empty; root can install one with .pmctl allowlist install.\$" "sim:$dir/shut"
check "and behind it nothing goes back" \
	says '^ok [0-9]+ - what was captured goes back, bit by bit # SKIP nothing can be captured$' "sim:$dir/shut" --writes

check "no interface at all" holds none
check "a back end that is not there ends it" says '^Bail out! ' msr-safe --root="$dir"

#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Real machines, as the hwloc project recorded them, against what their data sheets, and the
# raw files of the recording, say.  They lie outside of this tree: PHASECAP_MACHINES names
# their directory.
set -u
. "$top_srcdir/tests/system/tap.sh"

machines=${PHASECAP_MACHINES:-$top_srcdir/../shared/data/machines}
[ -d "$machines" ] || skip_all "no recorded machines: PHASECAP_MACHINES names no directory"
roots=$(mktemp -d) || exit 99
trap 'rm -rf "$roots"' EXIT
plan 17

# shows WANTED KIND SOURCE [LIST]: the program says exactly this
shows() {
	local wanted=$1 got; shift
	got=$("$top_builddir/tests/system/show_topology" "$@") || return 1
	[ "$got" = "$wanted" ] || { printf 'wanted:\n%s\ngot:\n%s\n' "$wanted" "$got"; return 1; }
}
xml() { check "$1" shows "$3" xml "$machines/$2.xml" "${@:4}"; }
root() { # root TEXT ARCHIVE DIRECTORY WANTED [LIST]
	[ -d "$roots/$3" ] || tar -xjf "$machines/$2.tar.bz2" -C "$roots"
	check "$1" shows "$4" root "$roots/$3" "${@:5}"
}
# every FIRST STEP LAST: a list of numbers as the kernel prints one
every() { seq -s, "$@"; }

xml "two packages of 24 cores, two threads each" AMD-17h-Zen-2xEpyc-7451 \
'packages 2, cpus 96, usable 96
package 0: cpus 0-23,48-71, reach 0
package 1: cpus 24-47,72-95, reach 24'
xml "two packages of 96 cores, two threads each" AMD-19h-Zen4-2xEpyc-9654 \
'packages 2, cpus 384, usable 384
package 0: cpus 0-95,192-287, reach 0
package 1: cpus 96-191,288-383, reach 96'
xml "numbers that go round the packages" Intel-Broadwell-2xXeon-E5-2650Lv4 \
"packages 2, cpus 56, usable 56
package 0: cpus $(every 0 2 54), reach 0
package 1: cpus $(every 1 2 55), reach 1"
xml "the even CPUs are one package, wholly" Intel-CascadeLake-2xXeon6230 \
"packages 2, cpus 80, usable 80
package 0: cpus $(every 0 2 78), reach 0, owned wholly
package 1: cpus $(every 1 2 79), reach 1, owned none" "$(every 0 2 78)"
xml "the first half of the CPUs is half of each" Intel-CascadeLake-2xXeon6230 \
"packages 2, cpus 80, usable 80
package 0: cpus $(every 0 2 78), reach 0, owned partly
package 1: cpus $(every 1 2 79), reach 1, owned partly" 0-39
xml "without hyper-threading" Intel-Haswell-2xXeon-E5-2680v3 \
"packages 2, cpus 24, usable 24
package 0: cpus $(every 0 2 22), reach 0
package 1: cpus $(every 1 2 23), reach 1"
twelve=$(for p in $(seq 0 11); do
	echo "package $p: cpus $((p * 8))-$((p * 8 + 7)),$((p * 8 + 96))-$((p * 8 + 103)), reach $((p * 8))"; done)
xml "twelve packages" Intel-IvyBridge-12xXeon-E5-4620v2 "packages 12, cpus 192, usable 192
$twelve"
xml "four threads a core" Intel-KnightsLanding-XeonPhi-7210 \
'packages 1, cpus 256, usable 256
package 0: cpus 0-255, reach 0'
xml "memory on the package" Intel-SapphireRapids-2xXeonMax9460 \
'packages 2, cpus 160, usable 160
package 0: cpus 0-39,80-119, reach 0
package 1: cpus 40-79,120-159, reach 40'
xml "three dies a package" Intel-CPUID.1F-Qemu-2p3d3c2t \
'packages 2, cpus 36, usable 36
package 0: cpus 0-17, reach 0, die 0 reach 0, die 1 reach 6, die 2 reach 12
package 1: cpus 18-35, reach 18, die 0 reach 18, die 1 reach 24, die 2 reach 30'

root "offline CPUs: package 1 has 5 and 13 offline, package 2 has 2 and 14" \
	16em64t-4s2c2t-offlines 16em64t-4s2c2t-offlines \
'packages 4, cpus 12, usable 12
package 0: cpus 0,4,8,12, reach 0
package 1: cpus 1,9, reach 1
package 3: cpus 3,7,11,15, reach 3
package 2: cpus 6,10, reach 6'
root "a package is owned by its online CPUs" 16em64t-4s2c2t-offlines 16em64t-4s2c2t-offlines \
'packages 4, cpus 12, usable 12
package 0: cpus 0,4,8,12, reach 0, owned none
package 1: cpus 1,9, reach 1, owned wholly
package 3: cpus 3,7,11,15, reach 3, owned partly
package 2: cpus 6,10, reach 6, owned wholly' 1,9,6,10,3
root "a cgroup that allows six CPUs: the others are there, and not ours" \
	32amd64-4s2n4c-cgroup2 32amd64-4s2n4c-cgroup \
'packages 4, cpus 32, usable 6
package 0: cpus 0-7, reach 0, owned partly
package 1: cpus 8-15, reach 8, owned none
package 2: cpus 16-23, reach 16, owned none
package 3: cpus 24-31, reach 24, owned none' 0-5
root "four packages with sparse memory numbers" 48amd64-4pa2n6c-sparse 48amd64-4d2n6c-sparse \
'packages 4, cpus 48, usable 48
package 0: cpus 0-11, reach 0
package 1: cpus 12-23, reach 12
package 2: cpus 24-35, reach 24
package 3: cpus 36-47, reach 36'
root "two dies a package" fakecpuid1f-64intel64-2p4d2n2c2t fakecpuid1f-64intel64-2p4d2n2c2t \
'packages 4, cpus 64, usable 64
package 0: cpus 0-15, reach 0, die 0 reach 0, die 1 reach 8
package 1: cpus 16-31, reach 16, die 0 reach 16, die 1 reach 24
package 2: cpus 32-47, reach 32, die 0 reach 32, die 1 reach 40
package 3: cpus 48-63, reach 48, die 0 reach 48, die 1 reach 56'
root "CPU 0 offline" offline-cpu0-node0 offline-cpu0-node0 \
'packages 2, cpus 17, usable 17
package 0: cpus 4,6,8,10,12,14,16,18,20, reach 4
package 1: cpus 5,7,9,11,13,15,17,19, reach 5'
root "a job with the CPUs that the offline ones would make whole" offline-cpu0-node0 offline-cpu0-node0 \
'packages 2, cpus 17, usable 17
package 0: cpus 4,6,8,10,12,14,16,18,20, reach 4, owned wholly
package 1: cpus 5,7,9,11,13,15,17,19, reach 5, owned none' "$(every 0 2 22)"

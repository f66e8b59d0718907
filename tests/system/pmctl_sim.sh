#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# pmctl sim: making, showing and breaking simulated nodes.
set -u
. "$top_srcdir/tests/system/pmctl_node.sh"
plan 34

create() { says "$1" "$2" sim create "${@:3}"; }
packages() { "$pmctl" show -b "sim:$1" | grep -c '^package-'; }

check "create says how to use the node" create 0 "^$dir/a: a simulated node \(pack:2 core:2 pu:1\); use it with --backend=sim:$dir/a$" "$dir/a"
check "a second of the same name is refused" create 1 "$dir/a" "$dir/a"
check "the first is left alone" [ "$(packages "$dir/a")" = 2 ]
check "--dry-run makes none" sh -c '"$1" sim create -n "$2" | grep -q "would make" && [ ! -e "$2" ]' sh "$pmctl" "$dir/none"
check "--json names the file" json "\"path\": \"$dir/json\"" sim create --json "$dir/json"
check "four packages" sh -c '"$1" sim create "$2" --topology="pack:4 core:1 pu:1" >/dev/null && [ "$("$1" show -b "sim:$2" | grep -c ^package-)" = 4 ]' sh "$pmctl" "$dir/four"
check "the file is its owner's" [ "$(stat -c %a "$dir/a")" = 600 ]
check "--mode opens it, whatever the umask" sh -c 'umask 077; "$1" sim create "$2" --mode=0660 >/dev/null && [ "$(stat -c %a "$2")" = 660 ]' sh "$pmctl" "$dir/mode"
check "the list lets registers be read" says 0 '^0x00000610 0x0000000000000000$' allowlist show -b "sim:$dir/a"
check "--list=none leaves it empty" sh -c '"$1" sim create "$2" --list=none >/dev/null && [ -z "$("$1" allowlist show -b "sim:$2" 2>/dev/null)" ]' sh "$pmctl" "$dir/nolist"
check "--list=job lets limit 1 be written" sh -c '"$1" sim create "$2" --list=job >/dev/null && "$1" show -b "sim:$2" | grep -q writable' sh "$pmctl" "$dir/job"
check "a workload is taken" create 0 'a simulated node' "$dir/work" --workload=spmv=mixed,assemble=compute
check "a seed and a variation are taken" create 0 'a simulated node' "$dir/seed" --variation=0.05 --seed=7 --host-ratio=4 --sku=sim-skx

check "a topology that is none is refused" create 1 'topology|tea' "$dir/x" --topology=tea
check "and leaves no file" [ ! -e "$dir/x" ]
check "an unknown sku is refused" create 1 'tea' "$dir/x" --sku=tea
check "an unknown class of work is refused" create 1 'tea' "$dir/x" --workload=spmv=tea
check "a mode that is none is refused" create 2 "'0888' is no octal mode such as 0660" "$dir/x" --mode=0888
check "a variation too wide is refused" create 2 "'2' is no number from 0 to 0.3" "$dir/x" --variation=2
check "a variation that is none is refused" create 2 "'nan' is no number from 0 to 0.3" "$dir/x" --variation=nan
check "a seed that is none is refused" create 2 "--seed: 'x' is not a whole number" "$dir/x" --seed=x
check "a host ratio out of range is refused" create 2 "--host-ratio: '65' is not a whole number from 1 to 64" "$dir/x" --host-ratio=65
check "a list that is none is refused" create 2 "--list: 'all' is none of read, job, root" "$dir/x" --list=all
check "a directory that is not there is named" create 1 "$dir/no/x" "$dir/no/x"
check "the path is needed" create 2 'pmctl sim create: PATH is missing'

check "show has topology and true energy" says 0 '^package-1: simulated energy since it was made: package [0-9.]+ J, dram [0-9.]+ J$' sim show "$dir/a"
check "show has the registers too" says 0 'every figure here is simulated' sim show "$dir/a"
check "show --json says that it is simulated" json '"topology": "pack:2 core:2 pu:1", "simulated": true' sim show --json "$dir/a"
check "show of what is no node fails" says 1 "$dir/site.conf" sim show "$dir/site.conf"

check "a fault needs its package" says 2 'pmctl sim fault: --package is missing' sim fault "$dir/a" --fault locked
check "an unknown fault names those that there are" \
	says 2 "'tea' is none of limit-ignored, locked, absent, limit2-wired, cpu-lost, counter-stuck, absurd-info, limited-elsewhere" sim fault "$dir/a" -p 0 --fault tea
check "a package that is not there is refused" says 1 '9' sim fault "$dir/a" -p 9 --fault locked
check "a domain that is none is refused" says 2 "'tea' is no domain" sim fault "$dir/a" -p 0 -d tea --fault locked
each_fault() { # every fault can be set and cleared, and a dry run does neither
	local f; for f in limit-ignored locked absent limit2-wired cpu-lost counter-stuck absurd-info limited-elsewhere; do
		says 0 "would set $f on package 0, package" sim fault "$dir/a" -p 0 --fault $f -n || return 1
		"$pmctl" sim fault "$dir/a" -p 0 --fault $f && "$pmctl" sim fault "$dir/a" -p 0 --fault $f --off || return 1
	done
}
check "every fault can be set and cleared" each_fault

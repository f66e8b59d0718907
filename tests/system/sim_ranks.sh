#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Several processes on one simulated node: work takes the plant's time, a cap slows it and is
# held, and ranks that are killed leave nothing behind.  Bounds are lower ones where they are
# about time: a busy host can only make things longer.
set -u
. "$top_srcdir/tests/system/tap.sh"
plan 9

ranks=$top_builddir/tests/system/sim_ranks
directory=$(mktemp -d) || exit 99
trap 'rm -rf "$directory"' EXIT
node=$directory/node

# each LINES FIELD OPERATOR VALUE: true of the field in every line
each() { awk -v f="$2" -v op="$3" -v v="$4" '
	{ for (i = 1; i < NF; i++) if ($i == f) { n++
		if (!(op == "<=" ? $(i+1) <= v : $(i+1) >= v)) { print; bad = 1 } } }
	END { exit bad || !n }' <<<"$1"; }
# comes_to LOW HIGH: package 0 draws that many mW, within ten seconds
comes_to() {
	local power
	for _ in $(seq 100); do
		power=$("$ranks" power "$node") && [ "$power" -ge "$1" ] && [ "$power" -le "$2" ] && return 0
	done
	echo "$power mW" >&2; return 1
}
four_places() { awk '{ print $4 }' <<<"$1" | sort | tr '\n' ' ' | grep -qx '0 0 1 1 '; }

check "a node is made" "$ranks" create "$node"
check "it idles at its static power" comes_to 46000 51000

free=$("$ranks" run "$node" 4 100) || note "$free"
check "four ranks are two on each package" four_places "$free"
check "four times slower cores take four times as long" each "$free" took_ms '>=' 359

check "a limit is set" "$ranks" limit "$node" 60
capped=$("$ranks" run "$node" 4 100) || note "$capped"
# 360 ms at 0.41 of the speed, which 60 W leave of compute-bound work.
check "under 60 W the same work takes the plant's time" each "$capped" took_ms '>=' 850
check "the mean power is at most the limit" each "$capped" power_mw '<=' 60600

check "ranks that compute for ever are killed" "$ranks" crash "$node" 8
check "their load is gone" comes_to 46000 51000

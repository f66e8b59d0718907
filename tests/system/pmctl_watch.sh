#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# pmctl watch: what it prints, how often, and how it ends.
set -u
. "$top_srcdir/tests/system/pmctl_node.sh"
plan 25

node n --list=root
b="--backend=sim:$dir/n"
watch() { says "$1" "$2" watch "$b" "${@:3}"; }
# lines N ARGUMENT...: so many lines of JSON
lines() { [ "$("$pmctl" watch "$b" --json "${@:2}" | wc -l)" = "$1" ]; }

check "an idle package draws its idle power" watch 0 '^  package-0 +4[0-9]\.[0-9] W +150 W +[89]\.[0-9] W +off +0\.0 % +unknown$' -i 0.3 -c 1
check "what is simulated is said" watch 0 '^[0-9]{2}:[0-9]{2}:[0-9]{2}  simulated$' -i 0.05 -c 1
check "a plain stream has no escapes" watch 0 "!$(printf '\033')" -i 0.05 -c 2
check "--count ends it" sh -c '[ "$("$1" watch "$2" -i 0.05 -c 3 | grep -c simulated)" = 3 ]' sh "$pmctl" "$b"
check "--json is one object a line" lines 3 -i 0.05 -c 3
check "each line is JSON" sh -c '"$1" watch "$2" --json -i 0.05 -c 2 | while read -r l; do echo "$l" | "$1" report --json - >/dev/null || exit 1; done' sh "$pmctl" "$b"
check "a line has watts, limit and verdict" json \
	'"simulated":true,"packages":\[\{"name":"package-0","power_uw":[0-9]+,"limit_uw":150000000,"dram_uw":[0-9]+,"dram_limit_uw":null,"throttled_permille":0,"verdict":"unknown"' \
	watch "$b" --json -i 0.05 -c 1

# plausible NODE: what an idle package draws, and no sample that is absurd
plausible() {
	"$pmctl" watch -b "sim:$dir/$1" --json -i 0.3 -c 2 | grep -oE '"power_uw":[0-9]+' |
		awk -F: '$2 < 30e6 || $2 > 60e6 { bad = 1; print } END { exit bad || NR != 4 }'
}
check "watts are plausible" plausible n

# Verdicts, under a load that is known: a limit below the idle power cannot be reached.
"$pmctl" set "$b" --save="$dir/before" -p 0 -l 20W -w 250ms >/dev/null 2>&1
check "a limit below the floor is unreachable, or not enforced" \
	watch 0 '^  package-0 .* (unreachable|not enforced)$' -i 1.5 -c 1
check "the other package is not judged by it" watch 0 '^  package-1 .* unknown$' -i 0.5 -c 1
"$pmctl" restore "$dir/before" >/dev/null
"$pmctl" set "$b" --save="$dir/dram" -p 1 -d dram -l 20W >/dev/null
check "a DRAM limit is shown" watch 0 '^  package-1 .* W +20 W +[0-9.]+ %' -i 0.05 -c 1

# Trouble on the way: a package that stops answering costs no other package.
"$pmctl" sim fault "$dir/n" -p 0 --fault absent
check "a package that answers nothing is said" watch 0 '^  package-0 +- .*' -i 0.05 -c 1
check "the other one goes on" watch 0 '^  package-1 +[0-9.]+ W' -i 0.05 -c 1
"$pmctl" sim fault "$dir/n" -p 0 --fault absent --off

# fails_midway: the fault comes while watch runs, and its line says why
fails_midway() {
	mkfifo "$dir/fifo"
	"$pmctl" watch "$b" -i 0.1 -c 6 >"$dir/fifo" & local pid=$!
	local line n=0 output=
	while read -r line; do
		output+=$line$'\n'
		[ $((n += 1)) = 2 ] && "$pmctl" allowlist clear "$b" >/dev/null
	done <"$dir/fifo"
	wait $pid || return 1
	has "$output" 'package-0 .*allowlist'
}
check "a list that is taken away midway is said, and watch goes on" fails_midway
"$pmctl" allowlist print --purpose=root "$b" | "$pmctl" allowlist install "$b" - >/dev/null 2>&1

# ends_by SIGNAL: with status 0, once it has begun to print
ends_by() {
	rm -f "$dir/out"
	timeout 30 "$pmctl" watch "$b" -i 0.02 >"$dir/out" & local pid=$! i
	for i in $(seq 500); do [ -s "$dir/out" ] && break; sleep 0.02; done
	kill -"$1" $pid; wait $pid
}
# Job control gives background commands their own SIGINT back (POSIX: it is ignored without).
set -m
check "SIGINT ends it cleanly" ends_by INT
check "SIGTERM too" ends_by TERM
set +m
check "a reader that goes away ends it" sh -c '"$1" watch "$2" -i 0.02 -c 500 | head -n 1 >/dev/null' sh "$pmctl" "$b"
check "a full standard output ends it with a failure" sh -c '"$1" watch "$2" -i 0.02 -c 500 >/dev/full 2>/dev/null; [ $? = 1 ]' sh "$pmctl" "$b"

if command -v script >/dev/null; then
	script -qec "'$pmctl' watch '$b' -i 0.05 -c 2" "$dir/tty" >/dev/null </dev/null
	check "on a terminal it redraws" grep -q "$(printf '\033\\[H\033\\[J')" "$dir/tty"
else
	ok "on a terminal it redraws # SKIP no script(1)"
fi

check "an interval is a time" watch 2 "pmctl watch: --interval: 'often' is no time above zero" -i often
check "an interval too short is refused" watch 2 "'0.001' is not from 0.01 to 3600 seconds" -i 0.001
check "an interval too long is refused" watch 2 "'4000' is not from 0.01 to 3600 seconds" -i 4000
check "a count is a number" watch 2 "pmctl watch: --count: 'some' is not a whole number from 1" -c some
check "a count of none is refused" watch 2 "'0' is not a whole number from 1" -c 0
check "a back end without packages says so, or shows time only" says 0 '^  package-0 +- ' watch --backend=none -i 0.05 -c 1

#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# pmctl set, save and restore: what is written, what is refused, and the way back.
set -u
. "$top_srcdir/tests/system/pmctl_node.sh"
plan 88

check "a node with root's list is made" node n --list=root
site="--config=$dir/site.conf"
b="--backend=sim:$dir/n"
set_() { says "$1" "$2" set "$b" "$site" "${@:3}"; }
saved=$dir/run/set.saved

# Dry run
check "a dry run names old and new limit" \
	set_ 0 '^package-0 package limit 1: 150 W over 1 s, on, clamp -> 105 W over 1 s, on, clamp \(not written\)$' -l 105W -n
check "a dry run names register and bits" \
	set_ 0 'register 0x610: 0x[0-9A-F]{16} -> 0x[0-9A-F]{16}, bits that change: 3-10$' -l 105W -n
check "watts round down to the register's steps" set_ 0 '-> 105\.125 W over' -l 105.2W -n
check "a dry run refuses what a write would" set_ 1 'package-0: .*5000.*4095\.875' -l 5kW -n
check "a dry run --json has the bits" json '"dry_run": true.*"changed_bits": 2040' set "$b" "$site" -l 105W -n --json
check "a dry run wrote nothing" holds n 0 150
check "a dry run kept nothing" [ ! -e "$saved" ]

# Writing
check "set reads back" set_ 0 '^package-1 package limit 1: 150 W over 1 s, on, clamp -> 105 W over 1 s, on, clamp \(read back\)$' -l 105W
check "both packages hold the limit" holds n 0 105
check "both packages hold the limit" holds n 1 105
check "what it replaced is on disk" [ -s "$saved" ]
check "--package sets one" set_ 0 '^package-1 .*-> 90 W over 250 ms' -p 1 -l 90W -w 250ms
check "and leaves the other" holds n 0 105
check "--json shows before and after" json \
	'"simulated": true.*"before": \[ \{ "limit_uw": 105000000,.*"after": \[ \{ "limit_uw": 100000000,' set "$b" "$site" -p 0 -l 100W --json
check "a DRAM limit that was off gets a sensible window" \
	set_ 0 '^package-0 dram limit 1: 0 W over 976 us, off -> 20 W over 1 s, on, clamp' -p 0 -d dram -l 20W
check "limit 2 can be set" set_ 0 '^package-0 package limit 2: 180 W .* -> 160 W ' -p 0 --which=2 -l 160W
check "a limit below the least is set and said" set_ 0 '5 W is below the least that the hardware names, 75 W' -p 0 -l 5W

# Restoring
check "restore --dry-run says what would be" says 0 'package-0 msr:0x610: saved 0x[0-9a-f]+, found 0x[0-9a-f]+: would be restored' restore "$site" -n
check "and writes nothing" holds n 1 90
check "restore prints a line for each setting" says 0 'package-1 msr:0x610: saved 0x[0-9a-f]+, found 0x[0-9a-f]+: restored' restore "$site"
check "the first values are back, not those in between" holds n 0 150
check "the first values are back, not those in between" holds n 1 150
check "what was kept is gone" [ ! -e "$saved" ]
check "there is nothing more to restore" says 1 "nothing to restore: no .pmctl set. has left $saved" restore "$site"

# Nothing is written before what it replaces is on disk
full() { bash -c 'ulimit -f 0; trap "" XFSZ; "$@"' bash "$pmctl" "$@" 2>&1; }
check "a full disk refuses the set" sh -c 'echo "$1" | grep -q "File too large"' sh "$(full set "$b" "$site" -l 100W)"
check "and nothing was written" holds n 0 150
check "nor is a file left" [ -z "$(ls -A "$dir/run" | grep saved)" ]
mv "$dir/run" "$dir/kept"; : >"$dir/run"
check "a run directory that is none refuses the set" set_ 1 "$dir/run: .*; nothing was changed" -l 100W
check "and nothing was written" holds n 0 150
rm "$dir/run"; mv "$dir/kept" "$dir/run"

# One package that refuses
check "package 1 is locked" "$pmctl" sim fault "$dir/n" -p 1 --fault locked
check "set says which package is locked" set_ 1 'package-1: .*locked by the firmware until the next reset' -l 100W
check "no package keeps the new limit" holds n 0 150
check "and it says so" set_ 1 '^pmctl: every package has its former limits$' -l 100W
check "a dry run says that it is locked" set_ 0 'the firmware has locked the register: a write would be ignored' -p 1 -l 100W -n
"$pmctl" sim fault "$dir/n" -p 1 --fault locked --off

# The list
"$pmctl" allowlist print "$b" --purpose=job | "$pmctl" allowlist install "$b" - >/dev/null 2>&1
check "a job's list suffices for limit 1" set_ 0 '-> 120 W' -l 120W
check "a job's list does not let a limit be switched on" set_ 1 'the allowlist lets only bits' -d dram -l 20W
check "a dry run says which bits the list refuses" set_ 0 'the allowlist does not let bits 15 be written' -d dram -l 20W -n
"$pmctl" allowlist print "$b" --purpose=root | "$pmctl" allowlist install "$b" - >/dev/null 2>&1
check "restore after that" says 0 restored restore "$site"
"$pmctl" allowlist clear "$b" >/dev/null
check "without a list nothing can be set" set_ 1 "^pmctl: " -l 100W
check "--lend-list sets all the same" set_ 0 '-> 100 W' -l 100W --lend-list
check "the list is the site's own again" says 0 "list is empty" allowlist show "$b"
check "restore without a list fails" says 1 'settings are not back|hides' restore "$site"
check "restore --lend-list restores" says 0 'package-1 msr:0x610: .*: restored' restore "$site" --lend-list
check "the list is the site's own again" says 0 "list is empty" allowlist show "$b"
"$pmctl" allowlist print "$b" --purpose=root | "$pmctl" allowlist install "$b" - >/dev/null 2>&1
node third --list=root
check "what another node's set has kept is not overwritten" \
	sh -c '"$1" set "$2" "$3" -l 100W >/dev/null && "$1" set -b "sim:$4" "$3" -l 100W 2>&1 | grep -q "holds what was replaced through back end sim:"' \
	sh "$pmctl" "$b" "$site" "$dir/third"
check "nor is that node written" holds third 0 150
"$pmctl" restore "$site" >/dev/null

# A package all of whose CPUs are offline is not there, and comes back: the same node with fewer and more
packages() { rm -f "$dir/some" && node some --list=root --topology="pack:$1 core:2 pu:1"; }
some() { says "$1" "$2" "$3" "$site" "${@:4}"; }
packages 2; "$pmctl" set "--backend=sim:$dir/some" "$site" -l 100W >/dev/null
packages 1; "$pmctl" set "--backend=sim:$dir/some" --save="$dir/one" -l 90W >/dev/null
check "restore says which package is not there" some 1 \
	'^package-1 msr:0x610: saved 0x[0-9a-f]+, found 0x0: failed: package-1 is not there: bring one of its CPUs online, and run this again$' restore
check "and how much is not back" some 1 'set\.saved: 2 of 4 settings are not back' restore
check "what is there is back" holds some 0 150
check "what was kept is kept" [ -s "$saved" ]
packages 2
check "restore finishes once it is there" some 0 '^package-1 msr:0x610: .*: (same|restored)$' restore
packages 1; "$pmctl" set "--backend=sim:$dir/some" "$site" -l 100W >/dev/null
packages 2
check "a package that has come since is not written" some 1 \
	"^pmctl: $saved: does not hold what package-1 had; .pmctl restore. first, or keep this with --save=FILE$" set "--backend=sim:$dir/some" -l 90W
check "it has what it had" holds some 1 150
check "restore first" some 0 '^package-0 ' restore

# Usage
check "--limit is needed" set_ 2 '^pmctl set: --limit is missing'
check "watts are watts" set_ 2 'pmctl set: --limit: .*5X.*for example 300W' -l 5X
check "a window is a time" set_ 2 "pmctl set: --window: 'soon' is no time above zero, such as 1s, 250ms or 976us" -l 100W -w soon
check "a window of zero is refused" set_ 2 "'0s' is no time above zero" -l 100W -w 0s
check "a window that does not fit is refused" set_ 1 'package-0: .*window' -l 100W -w 99999999s
check "a window that may not be enforced is said" \
	set_ 0 'a window of 10 ms is outside 250 ms to 40 s: the limit may not be enforced' -l 100W -w 10ms -n
check "only package and dram have limits to set" set_ 2 "'pp0' is neither package nor dram" -d pp0 -l 10W
check "a package is one of the node's" set_ 2 "'7' is not a whole number from 0 to 1" -p 7 -l 100W
check "there are two limits" set_ 2 "--which: '3' is not a whole number from 1 to 2" --which=3 -l 100W
check "DRAM has one limit" set_ 1 'there is no limit 2' -d dram --which=2 -l 10W
check "a back end without limits says so" says 1 'cannot' set --backend=none "$site" -l 100W

# A back end without registers, on a recorded machine
root=$dir/root; z=$root/sys/class/powercap/intel-rapl:0
mkdir -p "$z" "$root/sys/devices/system/cpu/cpu0/topology" "$root/sys/class/powercap/intel-rapl"
put() { printf '%s\n' "$2" >"$1"; }
for f in online possible present; do put "$root/sys/devices/system/cpu/$f" 0; done
for f in physical_package_id core_id; do put "$root/sys/devices/system/cpu/cpu0/topology/$f" 0; done
for f in core_siblings thread_siblings core_cpus package_cpus; do put "$root/sys/devices/system/cpu/cpu0/topology/$f" 1; done
put "$root/sys/class/powercap/intel-rapl/enabled" 1
put "$z/name" package-0; put "$z/enabled" 1; put "$z/energy_uj" 1; put "$z/max_energy_range_uj" 262143328850
put "$z/constraint_0_name" long_term; put "$z/constraint_0_power_limit_uw" 150000000
put "$z/constraint_0_time_window_us" 999424; put "$z/constraint_0_max_power_uw" 150000000
check "a dry run works without registers" says 0 '^package-0 package limit 1: 150 W over 999.4 ms, on.* -> 105 W over 999.4 ms, on, clamp \(not written\)$' set --root="$root" -l 105W -n
check "a recorded machine cannot be written" says 1 'a recorded root is read only' set --root="$root" --save="$dir/r" -l 105W
check "nor is a file left" [ ! -e "$dir/r" ]

# save and restore by file
file=$dir/settings
check "save says how much" says 0 "$file: 4 settings saved" save "$b" "$file"
check "save --json counts the settings" json "\"file\": \"$dir/json\", \"settings\": 4, \"simulated\": true" save --json "$b" "$dir/json"
check "save --dry-run makes no file" sh -c '"$1" save "$2" "$3" -n | grep -q "would be saved" && [ ! -e "$3" ]' sh "$pmctl" "$b" "$dir/none"
check "a saved file is for its owner" [ "$(stat -c %a "$file")" = 600 ]
check "save into a directory that is not there is refused" says 1 "$dir/no/file: No such file or directory: the settings cannot be kept there" save "$b" "$dir/no/file"
"$pmctl" set "$b" --save="$dir/before" -l 110W >/dev/null
check "--save keeps what is replaced in a file" [ -s "$dir/before" ]
check "and nothing in the run directory" [ ! -e "$saved" ]
check "restore FILE --json lists the settings" json '"not_back": 0, "settings": \[ \{.*"result": "restored"' restore --json "$file"
check "it is back" holds n 0 150
check "restoring again changes nothing" says 0 'package-0 msr:0x610: .*: same' restore "$file"
(cd "$dir" && "$pmctl" restore --backend=sim:n "$file" >/dev/null) && back=0 || back=1
check "the same back end by another path is the same" [ $back = 0 ]
node other --list=root
check "a file of another node is refused" says 1 'was saved through back end sim:.*; leave --backend out' restore --backend="sim:$dir/other" "$file"
head -c 200 "$file" >"$dir/torn"
check "a torn file is refused" says 1 "^pmctl: .*torn" restore "$dir/torn"
sed '1s/ 1$/ 99/' "$file" >"$dir/newer"
check "a file of a newer format is refused" says 1 'newer' restore "$dir/newer"
sed '1s/journal/decision/' "$file" >"$dir/foreign"
check "a file of another kind is refused" says 1 'foreign:1: not a phasecap journal record' restore "$dir/foreign"
check "a file that is none is refused" says 1 "$dir/site.conf" restore "$dir/site.conf"
check "a missing file is named" says 1 "$dir/gone: No such file or directory" restore "$dir/gone"
# From another boot: the same record with another boot id, its checksum made anew by saving it.
other_boot() {
	unshare -m sh -c 'printf "%s\n" 00000000-1111-2222-3333-444444444444 >"$3/boot" &&
		mount --bind "$3/boot" /proc/sys/kernel/random/boot_id && "$1" save "$2" "$3/old"' sh "$pmctl" "$b" "$dir" >/dev/null
}
if other_boot 2>/dev/null; then
	check "a file from before the last reset is refused" says 1 'was saved before the last reset, or on another node; --other-boot' restore "$dir/old"
	check "--other-boot restores it all the same" says 0 'same' restore --other-boot "$dir/old"
else
	ok "a file from before the last reset is refused # SKIP no mount namespace here"
	ok "--other-boot restores it all the same # SKIP no mount namespace here"
fi

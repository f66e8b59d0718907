#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# pmctl ceiling: the emergency ceiling over a node, and the way back from it.
set -u
. "$top_srcdir/tests/system/pmctl_node.sh"
plan 55

node n --list=root
site="--config=$dir/site.conf"
b="--backend=sim:$dir/n"
ceiling() { says "$1" "$2" ceiling "$b" "$site" "${@:3}"; }
run() { "$pmctl" "$@" "$b" "$site" >/dev/null; }

check "there is none at first" ceiling 0 '^no ceiling is in force$'
check "as JSON too" json '"ceiling_uw": null' ceiling "$b" "$site" --json
check "clearing none is no failure" ceiling 0 '^no ceiling is in force$' --clear
check "a dry run says each package's part" ceiling 0 '^package-1 limit 1: at most 105 W \(not written\)$' 300W -n
check "a dry run changes nothing" holds n 0 150
check "and leaves no record" [ ! -e "$dir/run/ceiling" ]

# 300 W, less 45 W of DRAM reserve for each of two packages, is 105 W a package.
check "a ceiling lowers every package" ceiling 0 '^package-0 limit 1: 150 W -> 105 W$' 300W
check "the register holds it" holds n 0 105
check "the register holds it" holds n 1 105
check "it is shown" ceiling 0 '^a ceiling of 300 W for the node.s packages and their DRAM is in force since [0-9-]+ [0-9:]+, set by user 0$'
check "as JSON too" json '"ceiling_uw": 300000000' ceiling "$b" "$site" --json
check "everybody may read the record" [ "$(stat -c %a "$dir/run/ceiling")" = 644 ]
check "doctor says so" says 0 'a ceiling of 300 W is in force on this node' doctor "$b" "$site"

check "a lower one lowers further" ceiling 0 '^package-0 limit 1: 105 W -> 80 W$' 250W
check "a higher one raises, not above what was" ceiling 0 '^package-0 limit 1: 80 W -> 130 W$' 350W
check "one above everything gives all back" ceiling 0 '^package-0 limit 1: 130 W -> 150 W$' 2kW
check "it is lowered again" ceiling 0 '150 W -> 105 W' 300W
check "--clear puts back what was" ceiling 0 '^package-1 limit 1: 105 W -> 150 W$' --clear
check "the register holds it" holds n 0 150
check "the record is gone" [ ! -e "$dir/run/ceiling" ]

# Limits that are lower already stay, and what a job wrote meanwhile is the job's.
run set -p 0 -l 90W
check "a lower limit is not raised" ceiling 0 '^package-0 limit 1: 90 W -> 90 W$' 300W
check "the other is lowered" holds n 1 105
run set -p 1 -l 80W
check "--clear leaves what somebody else has set" ceiling 0 '^package-1 limit 1: 80 W -> 80 W$' --clear
check "so does the register" holds n 0 90
run restore
check "the node is as at first" holds n 1 150

# A limit that is off is switched on for it, and off again, whatever the list.
poke() { "$top_builddir/tests/system/sim_poke" "$dir/n" "$@"; }
"$pmctl" allowlist print "$b" --purpose=job | "$pmctl" allowlist install "$b" - >/dev/null
poke 0 0x610 0x0047850000150438
check "a limit that is off is switched on" ceiling 0 '^package-0 limit 1: off -> 105 W$' 300W
check "--clear --dry-run says what it would do" ceiling 0 'would end the ceiling and put back what still is as it wrote it' --clear -n
check "and does nothing" holds n 0 105
check "--clear --json has what became of it" json '"missing": 0, "packages": \[ \{ "name": "package-0", "ceiling_uw": 105000000, "found_uw": 105000000, "now_uw": null' ceiling "$b" "$site" --clear --json
check "it is off again" says 0 'over .*, off' show "$b"
poke 0 0x610 0x004785a0001584b0
"$pmctl" allowlist print "$b" --purpose=root | "$pmctl" allowlist install "$b" - >/dev/null 2>&1

check "a ceiling below the floor is refused with the least" \
	ceiling 1 'a ceiling of 200 W: these packages cannot be held below 240 W, their DRAM.s reserve included; nothing was changed' 200W
check "nothing was changed" holds n 0 150
check "watts are watts" ceiling 2 'WATTS: .*banana' banana
check "watts and --clear exclude each other" ceiling 2 'WATTS and --clear exclude each other' 300W --clear
printf '[site]\nrun_dir = %s/run\ndram_reserve = 20W\n' "$dir" >"$dir/reserve.conf"
check "the site's DRAM reserve counts" says 0 '^package-0 limit 1: at most 130 W' ceiling "$b" --config="$dir/reserve.conf" 300W -n

# Nothing is lowered before what it replaces is on disk
full() { bash -c 'ulimit -f 0; trap "" XFSZ; "$@"' bash "$pmctl" "$@" 2>&1; }
check "a full disk refuses the ceiling" sh -c 'echo "$1" | grep -q "File too large.*nothing was lowered"' sh "$(full ceiling "$b" "$site" 300W)"
check "and nothing was lowered" holds n 0 150

# In an emergency half is better than nothing.
"$pmctl" sim fault "$dir/n" -p 1 --fault locked
check "a locked package refuses the ceiling" ceiling 1 'package-1: .*locked' 300W
check "and nothing is lowered" holds n 0 150
"$pmctl" sim fault "$dir/n" -p 1 --fault locked --off

run ceiling 300W
"$pmctl" sim fault "$dir/n" -p 1 --fault locked
check "what cannot be put back is said" ceiling 1 '1 settings are not back; the ceiling.s record is kept' --clear
check "what can is back" holds n 0 150
check "the record is kept" [ -s "$dir/run/ceiling" ]
"$pmctl" sim fault "$dir/n" -p 1 --fault locked --off
check "a second --clear finishes" ceiling 0 '^package-1 limit 1: 105 W -> 150 W$' --clear
check "the record is gone then" [ ! -e "$dir/run/ceiling" ]

# Records that are not to be believed.
run ceiling 300W
cp "$dir/run/ceiling" "$dir/good"
head -c 100 "$dir/good" >"$dir/run/ceiling"
check "a torn record is refused" ceiling 1 'ceiling:2: torn or altered' --clear
sed '1s/ 1$/ 7/' "$dir/good" >"$dir/run/ceiling"
check "a newer record is refused" ceiling 1 'newer' --clear
cp "$dir/good" "$dir/run/ceiling"; chmod 666 "$dir/run/ceiling"
check "a record that others can write is refused" ceiling 1 'ceiling: ' --clear
chmod 644 "$dir/run/ceiling"
check "the right one is taken" ceiling 0 '105 W -> 150 W' --clear
check "--clear finds the node by its record" \
	sh -c '"$1" ceiling "$2" "$3" 300W >/dev/null && "$1" ceiling "$3" --clear | grep -q "105 W -> 150 W"' sh "$pmctl" "$b" "$site"
chmod 777 "$dir/run"
check "a run directory that others can write is refused" ceiling 1 "$dir/run: owner .*mode 0777: it must be user 0's and writable by nobody" 300W
chmod 755 "$dir/run"
# Between jobs the list is the site's own; the ceiling borrows what it needs for a moment.
"$pmctl" allowlist print "$b" --purpose=read | "$pmctl" allowlist install "$b" - >/dev/null
"$pmctl" allowlist show "$b" >"$dir/list"
check "a list that lets nothing be written does not stop an emergency" ceiling 0 '^package-0 limit 1: 150 W -> 105 W$' 300W
check "the list is as before" sh -c '"$1" allowlist show "$2" | cmp - "$3"' sh "$pmctl" "$b" "$dir/list"
"$pmctl" allowlist clear "$b" >/dev/null
check "nor does an empty one stop its end" ceiling 0 '^package-0 limit 1: 105 W -> 150 W$' --clear
check "the list is empty as before" says 0 "list is empty" allowlist show "$b"
check "a back end without limits refuses" says 1 'no power limit that software could set' ceiling --backend=none "$site" 300W

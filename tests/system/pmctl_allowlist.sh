#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# pmctl allowlist.
set -u
. "$top_srcdir/tests/system/pmctl_node.sh"
plan 40

node n --list=none
b="--backend=sim:$dir/n"
list() { printf '%b' "$2" >"$dir/$1"; }

check "an empty list is said, on stderr" says 0 "the node's list is empty: no register can be read or written through it" allowlist show "$b"
check "print makes a job's list" says 0 '^0x00000610 0x0000000000FF7FFF$' allowlist print --purpose=job --model=intel-06-55
check "print makes a read list without a writable bit" says 0 '!0x000006.. 0x.*[1-9A-F]' allowlist print --purpose=read --model=intel-06-55
check "print makes root's list with both limits" says 0 '^0x00000610 0x00FFFFFF00FFFFFF$' allowlist print --purpose=root --model=intel-06-55
check "print for a node needs no model" says 0 '^0x00000610 0x0000000000FF7FFF$' allowlist print "$b"
check "print --json has registers and masks" json '"msr": "0x00000610", "mask": "0x0000000000FF7FFF"' allowlist print --json "$b"
check "an unknown purpose is refused" says 2 "--purpose: 'tea' is none of read, job, root" allowlist print --purpose=tea "$b"
check "an unknown model is refused" says 1 "there is no model 'intel-06-zz'; slugs are" allowlist print --model=intel-06-zz
check "a back end without a list says so" says 1 'none: this back end cannot use an allowlist: it needs none; --model=SLUG' allowlist print --backend=none

"$pmctl" allowlist print --model=intel-06-55 >"$dir/job"
check "every list that is installed with phasecap is well formed" \
	sh -c 'for l in "$1"/configs/allowlists/*; do "$2" allowlist check --model="${l##*/}" "$l" || exit 1; done' sh "$top_srcdir" "$pmctl"
check "check says what it looked at" says 0 "job: a list of [0-9]+ registers, looked at for Skylake" allowlist check --model=intel-06-55 "$dir/job"
check "a job's list grants nothing that it should not" says 0 '!grants' allowlist check --model=intel-06-55 "$dir/job"
list lock '0x610 0x8000000000FFFFFF\n'
check "a lock bit is a failure" says 1 '0x610 \(package\) grants the lock bit: .*; take it out of the mask' allowlist check "$dir/lock"
check "check --json tells it too" json '"trouble"|"text": "grants the lock bit.*"ok": false' allowlist check --json "$dir/lock"
list enable '0x610 0x00FFFFFF00FFFFFF\n'
check "enable and limit 2 are said" says 0 'grants limit 2: whoever' allowlist check "$dir/enable"
check "enable and limit 2 are said" says 0 'grants an enable bit: whoever' allowlist check "$dir/enable"
list dram '0x618 0x80FF7FFF\n'
check "the DRAM's lock bit is known" says 1 '0x618 \(dram\) grants the lock bit' allowlist check "$dir/dram"
list few '0x606 0x0\n'
check "what a model needs and is not there is said" says 0 '0x610 \(package\) is not listed' allowlist check --model=intel-06-55 "$dir/few"
check "energy that cannot be read is said" says 0 '0x611 \(package\) is not listed: the package.s energy cannot be read' allowlist check --model=intel-06-55 "$dir/few"
list mask '0x610 0x7FFF\n0x611 0\n'
check "a mask that is too small is said" says 0 'has not all bits of limit 1 writable' allowlist check --model=intel-06-55 "$dir/mask"

list twice '0x610 0x0\n0x611 0x0\n0x610 0x1\n'
check "a register twice is refused with its place" says 1 "twice:3:1: " allowlist check "$dir/twice"
list octal '0610 0x0\n'
check "an octal number is refused" says 1 "octal:1:1: " allowlist check "$dir/octal"
list unpaired '0x610\n'
check "half an entry is refused" says 1 "unpaired:1:" allowlist check "$dir/unpaired"
check "a missing file is named" says 1 "gone: No such file" allowlist check "$dir/gone"
head -c 140000 /dev/zero | tr '\0' '\n' >"$dir/long"
check "an over-long file is refused" says 1 'long: longer than the 131072 bytes that the kernel takes in one write' allowlist check "$dir/long"

check "install --dry-run installs nothing" says 0 "would replace the node's list by .*job \([0-9]+ registers\)" allowlist install "$b" -n "$dir/job"
check "the list is still empty" says 0 "list is empty" allowlist show "$b"
check "install reads back" says 0 "the node's list is now .*job \([0-9]+ registers\), read back" allowlist install "$b" "$dir/job"
check "show prints what was installed" sh -c '"$1" allowlist show "$2" | cmp - "$3"' sh "$pmctl" "$b" "$dir/job"
check "install --json says that it is simulated" json '"simulated": true, "installed": true' allowlist install --json "$b" "$dir/job"
check "a lock bit is not installed" says 1 'not installed, for the lock bits it grants; --force' allowlist install "$b" "$dir/lock"
check "the list before is still there" sh -c '"$1" allowlist show "$2" | cmp - "$3"' sh "$pmctl" "$b" "$dir/job"
check "--force installs it all the same" says 0 "is now" allowlist install --force "$b" "$dir/lock"
check "install takes standard input" sh -c '"$1" allowlist install "$2" - <"$3"' sh "$pmctl" "$b" "$dir/job"
check "clear --dry-run clears nothing" says 0 "would replace the node's list by empty" allowlist clear -n "$b"
check "clear empties the list" sh -c '"$1" allowlist clear "$2" && [ -z "$("$1" allowlist show "$2" 2>/dev/null)" ]' sh "$pmctl" "$b"
check "diff shows what A allows more" says 1 '^- 0x00000610 0x00FFFFFF0000' allowlist diff "$dir/enable" "$dir/job"
check "diff shows what B allows more" says 1 '^\+ 0x00000611 0x0000000000000000$' allowlist diff "$dir/enable" "$dir/job"
check "equal lists differ in nothing" says 0 '!.' allowlist diff "$dir/job" "$dir/job"
check "diff --json says whether they are equal" json '"equal": false' allowlist diff --json "$dir/job" "$dir/few"

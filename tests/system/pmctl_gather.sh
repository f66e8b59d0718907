#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# pmctl gather: what it packs, and that the pack can be replayed.
set -u
. "$top_srcdir/tests/system/pmctl_node.sh"
plan 21

# A recorded machine with two powercap zones is gathered, and the pack must show the same.
root=$dir/root
put() { mkdir -p "$root/$(dirname "$1")" && printf '%b' "$2" >"$root/$1"; }
put proc/cpuinfo 'processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n'
put proc/meminfo 'MemTotal: 1000000 kB\n'
put proc/self/environ 'SECRET=1'
put etc/hostname 'somewhere\n'
for i in online possible present; do put sys/devices/system/cpu/$i '0-1\n'; done
for i in 0 1; do
	for j in physical_package_id core_id; do put sys/devices/system/cpu/cpu$i/topology/$j "$i\n"; done
	for j in core_siblings thread_siblings core_cpus package_cpus; do put sys/devices/system/cpu/cpu$i/topology/$j "$((1 << i))\n"; done
	z=sys/class/powercap/intel-rapl:$i
	put $z/name "package-$i\n"; put $z/enabled '1\n'; put $z/energy_uj '123456\n'; put $z/max_energy_range_uj '262143328850\n'
	put $z/constraint_0_name 'long_term\n'; put $z/constraint_0_power_limit_uw "1${i}0000000\n"
	put $z/constraint_0_time_window_us '999424\n'; put $z/constraint_0_max_power_uw '150000000\n'
	mkdir -p "$root/dev/cpu/$i"; : >"$root/dev/cpu/$i/msr"; chmod 600 "$root/dev/cpu/$i/msr"
done
put sys/class/powercap/intel-rapl/enabled '1\n'
put sys/class/dmi/id/product_serial 'SERIAL\n'; put sys/class/dmi/id/board_name 'X11\n'
put dev/cpu/msr_allowlist '0x00000610 0x0000000000000000\n'; put dev/cpu/msr_batch ''
chmod 640 "$root/dev/cpu/msr_batch"

check "gather says what it made" says 0 "^$dir/pack: [0-9]+ files; look through it before you send it$" gather --root="$root" "$dir/pack"
check "show of the pack is the machine's" sh -c '"$1" show --root="$2" >"$3.a" && "$1" show --root="$3" | cmp - "$3.a" && grep -q 110 "$3.a"' sh "$pmctl" "$root" "$dir/pack"
check "doctor of the pack is the machine's" sh -c '"$1" doctor --root="$2" >"$3.a"; "$1" doctor --root="$3" | sed "s|$3|$2|" | cmp - "$3.a"' sh "$pmctl" "$root" "$dir/pack"
check "a device is there without what is in it" [ -f "$dir/pack/dev/cpu/msr_batch" ]
check "with its mode" [ "$(stat -c %a "$dir/pack/dev/cpu/msr_batch")" = 640 ]
check "the allowlist is there" cmp "$root/dev/cpu/msr_allowlist" "$dir/pack/dev/cpu/msr_allowlist"
check "doctor's findings are there" grep -q '"check": "cpu"' "$dir/pack/phasecap/doctor.json"
check "so is what show says" grep -q '"backend": "powercap"' "$dir/pack/phasecap/show.json"
check "so are the versions" grep -q '"phasecap"' "$dir/pack/phasecap/versions.json"
check "no environment, host name or serial number" sh -c '! grep -rqE "SECRET|somewhere|SERIAL" "$1"' sh "$dir/pack"
check "board and firmware are told" grep -q X11 "$dir/pack/sys/class/dmi/id/board_name"

check "a tar file has the same" sh -c '"$1" gather --root="$2" "$3.tar" >/dev/null && mkdir "$3.x" && tar -xf "$3.tar" -C "$3.x" && diff -r "$3" "$3.x"' sh "$pmctl" "$root" "$dir/pack"
check "tar finds nothing to complain of" sh -c '[ -z "$(tar -tf "$1" 2>&1 >/dev/null)" ]' sh "$dir/pack.tar"
long=$(printf 'd%.0s' $(seq 90))
put "sys/class/powercap/intel-rapl:0/$long" 'x\n'
check "a long name is kept in tar" sh -c '"$1" gather --root="$2" "$3" >/dev/null && tar -tf "$3" | grep -q "/$4$"' sh "$pmctl" "$root" "$dir/long.tar" "$long"

check "a directory that is there is left alone" says 1 "$dir/pack: cannot be made: File exists" gather --root="$root" "$dir/pack"
check "so is a file" says 1 "$dir/pack.tar: cannot be made: File exists" gather --root="$root" "$dir/pack.tar"
check "--dry-run makes nothing" sh -c '"$1" gather -n "$2" | grep -q "would gather" && [ ! -e "$2" ]' sh "$pmctl" "$dir/none"
check "--json counts the files" json '"files": [0-9]+' gather --json --root="$root" "$dir/json"
check "a full disk is a failure" sh -c 'ulimit -f 8; trap "" XFSZ; "$1" gather --root="$2" "$3" 2>&1 | grep -q "full.tar: "' sh "$pmctl" "$root" "$dir/full.tar"
check "this machine can be gathered and replayed" sh -c '"$1" gather "$2" >/dev/null && "$1" show --root="$2" >/dev/null' sh "$pmctl" "$dir/here"
if [ "$(id -u)" = 0 ]; then
	cp "$pmctl" "$dir/pmctl.bin"; chmod 600 "$root/sys/class/powercap/intel-rapl:0/energy_uj"; mkdir -m 777 "$dir/open"
	as_nobody "$dir/pmctl.bin" gather --root="$root" "$dir/open/pack" >/dev/null
	check "what cannot be read is listed" grep -q 'sys/class/powercap/intel-rapl:0/energy_uj: Permission denied' "$dir/open/pack/phasecap/unreadable.txt"
else
	ok "what cannot be read is listed # SKIP needs root"
fi

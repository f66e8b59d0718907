#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# pmctl doctor: each reason why capping would fail, on simulated nodes and on recorded machines.
set -u
. "$top_srcdir/tests/system/pmctl_node.sh"
plan 109

site="--config=$dir/site.conf"
mkdir -p "$dir/run"

# --- simulated nodes ------------------------------------------------------------
node n
b="--backend=sim:$dir/n"
doctor() { says "$1" "$2" doctor "$b" "$site" "${@:3}"; }
fault() { "$pmctl" sim fault "$dir/n" -p "$1" -d "$2" --fault "$3" ${4+"$4"}; }

printf '[site]\nrun_dir = %s/bad-run/x/y\n' "$dir" >"$dir/nowhere.conf"
check "a healthy node has no problem" doctor 0 '^0 problems, 0 warnings: capping can work on this node$'
check "doctor says that it is simulated" doctor 0 '^ok +backend +simulated: every figure is simulated$'
check "doctor says that the machine was not looked at" doctor 0 '^note +machine +the node is simulated'
check "doctor says which caps can be kept" doctor 0 '^ok +caps +caps from 240 W to 390 W can be kept on this node$'
check "--json has the same" json '"worst": "note", "findings": \[ \{ "check": "machine", "level": "note",' doctor --json "$b" "$site"
check "doctor changes nothing" sh -c 'cp "$2" "$3"; "$1" doctor -b "sim:$2" >/dev/null; "$1" show -b "sim:$2" | grep -v " J " >"$3.a"; "$1" show -b "sim:$3" | grep -v " J " | cmp - "$3.a"' sh "$pmctl" "$dir/n" "$dir/copy"

fault 0 dram locked
check "a locked DRAM domain is a warning, with what stands in" \
	doctor 0 '^warning +dram +package-0: its DRAM limit is locked by the firmware; a reserve of 45 W is set aside for it instead$'
check "with what mends it" doctor 0 "mend: unlock the DRAM's power limit"
fault 0 dram locked --off
fault 1 dram absent
check "DRAM without a domain is a note" doctor 0 '^note +dram +package-1: it has no DRAM domain: caps cover the package alone$'
fault 1 dram absent --off
fault 1 package locked
check "a locked package is a problem" doctor 1 '^problem +lock +package-1: the firmware has locked its limits until the next reset: writes are ignored$'
check "its mending is in the firmware" doctor 1 "mend: unlock .package power limit. in the firmware's set-up, then reboot"
check "and there is no ceiling then" doctor 1 '^warning +limit2 +package-1: limit 2 is locked too: there is no ceiling'
check "the summary says so" doctor 1 '^1 problem, 1 warning: capping fails on this node, or must not be trusted$'
fault 1 package locked --off
"$top_builddir/tests/system/sim_poke" "$dir/n" 0 0x610 0x0047850000150438
check "a limit 1 that is off is a warning on registers too" doctor 0 '^warning +limit1 +package-0: limit 1 is switched off'
"$top_builddir/tests/system/sim_poke" "$dir/n" 0 0x610 0x004785a0001584b0
fault 0 package absurd-info
check "absurd power info is a note" doctor 0 '^note +info +package-0: its power info is absurd or incomplete'
fault 0 package absurd-info --off
fault 0 package counter-stuck
check "a counter that stands still is a problem" doctor 1 '^problem +energy +package-0: its package energy counter stands still$'
fault 0 package counter-stuck --off
fault 0 package absent
check "a package without registers is a problem" doctor 1 '^problem +(limit1|energy) +package-0: '
fault 0 package absent --off

# What only a write can tell
check "a probe says that limits take what is written" doctor 0 '^ok +probe +package-1: limit 2 of the package takes what is written$' --probe
check "and puts everything back" holds n 1 150
check "and leaves no file" [ ! -e "$dir/run/set.saved" ]
fault 1 package limit2-wired
check "without a probe a hard-wired limit 2 cannot be seen" doctor 0 '^0 problems, 0 warnings'
check "a probe sees it" doctor 0 '^warning +probe +package-1: limit 2 is hard-wired or held by the firmware: there is no ceiling' --probe
check "--json has it too" json '"worst": "warning".*"check": "probe", "level": "warning"' doctor --json --probe "$b" "$site"
fault 1 package limit2-wired --off
fault 0 package locked
check "what is locked is not probed" doctor 1 '!probe +package-0' --probe
fault 0 package locked --off
"$pmctl" set "$b" "$site" --lend-list -d dram -l 20W >/dev/null
check "a DRAM limit that is on is probed" doctor 0 '^ok +probe +package-0: limit 1 of the dram takes' --probe
check "what a set has kept stays" [ -s "$dir/run/set.saved" ]
"$pmctl" restore "$site" --lend-list >/dev/null
check "a probe needs the run directory" says 1 'bad-run.x.y: cannot be made: .*; nothing was changed' doctor "$b" --config="$dir/nowhere.conf" --probe

"$pmctl" allowlist clear "$b" >/dev/null
check "an empty list is a warning" doctor 0 '^warning +allowlist +the list is empty: outside capped jobs nobody, root included'
check "with the command that mends it" doctor 0 'mend: pmctl allowlist print --purpose=read \| pmctl allowlist install -$'
"$pmctl" allowlist print --purpose=read "$b" | "$pmctl" allowlist install "$b" - >/dev/null
check "that command mends it" doctor 0 '^0 problems, 0 warnings'
check "a list that only reads is noted" doctor 0 "^note +allowlist +the node's allowlist lets nobody write limits: right between jobs"
"$pmctl" allowlist print --purpose=job "$b" | "$pmctl" allowlist install "$b" - >/dev/null
check "a job's list is noted" doctor 0 '^note +allowlist +the list lets limit 1 be written: right while a job is capped$'
"$pmctl" allowlist print --purpose=root "$b" | "$pmctl" allowlist install "$b" - >/dev/null 2>&1
check "granted enable bits are a warning" doctor 0 '^warning +allowlist +register 0x610 \(package\) of the node.s list grants an enable bit'
check "granted limit 2 is a warning" doctor 0 '^warning +allowlist +.*grants limit 2: whoever holds the device could lift the ceiling'
printf '0x10 0\n0x606 0\n0x610 0x8000000000FF7FFF\n0x611 0\n' | "$pmctl" allowlist install --force "$b" - >/dev/null 2>&1
check "a granted lock bit is a problem" doctor 1 '^problem +allowlist +register 0x610 \(package\) of the node.s list grants the lock bit'
check "a list with holes is a warning" doctor 1 '^warning +allowlist +the list lacks registers that reading energy and limits needs'
"$pmctl" allowlist print --purpose=read "$b" | "$pmctl" allowlist install "$b" - >/dev/null

if [ "$(id -u)" = 0 ]; then
	chmod 755 "$dir" && cp "$pmctl" "$dir/pmctl.bin" && chmod 755 "$dir/pmctl.bin"
	out=$(as_nobody "$dir/pmctl.bin" doctor "$b" 2>&1); status=$?
	check "without permission it is a problem" [ $status = 1 ]
	check "and doctor says for whom" has "$out" '^problem +backend +.*this user may not read and write it'
	check "with the command that mends it" has "$out" "mend: setfacl -m u:65534:rw $dir/n, or run as root"
else
	for i in 1 2 3; do ok "without permission ($i) # SKIP needs root"; done
fi
check "a node that is not there can be made" says 1 "mend: pmctl sim create $dir/gone" doctor --backend="sim:$dir/gone" "$site"
check "an unknown back end is a problem" says 1 'problem +backend +back end "tea"' doctor --backend=tea "$site"
check "no back end by name is a problem" says 1 'problem +backend +there is no way to this node.s power' doctor --backend=none "$site"

# --- the site -------------------------------------------------------------------
check "a good site file is ok" doctor 0 "^ok +site +$dir/site.conf: back end auto, run directory $dir/run$"
check "that root alone writes limits is noted" doctor 0 '^note +writes +unguarded_writes is no: root alone writes limits'
printf '[site]\nrun_dir = %s/run\nunguarded_writes = yes\n' "$dir" >"$dir/unguarded.conf"
check "that jobs write them is a warning" says 0 '^warning +writes +unguarded_writes is yes: a process that escapes .* can change the limits of later ones$' doctor "$b" --config="$dir/unguarded.conf"
printf '[site]\nrun_dri = /tmp\n' >"$dir/bad.conf"
check "a broken site file is a problem, with its line" says 1 "problem +site +$dir/bad.conf:2: " doctor "$b" --config="$dir/bad.conf"
check "nothing of it is used until then" says 1 "mend: correct $dir/bad.conf" doctor "$b" --config="$dir/bad.conf"
check "a missing site file is a problem" says 1 "problem +site +$dir/gone.conf" doctor "$b" --config="$dir/gone.conf"
chmod 777 "$dir/run"
check "a run directory that others can write is a problem" doctor 1 "^problem +run_dir +$dir/run: others than its owner can write it"
chmod 755 "$dir/run"
mkdir -p "$dir/run/jobs"
"$pmctl" save "$b" "$dir/run/jobs/0.journal" >/dev/null
check "a dead job's journal is a problem" doctor 1 '^problem +journals +job 0 is gone and has left its journal'
check "with the command that mends it" doctor 1 "mend: systemctl restart slurmd .*or: pmctl restore $dir/run/jobs/0.journal"
mkdir -p "$dir/alive/proc/net"
printf '0000000000000000: 00000002 00000000 00010000 0001 01 4711 /var/spool/slurmd/node1_0.4294967292\n' >"$dir/alive/proc/net/unix"
check "a living job's journal is none" says 1 '!job 0 is gone' doctor --root="$dir/alive" "$site"
head -c 99 "$dir/run/jobs/0.journal" >"$dir/run/jobs/1.journal"
check "a torn journal is a problem" doctor 1 '^problem +journals +1.journal'
rm "$dir"/run/jobs/*
echo nonsense >"$dir/run/ceiling"
check "a broken ceiling is a problem" doctor 1 '^problem +ceiling +ceiling'
check "pmctl ceiling says where it lies" says 1 "^pmctl: in $dir/run: ceiling:1: not a phasecap ceiling record" ceiling "$b" "$site"
rm "$dir/run/ceiling"

# --- Slurm ----------------------------------------------------------------------
slurm=$dir/slurm; mkdir -p "$slurm/parts"
conf() { printf '%b' "$1" >"$slurm/slurm.conf"; }
plugstack() { printf '%b' "$1" >"$slurm/plugstack.conf"; }
with_slurm() { doctor "$1" "$2" --slurm-conf="$slurm/slurm.conf"; }
conf 'ClusterName=c\nPrologFlags=Contain # and nothing else\nProctrackType=proctrack/cgroup\nPrologEpilogTimeout=60\n'
plugstack 'required /usr/lib/spank_phasecap.so config=/etc/x\n'
check "a good slurm.conf is ok" with_slurm 0 '^ok +slurm +.*slurm.conf: PrologFlags=Contain$'
check "a good plugstack.conf is ok" with_slurm 0 '^ok +slurm +.*plugstack.conf: spank_phasecap is required$'
check "and nothing else is said" with_slurm 0 '^0 problems, 0 warnings'
conf 'ProctrackType=proctrack/linuxproc\n#PrologFlags=Contain\n'
check "no PrologFlags is a problem" with_slurm 1 '^problem +slurm +.*PrologFlags is not set: without Contain'
check "with what mends it" with_slurm 1 'mend: add PrologFlags=Contain to slurm.conf'
check "another proctrack is a warning" with_slurm 1 '^warning +slurm +.*ProctrackType is proctrack/linuxproc: a process that detaches itself outlives its job'
check "no timeout is a note" with_slurm 1 '^note +slurm +.*PrologEpilogTimeout is not set'
conf 'prologflags=Alloc,NoHold\n'
check "other PrologFlags are a problem" with_slurm 1 'PrologFlags is Alloc,NoHold: '
conf 'PrologFlags=X11\nInclude parts/more.conf\n'; echo 'ProctrackType=proctrack/pgid' >"$slurm/parts/more.conf"
check "X11 brings Contain" with_slurm 0 '^ok +slurm +.*PrologFlags=X11$'
check "an include is read" with_slurm 0 'ProctrackType is proctrack/pgid'
plugstack 'include parts/*.conf\n'; echo 'optional spank_phasecap.so' >"$slurm/parts/phasecap.conf"
check "an optional plugin is a warning" with_slurm 0 '^warning +slurm +.*spank_phasecap is optional: where it fails to load, jobs run without their caps'
plugstack '# required spank_phasecap.so\n'
check "a plugin that is not named is a problem" with_slurm 1 '^problem +slurm +.*does not name spank_phasecap'
conf "PrologFlags=Contain\nPlugStackConfig=$slurm/other.conf\n"; echo 'required spank_phasecap.so' >"$slurm/other.conf"
check "PlugStackConfig is followed" with_slurm 0 'other.conf: spank_phasecap is required'
conf 'PrologFlags=Contain\nInclude slurm.conf\n'
check "an include of itself ends" with_slurm 1 'does not name spank_phasecap'
check "a slurm.conf that is not there is a problem" doctor 1 "problem +slurm +$slurm/gone: No such file" --slurm-conf="$slurm/gone"

# --- recorded machines ----------------------------------------------------------
root=$dir/root
recorded() { says "$1" "$2" doctor --root="$root" "${@:3}"; }
put() { mkdir -p "$root/$(dirname "$1")" && printf '%b' "$2" >"$root/$1"; }
# machine FAMILY MODEL FLAGS: two packages of one CPU, without any driver
machine() {
	rm -rf "$root"
	put proc/cpuinfo "processor\t: 0\nvendor_id\t: $1\ncpu family\t: $2\nmodel\t\t: $3\nflags\t\t: fpu msr $4\n"
	for i in online possible present; do put sys/devices/system/cpu/$i '0-1\n'; done
	for i in 0 1; do
		for j in physical_package_id core_id; do put sys/devices/system/cpu/cpu$i/topology/$j "$i\n"; done
		for j in core_siblings thread_siblings core_cpus package_cpus; do
			put sys/devices/system/cpu/cpu$i/topology/$j "$((1 << i))\n"
		done
	done
}
# zones: the powercap tree of two packages with DRAM
zones() {
	local i z
	put sys/class/powercap/intel-rapl/enabled '1\n'
	for i in 0 1; do
		z=sys/class/powercap/intel-rapl:$i
		put $z/name "package-$i\n"; put $z/enabled '1\n'
		put $z/energy_uj '123456\n'; put $z/max_energy_range_uj '262143328850\n'
		put $z/constraint_0_name 'long_term\n'; put $z/constraint_0_power_limit_uw '150000000\n'
		put $z/constraint_0_time_window_us '999424\n'; put $z/constraint_0_max_power_uw '150000000\n'
		put $z/constraint_1_name 'short_term\n'; put $z/constraint_1_power_limit_uw '180000000\n'
		put $z/constraint_1_time_window_us '9765\n'; put $z/constraint_1_max_power_uw '376000000\n'
		z=$z/intel-rapl:$i:0
		put $z/name 'dram\n'; put $z/enabled '0\n'
		put $z/energy_uj '654321\n'; put $z/max_energy_range_uj '65712999613\n'
		put $z/constraint_0_name 'long_term\n'; put $z/constraint_0_power_limit_uw '0\n'
		put $z/constraint_0_time_window_us '976\n'; put $z/constraint_0_max_power_uw '40000000\n'
		mkdir -p "$root/sys/class/powercap/intel-rapl:$i:0"
		cp -r "$root/$z/." "$root/sys/class/powercap/intel-rapl:$i:0"
	done
}

machine GenuineIntel 6 85 ''
check "a known CPU is ok" recorded 1 '^ok +cpu +Skylake.*\(intel-06-55\)$'
check "two packages are seen" recorded 1 '^ok +topology +2 packages, 2 CPUs$'
check "no msr driver is a warning" recorded 1 "^warning +msr +the kernel's msr driver is not loaded"
check "no msr-safe is a warning" recorded 1 "^warning +msr-safe +msr-safe is not loaded: a job's own processes cannot set limits"
check "no powercap is a warning" recorded 1 '^warning +powercap +/sys/class/powercap/intel-rapl is not there'
check "no perf PMU is a note" recorded 1 '^note +perf +the perf PMU'
check "no way to the power is a problem" recorded 1 '^problem +backend +there is no way'
machine GenuineIntel 6 250 'hypervisor'
check "an unknown CPU is a problem" recorded 1 '^problem +cpu +.*model 0xfa is not in the table'
check "a virtual machine is a problem" recorded 1 '^problem +vm +this is a virtual machine'
machine GenuineIntel 6 85 'hypervisor'
put dev/cpu/msr_batch ''; put dev/cpu/msr_allowlist ''; chmod 600 "$root"/dev/cpu/msr_*
check "behind an empty list nothing else is blamed" recorded 0 '!^problem'
check "no virtual machine either" recorded 0 '! vm '
check "but the list" recorded 0 '^warning +allowlist +the list is empty: outside capped jobs nobody'
put dev/cpu/msr_allowlist '0x00000010 0x0000000000000000\n'
check "behind a list that is not empty it is" recorded 1 '^problem +vm +this is a virtual machine'
zones
check "a virtual machine with limits is a note" recorded 0 "^note +vm +this is a virtual machine: its power registers are its hypervisor's"
machine AuthenticAMD 25 1 ''
check "a CPU without limits is a problem" recorded 1 '^problem +cpu +Zen.* has energy counters and no limit register'
machine GenuineIntel 6 85 ''
mkdir -p "$root/sys/class/powercap"
check "an empty powercap is told" recorded 1 '^warning +powercap +/sys/class/powercap is empty: no driver has registered, or a container masks it'
put sys/class/powercap/intel-rapl/enabled '1\n'
check "powercap without zones is told" recorded 1 '^warning +powercap +powercap is there and has no zone'
zones
check "powercap with zones is ok" recorded 0 "^ok +powercap +the kernel's powercap driver has zones"
check "and is taken" recorded 0 '^ok +backend +powercap$'
check "what is lower on the ladder is a note then" recorded 0 '^note +msr +'
put sys/class/powercap/intel-rapl:0/enabled '0\n'
check "a limit 1 that is off is a warning" recorded 0 '^warning +limit1 +package-0: limit 1 is switched off; a prolog switches it on for a job'
check "a limit 2 that is off is a note" recorded 0 '^note +limit2 +package-0: limit 2 is switched off; a prolog switches it on as the ceiling'
zones
rm "$root"/sys/class/powercap/intel-rapl:1/intel-rapl:1:0/constraint_* "$root"/sys/class/powercap/intel-rapl:1:0/constraint_*
check "DRAM without a limit, and without a figure, is a warning" \
	recorded 1 '^warning +dram +package-1: its DRAM has no limit; how much to set aside for it is not known$'
check "no cap can be kept then" recorded 1 '^problem +caps +package-1: DRAM does not say its thermal specification power'
printf '[site]\ndram_reserve = 30W\n' >"$dir/dram.conf"
check "with the site's figure it is a note" recorded 0 '^note +dram +package-1: its DRAM has no limit; a reserve of 30 W is set aside' --config="$dir/dram.conf"
rm "$root"/sys/class/powercap/intel-rapl:1/constraint_1_*
check "a package without limit 2 has no ceiling" recorded 1 '^warning +limit2 +package-1: there is no limit 2, so there is no ceiling over what a job writes'
zones
put sys/class/powercap/intel-rapl-mmio:0/constraint_0_power_limit_uw '15000000\n'
check "a second copy of the limits is a warning" recorded 0 "^warning +mmio +the package's limits exist a second time, in MMIO \(at 15 W now\)"
put proc/812/comm 'thermald\n'
check "another writer is a warning" recorded 0 '^warning +writer +process 812 is the thermal daemon'
put sys/kernel/security/lockdown 'none [integrity] confidentiality\n'
check "a locked-down kernel is a warning" recorded 0 '^warning +lockdown +the kernel is locked down'
put dev/cpu/0/msr ''; put sys/module/msr/parameters/allow_writes 'off\n'
check "msr.allow_writes=off is told" recorded 0 '^note +msr +the msr driver refuses writes'
put sys/bus/event_source/devices/power/type '24\n'; put proc/sys/kernel/perf_event_paranoid '3\n'
check "perf_event_paranoid is told" recorded 0 '^note +perf +kernel.perf_event_paranoid is 3'
put proc/sys/kernel/perf_event_paranoid '0\n'
check "an open perf is ok" recorded 0 '^ok +perf +the perf PMU .power. is there, and open to users'
put dev/cpu/msr_batch ''; put dev/cpu/msr_allowlist ''; chmod 666 "$root"/dev/cpu/msr_*
check "a batch device for everybody is a warning" recorded 1 '^warning +devices +/dev/cpu/msr_batch is open to everybody \(mode 0666\)'
check "a list that everybody can replace is a problem" recorded 1 '^problem +devices +everybody may replace the allowlist'
if chgrp 65534 "$root/dev/cpu/msr_allowlist" 2>/dev/null && chmod 660 "$root/dev/cpu/msr_allowlist"; then
	check "a list that a group can replace is a warning" recorded 0 '^warning +devices +every member of group 65534 may replace the allowlist: /dev/cpu/msr_allowlist has mode 0660'
else
	ok "a list that a group can replace is a warning # SKIP needs root"
fi
# This machine's own devices, in a mount namespace in which there is a batch device.
for_nobody() {
	unshare -m sh -c 'mount -t tmpfs none /dev/cpu && : >/dev/cpu/msr_batch && chmod 600 /dev/cpu/msr_batch &&
		exec setpriv --reuid=65534 --regid=65534 --clear-groups "$1" doctor' sh "$dir/pmctl.bin" 2>/dev/null
}
if [ "$(id -u)" = 0 ] && [ -d /dev/cpu ] && out=$(for_nobody); [ -n "${out-}" ]; then
	check "a device that this user may not open is a problem" has "$out" '^problem +devices +/dev/cpu/msr_batch: Permission denied for user 65534 \(mode 0600, owner 0:0\)'
	check "with the command that mends it" has "$out" 'mend: setfacl -m u:65534:r /dev/cpu/msr_batch'
else
	for i in 1 2; do ok "a device that this user may not open ($i) # SKIP no mount namespace, or no /dev/cpu"; done
fi
put sys/module/msr_safe/version '2.0.0\n'
check "another major version of msr-safe is a problem" recorded 1 '^problem +msr-safe +msr-safe "2.0.0": only versions 1.x'
check "a root that is not there is one sentence" complains doctor --root="$dir/no-root"

# SPDX-License-Identifier: BSD-3-Clause
# The powercap driver over the emulated registers.
. "$RIG_SOURCE/guest/Library"

# Zones are numbered in the order of registration: found by name.
zone() {
	for dir in /sys/class/powercap/intel-rapl:?; do
		[ "$(cat "$dir/name")" = "$1" ] && echo "$dir"
	done
}

dram_zone() {
	for dir in "$(zone "$1")"/intel-rapl:*; do
		[ "$(cat "$dir/name")" = dram ] && echo "$dir"
	done
}

in_zone() { cat "$(zone package-"$1")/$2"; }
in_dram() { cat "$(dram_zone package-"$1")/$2"; }
to_zone() { "$probe" store "$(zone package-"$1")/$2"; }
to_dram() { "$probe" store "$(dram_zone package-"$1")/$2"; }
put() { printf %s "$1" | "$2" "$3" "$4"; }

modprobe msr || exit
reset_hardware
modprobe intel_rapl_msr || exit
run_table powercap
modprobe -r intel_rapl_msr
run_table powercap-unloaded

# The driver looks for lock bits once, when it probes.
reset_hardware
knob 0 package limit 0x800385a0001584b0 >/dev/null
knob 0 dram limit 0x80000000 >/dev/null
modprobe intel_rapl_msr || exit
run_table powercap-locked
modprobe -r intel_rapl_msr
reset_hardware
